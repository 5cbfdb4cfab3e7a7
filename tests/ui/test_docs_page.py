# SPDX-License-Identifier: MIT
"""The page at /docs shows everything described, obeys the strict policy, and is accessible."""

import json

from stack import ROOT

DESCRIPTION = json.loads((ROOT / "html/api/openapi.json").read_text())


def test_everything_described_is_shown(page):
    page.open("/docs")
    page.see("/api/flights")
    shown = set(page.js("return [...document.querySelectorAll('article')].map(each => each.id)"))
    operations = {item[method]["operationId"] for item in DESCRIPTION["paths"].values() for method in item}
    assert shown == operations | {f"schema-{name}" for name in DESCRIPTION["components"]["schemas"]}
    page.see("SEATS_UNAVAILABLE", "#holdSeats")
    page.see("Idempotency-Key", "#holdSeats")
    page.quiet()


def test_accessible_and_narrow(page):
    page.open("/docs")
    page.see("/api/flights")
    page.accessible("the API's description")
    page.size(360, 740, mobile=True)
    page.fits()


def test_a_link_to_an_operation(page):
    page.open("/docs#submitPayment")
    page.see("/api/flights")
    page.until(lambda: page.js("const top = document.getElementById('submitPayment').getBoundingClientRect().top;"
                               "return top > -50 && top < innerHeight"), "the operation to be in sight")
