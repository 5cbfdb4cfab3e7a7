# SPDX-License-Identifier: MIT
"""Accessibility: keyboard, small screens, zoom, the dark scheme, without color, without motion."""

import pytest
from page import Keys

STATES = ("available", "selected", "mine", "reserved", "booked", "lost", "releasing")


def test_with_the_keyboard_alone(page, flight, api):
    api.hold(flight, "B2")
    page.open(f"/?flight={flight}")
    page.until(lambda: page.find("#seats .seat"), "the cabin")
    assert page.js("return document.querySelectorAll('#seats [tabindex=\"0\"]').length") == 1

    def focused():
        return page.js("return document.activeElement.dataset.seat")

    def name():
        return page.js("return document.activeElement.getAttribute('aria-label')")
    page.tab("#seats .seat")
    for key, seat in ((Keys.HOME, "A1"), (Keys.END, "C1"), (Keys.ARROW_LEFT, "B1"), (Keys.ARROW_DOWN, "B2"),
                      (Keys.PAGE_DOWN, "B7"), (Keys.ARROW_RIGHT, "C7"), (Keys.ARROW_RIGHT, "C7"), (Keys.ARROW_UP, "C6")):
        page.keys(key)
        assert focused() == seat
    page.keys(Keys.PAGE_UP, Keys.PAGE_UP, Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    assert focused() == "B2"
    # A taken seat can be reached, says what it is, and cannot be chosen.
    assert name() == "B2, row 2, aisle, $129.00, reserved by somebody else"
    assert page.js("return document.activeElement.getAttribute('aria-disabled')") == "true"
    page.keys(Keys.SPACE)
    page.spoken("B2 is reserved", "polite")
    assert page.seats("selected") == []
    page.keys(Keys.ARROW_DOWN, Keys.SPACE, Keys.ARROW_RIGHT, Keys.ENTER)
    assert page.seats("selected") == ["B3", "C3"] and focused() == "C3"
    assert name() == "C3, row 3, window, $129.00, selected"
    page.keys(Keys.SPACE)
    assert page.seats("selected") == ["B3"]

    page.tab("#user")
    page.keys("Dee", Keys.ENTER)
    page.phase("held")
    page.tab("#code")
    page.keys("99999", Keys.ENTER)
    page.phase("confirmed")
    page.tab("#print")


def test_the_question_is_answered_with_the_keyboard(page, flight):
    page.reserve(flight, "A1")
    page.tab("#cancel")
    page.keys(Keys.ENTER)
    page.until(lambda: page.js("return document.activeElement.value") == "no", "the safe answer to be focused")
    page.keys(Keys.ESCAPE)
    page.until(lambda: page.js("return document.activeElement.id") == "cancel", "the focus to be back")
    page.keys(Keys.ENTER)
    page.until(lambda: page.js("return document.activeElement.value") == "no", "the question to be back")
    page.keys(Keys.TAB, Keys.ENTER)
    page.see("Booking cancelled")


def test_a_question_is_not_ended_by_the_one_before(page, flight):
    """The event that a dialog was closed may come when it is open again: browsers let keys go first."""
    page.reserve(flight, "A1")
    page.click("#cancel")
    page.js("document.querySelector('#confirm').dispatchEvent(new Event('close'))")
    page.click("#confirm-yes")
    page.see("Booking cancelled")


@pytest.mark.parametrize("width, height", [(360, 740), (320, 640), (640, 400)], ids=["phone", "small", "zoom200"])
def test_it_fits_small_screens(page, stack, width, height):
    flight = stack.new_flight(rows=12, layout="ABC DEF GHJ", row_first=True)
    page.size(width, height, mobile=width < 400)
    page.open("/")
    page.flights()
    page.fits()
    page.open(f"/?flight={flight}")
    page.choose("1A", "1B", "1C", "1D")
    page.fits()
    page.accessible("choosing")
    small = page.js("""return [...document.querySelectorAll('a, button, input, summary, #seats .seat')]
        .filter(e => e.checkVisibility() && !e.closest('.skip')).map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
        .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)""")
    assert not small
    bar = page.js("const box = document.querySelector('#summary-bar').getBoundingClientRect(); return [box.bottom, innerHeight]")
    assert bar[0] <= bar[1] + 1, "the summary is out of view"
    page.click("#bar-action")
    page.see("Enter your name", "#userId-error")
    page.type("#user", "Eve")
    page.click("#bar-action")
    page.phase("held")
    page.fits()
    page.accessible("held")
    page.click("#show-cabin")
    page.until(lambda: page.js("return document.activeElement.dataset.seat") == "1A", "the cabin")
    page.fits()
    page.click("#bar-action")
    page.pay()
    page.phase("confirmed")
    page.fits()


def test_what_has_focus_is_not_hidden_by_the_bar(page, stack):
    flight = stack.new_flight(rows=30, layout="ABC DEF", row_first=True)
    page.size(360, 640, mobile=True)
    page.open(f"/?flight={flight}")
    page.choose("1A")
    for _ in range(20):
        page.keys(Keys.ARROW_DOWN)
    boxes = page.js("""return [document.activeElement, document.querySelector('#summary-bar')]
        .map(e => { const box = e.getBoundingClientRect(); return [box.top, box.bottom] })""")
    assert boxes[0][1] <= boxes[1][0], "under the bar"
    for _ in range(15):
        page.keys(Keys.ARROW_UP)
    letters = page.js("return document.querySelector('#row-letters').getBoundingClientRect().bottom")
    assert page.js("return document.activeElement.getBoundingClientRect().top") >= letters - 1, "under the letters"


def test_dark_is_as_accessible(page, flight, api):
    page.media(scheme="dark")
    page.open("/")
    page.flights()
    page.accessible("flights")
    page.open(f"/?flight={flight}")
    page.choose("A1", "A2")
    api.hold(flight, "A2")
    page.until(lambda: page.seat("A2") == "lost", "the loss")
    page.accessible("choosing")
    page.type("#user", f"Fay {flight}")
    page.click("#reserve-button")
    page.phase("held")
    page.accessible("held")
    page.pay("00000")
    page.phase("over")
    page.see("still free")
    page.accessible("declined")
    page.open("/?bookings")
    page.see("Payment failed")
    page.accessible("bookings")


def test_states_differ_by_more_than_colour(page, flight):
    page.open(f"/?flight={flight}")
    page.until(lambda: page.find("#seats .seat"), "the cabin")
    looks = page.js("""
        const seat = document.querySelector('#seats .seat').cloneNode(true);
        document.querySelector('#row-1').append(seat);
        const looks = arguments[0].map(state => {
            seat.dataset.state = state;
            const box = getComputedStyle(seat), sign = getComputedStyle(seat, '::after');
            return [sign.display === 'none' ? 'its number' : sign.maskImage, box.borderStyle].join(' ');
        });
        seat.remove();
        return looks""", STATES)
    assert len(set(looks)) == len(STATES), looks


def test_no_motion_if_reduced_motion_is_preferred(page, flight):
    page.media(motion="reduce")
    page.reserve(flight, "A1")
    page.pay("50400")
    page.phase("paying")
    moving = page.js("return document.getAnimations().map(a => a.animationName).filter(name => name !== 'pulse')")
    assert moving == []


def test_the_rules_are_strict_and_kept(page, stack):
    """The policy forbids inline and evaluated code, and the files obey it."""
    policy = stack.api().get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    html = stack.api().get("/").body.decode()
    for forbidden in ("<script>", "style=", "onclick", "hx-on", "javascript:", "//cdn", "http://"):
        assert forbidden not in html
