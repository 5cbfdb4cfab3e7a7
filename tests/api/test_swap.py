# SPDX-License-Identifier: MIT
"""POST /api/admin/flights/{id}/cabin: a flight gets another cabin, and everybody a seat in it, or their money."""

import random
import uuid

import pytest

from outside import Outside
from stack import wait_for

REASON = "The aircraft was exchanged."
LAYOUT = "ABC DEF"
EXIT = {"exit": "3"}


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(receiver, own_stack):
    stack = own_stack(WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests", PAYMENT_TIMEOUT="1s", MAX_SEATS_PER_ORDER=32,
                      MAX_OPEN_HOLDS_PER_USER=0)
    stack.receiver = receiver
    return stack


def fly(stack, rows=6, layout=LAYOUT, business=0, exits=(3,), **more):
    """A flight whose windows, aisles and exits are known; a seat in an exit row costs 1500 more, one at a window 500."""
    flight = stack.new_flight(rows=rows, layout=layout, row_first=True, fares="business=39900",
                              surcharges="exit=1500,window=500", **more)
    columns = layout.replace(" ", "")
    aisles = {layout[i - 1] for i, c in enumerate(layout) if c == " "} | {layout[i + 1] for i, c in enumerate(layout) if c == " "}
    stack.query("""UPDATE seats SET cabin_class = IF(seat_row <= %s, 'business', 'economy'),
                   features = CONCAT_WS(',', IF(FIND_IN_SET(seat_column, %s), 'aisle', NULL),
                                        IF(FIND_IN_SET(seat_row, %s), 'exit', NULL),
                                        IF(seat_column IN (%s, %s), 'window', NULL)) WHERE flight_id = %s""",
                business, ",".join(sorted(aisles)), ",".join(map(str, exits)), columns[0], columns[-1], flight)
    return flight


def swap(stack, flight, cabin, headers=None, **more):
    return stack.admin().post(f"/api/admin/flights/{flight}/cabin", {"cabin": cabin, "reason": REASON, **more}, headers=headers or {})


def paid(stack, flight, *seats):
    order = stack.api().hold(flight, *seats)
    stack.api().pay(order).ok()
    return stack.wait_status(order, "CONFIRMED")


def refunds(stack, order):
    return [each["amountCents"] for each in stack.admin().get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]]


def seats_of(stack, flight):
    """Who has which seat, by the table of seats."""
    return {row["seat_number"]: row["reserved_by"] for row in
            stack.query("SELECT seat_number, reserved_by FROM seats WHERE flight_id = %s", flight)}


def picture(stack, flight):
    """All that a swap may change, once everything has been told that was to be told: it would change, too."""
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs j JOIN orders o ON o.order_id = j.order_id"
                                     " WHERE o.flight_id = %s AND j.kind = 'SEND_MESSAGE'", flight), 10)
    return [stack.query(f"SELECT * FROM {table} WHERE flight_id = %s ORDER BY 1, 2", flight) for table in ("flights", "seats", "orders")] + [
        stack.query(f"SELECT e.* FROM {table} e JOIN orders o ON o.order_id = e.order_id WHERE o.flight_id = %s ORDER BY 1", flight)
        for table in ("workflow_events", "refunds", "messages", "workflow_jobs")]


def read(stack, order):
    """The order, without the moment at which it was read."""
    return {name: value for name, value in stack.api().order(order).items() if name not in ("serverTime", "remainingSeconds", "timerRemainingSeconds")}


def told(stack, order):
    wait_for(lambda: not stack.has_job(order, "SEND_MESSAGE"), 10)
    return [call["json"]["type"] for call in list(stack.receiver.calls) if call["json"].get("data", {}).get("orderId") == order["orderId"]]


# -- what it does ---------------------------------------------------------------------------------

def test_seats_stay_or_move_and_all_of_it_is_told(stack):
    flight = fly(stack)
    stays, moves, held = paid(stack, flight, "2A"), paid(stack, flight, "6A", "6B"), stack.api().hold(flight, "6F")
    cabin, before = stack.seating(("economy", "1-4", LAYOUT, EXIT)), read(stack, stays)
    answer = swap(stack, flight, cabin)
    body = answer.ok()
    assert (body["stays"], body["moved"], body["conflicts"], body["refundCents"], body["version"]) == (1, 3, [], 0, 2)
    assert answer.etag == '"2"' and body["cabin"] == {"id": cabin, "version": 1}
    places = {move["from"]: move["to"] for move in body["moves"]}
    assert places == {"6A": "4A", "6B": "4B", "6F": "4F"}, "together, and windows to windows"
    now = {order["orderId"]: stack.api().order(order) for order in (stays, moves, held)}
    assert read(stack, stays) == before, "nothing has changed for who stays"
    assert now[moves["orderId"]]["seats"] == ["4A", "4B"] and now[moves["orderId"]]["seatPrices"] == moves["seatPrices"]
    assert now[held["orderId"]]["seats"] == ["4F"] and now[held["orderId"]]["expiresAt"] == held["expiresAt"]
    assert [now[order["orderId"]]["version"] - order["version"] for order in (moves, held)] == [1, 1]
    owners = seats_of(stack, flight)
    assert len(owners) == 24 and owners["4A"] == owners["4B"] == moves["orderId"] and owners["4F"] == held["orderId"]
    assert stack.query("SELECT cabin_id, cabin_version, seat_rows, seat_layout, exit_rows, version FROM flights WHERE flight_id = %s", flight) == [
        {"cabin_id": cabin, "cabin_version": 1, "seat_rows": 4, "seat_layout": LAYOUT, "exit_rows": "3", "version": 2}]
    (event,) = [each for each in stack.admin().events(moves) if each["type"] == "SEATS_CHANGED"]
    assert (event["detail"], event["fromStatus"], event["toStatus"]) == ("6A,6B -> 4A,4B", "CONFIRMED", "CONFIRMED")
    assert event["by"] not in ("system", "customer")
    rows = stack.query("SELECT action, object_id, reason FROM audit_log WHERE action IN ('SWAP_CABIN', 'CHANGE_SEATS')"
                       " AND object_id IN (%s, %s, %s, %s)", flight, *now)
    assert sorted((row["action"], row["object_id"]) for row in rows) == sorted(
        [("SWAP_CABIN", flight), ("CHANGE_SEATS", moves["orderId"]), ("CHANGE_SEATS", held["orderId"])])
    assert {row["reason"] for row in rows} == {REASON}
    assert told(stack, held) == ["seat.moved"] and told(stack, moves)[-1] == "seat.moved" and "seat.moved" not in told(stack, stays)
    stack.api().pay(held).ok()
    assert stack.wait_status(held, "CONFIRMED")["seats"] == ["4F"]


def test_a_dry_run_says_the_same_and_changes_nothing(stack):
    flight = fly(stack)
    paid(stack, flight, "3A", "6B")
    stack.api().hold(flight, "5F")
    cabin = stack.seating(("economy", "1-4", LAYOUT))
    before = picture(stack, flight)
    for asked in ({"dryRun": True}, {"dryRun": True, "onConflict": "refund"}):
        foreseen = swap(stack, flight, cabin, **asked).ok()
        assert picture(stack, flight) == before
    assert foreseen["dryRun"] is True and foreseen["version"] == 1 and foreseen["refundCents"] == 1500
    assert swap(stack, flight, cabin).ok() == {**foreseen, "dryRun": False, "version": 2}


def test_what_was_paid_for_and_is_lost_is_given_back(stack):
    flight = fly(stack)
    sold, held, plain = paid(stack, flight, "3B", "3A"), stack.api().hold(flight, "3F"), paid(stack, flight, "2B")
    assert sold["seatPrices"] == [14400, 14900]
    cabin, before = stack.seating(("economy", "1-4", LAYOUT, {"exit": "2"})), read(stack, plain)
    body = swap(stack, flight, cabin).ok()
    assert body["refundCents"] == 3000 and body["stays"] == 4, "a hold just costs less; and what is gained costs nothing"
    now = stack.api().order(sold)
    assert now["seats"] == ["3B", "3A"] and now["seatPrices"] == [12900, 13400] and now["totalPriceCents"] == 26300
    assert refunds(stack, sold) == [3000] and refunds(stack, plain) == []
    assert stack.api().order(held)["totalPriceCents"] == 13400 and read(stack, plain) == before
    assert [row["price_parts"] for row in stack.query("SELECT price_parts FROM orders WHERE order_id = %s", sold["orderId"])] == [
        "economy=12900,economy=12900+window=500"]
    stack.api().pay(held).ok()
    stack.wait_status(held, "CONFIRMED")
    assert stack.charge(held)["amount_cents"] == 13400
    wait_for(lambda: stack.query("SELECT status FROM refunds WHERE order_id = %s", sold["orderId"]) == [{"status": "REFUNDED"}], 10)
    # Swapped back, nothing is paid a second time, nor given back.
    assert swap(stack, flight, stack.seating(("economy", "1-6", LAYOUT))).ok()["refundCents"] == 0
    assert refunds(stack, sold) == [3000]


def test_never_more_is_given_back_than_was_captured(stack):
    flight = fly(stack)
    sold = paid(stack, flight, "3B")
    stack.admin().post(f"/api/admin/orders/{sold['orderId']}/refunds", {"amountCents": 14000, "reason": "a test"}).ok(202)
    assert swap(stack, flight, stack.seating(("economy", "1-4", LAYOUT)), dryRun=True).ok()["refundCents"] == 400
    assert swap(stack, flight, stack.seating(("economy", "1-4", LAYOUT))).ok()["refundCents"] == 400
    assert sorted(refunds(stack, sold)) == [400, 14000]


def test_classes_are_kept_and_numbers_change_hands(stack):
    flight = fly(stack, business=2)
    first, coach = paid(stack, flight, "2A"), paid(stack, flight, "6A")
    assert swap(stack, flight, stack.seating(("business", "1", "A F"), ("economy", "2", "A F"))).ok()["moved"] == 2
    assert stack.api().order(first)["seats"] == ["1A"] and stack.api().order(coach)["seats"] == ["2A"]
    assert seats_of(stack, flight) == {"1A": first["orderId"], "1F": None, "2A": coach["orderId"], "2F": None}


def test_conflicts_are_refused_and_nothing_is_changed(stack):
    flight = fly(stack, business=1)
    first, coach = paid(stack, flight, "1A"), paid(stack, flight, "5A", "5B")
    cabin = stack.seating(("economy", "1", "A"))
    before = picture(stack, flight)
    for asked in ({}, {"onConflict": "refuse"}):
        problem = swap(stack, flight, cabin, **asked).refused(409, "SEATS_UNAVAILABLE")
        assert {(each["orderId"], each["seat"], each["why"]) for each in problem["conflicts"]} == {
            (first["orderId"], "1A", "NO_SUCH_CLASS"), (coach["orderId"], "5B", "NO_SEAT_LEFT")}
    assert picture(stack, flight) == before
    assert len(swap(stack, flight, cabin, dryRun=True).ok()["conflicts"]) == 2


def test_conflicts_are_refunded_if_that_is_asked_for(stack):
    flight = fly(stack, business=1)
    first, coach = paid(stack, flight, "1A"), paid(stack, flight, "5A", "5B")
    held, part = stack.api().hold(flight, "6C"), stack.api().hold(flight, "6D")
    cabin = stack.seating(("economy", "1", "A"))
    foreseen = swap(stack, flight, cabin, dryRun=True, onConflict="refund").ok()
    body = swap(stack, flight, cabin, onConflict="refund").ok()
    assert body == {**foreseen, "dryRun": False, "version": 2} and len(body["conflicts"]) == 4
    assert body["refundCents"] == first["totalPriceCents"] + 12900
    assert [stack.api().order(each)["status"] for each in (first, held, part)] == ["CANCELLED"] * 3
    now = stack.api().order(coach)
    assert (now["status"], now["seats"], now["totalPriceCents"]) == ("CONFIRMED", ["1A"], 13400)
    assert refunds(stack, first) == [first["totalPriceCents"]] and refunds(stack, coach) == [12900] and refunds(stack, held) == []
    assert told(stack, held) == ["order.cancelled"] and "order.cancelled" in told(stack, first)
    assert seats_of(stack, flight) == {"1A": coach["orderId"]}


def test_what_is_being_paid_moves_but_its_amount_stays(stack):
    flight = fly(stack)
    moves = stack.api().hold(flight, "6B")
    stack.api().pay(moves, "20201").ok()    # the gateway decides for ever
    wait_for(lambda: stack.api().order(moves)["paymentAttempts"] == 1, 5)
    assert swap(stack, flight, stack.seating(("economy", "1-4", LAYOUT, EXIT))).ok()["moved"] == 1
    now = stack.api().order(moves)
    assert now["status"] == "PAYMENT_PENDING" and now["totalPriceCents"] == moves["totalPriceCents"] and now["seats"] != ["6B"]
    exits = stack.api().hold(flight, "3B")
    stack.api().pay(exits, "20201").ok()
    wait_for(lambda: stack.api().order(exits)["paymentAttempts"] == 1, 5)
    before = picture(stack, flight)[1]
    for asked in ({}, {"onConflict": "refund"}):
        problem = swap(stack, flight, stack.seating(("economy", "1-4", LAYOUT)), **asked).refused(409, "SEATS_UNAVAILABLE")
        assert problem["conflicts"] == [{"orderId": exits["orderId"], "seat": "3B", "why": "PAYMENT_PENDING"}]
    assert picture(stack, flight)[1] == before
    for order in (moves, exits):
        stack.api().cancel(order).ok()


def test_blocks_stay_where_their_seats_do(stack):
    flight = fly(stack, rows=2)
    order = paid(stack, flight, "2B")
    stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number IN ('1A', '1B', '2F')", flight)
    swap(stack, flight, stack.seating(("economy", "1", "ABC"))).ok()
    assert stack.query("SELECT seat_number, blocked FROM seats WHERE flight_id = %s AND blocked IS NOT NULL ORDER BY 1", flight) == [
        {"seat_number": "1A", "blocked": "crew"}, {"seat_number": "1B", "blocked": "crew"}]
    assert stack.api().order(order)["seats"] == ["1C"]


def test_the_list_of_flights_counts_the_new_seats_at_once(stack):
    """Also if no order was there to tell the sweeper that something has changed."""
    flight = fly(stack, origin="QQX", destination="QQY")
    free = lambda: [each["availableSeats"] for each in stack.api().get("/api/flights?origin=QQX&destination=QQY").ok()["flights"] if each["id"] == flight]
    wait_for(lambda: stack.query("SELECT 1 FROM flight_counts WHERE flight_id = %s AND cabin_class <> ''", flight), 10)
    assert free() == [36]
    swap(stack, flight, stack.seating(("economy", "1-4", LAYOUT))).ok()
    assert free() == [24]


def test_who_was_on_board_is_not_any_more_if_moved(stack):
    flight = fly(stack)
    stays, moves = paid(stack, flight, "1B"), paid(stack, flight, "6B")
    for order, seat in ((stays, "1B"), (moves, "6B")):
        stack.query("INSERT INTO boardings VALUES (%s, %s, %s, NULL, UTC_TIMESTAMP(3))", order["orderId"], seat, flight)
    swap(stack, flight, stack.seating(("economy", "1-4", LAYOUT))).ok()
    assert stack.query("SELECT order_id FROM boardings WHERE flight_id = %s", flight) == [{"order_id": stays["orderId"]}]


def test_holds_that_are_over_have_no_seat(stack):
    flight = fly(stack, rows=1, layout="AB", exits=())
    lapsed, sold = stack.api().hold(flight, "1A"), paid(stack, flight, "1B")
    stack.lapse(lapsed)
    cabin = stack.seating(("economy", "9", "A"))
    assert swap(stack, flight, cabin, dryRun=True).ok()["moved"] == 1
    assert stack.row(lapsed)["status"] == "SEATS_RESERVED"
    assert swap(stack, flight, cabin).ok()["moved"] == 1
    assert stack.row(lapsed)["status"] == "EXPIRED" and stack.api().order(sold)["seats"] == ["9A"]


def test_numbers_with_zeros_are_written_anew(stack):
    flight = stack.new_flight(rows=1, layout="AB", row_first=True)
    stack.query("UPDATE seats SET seat_number = CONCAT('0', seat_number) WHERE flight_id = %s", flight)
    order = paid(stack, flight, "01A")
    swap(stack, flight, stack.seating(("economy", "1", "AB"))).ok()
    assert stack.api().order(order)["seats"] == ["1A"] and set(seats_of(stack, flight)) == {"1A", "1B"}


def test_twice_is_fine_and_versions_count(stack):
    flight = fly(stack)
    order = paid(stack, flight, "6A")
    cabin = stack.seating(("economy", "1-4", LAYOUT))
    swap(stack, flight, cabin, headers={"If-Match": '"7"'}).refused(412, "PRECONDITION_FAILED")
    swap(stack, flight, cabin, headers={"If-Match": '"1"'}).ok()
    before = picture(stack, flight)
    again = swap(stack, flight, cabin).ok()
    assert (again["version"], again["stays"], again["moved"]) == (2, 1, 0) and picture(stack, flight) == before
    stack.seating(("economy", "1-3", LAYOUT), cabin_id=cabin)
    assert swap(stack, flight, {"id": cabin, "version": 1}).ok()["version"] == 2
    assert swap(stack, flight, cabin).ok()["cabin"] == {"id": cabin, "version": 2}
    assert stack.api().order(order)["version"] == order["version"] + 2


def test_a_key_repeats_the_answer(stack):
    flight = fly(stack, rows=30, exits=())
    for row in range(1, 31):
        paid(stack, flight, *(f"{row}{letter}" for letter in "ABCDEF"))
    cabin, key = stack.seating(("economy", "31-60", LAYOUT)), {"Idempotency-Key": uuid.uuid4().hex}
    first, again = swap(stack, flight, cabin, headers=key), swap(stack, flight, cabin, headers=key)
    assert len(first.ok()["moves"]) == 180 and len(first.body) > 12000, "long answers are given whole once"
    assert again.ok() == {**first.ok(), "moves": [], "conflicts": []} and again.headers["Idempotency-Replayed"]


def test_what_cannot_be_asked_for(stack):
    flight, cabin = fly(stack), stack.seating(("economy", "1-4", LAYOUT))
    for gone in ("nowhere", "no%20where", stack.new_flight(status="DRAFT")):
        swap(stack, gone, cabin).refused(404, "FLIGHT_NOT_FOUND")
    swap(stack, stack.new_flight(status="CANCELLED"), cabin).refused(409, "FLIGHT_CANCELLED")
    swap(stack, stack.new_flight(departs_in=-60), cabin).refused(409, "FLIGHT_DEPARTED")
    for wrong in (None, "", "nowhere", "a b", 5, [], {}, {"id": 5}, {"id": cabin, "version": 0}, {"id": cabin, "version": 7}, {"id": cabin, "version": "1"}):
        assert swap(stack, flight, wrong).refused(400, "INVALID_REQUEST")["field"] == "cabin"
    assert swap(stack, flight, cabin, onConflict="perhaps").refused(400, "INVALID_REQUEST")["field"] == "onConflict"
    assert swap(stack, flight, cabin, dryRun="perhaps").refused(400, "INVALID_REQUEST")["field"] == "dryRun"
    assert swap(stack, flight, cabin, reason="").refused(400, "INVALID_REQUEST")["field"] == "reason"
    swap(stack, stack.new_flight(status="CLOSED", row_first=True), cabin).ok()


# -- by chance ------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(6))
def test_everybody_has_a_seat_or_their_money(stack, seed):
    """The module's audit proves the rest: no seat twice, the prices add up, each refund has its job."""
    chance = random.Random(seed)
    flight = fly(stack, rows=8, business=2, exits=(5,))
    free = [f"{row}{letter}" for row in range(1, 9) for letter in "ABCDEF"]
    orders = []
    while len(free) > 8:
        row = [seat for seat in free if seat[0] == free[0][0]]
        seats = chance.sample(row, min(len(row), chance.randint(1, 4)))
        free = [seat for seat in free if seat not in seats]
        order = stack.api().hold(flight, *seats)
        if chance.random() < 0.6:
            stack.api().pay(order).ok()
        orders.append(order)
    for order in orders:
        wait_for(lambda: stack.api().order(order)["status"] != "PAYMENT_PENDING", 10)
    for _ in range(3):
        before = {order["orderId"]: read(stack, order) for order in orders}
        given = {order["orderId"]: sum(refunds(stack, order)) for order in orders}
        first = chance.randint(1, 3)
        cabin = stack.seating(("business", f"{first}-{first + chance.randint(0, 2)}", chance.choice(("A F", "AC DF", LAYOUT))),
                                ("economy", f"{first + 3}-{first + 3 + chance.randint(2, 7)}", chance.choice(("AB EF", LAYOUT)),
                                 {"exit": str(first + 4)}))
        body = swap(stack, flight, cabin, onConflict="refund").ok()
        owners = seats_of(stack, flight)
        for order in orders:
            was, now = before[order["orderId"]], read(stack, order)
            lost = sum(each["orderId"] == order["orderId"] for each in body["conflicts"])
            more = sum(refunds(stack, order)) - given[order["orderId"]]
            if was["status"] == "CANCELLED":
                assert now == was and more == 0
                continue
            mine = {seat for seat, owner in owners.items() if owner == order["orderId"]}
            if lost == len(was["seats"]):
                assert now["status"] == "CANCELLED" and not mine
                assert more == (was["totalPriceCents"] if was["status"] == "CONFIRMED" else 0)
                continue
            assert len(now["seats"]) == len(was["seats"]) - lost and set(now["seats"]) == mine and now["status"] == was["status"]
            assert more == (was["totalPriceCents"] - now["totalPriceCents"] if was["status"] == "CONFIRMED" else 0)
            assert lost == 0 or now["totalPriceCents"] < was["totalPriceCents"]
