# SPDX-License-Identifier: MIT
"""What seats cost by class and feature, when they are for sale, and what an order keeps of both."""

import pytest

FARES = {"fares": "business=39900", "surcharges": "exit=1500,window=500", "tax_basis_points": 1900}


@pytest.fixture
def flight(default_stack):
    """Rows of three, A BC: row 1 is business, row 2 an exit row, A a window."""
    flight = default_stack.new_flight(rows=4, **FARES)
    for column, value, where in (("cabin_class", "business", "seat_row = 1"), ("features", "aisle,window", "seat_column = 'A'"),
                                 ("features", "aisle,exit,window", "seat_column = 'A' AND seat_row = 2"),
                                 ("features", "exit", "seat_column = 'B' AND seat_row = 2")):
        default_stack.query(f"UPDATE seats SET {column} = %s WHERE flight_id = %s AND {where}", value, flight)
    return flight


def hold(stack, flight, *seats):
    return stack.api().post("/api/orders", {"flightId": flight, "seats": seats})


@pytest.mark.parametrize("seat, price, parts", [
    ("C4", 12900, {"FARE economy": 12900}), ("C1", 39900, {"FARE business": 39900}),
    ("A1", 40400, {"FARE business": 39900, "SURCHARGE window": 500}),
    ("A2", 14900, {"FARE economy": 12900, "SURCHARGE exit": 1500, "SURCHARGE window": 500}),
    ("B2", 14400, {"FARE economy": 12900, "SURCHARGE exit": 1500})])
def test_a_seat_costs_its_fare_and_surcharges(default_stack, flight, seat, price, parts):
    order = hold(default_stack, flight, seat).ok(201)
    assert (order["totalPriceCents"], order["seatPrices"]) == (price, [price])
    lines = {f"{line['kind']} {line.get('class') or line.get('feature')}": line["amountCents"]
             for line in order["priceLines"] if "seats" in line}
    assert lines == parts
    tax = [line["amountCents"] for line in order["priceLines"] if line["kind"] == "TAX_INCLUDED"]
    assert tax == [round(price * 19 / 119)]


def test_equal_prices_share_a_line(default_stack, flight):
    order = hold(default_stack, flight, "C4", "B3", "A2").ok(201)
    fares = [line for line in order["priceLines"] if line["kind"] == "FARE"]
    assert fares == [{"kind": "FARE", "class": "economy", "seats": ["C4", "B3", "A2"], "amountCents": 3 * 12900}]
    assert order["totalPriceCents"] == sum(line["amountCents"] for line in order["priceLines"] if "seats" in line)


def test_a_kept_seat_keeps_its_price_and_what_it_is_made_of(default_stack, flight):
    order = hold(default_stack, flight, "A2", "C4").ok(201)
    default_stack.query("UPDATE flights SET price_cents = 20000, surcharges = 'exit=9900' WHERE flight_id = %s", flight)
    changed = default_stack.api().change(order, "A2", "B2").ok()
    assert changed["seatPrices"] == [14900, 29900]
    surcharges = [(line["feature"], line["amountCents"]) for line in changed["priceLines"] if line["kind"] == "SURCHARGE"]
    assert surcharges == [("exit", 1500), ("window", 500), ("exit", 9900)]
    read = default_stack.api().get(f"/api/orders/{order['orderId']}").ok()
    assert read["priceLines"] == changed["priceLines"]


def test_a_flight_of_one_price_has_no_parts(default_stack):
    order = hold(default_stack, default_stack.new_flight(), "A1", "A2").ok(201)
    assert order["priceLines"] == [{"kind": "FARE", "seats": ["A1", "A2"], "amountCents": 25800}]
    assert default_stack.row(order)["price_parts"] is None


@pytest.mark.parametrize("columns, error", [
    ({"status": "CLOSED"}, "FLIGHT_CLOSED"), ({"status": "CANCELLED"}, "FLIGHT_CANCELLED"),
    ({"sales_closes_s": 31 * 86400}, "FLIGHT_CLOSED"), ({"sales_opens_s": 86400}, "FLIGHT_CLOSED")])
def test_no_seat_is_sold_outside_the_sale(default_stack, columns, error):
    hold(default_stack, default_stack.new_flight(**columns), "A1").refused(409, error)


def test_a_draft_is_not_there(default_stack):
    hold(default_stack, default_stack.new_flight(status="DRAFT"), "A1").refused(404, "FLIGHT_NOT_FOUND")


def test_a_hold_made_in_time_may_be_paid_after_sales_have_closed(default_stack):
    order = hold(default_stack, default_stack.new_flight(), "A1", "B1").ok(201)
    default_stack.query("UPDATE flights SET status = 'CLOSED' WHERE flight_id = %s", order["flightId"])
    default_stack.api().change(order, "A1", "C1").refused(409, "FLIGHT_CLOSED")
    default_stack.api().change(order, "B1").ok()
    default_stack.api().pay(order).ok()
    default_stack.wait_status(order, "CONFIRMED")


def test_a_cancelled_flight_is_neither_changed_nor_paid(default_stack):
    order = hold(default_stack, default_stack.new_flight(), "A1").ok(201)
    default_stack.query("UPDATE flights SET status = 'CANCELLED' WHERE flight_id = %s", order["flightId"])
    default_stack.api().change(order, "B1").refused(409, "FLIGHT_CANCELLED")
    default_stack.api().pay(order).refused(409, "FLIGHT_CANCELLED")
    # Only the operator's cancellation ends its orders.
    default_stack.query("UPDATE flights SET status = 'ON_SALE' WHERE flight_id = %s", order["flightId"])


def test_a_blocked_seat_is_not_sold(default_stack):
    flight = default_stack.new_flight()
    default_stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number = 'A1'", flight)
    refused = hold(default_stack, flight, "A1", "A2").refused(409, "SEATS_UNAVAILABLE")
    assert refused["seats"] == ["A1"]
    seats = default_stack.api().get(f"/api/flights/{flight}/seats").ok()["seats"]
    assert {s["seatNumber"]: s["status"] for s in seats}["A1"] == "BLOCKED"


def test_sql_does_not_sell_a_blocked_seat(default_stack):
    flight = default_stack.new_flight()
    order = hold(default_stack, flight, "A2").ok(201)
    default_stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number = 'A1'", flight)
    with pytest.raises(Exception, match="not for sale"):
        default_stack.query("UPDATE seats SET status = 'RESERVED', reserved_by = %s WHERE flight_id = %s AND seat_number = 'A1'",
                            order["orderId"], flight)
    with pytest.raises(Exception, match="not for sale"):
        default_stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number = 'A2'", flight)


def test_sql_moves_a_flights_version(default_stack):
    flight = default_stack.new_flight(departure_said="2026-12-01T07:30[UTC]", departure_day="2026-12-01")
    read = lambda: default_stack.query("SELECT version, departure_said, departure_day FROM flights WHERE flight_id = %s", flight)[0]
    before = read()["version"]
    default_stack.query("UPDATE flights SET price_cents = 1 WHERE flight_id = %s", flight)
    assert read()["version"] == before + 1 and read()["departure_said"]
    default_stack.query("UPDATE flights SET departure_time = departure_time + INTERVAL 1 DAY WHERE flight_id = %s", flight)
    assert (read()["version"], read()["departure_said"], read()["departure_day"]) == (before + 2, "", None)
