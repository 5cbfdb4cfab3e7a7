# SPDX-License-Identifier: MIT
"""A stranger's five tasks, by visible words and roles alone, with the steps that each takes.

A step is a press, a link that is followed, a seat that is chosen, or a field that is filled in. The limits are what the page
needed when this was written (docs/contributing.md compares them with others'); the seconds leave room for a busy machine.
"""

import time

import pytest

from words import Words

RULE = "604800:0:0,86400:3000:0,0:5000:0"


class Steps(Words):
    """Counts what a person does."""

    def __init__(self, page):
        super().__init__(page)
        self.steps, self.begun = 0, time.monotonic()

    def press(self, *names, **kw):
        self.steps += 1
        super().press(*names, **kw)

    def follow(self, *names, **kw):
        self.steps += 1
        super().follow(*names, **kw)

    def seat(self, number):
        self.steps += 1
        super().seat(number)

    def fill(self, *names, **kw):
        self.steps += 1
        super().fill(*names, **kw)

    def answer(self, button, reason=None):
        self.steps += 1
        super().answer(button, reason)

    def within(self, most, seconds):
        took = time.monotonic() - self.begun
        print(f"{self.steps} steps, {took:.1f} s")
        assert self.steps <= most and took <= seconds, f"{self.steps} steps in {took:.1f} s"


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PASSENGERS="optional", NAME_CHANGE_UNTIL="1h", SEAT_CHANGE_UNTIL="1h", ADMIN_TOKEN="test-admin-token", PAYMENT_TIMEOUT="1s")


@pytest.fixture(scope="module")
def route(stack):
    return stack.new_place("Old Pier", "Altstadt"), stack.new_place("Far Quay", "Fernstadt")


@pytest.fixture
def flight(stack, route):
    """The only one of its route."""
    a, b = route
    stack.query("UPDATE flights SET status = 'CLOSED' WHERE origin = %s", a)
    return stack.new_flight(rows=6, layout="ABC DEF", row_first=True, origin=a, destination=b, refund_rule=RULE, departs_in=60 * 3600)


@pytest.fixture
def booked(stack, api, flight):
    order = api.post("/api/orders", {"flightId": flight, "userId": "ada", "seats": ["2A", "2B"], "contact": {"email": "ada@example.org"},
                                     "passengers": [{"givenName": "Ada", "familyName": "Lovelace"}, {"givenName": "Bob", "familyName": "Boole"}]}).ok(201)
    api.pay(order).ok()
    return stack.wait_status(order, "CONFIRMED")


def found(steps, order):
    steps.follow("My bookings")
    steps.fill("Booking reference", order["locator"])
    steps.fill("Family name or e-mail address", "lovelace")
    steps.press("Find my booking")
    steps.see("You are booked")


def test_book_two_together_by_the_window(page, flight, route, api):
    page.open("/")
    page.until(lambda: page.find("#search"), "the search")
    steps = Steps(page)
    steps.fill("From", "altstadt")
    steps.fill("To", "fernstadt")
    steps.press("Search")
    steps.follow(f"{route[0]} to {route[1]}")
    steps.fill("Your name or user ID", "Ada Lovelace")
    steps.fill("Preferably", "by the window")
    steps.press("Reserve the best seats")
    steps.press("Go on without names")
    steps.fill("Payment code", "99999")
    steps.press("Pay $258.00")
    steps.see("You are booked")
    steps.within(10, 15)
    taken = sorted(seat for seat, status in api.seats(flight).items() if status == "BOOKED")
    assert len({seat[:-1] for seat in taken}) == 1 and {seat[-1] for seat in taken} in ({"A", "B"}, {"E", "F"})


def test_find_it_again_next_week(other, booked):
    """On another computer, with what stands on the ticket."""
    other.open("/")
    steps = Steps(other)
    found(steps, booked)
    steps.see("2A 2B")
    steps.within(4, 10)


def test_change_a_seat(page, booked, api):
    page.open("/")
    steps = Steps(page)
    found(steps, booked)
    steps.press("Change seats")
    steps.seat("2B")
    steps.seat("3A")
    steps.press("Change to 2A and 3A")
    steps.see("Done. You have other seats.")
    steps.within(8, 12)
    assert api.seats(booked["flightId"])["3A"] == "BOOKED"


def test_cancel(page, booked, api):
    page.open("/")
    steps = Steps(page)
    found(steps, booked)
    steps.press("Cancel seats or all of it")
    steps.press("Cancel the booking and get $180.60 back")
    steps.see("Booking cancelled")
    steps.within(6, 12)
    assert api.seats(booked["flightId"])["2A"] == "AVAILABLE"


def test_an_operator_refunds_a_customer_by_name(page, stack, booked):
    token = stack.admin().post("/api/admin/staff", {"name": "Otto of the desk", "role": "operator"}).ok(201)["token"]
    page.open("/ops?orders")
    steps = Steps(page)
    steps.fill("Token", token)
    steps.press("Open the console")
    steps.fill("Search", "lovelace")
    steps.press("Find")
    # A family may have several bookings: this is the newest.
    newest = "return document.querySelector('#orders tbody a')?.innerText"
    page.until(lambda: page.js(newest) and booked["orderId"] in page.js("return document.querySelector('#orders tbody a').href"), "the order")
    steps.follow(page.js(newest))
    steps.fill("Give back, in USD", "50")
    steps.press("Give back")
    steps.answer("Give it back", "the seat was wet")
    steps.see("$50.00 is on its way back.")
    steps.within(9, 15)
