# SPDX-License-Identifier: MIT
"""The page in Firefox: the way from the list to the ticket, and what else differs between browsers."""

import pytest

from firefox import BINARY, Firefox, FirefoxPage

pytestmark = pytest.mark.skipif(BINARY is None, reason="there is no Firefox here")


@pytest.fixture(scope="module")
def firefox():
    driver = Firefox()
    yield driver
    driver.quit()


@pytest.fixture
def page(firefox, stack):
    page = FirefoxPage(firefox, stack.url)
    yield page
    page.close()


def speak(page, language):
    page.js("const field = document.querySelector('#language'); field.value = arguments[0]; field.dispatchEvent(new Event('change', {bubbles: true}))", language)


def test_somebody_books_two_seats_and_pays(page, stack):
    flight = stack.new_flight(rows=12, layout="ABC DEF", row_first=True, origin="QFA", destination="QFB")
    page.open("/")
    page.flights(origin="QFA", destination="QFB")
    page.accessible("the list, in Firefox")
    page.click("#flights h3 a")
    page.choose("2A", "2B")
    page.js("document.querySelector('#seat-2B').focus()")
    page.keys("\ue014", " ")
    assert page.seats("selected") == ["2A", "2B", "2C"]
    page.see("$387.00", "#panel .total")
    page.accessible("choosing, in Firefox")
    page.type("#user", f"Fox {flight}")
    page.click("#reserve-button")
    page.phase("held")
    assert 890 <= page.countdown() <= 900
    page.click("#seat-2C")
    page.click("#change-button")
    page.until(lambda: page.seats("mine") == ["2A", "2B"], "the change")
    page.accessible("held, in Firefox")
    page.reload()
    page.phase("held")
    page.pay("50301")
    page.phase("confirmed", 20)
    page.until(lambda: page.find("#ticket-code img"), "the code")
    page.accessible("the ticket, in Firefox")
    page.fits()
    page.open("/?bookings")
    page.click("#whose button")
    page.see("Booked", "#bookings")
    page.driver.back()
    page.phase("confirmed")


def test_a_hold_is_cancelled_after_a_question(page, flight):
    page.reserve(flight, "A1")
    page.click("#cancel")
    page.until(lambda: page.js("return document.querySelector('#confirm').open"), "the question")
    page.keys("\ue00c")
    page.until(lambda: page.js("return !document.querySelector('#confirm').open && document.activeElement.id === 'cancel'"), "the focus to be back")
    page.click("#cancel")
    page.click("#confirm-yes")
    page.see("Booking cancelled")


def test_languages_and_colors(page, flight):
    page.open(f"/?flight={flight}")
    page.choose("A1")
    speak(page, "de")
    page.see("1 Platz reservieren", "#reserve-button")
    speak(page, "ar")
    page.see("احجز مقعدًا واحدًا", "#reserve-button")
    assert page.js("return document.documentElement.dir") == "rtl"
    left, right = page.js("return ['A', 'C'].map(letter => document.querySelector(`#seat-${letter}1`).getBoundingClientRect().x)")
    assert left < right
    page.fits()
    page.js("const field = document.querySelector('#colors'); field.value = 'dark'; field.dispatchEvent(new Event('change', {bubbles: true}))")
    assert page.js("return getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(14, 19, 25)"
    page.accessible("Arabic, in the dark, in Firefox")
