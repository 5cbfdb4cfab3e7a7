# SPDX-License-Identifier: MIT
"""The address holds what is on screen, so that it survives Back, Forward, a reload, and being sent to a friend."""

import re

import pytest

MANY = 53            # more than one part of a list holds

WAYS = ("back", "forward", "reload", "link")


def come_back(way, page, other):
    """Leaves and returns in this way, and returns the tab that then shows what `page` showed."""
    address = page.driver.current_url
    if way == "reload":
        page.reload()
    elif way == "link":
        return other.open(address.removeprefix(other.url))
    else:
        page.click(".masthead [data-nav=bookings]")
        page.see("My bookings", "h1")
        page.driver.back()
        if way == "forward":
            page.driver.forward()
            page.see("My bookings", "h1")
            page.driver.back()
    return page


@pytest.fixture(scope="module")
def crowd(stack):
    """Flights from one airport with a seat held by one traveler on each, and the traveler's name."""
    flights = [stack.new_flight(rows=1, layout="A", origin="QZZ", departs_in=50 * 86400 + place * 60) for place in range(MANY)]
    name = f"Traveler {flights[0]}"
    for flight in flights:
        stack.api().hold(flight, "A1", user=name)
    return flights, name


# -- the search ---------------------------------------------------------------------------------

@pytest.mark.parametrize("way", WAYS)
def test_a_search_is_still_there(page, other, stack, way):
    stack.new_flight(origin="QJA"), stack.new_flight(origin="QJB")
    page.open("/")
    page.flights(origin="QJA")
    page.see_no("QJB", "#flights")
    page = come_back(way, page, other)
    page.see("QJA", "#flights")
    assert page.js("return document.querySelector('#search input[name=origin]').value") == "QJA"
    codes = page.js("return [...document.querySelectorAll('#flights .flight')].map(e => e.innerText)")
    assert codes and all("QJA" in card for card in codes)


def test_back_leads_to_the_search_before(page, stack):
    stack.new_flight(origin="QJA"), stack.new_flight(origin="QJB")
    page.open("/")
    page.flights(origin="QJA")
    page.see_no("QJB", "#flights")
    page.flights(origin="QJB")
    page.see_no("QJA", "#flights")
    page.driver.back()
    page.see("QJA", "#flights")
    page.see_no("QJB", "#flights")
    page.driver.back()
    page.until(lambda: page.js("return document.querySelector('#search input[name=origin]').value") == "", "the empty search")
    page.driver.forward()
    page.see("QJA", "#flights")


def test_blanks_around_an_airport_mean_nothing(page, stack):
    stack.new_flight(origin="QJA")
    page.open("/")
    page.flights(origin=" QJA ")
    page.see("QJA", "#flights")
    assert page.driver.current_url.endswith("/?origin=QJA")


# -- the place in a list ------------------------------------------------------------------------

def listed(page, css):
    return page.js("return document.querySelectorAll(arguments[0]).length", css)


def whereabouts(page):
    return page.js("return [Math.round(scrollY), document.activeElement.closest('[id]')?.id]")


LISTS = {
    "flights": ("/?origin=QZZ", "#flights .flight", "#more-flights button", "flight-"),
    "bookings": ("/?bookings", "#bookings .booked", "#more-orders button", "order-"),
}


def unfold(page, name, css, more, kind, part):
    """Unfolds the list in full, and checks that the first new entry has the focus."""
    page.until(lambda: listed(page, css) == part, "the first part")
    before = set(page.js("return [...document.querySelectorAll(arguments[0])].map(e => e.id)", css))
    page.tab(more, 3 * part + 40)
    page.keys("\n")
    page.until(lambda: listed(page, css) == MANY, "all of it")
    first_new = page.js("return [...document.querySelectorAll(arguments[0])].map(e => e.id).find(id => !arguments[1].includes(id))",
                        css, list(before))
    assert whereabouts(page)[1] == first_new and first_new.startswith(kind)
    assert page.find(more) is None


@pytest.mark.parametrize("name", LISTS)
def test_a_long_list_is_reopened_where_it_was_left(page, other, crowd, name):
    address, css, more, kind = LISTS[name]
    for tab in (page, other):
        tab.open("/?bookings")
        tab.type("#bookings-user", crowd[1])
    page.open(address)
    unfold(page, name, css, more, kind, 50)
    page.accessible("unfolded")
    left = whereabouts(page)
    assert left[0] > 500
    page.keys("\n")
    page.until(lambda: page.find("#booking"), "the entry's own screen")
    page.driver.back()
    page.until(lambda: listed(page, css) == MANY, "the list as long as it was")
    page.until(lambda: whereabouts(page) == left, "the same place")
    page.reload()
    page.until(lambda: listed(page, css) == MANY, "the list as long as it was")
    page.until(lambda: whereabouts(page)[0] == left[0], "the same place")
    other.open(page.driver.current_url.removeprefix(other.url))
    other.until(lambda: listed(other, css) == MANY, "the list as long as it was")


def test_a_long_list_of_orders_in_the_console(page, crowd):
    page.open(f"/ops?orders&userId={crowd[1].replace(' ', '%20')}")
    unfold(page, "orders", "#orders tbody tr", "#more-orders", "order-", 50)
    page.reload()
    page.until(lambda: listed(page, "#orders tbody tr") == MANY, "the list as long as it was")


@pytest.mark.parametrize("nonsense", ["shown=many", "shown=-1", "shown=1e99", "shown=", "seats=A1", "origin=%00", "x"])
def test_an_address_may_hold_nonsense(page, nonsense):
    page.expected = {400}
    page.open(f"/?{nonsense}")
    page.see("Where would you like to go?")


# -- chosen seats -------------------------------------------------------------------------------

@pytest.mark.parametrize("way", WAYS)
def test_chosen_seats_are_still_chosen(page, other, flight, way):
    page.open(f"/?flight={flight}")
    page.choose("A1", "B2", "C3")
    page.click("#seat-C3")
    page = come_back(way, page, other)
    page.until(lambda: page.seats("selected") == ["A1", "B2"], "the same seats")
    page.see("$258.00", "#panel .total")
    page.type("#user", "Ann")
    page.click("#reserve-button")
    page.phase("held")
    assert re.search(r"\?order=[0-9a-f-]{36}$", page.driver.current_url), "held seats are the order's, not the address's"


def test_a_change_that_was_begun_is_still_begun(page, flight):
    page.reserve(flight, "A1", "A2")
    page.click("#seat-A2")
    page.click("#seat-B5")
    page.reload()
    page.until(lambda: page.seats("selected") == ["B5"], "the change")
    assert page.seat("A2") == "releasing"
    page.click("#undo-change")
    page.reload()
    page.phase("held")
    page.until(lambda: page.seats("mine") == ["A1", "A2"], "the held seats")


def test_seats_taken_in_the_meantime_are_named(page, flight, api):
    api.hold(flight, "A1")
    page.open(f"/?flight={flight}&seats=A1,A2")
    page.see("A1 is no longer free", "#panel")
    assert page.seats("selected") == ["A2"]
    page.until(lambda: page.driver.current_url.endswith("&seats=A2"), "the address to follow")


def test_an_address_may_name_invalid_seats(page, flight):
    page.open(f"/?flight={flight}&seats=Z9,%3Cb%3E,A1,,A1,{','.join(f'{letter}{row}' for row in range(2, 6) for letter in 'ABC')}")
    page.see("9 seats is the most", "#panel")
    assert len(page.seats("selected")) == 9


# -- requests -----------------------------------------------------------------------------------

def test_my_bookings_asks_for_the_name_that_was_submitted(page, flight, api):
    name = f"Al {flight}"
    api.hold(flight, "A1", user=name)
    page.open("/?bookings")
    page.type("#bookings-user", name)
    page.click("#whose button")
    page.see("Waiting for payment", "#bookings")
    page.forget_requests()
    page.type("#bookings-user", "Alexandra, who is still ty")
    page.until(lambda: len(page.asked("/api/orders")) >= 2, "two polls", 12)
    assert all("Al+test" in address for address in page.asked("/api/orders"))
    page.see("Waiting for payment", "#bookings")


def test_my_bookings_is_one_request(page, crowd):
    page.open("/?bookings")
    page.type("#bookings-user", crowd[1])
    page.forget_requests()
    page.click("#whose button")
    page.see("QZZ to QQB", "#bookings")
    page.see("TST1, ", "#bookings")
    assert len(page.asked("/api/")) == 1


def test_the_console_asks_for_what_was_submitted(page, flight, api):
    api.hold(flight, "A1", user="Zoe")
    page.open(f"/ops?orders&flightId={flight}")
    page.see("Zoe", "#orders")
    page.forget_requests()
    page.find("#q").send_keys("half a wo")
    page.until(lambda: page.asked("/api/admin/orders"), "a poll", 12)
    assert not [address for address in page.asked("/api/admin/orders") if "half" in address]
    page.see("Zoe", "#orders")
    assert "half" not in page.driver.current_url


def test_the_console_takes_no_address_for_a_path(page):
    page.expected = {400, 404}
    page.open("/ops?order=..%2Fflights%3Flimit=1%23")
    page.see("No such order")
    assert not page.asked("/api/flights")
