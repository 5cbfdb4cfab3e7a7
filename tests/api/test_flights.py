# SPDX-License-Identifier: MIT
"""The flights, their seats, and what strangers may see of both."""

import contextlib
import datetime
import random
import socket
import string

import pytest

from shapes import FLIGHT_FIELDS, when


CLAIMED = []


def code():
    """An airport code of this test's own: a name in the abstract namespace (unix(7)) tells the tests of other processes."""
    while True:
        drawn, name = "X" + "".join(random.choices(string.ascii_uppercase, k=2)), socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            name.bind(f"\0booking-test-airport-{drawn}")
            CLAIMED.append(name)
            return drawn
        name.close()


@pytest.mark.parametrize("flight, number, seats, sample", [
    ("FL123", "FL123", 30, {"A1", "A10", "B5", "C1", "C10"}),
    ("fl-101", "FL101", 120, {"1A", "12F", "20F"}),
])
def test_demo_flights(api, flight, number, seats, sample):
    shown = api.get(f"/api/flights/{flight}").ok()
    assert shown["flightNumber"] == number
    assert shown["totalSeats"] == seats == len(shown["seatMap"]["seats"])
    assert sample <= {seat["id"] for seat in shown["seatMap"]["seats"]}


def test_fl123_is_the_seeds_flight(api):
    expected = {f"{letter}{row}" for letter in "ABC" for row in range(1, 11)}
    assert set(api.seats("FL123")) == expected


def test_fl101_flies_from_nyc_to_lax(api):
    shown = api.get("/api/flights/fl-101").ok()
    assert (shown["origin"], shown["destination"]) == ("NYC", "LAX")
    assert (shown["seatMap"]["rows"], shown["seatMap"]["seatsPerRow"]) == (20, 6)


def test_a_wide_body_of_50_rows_by_9(stack, api):
    ids = [row["flight_id"] for row in stack.query("SELECT flight_id FROM flights WHERE seat_rows = 50")]
    maps = [api.get(f"/api/flights/{flight}").ok() for flight in ids]
    assert any(m["totalSeats"] == 450 and m["seatMap"]["seatsPerRow"] == 9 for m in maps)


def test_list_shows_a_flight_with_all_its_fields(stack, api):
    origin = code()
    flight = stack.new_flight(origin=origin, destination="QZZ", price_cents=4711, flight_number="QZ1")
    api.hold(flight, "A1", "A2")
    listed = api.get(f"/api/flights?origin={origin}").ok()
    assert set(listed) == {"flights", "nextCursor"} and listed["nextCursor"] is None
    (shown,) = listed["flights"]
    assert FLIGHT_FIELDS <= set(shown) and "seatMap" not in shown
    assert {k: shown[k] for k in FLIGHT_FIELDS - {"departureTime"}} == {
        "id": flight, "flightNumber": "QZ1", "origin": origin, "destination": "QZZ",
        "totalSeats": 30, "availableSeats": 28, "priceCents": 4711, "currency": "USD"}
    departure = when(shown["departureTime"]) - datetime.datetime.now(datetime.timezone.utc)
    assert abs(departure.total_seconds() - 30 * 86400) < 60


def test_list_filters(stack, api):
    here, there, elsewhere = code(), code(), code()
    a = stack.new_flight(origin=here, destination=there, departs_in=10 * 86400)
    b = stack.new_flight(origin=here, destination=elsewhere, departs_in=20 * 86400)
    c = stack.new_flight(origin=elsewhere, destination=there, departs_in=20 * 86400)

    def ids(query):
        return [flight["id"] for flight in api.get(f"/api/flights?{query}").ok()["flights"]]

    assert ids(f"origin={here}") == [a, b]
    assert sorted(ids(f"destination={there}")) == sorted([a, c])
    assert ids(f"origin={here}&destination={there}") == [a]
    assert ids(f"origin={there}") == []
    assert ids(f"origin=%20{here.lower()}%20") == [a, b]
    day_of_b = when(api.get(f"/api/flights/{b}").ok()["departureTime"]).date().isoformat()
    assert ids(f"origin={here}&date={day_of_b}") == [b]
    assert ids(f"origin={here}&date={day_of_b}&destination={there}") == []
    assert ids(f"origin={here}&date=1999-12-31") == []


def test_list_pages_by_cursor_without_gap_or_repeat(stack, api):
    origin = code()
    flights = [stack.new_flight(rows=1, layout="A", origin=origin, departs_in=86400 * (n + 1)) for n in range(7)]
    pages = [[flight["id"] for flight in page] for page in api.pages(f"/api/flights?origin={origin}&limit=3", "flights")]
    assert pages == [flights[:3], flights[3:6], flights[6:]]


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=ten", "limit"), ("limit=99999999999999999999", "limit"),
    ("cursor=nonsense!", "cursor"), ("cursor=%00", None),
    ("date=tomorrow", "date"), ("date=2026-02-30", "date"), ("date=2026-13-01", "date"),
])
def test_list_refuses_bad_parameters(api, query, field):
    refused = api.get(f"/api/flights?{query}").refused(400, "INVALID_REQUEST")
    assert field is None or refused["field"] == field


def test_seat_map(stack, api):
    flight = stack.new_flight(rows=3, layout="AB CD", row_first=True)
    api.hold(flight, "2B")
    booked = api.hold(flight, "3D")
    api.pay(booked).ok()
    stack.wait_status(booked, "CONFIRMED")
    shown = api.get(f"/api/flights/{flight}").ok()
    assert FLIGHT_FIELDS <= set(shown)
    assert shown["availableSeats"] == 10
    seat_map = shown["seatMap"]
    assert (seat_map["rows"], seat_map["seatsPerRow"], seat_map["columns"], seat_map["layout"]) == (3, 4, "ABCD", "AB CD")
    seats = {seat["id"]: seat for seat in seat_map["seats"]}
    assert seats["2B"] == {"id": "2B", "row": 2, "column": "B", "status": "reserved"}
    assert seats["3D"] == {"id": "3D", "row": 3, "column": "D", "status": "booked"}
    assert {s["status"] for i, s in seats.items() if i not in ("2B", "3D")} == {"available"}
    places = [(seat["row"], seat["column"]) for seat in seat_map["seats"]]
    assert places == sorted(places), "seats come row by row"


def test_seat_list(stack, api, flight):
    api.hold(flight, "A2")
    booked = api.hold(flight, "B10")
    api.pay(booked).ok()
    stack.wait_status(booked, "CONFIRMED")
    shown = api.get(f"/api/flights/{flight}/seats").ok()
    assert (shown["flightId"], shown["total"], shown["available"], len(shown["seats"])) == (flight, 30, 28, 30)
    seats = {seat["seatNumber"]: seat for seat in shown["seats"]}
    assert seats["A1"] == {"seatNumber": "A1", "row": 1, "column": "A", "status": "AVAILABLE"}
    assert seats["A2"] == {"seatNumber": "A2", "row": 2, "column": "A", "status": "RESERVED"}
    assert seats["B10"] == {"seatNumber": "B10", "row": 10, "column": "B", "status": "BOOKED"}


@pytest.mark.parametrize("status, expected", [("RESERVED", {"A2"}), ("BOOKED", set()), ("AVAILABLE", None)])
def test_seat_list_filter(api, flight, status, expected):
    api.hold(flight, "A2")
    shown = api.get(f"/api/flights/{flight}/seats?status={status}").ok()
    found = {seat["seatNumber"] for seat in shown["seats"]}
    assert found == expected if expected is not None else (len(found) == 29 and "A2" not in found)
    assert (shown["total"], shown["available"]) == (30, 29), "the counts are the flight's, not the filter's"


def test_seat_list_refuses_an_unknown_status(api, flight):
    assert api.get(f"/api/flights/{flight}/seats?status=SOLD").refused(400, "INVALID_REQUEST")["field"] == "status"


@pytest.mark.parametrize("path", ["", "/seats"])
def test_nobody_learns_who_holds_a_seat(api, flight, path):
    order = api.hold(flight, "A1", user="somebody-private")
    body = api.get(f"/api/flights/{flight}{path}").body.decode()
    assert "somebody-private" not in body and order["orderId"] not in body


@pytest.mark.parametrize("path", ["", "/seats"])
def test_unknown_flight(api, path):
    api.get(f"/api/flights/no-such-flight{path}").refused(404, "FLIGHT_NOT_FOUND")


def test_seats_of_a_lapsed_hold_are_shown_as_free(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    stack.lapse(order)
    assert api.seats(flight)["A1"] == "AVAILABLE"
    shown = api.get(f"/api/flights/{flight}").ok()
    assert shown["availableSeats"] == 30
    assert {seat["status"] for seat in shown["seatMap"]["seats"]} == {"available"}
    assert len(api.get(f"/api/flights/{flight}/seats?status=AVAILABLE").ok()["seats"]) == 30


def test_blanks_around_a_flights_id_do_not_matter(api, flight):
    assert api.get(f"/api/flights/%20{flight}%20").ok()["id"] == flight
