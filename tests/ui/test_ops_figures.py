# SPDX-License-Identifier: MIT
"""A day in figures, in the console: plots, and a table with the same numbers."""

import pytest

from words import Words


@pytest.fixture
def w(page):
    return Words(page)


def test_a_day_in_plots_and_as_a_table(page, stack, api, w):
    flight = stack.new_flight(rows=2, layout="A B", departure_time="2032-03-04 15:30:00")
    sold, failed = api.hold(flight, "A1", "A2", "B1"), api.hold(flight, "B2")
    api.pay(sold).ok()
    api.pay(failed, "00000").ok()
    stack.wait_status(sold, "CONFIRMED")
    stack.wait_status(failed, "FAILED")
    for order, moment in ((sold, "2032-03-04 09:10:00"), (failed, "2032-03-04 11:00:00")):
        stack.query("UPDATE payments SET created_at = %s WHERE order_id = %s", moment, order["orderId"])
    page.open("/ops?figures=2032-03-03")
    for plot in ("Seats sold", "Load factor of departures", "Revenue", "Payments failed"):
        page.until(lambda: page.find(f"#figures svg[aria-label='{plot}: nothing on this day.']"), plot)
    w.press("The day after")
    for said in ("Seats sold: most at 09:00, 3.", "Load factor of departures: most at 15:00, 75 %.", "Revenue, USD: most at 09:00, $387.00.",
                 "Payments failed: most at 11:00, 1."):
        page.until(lambda: page.find(f"#figures svg[aria-label^='{said}']"), said)
    assert page.driver.current_url.endswith("/ops?figures=2032-03-04")
    rows = page.js("return [...document.querySelectorAll('#figures tbody tr')].map(row => [...row.cells].filter((_, i) => i !== 1).map(cell => cell.innerText))")
    assert len(rows) == 24
    assert rows[9] == ["09:00", "3", "1", "$387.00", "", "0", "0", ""] and rows[11][5] == "1" and rows[15][6:] == ["1", "75 %"]
    page.accessible("figures")
    for width in (1280, 390):
        page.size(width, 844)
        page.fits()
