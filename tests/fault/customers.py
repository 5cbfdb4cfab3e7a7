# SPDX-License-Identifier: MIT
"""Customers who note every answer, and the comparison of their notes with the database."""

import collections
import datetime
import http.client
import itertools
import threading
import time
import uuid

# These leave open what happened: no answer, or a status that does not tell. At a 503 the key may be used again.
UNKNOWN = (None, 502, 503, 504)
REFUSALS = {"hold": {"SEATS_UNAVAILABLE"}, "change": {"SEATS_UNAVAILABLE", "ORDER_EXPIRED", "ORDER_CLOSED", "PAYMENT_IN_PROGRESS"},
            "pay": {"ORDER_EXPIRED", "ORDER_CLOSED", "PAYMENT_IN_PROGRESS"}, "cancel": {"ORDER_EXPIRED", "ORDER_CLOSED"},
            "reset": set(), "read": set()}
SUCCESS = {"hold": 201, "change": 200, "pay": 200, "cancel": 200, "reset": 200, "read": 200}
EFFECT = {"hold": "ORDER_CREATED", "change": "SEATS_CHANGED", "pay": "PAYMENT_SUBMITTED", "cancel": "ORDER_CANCELLED"}
FINAL = {"CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"}
CODES = ["99999"] * 6 + ["12345"] * 6 + ["00000", "50300", "50301", "50302", "50400", "50401", "50401", "50402"]


class Note:
    """One thing that a customer wanted: the requests made for it, and the answer to the last of them."""

    def __init__(self, kind, order_id=None, seats=()):
        self.kind, self.order_id, self.seats = kind, order_id, list(seats)
        self.request_ids, self.status, self.answer, self.error = [], None, None, None
        self.begun = self.ended = datetime.datetime.utcnow()

    def __repr__(self):
        return (f"{self.kind} of {self.order_id or self.seats}, requests {self.request_ids}: "
                f"told {self.status} {self.error or self.answer}")


class Customers:
    """A crowd of threads, seeded by `random`. `notes` holds the answers that they got."""

    def __init__(self, stack, random, flights, count=10):
        self.stack, self.random, self.flights, self.count = stack, random, flights, count
        self.notes, self.lies, self.answers = [], [], collections.Counter()
        self.seats = [f"{letter}{row}" for row in range(1, 9) for letter in "ABC"]
        self.stop = threading.Event()
        self.threads = []

    def start(self):
        for number in range(self.count):
            customer = Customer(self, type(self.random)(self.random.random()), number)
            self.threads.append(threading.Thread(target=customer.live, daemon=True))
            self.threads[-1].start()

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a customer still waits for an answer"


class Customer:
    def __init__(self, crowd, random, number):
        self.crowd, self.random, self.number = crowd, random, number
        self.api = crowd.stack.api()
        self.seen = {}

    def live(self):
        while not self.crowd.stop.is_set():
            self.book()
            time.sleep(self.random.uniform(0, 0.05))

    # -- one request, however often it must be repeated ------------------------------------------

    def ask(self, kind, method, path, json=None, order_id=None, seats=(), keyed=None):
        note = Note(kind, order_id, seats)
        keyed = self.random.random() < 0.7 if keyed is None else keyed
        headers = {"Idempotency-Key": f"storm-{uuid.uuid4().hex}"} if keyed else {}
        twin = None
        if keyed and self.random.random() < 0.1:  # two tabs, one key
            twin = threading.Thread(target=self.insist, args=(note, method, path, json, headers), daemon=True)
            twin.start()
        self.insist(note, method, path, json, headers)
        if twin:
            twin.join()
        note.ended = datetime.datetime.utcnow()
        self.crowd.notes.append(note)
        if note.status == SUCCESS[kind] and kind in ("hold", "change", "pay", "cancel", "read"):
            self.look_at(note)
        elif note.status not in UNKNOWN and note.status != SUCCESS[kind] and note.error not in REFUSALS[kind]:
            self.crowd.lies.append(f"an answer that cannot be: {note}")
        return note

    def insist(self, note, method, path, json, headers):
        """Tries once without a key, and with one until there is an answer."""
        try:
            self.try_until_answered(note, method, path, json, headers)
        except AssertionError as lie:  # an answer that breaks the contract
            self.crowd.lies.append(str(lie))

    def try_until_answered(self, note, method, path, json, headers):
        end = time.monotonic() + 15
        for attempt in itertools.count():
            status, error, answer = self.once(note, method, path, json, headers)
            running = status == 409 and error == "REQUEST_IN_PROGRESS"
            if status in UNKNOWN or running:
                if not headers or time.monotonic() > end:
                    return
                time.sleep(0.05 + 0.1 * min(attempt, 5))
                continue
            if note.status is not None and (note.status, note.answer and note.answer.get("orderId")) != (
                    status, answer and answer.get("orderId")):
                self.crowd.lies.append(f"one key, two answers: {note} and {status} {error or answer}")
            note.status, note.error, note.answer = status, error, answer
            return

    def once(self, note, method, path, json, headers):
        request_id = uuid.uuid4().hex
        note.request_ids.append(request_id)
        body = {} if json is None else {"json": json}
        try:
            reply = self.api.request(method, path, headers={**headers, "X-Request-Id": request_id}, timeout=35, **body)
        except (OSError, http.client.HTTPException) as lost:
            self.crowd.answers[type(lost).__name__] += 1
            return None, None, None
        self.crowd.answers[reply.status] += 1
        answer = reply.json
        return reply.status, answer.get("error"), answer if reply.status < 400 else None

    def look_at(self, note):
        """Checks that an order's versions only grow, and that a final state is never left."""
        answer = note.answer
        key = answer["orderId"]
        before = self.seen.get(key)
        now = (answer["version"], answer["status"])
        if before and (now[0] < before[0] or before[1] in FINAL and now != before and note.kind == "read"):
            self.crowd.lies.append(f"{key} was {before} and then {now}")
        if not before or now[0] > before[0]:
            self.seen[key] = now

    # -- what customers do -----------------------------------------------------------------------

    def book(self):
        random = self.random
        if random.random() < 0.01:
            self.ask("reset", "POST", "/api/admin/reset", {"flightId": random.choice(self.crowd.flights)}, keyed=False)
            return
        seats = random.sample(self.crowd.seats, random.choice((1, 1, 2, 2, 3)))
        flight = random.choice(self.crowd.flights)
        held = self.ask("hold", "POST", f"/api/flights/{flight}/orders", {"userId": f"storm-{self.number}", "seats": seats},
                        seats=seats)
        if held.status != 201:
            return
        order = held.answer["orderId"]
        for _ in range(random.choice((0, 0, 1, 2))):
            wanted = random.sample(self.crowd.seats, random.choice((1, 2)))
            self.ask("change", random.choice(("POST", "PUT")), f"/api/orders/{order}/seats", {"seats": wanted}, order, wanted)
        fate = random.random()
        if fate < 0.15:
            self.read(order)  # and then abandons it
        elif fate < 0.3:
            self.cancel(order)
        else:
            self.pay(order)

    def pay(self, order):
        random = self.random
        code = {"paymentCode": random.choice(CODES)}
        second = None
        if random.random() < 0.15:  # a second tab, paying or canceling at the same time
            other = Customer(self.crowd, type(random)(random.random()), self.number)
            second = threading.Thread(daemon=True, target=lambda: other.cancel(order) if random.random() < 0.5 else other.ask(
                "pay", "POST", f"/api/orders/{order}/payment", code, order))
            second.start()
        self.ask("pay", "POST", f"/api/orders/{order}/payment", code, order)
        if random.random() < 0.2:
            time.sleep(random.uniform(0, 1.2))
            self.cancel(order)
        for _ in range(random.choice((0, 1, 3))):
            time.sleep(random.uniform(0, 0.3))
            self.read(order)
        if second:
            second.join()

    def read(self, order):
        self.ask("read", "GET", f"/api/orders/{order}", order_id=order, keyed=False)

    def cancel(self, order):
        self.ask("cancel", "DELETE", f"/api/orders/{order}", order_id=order)


# -- afterwards -----------------------------------------------------------------------------------

def compare(stack, crowd, after_event):
    """Compares every note with the database. Returns a list of lies, which is empty if there was none."""
    lies = list(crowd.lies)
    events = stack.query("SELECT * FROM workflow_events WHERE event_id > %s ORDER BY event_id", after_event)
    orders = {row["order_id"]: row for row in stack.query("SELECT * FROM orders")}
    paid = {row["order_id"] for row in stack.query("SELECT order_id FROM payments")}
    by_request = collections.defaultdict(list)
    for event in events:
        by_request[event["request_id"]].append(event)
    held = intervals(events)
    for note in crowd.notes:
        lies += [f"{lie}: {note}" for lie in check_effect(note, by_request)]
        lies += [f"{lie}: {note}" for lie in check_order(note, orders, paid)]
        if note.error == "SEATS_UNAVAILABLE" and not any_held(note, held):
            lies.append(f"no order held any of these seats: {note}")
    return lies


def check_effect(note, by_request):
    """A request with a success was done once, a refused one was not done, and one without an answer at most once."""
    if note.kind not in EFFECT:
        return
    done = [e for r in note.request_ids for e in by_request.get(r, ()) if e["type"] == EFFECT[note.kind]]
    if note.status == SUCCESS[note.kind]:
        if len(done) != 1:
            yield f"told done, and it was done {len(done)} times"
        elif done[0]["order_id"] != note.answer["orderId"]:
            yield f"told of one order, done to {done[0]['order_id']}"
        elif note.kind == "change" and done[0]["detail"].split(" -> ")[1] != ",".join(note.answer["seats"]):
            yield f"told of other seats than {done[0]['detail']}"
    elif note.status in UNKNOWN:
        if len(done) > 1:
            yield f"done {len(done)} times"
    elif done:
        yield "told refused, yet it was done"


def check_order(note, orders, paid):
    key = note.order_id or note.answer and note.answer.get("orderId")
    if not key:
        return
    order = orders.get(key)
    if order is None:
        yield "there is no such order"
        return
    if note.answer:
        told, is_now = (note.answer["version"], note.answer["status"]), (order["version"], order["status"])
        if is_now[0] < told[0] or (told[1] in FINAL or is_now[0] == told[0]) and is_now != told:
            yield f"told {told}, but it is {is_now}"
    if note.error == "ORDER_EXPIRED" and order["status"] != "EXPIRED":
        yield f"told expired, but it is {order['status']}"
    if note.error == "ORDER_CLOSED" and order["status"] not in FINAL - {"EXPIRED"}:
        yield f"told closed, but it is {order['status']}"
    if note.error == "PAYMENT_IN_PROGRESS" and key not in paid:
        yield "told of a payment that never was"


def intervals(events):
    """{seat number: [(taken, released)]}, for all flights. The times are rough, as events are written before commit."""
    held, now = collections.defaultdict(list), {}
    for event in events:
        taken = []
        if event["type"] in ("SEATS_RESERVED", "SEATS_CHANGED"):
            taken = event["detail"].split(" -> ")[-1].split(",")
        elif event["type"] not in ("ORDER_EXPIRED", "ORDER_FAILED", "ORDER_CANCELLED", "SEATS_FREED_BY_ADMIN"):
            continue
        for seat, begun in now.pop(event["order_id"], ()):
            held[seat].append((begun, event["created_at"]))
        now[event["order_id"]] = [(seat, event["created_at"]) for seat in taken]
    for kept in now.values():
        for seat, begun in kept:
            held[seat].append((begun, datetime.datetime.max))
    return held


def any_held(note, held):
    slack = datetime.timedelta(seconds=5)
    return any(begun < note.ended and (ended == datetime.datetime.max or note.begun < ended + slack)
               for seat in note.seats for begun, ended in held.get(seat, ()))
