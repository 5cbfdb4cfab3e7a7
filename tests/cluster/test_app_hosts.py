# SPDX-License-Identifier: MIT
"""Two hosts with API processes, nginx, HAProxy and a sweeper each, on one cluster: what they share, what is each host's
own, and what happens when one disappears."""

import os
import re
import signal
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
from client import Api
from clustered import LONG, ClusteredStack, migrated
from lab import NETWORK, OURS
from stack import wait_for

ADDRESSES = {"app1": f"{NETWORK}.11", "app2": f"{NETWORK}.12"}
pytestmark = LONG
LEASE = 6   # PAYMENT_TIMEOUT + 5 s


class AppHost(ClusteredStack):
    """A host of the product, reached at its address."""

    def __init__(self, name, space, cluster, lab):
        super().__init__({
            "LISTEN_ADDRESS": "0.0.0.0", "RATE_LIMIT_EXEMPT": f"127.0.0.0/8,{OURS}", "ADMIN_TOKEN": "test-admin-token", "API_WORKERS": 4, "GATEWAY_WORKERS": 6,
            "RESERVATION_TIMEOUT": "10m", "PAYMENT_TIMEOUT": "1s", "PAYMENT_PENDING_TIMEOUT": "4s", "SWEEPERS": 1,
            "RATE_LIMIT_HOLDS": "60r/m",
            **cluster.environment_of_programs(), "DATABASE_DSN": cluster.dsn("booking_app", ("127.0.0.1", 3306)),
            "GATEWAY_DATABASE_DSN": cluster.dsn("gateway_app", ("127.0.0.1", 3306)),
            "MIGRATION_DSN": cluster.dsn("booking_owner", ("127.0.0.1", 3306)),
            "GATEWAY_MIGRATION_DSN": cluster.dsn("gateway_owner", ("127.0.0.1", 3306))})
        self.name, self.space, self.lab, self.starter = name, space, lab, space.entered
        self.proxy = None

    @property
    def address(self):
        return ADDRESSES[self.name]

    def api(self, **headers):
        return Api(self.address, self.port, headers)

    def start_proxy(self):
        peers = {name: address for name, address in ADDRESSES.items() if name != self.name}
        self.proxy = self.cluster.start_proxy(self.name, ("127.0.0.1", 3306), self.address, peers, self.space.entered)

    def stop_proxy(self):
        self.proxy.kill()
        self.proxy.wait()

    def vanish(self):
        """Cuts the host off first, so that nothing it does is heard any more, and then ends it."""
        self.lab.divide(self.name)
        for pid in self.all_pids():
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def hosts(cluster, lab):
    ClusteredStack.cluster = cluster
    hosts = [AppHost(name, lab.host(name, address), cluster, lab) for name, address in ADDRESSES.items()]
    try:
        for host in hosts:
            host.start_proxy()
        migrated(cluster, hosts[0])
        for host in hosts:
            host.start()
        yield hosts
    finally:
        for host in hosts:
            host.stop()


@pytest.fixture(scope="module")
def stack(hosts):
    return hosts[0]


@pytest.fixture
def second(hosts):
    return hosts[1].api()


@pytest.fixture(autouse=True)
def audited_after(hosts):
    yield
    audit.audit(hosts[0], deadline=20)


def test_both_hosts_have_the_same_orders(api, second, flight):
    order = api.hold(flight, "A1")
    assert second.order(order)["status"] == "SEATS_RESERVED" and second.seats(flight)["A1"] == "RESERVED"
    second.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "other"}).refused(409, "SEATS_UNAVAILABLE")
    assert second.change(order, "B1").status == 200
    assert api.order(order)["seats"] == ["B1"]
    second.cancel(order).ok()


def test_a_key_is_one_on_both_hosts(api, second, flight):
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    wanted = {"flightId": flight, "seats": ["A1"], "userId": "twice"}
    first = api.post("/api/orders", wanted, headers=headers)
    again = second.post("/api/orders", wanted, headers=headers)
    assert first.status == again.status == 201 and again.headers["Idempotency-Replayed"] == "true"
    assert first.json["orderId"] == again.json["orderId"]
    api.cancel(first.json).ok()


def test_a_pages_news_from_another_host_come_soon(api, second, flight):
    """nginx keeps what pages ask for again and again for a second: each host for itself."""
    def shown():
        return second.request("GET", f"/live/flights/{flight}/seats", timeout=5)
    before = shown().body
    order = api.hold(flight, "A1")
    since = time.monotonic()
    wait_for(lambda: shown().body != before, 5, "the other host's page to show the hold")
    assert time.monotonic() - since < 2.5, "a second, and what a busy machine adds"
    api.cancel(order).ok()


def test_a_payment_is_begun_by_another_hosts_sweeper_within_its_poll_interval(hosts, api, flight):
    """A wake-up does not leave its host."""
    order = api.hold(flight, "A1")
    hosts[0].stop_program("sweeper")
    try:
        since = time.monotonic()
        api.pay(order).ok()
        hosts[0].wait_status(order, "CONFIRMED", deadline=5)
        took = time.monotonic() - since
    finally:
        hosts[0].start_program("sweeper")
    assert took < 1 + 1, "SWEEPER_POLL_INTERVAL, and a second for the payment itself"


def test_metrics_count_one_host(hosts, api, flight):
    def held(host):
        return sum(map(float, re.findall(r"^booking_order_transitions_total\{.*SEATS_RESERVED.*\} (\S+)$", hosts_metrics(host), re.M)))
    before = [held(host) for host in hosts]
    order = api.hold(flight, "A1")
    assert held(hosts[0]) > 0
    wait_for(lambda: held(hosts[0]) == before[0] + 1, 5, "the first host to count the hold")
    assert held(hosts[1]) == before[1]
    api.cancel(order).ok()


def hosts_metrics(host):
    """Only the host itself is told."""
    return subprocess.run([*host.space.entered, "curl", "-sS", f"http://127.0.0.1:{host.port}/metrics"],
                          capture_output=True, text=True, check=True).stdout


def test_limits_count_on_each_host_for_itself(hosts, lab):
    """60 a minute with a burst of 20: with two hosts an address gets twice as much."""
    def taken_by(host):
        api = host.api()
        answers = [api.post("/api/orders", {"flightId": "none", "seats": ["A1"], "userId": "many"}).status for _ in range(40)]
        return sum(status != 429 for status in answers)
    with ThreadPoolExecutor(1, initializer=lab.host("stranger", f"{NETWORK}.20").enter_network) as stranger:
        taken = [stranger.submit(taken_by, host).result() for host in hosts]
    assert all(20 <= n <= 30 for n in taken), taken


def workers_of(stack, flight):
    """{worker: how many holds it ended}"""
    return {row["worker"]: row["n"] for row in stack.query(
        "SELECT e.worker, COUNT(*) AS n FROM workflow_events e JOIN orders o ON o.order_id = e.order_id"
        " WHERE o.flight_id = %s AND e.type = 'ORDER_EXPIRED' GROUP BY e.worker", flight)}


def test_sweepers_share_the_work(hosts, flight):
    """Each of the hosts' sweepers takes a part of what is due, and nothing is done twice."""
    stack = hosts[0]
    flight = stack.new_flight(rows=60)
    seats = [f"{letter}{row}" for row in range(1, 51) for letter in "ABC"]
    api = stack.api()
    for seat in seats:
        api.hold(flight, seat)
    # They end one after the other, as in life: a heap of them would be one batch of the sweeper that comes first.
    stack.query("UPDATE orders o JOIN seats s ON s.reserved_by = o.order_id SET o.expires_at = UTC_TIMESTAMP(3)"
                " + INTERVAL 1000000 + s.seat_row * 80000 MICROSECOND WHERE o.flight_id = %s", flight)
    stack.query("UPDATE workflow_jobs j JOIN orders o ON o.order_id = j.order_id SET j.run_at = o.expires_at"
                " WHERE o.flight_id = %s", flight)
    wait_for(lambda: sum(workers_of(stack, flight).values()) == 150, 20, "all holds to have ended")
    shares = workers_of(stack, flight)
    assert len(shares) == 2 and min(shares.values()) >= 10, shares


def test_both_hosts_send_to_the_same_writer_after_a_takeover_and_a_restart(hosts, cluster, api, flight):
    """A HAProxy that starts asks the other one; or it would send to the first node of its list, which is back."""
    writer = cluster.writer("app1")
    assert cluster.writer("app2") is writer
    writer.kill()
    wait_for(lambda: cluster.writer("app1") not in (None, writer) and cluster.writer("app2") not in (None, writer), 10)
    wait_for(lambda: api.get("/health").status == 200, 10)
    writer.start()
    writer.wait_until_synced()
    wait_for(lambda: cluster.is_up(writer, "app2"), 10)
    hosts[1].stop_proxy()
    hosts[1].start_proxy()
    order = wait_for(lambda: held_at(hosts[1], flight), 10, "the second host to hold a seat")
    assert cluster.writer("app2") is cluster.writer("app1") is not writer
    hosts[1].api().cancel(order)


def held_at(host, flight):
    answer = host.api().post("/api/orders", {"flightId": flight, "seats": ["C9"], "userId": "new"})
    return answer.json if answer.status == 201 else None


def test_a_host_that_disappears_with_a_lease(hosts, lab, api, flight):
    """It had begun a payment. Another host's sweeper goes on when the lease ends, and nothing is charged twice."""
    order = api.hold(flight, "A1")
    hosts[0].stop_program("sweeper")
    api.pay(order, "50400").ok()    # the gateway never answers
    wait_for(lambda: hosts[0].everything(order)["payment"][0]["attempts"] == 1, 5, "the second host's sweeper to begin")
    since = time.monotonic()
    hosts[1].vanish()
    hosts[0].start_program("sweeper")
    wait_for(lambda: hosts[0].everything(order)["payment"][0]["attempts"] == 2, LEASE + 3, "the first host's sweeper to go on")
    took = time.monotonic() - since
    assert took <= LEASE + 1.5
    hosts[0].wait_status(order, "FAILED", deadline=20)
    wait_for(lambda: hosts[0].api().get("/health").json["sweepers"] == 1, 20, "the lost sweeper to be missed")
