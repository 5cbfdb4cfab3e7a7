# SPDX-License-Identifier: MIT
"""The list of flights: what is on sale, by place, by seats; and its counts, which a sweeper keeps."""

import itertools
import time
import uuid

import pytest

from stack import wait_for
from test_cabin import classes
from test_flights import code


@pytest.fixture
def origin():
    return code()


def listed(stack, query):
    return stack.api().get(f"/api/flights?{query}").ok()["flights"]


def ids(stack, query):
    return [flight["id"] for flight in listed(stack, query)]


def kept(stack, flight):
    """The counts that are kept of a flight, as (class, features, total, free)."""
    rows = stack.query("SELECT cabin_class, features, total, free FROM flight_counts WHERE flight_id = %s", flight)
    return {(row["cabin_class"], row["features"], row["total"], row["free"]) for row in rows}


def counted(stack, flight):
    wait_for(lambda: kept(stack, flight), 40, "the flight to be counted")


@pytest.mark.parametrize("columns, is_on_sale", [
    ({}, True), ({"status": "CLOSED"}, False), ({"status": "CANCELLED"}, False), ({"status": "DRAFT"}, False),
    ({"sales_opens_s": 31 * 86400}, True), ({"sales_opens_s": 29 * 86400}, False),
    ({"sales_closes_s": 29 * 86400}, True), ({"sales_closes_s": 31 * 86400}, False)])
def test_only_what_is_on_sale_now(default_stack, origin, columns, is_on_sale):
    flight = default_stack.new_flight(origin=origin, **columns)
    assert ids(default_stack, f"origin={origin}") == [flight] * is_on_sale
    assert ids(default_stack, f"origin={origin}&destination=QQB") == [flight] * is_on_sale
    order = default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["A1"]})
    assert (order.status == 201) == is_on_sale, "the list has what can be held, and nothing else"
    if order.status == 201:
        default_stack.api().cancel(order.json)


def test_a_place_goes_by_code_name_or_city(default_stack, origin):
    other, city = code(), f"Sankt {uuid.uuid4().hex} Pölten"
    for place, name in ((origin, f"Flughafen Łódź {origin}"), (other, f"Old Pier {other}")):
        default_stack.query("INSERT INTO places (code, name, city, time_zone, name_key, city_key, updated_at) VALUES"
                            " (%s, %s, %s, 'UTC', %s, %s, UTC_TIMESTAMP(3))", place, name, city,
                            f"flughafenlodz{place.lower()}" if place == origin else f"oldpier{place.lower()}",
                            city.lower().replace(" ", "").replace("ö", "o"))
    a = default_stack.new_flight(origin=origin, departs_in=86400)
    b = default_stack.new_flight(origin=other, departs_in=2 * 86400)
    assert ids(default_stack, f"origin={origin.lower()}") == [a]
    assert ids(default_stack, f"origin=flughafen%20lodz%20{origin}") == [a]
    assert ids(default_stack, f"origin=OLD%20PIER%20{other}") == [b]
    assert ids(default_stack, "origin=" + city.replace(" ", "%20").replace("ö", "o")) == [a, b]
    assert default_stack.api().get("/api/flights?destination=Nowhere").refused(400, "INVALID_REQUEST")["field"] == "destination"


def test_the_day_is_the_one_that_was_said(default_stack, origin):
    flight = default_stack.new_flight(origin=origin, departs_in=86400)
    default_stack.query("UPDATE flights SET departure_time = '2037-01-16 06:00:00' WHERE flight_id = %s", flight)
    default_stack.query("UPDATE flights SET departure_day = '2037-01-15' WHERE flight_id = %s", flight)
    assert ids(default_stack, f"origin={origin}&date=2037-01-15") == [flight]
    assert ids(default_stack, f"origin={origin}&date=2037-01-16") == []


def test_prices_and_classes(default_stack, origin):
    flight = classes(default_stack, origin=origin, arrival_time="2037-01-01 10:00:00")
    (shown,) = listed(default_stack, f"origin={origin}")
    assert shown["classes"] == [{"class": "economy", "priceCents": 12900, "available": 24},
                                {"class": "business", "priceCents": 39900, "available": 8}]
    assert (shown["lowestPriceCents"], shown["arrivalTime"], shown["status"]) == (12900, "2037-01-01T10:00:00.000Z", "ON_SALE")
    # Only seats with a surcharge are left in economy.
    default_stack.api().hold(flight, "3B", "3C", "3D", "3E", "5B", "5C", "5D", "5E")
    default_stack.api().hold(flight, "6B", "6C", "6D", "6E")
    one = default_stack.api().get(f"/api/flights/{flight}").ok()
    assert one["lowestPriceCents"] == 13400 and one["availableSeats"] == 20
    wait_for(lambda: listed(default_stack, f"origin={origin}")[0]["lowestPriceCents"] == 13400, 3, "the new price in the list")


def test_nothing_is_free(default_stack, origin):
    flight = default_stack.new_flight(rows=1, layout="A", origin=origin)
    default_stack.api().hold(flight, "A1")
    shown = default_stack.api().get(f"/api/flights/{flight}").ok()
    assert (shown["availableSeats"], shown["lowestPriceCents"]) == (0, None)


def test_enough_seats(default_stack, origin):
    small = default_stack.new_flight(rows=1, layout="ABC", origin=origin, departs_in=86400)
    mixed = classes(default_stack, origin=origin, departs_in=2 * 86400)
    assert ids(default_stack, f"origin={origin}&passengers=3") == [small, mixed]
    assert ids(default_stack, f"origin={origin}&passengers=4") == [mixed]
    assert ids(default_stack, f"origin={origin}&class=business") == [mixed]
    assert ids(default_stack, f"origin={origin}&class=business&passengers=8") == [mixed]
    assert ids(default_stack, f"origin={origin}&class=business&passengers=9") == []
    assert ids(default_stack, f"origin={origin}&class=first") == []
    for query, field in (("passengers=0", "passengers"), ("passengers=many", "passengers"), ("class=First", "class")):
        assert default_stack.api().get(f"/api/flights?{query}").refused(400, "INVALID_REQUEST")["field"] == field


def test_a_search_that_few_match_is_paged(default_stack, origin):
    flights = [default_stack.new_flight(rows=1, layout="A" if n % 3 else "AB", origin=origin, departs_in=86400 * (n + 1)) for n in range(12)]
    pages = list(itertools.islice(default_stack.api().pages(f"/api/flights?origin={origin}&passengers=2&limit=2", "flights"), 21))
    assert len(pages) <= 20 and all(len(page) <= 2 for page in pages)
    assert [flight["id"] for page in pages for flight in page] == flights[::3]


# -- counts ---------------------------------------------------------------------------------------

def test_a_sweeper_keeps_the_counts(default_stack, origin):
    flight = default_stack.new_flight(rows=2, layout="ABC", origin=origin)
    counted(default_stack, flight)
    assert kept(default_stack, flight) == {("economy", "", 6, 6)}
    order = default_stack.api().hold(flight, "A1", "B1")
    wait_for(lambda: kept(default_stack, flight) == {("economy", "", 6, 4)}, 20, "the hold to be counted")
    default_stack.api().change(order, "A1").ok()
    wait_for(lambda: kept(default_stack, flight) == {("economy", "", 6, 5)}, 20, "the change to be counted")
    default_stack.api().cancel(order).ok()
    wait_for(lambda: kept(default_stack, flight) == {("economy", "", 6, 6)}, 20, "the end to be counted")


def test_a_list_is_never_more_than_two_seconds_old(default_stack, origin):
    flight = default_stack.new_flight(rows=5, layout="ABCDEF", origin=origin, row_first=True)
    counted(default_stack, flight)
    for row in range(1, 6):
        default_stack.api().hold(flight, f"{row}A", f"{row}B")
        wait_for(lambda row=row: listed(default_stack, f"origin={origin}")[0]["availableSeats"] == 30 - 2 * row, 2.5, "the list to follow")


def test_what_is_kept_is_what_is_read(default_stack, origin):
    """While nothing changes, the list reads what is kept, which a wrong figure shows."""
    flight = default_stack.new_flight(rows=2, layout="ABC", origin=origin)
    counted(default_stack, flight)
    default_stack.query("UPDATE flight_counts SET free = 2 WHERE flight_id = %s", flight)
    wait_for(lambda: listed(default_stack, f"origin={origin}")[0]["availableSeats"] == 2, 10, "the list to read it")
    # Whoever changes seats other than by an order says so, and it is counted again.
    default_stack.query("INSERT INTO flight_counts (flight_id, cabin_class, features, total, free, counted_at)"
                        " VALUES (%s, '', '', 0, 0, UTC_TIMESTAMP(3))", flight)
    assert listed(default_stack, f"origin={origin}")[0]["availableSeats"] == 6
    assert default_stack.api().get(f"/api/flights/{flight}").ok()["availableSeats"] == 6


def test_a_block_is_listed_at_once(default_stack, origin):
    flight = default_stack.new_flight(rows=2, layout="ABC", origin=origin)
    counted(default_stack, flight)
    default_stack.admin().post(f"/api/admin/flights/{flight}/blocks", {"seats": ["A1", "B1"], "reason": "crew"}).ok()
    assert listed(default_stack, f"origin={origin}")[0]["availableSeats"] == 4
    default_stack.admin().post(f"/api/admin/flights/{flight}/unblocks", {"seats": ["A1"], "reason": "no crew"}).ok()
    assert listed(default_stack, f"origin={origin}")[0]["availableSeats"] == 5


@pytest.fixture(scope="module")
def new_stack(own_stack):
    """One that nobody has ordered from yet."""
    return own_stack()


def last_pass(stack, flight, seconds_ago, free):
    """As if the last pass had begun so long ago, and had counted this, which may be wrong: so it shows whether it is read."""
    stack.query("UPDATE flight_counts SET free = %s WHERE flight_id = %s", free, flight)
    stack.query("UPDATE flight_counts SET event_id = (SELECT COALESCE(MAX(event_id), 0) FROM workflow_events),"
                " counted_at = UTC_TIMESTAMP(3) - INTERVAL %s SECOND WHERE flight_id = ''", seconds_ago)


def test_before_the_first_order_the_list_reads_what_is_kept(new_stack):
    flight = new_stack.new_flight(rows=2, layout="ABC", origin="XQP")
    counted(new_stack, flight)
    assert not new_stack.query("SELECT 1 FROM workflow_events"), "there was an order"
    with new_stack.without("sweeper"):
        assert new_stack.query("SELECT event_id FROM flight_counts WHERE flight_id = ''") == [{"event_id": 0}]
        last_pass(new_stack, flight, 4, free=2)
        assert listed(new_stack, "origin=XQP")[0]["availableSeats"] == 2
        last_pass(new_stack, flight, 9, free=2)
        assert listed(new_stack, "origin=XQP")[0]["availableSeats"] == 6, "no sweeper is there"
        last_pass(new_stack, flight, 9, free=6)


def test_without_a_sweeper_the_list_counts(new_stack):
    flight = new_stack.new_flight(rows=2, layout="ABC", origin="XQQ")
    counted(new_stack, flight)
    with new_stack.without("sweeper"):
        wait_for(lambda: new_stack.query("SELECT counted_at < UTC_TIMESTAMP(3) - INTERVAL 8 SECOND AS old FROM flight_counts WHERE flight_id = ''")[0]["old"],
                 20, "what is kept to be old")
        order = new_stack.api().hold(flight, "A1", "B1")
        assert listed(new_stack, "origin=XQQ")[0]["availableSeats"] == 4
        new_stack.lapse(order)
        assert listed(new_stack, "origin=XQQ")[0]["availableSeats"] == 6
    counted(new_stack, flight)


def test_a_pass_soon_after_a_change_may_have_missed_another(new_stack):
    """An event may have a lower number than the newest, and be committed later. So this pass's figures last two seconds."""
    flight = new_stack.new_flight(rows=2, layout="ABC", origin="XQR")
    counted(new_stack, flight)
    with new_stack.without("sweeper"):
        new_stack.api().hold(flight, "A1", "B1")
        last_pass(new_stack, flight, 4, free=3)
        assert listed(new_stack, "origin=XQR")[0]["availableSeats"] == 4
        new_stack.query("UPDATE workflow_events SET created_at = created_at - INTERVAL 1 MINUTE")
        last_pass(new_stack, flight, 4, free=3)
        assert listed(new_stack, "origin=XQR")[0]["availableSeats"] == 3
        last_pass(new_stack, flight, 9, free=4)


def test_the_look_for_flights_that_are_not_counted_goes_on_past_those_that_are(new_stack):
    """There are 10,000 of them, which is twenty looks, and it does not rest after each."""
    digits = "(" + " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10)) + ")"
    new_stack.query("INSERT INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,"
                    " price_cents, currency) SELECT CONCAT('many-', a.n, b.n, c.n, d.n), 'TST1', 'QQA', 'QQB',"
                    f" UTC_TIMESTAMP(3) + INTERVAL 30 DAY, 1, 'A', 100, 'USD' FROM {digits} a, {digits} b, {digits} c, {digits} d")
    new_stack.query("INSERT INTO flight_counts (flight_id, cabin_class, features, total, free, counted_at)"
                    " SELECT flight_id, 'economy', '', 1, 1, UTC_TIMESTAMP(3) FROM flights WHERE flight_id LIKE 'many-%%'"
                    " ON DUPLICATE KEY UPDATE total = 1")
    last = new_stack.new_flight(departs_in=60 * 86400)
    wait_for(lambda: kept(new_stack, last), 12, "the last flight to be counted")


def test_what_happens_while_passes_fail_is_counted(new_stack):
    """A pass waits in vain for the counts of a flight that an operator is changing; however often, no event is skipped."""
    locked, other = (new_stack.new_flight(rows=1, layout="AB") for _ in range(2))
    for flight in (locked, other):
        counted(new_stack, flight)
    with new_stack.db() as session:
        session.begin()
        session.cursor().execute("SELECT 1 FROM flight_counts WHERE flight_id = %s FOR UPDATE", (locked,))
        for flight in (locked, other):
            new_stack.api().hold(flight, "A1")
        time.sleep(13)
        assert kept(new_stack, other) == {("economy", "", 2, 2)}
        session.rollback()
    for flight in (locked, other):
        wait_for(lambda flight=flight: kept(new_stack, flight) == {("economy", "", 2, 1)}, 30, "the hold to be counted")


def test_many_events_of_many_flights(default_stack):
    """More events than are read at once, and more flights than are counted at once."""
    flights = [default_stack.new_flight(rows=1, layout="AB") for _ in range(40)]
    for flight in flights:
        default_stack.api().hold(flight, "A1")
    places = ", ".join(["%s"] * len(flights))
    free = f"SELECT COUNT(*) AS n FROM flight_counts WHERE flight_id IN ({places}) AND free = 1"
    wait_for(lambda: default_stack.query(free, *flights)[0]["n"] == 40, 40, "the holds to be counted")
    last = "SELECT MAX(event_id) AS n FROM workflow_events WHERE type = 'MANY'"
    looked_at = "SELECT event_id AS n FROM flight_counts WHERE flight_id = ''"
    default_stack.query(f"UPDATE flight_counts SET free = 7 WHERE flight_id IN ({places})", *flights)
    digits = "(SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5)"
    default_stack.query(f"INSERT INTO workflow_events (order_id, type, created_at) SELECT order_id, 'MANY', UTC_TIMESTAMP(3)"
                        f" FROM orders, {digits} a, {digits} b WHERE flight_id IN ({places}) ORDER BY flight_id", *flights)
    wait_for(lambda: default_stack.query(looked_at)[0]["n"] >= default_stack.query(last)[0]["n"], 40, "the pass to end")
    assert default_stack.query(free, *flights)[0]["n"] == 40, "the sweeper says that all are counted"
    default_stack.query("DELETE FROM workflow_events WHERE type = 'MANY'")


def test_a_late_commit_is_counted(default_stack, origin):
    """An event gets its number before its transaction commits, and may appear below others that have been read."""
    flight, other = default_stack.new_flight(rows=1, layout="AB", origin=origin), default_stack.new_flight()
    counted(default_stack, flight)
    order = default_stack.api().hold(flight, "A1")
    wait_for(lambda: kept(default_stack, flight) == {("economy", "", 2, 1)}, 20, "the hold to be counted")
    with default_stack.db() as session:
        session.begin()
        cursor = session.cursor()
        cursor.execute("INSERT INTO workflow_events (order_id, type, created_at) VALUES (%s, 'LATE', UTC_TIMESTAMP(3))", (order["orderId"],))
        late = cursor.lastrowid
        default_stack.query("UPDATE flight_counts SET free = 7 WHERE flight_id = %s", flight)
        default_stack.api().hold(other, "A1")
        wait_for(lambda: default_stack.query("SELECT event_id FROM flight_counts WHERE flight_id = ''")[0]["event_id"] > late, 20, "later events to be read")
        assert kept(default_stack, flight) == {("economy", "", 2, 7)}
        session.commit()
    wait_for(lambda: kept(default_stack, flight) == {("economy", "", 2, 1)}, 20, "the late event to be counted")
    default_stack.query("DELETE FROM workflow_events WHERE event_id = %s", late)


# -- the cheapest of each day ---------------------------------------------------------------------

def days(stack, query):
    return [(day["date"], day["lowestPriceCents"], day["currency"], day["flights"]) for day in stack.api().get(f"/api/prices?{query}").ok()["days"]]


def on_day(stack, flight, day, moment="12:00:00"):
    stack.query("UPDATE flights SET departure_time = %s WHERE flight_id = %s", f"{day} {moment}", flight)
    return flight


def test_the_lowest_price_of_each_day(default_stack, origin):
    there = f"origin={origin}&destination=QQB&from=2037-01-01"
    on_day(default_stack, default_stack.new_flight(origin=origin, price_cents=9900), "2037-01-02")
    on_day(default_stack, default_stack.new_flight(origin=origin, price_cents=8800), "2037-01-02")
    full = on_day(default_stack, default_stack.new_flight(rows=1, layout="A", origin=origin, price_cents=100), "2037-01-02")
    on_day(default_stack, default_stack.new_flight(origin=origin, price_cents=100, status="CLOSED"), "2037-01-02")
    on_day(default_stack, default_stack.new_flight(origin=origin, price_cents=100, destination="QQA"), "2037-01-02")
    on_day(default_stack, default_stack.new_flight(origin=origin, currency="JPY"), "2037-01-04")
    on_day(default_stack, default_stack.new_flight(origin=origin), "2037-01-04")
    on_day(default_stack, default_stack.new_flight(origin=origin), "2037-01-08")
    default_stack.api().hold(full, "A1")
    assert days(default_stack, there) == [("2037-01-02", 8800, "USD", 2), ("2037-01-04", 12900, "JPY", 1), ("2037-01-04", 12900, "USD", 1)]
    assert days(default_stack, there + "&days=8")[-1] == ("2037-01-08", 12900, "USD", 1)
    assert days(default_stack, there + "&passengers=31") == []


def test_the_day_of_a_price_is_the_origins(default_stack, origin):
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "UTC"):
        flight = on_day(default_stack, default_stack.new_flight(origin=origin, origin_time_zone=zone), "2037-03-15", "11:30:00")
        if zone == "UTC":
            default_stack.query("UPDATE flights SET departure_day = '2037-03-17' WHERE flight_id = %s", flight)
    seen = days(default_stack, f"origin={origin}&destination=QQB&from=2037-03-14&days=3")
    assert seen == [("2037-03-15", 12900, "USD", 1), ("2037-03-16", 12900, "USD", 1)]


def test_a_class_has_prices_of_its_own(default_stack, origin):
    flight = on_day(default_stack, classes(default_stack, origin=origin), "2037-01-02")
    there = f"origin={origin}&destination=QQB&from=2037-01-01"
    assert days(default_stack, there + "&class=business") == [("2037-01-02", 39900, "USD", 1)]
    assert days(default_stack, there) == [("2037-01-02", 12900, "USD", 1)] and days(default_stack, there + "&class=first") == []
    # Only seats with a surcharge are left in economy.
    for seats in (("3B", "3C", "3D", "3E", "5B", "5C", "5D", "5E"), ("6B", "6C", "6D", "6E")):
        default_stack.api().hold(flight, *seats)
    wait_for(lambda: days(default_stack, there + "&class=economy") == [("2037-01-02", 13400, "USD", 1)], 3, "the surcharge")


def test_prices_are_those_of_one_route(default_stack):
    for query, field in (("destination=QQB&from=2037-01-01", "origin"), ("origin=QQA&from=2037-01-01", "destination"), ("origin=QQA&destination=QQB", "from"),
                         ("origin=QQA&destination=QQB&from=soon", "from"), ("origin=QQA&destination=QQB&from=2037-01-01&days=32", "days"),
                         ("origin=Nowhere&destination=QQB&from=2037-01-01", "origin")):
        assert default_stack.api().get(f"/api/prices?{query}").refused(400, "INVALID_REQUEST")["field"] == field
