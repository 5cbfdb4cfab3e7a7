# SPDX-License-Identifier: MIT
"""No word on the page's screens stays untranslated: the page speaks a language in which every letter of its English stands
for itself, and whatever then still is in plain letters, and no name or code, has no word."""

import json
import re

import pytest
from test_languages import ENGLISH, prefer, words_of

RULE = "604800:0:0,86400:3000:0,0:5000:0"

# Fullwidth letters, so that a word can still be read. A capital Ａ is U+FF21.
WIDE = {ord(letter): ord(letter) + 0xFEE0 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}


def widened(text):
    return "".join(part if part.startswith(("{{", "<")) else part.translate(WIDE) for part in re.split(r"(\{\{.*?\}\}|<[^>]*>)", text))


def pseudo_words():
    """The file of words of the language; what the API says is Arabic, and so are dates."""
    words = {key: {form: widened(text) for form, text in word.items()} if isinstance(word, dict) else widened(word)
             for key, word in ENGLISH.items()}
    words.update({key: word for key, word in words_of("ar").items() if key.startswith("api.")})
    return f"export default {json.dumps(words)};\n"


@pytest.fixture(scope="module")
def stack(own_stack):
    stack = own_stack(PASSENGERS="optional", NAME_CHANGE_UNTIL="1h", SEAT_CHANGE_UNTIL="1h", ADMIN_TOKEN="test-admin-token",
                      TERMS_URL="https://air.example/terms", PRIVACY_URL="https://air.example/privacy", MAX_OPEN_HOLDS_PER_USER=3,
                      PAYMENT_FAILURE_RATE="0.01", ORPHAN_RULE="")
    served = next((stack.data_dir / "run/html/assets").glob("*/words/ar.js"))
    served.with_suffix(".js.gz").unlink()
    served.write_text(pseudo_words())
    return stack


# All that is seen or heard of the page: texts, labels, titles, the document's own title, and what was announced.
SEEN = r"""
    const seen = new Set([document.title, ...(window.announced || [])]);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT,
        e => e.nodeType === 1 && (e.matches('script, style, template, noscript, datalist, [lang], [translate=no]') || e.matches('[hidden]')) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (node.nodeType === 3) seen.add(node.data);
        else for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'data-missing', 'data-wrong', 'data-exit', 'hx-confirm']) {
            if (node.hasAttribute(name)) seen.add(`${name}: ${node.getAttribute(name)}`);
        }
    }
    return [...seen]"""
ANNOUNCED = """window.announced = [];
    new MutationObserver(changes => changes.forEach(({target, addedNodes}) => {
        if (target.id === 'polite' || target.id === 'assertive') addedNodes.forEach(line => window.announced.push(line.textContent));
    })).observe(document, {childList: true, subtree: true})"""
# Names, codes and amounts, which are the same in every language.
SAME = re.compile(r"\b(?:data-(?:missing|wrong|exit)|aria-label|title|alt|placeholder|hx-confirm): |https?:\S+|\S+@\S+|[0-9a-f]{8}-[0-9a-f-]{27}|"
                  r"(?:Ada|Bob|Lovelace|Boole|Zoe)\b|\b(?:QQ[AB]|TST\d|US|USD|UTC|FL\d+|[A-Z]\d{1,2}|\d{1,2}[A-Z]|[A-Z]{3}|[A-Z])\b|"
                  r"(?:New York|London|Los Angeles|Berlin|Paris|Tokyo|Chicago|Denver|Boston|Washington|Frankfurt am Main|Singapore)\b|GMT\S*")


def check(page, screen, *codes):
    """Checks the screen as it is now; `codes` are what else is the same in every language."""
    def left():
        return sorted({text.strip() for text in page.js(SEEN) if re.search(r"[A-Za-z]", SAME.sub("", re.sub("|".join(map(re.escape, codes)) or "$^", "", text)))})
    assert left() == [], f"untranslated on {screen}"


@pytest.fixture
def speaks(page):
    prefer(page, "ar")
    page.before_load(ANNOUNCED)
    page.expected = {400, 404, 409, 429}
    return page


def seen(page, key, css="#main"):
    """Waits for a word of the page."""
    text = widened(ENGLISH[key] if isinstance(ENGLISH[key], str) else ENGLISH[key]["other"])
    page.see(re.split(r"\{\{.*?\}\}|<", text)[0].strip(), css)


def test_the_list_and_what_leads_nowhere(speaks, stack):
    page = speaks
    page.open("/")
    page.until(lambda: page.find("#flights .flight"), "flights")
    page.click("#settings summary")
    check(page, "the list")
    page.keys("\ue00c")
    page.type("#search input[name=origin]", "ZZZ")
    page.click("#search button")
    seen(page, "flights.none")
    check(page, "no flights")
    page.type("#search input[name=origin]", "1")
    page.click("#search button")
    page.until(lambda: page.find("#flights .notice"), "what is wrong")
    check(page, "a wrong search")
    for address, key in (("/?order=00000000-0000-7000-8000-000000000000", "booking.unknown"), ("/?flight=nowhere", "booking.no-flight"),
                         ("/no/such/page", "missing.title"), ("/?find=", "find.title"), ("/?bookings", "bookings.title")):
        page.open(address)
        seen(page, key)
        check(page, address)
    page.click("#whose button")
    seen(page, "bookings.name-missing")
    check(page, "a missing name")
    page.open("/?find=")
    page.type("#find-locator", "ABCDEF")
    page.click("#find-booking .button")
    seen(page, "find.who-missing")
    page.type("#find-who", "Zoe")
    page.click("#find-booking .button")
    seen(page, "find.none")
    check(page, "no such booking")
    page.expected |= {"offline"}
    page.offline()
    page.click("#find-booking .button")
    seen(page, "trouble.offline", "#trouble")
    page.online()
    page.until(lambda: not page.text("#trouble"), "the connection")
    check(page, "connected again")


def test_from_a_seat_to_the_ticket(speaks, stack, api):
    page = speaks
    flight = stack.new_flight(rows=12)
    page.open(f"/?flight={flight}")
    page.choose("A1", "A2", "A3")
    check(page, "choosing")
    page.click("#reserve-button")
    seen(page, "choose.name-missing")
    api.hold(flight, "A3")
    page.until(lambda: page.seat("A3") == "lost", "the loss")
    check(page, "a loss")
    page.click("#seat-A3")
    page.until(lambda: page.text("#notice"), "what is wrong")
    check(page, "a seat that is taken")
    page.type("#user", "Zoe")
    page.click("#reserve-button")
    page.phase("held")
    page.js("for (const each of document.querySelectorAll('#panel details')) each.open = true")
    page.click("#add-infant")
    page.click("#persons-button")
    page.until(lambda: page.js("return [...document.querySelectorAll('#persons .error')].some(e => e.textContent)"), "what is missing")
    check(page, "the passengers")
    for index, (given, family) in enumerate((("Ada", "Lovelace"), ("Bob", "Boole"), ("Zoe", "Boole"))):
        page.type(f"#given-{index}", given)
        page.type(f"#family-{index}", family)
    page.type("#contact-phone", "x")
    page.click("#consent")
    page.click("#persons-button")
    page.until(lambda: page.js("return [...document.querySelectorAll('#persons .error')].some(e => e.textContent)"), "what is wrong")
    check(page, "a wrong number")
    page.type("#contact-phone", "+49 30 1234567")
    page.click("#persons-button")
    page.until(lambda: page.find("#code"), "the payment")
    page.click("#demo summary")
    page.pay("1")
    check(page, "the payment")
    page.click("#seat-A2")
    page.click("#seat-B5")
    page.until(lambda: page.find("#change-button"), "the change")
    check(page, "a change")
    page.click("#change-button")
    page.until(lambda: not page.find("#change-button"), "the change")
    check(page, "the change is made")
    stack.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 121 SECOND, version = version + 1 WHERE order_id = %s", page.order()["orderId"])
    page.until(lambda: page.find("#extend-button"), "the warning")
    page.click("#cancel")
    page.until(lambda: page.js("return document.querySelector('#confirm').open"), "the question")
    check(page, "the question")
    page.click("#confirm button[value=no]")
    page.pay("50302")
    page.phase("paying")
    check(page, "paying")
    page.until(lambda: page.find("#last-error"), "an attempt that failed")
    check(page, "trying again")
    page.phase("confirmed", 20)
    page.until(lambda: page.find("#ticket-code img"), "the code")
    check(page, "the ticket", page.text("#locator"))


def test_what_comes_after_the_sale(speaks, stack):
    page = speaks
    flight = stack.new_flight(refund_rule=RULE, departs_in=108000)
    order = page.find_paid(stack, flight, "Zoe", "A1", "A2")
    page.until(lambda: page.find("#can"), "what can be done")
    page.until(lambda: page.find("#ticket-code img"), "the code")
    check(page, "the ticket", order["locator"])
    page.click("#manage-names")
    check(page, "the names", order["locator"])
    page.click("#keep-all")
    page.click("#manage-seats")
    page.phase("reseat")
    page.click("#seat-A2")
    check(page, "fewer seats")
    page.click("#seat-B5")
    check(page, "other seats")
    page.click("#reseat-button")
    page.phase("confirmed")
    page.click("#manage-cancel")
    page.until(lambda: page.find("#give-up-button"), "the quote")
    check(page, "the quote", order["locator"])
    page.click("#give-up-A1")
    page.until(lambda: page.find("#give-up-button"), "the quote")
    check(page, "one seat given up", order["locator"])
    page.click("#give-up-A1")
    page.until(lambda: page.find("#give-up-button"), "the quote")
    page.click("#give-up-button")
    page.phase("over")
    page.until(lambda: page.find("#refunds .good"), "the refund", 15)
    check(page, "cancelled and refunded")


def test_the_ends_and_the_list_of_them(speaks, stack, api):
    page = speaks
    flight = stack.new_flight()
    orders = {name: api.post(f"/api/flights/{flight}/orders", {"userId": "Bob", "seats": [seat], "consent": True}).ok(201) for name, seat in (("declined", "A1"), ("lapsed", "A2"), ("cancelled", "A3"))}
    api.pay(orders["declined"], "00000")
    stack.fire_timer(orders["lapsed"])
    api.cancel(orders["cancelled"])
    for order, status in zip(orders.values(), ("FAILED", "EXPIRED", "CANCELLED")):
        stack.wait_status(order, status)
        page.open(f"/?order={order['orderId']}")
        page.phase("over")
        page.until(lambda: page.find("#again-button"), "what is free")
        check(page, status)
    for seat in ("B1", "B2", "B3"):
        api.hold(flight, seat, user="Bob")
    page.click("#again-button")
    page.until(lambda: page.find("#notice"), "the limit")
    check(page, "too many holds")
    page.open("/?bookings")
    page.type("#bookings-user", "Bob")
    page.click("#whose button")
    page.until(lambda: page.find("#bookings .booked"), "bookings")
    check(page, "my bookings")
