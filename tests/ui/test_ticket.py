# SPDX-License-Identifier: MIT
"""The ticket, and the way back to it for whoever has no account: a reference and a name."""

import pytest

from persons import add_person, name_in
from signing_in import Signing
from words import Words

PLACES = ("QQA", "Bahía Söder <b>", "Bahía", "UTC"), ("QQB", "Ódrift Harbor & Pier", "Ódrift", "UTC")


@pytest.fixture
def named(stack):
    """The ends of the tests' flights have names."""
    for code, name, city, zone in PLACES:
        stack.query("INSERT IGNORE INTO places (code, name, city, time_zone, name_key, city_key, updated_at) VALUES"
                    " (%s, %s, %s, %s, '', '', UTC_TIMESTAMP(3))", code, name, city, zone)
    yield
    for code, *_ in PLACES:
        stack.query("DELETE FROM places WHERE code = %s", code)


def book(page, flight, *seats):
    order = page.reserve(flight, *seats)
    page.pay()
    page.phase("confirmed")
    return order


def test_it_says_all_that_is_needed(page, stack, flight, api, named):
    stack.query("UPDATE flights SET departure_time = '2027-07-01 18:00:00', origin_time_zone = 'America/New_York',"
                " arrival_time = '2027-07-02 02:30:00', destination_time_zone = 'Asia/Tokyo', tax_basis_points = 1900 WHERE flight_id = %s", flight)
    order = book(page, flight, "A1", "A2")
    locator = api.order(order)["locator"]
    page.see(locator, "#locator")
    ticket = page.text(".ticket")
    for part in ("Bahía Söder <b>", "Ódrift Harbor & Pier", "Thu, 1 Jul 2027, 14:00", "New York time", "Fri, 2 Jul 2027, 11:30", "Tokyo time", "A1 A2",
                 "Ann", "$258.00", "Tax, included", "$41.19", order["orderId"]):
        assert part in ticket, part
    image = page.until(lambda: page.find("#ticket-code img"), "the code")
    page.until(lambda: page.js("return arguments[0].naturalWidth > 0", image), "the picture")
    page.accessible("the ticket")
    page.fits()
    page.size(390, 800, mobile=True)
    page.fits()


def test_what_was_paid_for_one_thing_is_said_once(page, flight):
    book(page, flight, "A1")
    assert page.text(".ticket").count("$129.00") == 1 and "Fare" not in page.text(".ticket")


def test_the_code_is_on_paper(page, flight, api):
    order = book(page, flight, "A1")
    page.until(lambda: page.find("#ticket-code img"), "the code")
    page.cdp("Emulation.setEmulatedMedia", media="print")
    assert page.js("return document.querySelector('#ticket-code img').checkVisibility()")
    assert api.order(order)["locator"] in page.text(".ticket") and not page.js("return document.querySelector('#to-calendar').checkVisibility()")


def test_the_flight_goes_into_a_calendar(page, flight, api):
    order = book(page, flight, "A1")
    link = page.js("const link = document.querySelector('#to-calendar'); return [link.href, link.download]")
    assert link == [f"{page.url}/api/orders/{order['orderId']}/ticket.ics", "flight.ics"]
    entry = page.driver.execute_async_script("const done = arguments[1]; fetch(arguments[0]).then(a => a.text()).then(done)", link[0])
    assert api.order(order)["locator"] in entry and entry.startswith("BEGIN:VCALENDAR")


@pytest.fixture
def confirmed(api, stack, flight):
    order = api.hold(flight, "A1", "A2")
    api.pay(order).ok()
    order = stack.wait_status(order, "CONFIRMED")
    add_person(stack, order, "Ødegård", "ada@example.com", kind="CONTACT")
    stack.query("UPDATE persons SET family_key = 'odegard' WHERE order_id = %s", order["orderId"])
    return order


@pytest.mark.parametrize("who", ["odegard", "ada@example.com"])
def test_a_booking_is_found_by_its_reference(page, confirmed, who):
    words, locator = Words(page), confirmed["locator"]
    page.open("/?find")
    page.see("Find your booking", "h1")
    page.accessible("find your booking")
    words.press("Find my booking")
    assert "six letters" in words.fault("Booking reference")
    words.fill("Booking reference", f"{locator[:3].lower()}-{locator[3:].lower()}")
    words.press("Find my booking")
    assert "family name" in words.fault("Family name or e-mail address")
    page.accessible("something is missing")
    words.fill("Family name or e-mail address", who)
    words.press("Find my booking")
    page.phase("confirmed")
    page.see(locator, "#locator")
    assert page.order()["orderId"] == confirmed["orderId"]
    page.until(lambda: page.find("#ticket-code img"), "the code")


def test_what_is_not_found_is_said_and_stays_in_the_fields(page, confirmed):
    words = Words(page)
    page.expected = {404}
    page.open("/?find")
    for reference, who in (("BCDFGH", "odegard"), (confirmed["locator"], "hopper"), ("nonsense", "odegard")):
        words.fill("Booking reference", reference)
        words.fill("Family name or e-mail address", who)
        words.press("Find my booking")
        words.see("There is no such booking")
        assert (words.value("Booking reference"), words.value("Family name or e-mail address")) == (reference, who)
    page.accessible("not found")
    assert page.js("return sessionStorage.getItem('orderKey')") is None


class TestSignedIn:
    """CUSTOMERS=signed-in: the reference is the way in for those without an account."""

    @pytest.fixture(scope="class")
    def stack(self, own_stack):
        signing = Signing()
        yield own_stack(CUSTOMERS="signed-in", ADMIN_TOKEN="test-admin-token", **signing.settings)
        signing.stop()

    @pytest.fixture
    def order(self, stack, page, flight):
        """An agent's, for a customer who has no account."""
        page.cdp("Network.clearBrowserCookies")
        admin = stack.admin()
        order = admin.post(f"/api/flights/{flight}/orders", {"userId": "by telephone", "seats": ["A1"]}).ok(201)
        name_in(stack, order, "Lovelace")
        admin.pay(order).ok()
        page.until(lambda: admin.order(order)["status"] == "CONFIRMED", "the payment")
        return admin.order(order)

    def find(self, page, order):
        words = Words(page)
        words.fill("Booking reference", order["locator"])
        words.fill("Family name or e-mail address", "Lovelace")
        words.press("Find my booking")
        page.phase("confirmed")

    @pytest.mark.parametrize("address", ["/?bookings", "/?order={orderId}"])
    def test_it_opens_this_booking(self, page, order, address):
        page.expected = {401}
        page.open(address.format(**order))
        if "order" in address:
            page.see("Without an account")
            page.accessible("nobody has signed in")
            Words(page).follow("find your booking")
        page.see("Find your booking")
        page.accessible("nobody has signed in")
        self.find(page, order)
        page.until(lambda: page.find("#ticket-code img"), "the code")
        page.reload()
        page.phase("confirmed")
        page.js("URL.createObjectURL = blob => { blob.text().then(text => { window.entry = text }); return '#entry' }")
        page.click("#to-calendar")
        page.until(lambda: order["locator"] in (page.js("return window.entry") or ""), "the calendar entry")

    def test_no_other_booking_and_no_other_tab(self, page, other, order, stack, flight):
        admin = stack.admin()
        others = admin.post(f"/api/flights/{flight}/orders", {"userId": "another", "seats": ["B1"]}).ok(201)
        page.expected = other.expected = {401}
        page.open("/?find")
        self.find(page, order)
        page.open(f"/?order={others['orderId']}")
        page.see("Please sign in")
        other.open(f"/?order={order['orderId']}")
        other.see("Please sign in")

    def test_an_hour_later_it_is_found_again(self, page, order, stack):
        page.expected = {401}
        page.open("/?find")
        self.find(page, order)
        stack.query("UPDATE order_tokens SET expires_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        page.reload()
        page.see("It was an hour ago")
        page.accessible("an hour later")
        page.open("/?find")
        self.find(page, order)
