# SPDX-License-Identifier: MIT
"""Who travels, and whom to write to: asked between the seats and the payment where the settings say so, and once."""

import pytest

from words import Words

TERMS, PRIVACY = "https://air.example/terms", "https://air.example/privacy"


@pytest.fixture
def words(page):
    return Words(page)


def fill(words, seat, given, family):
    words.fill("Given names", given, within=f"Seat {seat}")
    words.fill("Family name", family, within=f"Seat {seat}")


def travelers(page, css="#travelers"):
    return page.js("return [...document.querySelectorAll(arguments[0] + ' li')].map(li => li.innerText.replace(/\\s+/g, ' ').trim())", css)


def stored(stack, order):
    rows = stack.query("SELECT kind, given_name, family_name, passenger_kind, email, phone, language FROM persons"
                       " WHERE order_id = %s AND forgotten_at IS NULL ORDER BY position, person_id", order["orderId"])
    return [tuple(row.values()) for row in rows]


class TestRequired:
    """PASSENGERS=required, with terms to agree to"""

    @pytest.fixture(scope="class")
    def stack(self, own_stack):
        return own_stack(PASSENGERS="required", TERMS_URL=TERMS, PRIVACY_URL=PRIVACY, ADMIN_TOKEN="test-admin-token")

    def test_a_family_is_named_and_pays(self, page, words, stack, flight):
        order = page.reserve(flight, "A1", "A2", user="Ada Lovelace")
        words.see("Where we can reach you")
        assert not page.find("#pay") and page.text(".steps [aria-current]") == "Passengers"
        page.accessible("passengers")
        assert words.value("Given names", within="Seat A1") == "Ada" and words.value("Family name", within="Seat A1") == "Lovelace"
        assert [page.value(f"#{field}", "autocomplete") for field in ("given-0", "family-0", "given-1", "contact-email", "contact-phone")] == [
            "given-name", "family-name", "section-passenger2 given-name", "email", "tel"]
        words.press("Continue to payment")
        assert "family name" in words.fault("Family name", within="Seat A2")
        fill(words, "A2", "Bob <b>", "O’Hara")
        words.fill("Age", "Child", within="Seat A2")
        words.press("Add an infant under two, on a lap")
        words.fill("Family name", "Lovelace", within="Infant, on a lap")
        words.press("Continue to payment")
        assert "e-mail address" in words.fault("E-mail address")
        words.fill("E-mail address", "ada@example")
        words.press("Continue to payment")
        page.accessible("what is wrong with them")
        words.fill("E-mail address", "ada@example.org")
        words.press("Continue to payment")
        words.see("Please agree first.")
        assert [page.js("return arguments[0].href", words.one("link", name)) for name in ("terms", "privacy notice")] == [TERMS, PRIVACY]
        page.click("#consent")
        words.press("Continue to payment")
        page.until(lambda: page.find("#pay"), "the payment")
        assert travelers(page) == ["Ada Lovelace A1", "Bob <b> O’Hara A2", "Lovelace infant"]
        assert page.text(".steps [aria-current]") == "Payment"
        page.accessible("named")
        assert stored(stack, order) == [
            ("CONTACT", None, None, None, "ada@example.org", None, page.js("return navigator.language")), ("PASSENGER", "Ada", "Lovelace", "adult", None, None, None),
            ("PASSENGER", "Bob <b>", "O’Hara", "child", None, None, None), ("PASSENGER", None, "Lovelace", "infant", None, None, None)]
        page.reload()
        page.until(lambda: page.find("#pay"), "the payment again, and no question")
        assert travelers(page)[0] == "Ada Lovelace A1"
        page.pay()
        page.phase("confirmed")
        assert travelers(page, ".ticket-persons") == ["Ada Lovelace A1", "Bob <b> O’Hara A2", "Lovelace infant"]
        page.accessible("a ticket with names")

    def test_what_was_typed_survives_polls_and_a_reload(self, page, words, flight):
        page.reserve(flight, "A1")
        fill(words, "A1", "Ada", "Lovel")
        page.until(lambda: len(page.requests("/api/orders/")) > 3, "some polls")
        assert words.value("Family name", within="Seat A1") == "Lovel"
        page.reload()
        words.see("Where we can reach you")
        page.until(lambda: words.value("Family name", within="Seat A1") == "Lovel", "what was typed")

    def test_the_server_has_the_last_word(self, page, words, flight):
        page.expected = {400}
        page.reserve(flight, "A1")
        fill(words, "A1", "Ada", "🚀")
        words.fill("Telephone", "call me")
        page.click("#consent")
        words.press("Continue to payment")
        words.see("A name has 1 to 100 characters")
        assert "telephone number" in words.fault("Telephone")
        page.accessible("faults")

    def test_only_the_keyboard(self, page, flight):
        page.reserve(flight, "A1")
        page.js("document.querySelector('#panel h2').focus()")
        page.tab("#given-0")
        page.keys("Ada", "\ue004", "Lovelace", "\ue004", "\ue004", "\ue004", "\ue004", "a@example.org")
        page.tab("#consent")
        page.keys(" ", "\ue007")
        page.until(lambda: page.find("#pay"), "the payment")

    def test_a_hold_that_ran_out_is_begun_again_with_the_same_names(self, page, words, stack, flight):
        order = page.reserve(flight, "A1", "A2")
        fill(words, "A1", "Ada", "Lovelace")
        fill(words, "A2", "Eva", "Euler")
        words.fill("Telephone", "+49 30 1234567")
        page.click("#consent")
        words.press("Continue to payment")
        page.until(lambda: page.find("#pay"), "the payment")
        stack.fire_timer(order)
        page.phase("over")
        page.click("#again-button")
        page.phase("held")
        # The terms are agreed to for each order; the names are there.
        assert words.value("Family name", within="Seat A2") == "Euler" and words.value("Telephone") == "+49 30 1234567"
        assert len(stored(stack, page.order())) == 3

    def test_whoever_gives_up_a_seat_leaves(self, page, words, stack, flight):
        order = page.reserve(flight, "A1", "A2", "A3")
        for seat, family in (("A1", "Ansel"), ("A2", "Boole"), ("A3", "Curie")):
            fill(words, seat, "X", family)
        words.fill("E-mail address", "x@example.org")
        page.click("#consent")
        words.press("Continue to payment")
        page.until(lambda: page.find("#pay"), "the payment")
        page.click("#seat-A1")
        page.click("#seat-B1")
        page.click("#change-button")
        page.until(lambda: travelers(page) == ["X Ansel B1", "X Boole A2", "X Curie A3"], "Ansel, in another seat")
        page.click("#seat-A2")
        page.see("X Boole leaves this booking", "#panel")
        page.accessible("somebody leaves")
        page.click("#change-button")
        page.until(lambda: travelers(page) == ["X Ansel B1", "X Curie A3"], "two")
        assert [row[2] for row in stored(stack, order)[1:]] == ["Ansel", "Curie"]


class TestOptional:
    """PASSENGERS=optional"""

    @pytest.fixture(scope="class")
    def stack(self, own_stack):
        return own_stack(PASSENGERS="optional")

    def test_nobody_need_be_named(self, page, words, stack, flight):
        order = page.reserve(flight, "A1")
        assert words.has("button", "Continue to payment") and not page.find("#consent")
        page.accessible("passengers, if one likes")
        words.press("Go on without names")
        page.until(lambda: page.find("#pay"), "the payment")
        page.pay()
        page.phase("confirmed")
        assert stored(stack, order) == [] and "Ann" in page.text(".ticket")

    def test_names_are_changed_before_paying(self, page, words, stack, flight):
        order = page.reserve(flight, "A1", "A2")
        fill(words, "A2", "Eva", "Euler")
        words.press("Continue to payment")
        page.until(lambda: page.find("#pay"), "the payment")
        assert travelers(page) == ["Eva Euler A1"]
        words.press("Change the names")
        fill(words, "A1", "Eva", "Gauß")
        fill(words, "A2", "Ada", "Lovelace")
        words.press("Keep these names")
        page.until(lambda: travelers(page) == ["Eva Gauß A1", "Ada Lovelace A2"], "other names")
        assert [row[2] for row in stored(stack, order)] == ["Gauß", "Lovelace"]

    def test_a_narrow_screen(self, page, words, flight):
        page.size(390, 800, mobile=True)
        page.reserve(flight, "A1", "A2")
        words.see("Where we can reach you")
        page.fits()
        page.click("#bar-action")
        page.until(lambda: page.find("#pay"), "the payment")
