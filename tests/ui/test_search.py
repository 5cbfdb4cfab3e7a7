# SPDX-License-Identifier: MIT
"""The search: by city and name, the cheapest days, by day, by time or price; all of it in the address."""

import pytest

from words import Words

SHIFTS = """window.shifted = 0; new PerformanceObserver(list => { for (const each of list.getEntries())
    if (!each.hadRecentInput) window.shifted += each.value }).observe({type: 'layout-shift', buffered: true})"""


@pytest.fixture(scope="module")
def stack(default_stack):
    return default_stack


@pytest.fixture
def words(page):
    return Words(page)


@pytest.fixture
def route(stack):
    """Two places, and flights between them: on the 5th at two prices, on the 6th, and on the 7th without a seat."""
    a = stack.new_place("Łódź Old Pier", "Łódź an der Test")
    b = stack.new_place("Far Quay", "Fernstadt")
    for day, hour, price in ((5, "08:00", 20000), (5, "12:00", 15000), (6, "09:00", 9900), (7, "09:00", 5000)):
        flight = stack.new_flight(rows=1 if day == 7 else 10, layout="A", origin=a, destination=b, price_cents=price, flight_number=f"R{day}{hour[:2]}")
        stack.query("UPDATE flights SET departure_time = %s WHERE flight_id = %s", f"2037-05-0{day} {hour}:00", flight)
        if day == 7:
            stack.api().hold(flight, "A1")
    return a, b


def shown(page):
    """The days, each with the numbers of its flights."""
    return page.js("""const days = [];
        for (const item of document.querySelectorAll('#flight-list > li')) {
            if (item.matches('.day')) days.push([item.innerText]);
            else if (item.matches('.flight')) days.at(-1).push(item.querySelector('.cities').innerText.split(' ')[0]);
        }
        return days""")


def test_by_city_and_by_day(page, words, route):
    page.before_load(SHIFTS)
    page.open("/")
    words.fill("From", "lodz an der test")
    words.fill("To", "far quay")
    words.press("Search")
    days = [["Tue, 5 May 2037", "R508", "R512"], ["Wed, 6 May 2037", "R609"], ["Thu, 7 May 2037", "R709"]]
    page.until(lambda: shown(page) == days, "the days")
    words.see("Łódź an der Test – Fernstadt")
    page.accessible("flights by day")
    words.fill("Sort by", "Price")
    page.until(lambda: shown(page)[0] == ["Tue, 5 May 2037", "R512", "R508"], "the cheaper first")
    assert "sort=price" in page.driver.current_url
    page.reload()
    page.until(lambda: shown(page) and shown(page)[0] == ["Tue, 5 May 2037", "R512", "R508"], "after a reload")
    assert words.value("Sort by") == "price" and words.value("From") == "lodz an der test"
    page.until(lambda: page.find("#days li"), "the days' prices")
    assert page.js("return window.shifted") <= 0.05


def strip(page):
    return page.js("return [...document.querySelectorAll('#days li')].map(e => e.innerText.replace(/\\s+/g, ' ').trim())")


def test_the_cheapest_day(page, words, route):
    a, b = route
    page.open(f"/?origin={a}&destination={b}&date=2037-05-05&sort=price")
    page.until(lambda: strip(page), "the days' prices")
    assert [each.replace(",", "") for each in strip(page)] == [
        "Sat 2 May – no flights", "Sun 3 May – no flights", "Mon 4 May – no flights", "Tue 5 May $150.00",
        "Wed 6 May $99.00 cheapest of these days", "Thu 7 May – no flights", "Fri 8 May – no flights"]
    assert page.value("#days [aria-current=date]", "href").endswith("date=2037-05-05&sort=price")
    page.accessible("the cheapest day")
    page.js("document.querySelector('.cheapest').click()")
    page.until(lambda: shown(page) == [["Wed, 6 May 2037", "R609"]], "that day's flights")
    assert "date=2037-05-06" in page.driver.current_url and words.value("Departure date") == "2037-05-06"
    words.press("Later days")
    page.until(lambda: "10 May" in strip(page)[0], "the next days")
    page.driver.back()
    page.until(lambda: shown(page) and shown(page)[0][0] == "Tue, 5 May 2037", "Back")


def test_places_are_offered(page, route):
    page.open("/")
    offered = "return [...document.querySelectorAll('#origins option')].map(e => [e.value, e.text])"
    page.until(lambda: ["Boston", "Boston Logan International Airport"] in page.js(offered), "a place")
    assert ["New York", "New York"] in page.js(offered) or not any("New York" in text for _, text in page.js(offered)), "a city with several airports"


def test_no_route_has_no_days(page):
    page.open("/?origin=BOS")
    page.flights()
    assert page.text("#days") == ""


@pytest.fixture
def crowd(stack):
    """More places than one answer holds, with codes before those of all others; they go again."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    codes = [f"AA{letter}" for letter in letters] + [f"A{a}{b}" for a in "BCDE" for b in letters]
    stack.query("INSERT INTO places (code, name, city, time_zone, name_key, city_key, updated_at) VALUES "
                + ", ".join(["(%s, 'Crowd', 'Crowd', 'UTC', 'crowd', 'crowd', NOW(3))"] * len(codes)), *codes)
    yield codes
    stack.query(f"DELETE FROM places WHERE code IN ({', '.join(['%s'] * len(codes))})", *codes)


def test_places_beyond_the_first_answer(page, words, route, crowd):
    """Both fields are typed into at once, and the flights are shown by their cities, which are asked for once."""
    offered = "return [...document.querySelectorAll(`#${arguments[0]} option`)].map(e => e.value)"
    page.open("/")
    page.until(lambda: "Crowd" in page.js(offered, "origins"), "the first answer")
    page.js("""for (const [name, text] of [['origin', 'lodz an'], ['destination', 'far q']]) {
        const field = document.querySelector(`#search [name=${name}]`);
        field.value = text;
        field.dispatchEvent(new Event('input', {bubbles: true}));
    }""")
    page.until(lambda: {"lodz+an", "far+q"} <= {text for each in page.asked("q=") for text in each.split("q=")[1:]}, "both questions")
    page.until(lambda: any(each in page.js(offered, "origins") for each in ("Łódź an der Test", route[0]))
               and any(each in page.js(offered, "destinations") for each in ("Fernstadt", route[1])), "both answers")
    page.open(f"/?origin={route[0]}&destination={route[1]}")
    words.see("Łódź an der Test – Fernstadt")
    assert len(page.asked("codes=")) == 1
    page.forget_requests()
    words.press("Search")
    page.until(lambda: page.asked("/api/flights?"), "the search")
    words.see("Łódź an der Test – Fernstadt")
    assert not page.asked("codes=")
    page.accessible("places beyond the first answer")


def test_places_that_nobody_knows_are_asked_for_once(page, stack, crowd):
    flight = stack.new_flight(origin="ZZN", destination="ZZM")
    for _ in range(2):
        page.open("/?origin=ZZN")
        page.until(lambda: page.find(f"#flight-{flight}") and page.asked("codes=ZZM"), "the flight, and the question")
    page.forget_requests()
    page.click(".masthead [data-nav=bookings]")
    page.see("My bookings", "h1")
    page.driver.back()
    page.until(lambda: page.find(f"#flight-{flight}") and page.asked("/api/places"), "the list again")
    assert not page.asked("codes=")
