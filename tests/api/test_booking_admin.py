# SPDX-License-Identifier: MIT
"""booking-admin: the tokens of staff, made and revoked straight in the database; flights whose times moved."""

import os
import pwd
import re
import shutil
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
    ("add", b"\xff", "viewer"), ("audit", "0"), ("audit", "x"), ("audit", "1001"), ("flights-moved", "x")])
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


# -- flights whose times moved --------------------------------------------------------------------

BERLIN, NEW_YORK = "[Europe/Berlin]", "[America/New_York]"


@pytest.fixture
def zones(tmp_path):
    """Time zones in which Berlin has the clocks of another place, and New York those of Chicago."""
    def zones(berlin):
        for zone, rules in (("Europe/Berlin", berlin), ("America/New_York", "America/Chicago")):
            place = tmp_path / zone
            place.parent.mkdir(exist_ok=True)
            place.unlink(missing_ok=True)
            if rules is not None:
                shutil.copy(Path("/usr/share/zoneinfo") / rules, place)
        return str(tmp_path)
    return zones


def moved(run, *flights, **settings):
    """What is listed of these flights, without their ids."""
    done = run("flights-moved", **settings)
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert done.stderr == (f"booking-admin: {len(lines)} times; get each of these flights and put it again\n" if lines else "")
    return [line.split("  ", 1)[1] for line in lines if line.split("  ")[0] in flights]


def test_flights_whose_times_moved(stack, run, zones):
    flight = stack.new_flight(departure_time="2037-07-01 05:30:00", departure_said=f"2037-07-01T07:30:00{BERLIN}",
                              arrival_time="2037-07-01 14:00:00", arrival_said=f"2037-07-01T10:00:00{NEW_YORK}")
    assert moved(run, flight) == []
    assert moved(run, flight, TZDIR=zones("Europe/London")) == [
        f"departure  2037-07-01T07:30:00{BERLIN}  2037-07-01T05:30:00.000Z -> 2037-07-01T06:30:00.000Z",
        f"arrival  2037-07-01T10:00:00{NEW_YORK}  2037-07-01T14:00:00.000Z -> 2037-07-01T15:00:00.000Z"]
    assert [line.split(" -> ")[1] for line in moved(run, flight, TZDIR=zones(None))] == [
        "There is no such time zone (IANA, such as Europe/Berlin).", "2037-07-01T15:00:00.000Z"]
    assert stack.query("SELECT version, departure_time FROM flights WHERE flight_id = %s", flight)[0]["departure_time"].hour == 5


def test_a_time_that_does_not_exist_any_more_or_twice(stack, run, zones):
    spring = stack.new_flight(departure_time="2037-03-08 01:30:00", departure_said=f"2037-03-08T02:30:00{BERLIN}")
    autumn = stack.new_flight(departure_time="2037-11-01 00:30:00", departure_said=f"2037-11-01T01:30:00{BERLIN}")
    night = stack.new_flight(departure_time="2037-10-25 00:30:00", departure_said=f"2037-10-25T02:30:00+02:00{BERLIN}")
    assert moved(run, spring, autumn, night) == []
    told = moved(run, spring, autumn, night, TZDIR=zones("America/New_York"))
    assert len(told) == 3 and "skip this time" in told[0] and "does not have that offset" in told[1] and "twice" in told[2]


def test_only_flights_that_are_still_to_leave_and_whose_time_was_said(stack, run, zones):
    said = {"departure_time": "2037-07-01 05:30:00", "departure_said": f"2037-07-01T07:30:00{BERLIN}"}
    cancelled = stack.new_flight(status="CANCELLED", **said)
    closed = stack.new_flight(status="CLOSED", **said)
    departed = stack.new_flight(departure_time="2026-07-01 05:30:00", departure_said=f"2026-07-01T07:30:00{BERLIN}")
    unsaid = stack.new_flight(departure_time="2037-07-01 05:30:00", origin_time_zone="Europe/Berlin")
    told = moved(run, cancelled, closed, departed, unsaid, TZDIR=zones("Europe/London"))
    assert len(told) == 1 and moved(run, closed, TZDIR=zones("Europe/London")) == told


def test_a_season_of_flights_is_looked_at_whole(stack, run, zones):
    """More than are read at once, all at the same time."""
    prefix = f"season-{uuid.uuid4().hex[:8]}-"
    stack.query("INSERT INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,"
                " price_cents, currency, departure_said)"
                " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                " SELECT CONCAT(%s, i), 'S 1', 'QQA', 'QQB', '2037-07-02 05:30:00', 1, 'A', 100, 'EUR',"
                " '2037-07-02T07:30:00[Europe/Berlin]' FROM n", prefix)
    try:
        done = run("flights-moved", TZDIR=zones("Europe/London"))
        names = [line.split("  ")[0] for line in done.stdout.splitlines() if line.startswith(prefix)]
        assert len(names) == 1000 == len(set(names))
    finally:
        stack.query("DELETE FROM flights WHERE flight_id LIKE %s", prefix + "%")


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
