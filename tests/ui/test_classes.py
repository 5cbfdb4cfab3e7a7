# SPDX-License-Identifier: MIT
"""A cabin with classes, prices of seats, and seats that are not for sale."""

import pytest


@pytest.fixture
def mixed(stack):
    """Two rows of business, A C D F, then four of economy, A B C D E F; row 4 is an exit row, and 3B is blocked."""
    flight = stack.new_flight(rows=6, layout="ABC DEF", row_first=True, fares="business=39900", surcharges="exit=1500")
    stack.query("DELETE FROM seats WHERE flight_id = %s AND seat_row < 3 AND seat_column IN ('B', 'E')", flight)
    stack.query("""UPDATE seats SET cabin_class = IF(seat_row < 3, 'business', 'economy'),
                   features = CONCAT_WS(',', IF(seat_column IN ('C', 'D'), 'aisle', NULL), IF(seat_row = 4, 'exit', NULL),
                                        IF(seat_column IN ('A', 'F'), 'window', NULL)) WHERE flight_id = %s""", flight)
    stack.query("UPDATE seats SET blocked = 'crew' WHERE flight_id = %s AND seat_number = '3B'", flight)
    return flight


def test_each_seat_says_its_price_and_class(page, mixed):
    page.open(f"/?flight={mixed}")
    page.see("Choose your seats")
    page.see("from $129.00", "#cabin-help")
    page.accessible("a cabin with classes")
    label = lambda seat: page.value(f"#seat-{seat}", "aria-label")
    assert label("1A") == "1A, row 1, window, business, $399.00, available"
    assert label("4C") == "4C, row 4, aisle, exit row, economy, $144.00, available"
    assert label("5B") == "5B, row 5, middle, economy, $129.00, available"
    assert [page.text("#section-1").lower(), page.text("#section-3").lower()] == ["business", "economy"]
    page.choose("1A", "4C")
    page.see("$543.00", "#panel .total")
    page.click("#reserve-button")
    page.type("#user", "Ann")
    page.click("#exit-agreed")
    page.click("#reserve-button")
    page.phase("held")
    page.see("Pay $543.00", "#pay-button")


def test_a_blocked_seat_looks_taken_and_cannot_be_chosen(page, mixed):
    page.open(f"/?flight={mixed}&seats=5B")
    page.see("Choose your seats")
    assert page.value("#seat-3B", "data-state") == "blocked" and page.value("#seat-3B", "aria-disabled") == "true"
    assert page.value("#seat-3B", "aria-label").endswith("not for sale")
    page.click("#seat-3B")
    page.see("3B is not for sale", "#notice")
    assert page.seats("selected") == ["5B"]


def test_a_new_price_is_shown_and_charged(page, stack, mixed):
    page.open(f"/?flight={mixed}")
    page.see("Choose your seats")
    page.choose("5B")
    stack.query("UPDATE flights SET price_cents = 15000 WHERE flight_id = %s", mixed)
    page.see("from $150.00", "#cabin-help")
    page.see("$150.00", "#panel .total")
