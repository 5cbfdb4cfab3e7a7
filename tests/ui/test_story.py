# SPDX-License-Identifier: MIT
"""One family's booking from the first seat to the money back, on the page alone, by visible words and roles; and what the
operator sees of it. The mails go to a scripted server and, where it is built (make test-sso), to a real one."""

import email
import email.policy
import re

import icalendar
import pytest

from mailpit import PROGRAM, Mailbox
from post_office import PostOffice
from stack import wait_for
from words import Words

PLACES = ("QXA", "Bahía Söder", "Bahía"), ("QXB", "Ódrift Harbor", "Ódrift")
FAMILY = ("Ada", "Lovelace"), ("Bob", "O’Hara"), ("Eva", "Gauß")


class ScriptedOffice(PostOffice):
    def settings(self):
        return {"SMTP_URL": f"smtp://127.0.0.1:{self.port}", "SMTP_TLS": "off"}

    def letters(self, _):
        return [mail.message for mail in list(self.mails)]

    stop = PostOffice.close


class RealOffice(Mailbox):
    def letters(self, address):
        return [email.message_from_bytes(self.get(f"api/v1/message/{mail['ID']}/raw").content, policy=email.policy.default)
                for mail in self.mails(address)]


@pytest.fixture(scope="module", params=["scripted", "mailpit"])
def office(request, tmp_path_factory):
    if request.param == "mailpit" and not PROGRAM.exists():
        pytest.skip("make test-sso builds mailpit, which takes Go and a network")
    office = ScriptedOffice() if request.param == "scripted" else RealOffice(tmp_path_factory.mktemp("mailpit"))
    yield office
    office.stop()


@pytest.fixture(scope="module")
def stack(office, own_stack):
    stack = own_stack(**office.settings(), MAIL_FROM="Air Example <booking@air.example>", PASSENGERS="required", TERMS_URL="https://air.example/terms",
                      ADMIN_TOKEN="test-admin-token", PAYMENT_TIMEOUT="1s", SEAT_CHANGE_UNTIL="2h")
    for code, name, city in PLACES:
        stack.admin().put(f"/api/admin/places/{code}", {"name": name, "city": city, "timeZone": "UTC"}).ok(201)
    return stack


def part(letter, kind):
    return next((each for each in letter.walk() if each.get_content_type() == kind), None)


def listed(page, name):
    """The lines of the list that is called this."""
    return page.js("""return [...document.querySelectorAll('ul')].filter(e => e.getAttribute('aria-label') === arguments[0])
        .flatMap(e => [...e.children].map(li => li.innerText.replace(/\\s+/g, ' ').trim()))""", name)


def history(page):
    """(what, by whom), as the console shows it."""
    lines = page.js("return [...document.querySelectorAll('ol li')].map(li => li.innerText.replace(/\\s+/g, ' '))")
    return [(re.split(r" \d{4}-\d\d-\d\d ", line)[0], (re.search(r"· by ([^·]*)", line) or ["", ""])[1]) for line in lines]



def test_three_travel_change_their_minds_and_get_their_money_back(page, other, stack, office):
    flight = stack.new_flight(origin="QXA", destination="QXB", flight_number="AX 17", departs_in=30 * 3600, refund_rule="86400:3000:0,0:5000:0")
    address = f"{flight}@example.org"
    words = Words(page)

    # Three seats together, held.
    page.open("/")
    words.fill("From", "QXA")
    words.press("Search")
    words.follow("QXA to QXB")
    for seat in ("A1", "B1", "C1"):
        words.seat(seat)
    words.fill("Your name or user ID", "Ada Lovelace")
    words.press("Reserve 3 seats")
    words.see("Your seats are held")
    page.accessible("held")

    # Who travels: the first name is known already.
    assert words.value("Family name", within="Seat A1") == "Lovelace"
    for seat, (given, family) in zip(("B1", "C1"), FAMILY[1:]):
        words.fill("Given names", given, within=f"Seat {seat}")
        words.fill("Family name", family, within=f"Seat {seat}")
    words.fill("E-mail address", address)
    words.tick("I agree to the terms.")
    words.press("Continue to payment")
    words.see("Payment code")
    assert listed(page, "Passengers") == ["Ada Lovelace A1", "Bob O’Hara B1", "Eva Gauß C1"]

    words.fill("Payment code", "99999")
    words.press("Pay $387.00")
    words.see("You are booked")
    for shown in ("Bahía Söder", "Ódrift Harbor", "Ada Lovelace A1", "Bob O’Hara B1", "Eva Gauß C1", "$387.00"):
        words.see(shown)
    assert words.has("link", "Add to calendar") and words.has("button", "Print confirmation")
    page.accessible("the ticket")
    locator = re.search(r"Booking reference ([0-9A-Z]{6})", page.text().replace("\n", " "))[1]

    # The same comes by mail.
    letter = wait_for(lambda: office.letters(address), 15, "the mail")[0]
    assert locator in letter["Subject"] and letter["To"] == address
    text = part(letter, "text/plain").get_content()
    assert all(f"{given} {family}" in text for given, family in FAMILY) and part(letter, "image/png").get_content().startswith(b"\x89PNG")
    (event,) = icalendar.Calendar.from_ical(part(letter, "text/calendar").get_payload(decode=True)).walk("VEVENT")
    assert "Bahía Söder" in event["LOCATION"] and "A1, B1, C1" in event["DESCRIPTION"]

    # Days later, with the mail in hand: the reference and a name open the booking.
    words.follow("find your booking")
    assert words.value("Booking reference") == locator
    words.fill("Family name or e-mail address", "ohara")
    words.press("Find my booking")

    # One of them would rather sit elsewhere.
    words.press("Change seats")
    words.see("Change your seats")
    words.seat("C1")
    words.seat("C2")
    words.press("Change to A1, B1 and C2")
    words.see("Done. You have other seats.")
    page.until(lambda: listed(page, "Passengers") == ["Ada Lovelace A1", "Bob O’Hara B1", "Eva Gauß C2"], "the other seat")
    wait_for(lambda: len(office.letters(address)) == 2, 15, "the mail about the seats")

    # And then all of them stay at home.
    words.press("Cancel seats or all of it")
    words.see("You get $270.90 of $387.00 back.")
    page.accessible("the quote")
    words.press("Cancel the booking and get $270.90 back")
    words.see("Booking cancelled")
    words.see("$270.90 was sent back.", 20)
    for line in ("Fee for cancelling $116.10", "Given back −$270.90"):
        words.see(line)
    page.accessible("the money is back")
    wait_for(lambda: any("Money back" in each["Subject"] for each in office.letters(address)), 15, "the mail about the money")
    assert sum("cancelled" in each["Subject"] for each in office.letters(address)) == 1

    # And the operator sees each step, and whose it was.
    desk = Words(other)
    other.open("/ops?orders")
    desk.fill("Token", "test-admin-token")
    desk.press("Open the console")
    desk.fill("Search by", "Locator")
    desk.fill("Search", locator)
    desk.press("Find")
    desk.see("Cancelled")
    other.until(lambda: other.js("return document.querySelectorAll('tbody tr').length") == 1, "one order")
    order = page.order()["orderId"]
    desk.follow(f"{order[:8]}…{order[-6:]}")
    desk.see("What happens next")
    desk.see(f"Order {order}")
    desk.see("$270.90 Sent back")
    other.accessible("the operator's view")
    steps = other.until(lambda: len(history(other)) > 9 and history(other), "the history")
    told = [(what, by) for what, by in steps if not what.startswith(("Mail", "Confirmation"))]
    for step in (("Order created", "the customer"), ("Seats held", "the customer"), ("Passengers changed", "the customer"),
                 ("Payment submitted", "the customer"), ("Payment attempt 1", "the sweeper"), ("Order confirmed", "the sweeper"), ("Seats changed", "the customer"),
                 ("Order cancelled", "the customer"), ("Refund requested", "the customer"), ("Refund attempt 1", "the sweeper")):
        assert any(what.startswith(step[0]) and step[1] in by for what, by in told), (step, told)
