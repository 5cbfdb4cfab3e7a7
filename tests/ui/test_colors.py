# SPDX-License-Identifier: MIT
"""Light and dark, by the system and by hand; and what a home screen shows of the page."""

import struct

import pytest

GROUND = {"light": "rgb(243, 245, 248)", "dark": "rgb(14, 19, 25)"}


def ground(page):
    return page.js("return getComputedStyle(document.documentElement).backgroundColor")


def choose(page, colors):
    page.click("#settings summary")
    page.js("const field = document.querySelector('#colors'); field.value = arguments[0]; field.dispatchEvent(new Event('change', {bubbles: true}))", colors)
    page.keys("\ue00c")


def test_the_system_decides_until_somebody_does(page):
    page.open("/")
    page.flights()
    assert ground(page) == GROUND["light"]
    page.media(scheme="dark")
    page.until(lambda: ground(page) == GROUND["dark"], "the system's colors")
    choose(page, "light")
    assert ground(page) == GROUND["light"] and not page.js("return document.querySelector('#settings').open")
    page.reload()
    assert ground(page) == GROUND["light"]
    assert page.js("return [document.querySelector('meta[name=color-scheme]').content, getComputedStyle(document.documentElement).colorScheme]") == ["light", "light"]
    choose(page, "")
    page.until(lambda: ground(page) == GROUND["dark"], "the system's colors again")
    assert page.js("return localStorage.getItem('colors')") is None


def test_what_was_chosen_holds_on_every_page_and_never_flashes(page):
    page.before_load("""window.grounds = new Set();
        const look = () => { if (document.body) window.grounds.add(getComputedStyle(document.documentElement).backgroundColor); requestAnimationFrame(look) };
        look()""")
    page.open("/")
    page.flights()
    choose(page, "dark")
    page.accessible("flights, in the dark")
    page.expected = {404}
    for address, text in (("/", "per seat"), ("/?find", "Find your booking"), ("/no/such/page", "There is nothing"), ("/ops", "Alive"), ("/docs", "Fields")):
        page.open(address)
        page.see(text)
        assert page.js("return [...window.grounds]") == [GROUND["dark"]], address


def test_paper_is_light(page, flight):
    page.reserve(flight, "A1")
    page.pay()
    page.phase("confirmed")
    choose(page, "dark")
    page.cdp("Emulation.setEmulatedMedia", media="print")
    colors = page.js("return ['.ticket', '.ticket dd', '.ticket .muted'].map(css => getComputedStyle(document.querySelector(css)).color)")
    assert colors == ["rgb(0, 0, 0)", "rgb(0, 0, 0)", "rgb(85, 98, 111)"]


def test_without_storage_the_choice_holds_for_the_page(page):
    page.before_load("Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})")
    page.open("/")
    page.flights()
    choose(page, "dark")
    assert ground(page) == GROUND["dark"]


@pytest.mark.parametrize("kept", ["", "purple", "null"])
def test_odd_remains_count_for_nothing(page, kept):
    page.open("/")
    page.js("localStorage.setItem('colors', arguments[0]); localStorage.setItem('language', arguments[0])", kept)
    page.reload()
    page.flights()
    assert ground(page) == GROUND["light"] and page.js("return document.querySelector('#colors').value") == ""


def test_the_manifest_and_its_icons_are_served(api):
    answer = api.get("/app.webmanifest")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/manifest+json")
    manifest = answer.json
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    images = [icon for icon in manifest["icons"] if icon["type"] == "image/png"]
    assert {icon["sizes"] for icon in images} == {"192x192", "512x512"}
    for icon in images:
        image = api.get(icon["src"])
        assert image.status == 200 and image.headers["Content-Type"] == "image/png"
        assert "{}x{}".format(*struct.unpack(">II", image.body[16:24])) == icon["sizes"]
    assert "manifest" in api.get("/").body.decode()
