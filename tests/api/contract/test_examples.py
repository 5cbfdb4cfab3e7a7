# SPDX-License-Identifier: MIT
"""The scripts in examples/ do what they say on the running system."""

import os
import subprocess

import pytest

from stack import ROOT

SCRIPTS = sorted(path.name for path in (ROOT / "examples").glob("*.sh") if path.name != "common.sh")
# The outcome of each of the simulator's codes: the state, and the number of attempts.
OUTCOMES = {"99999": ("CONFIRMED", 1), "00000": ("FAILED", 1), "50300": ("FAILED", 3), "50301": ("CONFIRMED", 2),
            "50302": ("CONFIRMED", 3), "50400": ("FAILED", 3), "50401": ("CONFIRMED", 2), "50402": ("FAILED", 3)}


def run(stack, script, *arguments):
    """Runs a script, which must succeed, and returns what it prints."""
    settings = {"BOOKING_URL": stack.url, "FLIGHT": stack.new_flight(), "ADMIN_TOKEN": stack.settings["ADMIN_TOKEN"]}
    done = subprocess.run([str(ROOT / "examples" / script), *arguments], env={**os.environ, **settings},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("script", [name for name in SCRIPTS if name not in ("payments.sh", "expire.sh")])
def test_script(stack, script):
    run(stack, script)


def test_a_hold_that_runs_out(quick_stack):
    run(quick_stack, "expire.sh")


def test_admin_with_a_token(quick_stack):
    assert '"ordersEnded":1' in run(quick_stack, "admin.sh", "reset")


def test_every_payment_code(quick_stack):
    lines = run(quick_stack, "payments.sh").split("# The outcomes\n")[1].splitlines()
    found = {line.split()[0]: (line.split()[1], int(line.split()[3])) for line in lines if line[:5].isdigit()}
    assert found == OUTCOMES


def test_all_are_listed():
    listed = (ROOT / "examples/README.md").read_text()
    assert all(f"[{name}]({name})" in listed for name in SCRIPTS)
