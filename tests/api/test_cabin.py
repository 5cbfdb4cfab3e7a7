# SPDX-License-Identifier: MIT
"""What the seats of a flight with several classes are, and what they cost."""

import pytest


def classes(stack, **more):
    """A flight of six rows: two of business, A C D F, then four of economy, A B C D E F, with an exit row."""
    flight = stack.new_flight(rows=6, layout="ABC DEF", row_first=True, fares="business=39900", surcharges="exit=1500,window=500",
                              **more)
    stack.query("DELETE FROM seats WHERE flight_id = %s AND seat_row < 3 AND seat_column IN ('B', 'E')", flight)
    stack.query("""UPDATE seats SET cabin_class = IF(seat_row < 3, 'business', 'economy'),
                   features = CONCAT_WS(',', IF(seat_column IN ('C', 'D'), 'aisle', NULL), IF(seat_row = 4, 'exit', NULL),
                                        IF(seat_column IN ('A', 'F'), 'window', NULL)) WHERE flight_id = %s""", flight)
    return flight


@pytest.fixture
def mixed(default_stack):
    return classes(default_stack)


def test_a_seat_has_a_class_features_and_a_price(default_stack, mixed):
    default_stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number = '3B'", mixed)
    seats = {s["seatNumber"]: s for s in default_stack.api().get(f"/api/flights/{mixed}/seats").ok()["seats"]}
    kind = lambda seat: (seats[seat]["class"], seats[seat]["features"], seats[seat]["priceCents"], seats[seat]["status"])
    assert kind("1A") == ("business", ["window"], 40400, "AVAILABLE")
    assert kind("3B") == ("economy", [], 12900, "BLOCKED")
    assert kind("4F") == ("economy", ["exit", "window"], 14900, "AVAILABLE")
    order = default_stack.api().post("/api/orders", {"flightId": mixed, "seats": ["1A", "4F"]}).ok(201)
    assert order["seatPrices"] == [40400, 14900], "what is shown is what is charged"


def test_the_map_has_the_same_and_its_sections(default_stack, mixed):
    default_stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number = '3B'", mixed)
    shown = default_stack.api().get(f"/api/flights/{mixed}").ok()["seatMap"]
    seats = {s["id"]: s for s in shown["seats"]}
    assert seats["3B"] == {"id": "3B", "row": 3, "column": "B", "status": "blocked", "class": "economy", "features": [],
                           "priceCents": 12900}
    assert shown["sections"] == [
        {"class": "business", "priceCents": 39900, "rows": [1, 2], "columns": ["A", "C", None, "D", "F"]},
        {"class": "economy", "priceCents": 12900, "rows": [3, 4, 5, 6], "columns": ["A", "B", "C", None, "D", "E", "F"]}]


def test_a_flight_of_one_price_is_as_it_was(default_stack):
    flight = default_stack.new_flight()
    shown = default_stack.api().get(f"/api/flights/{flight}").ok()["seatMap"]
    assert "sections" not in shown and set(shown["seats"][0]) == {"id", "row", "column", "status"}
    seats = default_stack.api().get(f"/api/flights/{flight}/seats").ok()["seats"]
    assert set(seats[0]) == {"seatNumber", "row", "column", "status"}


def test_columns_of_two_letters(default_stack):
    flight = default_stack.new_flight(rows=1, layout="ABC", row_first=True)
    default_stack.query("UPDATE seats SET seat_number = '1AA', seat_letters = 'AA' WHERE flight_id = %s AND seat_column = 'A'", flight)
    default_stack.query("UPDATE seats SET features = 'aisle' WHERE flight_id = %s AND seat_column IN ('A', 'C')", flight)
    seats = default_stack.api().get(f"/api/flights/{flight}/seats").ok()["seats"]
    assert [(s["seatNumber"], s["column"]) for s in seats] == [("1B", "B"), ("1C", "C"), ("1AA", "AA")]
    shown = default_stack.api().get(f"/api/flights/{flight}").ok()["seatMap"]
    assert shown["sections"][0]["columns"] == ["B", "C", None, "AA"]


@pytest.mark.parametrize("what, has_kinds", [
    ("cabin_class = 'economy'", False), ("features = ''", False), ("features = 'aisle,exit,window'", False), ("features = 'window'", False),
    ("cabin_class = 'business'", True), ("features = 'extra-legroom'", True), ("features = 'aisle,bassinet,window'", True),
    ("seat_letters = 'AA'", True),
])
def test_one_seat_with_more_than_the_first_version_told_is_told_of_all(default_stack, what, has_kinds):
    flight = default_stack.new_flight(rows=2, layout="ABC")
    default_stack.query(f"UPDATE seats SET {what} WHERE flight_id = %s AND seat_number = 'A2'", flight)
    seats = default_stack.api().get(f"/api/flights/{flight}/seats").ok()["seats"]
    assert [{"class", "features", "priceCents"} <= set(seat) for seat in seats] == [has_kinds] * 6
    seats = default_stack.api().get(f"/api/flights/{flight}").ok()["seatMap"]["seats"]
    assert ["class" in seat for seat in seats] == [has_kinds] * 6


def test_a_draft_has_no_seats_for_anybody(default_stack):
    draft = default_stack.new_flight(status="DRAFT")
    for path in (f"/api/flights/{draft}", f"/api/flights/{draft}/seats"):
        default_stack.api().get(path).refused(404, "FLIGHT_NOT_FOUND")


def test_a_cancelled_flight_can_still_be_looked_at(default_stack):
    flight = default_stack.new_flight(status="CANCELLED")
    default_stack.api().get(f"/api/flights/{flight}").ok()
