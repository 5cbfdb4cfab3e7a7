# SPDX-License-Identifier: MIT
"""Configuration: programs print the settings in force, and a wrong one stops them with one line that names it."""

import os
import subprocess

import pytest

from stack import BUILD, PRODUCT_VARIABLES, ROOT, Stack

PROGRAMS = ["booking-api", "sweeper", "payment-gateway", "stripe-gateway", "migrate", "booking-admin"]
STRIPE = {"STRIPE_SECRET_KEY": "sk_s3cret-pass-of-stripe", "STRIPE_WEBHOOK_SECRET": "whsec_s3cret-pass-of-stripe"}
DSN = "app:s3cret-pass@unix(/nowhere/mysql.sock)/flight_booking"


def run(program, *arguments, **settings):
    clean = {k: v for k, v in os.environ.items() if not PRODUCT_VARIABLES.match(k)}
    return subprocess.run([str(BUILD / program), *arguments], env={**clean, "DATABASE_DSN": DSN, **STRIPE, **settings},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)


def in_force(program="booking-api", **settings):
    done = run(program, "--check-config", **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_check_config(program):
    assert in_force(program).strip()


def test_the_gateway_for_stripe_says_what_it_misses():
    for name in STRIPE:
        for arguments in ([], ["--check-config"]):
            done = run("stripe-gateway", *arguments, **{name: ""})
            assert done.returncode == 2 and done.stderr.startswith(f"{name}: ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version(program, option):
    done = run(program, option)
    assert done.returncode == 0 and done.stdout.strip() and not done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_unknown_options(program):
    done = run(program, "--frobnicate")
    assert done.returncode == 2 and ("--frobnicate" in done.stderr or "usage" in done.stderr)


@pytest.mark.parametrize("program", PROGRAMS)
def test_secrets_are_masked(program):
    shown = in_force(program, ADMIN_TOKEN="t0ken-for-nobody", GATEWAY_DATABASE_DSN=DSN, MIGRATION_DSN=DSN,
                     GATEWAY_MIGRATION_DSN=DSN, PAYMENT_GATEWAY_URL="http://u:s3cret-pass@127.0.0.1:1/", PAYMENT_GATEWAY_TOKEN="s3cret-pass-and-more")
    assert "s3cret-pass" not in shown and "t0ken-for-nobody" not in shown


def test_a_database_url_is_masked_as_well():
    shown = in_force(DATABASE_DSN="", DATABASE_URL="mysql://app:s3cret-pass@db.example:3306/flight_booking")
    assert "s3cret-pass" not in shown and "db.example" in shown


@pytest.mark.parametrize("value, same", [("90s", "1m30s"), ("1h30m", "90m"), ("1500ms", "1.5s"), ("15m", "900s"), ("1h", "60m")])
def test_durations_as_go_writes_them(value, same):
    assert in_force(RESERVATION_TIMEOUT=value) == in_force(RESERVATION_TIMEOUT=same) != in_force(RESERVATION_TIMEOUT="17s")


@pytest.mark.parametrize("name, alias, value", [
    ("RESERVATION_TIMEOUT", "SEAT_RESERVATION_TIMEOUT", "77s"),
    ("PAYMENT_TIMEOUT", "PAYMENT_VALIDATION_TIMEOUT", "7s"),
    ("PAYMENT_MAX_RETRIES", "MAX_PAYMENT_RETRIES", "2"),
])
def test_other_names(name, alias, value):
    for program in ("booking-api", "sweeper"):
        assert in_force(program, **{alias: value}) == in_force(program, **{name: value})


DURATIONS = ["RESERVATION_TIMEOUT", "SEAT_RESERVATION_TIMEOUT", "PAYMENT_TIMEOUT", "PAYMENT_VALIDATION_TIMEOUT",
             "PAYMENT_MAX_DELAY", "PAYMENT_PENDING_TIMEOUT", "SWEEPER_POLL_INTERVAL", "RESERVATION_LIMIT"]
NUMBERS = ["SERVER_PORT", "PAYMENT_MAX_RETRIES", "MAX_PAYMENT_RETRIES", "MAX_SEATS_PER_ORDER", "SWEEPER_MAX_IN_FLIGHT",
           "API_WORKERS"]
BAD = [
    *[(name, value) for name in DURATIONS for value in ("15", "15x", "m15", "-5s", " 5s", "5s ", "1e3s", "99999999999h", "1m 30s")],
    *[(name, value) for name in NUMBERS for value in ("x", "-1", "0", "1.5", "99999999999999999999", " 3", "0x10", "3 ")],
    *[("PAYMENT_FAILURE_RATE", value) for value in ("1.1", "-0.1", "nan", "x", "15%", "inf", "0,5")],
    *[("DATABASE_DSN", value) for value in ("x", "user@", "u:p@tcp(h:99999)/db", "u:p@tcp(h:3306)", "u:p@tcp(h:3306)/", "u:p@udp(h)/d")],
    *[("PAYMENT_GATEWAY_URL", value) for value in ("gateway", "ftp://x/", "http://", "file:///etc/passwd")],
    *[("CONFIRMATION_URL", value) for value in ("x", "ftp://x/", "javascript:alert(1)")],
    *[("PAYMENT_GATEWAY_TOKEN", value) for value in ("short", "fifteen-letters", "with a blank in it", "mit-einem-ö-darin-")],
    *[("LOG_LEVEL", value) for value in ("loud", "7")],
    ("RESERVATION_LIMIT", "14m"), ("PAYMENT_SIMULATOR", "maybe"), ("SERVER_PORT", "65536"),
]


@pytest.mark.parametrize("name, value", BAD)
def test_a_bad_value_stops_the_program_with_one_line_naming_it(name, value):
    """Each program reads its own settings. At least one must refuse; none may start with a wrong one that it reads."""
    refusals = 0
    for program in ("booking-api", "sweeper", "payment-gateway"):
        done = run(program, "--check-config", **{name: value})
        if done.returncode == 0:
            continue
        refusals += 1
        assert done.returncode == 2
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1 and name in lines[0], done.stderr
        assert "s3cret-pass" not in done.stderr
    assert refusals, f"{name}={value!r} bothers no program"


@pytest.mark.parametrize("program", ["booking-api", "sweeper", "payment-gateway"])
def test_a_program_does_not_start_on_a_bad_value(program):
    bad = {"booking-api": "RESERVATION_TIMEOUT", "sweeper": "PAYMENT_TIMEOUT", "payment-gateway": "PAYMENT_MAX_DELAY"}[program]
    done = run(program, **{bad: "soon"})
    assert done.returncode == 2 and bad in done.stderr


def test_conf_stack_tells_a_bad_setting_in_the_programs_words(tmp_path):
    stack = Stack({"RESERVATION_TIMEOUT": "soon"}, data_dir=tmp_path)
    done = subprocess.run([str(ROOT / "conf/stack"), "start"], env=stack.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "RESERVATION_TIMEOUT" in done.stderr + done.stdout
    assert stack.all_pids() == []
