# SPDX-License-Identifier: MIT
"""What can be done with a booking that is paid: money back, corrected names. It takes proof."""

import pytest

from words import Words

RULE = "604800:0:0,86400:3000:0,0:5000:0"


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PASSENGERS="optional", NAME_CHANGE_UNTIL="1h", SEAT_CHANGE_UNTIL="1h", ADMIN_TOKEN="test-admin-token")


@pytest.fixture
def words(page):
    return Words(page)


@pytest.fixture
def booked(stack, api, words, page):
    """A booking of two that is open in the page, found by its reference."""
    flight = stack.new_flight(refund_rule=RULE, departs_in=108000)
    order = api.post("/api/orders", {"flightId": flight, "userId": "ada", "seats": ["A1", "A2"], "contact": {"email": "ada@example.org"},
                                     "passengers": [{"givenName": "Ada", "familyName": "Lovelace"}, {"givenName": "Bob", "familyName": "Boole"}]}).ok(201)
    api.pay(order).ok()
    order = stack.wait_status(order, "CONFIRMED")
    find(page, words, order)
    return order


def find(page, words, order):
    page.open("/?find")
    words.fill("Booking reference", order["locator"])
    words.fill("Family name or e-mail address", "Lovelace")
    words.press("Find my booking")
    page.phase("confirmed")


def persons(page):
    return page.js("return [...document.querySelectorAll('.ticket-persons li')].map(li => li.innerText.replace(/\\s+/g, ' ').trim())")


def test_a_quote_comes_first_and_then_the_money(page, words, stack, booked, api):
    words.press("Cancel seats or all of it")
    words.see("You get $180.60 of $258.00 back.")
    page.accessible("the quote")
    words.press("Keep it")
    words.press("Cancel seats or all of it")
    words.press("Cancel the booking and get $180.60 back")
    page.phase("over")
    words.see("$180.60 was sent back.", 15)
    for line in ("Fee for cancelling $77.40", "Given back −$180.60"):
        words.see(line)
    page.accessible("cancelled")
    assert api.seats(booked["flightId"])["A1"] == "AVAILABLE" and not page.find("#again-button")


def test_some_of_the_seats_are_given_up(page, words, stack, booked):
    words.press("Cancel seats or all of it")
    page.click("#give-up-A1")
    words.see("You get $90.30 of $129.00 back.")
    page.click("#give-up-A2")
    words.see("Choose at least one seat.")
    page.click("#give-up-A2")
    words.press("Give up A2 and get $90.30 back")
    words.see("Done. What you get back is on its way.")
    page.until(lambda: persons(page) == ["Ada Lovelace A1"], "one passenger")
    words.see("$90.30 was sent back.", 15)
    assert page.text(".seats-big") == "A1"


def test_a_quote_that_changed_is_said(page, words, stack, booked):
    page.expected = {409}
    words.press("Cancel seats or all of it")
    words.see("You get $180.60 of $258.00 back.")
    stack.query("UPDATE flights SET departure_time = departure_time - INTERVAL 20 HOUR WHERE flight_id = %s", booked["flightId"])
    words.press("Cancel the booking and get $180.60 back")
    words.see("What you get back has changed.")
    words.see("You get $129.00 of $258.00 back.")
    assert stack.row(booked)["status"] == "CONFIRMED"


def test_other_seats_after_the_sale(page, words, stack, booked):
    words.press("Change seats")
    page.until(lambda: page.find("#seats .seat"), "the cabin")
    page.accessible("other seats")
    page.click("#seat-C5")
    words.see("Give up one of your seats first.")
    page.click("#seat-A1")
    words.see("Choose 1 more seat in the cabin.")
    page.click("#seat-B5")
    words.press("Change to A2 and B5")
    words.see("Done. You have other seats.")
    page.until(lambda: persons(page) == ["Ada Lovelace B5", "Bob Boole A2"], "the passengers in their seats")
    words.press("Change seats")
    page.click("#seat-B5")
    words.press("Keep my seats")
    page.phase("confirmed")
    assert page.text(".seats-big") == "B5 A2"


def test_whoever_has_one_seat_changes_it_by_choosing_another(page, words, stack, flight, api):
    order = api.post("/api/orders", {"flightId": flight, "userId": "ada", "seats": ["A1"], "contact": {"email": "ada@example.org"},
                                     "passengers": [{"givenName": "Ada", "familyName": "Lovelace"}]}).ok(201)
    api.pay(order).ok()
    find(page, words, stack.wait_status(order, "CONFIRMED"))
    words.press("Change seats")
    words.see("Choose another seat.")
    page.click("#seat-C5")
    page.click("#seat-B5")
    words.press("Change to B5")
    words.see("Done. You have other seats.")
    assert api.seats(flight)["B5"] == "BOOKED" and api.seats(flight)["A1"] == "AVAILABLE"


def test_a_name_is_corrected(page, words, stack, booked):
    words.press("Correct names")
    page.accessible("correcting")
    assert words.value("Family name", within="Seat A1") == "Lovelace"
    words.fill("Family name", "Byron", within="Seat A1")
    words.press("Keep these names")
    page.until(lambda: persons(page) == ["Ada Byron A1", "Bob Boole A2"], "the other name")


def test_without_proof_one_finds_it_first(page, other, stack, booked):
    other.open(f"/?order={booked['orderId']}")
    other.phase("confirmed")
    other.see("To change or cancel it, find your booking")
    other.accessible("nobody has proved anything")
    assert "Lovelace" not in other.text() and not other.find("#can")
    other.click("#find-first a")
    other.see("Find your booking", "h1")
    assert other.value("#find-locator", "value") == booked["locator"]


def test_where_nothing_can_be_done_nothing_is_offered(page, words, stack, api):
    order = api.post("/api/orders", {"flightId": stack.new_flight(departs_in=1800), "userId": "ada", "seats": ["A1"],
                                     "passengers": [{"familyName": "Lovelace"}]}).ok(201)
    api.pay(order).ok()
    find(page, words, stack.wait_status(order, "CONFIRMED"))
    page.until(lambda: page.find("#ticket-code img"), "the ticket")
    assert not page.find("#can") and not page.find("#find-first")
