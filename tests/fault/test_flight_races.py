# SPDX-License-Identifier: MIT
"""Races between those who run the flights and those who order seats, with the interleaving forced.

A request can be stopped right before its COMMIT: it then has all its locks and waits for the row of its Idempotency-Key.
"""

import contextlib
import datetime
import time
import uuid

import pytest

from calls import Call
from gate import gate
from stack import wait_for

pytestmark = pytest.mark.usefixtures("gateway_behaves_and_the_books_agree")

CABIN = {"name": "Little", "numbering": "row-column", "sections": [{"class": "economy", "rows": "1-3", "columns": "AB CD"}]}
OTHER = {"name": "Lesser", "numbering": "row-column", "sections": [{"class": "economy", "rows": "1-2", "columns": "AB"}]}


@pytest.fixture(scope="module")
def stack(proxy, own_stack):
    return own_stack(RESERVATION_TIMEOUT="10m", API_WORKERS=10, SWEEPERS=2, WEBHOOK_URL="http://127.0.0.1:9/", WEBHOOK_SECRET="a-secret-of-the-tests",
                     **proxy.settings)


@pytest.fixture(scope="module")
def admin(stack):
    admin = stack.admin()
    for code in ("QRA", "QRB"):
        admin.put(f"/api/admin/places/{code}", {"name": code, "city": code, "timeZone": "Europe/Berlin"}).ok(201)
    admin.put("/api/admin/cabins/little", CABIN).ok(201)
    admin.put("/api/admin/cabins/lesser", OTHER).ok(201)
    return admin


def departing(**ahead):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%S[UTC]")


FAR = departing(days=40)


def plan(**other):
    return {"flightNumber": "RC 1", "cabin": "little", "origin": "QRA", "destination": "QRB", "departure": FAR,
            "fares": {"economy": 10000}, "currency": "EUR", **other}


def url(flight, verb=""):
    return f"/api/admin/flights/{flight}{verb}"


@pytest.fixture
def flight(admin):
    flight = f"race-{uuid.uuid4().hex[:12]}"
    admin.put(url(flight), plan()).ok(201)
    return flight


@contextlib.contextmanager
def before_commit(stack, row, request, *args, **kw):
    """A request that has done everything but COMMIT. It is stopped at a row first, so that its key is written by then."""
    key = uuid.uuid4().hex
    known = {row["key_hash"] for row in stack.query("SELECT key_hash FROM idempotency_keys")}
    with gate(stack, *row) as first:
        call = Call(request, *args, headers={"Idempotency-Key": key}, **kw)
        first.wait_for_queue(1)
        (mine,) = [row["key_hash"] for row in stack.query("SELECT key_hash FROM idempotency_keys") if row["key_hash"] not in known]
        with gate(stack, "idempotency_keys WHERE key_hash = %s", mine) as last:
            first.open()
            last.wait_for_queue(1)
            call.gate = last
            yield call


def hold_before_commit(stack, api, flight, *seats):
    return before_commit(stack, ("seats WHERE flight_id = %s AND seat_number = %s", flight, seats[0]), api.post, "/api/orders",
                         {"flightId": flight, "seats": list(seats), "userId": "racer"})


def change_before_commit(stack, admin, flight, **other):
    return before_commit(stack, ("flights WHERE flight_id = %s", flight), admin.put, url(flight), plan(**other))


def all_told(stack, flight):
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'TELL_FLIGHT' AND flight_id = %s", flight), 15,
             "everybody to be told")


def told(stack, order):
    return [row["detail"] for row in stack.query("SELECT detail FROM workflow_events WHERE order_id = %s AND type = 'FLIGHT_CHANGED'"
                                                 " ORDER BY event_id", order["orderId"])]


def timer(stack, order):
    (job,) = stack.query("SELECT run_at FROM workflow_jobs WHERE order_id = %s AND kind = 'EXPIRE_HOLD'", order["orderId"])
    return job["run_at"].isoformat(timespec="milliseconds") + "Z"


# -- a flight is changed while a hold is made, or open ----------------------------------------------

def test_price_and_departure_change_while_a_hold_is_made(stack, api, admin, flight):
    """The hold comes first: it has the old price, and its end moves with the departure."""
    soon = departing(minutes=5)
    with hold_before_commit(stack, api, flight, "1A") as hold:
        change = Call(admin.put, url(flight), plan(fares={"economy": 20000}, departure=soon))
        hold.gate.wait_for_queue(2)
        hold.gate.open()
        order, changed = hold.answer.ok(201), change.answer.ok()
    assert order["seatPrices"] == [10000] and changed["did"]["holdsMoved"] == changed["did"]["ordersTold"] == 1
    all_told(stack, flight)
    now = api.order(order)
    assert now["expiresAt"] == changed["departureTime"] < order["expiresAt"] and now["seatPrices"] == [10000]
    assert timer(stack, order) == now["expiresAt"] and told(stack, order) == [changed["departureTime"]]


def test_a_hold_is_made_while_price_and_departure_change(stack, api, admin, flight):
    """The change comes first: the hold has the new price and the new end, and there is nothing to tell it."""
    soon = departing(minutes=5)
    other = api.post("/api/orders", {"flightId": flight, "seats": ["3A"]}).ok(201)
    with change_before_commit(stack, admin, flight, fares={"economy": 20000}, departure=soon) as change:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["1A"], "userId": "racer"})
        change.gate.wait_for_queue(2)
        change.gate.open()
        order, changed = hold.answer.ok(201), change.answer.ok()
    assert order["seatPrices"] == [20000] and order["expiresAt"] == changed["departureTime"]
    assert changed["did"]["holdsMoved"] == changed["did"]["ordersTold"] == 1
    all_told(stack, flight)
    assert told(stack, order) == [] and told(stack, other) == [changed["departureTime"]]
    assert timer(stack, order) == order["expiresAt"]


OLD, NEW = ({"fares": {"economy": fare}, "surcharges": {"window": extra}} for fare, extra in ((10000, 500), (20000, 700)))
PRICES = {10000: [10500, 10000, 10500], 20000: [20700, 20000, 20700]}


@pytest.mark.parametrize("seat", ["1A", "1B", "2A"])
def test_all_seats_of_a_hold_have_the_prices_of_one_moment(stack, api, admin, flight, seat):
    """The hold stops at each of its seats in turn, and fare and surcharge change meanwhile."""
    admin.put(url(flight), plan(**OLD)).ok()
    with gate(stack, "seats WHERE flight_id = %s AND seat_number = %s", flight, seat) as held:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["1A", "1B", "2A"]})
        held.wait_for_queue(1)
        change = Call(admin.put, url(flight), plan(**NEW))
        time.sleep(0.3)  # it is done, or waits for the hold
        held.open()
        order = hold.answer.ok(201)
        change.answer.ok()
    assert order["seatPrices"] in PRICES.values() and order["totalPriceCents"] == sum(order["seatPrices"])
    later = api.post("/api/orders", {"flightId": flight, "seats": ["3A", "3B", "3D"]}).ok(201)
    assert later["seatPrices"] == PRICES[20000]


def test_seats_are_changed_while_the_price_changes(stack, api, admin, flight):
    """The seat that is kept keeps its price, the one that is added has the price of before or after."""
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    with change_before_commit(stack, admin, flight, fares={"economy": 20000}) as change:
        late = Call(api.change, order, "1A", "1B")
        change.gate.wait_for_queue(2)
        change.gate.open()
        change.answer.ok()
        assert late.answer.ok()["seatPrices"] == [10000, 20000]


def test_a_timer_follows_the_departure_there_and_back(stack, api, admin, flight):
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    admin.put(url(flight), plan(departure=departing(minutes=3))).ok()
    all_told(stack, flight)
    assert timer(stack, order) == api.order(order)["expiresAt"] < order["expiresAt"]
    admin.put(url(flight), plan()).ok()
    all_told(stack, flight)
    assert timer(stack, order) == api.order(order)["expiresAt"] == order["expiresAt"]
    assert len(told(stack, order)) == 2


def test_a_timer_that_fires_before_the_job_comes_ends_no_hold_that_goes_on(stack, api, admin, flight):
    """The flight leaves later than it did, and the old timer is due first."""
    admin.put(url(flight), plan(departure=departing(minutes=3))).ok()
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    with gate(stack, "workflow_jobs WHERE order_id = %s", order["orderId"]):
        admin.put(url(flight), plan()).ok()
    stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    all_told(stack, flight)
    try:
        wait_for(lambda: timer(stack, order) == api.order(order)["expiresAt"], 10)
    except AssertionError:
        raise AssertionError(f"the timer is not set again: {stack.everything(order)}") from None
    assert api.order(order)["status"] == "SEATS_RESERVED"


def test_a_second_change_while_the_first_is_told(stack, api, admin, flight):
    """What an order is told last is what is true."""
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    with gate(stack, "workflow_jobs WHERE order_id = %s", order["orderId"]) as held:
        admin.put(url(flight), plan(departure=departing(days=20))).ok()
        held.wait_for_queue(1)  # the sweeper has read the order, and moves its timer next
        second = Call(admin.put, url(flight), plan(departure=departing(days=30)))
        time.sleep(0.3)
        held.open()
        last = second.answer.ok()["departureTime"]
    all_told(stack, flight)
    assert told(stack, order)[-1] == last
    (message,) = stack.query("SELECT body FROM messages WHERE order_id = %s ORDER BY message_id DESC LIMIT 1", order["orderId"])
    assert last in message["body"]


def test_a_walk_that_is_killed_tells_nobody_twice(stack, api, admin, flight):
    """The job is claimed again, as after its sweeper's death, while the first one goes on."""
    orders = [api.post("/api/orders", {"flightId": flight, "seats": [seat], "userId": seat}).ok(201) for seat in ("1A", "1B", "2A", "2B")]
    with gate(stack, "orders WHERE order_id = %s", orders[2]["orderId"]) as held:
        changed = admin.put(url(flight), plan(departure=departing(days=20))).ok()
        wait_for(lambda: all(told(stack, order) for order in orders if order is not orders[2]), 10, "the others to be told")
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3), attempts = attempts + 1 WHERE kind = 'TELL_FLIGHT'"
                    " AND flight_id = %s", flight)
        held.open()
    all_told(stack, flight)
    assert [told(stack, order) for order in orders] == [[changed["departureTime"]]] * 4


# -- and while a payment is on its way --------------------------------------------------------------

def charge_calls(proxy):
    return [call for call in proxy.calls if call[0] == "/charges"]


def test_a_flight_leaves_earlier_while_its_charge_is_on_its_way(stack, api, admin, flight, proxy):
    """The gateway was asked in time, so the order is confirmed; it is told of the change, once."""
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    proxy.mode = "held"
    api.pay(order, "99999").ok()
    wait_for(lambda: charge_calls(proxy), 5, "the gateway to be asked")
    changed = admin.put(url(flight), plan(departure=departing(minutes=3))).ok()
    assert changed["did"]["holdsMoved"] == 0 and changed["did"]["ordersTold"] == 1
    all_told(stack, flight)
    assert api.order(order)["status"] == "PAYMENT_PENDING"
    proxy.mode = "pass"
    proxy.release.set()
    stack.wait_status(order, "CONFIRMED")
    assert told(stack, order) == [changed["departureTime"]] and len(charge_calls(proxy)) == 1


def test_a_flight_leaves_before_the_gateway_was_asked(stack, api, admin, flight, proxy):
    """The payment was submitted, and the flight leaves at its new time before a sweeper comes to it: nobody is charged."""
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    with stack.without("sweeper"):
        api.pay(order, "99999").ok()
        admin.put(url(flight), plan(departure=departing(seconds=2))).ok()
        wait_for(lambda: stack.query("SELECT 1 FROM flights WHERE flight_id = %s AND departure_time < UTC_TIMESTAMP(3)", flight), 5)
    stack.wait_status(order, "FAILED")
    assert "departed" in api.order(order)["lastError"] and charge_calls(proxy) == []


def test_departure_and_payment_at_once(stack, api, admin, flight, proxy):
    """The payment comes first, and waits with its COMMIT: the change finds no hold to move."""
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A"]}).ok(201)
    with before_commit(stack, ("orders WHERE order_id = %s", order["orderId"]), api.post, f"/api/orders/{order['orderId']}/payment",
                       {"paymentCode": "99999"}) as payment:
        changed = admin.put(url(flight), plan(departure=departing(minutes=3))).ok()
        payment.gate.open()
        payment.answer.ok()
    stack.wait_status(order, "CONFIRMED")
    all_told(stack, flight)
    assert told(stack, order) == [changed["departureTime"]]
    assert not stack.has_job(order, "EXPIRE_HOLD")


# -- sale is closed ---------------------------------------------------------------------------------

def test_sale_is_closed_while_a_hold_is_made(stack, api, admin, flight):
    """The hold comes first, and may be paid."""
    with hold_before_commit(stack, api, flight, "1A") as hold:
        close = Call(admin.post, url(flight, "/close"))
        hold.gate.wait_for_queue(2)
        hold.gate.open()
        order = hold.answer.ok(201)
        assert close.answer.ok()["status"] == "CLOSED"
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")


def test_a_hold_is_made_while_sale_is_closed(stack, api, admin, flight):
    with before_commit(stack, ("flights WHERE flight_id = %s", flight), admin.post, url(flight, "/close"), {"reason": "full"}) as close:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["1A"], "userId": "racer"})
        close.gate.wait_for_queue(2)
        close.gate.open()
        close.answer.ok()
        hold.answer.refused(409, "FLIGHT_CLOSED")
    assert set(api.seats(flight).values()) == {"AVAILABLE"}


# -- operators among themselves ---------------------------------------------------------------------

def test_two_operators_change_one_flight(stack, admin, flight):
    with gate(stack, "flights WHERE flight_id = %s", flight) as held:
        calls = [Call(admin.put, url(flight), plan(taxPercent=percent), headers={"If-Match": '"1"'}) for percent in (7, 19)]
        held.wait_for_queue(2)
        held.open()
        answers = [call.answer for call in calls]
    (done,) = [answer for answer in answers if answer.status == 200]
    (late,) = [answer for answer in answers if answer.status != 200]
    late.refused(412, "PRECONDITION_FAILED")
    now = admin.get(url(flight)).ok()
    assert (now["version"], now["taxPercent"]) == (2, done.json["taxPercent"])
    assert stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE object_id = %s", flight) == [{"n": 2}]


@pytest.mark.parametrize("headers, statuses", [({}, [200] * 5 + [201]), ({"If-None-Match": "*"}, [201] + [412] * 5)], ids=["put", "make"])
def test_many_operators_make_one_flight(stack, admin, headers, statuses):
    flight = f"race-{uuid.uuid4().hex[:12]}"
    calls = [Call(admin.put, url(flight), plan(), headers=headers) for _ in range(6)]
    assert sorted(call.answer.status for call in calls) == statuses
    assert admin.get(url(flight)).ok()["version"] == 1
    assert stack.query("SELECT COUNT(*) AS n FROM seats WHERE flight_id = %s", flight) == [{"n": 12}]


def test_a_flight_gets_another_cabin_while_a_hold_is_made(stack, api, admin, flight):
    with hold_before_commit(stack, api, flight, "1A") as hold:
        change = Call(admin.put, url(flight), plan(cabin="lesser"))
        hold.gate.wait_for_queue(2)
        hold.gate.open()
        hold.answer.ok(201)
        change.answer.refused(409, "IN_USE")
    assert len(api.seats(flight)) == 12


def test_a_hold_is_made_while_a_flight_gets_another_cabin(stack, api, admin, flight):
    """The seat that the hold wants is gone; or it is another one of the same number."""
    with change_before_commit(stack, admin, flight, cabin="lesser") as change:
        calls = [Call(api.post, "/api/orders", {"flightId": flight, "seats": [seat], "userId": seat}) for seat in ("1A", "3D")]
        change.gate.wait_for_queue(3)
        change.gate.open()
        change.answer.ok()
        same, gone = [call.answer for call in calls]
    gone.refused(400, "INVALID_SEATS")
    if same.status != 201:
        same.refused(400, "INVALID_SEATS")
    assert sorted(api.seats(flight)) == ["1A", "1B", "2A", "2B"]


def test_a_flight_is_removed_while_a_hold_is_made(stack, api, admin, flight):
    with hold_before_commit(stack, api, flight, "1A") as hold:
        delete = Call(admin.delete, url(flight))
        hold.gate.wait_for_queue(2)
        hold.gate.open()
        hold.answer.ok(201)
        delete.answer.refused(409, "IN_USE")


def test_a_hold_is_made_while_a_flight_is_removed(stack, api, admin, flight):
    with before_commit(stack, ("flights WHERE flight_id = %s", flight), admin.delete, url(flight)) as delete:
        hold = Call(api.post, "/api/orders", {"flightId": flight, "seats": ["1A"], "userId": "racer"})
        delete.gate.wait_for_queue(2)
        delete.gate.open()
        delete.answer.ok()
        hold.answer.refused(404, "FLIGHT_NOT_FOUND")
