# SPDX-License-Identifier: MIT
"""What staff do with one order in the console, each with a reason, and with who did it."""

import datetime

import pytest

from console import timeline
from post_office import PostOffice
from stack import wait_for
from words import Words

ROLES = ("viewer", "agent", "operator")


@pytest.fixture(scope="module")
def office():
    office = PostOffice()
    yield office
    office.close()


@pytest.fixture(scope="module")
def stack(office, own_stack):
    return own_stack(ADMIN_TOKEN="test-admin-token", PASSENGERS="optional", PAYMENT_TIMEOUT="1s", SMTP_URL=f"smtp://127.0.0.1:{office.port}", SMTP_TLS="off",
                     MAIL_FROM="Air Example <booking@air.example>")


@pytest.fixture
def words(page):
    return Words(page)


@pytest.fixture
def flight(stack):
    return stack.new_flight(refund_rule="86400:3000:0,0:5000:0", departs_in=30 * 3600)


@pytest.fixture
def paid(api, stack, flight):
    return pay(api, stack, flight)


def pay(api, stack, flight):
    order = api.post("/api/orders", {"flightId": flight, "userId": "ada", "seats": ["A1", "A2"], "contact": {"email": "ada@example.org"},
                                     "passengers": [{"givenName": "Ada", "familyName": "Lovelace"}, {"givenName": "Bob", "familyName": "Boole"}]}).ok(201)
    api.pay(order).ok()
    return stack.wait_status(order, "CONFIRMED")


@pytest.fixture
def enter(page, stack, words):
    def enter(role, order):
        name = f"{role.title()} of the desk"
        listed = stack.admin().get("/api/admin/staff").ok()["staff"]
        known = next((each for each in listed if each["name"] == name), None)
        token = (stack.admin().post(f"/api/admin/staff/{known['id']}/rotate", {}).ok() if known
                 else stack.admin().post("/api/admin/staff", {"name": name, "role": role}).ok(201))["token"]
        page.open(f"/ops?order={order['orderId']}")
        words.fill("Token", token)
        words.press("Open the console")
        words.see("What happens next")
        return name
    return enter


def test_an_operator_gives_money_back(page, words, stack, paid, enter):
    who = enter("operator", paid)
    words.fill("Give back, in USD", "300")
    words.press("Give back")
    words.answer("Give it back", "the seat was wet")
    page.expected = {409}
    words.see("That is more than was captured")
    words.fill("Give back, in USD", "80.50")
    words.press("Give back")
    page.accessible("the question")
    words.answer("Give it back", "the seat was wet")
    words.see("$80.50 is on its way back.")
    words.see("$80.50 Sent back", 15)
    words.see("the seat was wet")
    page.accessible("an order with a refund")
    page.until(lambda: any("Refund requested" in line and f"{who} (staff)" in line for line in timeline(page)), "who did it")
    words.press("Give back")
    words.answer("Give it back", "all of it")
    words.see("$177.50 Sent back", 15)


def test_an_agent_corrects_names(page, words, stack, paid, enter):
    who = enter("agent", paid)
    assert not words.has("button", "Give back")
    words.fill("Family name", "Byron", within="Seat A1")
    words.fill("E-mail address", "nonsense")
    words.press("Keep these names")
    words.answer("Change them", "the passport says so")
    page.expected = {400}
    page.until(lambda: "e-mail address" in words.fault("E-mail address"), "the fault")
    page.accessible("a fault")
    words.fill("E-mail address", "byron@example.org")
    words.press("Keep these names")
    words.answer("Change them", "the passport says so")
    words.see("The names are kept.")
    words.see("Ada Byron A1")
    words.see("byron@example.org")
    page.until(lambda: any("Passengers changed" in line and f"{who} (staff)" in line for line in timeline(page)), "who did it")


def test_an_operator_forgets_persons(page, words, stack, paid, enter):
    enter("operator", paid)
    words.see("Ada Lovelace A1")
    words.press("Forget its persons")
    words.answer("Forget them", "they asked for it")
    words.see("The persons of this order are forgotten.")
    page.until(lambda: "Lovelace" not in page.text(), "no name")


def has_step(page, what, who):
    return page.until(lambda: any(what in line and f"{who} (staff)" in line for line in timeline(page)), f"{what} by {who}")


def test_an_agent_gives_up_a_seat_for_what_was_quoted(page, words, stack, paid, enter, api):
    who = enter("agent", paid)
    words.see("By the rule $180.60 are given back, and $77.40 are kept.")
    assert not words.has("field", "Give back instead, in USD")
    words.tick("A1", on=False)
    words.tick("A2", on=False)
    words.see("Choose at least one seat.")
    assert not words.one("button", "Cancel seats").is_enabled()
    words.tick("A2")
    words.see("By the rule $90.30 are given back, and $38.70 are kept.")
    page.accessible("the quote")
    words.press("Cancel seats")
    words.see("Give up A2 and give back $90.30?")
    words.answer("Give up A2", "asked for by telephone")
    words.see("The seats are given up, and free.")
    words.see("$90.30 Sent back", 15)
    has_step(page, "Seats changed", who)
    assert stack.row(paid)["status"] == "CONFIRMED" and api.seats(paid["flightId"])["A2"] == "AVAILABLE"
    words.see("By the rule $90.30 are given back, and $38.70 are kept.")
    words.press("Cancel seats")
    words.answer("Cancel the order", "the other one, too")
    words.see("The order is cancelled; its seats are free.")
    page.until(lambda: not words.has("button", "Cancel seats"), "no more to cancel")


def test_a_quote_that_changed_is_said(page, words, stack, paid, enter):
    enter("agent", paid)
    words.see("By the rule $180.60 are given back")
    stack.query("UPDATE flights SET departure_time = departure_time - INTERVAL 20 HOUR WHERE flight_id = %s", paid["flightId"])
    page.expected = {409}
    words.press("Cancel seats")
    words.answer("Cancel the order", "asked for by telephone")
    words.see("What is given back has changed. Nothing was done.")
    words.see("By the rule $129.00 are given back, and $129.00 are kept.")
    assert stack.row(paid)["status"] == "CONFIRMED"


def test_an_operator_gives_back_an_amount_of_their_own(page, words, stack, api, enter):
    order = pay(api, stack, stack.new_flight())
    who = enter("operator", order)
    page.expected = {400}
    words.see("No rule of the flight gives anything back.")
    assert not words.one("button", "Cancel seats").is_enabled()
    words.fill("Give back instead, in USD", "all of it")
    words.press("Cancel seats")
    words.answer("Cancel the order", "the seats were wet")
    page.until(lambda: "whole number" in words.fault("Give back instead, in USD"), "the fault")
    page.accessible("a fault")
    words.fill("Give back instead, in USD", "200.50")
    words.press("Cancel seats")
    words.see("Cancel the order and give back $200.50?")
    words.answer("Cancel the order", "the seats were wet")
    words.see("The order is cancelled; its seats are free.")
    words.see("$200.50 Sent back", 15)
    has_step(page, "Order cancelled", who)


def test_without_a_rule_an_agent_is_offered_no_cancellation(page, words, stack, api, enter):
    enter("agent", pay(api, stack, stack.new_flight()))
    assert words.one("button", "Change seats") and not words.has("button", "Cancel seats")


def test_an_agent_changes_seats(page, words, stack, paid, enter):
    who = enter("agent", paid)
    page.expected = {400}
    words.fill("Seats, in the order of the passengers", "B1")
    words.press("Change seats")
    words.answer("Change them", "they want to sit together")
    page.until(lambda: "keeps its number of seats" in words.fault("Seats, in the order of the passengers"), "the fault")
    page.accessible("a fault")
    words.fill("Seats, in the order of the passengers", "B1, C2")
    words.press("Change seats")
    words.answer("Change them", "they want to sit together")
    words.see("The seats are B1 and C2 now.")
    words.see("Ada Lovelace B1")
    has_step(page, "Seats changed", who)


def test_seats_of_another_price_are_refused_in_words(page, words, stack, api, enter):
    flight = stack.new_flight(surcharges="exit=1501")
    stack.query("UPDATE seats SET cabin_class = 'economy', features = IF(seat_number = 'B2', 'exit', '') WHERE flight_id = %s", flight)
    enter("agent", pay(api, stack, flight))
    page.expected = {409}
    words.fill("Seats, in the order of the passengers", "A1, B2")
    words.press("Change seats")
    words.answer("Change them", "the legs are long")
    page.until(lambda: "cost $15.01 more" in words.fault("Seats, in the order of the passengers"), "the price")


def test_an_agent_holds_seats_longer(page, words, stack, api, enter, flight):
    order = api.hold(flight, "A1")
    who = enter("agent", order)
    assert not words.has("button", "Cancel seats") and not words.has("button", "Send the last message again")
    page.expected = {400}
    words.fill("Hold until, UTC", "tomorrow")
    words.press("Hold longer")
    words.answer("Hold them", "a group")
    page.until(lambda: "must be a moment" in words.fault("Hold until, UTC"), "the fault")
    page.accessible("a fault")
    until = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=5)).strftime("%Y-%m-%d %H:%M:00")
    words.fill("Hold until, UTC", until)
    words.press("Hold longer")
    words.answer("Hold them", "a group")
    words.see(f"The seats are held until {until} UTC.")
    has_step(page, "Hold extended", who)


def test_an_agent_has_the_last_message_sent_again(page, words, stack, paid, enter, office):
    wait_for(lambda: not stack.has_job(paid, "SEND_MAIL"), 10)
    before = len(list(office.mails))
    who = enter("agent", paid)
    words.press("Send the last message again")
    words.answer("Send it", "it did not arrive")
    words.see("The last message is sent once more.")
    has_step(page, "Message sent again", who)
    wait_for(lambda: len(list(office.mails)) == before + 1, 15, "the mail")


def test_a_viewer_only_looks(page, words, stack, paid, enter):
    enter("viewer", paid)
    words.see("A… L… A1")
    assert not page.js("return document.querySelector('#acts').checkVisibility()")
