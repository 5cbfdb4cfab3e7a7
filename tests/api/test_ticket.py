# SPDX-License-Identifier: MIT
"""What a customer takes along of a confirmed order: the QR code of its locator, and its flight for a calendar."""

import re
import time
from datetime import datetime, timezone

import icalendar
import pytest

from fastcgi import Direct
from persons import name_in
from stack import wait_for


def modules(svg):
    """The dark modules of the image, as a set of (x, y) without the quiet zone, and its side."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1]) - 8
    path = re.search(r'<path d="([^"]*)"', svg)[1]
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path)
    assert "".join(f"M{x} {y}h{n}v1h-{n}z" for x, y, n in runs) == path, "the path holds something else, too"
    return {(int(x) + i - 4, int(y) - 4) for x, y, n in runs for i in range(int(n))}, side


LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MASKS = [lambda x, y: (x + y) % 2, lambda x, y: y % 2, lambda x, y: x % 3, lambda x, y: (x + y) % 3, lambda x, y: (y // 2 + x // 3) % 2,
         lambda x, y: x * y % 2 + x * y % 3, lambda x, y: (x * y % 2 + x * y % 3) % 2, lambda x, y: ((x + y) % 2 + x * y % 3) % 2]


def scanned(svg):
    """The text of a code of 21 × 21 modules, read as ISO/IEC 18004 says, but without repairing anything."""
    dark, side = modules(svg)
    assert side == 21
    for corner_x, corner_y in ((0, 0), (14, 0), (0, 14)):
        finder = {(x, y) for x in range(7) for y in range(7) if (corner_x + x, corner_y + y) in dark}
        assert finder == {(x, y) for x in range(7) for y in range(7) if {x, y} & {0, 6} or 2 <= min(x, y) and max(x, y) <= 4}
    mask = MASKS[sum(((8 - 6 + i, 8) in dark) << (2 - i) for i in range(3)) ^ 0b101]
    bits = []
    for pair, right in enumerate((20, 18, 16, 14, 12, 10, 8, 5, 3, 1)):
        for step in range(side):
            y = step if pair % 2 else side - 1 - step
            for x in (right, right - 1):
                is_free = y != 6 and not (y < 9 and (x < 9 or x > 12)) and not (x < 9 and y > 12)
                if is_free:
                    bits.append(((x, y) in dark) != (mask(x, y) == 0))
    number = int("".join("01"[bit] for bit in bits), 2)
    take = lambda begin, count: number >> (len(bits) - begin - count) & (1 << count) - 1     # noqa: E731
    assert (take(0, 4), take(4, 9)) == (2, 6), "not six letters or digits"
    return "".join(LETTERS[take(13 + 11 * i, 11) // 45] + LETTERS[take(13 + 11 * i, 11) % 45] for i in range(3))


@pytest.fixture
def booked(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    api.pay(order).ok()
    stack.wait_status(order, "CONFIRMED")
    return api.order(order)


def ticket(api, order, kind):
    return api.get(f"/api/orders/{order['orderId']}/ticket.{kind}")


def entry(api, order):
    answer = ticket(api, order, "ics")
    assert answer.status == 200, answer
    calendar = icalendar.Calendar.from_ical(answer.body)
    (event,) = calendar.walk("VEVENT")
    return event


def test_the_code_is_the_locator(api, booked):
    answer = ticket(api, booked, "svg")
    assert answer.status == 200 and answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert scanned(answer.body.decode()) == booked["locator"]


def test_the_entry_is_read_by_others(stack, api, booked):
    answer = ticket(api, booked, "ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="flight.ics"'
    assert all(len(line) <= 75 for line in answer.body.split(b"\r\n")), "RFC 5545 folds at 75 octets"
    event = entry(api, booked)
    departure = datetime.fromisoformat(booked["flight"]["departureTime"].replace("Z", "+00:00"))
    assert event["UID"] == booked["orderId"] and event["STATUS"] == "CONFIRMED"
    assert event["DTSTART"].dt == departure.replace(microsecond=0) and event["DTSTAMP"].dt <= datetime.now(timezone.utc)
    assert event["SUMMARY"] == f"Flight {booked['flight']['flightNumber']} to QQB" and event["LOCATION"] == "QQA"
    assert event["DESCRIPTION"] == f"Booking reference {booked['locator']}, seats A1, A2"


def test_places_are_called_what_people_call_them(stack, api):
    here, there = stack.new_place(name="Flughafen Süd, Halle 1; am Wald"), stack.new_place(name="Hafen")
    flight = stack.new_flight()
    stack.query("UPDATE flights SET origin = %s, destination = %s WHERE flight_id = %s", here, there, flight)
    shown = api.get(f"/api/flights/{flight}").ok()
    assert (shown["originName"], shown["destinationName"]) == ("Flughafen Süd, Halle 1; am Wald", "Hafen")
    order = api.hold(flight, "A1")
    api.pay(order).ok()
    stack.wait_status(order, "CONFIRMED")
    event = entry(api, order)
    assert event["LOCATION"] == f"Flughafen Süd, Halle 1; am Wald ({here})" and event["SUMMARY"].endswith(f" to Hafen ({there})")


def test_places_without_a_name(api, flight):
    shown = api.get(f"/api/flights/{flight}").ok()
    assert shown["originName"] is None and shown["destinationName"] is None


def test_a_later_entry_takes_the_place_of_an_earlier_one(stack, api, booked):
    first = entry(api, booked)
    time.sleep(1.1)
    stack.query("UPDATE flights SET departure_time = departure_time + INTERVAL 2 HOUR WHERE flight_id = %s", booked["flightId"])
    later = entry(api, booked)
    assert later["UID"] == first["UID"] and later["SEQUENCE"] > first["SEQUENCE"]
    assert (later["DTSTART"].dt - first["DTSTART"].dt).total_seconds() == 7200


def test_what_is_cancelled_leaves_the_calendar(stack, api, booked):
    stack.admin().post(f"/api/admin/flights/{booked['flightId']}/cancel", {"reason": "snow"}).ok(202)
    stack.wait_status(booked, "CANCELLED")
    assert entry(api, booked)["STATUS"] == "CANCELLED"
    ticket(api, booked, "svg").refused(404, "NOT_FOUND")


@pytest.mark.parametrize("kind", ["svg", "ics"])
def test_what_is_not_confirmed_has_no_ticket(stack, api, flight, kind):
    order = api.hold(flight, "A1")
    assert "not confirmed" in ticket(api, order, kind).refused(404, "NOT_FOUND")["detail"]
    api.pay(order, "00000").ok()
    stack.wait_status(order, "FAILED")
    ticket(api, order, kind).refused(404, "NOT_FOUND")
    ticket(api, {"orderId": "00000000-0000-7000-8000-000000000000"}, kind).refused(404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize("kind", ["svg", "ics"])
def test_whoever_may_see_the_order_may_see_its_ticket(signed_in_stack, kind):
    stack = signed_in_stack
    owner, stranger = (Direct(stack, REMOTE_USER=name) for name in ("ada@example.com", "eve@example.com"))
    order = owner.post("/api/orders", {"flightId": stack.new_flight(), "seats": ["A1"]}).ok(201)
    locator = name_in(stack, order, "Lovelace")
    owner.pay(order).ok()
    wait_for(lambda: owner.order(order)["status"] == "CONFIRMED", 10)
    token = Direct(stack).post("/api/bookings/find", {"locator": locator, "familyName": "Lovelace"}).ok()["token"]
    assert ticket(owner, order, kind).status == 200
    assert ticket(Direct(stack, {"Authorization": f"Bearer {token}"}), order, kind).status == 200
    ticket(stranger, order, kind).refused(404, "ORDER_NOT_FOUND")
    ticket(Direct(stack), order, kind).refused(401, "UNAUTHORIZED")
