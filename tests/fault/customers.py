# SPDX-License-Identifier: MIT
"""Customers and an operator who note every answer, and the comparison of their notes with the database."""

import collections
import datetime
import http.client
import itertools
import json as jsonlib
import threading
import time
import uuid

# These leave open what happened: no answer, or a status that does not tell. At a 503 the key may be used again.
UNKNOWN = (None, 502, 503, 504)
# A reset has freed seats of a paid order, and somebody else may have them.
AFTER_SALE = {"ORDER_CLOSED", "NOT_PAID", "PAYMENT_IN_PROGRESS", "ORDER_EXPIRED", "FLIGHT_CANCELLED", "FLIGHT_CLOSED"}
REFUSALS = {"hold": {"SEATS_UNAVAILABLE", "FLIGHT_CANCELLED", "FLIGHT_CLOSED"},
            "change": {"SEATS_UNAVAILABLE", "ORDER_EXPIRED", "ORDER_CLOSED", "PAYMENT_IN_PROGRESS", "FLIGHT_CANCELLED", "FLIGHT_CLOSED",
                       "TOO_MANY_PASSENGERS"},
            "pay": {"ORDER_EXPIRED", "ORDER_CLOSED", "PAYMENT_IN_PROGRESS", "FLIGHT_CANCELLED"},
            "cancel": {"ORDER_EXPIRED", "ORDER_CLOSED"}, "reset": set(), "read": set(),
            "give up": AFTER_SALE | {"INVALID_SEATS", "QUOTE_CHANGED"}, "change sold": AFTER_SALE | {"SEATS_UNAVAILABLE", "PRICE_DIFFERENCE", "INVALID_SEATS"},
            "block": {"SEATS_UNAVAILABLE"}, "unblock": set(), "cancel flight": set(),
            "make flight": set(), "put flight": {"FLIGHT_CANCELLED"}, "close": {"FLIGHT_CANCELLED"}, "open": {"FLIGHT_CANCELLED"}}
SUCCESS = {"hold": 201, "change": 200, "pay": 200, "cancel": 200, "reset": 200, "read": 200, "block": 200, "unblock": 200,
           "cancel flight": 202, "give up": 200, "change sold": 200, "make flight": 201, "put flight": 200, "close": 200, "open": 200}
EFFECT = {"hold": "ORDER_CREATED", "change": "SEATS_CHANGED", "pay": "PAYMENT_SUBMITTED", "cancel": "ORDER_CANCELLED",
          "give up": ("ORDER_CANCELLED", "SEATS_CHANGED"), "change sold": "SEATS_CHANGED"}
FINAL = {"CONFIRMED", "FAILED", "EXPIRED", "CANCELLED"}
CODES = ["99999"] * 6 + ["12345"] * 6 + ["00000", "50300", "50301", "50302", "50400", "50401", "50401", "50402", "20200", "20200", "20202", "20201",
         "42900"]


# An operator's flight: its numbers say which of its prices an order has, so that two of them cannot be mixed.
PLACES = ("QSA", "QSB")
CABIN = {"name": "Storm", "numbering": "column-row", "sections": [{"class": "economy", "rows": "1-8", "columns": "A BC"}]}


def flight_plan(number):
    departure = datetime.date.today() + datetime.timedelta(days=30 + number % 5)
    return {"flightNumber": "ST 1", "cabin": "storm", "origin": "QSA", "destination": "QSB", "departure": f"{departure}T07:30",
            "fares": {"economy": 10000 + 100 * number}, "surcharges": {"window": number}, "currency": "USD",
            "refundRule": [{"until": "300h", "feePercent": 10, "feeCents": 7}, {"until": "1h", "feePercent": 50}]}


def seat_price(seat, number):
    return 10000 + 100 * number + (number if seat[0] in "AC" else 0)


def new_flights(stack, count):
    """Makes flights over the API, while everything still works."""
    admin = stack.admin()
    for code in PLACES:
        assert admin.put(f"/api/admin/places/{code}", {"name": code, "city": code, "timeZone": "Europe/Berlin"}).status in (200, 201)
    assert admin.put("/api/admin/cabins/storm", CABIN).status in (200, 201)
    flights = [f"storm-{uuid.uuid4().hex[:12]}" for _ in range(count)]
    for flight in flights:
        admin.put(f"/api/admin/flights/{flight}", flight_plan(0)).ok(201)
    return flights


def may_follow(before, now):
    """Whether an order that was in this final state may be in that one now: only a refund ends what was confirmed."""
    return now == before or (before, now) == ("CONFIRMED", "CANCELLED")


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
        operator = Operator(self, type(self.random)(self.random.random()), self.count)
        self.threads.append(threading.Thread(target=operator.live, daemon=True))
        self.threads[-1].start()

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a customer still waits for an answer"

    def done(self):
        return collections.Counter(note.kind for note in self.notes if note.status == SUCCESS[note.kind])


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
        if note.status == SUCCESS[kind] and kind in ("hold", "change", "pay", "cancel", "read", "give up", "change sold"):
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
        if before and (now[0] < before[0] or before[1] in FINAL and now != before and note.kind == "read"
                       and not may_follow(before[1], now[1])):
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
        wish = {"userId": f"storm-{self.number}", "seats": seats}
        if random.random() < 0.7:
            wish |= {"contact": {"email": f"storm-{self.number}@example.org"}, "passengers": [
                {"givenName": "Ada", "familyName": f"Storm {seat}"} for seat in seats]}
        held = self.ask("hold", "POST", f"/api/flights/{flight}/orders", wish, seats=seats)
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
        """With KEEP_HOLD_AFTER_DECLINE a customer who was declined tries another code."""
        self.pay_once(order)
        if self.random.random() < 0.5:
            self.read(order)
            time.sleep(self.random.uniform(0, 0.5))
            self.pay_once(order)

    def pay_once(self, order):
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
        for _ in range(random.choice((0, 0, 1, 2))):
            self.after_sale(order)

    def after_sale(self, order):
        """The customer is on the phone: an agent does it, by the rule."""
        random, now = self.random, self.read(order).answer
        for _ in range(8):
            if now and now["status"] != "PAYMENT_PENDING":
                break
            time.sleep(0.2)
            now = self.read(order).answer
        if not now or now["status"] != "CONFIRMED":
            return
        if random.random() < 0.4:
            seats = random.sample(self.crowd.seats, len(now["seats"]))
            self.ask("change sold", "POST", f"/api/admin/orders/{order}/seats", {"seats": seats, "reason": "a storm"}, order, seats)
            return
        seats = random.sample(now["seats"], random.randint(1, len(now["seats"])))
        status, _, quote = self.once(Note("quote"), "GET", f"/api/orders/{order}/cancellation?seats={','.join(seats)}", None, {})
        expected = {"expectedRefundCents": quote["refundCents"]} if status == 200 and random.random() < 0.8 else {}
        self.ask("give up", "POST", f"/api/admin/orders/{order}/cancel", {"seats": seats, "reason": "a storm", **expected}, order)

    def read(self, order):
        return self.ask("read", "GET", f"/api/orders/{order}", order_id=order, keyed=False)

    def cancel(self, order):
        self.ask("cancel", "DELETE", f"/api/orders/{order}", order_id=order)


class Operator(Customer):
    """Blocks seats, changes prices and departures, closes sale for a moment, and now and then cancels a flight; another
    one takes its place."""

    def __init__(self, *args):
        super().__init__(*args)
        self.numbers = itertools.count(1)

    def live(self):
        while not self.crowd.stop.is_set():
            self.work()
            time.sleep(self.random.uniform(0.1, 0.5))

    def work(self):
        deeds = {self.cancel_flight: 7, self.change_flight: 25, self.close_for_a_moment: 15, self.block: 28, self.unblock: 25}
        (deed,) = self.random.choices(list(deeds), deeds.values())
        deed(self.random.choice(self.crowd.flights))

    def tell(self, kind, flight, verb="", json=None, seats=()):
        method = "PUT" if kind in ("make flight", "put flight") else "POST"
        return self.ask(kind, method, f"/api/admin/flights/{flight}{verb}", json, seats=seats,
                        keyed=None if kind in ("block", "unblock") else True)

    def cancel_flight(self, flight):
        self.tell("cancel flight", flight, "/cancel", {"reason": "a storm"})
        other = f"storm-{uuid.uuid4().hex[:12]}"
        if self.tell("make flight", other, json=flight_plan(next(self.numbers))).status == 201:
            self.crowd.flights[self.crowd.flights.index(flight)] = other

    def change_flight(self, flight):
        self.tell("put flight", flight, json=flight_plan(next(self.numbers)))

    def close_for_a_moment(self, flight):
        self.tell("close", flight, "/close", {"reason": "a storm"})
        time.sleep(self.random.uniform(0, 0.3))
        self.tell("open", flight, "/open", {"reason": "it is over"})

    def some_seats(self):
        return self.random.sample(self.crowd.seats, self.random.choice((1, 2, 3)))

    def block(self, flight):
        seats = self.some_seats()
        self.tell("block", flight, "/blocks", {"seats": seats, "reason": "a storm"}, seats)

    def unblock(self, flight):
        seats = self.some_seats()
        self.tell("unblock", flight, "/unblocks", {"seats": seats}, seats)


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
    add_blocks(held, stack.query("SELECT action, object_id, became, created_at FROM audit_log WHERE action IN"
                                 " ('BLOCK_SEATS', 'UNBLOCK_SEATS') ORDER BY audit_id"))
    changes = collections.Counter(row["request_id"] for row in stack.query(
        "SELECT request_id FROM audit_log WHERE action IN ('PUT_FLIGHT', 'CLOSE_FLIGHT', 'OPEN_FLIGHT')"))
    lies += check_told(stack, events)
    for note in crowd.notes:
        lies += [f"{lie}: {note}" for lie in check_flight(note, changes)]
        lies += [f"{lie}: {note}" for lie in check_effect(note, by_request)]
        lies += [f"{lie}: {note}" for lie in check_order(note, orders, paid)]
        if note.error == "SEATS_UNAVAILABLE" and not any_held(note, held):
            lies.append(f"no order held any of these seats: {note}")
    return lies


def check_effect(note, by_request):
    """A request with a success was done once, a refused one was not done, and one without an answer at most once."""
    if note.kind not in EFFECT:
        return
    kinds = EFFECT[note.kind] if isinstance(EFFECT[note.kind], tuple) else (EFFECT[note.kind],)
    done = [e for r in note.request_ids for e in by_request.get(r, ()) if e["type"] in kinds]
    if note.status == SUCCESS[note.kind]:
        if len(done) != 1:
            yield f"told done, and it was done {len(done)} times"
        elif done[0]["order_id"] != note.answer["orderId"]:
            yield f"told of one order, done to {done[0]['order_id']}"
        elif note.kind in ("change", "change sold") and done[0]["detail"].split(" -> ")[1] != ",".join(note.answer["seats"]):
            yield f"told of other seats than {done[0]['detail']}"
    elif note.status in UNKNOWN:
        if len(done) > 1:
            yield f"done {len(done)} times"
    elif done:
        yield "told refused, yet it was done"


def check_flight(note, changes):
    """A flight is changed once for each success, and a hold has the prices of one moment."""
    if note.kind in ("make flight", "put flight", "close", "open"):
        done = sum(changes[request] for request in note.request_ids)
        least = 1 if note.kind in ("make flight", "put flight") and note.status == SUCCESS[note.kind] else 0
        most = 1 if note.status in (*UNKNOWN, SUCCESS[note.kind]) else 0
        if not least <= done <= most:
            yield f"the flight was changed {done} times"
    if note.kind == "hold" and note.status == 201 and note.answer["flightId"].startswith("storm-"):
        prices = dict(zip(note.answer["seats"], note.answer["seatPrices"]))
        number = (min(prices.values()) - 10000) // 100
        if prices != {seat: seat_price(seat, number) for seat in prices}:
            yield f"prices of two moments {prices}"


def check_told(stack, events):
    """Each order was told of a change once, and last of what is true."""
    told = [event for event in events if event["type"] == "FLIGHT_CHANGED"]
    for (order, request), times in collections.Counter((e["order_id"], e["request_id"]) for e in told).items():
        if times > 1:
            yield f"{order} was told {times} times of the change by {request}"
    last = {event["order_id"]: event["detail"] for event in told}
    for row in stack.query("SELECT o.order_id, f.departure_time FROM orders o JOIN flights f USING (flight_id) WHERE o.status = 'CONFIRMED'"):
        now = row["departure_time"].isoformat(timespec="milliseconds") + "Z"
        if last.get(row["order_id"], now) != now:
            yield f"{row['order_id']} was told {last[row['order_id']]}, but its flight leaves at {now}"


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
        is_other = is_now != told and not (told[1] in FINAL and may_follow(told[1], is_now[1]) and is_now[0] > told[0])
        if is_now[0] < told[0] or (told[1] in FINAL or is_now[0] == told[0]) and is_other:
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


def add_blocks(held, changes):
    """Blocked seats are in the way, too."""
    since = {}
    for change in changes:
        for seat in jsonlib.loads(change["became"])["seats"]:
            if change["action"] == "BLOCK_SEATS":
                since[change["object_id"], seat] = change["created_at"]
            elif (change["object_id"], seat) in since:
                held[seat].append((since.pop((change["object_id"], seat)), change["created_at"]))
    for (_, seat), begun in since.items():
        held[seat].append((begun, datetime.datetime.max))


def any_held(note, held):
    slack = datetime.timedelta(seconds=5)
    return any(begun < note.ended and (ended == datetime.datetime.max or note.begun < ended + slack)
               for seat in note.seats for begun, ended in held.get(seat, ()))
