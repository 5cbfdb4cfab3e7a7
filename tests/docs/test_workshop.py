# SPDX-License-Identifier: MIT
"""The settings for editors, forges and git hooks agree with the project's own rules."""

import json
import re
import shlex
import subprocess

import pytest
import yaml

from stack import ROOT


def listed(*patterns):
    return set(subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_the_compile_database_holds_every_source_and_its_commands_work():
    subprocess.run(["make", "-s", "compile_commands.json"], cwd=ROOT, check=True)
    entries = json.loads((ROOT / "compile_commands.json").read_text())
    assert {entry["file"] for entry in entries} >= {name for name in listed("*.c") if (ROOT / name).exists()}
    one = next(entry for entry in entries if entry["file"] == "fcgi/booking_api.c")
    subprocess.run([*shlex.split(one["command"]), "-o", "/dev/null"], cwd=one["directory"], check=True)


def test_one_limit_of_columns():
    limit = re.search(r"len\(line\) > (\d+)", (ROOT / "tools/lint").read_text())[1]
    assert re.search(r"^ColumnLimit: (\d+)", (ROOT / ".clang-format").read_text(), re.M)[1] == limit
    assert re.search(r"^max_line_length = (\d+)", (ROOT / ".editorconfig").read_text(), re.M)[1] == limit


@pytest.mark.parametrize("name", [".github/workflows/ci.yml", ".builds/debian.yml"])
def test_forges_run_what_a_change_has_to_pass(name):
    def strings(value):
        if isinstance(value, dict):
            value = value.values()
        return [value] if isinstance(value, str) else [each for item in value for each in strings(item)] \
            if not isinstance(value, (int, bool, type(None))) else []
    assert any("bash .ci/run" in text for text in strings(yaml.safe_load((ROOT / name).read_text())))


def test_the_container_for_development_uses_commands_that_exist():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    makefile = "".join((ROOT / name).read_text() for name in ("Makefile", "tools/install.mk", "tools/test.mk"))
    for command in (container["onCreateCommand"] + " && " + container["postCreateCommand"]).split(" && "):
        program, *words = command.split()
        if program == "make":
            assert all(re.search(rf"^{re.escape(word)}:", makefile, re.M) for word in words), command
        if "/" in program:
            groups = re.search(r"^        (\w.*)\) \"need_", (ROOT / program).read_text(), re.M)[1].split(" | ")
            assert set(words) <= set(groups), command


def test_make_hooks_has_git_run_lint_before_a_commit(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("Makefile", "tools/install.mk", "tools/test.mk", ".githooks/pre-commit"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        (tmp_path / name).chmod((ROOT / name).stat().st_mode)
    lint = tmp_path / "tools/lint"
    commit = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "--allow-empty", "-m", "x"]
    lint.write_text("#!/bin/sh\necho a rule is broken\nexit 1\n")
    lint.chmod(0o755)
    subprocess.run(["make", "-s", "hooks"], cwd=tmp_path, check=True)
    refused = subprocess.run(commit, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode != 0 and "a rule is broken" in refused.stdout + refused.stderr
    lint.write_text("#!/bin/sh\n")
    subprocess.run(commit, cwd=tmp_path, check=True)


def test_no_target_is_taken_for_a_file_of_its_name():
    makefile = "".join((ROOT / name).read_text() for name in ("Makefile", "tools/install.mk", "tools/test.mk"))
    [phony] = re.findall(r"^\.PHONY:((?:.*\\\n)*.*)$", makefile, re.M)
    assert set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, re.M)) == set(phony.replace("\\", " ").split()) - {"FORCE"}
