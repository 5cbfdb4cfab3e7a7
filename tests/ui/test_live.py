# SPDX-License-Identifier: MIT
"""Changes without the customer: polling, seats lost to others, the clock, and recovery after a reload."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from stack import wait_for

# Makes the wall clock wrong before the page reads it.
WRONG_CLOCK = """(() => {
    const offset = %d, Real = Date;
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + offset) }
        static now() { return Real.now() + offset }
    };
})()"""

HIDE = """Object.defineProperty(document, 'hidden', {configurable: true, value: arguments[0]});
    document.dispatchEvent(new Event('visibilitychange'))"""


def agree(page, api):
    """Checks that the page's countdown agrees with the server, give or take a second."""
    def close():
        left = api.order(page.order())["timerRemaining"]
        return abs(page.countdown() - left) <= 1
    page.until(close, "page and server agree", 2)


def test_a_seat_taken_elsewhere_shows_without_disturbing(page, stack, api):
    flight = stack.new_flight(rows=30, layout="ABC DEF", row_first=True)
    page.open(f"/?flight={flight}")
    page.choose("20A", "20B", "20C")
    page.js("document.querySelector('#seat-20D').focus()")
    before = page.js("return [scrollY, document.activeElement.id]")
    api.hold(flight, "3A", "20B")
    began = time.monotonic()
    page.until(lambda: page.seat("20B") == "lost", "the loss to be marked", 3)
    assert time.monotonic() - began < 2.5
    assert page.seat("3A") == "reserved"
    assert page.seats("selected") == ["20A", "20C"]
    page.spoken("20B has just been taken by somebody else. 20A and 20C are still selected.")
    assert page.js("return [scrollY, document.activeElement.id]") == before
    page.accessible("a seat is lost")


def test_two_browsers_fight_for_one_seat(page, other, flight, api):
    for one, name, seats in ((page, "Ann", ("A1", "B1")), (other, "Bob", ("A1", "C1"))):
        one.expected = {409}
        one.open(f"/?flight={flight}")
        one.choose(*seats)
        one.type("#user", name)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda one: one.js("document.querySelector('#reserve-button').click()"), (page, other)))

    def decided():
        return {page.value("#booking", "data-phase"), other.value("#booking", "data-phase")} == {"held", "choose"}
    page.until(decided, "one to have it, the other not")
    loser = page if page.value("#booking", "data-phase") == "choose" else other
    loser.see("A1 has just been taken by somebody else.", "#panel")
    loser.spoken("A1 has just been taken")
    rest = loser.seats("selected")
    assert len(rest) == 1
    loser.click("#reserve-button")
    loser.phase("held")
    assert loser.seats("mine") == rest


def test_a_change_that_is_refused_leaves_the_old_seats(page, flight, api):
    page.expected = {409}
    page.reserve(flight, "A1", "A2")
    page.js("document.querySelector('#seats').removeAttribute('hx-get')")      # stops this tab's polls of the seats
    page.click("#seat-A2")
    page.click("#seat-B2")
    api.hold(flight, "B2")
    page.click("#change-button")
    page.see("B2 has just been taken", "#panel")
    assert sorted(api.order(page.order())["seats"]) == ["A1", "A2"]


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_wrong_clock_does_not_matter(page, flight, api, minutes):
    page.before_load(WRONG_CLOCK % (minutes * 60000))
    page.reserve(flight, "A1")
    agree(page, api)
    page.reload()
    page.phase("held")
    agree(page, api)


def test_a_hidden_tab_is_silent_and_right_when_it_wakes(page, flight, api):
    page.reserve(flight, "A1")
    page.js(HIDE, True)
    time.sleep(1)
    page.forget_requests()
    shown = page.countdown()
    time.sleep(3.2)
    assert page.requests("") == [] and page.countdown() == shown
    api.hold(flight, "B1")
    page.js(HIDE, False)
    agree(page, api)
    page.until(lambda: page.seat("B1") == "reserved", "news from elsewhere", 2)


def test_polls_are_conditional_and_end_with_the_order(page, flight):
    order = page.reserve(flight, "A1")
    page.forget_requests()
    page.until(lambda: len(page.requests("/live/flights/")) >= 3, "polls of the seats")
    assert 304 in [status for status, _ in page.requests("/live/flights/")]
    polls = page.requests(f"/api/orders/{order['orderId']}")
    assert 2 <= len(polls) <= 5
    assert 304 in [status for status, _ in polls]
    page.pay()
    page.phase("confirmed")
    time.sleep(0.5)
    page.forget_requests()
    time.sleep(2.2)
    assert page.requests("") == []


def test_each_state_survives_a_reload(page, flight, api, stack):
    page.reserve(flight, "A1")
    page.reload()
    page.see("Your seats are held")
    assert page.seats("mine") == ["A1"]
    page.pay("50302")
    page.see("Retrying (attempt 2 of 3)")
    page.reload()
    page.phase("paying")
    page.see("Retrying")
    page.phase("confirmed", 15)
    page.reload()
    page.see("You are booked")

    for end, title in ((lambda o: api.cancel(o), "Booking cancelled"), (stack.fire_timer, "Your time ran out"),
                       (lambda o: api.pay(o, "00000"), "Your payment did not go through")):
        order = api.hold(flight, "B1")
        end(order)
        wait_for(lambda: api.order(order)["status"] in ("CANCELLED", "EXPIRED", "FAILED"))
        page.open(f"/?order={order['orderId']}")
        page.see(title)


def test_another_window_changes_the_booking(page, flight, api):
    order = page.reserve(flight, "A1")
    api.change(order, "B1", "B2").ok()
    page.until(lambda: page.seats("mine") == ["B1", "B2"], "the change")
    api.cancel(order)
    page.see("Booking cancelled")


def test_what_is_paid_is_what_is_shown(page, flight, api):
    page.expected = {412}
    order = page.reserve(flight, "A1")
    page.js("document.querySelector('#order-poll').remove()")                  # stops this tab's polls of the order
    api.change(order, "B1", "B2").ok()
    page.pay()
    page.see("changed in another window", "#panel")
    assert page.text("#panel .chips").split() == ["B1", "B2"]
    page.pay()
    page.until(lambda: api.order(order)["status"] == "CONFIRMED", "the payment")


def test_a_lost_answer_costs_nothing(page, flight, api):
    """The reservation was made, but its answer was lost, and then the customer reloads the page."""
    page.before_load("""
        const real = window.fetch;
        window.fetch = async (address, options) => {
            const answer = await real(address, options);
            if (options?.method !== 'POST' || sessionStorage.lost) return answer;
            sessionStorage.lost = 'yes';
            return new Promise(() => {});
        }""")
    page.open(f"/?flight={flight}")
    page.choose("A1")
    page.type("#user", f"Cy {flight}")
    page.click("#reserve-button")
    wait_for(lambda: api.seats(flight)["A1"] == "RESERVED")
    page.reload()
    page.phase("held")
    assert page.seats("mine") == ["A1"]
    orders = api.get(f"/api/orders?userId=Cy%20{flight}").ok()["orders"]
    assert [order["orderId"] for order in orders] == [page.order()["orderId"]]


def test_450_seats_do_not_stutter(page, stack, api):
    """The time of a repaint depends on the machine. So the test checks that only the changed seats are touched."""
    flight = stack.new_flight(rows=50, layout="ABC DEF GHJ", row_first=True)
    page.open(f"/?flight={flight}")
    page.choose("1A")
    page.js("""window.touched = new Set();
        const seats = document.querySelectorAll('[id^=seat-]');
        const seatOf = node => (node.nodeType === 1 ? node : node.parentElement)?.closest('[id^=seat-]')?.id ?? 'the grid';
        new MutationObserver(changes => changes.forEach(change => window.touched.add(seatOf(change.target))))
            .observe(seats[0].closest('[role=grid]'), {subtree: true, childList: true, attributes: true, characterData: true})""")
    for row in range(10, 13):
        api.hold(flight, *[f"{row}{letter}" for letter in "ABCDEF"])
        page.until(lambda: page.seat(f"{row}F") == "reserved", "the seats", 4)
        page.click(f"#seat-{row}G")
    touched = set(page.js("return [...window.touched]"))
    changed = {f"seat-{row}{letter}" for row in range(10, 13) for letter in "ABCDEFG"}
    assert changed <= touched, changed - touched
    assert len(touched - changed) <= 9, sorted(touched - changed)


LATER = """(() => {
    const now = performance.now.bind(performance);
    performance.now = () => now() + (window.later ?? 0);
})()"""


def test_a_page_that_nobody_looks_after_polls_every_three_seconds(page, api, flight):
    page.before_load(LATER)
    page.open(f"/?flight={flight}")
    page.until(lambda: page.seat("A1") == "available", "the cabin")
    page.forget_requests()
    time.sleep(4)
    assert len(page.requests("/live/")) >= 3, "somebody has just come"
    page.js("window.later = 60000")
    page.forget_requests()
    time.sleep(9)
    assert 1 <= len(page.requests("/live/calm/")) == len(page.requests("/live/")) <= 5
    page.choose("A1")
    page.js("window.later = 120000")
    page.forget_requests()
    time.sleep(4)
    assert len(page.requests("/live/")) >= 3, "whoever has chosen a seat wants to know"
    api.hold(flight, "A1")
    page.until(lambda: page.seat("A1") != "selected", "news from elsewhere", 2.5)
