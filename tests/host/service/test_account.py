# SPDX-License-Identifier: MIT
"""A stack that root starts does not run as root: tools/stack/stacklib/account.py."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from stack import PROGRAM_FILES, ROOT, Stack

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another account")


def conf_stack(stack, *arguments, root=ROOT, **settings):
    return subprocess.run([root / "conf/stack", *map(str, arguments)], env={**stack.environment(), **settings}, cwd=root,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)


def accounts_of(stack):
    return {pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name for pid in stack.all_pids()}


def owners(directory):
    return {path.lstat().st_uid for path in [directory, *directory.rglob("*")]}


@pytest.fixture
def rooted():
    """A stack that root starts without naming an account to run it."""
    stack = Stack({"RUN_AS": "", "SUDO_USER": "", "API_WORKERS": "2", "GATEWAY_WORKERS": "2"})
    yield stack
    stack.stop()


def test_root_starts_it_as_an_account_of_its_own(rooted, tmp_path):
    rooted.start()
    assert accounts_of(rooted) == {"booking-stack"}
    assert owners(rooted.data_dir) == {pwd.getpwnam("booking-stack").pw_uid}
    order = rooted.api().hold("FL123", "A1")

    # A backup may be written to, and restored from, a place where only root may write.
    file = tmp_path / "backup.sql.gz"
    assert conf_stack(rooted, "backup", file).stdout == f"Backed up to {file}\n"
    assert file.stat().st_uid == 0 and not list(tmp_path.glob("*.partial"))
    assert conf_stack(rooted, "backup", "/proc/nowhere").returncode == 1
    rooted.api().cancel(order)
    restored = conf_stack(rooted, "restore", file)
    assert restored.returncode == 0, restored.stdout
    assert rooted.api().order(order)["status"] == "SEATS_RESERVED" and accounts_of(rooted) == {"booking-stack"}

    assert conf_stack(rooted, "restart").returncode == 0 and accounts_of(rooted) == {"booking-stack"}
    assert conf_stack(rooted, "stop").stdout == "Stopped.\n" and not rooted.all_pids()


def test_data_of_a_root_stack_is_handed_over(rooted):
    """The data of an earlier version, which stayed root, changes its owner. A running stack keeps its account."""
    rooted.settings["RUN_AS"] = "root"
    rooted.start()
    order = rooted.api().hold("FL123", "A1")
    rooted.settings["RUN_AS"] = ""
    assert conf_stack(rooted, "status").returncode == 0 and accounts_of(rooted) == {"root"}
    rooted.stop(keep_data=True)
    rooted.settings["SUDO_USER"] = "nobody"
    rooted.start()
    assert accounts_of(rooted) == {"nobody"} and rooted.api().order(order)["status"] == "SEATS_RESERVED"
    rooted.stop(keep_data=True)
    rooted.settings["RUN_AS"] = "root"
    rooted.start()
    assert accounts_of(rooted) == {"root"} and owners(rooted.data_dir) == {0}


@pytest.fixture
def private_clone(tmp_path):
    """A clone below a directory that only root may enter, as /root is. Only the files needed to run are copied."""
    clone = tmp_path / "a clone"
    for part in ("conf", "tools", "sql"):
        shutil.copytree(ROOT / part, clone / part)
    shutil.copytree(ROOT / "html", clone / "html", ignore=shutil.ignore_patterns("node_modules"))
    (clone / "build").mkdir()
    for program in PROGRAM_FILES:
        shutil.copy(program, clone / "build")
    tmp_path.chmod(0o700)
    (tmp_path / "secret").write_text("root's alone")
    return clone


def test_a_clone_may_be_where_only_root_may_go(private_clone):
    stack = Stack({"RUN_AS": "", "SUDO_USER": "", "BUILD_DIR": private_clone / "build"}, data_dir=private_clone / "data")
    try:
        run = conf_stack(stack, "start", root=private_clone)
        assert run.returncode == 0, run.stdout
        assert accounts_of(stack) == {"booking-stack"} and stack.api().get("/").status == 200
        # The stack sees the clone and nothing beside it.
        seen = Path(f"/proc/{stack.pids('sweeper')[0]}/root{private_clone.parent}")
        assert os.listdir(seen) == [private_clone.name]
        assert conf_stack(stack, "stop", root=private_clone).stdout == "Stopped.\n"
    finally:
        stack.stop()


def test_an_unreadable_clone_runs_as_root_on_loopback_only(private_clone):
    (private_clone / "html/index.html").chmod(0o600)
    stack = Stack({"RUN_AS": "", "SUDO_USER": "", "BUILD_DIR": private_clone / "build"}, data_dir=private_clone / "data")
    try:
        run = conf_stack(stack, "start", root=private_clone, LISTEN_ADDRESS="0.0.0.0")
        assert run.returncode == 1 and "html/index.html" in run.stdout and "RUN_AS=root" in run.stdout
        run = conf_stack(stack, "start", root=private_clone)
        assert run.returncode == 0 and "booking-stack cannot run it: it may not read" in run.stdout
        assert accounts_of(stack) == {"root"}
    finally:
        stack.stop()


def test_a_directory_with_other_files_is_refused(rooted, tmp_path):
    (tmp_path / "letter").write_text("to ada")
    tmp_path.chmod(0o755)
    run = conf_stack(rooted, "start", DATA_DIR=str(tmp_path))
    assert run.returncode == 1 and "has other things in it" in run.stdout
    assert owners(tmp_path) == {0}
    run = conf_stack(rooted, "start", RUN_AS="nix")
    assert run.returncode == 1 and run.stdout == "RUN_AS: this machine has no account 'nix'\n"


def test_root_follows_no_link_that_the_account_planted(rooted, tmp_path):
    """The account owns the directory in which root works: what root opens there must not lead elsewhere."""
    victim, lock = tmp_path / "of-root", rooted.data_dir / ".lock"
    victim.write_text("root's own")
    rooted.start()
    lock.unlink()
    lock.symlink_to(victim)
    conf_stack(rooted, "stop")
    assert victim.read_text() == "root's own"
    lock.unlink()
    (rooted.data_dir / "b.sql.gz.partial").symlink_to(victim)
    rooted.start()
    assert conf_stack(rooted, "backup", rooted.data_dir / "b.sql.gz").returncode == 0
    assert victim.read_text() == "root's own"
