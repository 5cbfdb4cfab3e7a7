# SPDX-License-Identifier: MIT
"""What a visit loads: little at first, and next to nothing when the customer comes back."""

from test_languages import prefer

LOADED = """return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .map(({ name, transferSize, encodedBodySize }) => [name, transferSize, encodedBodySize])"""
HEADERS = 60      # of an answer, about, by HTTP/2, which compresses them


def visit(page):
    """The requests of a visit that were answered by the network, with their bytes."""
    page.open("/")
    page.flights()
    page.until(lambda: page.js("return document.readyState") == "complete", "everything to be there")
    return {name: body + HEADERS for name, transferred, body in page.js(LOADED) if transferred}


def test_a_first_visit_is_light_in_the_longest_language_too(page):
    prefer(page, "ar")
    page.cdp("Network.clearBrowserCache")
    first = visit(page)
    assert any(name.endswith("/words/ar.js") for name in first)
    assert sum(first.values()) <= 100_000, sorted(first.items(), key=lambda entry: -entry[1])


def test_a_first_visit_is_light_and_a_return_asks_only_for_what_may_have_changed(page):
    page.cdp("Network.clearBrowserCache")
    first = visit(page)
    assert sum(first.values()) <= 100_000, sorted(first.items(), key=lambda entry: -entry[1])
    assert not [name for name in first if name.endswith((".js", ".css", ".svg")) and "/assets/" not in name]
    again = visit(page)
    assert len(again) <= 5 and not [name for name in again if "/assets/" in name], again
