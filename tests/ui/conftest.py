# SPDX-License-Identifier: MIT
"""Two browsers for all tests of a run. Each test gets tabs that remember nothing from the previous test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from page import Page, start_browser, stop_browser  # noqa: E402


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
