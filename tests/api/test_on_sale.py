# SPDX-License-Identifier: MIT
"""The list of flights shows what can still be booked, and its days are those of the airport's calendar."""

import datetime
import zoneinfo

import pytest

from test_flights import code


@pytest.fixture
def origin():
    return code()


def ids(api, query):
    return [flight["id"] for flight in api.get(f"/api/flights?{query}").ok()["flights"]]


def new_flight(stack, origin, departure, zone):
    """Adds a flight that departs at this moment (UTC) from an airport in this time zone."""
    flight = stack.new_flight(rows=1, layout="A", origin=origin)
    stack.query("UPDATE flights SET departure_time = %s, origin_time_zone = %s WHERE flight_id = %s", departure, zone, flight)
    return flight


def test_what_has_left_is_not_on_sale(stack, api, origin):
    gone = stack.new_flight(origin=origin, departs_in=-86400)
    left = stack.new_flight(origin=origin, departs_in=-1)
    leaving = stack.new_flight(origin=origin, departs_in=60)
    assert ids(api, f"origin={origin}") == [leaving]
    for flight in (gone, left):
        day = api.get(f"/api/flights/{flight}").ok()["departureTime"][:10]      # the flight itself can still be read
        assert flight not in ids(api, f"origin={origin}&date={day}")
        assert api.get(f"/api/flights/{flight}/seats").ok()["available"] == 30


@pytest.mark.parametrize("zone, departure, day, others", [
    # 22:00 on the 15th in Los Angeles, 03:02 on the 8th in Tokyo.
    ("America/Los_Angeles", "2037-01-16 06:00:00", "2037-01-15", ["2037-01-14", "2037-01-16"]),
    ("Asia/Tokyo", "2036-12-07 18:02:00", "2036-12-08", ["2036-12-07", "2036-12-09"]),
    # The ends of the day, and of the year.
    ("Pacific/Kiritimati", "2036-12-31 10:00:00", "2037-01-01", ["2036-12-31", "2037-01-02"]),
    ("Etc/GMT+12", "2037-01-01 11:59:59", "2036-12-31", ["2037-01-01", "2036-12-30"]),
    # Both hours that read the same on the airport's clocks.
    ("America/New_York", "2036-11-02 05:30:00", "2036-11-02", ["2036-11-01", "2036-11-03"]),
    ("America/New_York", "2036-11-02 06:30:00", "2036-11-02", ["2036-11-01", "2036-11-03"]),
    ("America/New_York", "2036-11-03 04:59:59", "2036-11-02", ["2036-11-03"]),
    # An unknown zone counts as UTC.
    ("Mars/Olympus", "2036-12-07 18:02:00", "2036-12-07", ["2036-12-06", "2036-12-08"]),
])
def test_a_day_is_the_airports(stack, api, origin, zone, departure, day, others):
    flight = new_flight(stack, origin, departure, zone)
    assert ids(api, f"origin={origin}&date={day}") == [flight]
    assert ids(api, f"date={day}&limit=100").count(flight) == 1
    for other in others:
        assert ids(api, f"origin={origin}&date={other}") == []


def test_a_day_is_paged_without_gap_or_repeat(stack, api, origin):
    """The flights leave in several time zones, whose days begin at different moments, and some leave at one moment."""
    zones = ["Pacific/Kiritimati", "Asia/Tokyo", "Europe/Berlin", "UTC", "America/New_York", "Etc/GMT+12"]
    start, expected = datetime.datetime(2036, 3, 8, 8, tzinfo=datetime.timezone.utc), []
    for n in range(60):
        departure, zone = start + datetime.timedelta(hours=n // 3 * 3), zones[n % len(zones)]
        flight = new_flight(stack, origin, departure.strftime("%F %T"), zone)
        if departure.astimezone(zoneinfo.ZoneInfo(zone)).date() == datetime.date(2036, 3, 9):
            expected.append((departure, flight))
    pages = list(api.pages(f"/api/flights?origin={origin}&date=2036-03-09&limit=4", "flights"))
    assert all(len(page) == 4 for page in pages[:-1])
    seen = [flight["id"] for page in pages for flight in page]
    assert 20 < len(seen) and seen == [flight for _, flight in sorted(expected)]


def test_an_unknown_zone_is_logged_once(stack, api, origin):
    zone = f"Nowhere/{origin}"
    new_flight(stack, origin, "2036-12-07 18:02:00", zone)
    for _ in range(40):
        ids(api, f"origin={origin}&date=2036-12-07")
    lines = [line for line in stack.logs().splitlines() if zone in line]
    assert 1 <= len(lines) <= int(stack.settings["API_WORKERS"]) and "unknown_time_zone" in lines[0]
