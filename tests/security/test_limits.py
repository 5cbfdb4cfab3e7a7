"""Limits for each client: holds and payments by rate, requests by number. Loopback is exempt unless told otherwise."""

import concurrent.futures
import contextlib
import os
import select
import subprocess

import pytest

from client import new_user
from stack import ROOT, wait_for
from wire import connect, heads, status

BURST = 20


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(RATE_LIMIT_EXEMPT="none", RATE_LIMIT_HOLDS="6r/m", RATE_LIMIT_PAYMENTS="6r/m")


def statuses(send, count):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sorted(answer.status for answer in pool.map(lambda _: send(), range(count)))


def test_holds_beyond_the_burst(stack, api, flight):
    """One after the other in one test: there is one client, and its bucket empties only once."""
    first = api.hold(flight, "A1")

    def hold():
        return api.post(f"/api/flights/{flight}/orders", {"userId": new_user(), "seats": ["A1"]})
    assert statuses(hold, BURST + 10) == [409] * BURST + [429] * 10
    answer = hold()
    answer.refused(429, "TOO_MANY_REQUESTS")
    assert int(answer.headers["Retry-After"]) >= 1 and answer.headers["Content-Security-Policy"]

    # Every way to hold counts, the one written in riddles, too.
    order = f"/api/orders/{first['orderId']}"
    for send in (lambda: api.post("/api/orders", {"flightId": flight, "seats": ["B1"]}), lambda: api.change(first, "B1"),
                 lambda: api.put(f"{order}/seats", {"seats": ["B1"]}), lambda: api.post("/api/%6frders", {}),
                 lambda: api.post("/api/orders?x=/", {})):
        send().refused(429, "TOO_MANY_REQUESTS")
    assert api.seats(flight)["B1"] == "AVAILABLE"

    # Reading, cancelling and the rest do not, and payments have a bucket of their own.
    assert statuses(lambda: api.get(order), 60) == [200] * 60
    assert statuses(lambda: api.get("/live/flights/FL123"), 60) == [200] * 60
    assert statuses(lambda: api.post(f"{order}/pay", {"paymentCode": "1"}), BURST + 11) == [400] * (BURST + 1) + [429] * 10
    api.post(f"{order}/payment", {"paymentCode": "99999"}).refused(429, "TOO_MANY_REQUESTS")
    api.cancel(first).ok()


def test_requests_under_way(stack):
    """Bodies that dribble in: each client may have 200 at a time; more are refused, and the others are not in the way."""
    with contextlib.ExitStack() as open_:
        waiting = [open_.enter_context(connect(stack)) for _ in range(210)]
        for s in waiting:
            s.sendall(b"POST /api/admin/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n{")
        answered = wait_for(lambda: len(found := select.select(waiting, [], [], 0)[0]) >= 10 and found, 5)
        assert len(answered) == 10
        for s in answered:
            (head,) = heads(s.recv(65536))
            assert status(head) == 429 and b"Retry-After: " in head


def test_loopback_is_exempt_as_shipped(default_stack):
    flight, api = default_stack.new_flight(), default_stack.api()
    api.hold(flight, "A1")
    assert statuses(lambda: api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}), 100) == [409] * 100


@pytest.mark.parametrize("name, value", [
    ("RATE_LIMIT_HOLDS", "fast"), ("RATE_LIMIT_HOLDS", "0r/s"), ("RATE_LIMIT_HOLDS", "10"), ("RATE_LIMIT_PAYMENTS", "1r/h"),
    ("RATE_LIMIT_PAYMENTS", "1r/s; }"), ("RATE_LIMIT_EXEMPT", "localhost"), ("RATE_LIMIT_EXEMPT", "127.0.0.1 1; }")])
def test_a_bad_setting_is_named(tmp_path, name, value):
    run = subprocess.run([ROOT / "conf/stack", "start"], env={**os.environ, "DATA_DIR": str(tmp_path), name: value},
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and run.stderr.startswith(f"{name}: '{value}'") and run.stderr.count("\n") == 1
