# SPDX-License-Identifier: MIT
"""A running hold is never out of sight, in any tab of this browser; and its seats are drawn and spoken as the customer's own."""

import re

import pytest

from words import Words


@pytest.fixture
def words(page):
    return Words(page)


def line(page):
    return re.sub(r"\s+", " ", page.text("#holds")).strip()


def test_a_hold_is_on_every_screen(page, words, flight):
    page.reserve(flight, "A1", "A2")
    assert line(page) == "", "its own screen says it already"
    for address in ("/", "/?bookings", "/?find", f"/?flight={flight}", "/?order=00000000-0000-7000-8000-000000000000"):
        page.expected = {404} if "order" in address else set()
        page.open(address)
        page.until(lambda: line(page).startswith("A1 and A2 on TST1 QQA–QQB are held for you."), address)
        left = re.search(r"(\d\d):(\d\d) left", line(page))
        assert 800 < int(left[1]) * 60 + int(left[2]) <= 900
        page.accessible(address)
    page.open("/")
    page.until(lambda: re.match(r"\d\d:\d\d left · Flights", page.driver.title), "the time in the title")
    words.follow("Continue")
    page.phase("held")
    assert line(page) == ""


def test_its_seats_are_own_in_another_tab(page, words, flight, api):
    page.reserve(flight, "A1")
    api.hold(flight, "B1")
    page.driver.switch_to.new_window("tab")
    first, second = page.driver.window_handles
    try:
        page.open(f"/?flight={flight}")
        page.until(lambda: page.seat("A1") == "own" and page.seat("B1") == "reserved", "one's own, and a stranger's")
        assert words.name_of_seat("A1").endswith("yours, in another booking")
        page.click("#seat-A1")
        page.see("A1 is yours already, in another booking.", "#panel")
        page.accessible("own seats")
        # What happens in one tab shows in the other.
        page.driver.switch_to.window(first)
        page.click("#cancel")
        page.click("#confirm-yes")
        page.phase("over")
        page.driver.switch_to.window(second)
        page.until(lambda: line(page) == "", "the line goes")
        page.until(lambda: page.seat("A1") == "available", "the seat is anybody's")
    finally:
        page.driver.switch_to.window(second)
        page.driver.close()
        page.driver.switch_to.window(first)


def test_a_hold_that_ends_elsewhere_leaves_the_line(page, flight, api, stack):
    order = page.reserve(flight, "A1")
    page.open("/?find")
    page.until(lambda: "A1 on TST1" in line(page), "the line")
    api.cancel(order).ok()
    page.reload()
    page.until(lambda: line(page) == "", "the line goes")


def test_a_payment_under_way_is_in_sight_and_then_booked(page, words, flight):
    page.reserve(flight, "A1")
    page.pay("20201")
    page.phase("paying")
    page.open("/")
    page.until(lambda: line(page).startswith("Your payment for A1 on TST1 QQA–QQB is under way."), "the line")
    page.open(f"/?flight={flight}")
    page.until(lambda: page.seat("A1") == "own", "one's own")


@pytest.mark.parametrize("kept", ("{}", "[1]", "nonsense", '[{"orderId": "a", "flightId": "b", "userId": "c", "flight": "d", "seats": [1], "phase": "held", "until": 9e15}]'))
def test_storage_may_hold_anything(page, flight, kept):
    page.open("/")
    page.js("localStorage.setItem('holds', arguments[0])", kept)
    page.open(f"/?flight={flight}")
    page.until(lambda: page.seat("A1") == "available", "the cabin")
    assert line(page) == ""
