# SPDX-License-Identifier: MIT
"""What staff see of a flight's seats and passengers: blocks, the map, the manifest, and boarding."""

import csv
import io
import threading
import uuid

import pytest

from fastcgi import Direct
from persons import add_person
from stack import wait_for

REASON = {"reason": "The belt is broken."}
STAFF = {role: {"REMOTE_USER": f"{role}@example.com", "REMOTE_GROUPS": group}
         for role, group in (("viewer", "readers"), ("agent", "desk"), ("operator", "ops"))}


def block(stack, flight, *seats, verb="blocks", body=REASON, **kw):
    return stack.admin().post(f"/api/admin/flights/{flight}/{verb}", {"seats": seats, **body}, **kw)


def unblock(stack, flight, *seats, **kw):
    return block(stack, flight, *seats, verb="unblocks", body={}, **kw)


def paid(stack, flight, *seats):
    order = stack.api().hold(flight, *seats)
    stack.api().pay(order).ok()
    return stack.wait_status(order, "CONFIRMED")


def named(stack, order, *names):
    """Names the order's passengers, and returns their ids."""
    for position, (given, family) in enumerate(names, 1):
        add_person(stack, order, family, given_name=given)
        stack.query("UPDATE persons SET position = %s, passenger_kind = 'adult' WHERE order_id = %s AND position IS NULL",
                    position, order["orderId"])
    rows = stack.query("SELECT person_id FROM persons WHERE order_id = %s ORDER BY position", order["orderId"])
    return [str(row["person_id"]) for row in rows]


def seat_map(stack, flight):
    return {seat["seatNumber"]: seat for seat in stack.admin().get(f"/api/admin/flights/{flight}/seats").ok()["seats"]}


def manifest(stack, flight):
    return stack.admin().get(f"/api/admin/flights/{flight}/manifest").ok()["passengers"]


def board(stack, flight, order, passenger=None, **kw):
    body = {"locator": order["locator"], **({"passenger": passenger} if passenger else {})}
    return stack.admin().post(f"/api/admin/flights/{flight}/board", body, **kw)


# -- blocks -------------------------------------------------------------------------------------

def test_blocked_seats_are_not_for_sale(stack, flight):
    assert block(stack, flight, "A1", "B1").ok() == {"flightId": flight, "seats": ["A1", "B1"], "blocked": True, "changed": ["A1", "B1"]}
    assert stack.api().seats(flight)["A1"] == "BLOCKED"
    stack.api().post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "late"}).refused(409, "SEATS_UNAVAILABLE")
    order = stack.api().hold(flight, "C1")
    stack.api().change(order, "B1").refused(409, "SEATS_UNAVAILABLE")
    assert seat_map(stack, flight)["A1"]["blocked"] == REASON["reason"]
    assert unblock(stack, flight, "A1").ok()["changed"] == ["A1"]
    assert stack.api().seats(flight)["A1"] == "AVAILABLE" and seat_map(stack, flight)["A1"]["blocked"] is None
    stack.api().change(order, "A1").ok()


def test_twice_is_fine_and_audited_once(stack, flight):
    block(stack, flight, "A1").ok()
    assert block(stack, flight, "A1", "A2", body={"reason": "another"}).ok()["changed"] == ["A2"]
    assert seat_map(stack, flight)["A1"]["blocked"] == REASON["reason"]
    unblock(stack, flight, "A1", "A3").ok()
    assert unblock(stack, flight, "A1").ok()["changed"] == []
    rows = stack.query("SELECT action, was, became, reason FROM audit_log WHERE object_id = %s ORDER BY audit_id", flight)
    assert [(row["action"], row["became"], row["reason"]) for row in rows] == [
        ("BLOCK_SEATS", '{"seats":["A1"],"blocked":true}', REASON["reason"]),
        ("BLOCK_SEATS", '{"seats":["A2"],"blocked":true}', "another"),
        ("UNBLOCK_SEATS", '{"seats":["A1"],"blocked":false}', None)]


def test_never_over_a_hold_or_a_sold_seat(stack, flight):
    stack.api().hold(flight, "A1")
    paid(stack, flight, "A2")
    assert block(stack, flight, "A3", "A2", "A1").refused(409, "SEATS_UNAVAILABLE")["seats"] == ["A1", "A2"]
    assert stack.api().seats(flight)["A3"] == "AVAILABLE", "all or none"
    unblock(stack, flight, "A1").ok()


def test_a_hold_that_has_lapsed_is_in_nobodys_way(stack, flight):
    order = stack.api().hold(flight, "A1")
    stack.lapse(order)
    assert block(stack, flight, "A1").ok()["changed"] == ["A1"]
    assert stack.row(order)["status"] == "EXPIRED"


def test_seats_and_flights_that_are_none(stack, flight):
    assert block(stack, flight, "A1", "Z99").refused(400, "INVALID_SEATS")["seats"] == ["Z99"]
    block(stack, "nowhere", "A1").refused(404, "FLIGHT_NOT_FOUND")
    block(stack, stack.new_flight(status="DRAFT"), "A1").refused(404, "FLIGHT_NOT_FOUND")
    block(stack, flight, "A1", body={}).refused(400, "INVALID_REQUEST")
    block(stack, flight).refused(400, "INVALID_SEATS")
    unblock(stack, flight, "Z99").refused(400, "INVALID_SEATS")


def test_zeros_in_front_of_a_row_do_not_matter(stack, flight):
    assert block(stack, flight, "a01").ok()["seats"] == ["A1"]


def test_a_key_repeats_the_answer(stack, flight):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, again = block(stack, flight, "A1", headers=key), block(stack, flight, "A1", headers=key)
    assert first.ok() == again.ok() and again.headers["Idempotency-Replayed"]


# -- the map ------------------------------------------------------------------------------------

def test_the_map_says_who_has_what(stack, flight):
    held, sold = stack.api().hold(flight, "A1", user="maria"), paid(stack, flight, "B1", "B2")
    named(stack, sold, ("Grace", "Hopper"), ("Ada", "Lovelace"))
    stack.query("UPDATE seats SET cabin_class = 'business', features = 'aisle,exit' WHERE flight_id = %s AND seat_number = 'B2'", flight)
    lapsed = stack.api().hold(flight, "C1")
    stack.lapse(lapsed)
    seats = seat_map(stack, flight)
    assert len(seats) == 30
    assert (seats["A1"]["status"], seats["A1"]["orderId"], seats["A1"]["userId"]) == ("RESERVED", held["orderId"], "maria")
    assert (seats["A1"]["passenger"], seats["A1"]["locator"], seats["A1"]["orderStatus"]) == (None, None, "SEATS_RESERVED")
    assert [seats[seat]["passenger"] for seat in ("B1", "B2")] == ["Grace Hopper", "Ada Lovelace"]
    assert (seats["B2"]["class"], seats["B2"]["features"], seats["B2"]["locator"]) == ("business", ["aisle", "exit"], sold["locator"])
    assert (seats["C1"]["status"], seats["C1"]["orderId"]) == ("AVAILABLE", None)
    stack.admin().get("/api/admin/flights/nowhere/seats").refused(404, "FLIGHT_NOT_FOUND")


def test_a_viewer_sees_the_first_letter_only(signed_in_stack):
    stack = signed_in_stack
    flight = stack.new_flight()
    customer = Direct(stack, REMOTE_USER="élodie@example.com")
    order = customer.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    named(stack, order, ("Élodie", "Müller"))
    for role, seen in (("viewer", ("é…", "É…")), ("agent", ("élodie@example.com", "Élodie Müller"))):
        seats = Direct(stack, **STAFF[role]).get(f"/api/admin/flights/{flight}/seats").ok()["seats"]
        assert [(seat["userId"], seat["passenger"]) for seat in seats if seat["seatNumber"] == "A1"] == [seen]


# -- the manifest -------------------------------------------------------------------------------

def test_passengers_by_seat(stack, flight):
    unnamed, sold = paid(stack, flight, "C9", "A2"), paid(stack, flight, "B5", "A1")
    grace, ada, baby = named(stack, sold, ("Grace", "Hopper"), ("Ada", "Lovelace"), ("Baby", "Byron"))
    stack.api().hold(flight, "A3")
    rows = manifest(stack, flight)
    assert [(row["seat"], row["passenger"], row["familyName"]) for row in rows] == [
        ("A1", ada, "Lovelace"), ("A2", "A2", None), ("B5", grace, "Hopper"), ("C9", "C9", None), (None, baby, "Byron")]
    assert (rows[1]["locator"], rows[1]["userId"], rows[1]["boarded"]) == (unnamed["locator"], unnamed["userId"], False)
    stack.admin().get("/api/admin/flights/nowhere/manifest").refused(404, "FLIGHT_NOT_FOUND")


@pytest.mark.parametrize("path, headers", [("manifest", {"Accept": "text/csv"}), ("manifest.csv", {})], ids=["Accept", "path"])
def test_as_csv_in_which_nothing_is_a_formula(stack, flight, path, headers):
    order = paid(stack, flight, "A1", "A2")
    named(stack, order, ('=HYPERLINK("http://evil","x")', "O'Brien, \"Bob\""), ("@ADA", "Müller"))
    answer = stack.admin().get(f"/api/admin/flights/{flight}/{path}", headers=headers)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="manifest-{flight}.csv"'
    assert answer.body.endswith(b"\r\n") and answer.body.count(b"\r\n") == 3
    first, second = csv.DictReader(io.StringIO(answer.body.decode(), newline=""))
    assert (first["givenName"], first["familyName"]) == ("'=HYPERLINK(\"http://evil\",\"x\")", "O'Brien, \"Bob\"")
    assert (second["seat"], second["givenName"], second["familyName"], second["locator"]) == ("A2", "'@ADA", "Müller", order["locator"])


def test_json_where_it_is_accepted(stack, flight):
    for accept in ("*/*", "application/json", "text/csv, application/json"):
        stack.admin().get(f"/api/admin/flights/{flight}/manifest", headers={"Accept": accept}).ok()
    answer = stack.admin().get(f"/api/admin/flights/{flight}/manifest")
    assert "Accept" in answer.headers["Vary"]


# -- boarding -----------------------------------------------------------------------------------

def why(reply):
    return reply.refused(409, "CANNOT_BOARD")["detail"]


def test_once_a_passenger(stack, flight):
    order = paid(stack, flight, "A1", "A2")
    grace, ada = named(stack, order, ("Grace", "Hopper"), ("Ada", "Lovelace"))
    assert "several" in why(board(stack, flight, order))
    first = board(stack, flight, order, grace).ok()
    assert (first["passenger"], first["seat"], first["familyName"]) == (grace, "A1", "Hopper")
    assert "already" in why(board(stack, flight, order, grace)) and "already" in why(board(stack, flight, order, "A1"))
    assert board(stack, flight, order, "A2").ok()["passenger"] == ada
    assert [row["boarded"] for row in manifest(stack, flight)] == [True, True]
    assert seat_map(stack, flight)["A1"]["boarded"] is True
    events = [event for event in stack.admin().events(order) if event["type"] == "PASSENGER_BOARDED"]
    assert [(event["detail"], event["by"]) for event in events] == [("A1", "staff"), ("A2", "staff")]
    assert [row["became"] for row in stack.query("SELECT became FROM audit_log WHERE action = 'BOARD' AND object_id = %s",
                                                 order["orderId"])] == [f'{{"passenger":"{grace}","seat":"A1"}}',
                                                                        f'{{"passenger":"{ada}","seat":"A2"}}']


def test_the_only_one_need_not_be_named(stack, flight):
    order = paid(stack, flight, "A1")
    typed = {**order, "locator": f" {order['locator'][:3].lower()}-{order['locator'][3:]} "}
    assert board(stack, flight, typed).ok()["passenger"] == "A1"
    assert "already" in why(board(stack, flight, order))
    assert "no such passenger" in why(board(stack, flight, order, "B1"))


def test_who_may_not(stack, flight):
    order = paid(stack, flight, "A1")
    assert "another flight" in why(board(stack, stack.new_flight(), order))
    board(stack, "nowhere", order).refused(404, "FLIGHT_NOT_FOUND")
    board(stack, flight, {"locator": "222222"}).refused(404, "ORDER_NOT_FOUND")
    board(stack, flight, {"locator": "nonsense"}).refused(404, "ORDER_NOT_FOUND")
    stack.admin().post(f"/api/admin/flights/{flight}/board", {}).refused(400, "INVALID_REQUEST")
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"reason": "a test"}).ok(202)
    assert "refunded" in why(board(stack, flight, order))
    stack.query("UPDATE orders SET status = 'PAYMENT_PENDING' WHERE order_id = %s", order["orderId"])
    assert "not been paid" in why(board(stack, flight, order))
    stack.query("UPDATE orders SET status = 'CONFIRMED' WHERE order_id = %s", order["orderId"])
    other = paid(stack, flight, "A2")
    stack.admin().post(f"/api/admin/flights/{flight}/cancel", {"reason": "a test"}).ok(202)
    assert "cancelled" in why(board(stack, flight, other))
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE flight_id = %s", flight), 10)
    assert "booking has been cancelled" in why(board(stack, flight, other))


def test_part_of_the_money_back_is_no_reason(stack, flight):
    order = paid(stack, flight, "A1")
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"reason": "a test", "amountCents": 1}).ok(202)
    board(stack, flight, order).ok()


def test_ten_gates_board_a_passenger_once(stack, flight):
    order, answers = paid(stack, flight, "A1"), []
    threads = [threading.Thread(target=lambda: answers.append(board(stack, flight, order).status)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [409] * 9
    assert len(stack.query("SELECT 1 FROM boardings WHERE order_id = %s", order["orderId"])) == 1
