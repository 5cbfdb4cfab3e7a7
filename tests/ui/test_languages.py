# SPDX-License-Identifier: MIT
"""The page in its five languages: the files of words, and what stays untranslated on a screen."""

import json
import re
from html.parser import HTMLParser

import pytest
from page import ROOT

HTML = ROOT / "html"
DESCRIPTION = json.loads((HTML / "api/openapi.json").read_text())
LANGUAGES = ("ar", "de", "es", "fr")
# The forms that a language has for counts, beside "other" (Intl.PluralRules).
FORMS = {"en": {"one"}, "de": {"one"}, "es": {"one", "many"}, "fr": {"one", "many"}, "ar": {"zero", "one", "two", "few", "many"}}
PAGES = ("index.html", "missing.html", "not-signed-in.html")


def words_of(language):
    text = (HTML / f"words/{language}.js").read_text()
    pairs = json.loads(text[text.index("export default ") + 15:].rstrip().rstrip(";"), object_pairs_hook=list)
    words = {key: dict(value) if isinstance(value, list) else value for key, value in pairs}
    assert len(words) == len(pairs), f"{language}.js has a key twice"
    return words


ENGLISH = words_of("en")


def texts(word):
    return list(word.values()) if isinstance(word, dict) else [word]


# -- the files ----------------------------------------------------------------------------------

@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_all_words_and_no_others(language):
    words = words_of(language)
    own = {key for key in words if not key.startswith("api.")}
    assert set(ENGLISH) - own == set(), "missing"
    assert own - set(ENGLISH) == set(), "not in en.js"
    # What the API says is in English already.
    assert set(words) - own == {key for key in words_of("de") if key.startswith("api.")}
    assert [key for key in words if not key.startswith("api.")] == list(ENGLISH), "the order of en.js makes them easy to compare"


def placeholders(text):
    return sorted(re.findall(r"\{\{\w+\}\}", text))


def tags(text):
    """The elements of a text, but for those that isolate a name or number in a text from right to left."""
    return re.findall(r"<(?!/|bdi>)([^>]*)>", text.replace('<bdi id=', '<span id='))


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fill_in_the_same_and_link_to_the_same(language):
    reference = {**words_of("de"), **ENGLISH}
    for key, word in words_of(language).items():
        forms, theirs = reference[key], word
        english = forms["other"] if isinstance(forms, dict) else forms
        for text in texts(theirs):
            assert set(placeholders(text)) <= set(placeholders(english)), f"{key}: {text}"
            assert tags(text) == tags(english), f"{key}: {text}"
        other = theirs["other"] if isinstance(theirs, dict) else theirs
        assert set(placeholders(other)) == set(placeholders(english)), f"{key}: {other}"


@pytest.mark.parametrize("language", ("en", *LANGUAGES))
def test_forms_for_counts_are_those_of_the_language(language):
    for key, word in words_of(language).items():
        assert all(text.strip() or key == "seat.comma" for text in texts(word)), f"{key} is empty"
        if isinstance(word, dict):
            assert "other" in word and set(word) - {"other"} <= FORMS[language], key


def used():
    """The words that the page names, and the beginnings of names that it makes up: status.${order.status}."""
    names, beginnings = set(), set()
    for page in PAGES:
        text = (HTML / page).read_text()
        names |= set(re.findall(r"\{\{>([\w-]+\.[\w.-]+)\}\}", text)) | set(re.findall(r'data-words(?:-label)?="([^"]+)"', text))
    for file in (HTML / "js").glob("*.js"):
        text = file.read_text()
        if not file.name.startswith("ops"):
            names |= set(re.findall(r"words\('([\w.-]+)'", text)) | (set(re.findall(r"'([\w-]+\.[\w.-]+)'", text)) & set(ENGLISH))
            beginnings |= set(re.findall(r"`([\w-]+\.)\$\{", text)) | {f"{name}." for name in re.findall(r"named\('([\w-]+)'", text)}
    return names, beginnings


def test_the_page_uses_words_that_exist_and_all_of_them():
    names, beginnings = used()
    assert {name for name in names if not name.startswith("api.")} - set(ENGLISH) == set(), "not in en.js"
    idle = {key for key in ENGLISH if key not in names and not key.startswith(tuple(beginnings))}
    assert idle == set(), "nothing uses these"


# What the page asks the API.
ASKED = [("get", "/api/flights"), ("get", "/api/flights/{flightId}"), ("get", "/live/flights/{flightId}/seats"), ("post", "/api/flights/{flightId}/orders"),
         ("get", "/api/orders"), ("get", "/api/orders/{orderId}"), ("delete", "/api/orders/{orderId}"), ("put", "/api/orders/{orderId}/seats"),
         ("put", "/api/orders/{orderId}/passengers"), ("post", "/api/orders/{orderId}/payment"), ("get", "/api/orders/{orderId}/cancellation"),
         ("post", "/api/orders/{orderId}/cancellation"), ("get", "/api/orders/{orderId}/refunds"), ("post", "/api/bookings/find")]
# What a browser that runs this page does not provoke.
NEVER = {"INVALID_JSON", "UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE", "URI_TOO_LONG", "HEADERS_TOO_LARGE", "METHOD_NOT_ALLOWED",
         "NOT_IMPLEMENTED", "HTTP_VERSION_NOT_SUPPORTED"}


def codes_of(answer):
    """The codes of an answer's description; `answer` may be a reference to it."""
    if "$ref" in answer:
        answer = DESCRIPTION["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    return {code for codes in re.findall(r'"error": \{"enum": \[(.*?)\]', json.dumps(answer)) for code in re.findall(r"\w+", codes)}


def test_every_code_that_the_page_may_hear_has_words():
    heard = {code for method, path in ASKED for answer in DESCRIPTION["paths"][path][method]["responses"].values() for code in codes_of(answer)}
    assert {"ORDER_EXPIRED", "QUOTE_CHANGED", "FLIGHT_NOT_FOUND", "TOO_MANY_REQUESTS"} <= heard
    words = words_of("de")
    assert {code for code in heard - NEVER if f"api.{code}" not in words} == set()
    text = json.dumps(DESCRIPTION)
    assert [key for key in words if re.match(r"api\.[A-Z_]+(?:\.|$)", key) and f'"{key.split(".")[1]}"' not in text] == []


class Shell(HTMLParser):
    """What a page says before any script has run, by the names of its words."""

    def __init__(self):
        super().__init__()
        self.said, self.names, self.is_template = {}, [], False

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "data-words-label" in attrs:
            self.said[attrs["data-words-label"]] = attrs["aria-label"]
        if "data-words" in attrs:
            self.names.append(attrs["data-words"])

    def handle_data(self, data):
        if self.names:
            self.said.setdefault(self.names.pop(), data)


@pytest.mark.parametrize("name", PAGES)
def test_what_stands_in_a_page_is_its_english(name):
    shell = Shell()
    shell.feed((HTML / name).read_text())
    assert len(shell.said) >= 8 and not shell.names
    assert shell.said == {key: ENGLISH[key] for key in shell.said}


def test_a_language_has_its_file_wherever_it_is_named():
    for place, pattern in (("js/early.js", r"(\w\w): '/words/(\w\w)\.js'"), ("js/words.js", r"(\w\w): \(\) => import\('\.\./words/(\w\w)\.js'\)")):
        assert sorted(re.findall(pattern, (HTML / place).read_text())) == [(each, each) for each in sorted(("en", *LANGUAGES))], place
    for name in PAGES:
        assert re.findall(r'<option value="(\w\w)" lang="(\w\w)">', (HTML / name).read_text()) == [(each, each) for each in sorted(("en", *LANGUAGES))]


# -- the page -----------------------------------------------------------------------------------

def prefer(page, *languages):
    page.before_load(f"Object.defineProperty(navigator, 'languages', {{get: () => {json.dumps(languages)}}})")


@pytest.mark.parametrize("preferred, shown, lang", [
    (("de-CH", "en"), "Wohin möchten Sie reisen?", "de-CH"), (("pt-BR", "es-MX", "en"), "¿A dónde desea viajar?", "es-MX"),
    (("fr",), "Où souhaitez-vous aller\u00a0?", "fr"), (("ar-EG",), "إلى أين تريد السفر؟", "ar-EG"), (("pt-BR", "ja"), "Where would you like to go?", "en"),
], ids=["Swiss", "Mexican", "French", "Egyptian", "none of ours"])
def test_the_browsers_language_is_spoken(page, preferred, shown, lang):
    prefer(page, *preferred)
    page.open("/")
    page.see(shown)
    assert page.js("return [document.documentElement.lang, document.documentElement.dir]") == [lang, "rtl" if lang.startswith("ar") else ""]
    loaded = {name.rsplit("/", 1)[1] for name in page.asked("/words/")}
    assert loaded == {f"{lang[:2]}.js"}


def test_a_language_chosen_by_hand_is_remembered(page, flight):
    page.open(f"/?flight={flight}")
    page.choose("A1")
    page.click("#settings summary")
    page.accessible("the settings")
    page.js("const field = document.querySelector('#language'); field.value = 'de'; field.dispatchEvent(new Event('change', {bubbles: true}))")
    page.see("Wählen Sie Ihre Plätze")
    page.see("1 Platz reservieren", "#reserve-button")
    assert page.seats("selected") == ["A1"]
    page.open("/?bookings")
    page.see("Meine Buchungen", "h1")
    page.expected = {404}
    page.open("/no/such/page")
    page.see("Unter dieser Adresse gibt es nichts")
    page.js("localStorage.setItem('language', 'en')")
    page.reload()
    page.see("There is nothing at this address")


def test_english_is_not_seen_before_another_language(page):
    prefer(page, "de")
    page.before_load("""window.seen = new Set();
        const look = () => { if (document.body?.checkVisibility({visibilityProperty: true})) window.seen.add(document.querySelector('.brand')?.textContent); requestAnimationFrame(look) };
        look()""")
    page.open("/")
    page.see("Wohin möchten Sie reisen?")
    assert page.js("return [...window.seen].filter(Boolean)") == ["Flugbuchung"]


def test_words_that_do_not_come_leave_the_page_in_english(page):
    prefer(page, "ar")
    page.cdp("Network.enable")
    page.cdp("Network.setBlockedURLs", urls=["*/words/ar.js"])
    page.expected = {"offline"}
    try:
        page.open("/")
        page.see("Where would you like to go?")
        assert page.js("return [document.documentElement.lang, document.documentElement.dir]") == ["en", "ltr"]
    finally:
        page.cdp("Network.setBlockedURLs", urls=[])
        page.driver.get_log("browser")


def test_arabic_is_written_from_right_to_left_and_its_cabin_is_not_mirrored(page, stack):
    flight = stack.new_flight(rows=6, layout="ABC DEF", row_first=True)
    prefer(page, "ar")
    page.open("/")
    page.until(lambda: page.find("#flights .flight"), "flights")
    page.fits()
    page.open(f"/?flight={flight}")
    page.choose("2A", "2F")
    page.fits()
    page.accessible("choosing, in Arabic")
    left, right = page.js("return ['A', 'F'].map(letter => document.querySelector(`#seat-1${letter}`).getBoundingClientRect().x)")
    assert left < right
    page.js("document.querySelector('#seat-1B').focus()")
    page.keys("\ue014")
    assert page.js("return document.activeElement.dataset.seat") == "1C"
    panel, cabin = page.js("return ['#panel', '#cabin'].map(css => document.querySelector(css).getBoundingClientRect().x)")
    assert panel < cabin
    page.type("#user", "أمينة")
    page.click("#reserve-button")
    page.phase("held")
    page.accessible("held, in Arabic")
    page.size(360, 740, mobile=True)
    page.fits()
    page.pay()
    page.phase("confirmed")
    page.see("تم حجزك")
    page.fits()
