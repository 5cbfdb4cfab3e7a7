# SPDX-License-Identifier: MIT
"""Two browsers for all tests of a run. Each test gets tabs that remember nothing from the previous test."""

import pytest

from page import Page, start_browser, stop_browser


@pytest.fixture(scope="session")
def browsers():
    started = []

    def get(index):
        while len(started) <= index:
            started.append(start_browser())
        return started[index]
    yield get
    for driver in started:
        stop_browser(driver)


@pytest.fixture
def tabs(browsers, stack):
    opened = []

    def open_tab():
        page = Page(browsers(len(opened)), stack.url)
        opened.append(page)
        return page
    yield open_tab
    for page in opened:
        page.close()


@pytest.fixture
def page(tabs):
    return tabs()


@pytest.fixture
def other(page, tabs):
    """Another customer's browser."""
    return tabs()
