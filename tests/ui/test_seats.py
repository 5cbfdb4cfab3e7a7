# SPDX-License-Identifier: MIT
"""The cabin: what tells seats apart, filters, what a seat says of itself, seats together, exits, and its size on a phone."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from words import Words

SHIFTS = """window.shifted = 0; new PerformanceObserver(list => { for (const each of list.getEntries())
    if (!each.hadRecentInput) window.shifted += each.value }).observe({type: 'layout-shift', buffered: true})"""


@pytest.fixture
def words(page):
    return Words(page)


def cabin(stack, **more):
    """Two rows of business, A C D F, and four of economy, with an exit row and windows at a price."""
    flight = stack.new_flight(rows=6, layout="ABC DEF", row_first=True, fares="business=39900", surcharges="exit=1500,window=500", **more)
    stack.query("DELETE FROM seats WHERE flight_id = %s AND seat_row < 3 AND seat_column IN ('B', 'E')", flight)
    stack.query("""UPDATE seats SET cabin_class = IF(seat_row < 3, 'business', 'economy'),
                   features = CONCAT_WS(',', IF(seat_column IN ('C', 'D'), 'aisle', NULL), IF(seat_row = 4, 'exit', NULL),
                                        IF(seat_column IN ('A', 'F'), 'window', NULL)) WHERE flight_id = %s""", flight)
    return flight


def opened(page, flight):
    page.open(f"/?flight={flight}")
    page.until(lambda: page.find("#seats [data-seat]"), "the cabin")


def bright(page):
    return page.js("return [...document.querySelectorAll('#seats [data-state=available]')].filter(e => e.dataset.pale !== 'true').map(e => e.dataset.seat)")


def test_seats_are_filtered(page, words, stack):
    opened(page, cabin(stack))
    assert len(bright(page)) == 32
    page.click("#filters summary")
    words.press("exit row")
    assert bright(page) == ["4A", "4B", "4C", "4D", "4E", "4F"]
    words.press("window")
    assert bright(page) == ["4A", "4F"]
    page.spoken("2 free seats fit.", "polite")
    words.see("2 free seats fit.")
    page.accessible("a filter")
    words.press("Show all seats alike")
    words.press("business")
    words.press("$399.00")
    assert bright(page) == ["1C", "1D", "2C", "2D"]
    page.click("#seat-5B")
    assert page.seat("5B") == "selected", "what is pale can still be chosen"


def test_prices_stand_in_the_legend(page, stack, flight):
    opened(page, cabin(stack))
    tiers = page.js("return [...document.querySelectorAll('#tiers li')].map(e => [e.querySelector('.seat').dataset.tier, e.innerText.trim()])")
    assert tiers == [["1", "$129.00"], ["2", "$134.00"], ["3", "$144.00"], ["4", "$149.00"], ["5", "$399.00"], ["6", "$404.00"]]
    assert page.value("#seat-4F", "data-tier") == "4"
    opened(page, flight)
    assert page.find("#tiers").text == "", "one price needs no tiers"


def test_a_seat_says_what_it_is(page, stack):
    opened(page, cabin(stack))
    said = "4F, row 4, window, exit row, economy, $149.00, available"
    ActionChains(page.driver, duration=0).move_to_element(page.find("#seat-4F")).perform()
    page.until(lambda: page.text("#seat-detail") == said, "the pointer")
    page.keys(Keys.ESCAPE)
    assert not page.find("#seat-detail").is_displayed(), "Escape"
    page.js("document.querySelector('#seat-4F').focus()")
    page.until(lambda: page.text("#seat-detail") == said, "the focus")
    page.click("#seat-4F")
    page.until(lambda: page.text("#seat-detail").endswith("selected"), "a tap")
    page.accessible("a seat's detail")
    page.size(360, 740, mobile=True)
    page.until(lambda: not page.find("#seat-detail").is_displayed(), "another width")
    page.fits()


def test_two_together_by_the_window(page, words, stack):
    opened(page, cabin(stack))
    page.type("#user", "Ada")
    words.fill("Preferably", "by the window")
    page.accessible("seats together")
    words.press("Reserve the best seats")
    page.phase("held")
    held = page.js("return [...document.querySelectorAll('#panel .chip')].map(e => e.innerText)")
    rows, columns = zip(*((seat[:-1], seat[-1]) for seat in held[:2]))
    assert rows[0] == rows[1] and set(columns) in ({"A", "B"}, {"E", "F"}) and int(rows[0]) > 2
    assert "price has changed" not in page.text()


def test_the_class_that_is_looked_for(page, words, stack):
    opened(page, cabin(stack))
    page.click("#filters summary")
    words.press("business")
    page.type("#user", "Ada")
    words.fill("How many", "1 seat")
    words.press("Reserve the best seats")
    page.phase("held")
    assert page.text("#panel .chip")[0] in "12"


def test_an_exit_asks_for_its_conditions(page, words, stack):
    flight = cabin(stack)
    opened(page, flight)
    page.type("#user", "Ada")
    page.choose("4B")
    words.see("Seat 4B is at an exit.")
    page.accessible("conditions")
    page.click("#reserve-button")
    assert words.fault("That is so for all who will sit there.") == "Please say so, or choose other seats."
    words.tick("That is so for all who will sit there.")
    page.click("#reserve-button")
    page.phase("held")
    assert "exit" not in page.text("#panel"), "it was said"
    # For another seat it is asked again, and not for one that is no exit.
    page.choose("4C")
    words.see("Seat 4C is at an exit.")
    page.choose("4C", "5C")
    page.see_no("at an exit", "#panel")


def test_an_old_flight_asks_nothing(page, api):
    """FL123 has an exit row, too, but its operator has said nothing about its seats."""
    opened(page, "FL123")
    free = next(seat for seat, status in api.seats("FL123").items() if status == "AVAILABLE" and seat.endswith("5"))
    page.choose(free)
    assert page.until(lambda: page.find("#reserve-button"), "the button") and not page.find("#exit-agreed")


# As the API answers with ORPHAN_RULE=warn.
WARNED = """const ask = window.fetch;
    window.fetch = async (url, options) => {
        const answer = await ask(url, options);
        if (options?.method !== 'POST') return answer;
        const warnings = [{code: 'SINGLE_SEAT_LEFT', message: 'x', seats: ['A3']}];
        return new Response(JSON.stringify({...await answer.json(), warnings}), answer);
    }"""


def test_a_single_seat_left_over_is_told(page, words, flight):
    page.before_load(WARNED)
    page.reserve(flight, "A1")
    words.see("Your choice leaves seat A3 over alone.")


# -- on a phone -------------------------------------------------------------------------------------

WIDE = "fl-900"   # has 450 seats


@pytest.mark.parametrize(("width", "height"), ((390, 844), (360, 740), (844, 390)))
def test_the_seats_begin_on_the_first_screen(page, stack, api, width, height):
    page.before_load(SHIFTS)
    page.size(width, height, mobile=True)
    for flight in (WIDE, "FL123", "fl-101"):
        opened(page, flight)
        top, size = page.js("const box = document.querySelector('#seats [data-seat]').getBoundingClientRect(); return [box.top, box.width]")
        assert top < (0.6 if height > width else 0.9) * height, f"{flight} begins at {top}"
        assert size >= 32, f"{flight}: {size}"
        page.fits()
        assert page.js("return window.shifted") <= 0.05


def test_a_wide_cabin_on_a_narrow_phone_has_an_overview(page, api):
    page.size(320, 640, mobile=True)
    opened(page, WIDE)
    window = "const w = document.querySelector('#cabin-window'); "
    assert page.js(window + "return w.scrollWidth > w.clientWidth") and page.find("#overview").is_displayed()
    page.fits()
    for name in ("zoom-in", "zoom-out", "zoom-out"):
        page.click(f"#{name}")
    assert page.js(window + "return w.scrollWidth <= w.clientWidth + 1"), "all of its width"
    assert page.value("#zoom-out", "aria-disabled") == "true"
    page.accessible("a small cabin")
    page.js("""const box = document.querySelector('#overview').getBoundingClientRect();
        document.querySelector('#overview').dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: box.right - 2, clientY: box.top + 5}))""")
    page.until(lambda: page.js("const box = document.querySelector('#row-50').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight"), "the last row")


def test_450_seats_are_smooth(page, api):
    """What a tap on a seat takes, the layout included; a page that answers within 100 ms feels immediate."""
    page.size(390, 844, mobile=True)
    opened(page, WIDE)
    took = page.js("""const times = [];
        for (const id of ['20A', '20B', '20C', '20A', '20B', '20C']) {
            const begun = performance.now();
            document.querySelector(`#seat-${id}`).click();
            document.body.offsetHeight;
            times.push(performance.now() - begun);
        }
        return Math.min(...times)""")
    assert took < 100, took
