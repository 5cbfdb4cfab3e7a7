# SPDX-License-Identifier: MIT
"""Customers who sign in: where they must, and where they may."""

import pytest

from signing_in import Signing


@pytest.fixture(scope="module")
def signing():
    running = Signing()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def nobody_yet(signing, page):
    """The browser keeps cookies for a host, whatever its port."""
    page.cdp("Network.clearBrowserCookies")
    signing.next()
    yield
    page.cdp("Network.clearBrowserCookies")


def sign_in(page, account="ada@example.com", address="/"):
    page.open(f"/sign-in?rd={address}")
    page.see(account, ".masthead .who")


class TestMust:
    """CUSTOMERS=signed-in"""

    @pytest.fixture(scope="class")
    def stack(self, signing, own_stack):
        return own_stack(CUSTOMERS="signed-in", ADMIN_TOKEN="test-admin-token", **signing.settings)

    def test_what_was_chosen_survives_signing_in(self, page, flight, stack):
        page.open(f"/?flight={flight}")
        page.choose("A1", "B2")
        page.see("Sign in to reserve", "#panel")
        assert not page.find("#user") and not page.find("#reserve-button")
        page.accessible("nobody has signed in")
        page.click("#sign-in-button")
        page.see("Signed in as ada@example.com", "#panel")
        assert page.seats("selected") == ["A1", "B2"] and not page.find("#user")
        page.accessible("somebody has signed in")
        page.click("#reserve-button")
        page.phase("held")
        assert stack.row(page.order())["owner"] == "ada@example.com"
        page.pay()
        page.phase("confirmed")
        page.see("ada@example.com", ".ticket")

    def test_my_bookings_are_mine(self, page, flight, signing, stack):
        sign_in(page)
        page.open(f"/?flight={flight}")
        page.choose("A1")
        page.click("#reserve-button")
        page.phase("held")
        order = page.order()
        page.open("/?bookings")
        page.until(lambda: page.find(f"[id='order-{order['orderId']}']"), "the booking")
        assert not page.find("#bookings-user")
        page.accessible("my bookings")
        page.click("#whose .signed-in a")
        page.see("Sign in", "#account")
        page.open("/?bookings")
        page.see("Sign in to see your bookings", "#whose")
        page.accessible("nobody's bookings")
        signing.next("bob@example.com")
        page.click("#sign-in-button")
        page.see("No bookings for bob@example.com")
        page.expected.add(404)
        page.open(f"/?order={order['orderId']}")
        page.see("We do not know this booking")

    @pytest.mark.parametrize("group", ["readers", "desk"])
    def test_staff_are_customers_too(self, page, flight, signing, stack, group):
        account = f"{group}-{flight}@airline.example"
        signing.next(account, group)
        sign_in(page, account)
        page.open(f"/?flight={flight}")
        page.choose("A1")
        page.click("#reserve-button")
        page.phase("held")
        assert stack.row(page.order())["owner"] == account
        page.click("[data-nav=bookings]")
        page.see("Waiting for payment", "#bookings")

    def test_a_booking_is_shown_after_signing_in(self, page, flight, stack):
        page.expected.add(401)
        sign_in(page)
        page.open(f"/?flight={flight}")
        page.choose("A1")
        page.click("#reserve-button")
        page.phase("held")
        order = page.order()
        page.cdp("Network.clearBrowserCookies")
        page.reload()
        page.see("Please sign in")
        page.accessible("sign in first")
        page.click("#sign-in-here")
        page.phase("held")
        assert page.order() == order

    def test_a_session_that_ends_loses_nothing(self, page, flight, signing, stack):
        page.expected.add(401)
        sign_in(page)
        page.open(f"/?flight={flight}")
        page.choose("A1", "A2")
        page.see("Signed in as", "#panel")
        signing.end_sessions()
        page.click("#reserve-button")
        page.see("Your session has ended", "#panel")
        page.spoken("Your session has ended")
        assert page.seats("selected") == ["A1", "A2"]
        page.accessible("the session has ended")
        page.click("#sign-in-button")
        page.see("Signed in as", "#panel")
        assert page.seats("selected") == ["A1", "A2"]
        page.click("#reserve-button")
        page.phase("held")
        page.click("#seat-A2")
        signing.end_sessions()
        page.see("Your session has ended", "#panel")
        page.forget_requests()
        page.until(lambda: len(page.asked("/live/flights")) > 2, "two more looks at the cabin")
        assert not page.asked("/api/orders"), "it goes on asking"
        page.click("#sign-in-again")
        page.see("You now hold A1 and A2", "#panel")
        page.see("Change to A1", "#panel")
        signing.end_sessions()
        page.see("Your session has ended", "#panel")
        page.open("/?bookings")
        page.see("Sign in to see your bookings", "#whose")

    def test_who_signs_in_in_another_tab_is_signed_in_here(self, page, flight, signing, stack):
        page.expected.add(401)
        sign_in(page)
        page.open(f"/?flight={flight}")
        page.choose("A1")
        page.click("#reserve-button")
        page.phase("held")
        signing.end_sessions()
        page.see("Your session has ended", "#panel")
        page.driver.execute_async_script("fetch('/sign-in?rd=/').then(arguments[0])")
        page.js("document.dispatchEvent(new Event('visibilitychange'))")
        page.see("ada@example.com", ".masthead .who")
        page.see_no("Your session has ended", "#panel")
        page.pay()
        page.phase("confirmed")

    @pytest.mark.parametrize("width", [360, 768])
    def test_it_fits_small_screens_and_dark(self, page, stack, signing, width):
        flight = stack.new_flight(rows=12, layout="ABC DEF", row_first=True)
        page.media(scheme="dark")
        page.size(width, 740, mobile=width < 400)
        page.open(f"/?flight={flight}")
        page.choose("1A")
        page.see("Sign in to reserve", "#panel")
        page.fits()
        page.accessible("nobody")
        signing.next("somebody-with-a-long-name@a-department.of-a-large-company.example")
        page.click("#bar-action" if width < 900 else "#sign-in-button")
        page.see("Signed in as somebody", "#panel")
        page.fits()
        page.accessible("somebody")
        page.click("#reserve-button")
        page.phase("held")


class TestMay:
    """CUSTOMERS=open, and one can sign in."""

    @pytest.fixture(scope="class")
    def stack(self, signing, own_stack):
        return own_stack(ADMIN_TOKEN="test-admin-token", **signing.settings)

    def test_nobody_has_to(self, page, flight, stack):
        order = page.reserve(flight, "A1", user="Ann")
        assert page.text("#account") == "Sign in"
        assert stack.row(order)["owner"] is None
        page.accessible("one may sign in")

    def test_whoever_has_is_not_asked_for_a_name(self, page, flight, stack):
        page.open(f"/?flight={flight}")
        page.choose("A1")
        page.click("#sign-in")
        page.see("Signed in as ada@example.com", "#panel")
        page.click("#reserve-button")
        page.phase("held")
        assert stack.row(page.order())["owner"] == "ada@example.com"
        page.click("[data-nav=bookings]")
        page.see("Waiting for payment", "#bookings")
        page.click("#sign-out")
        page.see("Sign in", "#account")


def test_where_one_cannot_nothing_shows(page, flight):
    page.open(f"/?flight={flight}")
    page.choose("A1")
    page.until(lambda: page.asked("/api/me"), "the page to ask who is there")
    assert page.find("#user") and not page.in_sight("#account") and page.text("#account") == ""
