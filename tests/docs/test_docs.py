# SPDX-License-Identifier: MIT
"""The documents are true: links lead somewhere, the things they name exist, and their commands work as printed.

One shell runs every ```sh block of README.md and docs/api.md, in order, against a fresh system. A ```json block that
follows one shows its answer: the fields and their types must be the same. Each line of a ```text block must be printed.
"""

import functools
import json
import os
import re
import subprocess

import pytest

from client import Api
from description import description, path_of
from stack import BUILD, PRODUCT_VARIABLES, ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*.md")])
TOP = r"(?:booking|fcgi|sweeper|sql|html|conf|tests|bench|docs|examples|docker|debian|\.ci)"
# Files that documents may name although no clone has them: the build and the page's installation make them.
MADE = re.compile(r"html/node_modules|conf/booking\.env$")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def prose(text):
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def spans(text):
    return re.findall(r"`([^`\n]+)`", prose(text))


def commands(text):
    """The text that readers may type: fenced or indented blocks, and spans."""
    blocks = re.findall(r"^```(?:sh|console)?\n(.*?)^```", text, flags=re.M | re.S)
    return "\n".join([*blocks, *re.findall(r"^ {4}(.*)$", prose(text), flags=re.M), *spans(text)])


def slug(heading):
    """The address of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@functools.cache
def sources():
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.split("\0")
    kept = [name for name in files if name and not name.endswith((".md", ".png", ".lock"))
            and not name.startswith("tests/docs/") and (ROOT / name).is_file()]
    return "\n".join((ROOT / name).read_text(errors="replace") for name in kept)


# -- what they name -----------------------------------------------------------------------------

@each_document
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), f"{document.name}: {target}"
        if anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", prose(path.read_text()), re.M)
            assert anchor in map(slug, headings), f"{document.name}: {target}"


@each_document
def test_targets_of_make_exist(document):
    known = set(re.findall(r"^([a-z][a-z-]*):", "".join(makefile.read_text() for makefile in (ROOT / "Makefile", *ROOT.glob("tools/*.mk"))), re.M))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)\b", commands(document.read_text())))
    assert named <= known


@each_document
def test_files_exist(document):
    for word in re.split(r"\s+", commands(document.read_text())):
        word = word.strip("\"'(),;:")
        if re.match(rf"{TOP}/[\w./*-]*$", word) and not MADE.match(word):
            found = list(ROOT.glob(word.split("::")[0].rstrip("./")))
            assert found, f"{document.name}: {word}"
        if re.match(r"build/[a-z-]+$", word):
            assert word in ("build/bench-report",) or (BUILD / word.removeprefix("build/")).exists(), word


@each_document
def test_names_occur_in_the_sources(document):
    """Everything written like a name (of a function, column, code or setting) occurs in the sources."""
    for name in spans(document.read_text()):
        name = name.removesuffix("()")
        if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+|[A-Z]+(_[A-Z0-9]+)+", name):
            assert re.search(rf"\b{name}", sources()), f"{document.name}: {name}"


@each_document
def test_paths_of_the_api_are_described(document):
    described = [*description()["paths"], "/docs"]
    for span in spans(document.read_text()):
        found = re.fullmatch(r"(?:[A-Z]+ )?(/(?:api|live|health|metrics|docs)\b[^?\s]*)(?:\?.*)?", span)
        if found:
            path = found[1].replace("/live/calm/flights", "/live/flights")      # the same answers, kept longer
            is_part = any(each.startswith(path.rstrip("/…") + "/") for each in described)
            assert is_part or path == "/docs" or path_of(path), f"{document.name}: {span}"


def test_every_error_code_is_in_the_api_document():
    documented = set(re.findall(r"`([A-Z_]{5,})`", (ROOT / "docs/api.md").read_text()))
    codes = re.findall(r'\{ [45]\d\d, "([A-Z_]+)"', (ROOT / "fcgi/problem.c").read_text())
    codes += re.findall(r'"error":"([A-Z_]+)"', (ROOT / "conf/nginx/http.conf").read_text())
    assert len(codes) > 20 and set(codes) <= documented


def first_column(document, heading):
    """The names in the first column of the table under a heading."""
    text = (ROOT / document).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)`", text, re.M))


def test_every_table_and_every_job_kind_stands_in_the_architecture():
    tables = set(re.findall(r"^CREATE TABLE (\w+)", "".join(path.read_text() for path in ROOT.glob("sql/0*.sql")), re.M))
    assert first_column("docs/architecture.md", "The tables") - {"schema_migrations", "migration_progress"} == tables
    kinds = set(re.findall(r'case JOB_\w+: return "(\w+)"', (ROOT / "booking/store/jobs.c").read_text()))
    assert len(kinds) > 5 and first_column("docs/architecture.md", "Jobs") == kinds


def test_metrics_that_are_named_exist(stack):
    told = Api("127.0.0.1", stack.port, plain=True).get("/metrics").body.decode()
    for document in DOCUMENTS:
        for name in re.findall(r"`(booking_[a-z_]+)[`{]", document.read_text()):
            is_function = re.search(rf"\b{name}\(", sources())
            if not is_function and name not in ("booking_owner", "booking_app"):
                assert f"# TYPE {name} " in told, f"{document.name}: {name}"


# -- the settings -------------------------------------------------------------------------------

def check_config(**settings):
    clean = {name: value for name, value in os.environ.items() if not PRODUCT_VARIABLES.match(name)}
    return subprocess.run([str(BUILD / "booking-api"), "--check-config"], env={**clean, **settings}, capture_output=True,
                          text=True, timeout=10)


def documented_settings():
    """{name: (cell of the default, cell of the range)}, aliases apart."""
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in
            re.findall(r"^\| `[A-Z0-9_]+`.*$", (ROOT / "docs/configuration.md").read_text(), re.M)]
    return {re.match(r"`([A-Z0-9_]+)`", name)[1]: (default, bounds) for name, default, bounds in rows}


def test_every_setting_is_documented():
    in_force = dict(line.split("=", 1) for line in check_config().stdout.splitlines())
    settings = "".join((ROOT / f"tools/stack/stacklib/{name}.py").read_text() for name in ("settings", "account"))
    stack_alone = set(re.findall(r'(?:environment\.get|self\.\w+)\("([A-Z_]+)"', settings))
    stack_alone -= {"PATH", "SUDO_USER"}
    stack_alone |= set(re.findall(r"\$\{([A-Z0-9_]+):-", (ROOT / "conf/host/nginx-clients").read_text())) - set(in_force)
    documented = documented_settings()
    assert set(documented) == set(in_force) | stack_alone
    for name, value in in_force.items():
        cell = documented[name][0]
        if "DSN" in name or name in ("SWEEPER_WAKE_DIR", "METRICS_FILE"):
            continue
        assert cell.startswith(f"`{value}`") if value else cell == "", f"{name}: {value!r}, documented {cell!r}"


def test_every_setting_is_in_the_example_file():
    example = (ROOT / "conf/booking.env.example").read_text()
    missing = [name for name in documented_settings() if name not in example and name != "BUILD_DIR"]
    assert not missing


def test_other_names_of_settings_are_documented():
    text = (ROOT / "docs/configuration.md").read_text()
    aliases = re.findall(r'\{ "([A-Z_]+)", "([A-Z_]+)"', (ROOT / "booking/config.c").read_text())
    assert aliases and all(f"| `{name}` (or `{alias}`) |" in text for name, alias in aliases)


@pytest.mark.parametrize("name, bounds", [(name, cell.replace("`", "")) for name, (_, cell) in documented_settings().items()
                                          if "–" in cell])
def test_ranges_are_as_documented(name, bounds):
    least, most = bounds.split("–")
    assert check_config(**{name: least}).returncode == 0 and check_config(**{name: most}).returncode == 0
    beyond = f"{most}1ms" if most[-1] in "smh" else str(int(most) + 1)
    assert check_config(**{name: beyond}).returncode == 2
    if least.isdigit():
        assert check_config(**{name: str(int(least) - 1)}).returncode == 2


TOKEN = "the-operator-of-the-documents"

# -- the commands -------------------------------------------------------------------------------

class Walk:
    """Runs a document's sh blocks in order in one shell. Keeps what each printed, beside what the document shows."""

    def __init__(self, document, stack, directory):
        self.blocks = re.findall(r"^```sh\n(.*?)^```\n(?:```(json|text)\n(.*?)^```\n)?", document.read_text(), re.M | re.S)
        script = "set -eu\n" + "".join(f"exec > {directory}/{i}\n{block[0]}" for i, block in enumerate(self.blocks))
        variables = {"URL": stack.url, "GATEWAY": f"http://127.0.0.1:{stack.settings['GATEWAY_PORT']}"}
        run = subprocess.run(["sh", "-c", script], env={**stack.environment(), **variables}, cwd=ROOT, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120)
        self.printed = [path.read_text() for path in (directory / str(i) for i in range(len(self.blocks))) if path.exists()]
        assert run.returncode == 0, f"{run.stderr}\nthe last block printed: {self.printed[-1]}"


def differs(shown, answered, at="$"):
    """Says where an answer differs in shape from the one shown, or returns None. Lists may be shown in part."""
    if isinstance(shown, dict) and isinstance(answered, dict):
        if set(shown) != set(answered):
            return f"{at}: {sorted(set(shown) ^ set(answered))}"
        return next(filter(None, (differs(shown[name], answered[name], f"{at}.{name}") for name in shown)), None)
    if isinstance(shown, list) and isinstance(answered, list):
        if len(answered) < len(shown):
            return f"{at}: fewer than shown"
        return next(filter(None, (differs(*pair, f"{at}[{i}]") for i, pair in enumerate(zip(shown, answered)))), None)
    # These fields must have the value shown; times, ids and counts may differ.
    if at.rsplit(".", 1)[-1] in ("status", "error", "type", "outcome", "message", "detail", "sweeper", "seats", "version"):
        return None if shown == answered else f"{at}: {answered!r}, shown {shown!r}"
    is_number = isinstance(shown, (int, float)) and isinstance(answered, (int, float))
    return None if is_number or type(shown) is type(answered) else f"{at}: {answered!r}, shown {shown!r}"


def test_the_api_document_works_as_printed(own_stack, tmp_path):
    walk = Walk(ROOT / "docs/api.md", own_stack(ADMIN_TOKEN=TOKEN), tmp_path)
    assert len(walk.blocks) > 20
    for (command, kind, shown), printed in zip(walk.blocks, walk.printed):
        if kind == "json":
            assert differs(json.loads(shown), json.loads(printed)) is None, command
        elif kind == "text":
            assert set(shown.splitlines()) <= set(printed.splitlines()), f"{command}\n{printed}"


def test_the_readme_works_as_printed(own_stack, tmp_path):
    walk = Walk(ROOT / "README.md", own_stack(ADMIN_TOKEN=TOKEN), tmp_path)
    by_example, crowd = walk.printed[0], walk.printed[1]
    assert '"error"' not in by_example
    for status in ("SEATS_RESERVED", "PAYMENT_PENDING", "CONFIRMED", "CANCELLED"):
        assert f'"status":"{status}"' in by_example, status
    assert sorted(line.split() for line in crowd.splitlines()) == [["1", "201"], ["19", "409"]]
