# SPDX-License-Identifier: MIT
"""booking-admin: the tokens of staff, made and revoked straight in the database."""

import os
import pwd
import re
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import new_user
from stack import BUILD, ROOT

ACCOUNT = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
TOKEN = re.compile("bks_[0-9a-f]{40}\n")


@pytest.fixture
def run(stack):
    def run(*arguments, program=(BUILD / "booking-admin",), **settings):
        return subprocess.run([*program, *arguments], env={**stack.programs_environment(), **settings}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
    return run


@pytest.fixture
def token_of(run):
    """Runs a command that gives a token, and checks that standard output has that and nothing else."""
    def token_of(*arguments):
        done = run(*arguments)
        assert done.returncode == 0 and TOKEN.fullmatch(done.stdout), done
        assert done.stdout.strip() not in done.stderr and arguments[1].strip() in done.stderr
        return done.stdout.strip()
    return token_of


@pytest.fixture
def name():
    return f"Zo\u00eb {uuid.uuid4().hex[:12]}"


def role_of(stack, token):
    """The role that the API knows the token by, or the status that it is refused with."""
    answer = stack.api(Authorization=f"Bearer {token}").get("/api/me")
    return answer.json["role"] if answer.status == 200 else answer.status


def line_of(run, name):
    return next((line.split(None, 4) for line in run("list").stdout.splitlines() if line.endswith(name)), None)


def test_a_token_from_first_to_last(stack, run, token_of, name):
    first = token_of("add", name, "agent")
    assert role_of(stack, first) == "agent"
    number, role, state, since, _ = line_of(run, name)
    assert (role, state) == ("agent", "valid") and number.isdigit() and since.endswith("Z")

    second = token_of("rotate", name)
    assert (role_of(stack, first), role_of(stack, second)) == (401, "agent")

    changed = run("role", name, "operator")
    assert (changed.returncode, changed.stdout, changed.stderr) == (0, "", "")
    assert role_of(stack, second) == "operator"

    revoked = run("revoke", name)
    assert (revoked.returncode, revoked.stdout, revoked.stderr) == (0, "", "")
    assert role_of(stack, second) == 401 and line_of(run, name)[2] == "revoked"
    assert role_of(stack, token_of("add", name, "viewer")) == "viewer" and line_of(run, name)[0] == number


def test_the_api_and_the_program_see_the_same(stack, run, token_of, name):
    added = stack.admin().post("/api/admin/staff", {"name": name, "role": "admin"}).ok(201)
    assert line_of(run, name)[:3] == [str(added["id"]), "admin", "valid"]
    assert role_of(stack, token_of("rotate", f"  {name} ")) == "admin"
    assert role_of(stack, added["token"]) == 401
    stack.admin().delete(f"/api/admin/staff/{added['id']}").ok()
    assert run("rotate", name).returncode == 1


def test_it_is_in_the_audit_log(stack, run, token_of, name):
    token_of("add", name, "agent")
    token_of("rotate", name)
    assert run("role", name, "viewer", SUDO_USER="ada").returncode == 0
    assert run("revoke", name, SUDO_USER="").returncode == 0
    number = line_of(run, name)[0]
    entries = stack.admin().get(f"/api/admin/audit?object={number}").ok()["entries"]
    assert [(e["action"], e["actor"]["name"], e["role"], e["was"], e["became"]) for e in reversed(entries)
            if e["object"]["kind"] == "STAFF"] == [
        ("ADD_STAFF", ACCOUNT, "admin", None, {"role": "agent"}),
        ("ROTATE_TOKEN", ACCOUNT, "admin", {"role": "agent"}, {"role": "agent"}),
        ("SET_ROLE", "ada", "admin", {"role": "agent"}, {"role": "viewer"}),
        ("REVOKE_TOKEN", pwd.getpwuid(os.getuid()).pw_name, "admin", {"role": "viewer"}, None)]
    shown = run("audit", "100").stdout.splitlines()
    mine = [line for line in shown if f"STAFF {number} " in line]
    assert [re.search("  ([A-Z]+_[A-Z]+)  ", line)[1] for line in mine] == ["REVOKE_TOKEN", "SET_ROLE", "ROTATE_TOKEN", "ADD_STAFF"]
    assert '{"role":"agent"} -> {"role":"viewer"}' in mine[1] and "ada (admin, number" in mine[1]
    assert len(run("audit", "2").stdout.splitlines()) == 2 and len(run("audit").stdout.splitlines()) <= 20


def test_a_name_that_is_taken(run, token_of, name):
    token_of("add", name, "agent")
    again = run("add", name.replace("\u00eb", "e\u0308"), "admin")
    assert (again.returncode, again.stdout) == (1, "") and name in again.stderr and "rotate" in again.stderr


@pytest.mark.parametrize("command", [("role", "admin"), ("rotate",), ("revoke",)], ids=lambda command: command[0])
def test_nobody_of_that_name(run, name, command):
    done = run(command[0], name, *command[1:])
    assert (done.returncode, done.stdout) == (1, "") and name in done.stderr
    assert line_of(run, name) is None
    assert run(command[0], "ADMIN_TOKEN", *command[1:]).returncode == 1, "not a member of staff with a token"


@pytest.mark.parametrize("arguments", [
    (), ("lists",), ("list", "x"), ("add",), ("add", "x"), ("add", "x", "viewer", "y"), ("rotate",), ("revoke", "x", "y"),
    ("add", "x", "root"), ("role", "x", ""), ("add", "", "viewer"), ("add", "a\nb", "viewer"), ("add", "x" * 256, "viewer"),
    ("add", b"\xff", "viewer"), ("audit", "0"), ("audit", "x"), ("audit", "1001")])
def test_wrong_commands(run, arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr


def test_many_add_one_name_at_once(stack, run, name):
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: run("add", name, "agent"), range(6)))
    assert sorted(each.returncode for each in done) == [0] + [1] * 5
    token = next(each.stdout.strip() for each in done if each.returncode == 0)
    assert role_of(stack, token) == "agent", "the one who got a token can use it"


def test_a_token_that_nobody_reads_is_told(stack, run, name):
    done = run(name, program=("sh", "-c", '"$0" add "$1" viewer > /dev/full', BUILD / "booking-admin"))
    assert done.returncode == 1 and "rotate" in done.stderr


def test_without_a_database(run):
    done = run("list", DATABASE_DSN="booking_app:s3cret@unix(/nowhere/mysql.sock)/flight_booking")
    assert (done.returncode, done.stdout) == (1, "") and "s3cret" not in done.stderr and "database" in done.stderr
    wrong = run("list", PAYMENT_TIMEOUT="soon")
    assert wrong.returncode == 2 and "PAYMENT_TIMEOUT" in wrong.stderr


def test_it_needs_no_more_rights_than_the_programs(stack):
    assert stack.programs_environment()["DATABASE_DSN"].startswith("booking_app:")
    assert "MIGRATION_DSN" not in stack.programs_environment()


# -- beside make start ----------------------------------------------------------------------------

def conf_stack(stack, *arguments, program=(ROOT / "conf/stack", "admin")):
    return subprocess.run([*program, *arguments], cwd=ROOT, env=stack.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)


def test_conf_stack_runs_it(stack, name):
    done = conf_stack(stack, "add", name, "operator")
    assert done.returncode == 0 and TOKEN.fullmatch(done.stdout), done
    assert role_of(stack, done.stdout.strip()) == "operator"
    assert name in conf_stack(stack, "list").stdout
    assert conf_stack(stack, "revoke", new_user()).returncode == 1
    assert conf_stack(stack, "add", name).returncode == 2 and conf_stack(stack).returncode == 2


def test_make_admin_runs_it(stack, name):
    done = conf_stack(stack, f"ARGS=add '{name}' viewer", program=("make", "-s", "admin"))
    assert done.returncode == 0 and TOKEN.fullmatch(done.stdout), done
    assert role_of(stack, done.stdout.strip()) == "viewer"


def test_conf_stack_says_that_nothing_runs(stack, tmp_path):
    done = subprocess.run([ROOT / "conf/stack", "admin", "list"], cwd=ROOT, env={**stack.environment(), "DATA_DIR": str(tmp_path)},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Not running" in done.stderr
