#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Takes the README's screenshots of a running system: screenshots.py [DIRECTORY]"""

import datetime
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from page import ROOT, Page, start_browser, stop_browser  # noqa: E402
from stack import Stack  # noqa: E402
from words import Words  # noqa: E402

FLIGHT = "fl-101"
DESKTOP, PHONE = (1200, 800), (390, 780)
# size, colors, and the screens that are kept
PICTURES = [
    (DESKTOP, "light", ("flights", "seats")),
    (DESKTOP, "dark", ("payment",)),
    (PHONE, "light", ("seats", "confirmed")),
    (PHONE, "dark", ("payment",)),
]


def fill(stack):
    """Books or holds about a third of the cabin, as other customers would."""
    api, dice = stack.api(), random.Random(7)
    seats = [f"{row}{letter}" for row in range(1, 21) for letter in "ABCDEF" if (row, letter) not in {(4, "D"), (4, "E"), (4, "F")}]
    for seat in dice.sample(seats, 40):
        order = api.hold(FLIGHT, seat)
        if dice.random() < 0.8:
            api.pay(order)


def take(page, directory, size, scheme, screens):
    phone = size == PHONE
    page.size(*size, mobile=phone)
    page.media(scheme=scheme)

    def shoot(screen):
        page.js("document.activeElement.blur()")
        if screen in screens:
            page.screenshot(directory / f"{screen}-{'phone' if phone else 'desktop'}-{scheme}.png")
    page.open("/")
    page.see("FL900")
    shoot("flights")
    page.open(f"/?flight={FLIGHT}")
    page.choose("4D", "4E")
    page.type("#user", "Ada Lovelace")
    page.js("scrollTo(0, arguments[0])", page.js("return document.querySelector('#cabin').offsetTop - 60") if phone else 0)
    shoot("seats")
    page.click("#reserve-button")
    page.phase("held")
    page.js("scrollTo(0, 0)")
    shoot("payment")
    page.pay()
    page.phase("confirmed")
    page.js("scrollTo(0, arguments[0])", 120 if phone else 0)
    shoot("confirmed")


def take_console(page, stack, directory):
    """Takes the operator's view of a payment that failed twice and succeeded at the third try."""
    order = stack.api().hold(FLIGHT, "4D", "4E", user="Ada Lovelace")
    stack.api().pay(order, "50302").ok()
    stack.wait_status(order, "CONFIRMED")
    page.size(1200, 1200)
    page.media(scheme="light")
    page.open(f"/ops?order={order['orderId']}")
    page.see("Confirmation attempt", "#timeline")
    page.screenshot(directory / "console-desktop-light.png")


def own_flight(stack):
    """Makes what docs/operations.md makes under "Your own flights", with some sales, and returns the flight's id."""
    api, staff, dice = stack.api(), stack.admin(), random.Random(11)
    day = datetime.date.today() + datetime.timedelta(days=30)
    for place, name, city, zone in (("XOF", "Old Field", "Oldtown", "Europe/Berlin"), ("XNF", "New Field", "Newtown", "America/New_York")):
        staff.put(f"/api/admin/places/{place}", {"name": name, "city": city, "timeZone": zone}).ok(201)
    staff.put("/api/admin/cabins/long-one", {"name": "Long one", "numbering": "row-column", "sections": [
        {"class": "business", "rows": "1-3", "columns": "AC DF"}, {"class": "premium", "rows": "4-6", "columns": "ABC DEF"},
        {"class": "economy", "rows": "7-20", "columns": "ABC DEF", "features": {"exit": "12"}}]}).ok(201)
    staff.put("/api/admin/flights/OF12", {
        "flightNumber": "OF12", "cabin": "long-one", "origin": "XOF", "destination": "XNF", "departure": f"{day}T07:30", "arrival": f"{day}T10:15",
        "currency": "EUR", "taxPercent": 19, "fares": {"business": 39900, "premium": 19950, "economy": 12900}, "surcharges": {"exit": 1500}}).ok(201)
    staff.post("/api/admin/flights/OF12/blocks", {"seats": [f"20{letter}" for letter in "ABCDEF"], "reason": "Crew rest"}).ok()
    seats = ["1A", "1C", "12A", *(f"{row}{letter}" for row in range(4, 20) for letter in dice.sample("ABCDEF", 3) if f"{row}{letter}" != "12A")]
    for seat in seats:
        order = api.hold("OF12", seat, user=dice.choice(("Ada Lovelace", "Grace Hopper", "Emmy Noether")))
        if dice.random() < 0.8:
            api.pay(order)
    return "OF12"


def take_own_flights(page, stack, directory):
    flight = own_flight(stack)
    words = Words(page)
    page.size(1200, 1200)
    page.media(scheme="light")
    page.open("/ops?cabin=long-one")
    words.see("114 seats")
    page.screenshot(directory / "cabin-desktop-light.png")
    page.size(1200, 1500)
    page.open(f"/ops?flight={flight}")
    page.until(lambda: words.name_of_seat("12A"), "the seats")
    for seat in ("12A", "20A"):
        words.seat(seat)
    page.js("document.activeElement.blur(); scrollTo(0, 0)")
    page.at = [1, 1]
    page.mouse("Moved")
    page.screenshot(directory / "flight-desktop-light.png")


def main():
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs/images")
    directory.mkdir(parents=True, exist_ok=True)
    stack = Stack({"PAYMENT_FAILURE_RATE": "0.15", "PAYMENT_MAX_DELAY": "0s"},
                  tempfile.mkdtemp(prefix="booking-pictures-"))
    driver = start_browser()
    try:
        stack.start()
        for size, scheme, screens in PICTURES:
            stack.api().post("/api/admin/reset", {"flightId": FLIGHT}).ok()
            fill(stack)
            page = Page(driver, stack.url)
            take(page, directory, size, scheme, screens)
            page.close()
        stack.api().post("/api/admin/reset", {"flightId": FLIGHT}).ok()
        page = Page(driver, stack.url)
        take_console(page, stack, directory)
        page.close()
        page = Page(driver, stack.url)
        take_own_flights(page, stack, directory)
        page.close()
    finally:
        stop_browser(driver)
        stack.stop()


if __name__ == "__main__":
    main()
