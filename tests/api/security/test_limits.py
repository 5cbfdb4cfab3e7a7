# SPDX-License-Identifier: MIT
"""Limits for each client: a rate for requests that may change something, and a number of requests at a time. Loopback
is exempt by default, and a trusted proxy tells the clients' addresses."""

import concurrent.futures
import contextlib
import json
import os
import select
import subprocess
import uuid

import pytest

from client import new_user
from stack import ROOT, wait_for
from wire import connect, heads, status

BURST = 20


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(RATE_LIMIT_EXEMPT="none", RATE_LIMIT_HOLDS="6r/m", RATE_LIMIT_PAYMENTS="6r/m", RATE_LIMIT_CHANGES="6r/m",
                     RATE_LIMIT_ADMIN="6r/m", RATE_LIMIT_LOOKUPS="6r/m", TRUSTED_PROXIES="127.0.0.1")


def from_address(stack, address):
    """The API, as a client at this address reaches it through the proxy that the stack trusts."""
    return stack.api(**{"X-Forwarded-For": address})


def statuses(send, count):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sorted(answer.status for answer in pool.map(lambda _: send(), range(count)))


def test_holds_beyond_the_burst(stack, api, flight):
    """Everything is in one test, because there is one client, and its bucket is full only once."""
    first = api.hold(flight, "A1")

    def hold():
        return api.post(f"/api/flights/{flight}/orders", {"userId": new_user(), "seats": ["A1"]})
    assert statuses(hold, BURST + 10) == [409] * BURST + [429] * 10
    answer = hold()
    answer.refused(429, "TOO_MANY_REQUESTS")
    assert int(answer.headers["Retry-After"]) >= 1 and answer.headers["Content-Security-Policy"]

    # Every way to hold seats counts, even with an encoded path.
    order = f"/api/orders/{first['orderId']}"
    for send in (lambda: api.post("/api/orders", {"flightId": flight, "seats": ["B1"]}), lambda: api.change(first, "B1"),
                 lambda: api.put(f"{order}/seats", {"seats": ["B1"]}), lambda: api.post("/api/%6frders", {}),
                 lambda: api.post("/api/orders?x=/", {})):
        send().refused(429, "TOO_MANY_REQUESTS")
    assert api.seats(flight)["B1"] == "AVAILABLE"

    # Reading does not count, and payments and all other changes have buckets of their own.
    assert statuses(lambda: api.get(order), 60) == [200] * 60
    assert statuses(lambda: api.get("/live/flights/FL123"), 60) == [200] * 60
    assert statuses(lambda: api.post(f"{order}/pay", {"paymentCode": "1"}), BURST + 11) == [400] * (BURST + 1) + [429] * 10
    api.post(f"{order}/payment", {"paymentCode": "99999"}).refused(429, "TOO_MANY_REQUESTS")
    api.cancel(first).ok()


def look_up(api):
    return api.post("/api/bookings/find", {"locator": "222222", "familyName": "Nobody"})


@pytest.mark.parametrize("address", ["198.51.100.40", "2001:db8:40:7::1"])
def test_look_ups_beyond_the_burst(stack, address):
    """Each may be a guess, so their bucket is smaller, and no other request is counted in it."""
    api = from_address(stack, address)
    assert statuses(lambda: look_up(api), 21) == [404] * 11 + [429] * 10
    api.post("/api/bookings/%66ind", {}).refused(429, "TOO_MANY_REQUESTS")
    assert api.delete("/api/orders/none").status == 404, "other changes have a bucket of their own"
    neighbor = {"198.51.100.40": "198.51.100.41", "2001:db8:40:7::1": "2001:db8:40:7:9::9"}[address]
    assert look_up(from_address(stack, neighbor)).status == (404 if "." in address else 429)


def test_requests_under_way(stack):
    """Each client may have 200 requests with slow bodies at a time. More are refused, and other clients are served."""
    with contextlib.ExitStack() as open_:
        waiting = [open_.enter_context(connect(stack)) for _ in range(210)]
        for s in waiting:
            s.sendall(b"GET /api/flights HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n{")
        answered = wait_for(lambda: len(found := select.select(waiting, [], [], 0)[0]) >= 10 and found, 5)
        assert len(answered) == 10
        for s in answered:
            (head,) = heads(s.recv(65536))
            assert status(head) == 429 and b"Retry-After: " in head


STRANGERS = {
    "cancels unknown orders": lambda api: api.delete(f"/api/orders/{uuid.uuid4()}", headers={"Idempotency-Key": uuid.uuid4().hex}),
    "cancels what is no order": lambda api: api.delete("/api/orders/none", headers={"Idempotency-Key": uuid.uuid4().hex}),
    "posts to nowhere": lambda api: api.post("/api/nowhere", {}),
    "puts a page": lambda api: api.request("PUT", "/", body=b"x"),
    "resets": lambda api: api.post("/api/admin/reset"),
    "guesses tokens": lambda api: api.get("/api/admin/orders", headers={"Authorization": f"Bearer {uuid.uuid4().hex}"}),
}


@pytest.mark.parametrize("n, what", enumerate(STRANGERS))
def test_a_stranger_is_limited_whatever_it_sends(stack, n, what):
    api = from_address(stack, f"203.0.113.{n + 1}")
    answered = statuses(lambda: STRANGERS[what](api), BURST + 11)
    assert answered.count(429) >= 10 and answered.count(429) < BURST + 11
    # Other clients are not limited.
    assert STRANGERS[what](from_address(stack, f"203.0.113.{n + 101}")).status != 429


def test_a_stranger_writes_no_rows(stack):
    """A refusal that comes from no use case is not stored, so a random Idempotency-Key costs no row."""
    before = stack.query("SELECT COUNT(*) AS n FROM idempotency_keys")[0]["n"]
    api = from_address(stack, "203.0.113.99")
    for _ in range(5):
        STRANGERS["cancels unknown orders"](api).refused(404, "ORDER_NOT_FOUND")
        STRANGERS["cancels what is no order"](api).refused(404, "ORDER_NOT_FOUND")
    assert stack.query("SELECT COUNT(*) AS n FROM idempotency_keys")[0]["n"] == before


@pytest.mark.parametrize("one, other, same", [
    ("2001:db8:1:2::a", "2001:db8:1:2:ffff::b", True), ("2001:db8::1", "2001:db8::2:3", True),
    ("2001:db8:40::1", "2001:db8:40:0:9::9", True), ("2001:a0a:d0a::1", "2001:a0a:d0a:0:a0a:d0a:a0a:a0a", True),
    ("2001:a0a:d0a::1", "2001:a0a:d0a:1::1", False), ("::1:0:0:0:1", "::2:0:0:0:1", False),
    ("2001:db8:1:3::a", "2001:db8:1:4::a", False), ("198.51.100.1", "198.51.100.2", False)])
def test_a_network_of_ipv6_addresses_is_one_client(stack, one, other, same):
    assert 429 in statuses(lambda: from_address(stack, one).delete("/api/orders/none"), BURST + 5)
    assert (from_address(stack, other).delete("/api/orders/none").status == 429) == same


def client_in_log(stack, mark, headers):
    stack.api().get("/api/flights/none", headers={**headers, "X-Request-Id": mark})
    found = wait_for(lambda: [line for line in stack.logs().splitlines() if mark in line and '"client"' in line], 5)
    return json.loads(found[0])["client"]


def test_only_a_trusted_proxy_tells_a_clients_address(stack, default_stack):
    forged = {"X-Forwarded-For": "198.51.100.77", "X-Real-IP": "198.51.100.77", "Forwarded": "for=198.51.100.77"}
    assert client_in_log(default_stack, f"log-{uuid.uuid4()}", forged) == "127.0.0.1"
    assert client_in_log(stack, f"log-{uuid.uuid4()}", {"X-Real-IP": "198.51.100.77"}) == "127.0.0.1"
    # The addresses that the client itself sent stand before the one that the proxy added.
    chain = {"X-Forwarded-For": "10.9.9.9, 198.51.100.78, 127.0.0.1"}
    assert client_in_log(stack, f"log-{uuid.uuid4()}", chain) == "198.51.100.78"


def test_limits_are_the_same_in_every_way_of_running_it():
    """One program writes the limits, from one set of defaults, for make start, the package and the containers."""
    files = [ROOT / name for name in ("tools/stack/nginx.conf.template", "conf/host/nginx-site", "docker/nginx.conf")]
    assert all("clients.conf;" in file.read_text() for file in files)
    sources = [path for top in ("conf", "docker", "debian") for path in (ROOT / top).rglob("*") if path.is_file()]
    assert [path.name for path in sources if "limit_req_zone" in path.read_text(errors="replace")] == ["nginx-clients"]


def test_loopback_is_exempt_as_shipped(default_stack):
    flight, api = default_stack.new_flight(), default_stack.api()
    api.hold(flight, "A1")
    assert statuses(lambda: api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}), 100) == [409] * 100


@pytest.mark.parametrize("name, value", [
    ("RATE_LIMIT_HOLDS", "fast"), ("RATE_LIMIT_HOLDS", "0r/s"), ("RATE_LIMIT_HOLDS", "10"), ("RATE_LIMIT_PAYMENTS", "1r/h"),
    ("RATE_LIMIT_PAYMENTS", "1r/s; }"), ("RATE_LIMIT_CHANGES", "1"), ("RATE_LIMIT_ADMIN", "x"), ("RATE_LIMIT_LOOKUPS", "12"),
    ("TRUSTED_PROXIES", "proxy.example"), ("TRUSTED_PROXIES", "10.0.0.0/8; }"), ("ALLOWED_ORIGIN", "https://a\"; }"), ("RATE_LIMIT_EXEMPT", "localhost"), ("RATE_LIMIT_EXEMPT", "127.0.0.1 1; }")])
def test_a_bad_setting_is_named(tmp_path, name, value):
    run = subprocess.run([ROOT / "conf/stack", "start"], env={**os.environ, "DATA_DIR": str(tmp_path), name: value},
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1 and run.stderr.startswith(f"{name}: '{value}'") and run.stderr.count("\n") == 1
