# SPDX-License-Identifier: MIT
"""The way from the list of flights to the ticket, and to every other outcome."""

import contextlib
import re

import pytest

from stack import wait_for


@contextlib.contextmanager
def next_attempt_held_back(stack, order, attempts):
    """After this many attempts, holds the next one back until the block ends, however slow the browser is."""
    def wait_from_now(seconds):
        return stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) + INTERVAL %s SECOND WHERE order_id = %s"
                           " AND kind = 'PAYMENT_ATTEMPT' AND status = 'PENDING' AND attempts = %s", seconds, order["orderId"], attempts)
    wait_for(lambda: wait_from_now(3600), 20, f"attempt {attempts} to fail")
    try:
        yield
    finally:
        wait_from_now(0)


def test_somebody_books_two_seats_and_pays(page, stack):
    page.open("/")
    page.flights()
    page.accessible("flights")
    page.flights(destination="LAX")
    page.see("1 flight", "#flights")
    page.click("#flights h3 a")

    page.see("Choose your seats")
    first, second = page.until(lambda: page.seats("available")[:2], "free seats")
    page.choose(first, second)
    assert page.seats("selected") == [first, second]
    page.see("$498.00", "#panel .total")
    page.click("#reserve-button")
    page.see("Enter your name", "#userId-error")
    page.accessible("a field is missing")
    page.type("#user", "Ann <b>& Co</b>")
    page.click("#reserve-button")

    page.phase("held")
    assert "order=" in page.driver.current_url
    assert 895 <= page.countdown() <= 900
    assert page.seats("mine") == [first, second]
    assert page.js("return document.activeElement.textContent") == "Your seats are held"
    page.click("#demo summary")
    page.see("is approved", "#demo")
    page.accessible("held")

    page.pay("1234")
    page.see("exactly 5 digits", "#paymentCode-error")
    page.accessible("a wrong code")
    page.pay("99999")
    page.phase("confirmed")
    page.spoken("Payment received")
    ticket = page.text(".ticket")
    for part in (page.order()["orderId"], "NYC", "LAX", "FL101", first, second, "$498.00", "Ann <b>& Co</b>", "New York"):
        assert part in ticket
    page.accessible("confirmed")
    assert page.driver.title.startswith("Booked")
    stack.api().delete(f"/api/orders/{page.order()['orderId']}").refused(409, "ORDER_CLOSED")


def test_the_confirmation_prints(page, flight):
    page.reserve(flight, "A1")
    page.pay()
    page.phase("confirmed")
    page.js("window.print = () => { window.printed = true }")
    page.click("#print")
    assert page.js("return window.printed")
    page.cdp("Emulation.setEmulatedMedia", media="print")
    shown = page.js("return [...document.body.querySelectorAll('*')].filter(e => e.checkVisibility()).map(e => e.innerText).join('\\n')")
    assert "A1" in shown and "Print" not in shown and "My bookings" not in shown


def test_a_declined_payment_says_so_and_offers_the_same_seats(page, flight):
    page.reserve(flight, "A1", "A2")
    first = page.order()
    page.pay("00000")
    page.phase("over")
    page.spoken("insufficient funds")
    page.see("Your payment did not go through")
    page.see("All your seats are still free")
    page.accessible("declined")
    page.click("#again-button")
    page.phase("held")
    assert page.order() != first
    assert page.seats("mine") == ["A1", "A2"]


def test_failing_attempts_show_while_they_happen(page, flight, stack):
    page.reserve(flight, "B1")
    page.pay("50300")
    page.phase("paying")
    with next_attempt_held_back(stack, page.order(), 1):
        page.see("Retrying (attempt 2 of 3)", "#payment-message")
        page.accessible("retrying")
        page.spoken("Retrying", "polite")
    with next_attempt_held_back(stack, page.order(), 2):
        page.see("Retrying (attempt 3 of 3)", "#payment-message")
    page.phase("over", 15)
    page.see("Payment validation failed after 3 attempts")


def test_cancelling_asks_first(page, flight, api):
    page.reserve(flight, "A1")
    page.click("#cancel")
    page.until(lambda: page.js("return document.querySelector('#confirm').open"), "the question")
    page.accessible("the question")
    page.click("#confirm button[value=no]")
    assert api.order(page.order())["status"] == "SEATS_RESERVED"
    page.click("#cancel")
    page.click("#confirm-yes")
    page.phase("over")
    page.see("Booking cancelled")
    page.spoken("cancelled")
    page.accessible("cancelled")
    assert api.seats(flight)["A1"] == "AVAILABLE"


def test_a_payment_under_way_can_be_cancelled(page, flight):
    page.reserve(flight, "A1")
    page.pay("50400")
    page.phase("paying")
    page.click("#cancel")
    page.click("#confirm-yes")
    page.phase("over")
    page.see("Booking cancelled")


def test_other_seats_restart_the_clock(page, flight, stack):
    order = page.reserve(flight, "A1", "A2")
    stack.query("UPDATE orders SET expires_at = expires_at - INTERVAL 60 SECOND WHERE order_id = %s", order["orderId"])
    page.reload()
    page.until(lambda: page.countdown() <= 840, "a minute less")
    page.click("#seat-A2")
    page.click("#seat-B5")
    assert [page.seat(seat) for seat in ("A1", "A2", "B5")] == ["mine", "releasing", "selected"]
    page.accessible("changing")
    page.click("#change-button")
    page.until(lambda: page.countdown() >= 895, "the full time")
    page.see("Your time starts again", "#panel")
    assert page.seats("mine") == ["A1", "B5"]
    assert page.js("return document.activeElement.textContent") == "Your seats are held"
    page.click("#seat-C7")
    page.click("#undo-change")
    assert page.seat("C7") == "available" and page.find("#pay")


def test_no_more_seats_than_allowed(page, flight):
    page.open(f"/?flight={flight}")
    page.choose(*[f"{letter}{row}" for row in (1, 2, 3) for letter in "ABC"])
    page.click("#seat-A4")
    page.see("9 seats is the most", "#panel")
    assert page.seat("A4") == "available" and len(page.seats("selected")) == 9


def test_a_hold_that_ran_out(page, flight, api, stack):
    order = page.reserve(flight, "A1", "A2")
    stack.fire_timer(order)
    page.phase("over")
    page.see("Your time ran out")
    page.spoken("expired")
    page.accessible("expired")
    api.hold(flight, "A2")
    page.reload()
    page.see("A1 is still free; A2 no longer")
    page.click("#again-button")
    page.phase("held")
    assert page.seats("mine") == ["A1"]


def test_warnings_come_in_time_and_more_time_is_one_press_away(page, flight, stack):
    order = page.reserve(flight, "A1")

    def leave(seconds):
        stack.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) + INTERVAL %s SECOND, version = version + 1 "
                    "WHERE order_id = %s", seconds, order["orderId"])
    leave(122)
    page.see("Less than 2 minutes left", "#panel")
    page.spoken("2 minutes", "polite")
    page.accessible("two minutes left")
    leave(32)
    page.see("Less than 30 seconds left", "#panel")
    page.spoken("30 seconds")
    page.accessible("half a minute left")
    page.click("#extend-button")
    page.until(lambda: page.countdown() >= 895, "the full time")
    page.see_no("Less than", "#panel")


def test_my_bookings_lists_all_and_reopens_each(page, flight, api):
    user = f"Bo {flight}"
    booked = api.hold(flight, "A1", user=user)
    api.pay(booked)
    open_order = api.hold(flight, "A2", user=user)
    api.cancel(api.hold(flight, "A3", user=user))
    page.open("/?bookings")
    page.type("#bookings-user", user)
    page.click("#whose button")
    page.see("Waiting for payment", "#bookings")
    page.see("Cancelled", "#bookings")
    page.see("Booked", "#bookings")        # changes by itself
    page.see("QQA to QQB", "#bookings")
    page.accessible("my bookings")
    page.click(f"#order-{open_order['orderId']} a")
    page.phase("held")
    assert page.order()["orderId"] == open_order["orderId"]
    page.driver.back()
    page.see("Waiting for payment", "#bookings")
    assert page.js("return document.querySelector('#bookings-user').value") == user


@pytest.mark.parametrize("address, title", [
    ("/?order=00000000-0000-7000-8000-000000000000", "We do not know this booking"),
    ("/?order=%22%3E%3Cscript%3E", "We do not know this booking"),
    ("/?flight=nowhere", "We do not know this flight"),
])
def test_addresses_of_nothing(page, address, title):
    page.expected = {400, 404}
    page.open(address)
    page.see(title)
    page.accessible()


def test_a_search_for_nothing_can_be_undone(page):
    page.open("/")
    page.type("#search input[name=origin]", "ZZZ")
    page.click("#search button")
    page.see("No flights match")
    page.accessible("no flights")
    page.click("#clear-search")
    page.flights()


def test_a_search_that_makes_no_sense_is_explained(page):
    page.expected = {400}
    page.open("/")
    page.type("#search input[name=origin]", "Nowhere")
    page.click("#search button")
    page.see("An airport is three letters")


def test_departures_are_told_in_airport_time_and_in_the_readers(page):
    page.cdp("Emulation.setTimezoneOverride", timezoneId="Asia/Tokyo")
    try:
        page.open("/")
        page.flights(origin="NYC", destination="LAX")
        card = page.text("#flight-fl-101")
        assert re.search(r"\d\d:\d\d New York time", card) and "your time" in card
    finally:
        page.cdp("Emulation.setTimezoneOverride", timezoneId="")
