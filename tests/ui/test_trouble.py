# SPDX-License-Identifier: MIT
"""When a part is unreachable, the page says so plainly and tries again by itself, and nothing is lost."""

import pytest


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(MAX_OPEN_HOLDS_PER_USER=2)


AWAY = "The booking service is not answering"


def test_payments_wait_for_the_sweeper(page, stack):
    page.reserve(stack.new_flight(), "A1")
    with stack.without("sweeper"):
        page.pay()
        page.phase("paying")
        page.see("Payments are taking longer than usual", "#panel", 20)
        page.accessible("delayed")
        page.reload()
        page.phase("paying")
    page.phase("confirmed", 15)


def test_a_hold_lapses_though_the_sweeper_is_away(page, stack):
    order = page.reserve(stack.new_flight(), "A1")
    with stack.without("sweeper"):
        stack.lapse(order)
        page.see("Your time ran out", seconds=5)


def test_the_database_goes_and_comes_back(page, stack):
    """The database goes away while seats are chosen, while they are reserved, while they are held, and while paying."""
    page.expected = {502, 503, 504}
    flight = stack.new_flight()
    page.open(f"/?flight={flight}")
    page.choose("A1", "B1")
    page.type("#user", "Gus")
    with stack.without("mariadb"):
        page.see(AWAY, "#trouble", 15)
        page.accessible("away")
        assert page.seats("selected") == ["A1", "B1"]
        page.click("#reserve-button")
        page.see("Reserving", "#panel")
    page.phase("held", 30)
    page.see_no(AWAY, "#trouble", 15)
    page.spoken("A1 and B1 are held", "polite")

    with stack.without("mariadb"):
        page.see(AWAY, "#trouble", 15)
        page.pay()
        page.see("Sending", "#panel")
    page.phase("confirmed", 30)
    page.see_no(AWAY, "#trouble", 15)


def test_a_page_opened_while_the_service_is_away(page, stack):
    page.expected = {502, 503, 504}
    with stack.without("mariadb"):
        page.open("/")
        page.see(AWAY, "#trouble", 15)
    page.see("FL123", seconds=20)


def test_offline(page, stack):
    page.expected = {"offline"}
    page.reserve(stack.new_flight(), "A1")
    page.offline()
    page.see("You are offline", "#trouble")
    page.accessible("offline")
    page.pay()
    page.see("Sending", "#panel")
    page.online()
    page.phase("confirmed", 15)
    page.see_no("offline", "#trouble")


def test_too_many_requests(page, stack):
    """After a 429 the page waits as long as Retry-After says, and then continues."""
    page.before_load("""
        const real = window.fetch;
        let refusals = 2;
        window.fetch = (address, options) => options?.method === 'POST' && refusals-- > 0
            ? Promise.resolve(Response.json({error: 'TOO_MANY_REQUESTS', message: 'Too many requests.'},
                                            {status: 429, headers: {'Retry-After': '1'}}))
            : real(address, options)""")
    page.open(f"/?flight={stack.new_flight()}")
    page.choose("A1")
    page.type("#user", "Hal")
    page.click("#reserve-button")
    page.see("Many people are booking right now", "#trouble")
    page.phase("held", 15)
    page.see_no("Many people", "#trouble")


def test_too_many_open_holds_are_no_crowd(page, stack):
    """This limit does not pass by itself, so the page names it and the way out, and does not try again."""
    page.expected = {429}
    flight, name = stack.new_flight(), "Ivy"
    for seat in ("A1", "A2"):
        stack.api().hold(flight, seat, user=name)
    page.open(f"/?flight={flight}")
    page.choose("B1")
    page.type("#user", name)
    page.click("#reserve-button")
    page.see("You hold seats in 2 open orders", "#panel")
    page.spoken("Pay for one, cancel one, or wait.")
    assert page.text("#trouble") == "" and page.text("#reserve-button") == "Reserve 1 seat"
    page.accessible("too many open holds")
    page.click("#notice a")
    page.see("Waiting for payment", "#bookings")
