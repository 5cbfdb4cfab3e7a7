# SPDX-License-Identifier: MIT
"""Old browsers, odd contents of their storage, pasted codes, sleeping computers, and paper."""

import pytest

SHIFTS = """window.shifts = [];
    new PerformanceObserver(list => window.shifts.push(...list.getEntries().filter(e => !e.hadRecentInput))).observe({type: 'layout-shift', buffered: true})"""


def book(page, flight):
    page.reserve(flight, "A1")
    page.pay()
    page.phase("confirmed")


# -- old browsers -------------------------------------------------------------------------------

# Features newer than the browsers that docs/architecture.md promises to support.
YOUNG = """
    delete AbortSignal.any; delete AbortSignal.timeout; delete Response.json; delete URL.canParse; delete Promise.withResolvers;
    delete Object.groupBy; delete Map.groupBy; delete Array.fromAsync; delete Promise.try; delete window.navigation; delete window.scheduler;
    delete Element.prototype.moveBefore; delete Document.prototype.startViewTransition; delete Element.prototype.checkVisibility;
    for (const name of ['toSorted', 'toReversed', 'toSpliced', 'with', 'findLast']) delete Array.prototype[name];
    for (const name of ['union', 'intersection', 'difference', 'isSubsetOf']) delete Set.prototype[name];
    delete URLSearchParams.prototype.size; delete window.Iterator; delete window.structuredClone;"""


def test_browsers_of_some_years_ago_work(page, flight):
    page.before_load(YOUNG)
    page.open("/")
    page.flights(origin="BOS")
    book(page, flight)
    page.open("/?bookings")
    page.see("Booked", "#bookings")
    page.open(f"/ops?orders&flightId={flight}")
    page.see("Confirmed", "#orders")
    assert page.text("#trouble") == ""


# -- the browser's storage ----------------------------------------------------------------------

FORBIDDEN = """for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError') }})"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"


@pytest.mark.parametrize("script", [FORBIDDEN, FULL], ids=["forbidden", "full"])
def test_without_storage(page, flight, script):
    page.before_load(script)
    book(page, flight)
    page.open("/ops")
    page.see("Expire hold", "#queue")


@pytest.mark.parametrize("kept", [
    {"unanswered": "{"}, {"unanswered": "null"}, {"unanswered": "7"}, {"unanswered": "[]"}, {"unanswered": '{"flightId":"FLIGHT"}'},
    {"unanswered": '{"flightId":"FLIGHT","userId":"x","seats":"A1","key":"k","at":NOW}'},
    {"unanswered": '{"flightId":"FLIGHT","userId":"x","seats":["A2"],"key":"ü","at":NOW}'},
    {"unanswered": '{"flightId":"FLIGHT","userId":{},"seats":["A2"],"key":"k","at":NOW}'},
    {"unanswered": '{"flightId":"FLIGHT","userId":"x","seats":["A2"],"key":"k","at":"soon"}'},
    {"userId": "x" * 5000}, {"userId": "\u0000\u0007"}, {"adminToken": "grün\n"},
], ids=lambda kept: ascii(kept)[:60])
def test_what_others_left_in_the_storage(page, flight, kept):
    page.open(f"/?flight={flight}")
    page.js("""for (const [name, text] of Object.entries(arguments[0]))
        (name === 'userId' ? localStorage : sessionStorage).setItem(name, text.replace('FLIGHT', arguments[1]).replace('NOW', Date.now()))""", kept, flight)
    page.reload()
    page.until(lambda: page.find("#user"), "the form")
    assert len(page.js("return document.querySelector('#user').value")) <= 50
    book(page, flight)
    page.open("/ops")
    page.see("Expire hold", "#queue")


# -- pasted codes -------------------------------------------------------------------------------

MEANT = ("99999", " 99999 ", "99 999", "9-9-9-9-9", "999\n99", "99\u00a0999", "99\u2013999", "９９９９９", "٩٩٩٩٩", "९९९९९", "9\u200b9999\ufeff",
         "\t99999\r\n")
WRONG = ("9999", "999999", "99a99", "nineninenine", "99.999")


def test_a_code_is_read_as_it_was_meant(page, flight):
    page.reserve(flight, "A1")
    for pasted in MEANT:
        page.paste("#code", pasted)
        assert page.js("return document.querySelector('#code').value") == "99999", ascii(pasted)


def test_an_invalid_code_is_named_and_not_changed(page, flight, api):
    page.reserve(flight, "A1")
    for pasted in WRONG:
        page.paste("#code", pasted)
        page.keys("\n")
        page.see("exactly 5 digits", "#paymentCode-error")
        assert page.js("return document.querySelector('#code').value") == pasted
    assert api.order(page.order())["status"] == "SEATS_RESERVED"


def test_a_pasted_code_pays(page, flight):
    page.reserve(flight, "A1")
    page.paste("#code", "９９-9 99\n")
    page.keys("\n")
    page.phase("confirmed")


# -- the keys -----------------------------------------------------------------------------------

@pytest.mark.parametrize("missing", [
    (), ("1A",), ("2A", "2B", "2C"), ("1C", "2C", "3C", "4C"), ("2A", "2C", "2D", "2E", "2F"), ("1B", "1C", "1D", "1E", "3A", "3F", "4B", "4E"),
    ("4A", "4B", "4C", "4D", "4E"), ("3A", "3B", "3C", "3D", "3E", "2F"),
], ids=" ".join)
def test_keys_reach_every_seat(page, stack, missing):
    flight = stack.new_flight(rows=4, layout="ABC DEF", row_first=True)
    for seat in missing:
        stack.query("DELETE FROM seats WHERE flight_id = %s AND seat_number = %s", flight, seat)
    page.open(f"/?flight={flight}")
    page.until(lambda: page.find("#seats .seat"), "the cabin")
    seats, reached = page.js("""
        const seats = [...document.querySelectorAll('#seats [data-seat]')].map(e => e.dataset.seat);
        const start = document.querySelector('#seats [tabindex="0"]').dataset.seat;
        const reached = new Set([start]);
        for (const seat of reached) {
            for (const key of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']) {
                document.getElementById(`seat-${seat}`).focus();
                document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
                reached.add(document.activeElement.dataset.seat);
            }
        }
        return [seats, [...reached]]""")
    assert len(seats) == 24 - len(missing)
    assert sorted(reached) == sorted(seats)


# -- the computer's sleep -----------------------------------------------------------------------

STANDSTILL = """(() => {
    const now = performance.now.bind(performance), RealDate = Date;
    window.sleep = seconds => { window.slept = (window.slept ?? 0) + seconds * 1000 };
    Date.now = (real => () => real() + (window.slept ?? 0))(Date.now);
})()"""


def test_the_clock_is_right_after_a_sleep_that_the_browsers_clock_slept_through(page, stack, flight, api):
    page.before_load(STANDSTILL)
    order = page.reserve(flight, "A1")
    page.until(lambda: page.asked(f"/api/orders/{order['orderId']}"), "a poll")
    # From here on polls are answered 304, because the order's version stays the same.
    stack.query("UPDATE orders SET expires_at = expires_at - INTERVAL 600 SECOND WHERE order_id = %s", order["orderId"])
    assert page.countdown() > 890
    page.js("sleep(600)")
    page.until(lambda: page.countdown() <= 300, "what is left after the sleep", 3)


# -- requests that the customer may no longer want ----------------------------------------------

def ask_offline(page, flight):
    page.expected = {"offline"}
    name = f"Ghost {flight}"
    page.open(f"/?flight={flight}")
    page.choose("A1")
    page.type("#user", name)
    page.offline()
    page.click("#reserve-button")
    page.see("You are offline", "#trouble")
    page.see("Reserving", "#panel")
    return name


def nothing_is_reserved(page, api, flight, name):
    page.until(lambda: page.find("#seats .seat"), "the cabin")
    page.forget_requests()
    page.until(lambda: len(page.requests("/live/")) >= 2, "some seconds")
    assert api.get(f"/api/orders?userId={name.replace(' ', '%20')}").ok()["orders"] == []
    assert page.value("#booking", "data-phase") == "choose"


def test_leaving_the_page_gives_up_a_reservation(page, flight, api):
    name = ask_offline(page, flight)
    page.click("a[data-nav=flights]")
    page.online()
    page.flights()
    page.see_no("offline", "#trouble")
    page.js("history.back()")
    nothing_is_reserved(page, api, flight, name)
    assert page.seats("selected") == ["A1"]
    page.reload()
    nothing_is_reserved(page, api, flight, name)


# Counts every reservation, and answers none.
UNANSWERED = """const real = window.fetch;
    window.fetch = (address, options) => {
        if (options?.method !== 'POST') return real(address, options);
        sessionStorage.asked = Number(sessionStorage.asked || 0) + 1;
        return new Promise(() => {});
    }"""


@pytest.mark.parametrize("age, asked", [(0, 2), (61, 1), (-3600, 1)], ids=["at once", "much later", "with another clock"])
def test_a_reload_asks_again_only_at_once(page, flight, age, asked):
    page.before_load(UNANSWERED)
    page.open(f"/?flight={flight}")
    page.choose("A1")
    page.type("#user", "Ann")
    page.click("#reserve-button")
    page.see("Reserving", "#panel")
    page.js("""addEventListener('pagehide', () => {
        const kept = JSON.parse(sessionStorage.unanswered);
        sessionStorage.unanswered = JSON.stringify({...kept, at: kept.at - arguments[0] * 1000});
    })""".replace("arguments[0]", str(age)))
    page.reload()
    page.until(lambda: page.seats("selected") == ["A1"], "the seats to be chosen still")
    page.forget_requests()
    page.until(lambda: len(page.requests("/live/")) >= 1 or asked == 2, "some time")
    page.until(lambda: page.js("return Number(sessionStorage.asked)") == asked, f"{asked} reservations asked for")


def test_after_a_sleep_the_customer_has_to_ask_again(page, flight, api):
    page.before_load(STANDSTILL)
    name = ask_offline(page, flight)
    page.js("sleep(180)")
    page.online()
    page.see("could not be reached", "#panel")
    nothing_is_reserved(page, api, flight, name)
    page.click("#reserve-button")
    page.phase("held")


# -- layout shifts ------------------------------------------------------------------------------

@pytest.mark.parametrize("width, height", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_the_layout_does_not_shift(page, stack, api, width, height):
    flight = stack.new_flight(rows=30, layout="ABC DEF", row_first=True)
    order = api.hold(flight, "1A", user=f"Calm {flight}")
    page.before_load(SHIFTS)
    page.size(width, height, mobile=width < 500)
    page.open("/")
    page.js("localStorage.setItem('userId', arguments[0])", f"Calm {flight}")
    page.cdp("Network.emulateNetworkConditions", offline=False, latency=150, downloadThroughput=200_000, uploadThroughput=50_000)
    page.cdp("Network.setCacheDisabled", cacheDisabled=True)
    try:
        for address, text in (("/", "per seat"), (f"/?flight={flight}&seats=2A,1A", "Reserve 1 seat"), (f"/?order={order['orderId']}", "left to pay"),
                              ("/?bookings", "Waiting"), ("/ops", "Alive"), (f"/ops?orders&flightId={flight}", "Held"),
                              (f"/ops?order={order['orderId']}", "History"), ("/docs", "Fields"), ("/nothing-at-all", "There is nothing")):
            page.expected = {404}
            page.open(address)
            page.see(text, seconds=20)
            page.until(lambda: page.js("return performance.now() > 1500"), "the rest")
            moved = page.js("return window.shifts.map(e => [e.value, e.sources.map(s => s.node?.outerHTML?.slice(0, 80))])")
            assert sum(value for value, _ in moved) <= 0.05, f"{address}: {moved}"
    finally:
        page.cdp("Network.setCacheDisabled", cacheDisabled=False)
        page.online()


# -- paper --------------------------------------------------------------------------------------

A4 = (718, 1000)        # 210 mm without the margins, at 96 px per inch


def on_paper(page, address, text):
    page.open(address)
    page.see(text)
    page.size(*A4)
    page.cdp("Emulation.setEmulatedMedia", media="print")


def test_tables_print_whole(page, flight, api):
    for _ in range(2):
        api.cancel(api.hold(flight, *[f"{letter}{row}" for letter in "ABC" for row in (8, 9, 10)], user="A person with quite a name, it is")).ok()
    for address, text in ((f"/ops?orders&flightId={flight}", "A person"), ("/ops", "Expire hold")):
        on_paper(page, address, text)
        right, there = page.js("""const ends = [...document.querySelectorAll('table, td, th')].map(e => e.getBoundingClientRect().right);
            return [Math.max(...ends), document.documentElement.clientWidth]""")
        assert right <= there
        assert page.js("return getComputedStyle(document.querySelector('.table-card')).overflowX") == "visible"
        assert not page.js("return [...document.querySelectorAll('form, button')].filter(e => e.checkVisibility()).length")
        page.size(1280, 900)
        page.media()


def test_my_bookings_print_without_the_form(page, flight, api):
    api.hold(flight, "A1", user=f"Pat {flight}")
    page.open("/?bookings")
    page.type("#bookings-user", f"Pat {flight}")
    page.click("#whose button")
    page.see("Waiting", "#bookings")
    page.cdp("Emulation.setEmulatedMedia", media="print")
    assert not page.js("return document.querySelector('#whose').checkVisibility()")
    assert page.js("return document.querySelector('#bookings li').checkVisibility()")


# -- a wrong address ----------------------------------------------------------------------------

def test_a_wrong_address_is_a_page_for_people(page):
    page.expected = {404}
    page.open("/no/such/page")
    page.see("There is nothing at this address")
    page.accessible("a wrong address")
    page.size(360, 740, mobile=True)
    page.fits()
    page.click(".outcome .button")
    page.see("Where would you like to go?")
