# SPDX-License-Identifier: MIT
"""Every screen in every language and in both colors: axe-core finds nothing, and a phone is wide enough. All of them take
minutes (make test-screens); otherwise the one that differs most from the rest is looked at."""

import itertools
import os

import pytest
from test_languages import LANGUAGES, prefer

ALL = list(itertools.product(("en", *LANGUAGES), ("light", "dark")))
SOME = ALL if os.environ.get("SCREENS") == "all" else [("ar", "dark")]


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PASSENGERS="optional", NAME_CHANGE_UNTIL="1h", SEAT_CHANGE_UNTIL="1h", TERMS_URL="https://air.example/terms")


@pytest.fixture(params=SOME, ids="-".join)
def look(page, request):
    """Looks at the screen as it is: as wide as a desk's, and as a phone's."""
    language, colors = request.param
    prefer(page, language)
    page.media(scheme=colors)
    page.expected = {400, 404, 409}

    def at(screen):
        page.accessible(f"{screen}, {language}, {colors}")
        page.size(360, 740, mobile=True)
        page.fits()
        page.accessible(f"{screen}, {language}, {colors}, on a phone")
        page.size(1280, 900)
    return at


def test_where_nothing_is_bought(page, look):
    for address, css in (("/", "#flights .flight"), ("/?find=", "#find-booking"), ("/?bookings", "#whose button"), ("/?flight=nowhere", ".outcome"),
                         ("/no/such/page", ".outcome")):
        page.open(address)
        page.until(lambda: page.find(css), css)
        look(address)
    page.open("/?find=")
    page.click("#find-booking .button")
    look("a missing reference")
    page.open("/")
    page.click("#settings summary")
    look("the settings")


def test_a_booking(page, look, stack, api):
    flight = stack.new_flight(rows=14, layout="ABC DEF", row_first=True, refund_rule="0:1000:0", departs_in=108000)
    user = f"Lena {flight}"
    page.open(f"/?flight={flight}")
    page.choose("2A", "2B", "2C")
    api.hold(flight, "2C")
    page.until(lambda: page.seat("2C") == "lost", "the loss")
    look("choosing")
    page.type("#user", user)
    page.click("#reserve-button")
    page.phase("held")
    page.click("#add-infant")
    page.js("for (const each of document.querySelectorAll('#panel details')) each.open = true")
    page.click("#persons-button")
    look("the passengers")
    page.click("#consent")
    for index, name in enumerate(("Ada", "Bob", "Zoe")):
        page.type(f"#given-{index}", name)
        page.type(f"#family-{index}", "Lovelace")
    page.type("#contact-phone", "+49 30 1234567")
    page.click("#persons-button")
    page.until(lambda: page.find("#code"), "the payment")
    page.click("#demo summary")
    look("held")
    page.click("#seat-3A")
    page.click("#seat-2A")
    look("a change")
    page.click("#undo-change")
    page.click("#cancel")
    page.until(lambda: page.js("return document.querySelector('#confirm').open"), "the question")
    look("the question")
    page.click("#confirm button[value=no]")
    page.pay("50400")
    page.phase("paying")
    look("paying")
    page.open(f"/?flight={flight}")
    page.find_paid(stack, flight, user, "4A", "4B")
    page.until(lambda: page.find("#ticket-code img"), "the code")
    look("the ticket")
    page.click("#manage-seats")
    page.phase("reseat")
    look("other seats")
    page.click("#keep-all")
    page.click("#manage-cancel")
    page.until(lambda: page.find("#give-up-button"), "the quote")
    look("the quote")
    page.click("#give-up-button")
    page.phase("over")
    page.until(lambda: page.find("#refunds .good"), "the refund", 15)
    look("cancelled and refunded")
    for seat, end in (("5A", lambda each: api.pay(each, "00000")), ("5B", stack.fire_timer)):
        order = api.post("/api/orders", {"flightId": flight, "userId": user, "seats": [seat], "consent": True}).ok(201)
        end(order)
        page.open(f"/?order={order['orderId']}")
        page.phase("over", 15)
        page.until(lambda: page.find("#again-button"), "what is free")
        look("over")
    page.open("/?bookings")
    page.until(lambda: page.find("#bookings .booked"), "bookings")
    look("my bookings")
