# SPDX-License-Identifier: MIT
"""systemd's own tools check the units, and the tests check the daemon's side of sd_notify(3)."""

import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from stack import BUILD, ROOT, wait_for

UNITS = ROOT / "conf/systemd"
ANALYZE = shutil.which("systemd-analyze")
needs_analyze = pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The units of an installation, with the programs in the places that they name."""
    prefix = tmp_path_factory.mktemp("prefix")
    (prefix / "lib").mkdir()
    (prefix / "lib/booking").symlink_to(BUILD)
    units = prefix / "units"
    units.mkdir()
    for unit in filter(Path.is_file, UNITS.rglob("*")):
        text = unit.read_text().replace("@PREFIX@", str(prefix))
        place = units / unit.relative_to(UNITS)
        place.parent.mkdir(exist_ok=True)
        place.with_name(unit.name.replace("@.", "@1.")).write_text(text)
    return units


def service_names():
    return sorted(unit.name.replace("@.", "@1.") for unit in UNITS.glob("*.service"))


@needs_analyze
def test_systemd_finds_nothing_wrong(installed):
    run = subprocess.run([ANALYZE, "verify", *map(str, filter(Path.is_file, installed.iterdir()))], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    ours = [line for line in run.stdout.splitlines() if "booking" in line]
    assert (run.returncode, ours) == (0, []), run.stdout


@needs_analyze
@pytest.mark.parametrize("name", service_names())
def test_every_service_is_hardened(installed, name):
    run = subprocess.run([ANALYZE, "security", "--offline=yes", str(installed / name)], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    exposure = float(re.search(r"exposure level for \S+: ([0-9.]+)", run.stdout)[1])
    assert exposure <= 2.0, run.stdout


def messages(listener):
    listener.setblocking(False)
    while True:
        try:
            yield listener.recv(100).decode()
        except BlockingIOError:
            return


def test_the_sweeper_tells_systemd_how_it_is(default_stack, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        environment = {**default_stack.programs_environment(), "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}
        sweeper = subprocess.Popen([str(BUILD / "sweeper")], env=environment, stderr=subprocess.DEVNULL)
        heard = []

        def has_heard(message, times=1):
            heard.extend(messages(listener))
            return heard.count(message) >= times
        try:
            wait_for(lambda: has_heard("READY=1"), 10, "READY=1")
            wait_for(lambda: has_heard("WATCHDOG=1", 3), 10, "three signs of life")
            # A sweeper whose loop hangs is silent, and the watchdog notices that.
            sweeper.send_signal(signal.SIGSTOP)
            time.sleep(0.1)
            list(messages(listener))
            before = len(heard)
            time.sleep(1)
            assert not has_heard("nothing") and len(heard) == before
            sweeper.send_signal(signal.SIGCONT)
            sweeper.terminate()
            assert sweeper.wait(20) == 0
            wait_for(lambda: has_heard("STOPPING=1"), 2, "STOPPING=1")
        finally:
            sweeper.kill()
            sweeper.wait()


def test_no_unit_names_a_variable_that_does_not_exist():
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / "conf/booking.env.example").read_text(), re.M))
    for unit in UNITS.glob("*.service"):
        for line in unit.read_text().splitlines():
            if line.startswith("Environment="):
                assert {pair.split("=")[0] for pair in line.removeprefix("Environment=").split()} <= known, unit
