# SPDX-License-Identifier: MIT
"""After the sale: a paid order is cancelled by the flight's refund rule, as a whole or some of its seats; its seats are changed
within the price; and what staff do besides."""

import datetime
import threading
import uuid

import pytest

from fastcgi import Direct
from outside import Outside
from persons import add_person, name_in
from stack import wait_for

DAY = 86400
PRICE = 12900
FREE, HALF, NOTHING = "0:0:0", "0:5000:0", "864000000:0:0"
RULE = f"{60 * DAY}:0:0,{20 * DAY}:2000:1500"     # the flights leave in 30 days: a fifth and 15.00 are kept


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(receiver, own_stack):
    stack = own_stack(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests", PAYMENT_TIMEOUT="1s", ALLOW_RESET="yes",
                      TRUST_REMOTE_USER="yes", ADMIN_TOKEN="a-token-of-the-tests", ROLE_GROUPS="viewer:readers,agent:desk,operator:ops", SEAT_CHANGE_UNTIL="48h", RESERVATION_TIMEOUT="10m")
    stack.receiver = receiver
    return stack


@pytest.fixture
def api(stack):
    return stack.api()


def with_rule(stack, rule=RULE, **more):
    return stack.new_flight(refund_rule=rule, **more)


def paid(stack, flight, *seats, asker=None, **persons):
    asker = asker or stack.api()
    order = asker.post("/api/orders", {"flightId": flight, "seats": seats, "userId": f"after-{uuid.uuid4().hex[:8]}", **persons}).ok(201)
    asker.post(f"/api/orders/{order['orderId']}/payment", {"paymentCode": "99999"}).ok()
    wait_for(lambda: stack.row(order)["status"] == "CONFIRMED", 10)
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION"), 10)
    return asker.get(f"/api/orders/{order['orderId']}").ok()


def url(order, verb="cancellation"):
    return f"/api/orders/{order['orderId']}/{verb}"


def holder(stack, order):
    """Whoever has found the order by its reference."""
    if not stack.query("SELECT 1 FROM persons WHERE order_id = %s AND family_name = 'Lovelace'", order["orderId"]):
        name_in(stack, order, "Lovelace", kind="CONTACT")
    found = stack.api().post("/api/bookings/find", {"locator": stack.row(order)["locator"], "familyName": "Lovelace"}).ok()
    return stack.api(Authorization=f"Bearer {found['token']}")


def quote(stack, order, *seats):
    return stack.api().get(url(order) + (f"?seats={','.join(seats)}" if seats else "")).ok()


def give_up(stack, order, *seats, expected=None, asker=None, **kw):
    """Cancels these seats, or all, for what is quoted."""
    expected = quote(stack, order, *seats)["refundCents"] if expected is None else expected
    body = {"expectedRefundCents": expected, **({"seats": seats} if seats else {})}
    return (asker or holder(stack, order)).post(url(order), body, **kw)


def refunds(stack, order):
    return [(each["amountCents"], each["status"]) for each in stack.api().get(url(order, "refunds")).ok()["refunds"]]


def lines(order, *kinds):
    return {line["kind"]: line["amountCents"] for line in order["priceLines"] if line["kind"] in (kinds or ("FEE_KEPT", "REFUND"))}


def told(stack, order):
    wait_for(lambda: not stack.has_job(order, "SEND_MESSAGE"), 10)
    return [call["json"]["type"] for call in list(stack.receiver.calls) if call["json"].get("data", {}).get("orderId") == order["orderId"]]


def moves(stack, order):
    return [(event["type"], event["fromStatus"], event["toStatus"], event["detail"])
            for event in stack.admin().events(order) if event["fromStatus"] == "CONFIRMED"]


# -- the whole order --------------------------------------------------------------------------------

def test_a_whole_order(stack, api):
    flight = with_rule(stack)
    order = paid(stack, flight, "A1", "B1")
    asked = quote(stack, order)
    fee = 2 * PRICE // 5 + 1500
    departure = datetime.datetime.fromisoformat(order["flight"]["departureTime"].replace("Z", "+00:00"))
    until = (departure - datetime.timedelta(20)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert asked == {"orderId": order["orderId"], "seats": ["A1", "B1"], "wholeOrder": True, "refundCents": 2 * PRICE - fee,
                     "feeCents": fee, "currency": "USD", "validUntil": until}
    answer = give_up(stack, order)
    now = answer.ok()
    assert now["status"] == "CANCELLED" and now["version"] == order["version"] + 1 and answer.etag == f'"{now["version"]}"'
    assert lines(now) == {"FEE_KEPT": fee, "REFUND": 2 * PRICE - fee} and now["totalPriceCents"] == 2 * PRICE
    assert set(api.seats(flight).values()) == {"AVAILABLE"}
    wait_for(lambda: refunds(stack, order) == [(2 * PRICE - fee, "REFUNDED")], 10)
    assert stack.charge(order)["status"] == "APPROVED", "what was approved is never voided"
    assert told(stack, order) == ["order.confirmed", "order.cancelled", "order.refunded"]
    assert moves(stack, order) == [("ORDER_CANCELLED", "CONFIRMED", "CANCELLED", "cancelled by the customer")]
    api.get(url(order)).refused(409, "ORDER_CLOSED")
    give_up(stack, order, expected=0).refused(409, "ORDER_CLOSED")
    api.hold(flight, "A1", "B1")


def test_a_key_repeats_the_answer(stack):
    order, key = paid(stack, with_rule(stack), "A1"), {"Idempotency-Key": uuid.uuid4().hex}
    asker, expected = holder(stack, order), quote(stack, order)["refundCents"]
    first, again = (give_up(stack, order, expected=expected, asker=asker, headers=key) for _ in range(2))
    assert first.ok() == again.ok() and again.headers["Idempotency-Replayed"]
    assert len(refunds(stack, order)) == 1


def test_nothing_is_given_back_after_the_last_step(stack, api):
    flight = with_rule(stack, f"{31 * DAY}:0:0")
    order = paid(stack, flight, "A1")
    asked = quote(stack, order)
    assert (asked["refundCents"], asked["feeCents"], asked["validUntil"]) == (0, PRICE, order["flight"]["departureTime"])
    now = give_up(stack, order).ok()
    assert now["status"] == "CANCELLED" and lines(now) == {"FEE_KEPT": PRICE} and refunds(stack, order) == []
    assert api.seats(flight)["A1"] == "AVAILABLE"


def test_the_version_is_a_condition(stack):
    order = paid(stack, with_rule(stack), "A1")
    old, now = f'"{order["version"] - 1}"', f'"{order["version"]}"'
    assert give_up(stack, order, headers={"If-Match": old}).refused(412, "PRECONDITION_FAILED")["order"]["status"] == "CONFIRMED"
    give_up(stack, order, headers={"If-Match": now}).ok()


def test_another_quote_is_told_and_nothing_done(stack):
    order = paid(stack, with_rule(stack, FREE), "A1", "B1")
    expected = quote(stack, order)["refundCents"]
    assert expected == 2 * PRICE
    stack.query("UPDATE flights SET refund_rule = %s WHERE flight_id = %s", HALF, order["flightId"])
    problem = give_up(stack, order, expected=expected).refused(409, "QUOTE_CHANGED")
    assert problem["quote"] == quote(stack, order) and problem["quote"]["refundCents"] == PRICE
    part = give_up(stack, order, "B1", expected=1).refused(409, "QUOTE_CHANGED")
    assert part["quote"] == quote(stack, order, "B1") and part["quote"]["refundCents"] == PRICE // 2
    assert stack.row(order)["version"] == order["version"] and refunds(stack, order) == []


# -- some of the seats ------------------------------------------------------------------------------

def test_one_seat_after_the_other(stack, api):
    """The amount is kept once, the part of the price each time, and the last seat ends the order."""
    flight = with_rule(stack)
    order = paid(stack, flight, "A1", "B1", "C1")
    share = PRICE // 5
    asked = quote(stack, order, "B1")
    assert (asked["seats"], asked["wholeOrder"], asked["refundCents"], asked["feeCents"]) == (["B1"], False, PRICE - share - 1500, share + 1500)
    now = give_up(stack, order, "B1").ok()
    assert (now["status"], now["seats"], now["seatPrices"], now["totalPriceCents"]) == ("CONFIRMED", ["A1", "C1"], [PRICE] * 2, 2 * PRICE)
    assert lines(now) == {"FEE_KEPT": share + 1500, "REFUND": PRICE - share - 1500}
    assert {seat: api.seats(flight)[seat] for seat in ("A1", "B1", "C1")} == {"A1": "BOOKED", "B1": "AVAILABLE", "C1": "BOOKED"}
    assert moves(stack, order) == [("SEATS_CHANGED", "CONFIRMED", "CONFIRMED", "A1,B1,C1 -> A1,C1")]
    assert told(stack, order)[:2] == ["order.confirmed", "order.changed"]
    now = give_up(stack, order, "c1").ok()
    assert (now["seats"], lines(now)) == (["A1"], {"FEE_KEPT": 2 * share + 1500, "REFUND": 2 * (PRICE - share) - 1500})
    now = give_up(stack, order, "A1").ok()
    assert now["status"] == "CANCELLED" and lines(now) == {"FEE_KEPT": 3 * share + 1500, "REFUND": 3 * (PRICE - share) - 1500}
    wait_for(lambda: [each[1] for each in refunds(stack, order)] == ["REFUNDED"] * 3, 10)


def test_seats_that_are_not_the_orders(stack, api):
    flight = with_rule(stack)
    order = paid(stack, flight, "A1", "B1")
    other = paid(stack, flight, "C1")
    for seats in ("C1", "A1,C1", "A1,Z9"):
        problem = api.get(url(order) + f"?seats={seats}").refused(400, "INVALID_SEATS")
        assert problem["seats"] == [seats.split(",")[-1]] and problem["field"] == "seats"
    for seats in ("A1,A1", ",", "A1,", "!", "A" * 2000):
        api.get(url(order) + f"?seats={seats}").refused(400, "INVALID_SEATS")
    asker = holder(stack, order)
    give_up(stack, order, "C1", expected=1, asker=asker).refused(400, "INVALID_SEATS")
    for body in ({"seats": []}, {"seats": ["A1", "a1"]}, {"seats": ["!"]}):
        asker.post(url(order), {"expectedRefundCents": 0, **body}).refused(400, "INVALID_SEATS")
    for body in ({}, {"expectedRefundCents": None}, {"expectedRefundCents": -1}, {"expectedRefundCents": "x"}, {"expectedRefundCents": 0, "seats": 5}):
        asker.post(url(order), body).refused(400, "INVALID_REQUEST")
    assert stack.row(order)["version"] == order["version"] and stack.row(other)["status"] == "CONFIRMED"


def test_whoever_gives_up_the_seat_is_no_passenger(stack):
    flight = with_rule(stack)
    order = paid(stack, flight, "A1", "B1", "C1")
    for position, name in enumerate(("Ada", "Bob", "Cleo", "Infant"), 1):
        add_person(stack, order, name)
        stack.query("UPDATE persons SET position = %s, passenger_kind = %s WHERE order_id = %s AND family_name = %s",
                    position, "infant" if name == "Infant" else "adult", order["orderId"], name)
    give_up(stack, order, "A1").ok()
    answer = stack.admin().get(f"/api/admin/flights/{flight}/manifest").ok()
    assert {each["familyName"]: each["seat"] for each in answer["passengers"]} == {"Bob": "B1", "Cleo": "C1", "Infant": None}


def test_no_infant_stays_without_an_adult(named_stack):
    """An adult's seat is kept for as long as an infant needs the adult; then the whole order goes, or the infant does first."""
    stack = named_stack
    kinds = ("adult", "child", "adult", "infant", "infant")
    order = paid(stack, with_rule(stack, HALF), "A1", "B1", "C1", passengers=[
        {"givenName": kind, "familyName": "Lovelace", "kind": kind} for kind in kinds], contact={"email": "ada@example.org"})
    asker, by_staff = holder(stack, order), f"/api/admin/orders/{order['orderId']}"
    for seats in (["A1"], ["C1"], ["A1", "B1"]):
        refused = stack.api().get(url(order) + f"?seats={','.join(seats)}").refused(409, "TOO_MANY_PASSENGERS")
        assert "infant" in refused["detail"] and "adult" in refused["detail"]
        give_up(stack, order, *seats, expected=0, asker=asker).refused(409, "TOO_MANY_PASSENGERS")
        stack.admin().post(by_staff + "/cancel", {"seats": seats, "reason": "a test"}).refused(409, "TOO_MANY_PASSENGERS")
    assert stack.row(order)["version"] == order["version"] and refunds(stack, order) == []
    assert quote(stack, order)["wholeOrder"] and give_up(stack, order, "B1", asker=asker).ok()["seats"] == ["A1", "C1"]
    give_up(stack, order, "A1", expected=0, asker=asker).refused(409, "TOO_MANY_PASSENGERS")
    # Staff let one of the infants leave.
    stay = [each for each in stack.admin().order(order)["passengers"]][:3]
    stack.admin().post(by_staff + "/passengers", {"passengers": stay, "reason": "a test"}).ok()
    left = give_up(stack, order, "A1", asker=asker).ok()["passengers"]
    assert [(each["kind"], each["seat"]) for each in left] == [("adult", "C1"), ("infant", None)]
    assert give_up(stack, order, asker=asker).ok()["status"] == "CANCELLED"


def test_prices_stay_those_of_the_seats(stack):
    flight = with_rule(stack, HALF, surcharges="exit=1501")
    stack.query("UPDATE seats SET cabin_class = 'economy', features = IF(seat_number = 'B2', 'exit', '') WHERE flight_id = %s", flight)
    order = paid(stack, flight, "A2", "B2", "C2")
    assert order["seatPrices"] == [PRICE, PRICE + 1501, PRICE]
    assert quote(stack, order, "B2")["feeCents"] == (PRICE + 1501 + 1) // 2
    now = give_up(stack, order, "A2").ok()
    assert (now["seats"], now["seatPrices"]) == (["B2", "C2"], [PRICE + 1501, PRICE])
    assert lines(now, "FARE", "SURCHARGE") == {"FARE": 2 * PRICE, "SURCHARGE": 1501}


def test_their_row_is_wiped(named_stack):
    """Neither the order nor its row tells who gave up a seat; the others have their seats still."""
    stack = named_stack
    order = paid(stack, with_rule(stack), "A1", "B1", "C1", passengers=[{"givenName": name, "familyName": "Lovelace"} for name in ("Ada", "Bob", "Cleo")],
                 contact={"email": "ada@example.org"})
    asker = holder(stack, order)
    give_up(stack, order, "A1", asker=asker).ok()
    assert [(each["givenName"], each["seat"]) for each in asker.order(order)["passengers"]] == [("Bob", "B1"), ("Cleo", "C1")]
    wiped = stack.query("SELECT given_name, family_name, family_key, position FROM persons WHERE order_id = %s AND forgotten_at IS NOT NULL", order["orderId"])
    assert [set(row.values()) for row in wiped] == [{None}]
    assert give_up(stack, order, "C1", asker=asker).ok()["passengers"][0]["givenName"] == "Bob"


# -- who, and when ----------------------------------------------------------------------------------

def test_without_a_rule_a_paid_order_is_closed(stack, api):
    order = paid(stack, stack.new_flight(), "A1")
    api.get(url(order)).refused(409, "ORDER_CLOSED")
    api.post(url(order), {"expectedRefundCents": 0}).refused(409, "ORDER_CLOSED")
    holder(stack, order).post(url(order), {"expectedRefundCents": PRICE}).refused(409, "ORDER_CLOSED")
    api.cancel(order).refused(409, "ORDER_CLOSED")


def test_delete_of_a_paid_order_stays_refused(stack, api):
    order = paid(stack, with_rule(stack), "A1")
    for asker in (api, holder(stack, order)):
        asker.delete(f"/api/orders/{order['orderId']}").refused(409, "ORDER_CLOSED")


def test_only_with_proof(stack):
    """Anybody may see an order whose id is known; a paid one is changed by its owner, by the staff, or with its token."""
    flight = with_rule(stack)
    order, other = paid(stack, flight, "A1"), paid(stack, flight, "B1")
    mine = paid(stack, flight, "C1", asker=Direct(stack, REMOTE_USER="ada@example.com"))

    def ask(order, asker):
        return asker.post(url(order), {"expectedRefundCents": quote(stack, order)["refundCents"]})
    refused = ask(order, stack.api()).refused(401, "UNAUTHORIZED")
    assert "reference" in refused["detail"]
    ask(order, Direct(stack, REMOTE_USER="bob@example.com")).refused(403, "FORBIDDEN")
    ask(order, Direct(stack, REMOTE_USER=order["userId"])).refused(403, "FORBIDDEN")
    ask(order, holder(stack, other)).refused(403, "FORBIDDEN")
    ask(order, Direct(stack, REMOTE_USER="vera", REMOTE_GROUPS="readers")).refused(403, "FORBIDDEN")
    ask(mine, stack.api()).refused(401, "UNAUTHORIZED")
    ask(mine, Direct(stack, REMOTE_USER="bob@example.com")).refused(403, "FORBIDDEN")
    assert {stack.row(each)["version"] for each in (order, other)} == {order["version"]}
    ask(order, Direct(stack, REMOTE_USER="adam", REMOTE_GROUPS="desk")).ok()
    ask(other, holder(stack, other)).ok()
    ask(mine, Direct(stack, REMOTE_USER="ada@example.com")).ok()


@pytest.mark.parametrize("state, code", [("held", "NOT_PAID"), ("expired", "ORDER_EXPIRED"), ("cancelled", "ORDER_CLOSED"), ("failed", "ORDER_CLOSED"),
                                         ("paying", "PAYMENT_IN_PROGRESS")])
def test_what_is_not_paid(stack, api, state, code):
    order = api.hold(with_rule(stack), "A1")
    if state == "expired":
        stack.lapse(order)
    elif state == "cancelled":
        api.cancel(order).ok()
    elif state != "held":
        api.pay(order, "00000" if state == "failed" else "20201").ok()
        wait_for(lambda: stack.row(order)["status"] == ("FAILED" if state == "failed" else "PAYMENT_PENDING"), 10)
    api.get(url(order)).refused(409, code)
    api.post(url(order), {"expectedRefundCents": 0}).refused(409, code)
    if state == "paying":
        api.cancel(order).ok()


def test_no_such_order(stack, api):
    for order_id in (str(uuid.uuid4()), "nonsense"):
        api.get(f"/api/orders/{order_id}/cancellation").refused(404, "ORDER_NOT_FOUND")
        api.post(f"/api/orders/{order_id}/cancellation", {"expectedRefundCents": 0}).refused(404, "ORDER_NOT_FOUND")


def test_not_after_departure(stack, api):
    order = paid(stack, with_rule(stack, FREE), "A1")
    asker = holder(stack, order)
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) WHERE flight_id = %s", order["flightId"])
    api.get(url(order)).refused(409, "FLIGHT_DEPARTED")
    asker.post(url(order), {"expectedRefundCents": 0}).refused(409, "FLIGHT_DEPARTED")


def test_a_cancelled_flight_gives_all_back(stack, api):
    order = paid(stack, with_rule(stack, HALF), "A1")
    asker = holder(stack, order)
    stack.query("UPDATE flights SET status = 'CANCELLED' WHERE flight_id = %s", order["flightId"])
    api.get(url(order)).refused(409, "FLIGHT_CANCELLED")
    asker.post(url(order), {"expectedRefundCents": 0}).refused(409, "FLIGHT_CANCELLED")
    stack.admin().post(f"/api/admin/flights/{order['flightId']}/cancel", {"reason": "a test"}).ok(202)
    wait_for(lambda: refunds(stack, order) == [(PRICE, "REFUNDED")], 10)


def test_a_cancelled_flight_gives_back_no_fee_that_was_kept(stack):
    order = paid(stack, with_rule(stack, HALF), "A1", "B1")
    give_up(stack, order, "A1").ok()
    answer = stack.admin().post(f"/api/admin/flights/{order['flightId']}/cancel", {"reason": "a test"}).ok(202)
    assert answer["refundCents"] == PRICE
    wait_for(lambda: sorted(refunds(stack, order)) == [(PRICE // 2, "REFUNDED"), (PRICE, "REFUNDED")], 10)
    assert lines(stack.api().order(order)) == {"FEE_KEPT": PRICE // 2, "REFUND": PRICE + PRICE // 2}


def test_a_passenger_on_board_keeps_the_seat(stack, api):
    order = paid(stack, with_rule(stack), "A1", "B1")
    asker = holder(stack, order)
    stack.admin().post(f"/api/admin/flights/{order['flightId']}/board", {"locator": order["locator"], "passenger": "A1"}).ok()
    for seats in ("", "?seats=A1"):
        api.get(url(order) + seats).refused(409, "PASSENGER_BOARDED")
    asker.post(url(order), {"expectedRefundCents": 0}).refused(409, "PASSENGER_BOARDED")
    assert give_up(stack, order, "B1", asker=asker).ok()["seats"] == ["A1"]


# -- with refunds by staff --------------------------------------------------------------------------

def refund(stack, order, cents=None):
    body = {"reason": "a test", **({} if cents is None else {"amountCents": cents})}
    return stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", body)


def test_what_staff_gave_back_before_is_not_given_back_again(stack):
    order = paid(stack, with_rule(stack, HALF), "A1", "B1")
    refund(stack, order, PRICE + 100).ok(202)
    asked = quote(stack, order)
    assert (asked["refundCents"], asked["feeCents"]) == (0, PRICE - 100)
    part = quote(stack, order, "A1")
    assert (part["refundCents"], part["feeCents"]) == (PRICE // 2 - 100, PRICE // 2)
    now = give_up(stack, order, "A1").ok()
    assert lines(now) == {"FEE_KEPT": PRICE // 2, "REFUND": PRICE + PRICE // 2}
    now = give_up(stack, order).ok()
    assert lines(now) == {"FEE_KEPT": PRICE // 2, "REFUND": PRICE + PRICE // 2}


def test_staff_may_give_back_the_fee_too(stack):
    order = paid(stack, with_rule(stack, HALF), "A1")
    give_up(stack, order).ok()
    refund(stack, order, 450).ok(202)
    assert lines(stack.api().order(order)) == {"FEE_KEPT": PRICE // 2 - 450, "REFUND": PRICE // 2 + 450}
    assert refund(stack, order).ok(202)["amountCents"] == PRICE // 2 - 450
    assert lines(stack.api().order(order)) == {"REFUND": PRICE}
    refund(stack, order, 1).refused(409, "REFUND_TOO_LARGE")


def test_many_at_once(stack):
    """One of them does it, or both seats go one after the other: the fee's amount is kept once in any case."""
    order = paid(stack, with_rule(stack), "A1", "B1")
    asker, answers = holder(stack, order), []
    first = quote(stack, order, "A1")["refundCents"]
    threads = [threading.Thread(target=lambda seat=seat: answers.append(give_up(stack, order, seat, expected=first, asker=asker)))
               for seat in ("A1", "B1") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers)[0] == 200
    assert [answer.status for answer in answers].count(200) == 1
    assert refunds(stack, order)[0][0] == first and len(refunds(stack, order)) == 1


# -- other seats ------------------------------------------------------------------------------------

def change(stack, order, *seats, asker=None, **kw):
    return (asker or holder(stack, order)).put(url(order, "seats"), {"seats": seats}, **kw)


def with_exits(stack, rule=HALF, **more):
    """Row 2 costs 15.01 more."""
    flight = with_rule(stack, rule, surcharges="exit=1501", **more)
    stack.query("UPDATE seats SET cabin_class = 'economy', features = IF(seat_row = 2, 'exit', '') WHERE flight_id = %s", flight)
    return flight


def test_other_seats_for_the_same_price(stack, api):
    flight = with_exits(stack, "")
    order = paid(stack, flight, "A1", "B1")
    answer = change(stack, order, "B1", "C1")
    now = answer.ok()
    assert (now["seats"], now["status"], now["totalPriceCents"], now["expiresAt"]) == (["B1", "C1"], "CONFIRMED", 2 * PRICE, None)
    assert now["version"] == order["version"] + 1 and answer.etag == f'"{now["version"]}"' and lines(now) == {}
    assert {seat: status for seat, status in api.seats(flight).items() if status != "AVAILABLE"} == {"B1": "BOOKED", "C1": "BOOKED"}
    assert moves(stack, order) == [("SEATS_CHANGED", "CONFIRMED", "CONFIRMED", "A1,B1 -> B1,C1")]
    assert told(stack, order)[-1] == "order.changed" and not stack.has_job(order, "EXPIRE_HOLD")


def test_dearer_seats_are_refused_by_how_much(stack):
    order = paid(stack, with_exits(stack), "A1", "B1")
    problem = change(stack, order, "A2", "B2").refused(409, "PRICE_DIFFERENCE")
    assert problem["differenceCents"] == 2 * 1501 and "more" in problem["detail"]
    assert stack.row(order)["version"] == order["version"]
    problem = stack.admin().post(f"/api/admin/orders/{order['orderId']}/seats", {"seats": ["A2", "B1"], "reason": "a test"})
    assert problem.refused(409, "PRICE_DIFFERENCE")["differenceCents"] == 1501


def test_a_kept_seat_keeps_its_price(stack):
    flight = with_rule(stack)
    order = paid(stack, flight, "A1", "B1")
    stack.query("UPDATE flights SET price_cents = price_cents + 1 WHERE flight_id = %s", flight)
    change(stack, order, "B1", "A1").ok()
    assert change(stack, order, "A1", "C1").refused(409, "PRICE_DIFFERENCE")["differenceCents"] == 1


def test_cheaper_seats_are_refunded_by_the_rule(stack):
    order = paid(stack, with_exits(stack), "A2", "B2")
    now = change(stack, order, "A2", "B1").ok()
    assert now["seatPrices"] == [PRICE + 1501, PRICE] and lines(now) == {"FEE_KEPT": 751, "REFUND": 750}
    wait_for(lambda: refunds(stack, order) == [(750, "REFUNDED")], 10)
    assert give_up(stack, order).ok()["status"] == "CANCELLED"


@pytest.mark.parametrize("rule", ["", f"{31 * DAY}:0:0", "0:10000:0"], ids=["none", "over", "all"])
def test_cheaper_seats_where_nothing_is_given_back(stack, rule):
    order = paid(stack, with_exits(stack, rule), "A2")
    problem = change(stack, order, "A1").refused(409, "PRICE_DIFFERENCE")
    assert problem["differenceCents"] == -1501 and "less" in problem["detail"]
    change(stack, order, "B2").ok()


def test_as_many_seats_as_before(stack):
    order = paid(stack, with_rule(stack), "A1", "B1")
    for seats in (("A1",), ("A1", "B1", "C1")):
        assert change(stack, order, *seats).refused(400, "INVALID_SEATS")["field"] == "seats"
    change(stack, order, "A1", "Z9").refused(400, "INVALID_SEATS")


def test_taken_seats_stay_taken(stack, api):
    flight = with_rule(stack)
    order, held = paid(stack, flight, "A1"), api.hold(flight, "B1")
    assert change(stack, order, "B1").refused(409, "SEATS_UNAVAILABLE")["seats"] == ["B1"]
    stack.lapse(held)
    assert change(stack, order, "B1").ok()["seats"] == ["B1"]


def test_only_with_proof_and_in_time(stack, api):
    flight = with_rule(stack)
    order = paid(stack, flight, "A1")
    change(stack, order, "B1", asker=api).refused(401, "UNAUTHORIZED")
    change(stack, order, "B1", asker=Direct(stack, REMOTE_USER="bob@example.com")).refused(403, "FORBIDDEN")
    asker = holder(stack, order)
    stack.query("UPDATE flights SET status = 'CLOSED' WHERE flight_id = %s", flight)
    change(stack, order, "B1", asker=asker).refused(409, "FLIGHT_CLOSED")
    stack.query("UPDATE flights SET status = 'ON_SALE', departure_time = UTC_TIMESTAMP(3) + INTERVAL 47 HOUR WHERE flight_id = %s", flight)
    change(stack, order, "B1", asker=asker).refused(409, "ORDER_CLOSED")
    by_staff = {"seats": ["B1"], "reason": "a test"}
    stack.query("UPDATE flights SET status = 'CLOSED' WHERE flight_id = %s", flight)
    assert stack.admin().post(f"/api/admin/orders/{order['orderId']}/seats", by_staff).ok()["seats"] == ["B1"]
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) WHERE flight_id = %s", flight)
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/seats", by_staff).refused(409, "FLIGHT_DEPARTED")


def test_not_once_a_passenger_is_on_board(stack):
    order = paid(stack, with_rule(stack), "A1", "B1")
    asker = holder(stack, order)
    stack.admin().post(f"/api/admin/flights/{order['flightId']}/board", {"locator": order["locator"], "passenger": "A1"}).ok()
    change(stack, order, "A1", "C1", asker=asker).refused(409, "PASSENGER_BOARDED")


def test_off_by_default(default_stack):
    flight = default_stack.new_flight(refund_rule="0:0:0")
    api = default_stack.api()
    order = api.hold(flight, "A1")
    api.pay(order).ok()
    default_stack.wait_status(order, "CONFIRMED")
    for asker in (api, holder(default_stack, order)):
        change(default_stack, order, "B1", asker=asker).refused(409, "ORDER_CLOSED")


# -- staff ------------------------------------------------------------------------------------------

def staff(stack, role):
    group = {"viewer": "readers", "agent": "desk", "operator": "ops"}[role]
    return Direct(stack, REMOTE_USER=f"{role}@example.com", REMOTE_GROUPS=group)


def admin_url(order, verb):
    return f"/api/admin/orders/{order['orderId']}/{verb}"


def audited(stack, order):
    return [(row["action"], row["role"], row["reason"]) for row in stack.query(
        "SELECT action, role, reason FROM audit_log WHERE object_id = %s ORDER BY audit_id", order["orderId"])]


def test_an_agent_cancels_by_the_rule(stack):
    order = paid(stack, with_rule(stack, HALF), "A1", "B1")
    agent = staff(stack, "agent")
    agent.post(admin_url(order, "cancel"), {"reason": "a call", "refundCents": PRICE}).refused(403, "FORBIDDEN")
    agent.post(admin_url(order, "cancel"), {"reason": "a call", "expectedRefundCents": 5}).refused(409, "QUOTE_CHANGED")
    now = agent.post(admin_url(order, "cancel"), {"reason": "a call", "seats": ["A1"]}).ok()
    assert (now["seats"], lines(now)) == (["B1"], {"FEE_KEPT": PRICE // 2, "REFUND": PRICE // 2})
    now = agent.post(admin_url(order, "cancel"), {"reason": "another call"}).ok()
    assert now["status"] == "CANCELLED" and lines(now) == {"FEE_KEPT": PRICE, "REFUND": PRICE}
    assert audited(stack, order) == [("CANCEL_ORDER", "agent", "a call"), ("CANCEL_ORDER", "agent", "another call")]
    (event,) = [each for each in stack.admin().events(order) if each["type"] == "ORDER_CANCELLED"]
    assert (event["by"], event["actor"], event["detail"]) == ("staff", "agent@example.com", "cancelled by an operator")
    row = stack.query("SELECT was, became FROM audit_log WHERE object_id = %s ORDER BY audit_id LIMIT 1", order["orderId"])[0]
    assert '"seats":["A1","B1"]' in row["was"] and f'"feeCents":{PRICE // 2}' in row["became"]


def test_without_a_rule_an_operator_says_how_much(stack):
    order = paid(stack, stack.new_flight(), "A1", "B1")
    for who in ("agent", "operator"):
        staff(stack, who).post(admin_url(order, "cancel"), {"reason": "a test"}).refused(409, "ORDER_CLOSED")
    operator = staff(stack, "operator")
    operator.post(admin_url(order, "cancel"), {"reason": "a test", "seats": ["A1"], "refundCents": PRICE + 1}).refused(409, "REFUND_TOO_LARGE")
    now = operator.post(admin_url(order, "cancel"), {"reason": "a test", "seats": ["A1"], "refundCents": 100}).ok()
    assert lines(now) == {"FEE_KEPT": PRICE - 100, "REFUND": 100}
    operator.post(admin_url(order, "cancel"), {"reason": "a test", "refundCents": 2 * PRICE - 99}).refused(409, "REFUND_TOO_LARGE")
    now = operator.post(admin_url(order, "cancel"), {"reason": "a test", "refundCents": 2 * PRICE - 100}).ok()
    assert now["status"] == "CANCELLED" and lines(now) == {"REFUND": 2 * PRICE}, "the fee that was kept is given back, too"
    wait_for(lambda: sorted(refunds(stack, order)) == [(100, "REFUNDED"), (2 * PRICE - 100, "REFUNDED")], 10)


@pytest.mark.parametrize("body, field", [({"refundCents": -1}, "refundCents"), ({"refundCents": "x"}, "refundCents"), ({"expectedRefundCents": []}, "expectedRefundCents"),
                                         ({"reason": ""}, "reason")], ids=str)
def test_what_staff_send_is_checked(stack, api, body, field):
    order = api.hold(stack.new_flight(), "A1")
    assert stack.admin().post(admin_url(order, "cancel"), {"reason": "a test", **body}).refused(400, "INVALID_REQUEST")["field"] == field


def test_an_open_order_is_cancelled_as_before(stack, api):
    order = api.hold(with_rule(stack), "A1")
    assert staff(stack, "agent").post(admin_url(order, "cancel"), {"reason": "a test"}).ok()["status"] == "CANCELLED"


def test_an_agent_gives_back_what_is_owed_and_no_more(stack):
    order = paid(stack, with_rule(stack, HALF), "A1", "B1")
    agent, body = staff(stack, "agent"), {"reason": "a test"}
    assert agent.post(admin_url(order, "refunds"), body).refused(403, "FORBIDDEN")["role"] == "operator"
    give_up(stack, order, "A1").ok()
    wait_for(lambda: refunds(stack, order) == [(PRICE // 2, "REFUNDED")], 10)
    agent.post(admin_url(order, "refunds"), body).refused(403, "FORBIDDEN")
    # The gateway refuses the next one for good.
    with stack.without("sweeper"):
        give_up(stack, order).ok()
        stack.query("UPDATE refunds SET status = 'FAILED' WHERE order_id = %s AND status = 'PENDING'", order["orderId"])
        stack.query("UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL, failures = 1 WHERE order_id = %s AND kind = 'REFUND_CHARGE'", order["orderId"])
    agent.post(admin_url(order, "refunds"), {**body, "amountCents": PRICE // 2 + 1}).refused(403, "FORBIDDEN")
    assert agent.post(admin_url(order, "refunds"), body).ok(202)["amountCents"] == PRICE // 2
    wait_for(lambda: sorted(refunds(stack, order))[-1] == (PRICE // 2, "REFUNDED") and len(refunds(stack, order)) == 3, 10)
    assert staff(stack, "operator").post(admin_url(order, "refunds"), body).ok(202)["amountCents"] == PRICE
    assert lines(stack.api().order(order)) == {"REFUND": 2 * PRICE}


def in_hours(hours):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_hold_is_extended(stack, api):
    order, until = api.hold(stack.new_flight(), "A1"), in_hours(50)
    agent = staff(stack, "agent")
    now = agent.post(admin_url(order, "extend"), {"until": until, "reason": "a group"}).ok()
    assert (now["expiresAt"], now["status"], now["version"]) == (until, "SEATS_RESERVED", order["version"] + 1)
    timer = stack.query("SELECT run_at FROM workflow_jobs WHERE order_id = %s AND kind = 'EXPIRE_HOLD'", order["orderId"])[0]["run_at"]
    assert timer.isoformat(timespec="milliseconds") + "Z" == until
    assert audited(stack, order) == [("EXTEND_HOLD", "agent", "a group")]
    assert [(e["type"], e["detail"], e["by"]) for e in stack.admin().events(order)][-1] == ("HOLD_EXTENDED", until, "staff")
    assert agent.post(admin_url(order, "extend"), {"until": in_hours(49), "reason": "x"}).refused(400, "INVALID_REQUEST")["field"] == "until"
    for wrong in (None, "", "tomorrow", 5):
        agent.post(admin_url(order, "extend"), {"until": wrong, "reason": "x"}).refused(400, "INVALID_REQUEST")
    # A customer's change does not make it shorter, and the departure ends it.
    assert api.change(order, "B1").ok()["expiresAt"] == until
    far = agent.post(admin_url(order, "extend"), {"until": "2199-01-01T00:00:00Z", "reason": "x"}).ok()
    assert far["expiresAt"] == far["flight"]["departureTime"]


def test_what_cannot_be_extended(stack, api):
    flight, body = stack.new_flight(), {"until": in_hours(50), "reason": "a test"}
    order = api.hold(flight, "A1")
    stack.lapse(order)
    stack.admin().post(admin_url(order, "extend"), body).refused(409, "ORDER_EXPIRED")
    stack.admin().post(admin_url(paid(stack, flight, "B1"), "extend"), body).refused(409, "ORDER_CLOSED")


def test_staff_hold_until_a_moment(stack):
    flight, until = stack.new_flight(), in_hours(30)
    body = {"flightId": flight, "seats": ["A1"], "userId": "group", "until": until}
    order = staff(stack, "agent").post("/api/orders", body).ok(201)
    assert order["expiresAt"] == until and stack.query("SELECT run_at FROM workflow_jobs WHERE order_id = %s", order["orderId"])
    other = staff(stack, "agent").post(f"/api/flights/{flight}/orders", {**body, "seats": ["B1"], "until": in_hours(0)}).ok(201)
    assert other["expiresAt"] > in_hours(0.15), "not shorter than for a customer"
    staff(stack, "agent").post("/api/orders", {**body, "seats": ["C1"], "until": "soon"}).refused(400, "INVALID_REQUEST")
    # What a customer sends there is not heeded.
    order = stack.api().post("/api/orders", {**body, "seats": ["A2"]}).ok(201)
    assert order["expiresAt"] < in_hours(0.2)


def test_the_last_message_is_sent_once_more(stack):
    order = paid(stack, with_rule(stack), "A1")
    assert told(stack, order) == ["order.confirmed"]
    staff(stack, "agent").post(admin_url(order, "resend"), {"reason": "it did not arrive"}).ok()
    assert told(stack, order) == ["order.confirmed"] * 2
    calls = [call for call in stack.receiver.calls if call["json"]["data"]["orderId"] == order["orderId"]]
    assert len({call["headers"]["webhook-id"] for call in calls}) == 2, "a message of its own"
    assert audited(stack, order) == [("RESEND", "agent", "it did not arrive")]
    assert [(e["type"], e["detail"]) for e in stack.admin().events(order) if e["type"] == "MESSAGE_REPEATED"] == [("MESSAGE_REPEATED", "order.confirmed")]
    # Messages are kept for a week only.
    stack.query("DELETE FROM messages WHERE order_id = %s", order["orderId"])
    staff(stack, "agent").post(admin_url(order, "resend"), {"reason": "a month later"}).ok()
    assert told(stack, order) == ["order.confirmed"] * 3


def test_nothing_was_told_yet(stack, api):
    order = api.hold(stack.new_flight(), "A1")
    stack.admin().post(admin_url(order, "resend"), {"reason": "a test"}).refused(409, "NOTHING_TO_SEND")
    assert audited(stack, order) == []


# -- what may be done -------------------------------------------------------------------------------

def held(stack, flight):
    return stack.api().hold(flight, "A1")


def lapsed(stack, flight):
    order = held(stack, flight)
    stack.lapse(order)
    return order


def paying(stack, flight):
    order = held(stack, flight)
    stack.api().pay(order, "20201").ok()
    return order


def declined(stack, flight):
    order = held(stack, flight)
    stack.api().pay(order, "00000").ok()
    wait_for(lambda: stack.row(order)["status"] == "FAILED", 10)
    return order


def cancelled(stack, flight):
    order = held(stack, flight)
    stack.api().cancel(order).ok()
    return order


def sold(stack, flight):
    return paid(stack, flight, "A1")


def attempts(order, asker):
    """What each action is done by, for a customer."""
    what = f"/api/orders/{order['orderId']}"
    refund = lambda: asker.post(f"{what}/cancellation", {"expectedRefundCents": asker.get(f"{what}/cancellation").json.get("refundCents", 0)})
    return {"pay": lambda: asker.pay(order), "change": lambda: asker.change(order, "B2"),
            "cancel": refund if order["status"] == "CONFIRMED" else lambda: asker.cancel(order)}


def staff_attempts(order, asker):
    do = lambda verb, **body: lambda: asker.post(admin_url(order, verb), {"reason": "a test", **body})
    return {"change": do("seats", seats=["B2"]), "cancel": do("cancel", **({"refundCents": 0} if order["status"] == "CONFIRMED" and not order["flight"].get("cancellable") else {})),
            "refund": do("refunds"), "extend": do("extend", until=in_hours(20)), "resend": do("resend"), "forget": do("forget")}


ASKED = [(make, "", who) for make in (held, paying, declined, lapsed, cancelled) for who in ("nobody", "operator")]
ASKED += [(sold, rule, who) for rule in (RULE, "") for who in ("nobody", "holder", "agent", "operator")]


@pytest.mark.parametrize(("make", "rule", "who"), ASKED)
def test_an_order_says_what_may_be_done(stack, make, rule, who):
    """Each listed action can be done, and any other is refused."""
    wrong = []
    names = ("change", "cancel", "refund", "extend", "resend", "forget") if who in ("agent", "operator") else ("pay", "change", "cancel")
    for name in names:
        order = make(stack, with_rule(stack, rule))
        asker = holder(stack, order) if who == "holder" else stack.api() if who == "nobody" else staff(stack, who)
        order = asker.order(order)
        listed = order["staffActions" if who in ("agent", "operator") else "actions"]
        answer = (staff_attempts if who in ("agent", "operator") else attempts)(order, asker)[name]()
        if (answer.status < 300) != (name in listed):
            wrong.append((name, listed, answer))
    assert wrong == []
    assert ("prove" in asker.order(order)["actions"]) == (make is sold and who == "nobody")


def test_lists_and_conflicts_say_it_too(stack, api):
    order = api.hold(stack.new_flight(), "A1")
    assert order["actions"] == ["pay", "change", "cancel"] and "staffActions" not in order
    assert api.get(f"/api/orders?userId={order['userId']}").ok()["orders"][0]["actions"] == order["actions"]
    old = api.change(order, "B1", headers={"If-Match": '"9"'}).refused(412, "PRECONDITION_FAILED")["order"]
    assert old["actions"] == order["actions"]
    (seen,) = stack.admin().get(f"/api/admin/orders?q={order['orderId']}").ok()["orders"]
    assert seen["staffActions"] == ["change", "cancel", "extend"]
    viewer = staff(stack, "viewer").order(order)
    assert viewer["staffActions"] == []


def test_what_is_told_names_no_actions(stack):
    order = paid(stack, with_rule(stack), "A1")
    told(stack, order)
    (call,) = [each for each in stack.receiver.calls if each["json"].get("data", {}).get("orderId") == order["orderId"]]
    assert "actions" not in call["json"]["data"]
