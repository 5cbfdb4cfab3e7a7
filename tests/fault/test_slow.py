# SPDX-License-Identifier: MIT
"""The database, the gateway, both or the name server are slow or hang. Nothing is lost or waits needlessly."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from database_proxy import DatabaseProxy
from stack import BUILD, wait_for

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a network namespace of its own")


@pytest.fixture(scope="module")
def stack(proxy, own_stack):
    """A stack with a proxy to the gateway, and without a sweeper except those of the tests. An attempt may take 3 s."""
    return own_stack(SWEEPERS=0, RESERVATION_TIMEOUT="10m", PAYMENT_TIMEOUT="3s", **proxy.settings)


@pytest.fixture(autouse=True)
def passing(proxy):
    yield
    proxy.mode, proxy.delay = "pass", 1.5


@pytest.fixture
def line(stack):
    line = DatabaseProxy(stack.data_dir / "run/slow.sock", stack.data_dir / "run/mysql.sock")
    yield line
    line.close()


@contextlib.contextmanager
def sweeper_of(stack, **settings):
    sweeper = stack.popen("sweeper", **settings)
    try:
        yield sweeper
    finally:
        sweeper.kill()
        sweeper.communicate()


def paying(stack, api, count, code="99999"):
    flight = stack.new_flight(rows=count, layout="A")

    def pay(n):
        order = api.hold(flight, f"A{n}")
        api.pay(order, code).ok()
        return order
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(pay, range(1, count + 1)))


def outcomes(stack, orders):
    marks = ", ".join(["%s"] * len(orders))
    return [row["outcome"] for row in stack.query(
        f"SELECT outcome FROM workflow_events WHERE type = 'PAYMENT_ATTEMPT' AND order_id IN ({marks})",
        *[order["orderId"] for order in orders])]


def test_a_slow_database_and_a_slow_gateway_together_lose_no_payment(stack, api, proxy, line):
    """The gateway approves each payment in time. To announce and settle 32 payments one by one takes far longer than a
    lease of 8 s. But an attempt's lease begins when it is announced, and lasts while it waits to be settled."""
    proxy.mode, proxy.delay, line.delay = "slow", 2.2, 0.025
    orders = paying(stack, api, 32)
    with sweeper_of(stack, DATABASE_DSN=line.dsn(stack.programs_environment()["DATABASE_DSN"])):
        for order in orders:
            stack.wait_status(order, "CONFIRMED", "FAILED", deadline=60)
    assert outcomes(stack, orders) == ["APPROVED"] * 32


def test_timers_are_not_late_for_payments_that_wait_to_be_settled(stack, api, line):
    line.delay = 0.02
    orders = paying(stack, api, 40)
    held = api.hold(stack.new_flight(), "A1")
    with sweeper_of(stack, DATABASE_DSN=line.dsn(stack.programs_environment()["DATABASE_DSN"])):
        wait_for(lambda: "APPROVED" in outcomes(stack, orders), 10)
        stack.fire_timer(held)
        wait_for(lambda: stack.row(held)["status"] == "EXPIRED", 3, "the timer, in the middle of the payments")
        for order in orders:
            stack.wait_status(order, "CONFIRMED", deadline=60)
    assert outcomes(stack, orders) == ["APPROVED"] * 40


# -- a database that hangs ---------------------------------------------------------------------------

class Watchdog:
    """systemd's end of NOTIFY_SOCKET. `times` holds when the sweeper said that it was alive."""

    def __init__(self, path):
        self.path, self.times = path, []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(OSError):
            while message := self.socket.recv(100):
                if b"WATCHDOG" in message:
                    self.times.append(time.monotonic())

    @property
    def settings(self):
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": "1000000"}


@contextlib.contextmanager
def hanging(stack):
    pid = int((stack.data_dir / "run/mysql.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_hung_database_holds_no_sweeper_and_costs_no_attempt(stack, api, proxy, tmp_path):
    """None of twenty payments can be settled. The sweeper tries one, not twenty, and obeys SIGTERM."""
    proxy.mode = "held"
    orders = paying(stack, api, 20)
    watchdog = Watchdog(tmp_path / "notify.sock")
    with open(tmp_path / "log", "w+") as log:
        sweeper = subprocess.Popen([str(BUILD / "sweeper")], env={**stack.programs_environment(), **watchdog.settings}, stderr=log)
        try:
            wait_for(lambda: sum(stack.everything(o)["payment"][0]["attempts"] for o in orders) == 20, 15)
            with hanging(stack):
                proxy.release.set()
                wait_for(lambda: '"during":"settle"' in (tmp_path / "log").read_text(), 40, "the first to fail")
                # The signal comes in the middle of the next call that hangs.
                sweeper.send_signal(signal.SIGTERM)
                signalled = time.monotonic()
                assert sweeper.wait(30) == 0
                assert time.monotonic() - signalled <= 4.2, "PAYMENT_TIMEOUT + 1 s"
        finally:
            proxy.release.clear()
            proxy.mode = "pass"
            sweeper.kill()
            sweeper.wait()
    gaps = [after - before for before, after in zip(watchdog.times, watchdog.times[1:])]
    assert max(gaps) < 30, "systemd would have ended it: WatchdogSec is 60"
    # Another sweeper takes over when the leases end, and gets the approvals by the same keys.
    with sweeper_of(stack):
        for order in orders:
            stack.wait_status(order, "CONFIRMED", deadline=30)


def test_what_was_answered_while_the_database_hung_is_settled_when_it_is_back(stack, api, proxy):
    """The sweeper that asked settles them: the answers came in time, though it could not handle them for a while."""
    proxy.mode, proxy.delay = "slow", 1.5
    orders = paying(stack, api, 10)
    with sweeper_of(stack):
        wait_for(lambda: sum(stack.everything(o)["payment"][0]["attempts"] for o in orders) == 10, 15)
        with hanging(stack):
            time.sleep(4)  # longer than an attempt may take, shorter than the lease
        for order in orders:
            stack.wait_status(order, "CONFIRMED", deadline=30)
    assert outcomes(stack, orders) == ["APPROVED"] * 10


# -- a name server that never answers -------------------------------------------------------------------

NAME_SERVER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 53))
time.sleep(120)
"""


@AS_ROOT
@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare")
def test_a_silent_name_server_takes_the_attempts_time_and_no_other(stack, api, tmp_path):
    """getaddrinfo() takes ten seconds or more. The attempt, the other timers and SIGTERM do not wait for it."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    script = (f"ip link set lo up; mount --bind {tmp_path}/resolv.conf /etc/resolv.conf; "
              f"{sys.executable} -c \"$SILENT\" & silent=$!; {BUILD}/sweeper 2>{tmp_path}/log & echo $! > {tmp_path}/pid; "
              "wait $!; kill $silent")
    (paid,), held = paying(stack, api, 1), api.hold(stack.new_flight(), "A1")
    space = subprocess.Popen(["unshare", "-n", "-m", "sh", "-c", script], env={
        **stack.programs_environment(), "PATH": os.environ["PATH"], "SILENT": NAME_SERVER, "PAYMENT_TIMEOUT": "1s",
        "PAYMENT_GATEWAY_URL": "http://payments.example.test:9999", "SWEEPER_WAKE_DIR": "", "METRICS_FILE": ""})
    try:
        wait_for(lambda: stack.everything(paid)["payment"][0]["attempts"] == 1, 10)
        stack.fire_timer(held)
        wait_for(lambda: stack.row(held)["status"] == "EXPIRED", 2, "the timer, while the name is looked up")
        failed = stack.wait_status(paid, "FAILED", deadline=15)
        took = [e["durationMs"] for e in api.events(paid) if e["type"] == "PAYMENT_ATTEMPT"]
        assert len(took) == failed["paymentAttempts"] == 3 and max(took) <= 2000
        pid = int((tmp_path / "pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not os.path.exists(f"/proc/{pid}"), 2.2, "the sweeper to end: PAYMENT_TIMEOUT + 1 s")
    finally:
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        space.wait(20)
    with sweeper_of(stack):
        wait_for(lambda: not stack.everything(paid)["jobs"], 70, "the void, where the gateway has a name")
