# SPDX-License-Identifier: MIT
"""Customers who use a running system without a pause and forgive nothing: every request must get the right answer.

Each customer has a flight of its own, so that every request has one right answer. Half of them open a connection for
each request, and half keep theirs, as browsers do.
"""

import contextlib
import http.client
import itertools
import json
import threading
import time
import uuid

from client import NO_JSON, Api, Reply, check

LOST = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class KeptApi(Api):
    """Uses one connection for all requests. A server may close an idle connection, and then the client has to ask again
    on a new one, which is counted. A request on a new connection must be answered."""

    def __init__(self, host, port):
        super().__init__(host, port)
        self.connection = None
        self.made_again = 0

    def request(self, method, path, json=NO_JSON, headers=None, timeout=20):
        body = None if json is NO_JSON else dumps(json)
        headers = {**(headers or {}), **({} if body is None else {"Content-Type": "application/json"})}
        if self.connection:
            try:
                return self.ask(method, path, body, headers)
            except LOST:
                self.made_again += 1
        self.connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        return self.ask(method, path, body, headers)

    def ask(self, method, path, body, headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        reply = Reply(method, path, answer.status, answer.headers, answer.read())
        check(reply)
        # A replay would mean that the first answer was lost, a failure that the key has hidden.
        assert not reply.headers["Idempotency-Replayed"], f"answered before: {reply}"
        return reply


def dumps(value):
    return json.dumps(value).encode()


class Crowd:
    def __init__(self, service, count):
        self.service = service
        self.over = threading.Event()
        self.failures = []
        self.answers = 0
        self.confirmed = 0
        self.customers = [Customer(self, kept=i % 2 == 1) for i in range(count)]

    @property
    def made_again(self):
        return sum(customer.api.made_again for customer in self.customers if customer.kept)

    @contextlib.contextmanager
    def at_work(self):
        for customer in self.customers:
            customer.start()
        try:
            yield self
        finally:
            self.over.set()
            for customer in self.customers:
                customer.join()


class Customer(threading.Thread):
    def __init__(self, crowd, kept):
        super().__init__()
        self.crowd, self.kept = crowd, kept
        port = crowd.service.port
        self.api = KeptApi("127.0.0.1", port) if kept else Api("127.0.0.1", port)
        self.flight = None
        self.free = []
        self.booked = 0

    def run(self):
        for way in itertools.cycle([self.pay, self.cancel, self.pay, self.change_and_pay]):
            if self.crowd.over.is_set():
                return
            try:
                self.look_around()
                way()
            except Exception as error:  # pylint: disable=broad-exception-caught
                self.crowd.failures.append(f"{time.strftime('%X')} {type(error).__name__}: {error}")
                self.flight = None

    def ask(self, status, method, path, *body):
        keyed = {} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex}
        answer = self.api.request(method, path, *body, headers=keyed).ok(status)
        self.crowd.answers += 1
        return answer

    def look_around(self):
        if len(self.free) < 4 or not self.flight:
            self.flight = self.crowd.service.new_flight(rows=40, layout="ABC DEF")
            self.free = [f"{letter}{row}" for row in range(1, 41) for letter in "ABCDEF"]
            self.booked = 0
        self.ask(200, "GET", "/api/flights")
        seen = self.ask(200, "GET", f"/api/flights/{self.flight}/seats")
        assert seen["available"] == 240 - self.booked, f"{seen['available']} seats are free, {self.booked} are booked"

    def hold(self):
        seats = [self.free.pop(), self.free.pop()]
        order = self.ask(201, "POST", f"/api/flights/{self.flight}/orders", {"userId": "customer", "seats": seats})
        assert (order["status"], order["seats"]) == ("SEATS_RESERVED", seats)
        return order

    def settle(self, order):
        path = f"/api/orders/{order['orderId']}"
        self.ask(200, "POST", f"{path}/payment", {"paymentCode": "12345"})
        deadline = time.monotonic() + 20
        while (now := self.ask(200, "GET", path))["status"] == "PAYMENT_PENDING":
            assert time.monotonic() < deadline, f"not paid within 20 s: {now}"
            time.sleep(0.02)
        assert (now["status"], now["paymentAttempts"]) == ("CONFIRMED", 1), f"not paid at once: {now}"
        self.booked += len(now["seats"])
        self.crowd.confirmed += 1

    def pay(self):
        self.settle(self.hold())

    def change_and_pay(self):
        order = self.hold()
        wanted = [self.free.pop(), self.free.pop()]
        changed = self.ask(200, "POST", f"/api/orders/{order['orderId']}/seats", {"seats": wanted})
        assert changed["seats"] == wanted
        self.free += order["seats"]
        self.settle(changed)

    def cancel(self):
        order = self.hold()
        cancelled = self.ask(200, "DELETE", f"/api/orders/{order['orderId']}")
        assert cancelled["status"] == "CANCELLED"
        self.free += order["seats"]
