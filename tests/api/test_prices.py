# SPDX-License-Identifier: MIT
"""The price of an order: each seat's price is fixed when it is held, and the amount shown is the amount charged."""

from stack import wait_for


def priced(order):
    return dict(zip(order["seats"], order["seatPrices"], strict=True))


def set_price(stack, flight, cents, currency="USD"):
    stack.query("UPDATE flights SET price_cents = %s, currency = %s WHERE flight_id = %s", cents, currency, flight)


def test_an_order_shows_the_price_of_each_seat(stack, api, flight):
    order = api.hold(flight, "B2", "A1")
    assert (priced(order), order["totalPriceCents"]) == ({"B2": 12900, "A1": 12900}, 25800)
    for shown in (api.order(order), api.get(f"/api/orders/{order['orderId']}/status").ok(),
                  api.get(f"/api/orders?userId={order['userId']}").ok()["orders"][0]):
        assert shown["seatPrices"] == [12900, 12900]
    assert stack.row(order)["seat_prices"] == "12900,12900"


def test_a_hold_that_is_renewed_keeps_its_price(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    set_price(stack, flight, 99900)
    for seats in (["A1", "A2"], ["A2", "A1"]):
        renewed = api.change(order, *seats).ok()
        assert (priced(renewed), renewed["totalPriceCents"]) == ({"A1": 12900, "A2": 12900}, 25800)


def test_a_kept_seat_keeps_its_price_and_an_added_one_has_the_current_one(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    set_price(stack, flight, 5000)
    assert priced(api.change(order, "B1", "A2").ok()) == {"B1": 5000, "A2": 12900}
    set_price(stack, flight, 7000)
    changed = api.change(order, "A1", "A2", "B1").ok()
    assert (priced(changed), changed["totalPriceCents"]) == ({"A1": 7000, "A2": 12900, "B1": 5000}, 24900)
    assert priced(api.order(order)) == priced(changed)


def test_amount_and_currency_come_from_one_row(stack, api, flight):
    order = api.hold(flight, "A1")
    set_price(stack, flight, 1500000, "JPY")
    assert (order["currency"], api.order(order)["currency"], api.order(order)["totalPriceCents"]) == ("USD", "USD", 12900)
    changed = api.change(order, "A1", "A2").ok()
    assert (changed["currency"], changed["seatPrices"], changed["totalPriceCents"]) == ("JPY", [1500000, 1500000], 3000000)
    api.pay(order).ok()
    stack.wait_status(order, "CONFIRMED")
    charge = stack.charge(order)
    assert (charge["amount_cents"], charge["currency"]) == (3000000, "JPY")


def test_what_was_held_is_what_is_charged(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    set_price(stack, flight, 5000)
    api.change(order, "A2", "A3").ok()
    set_price(stack, flight, 9)
    api.pay(order).ok()
    confirmed = stack.wait_status(order, "CONFIRMED")
    assert priced(confirmed) == {"A2": 12900, "A3": 5000}
    assert stack.charge(order)["amount_cents"] == confirmed["totalPriceCents"] == 17900


def test_prices_are_kept_after_the_seats_are_released(stack, api, flight):
    order = api.hold(flight, "A1", "A2")
    set_price(stack, flight, 5000)
    api.change(order, "A2", "A3").ok()
    assert priced(api.cancel(order).ok()) == {"A2": 12900, "A3": 5000}
    lapsed = api.hold(flight, "B1")
    stack.fire_timer(lapsed)
    wait_for(lambda: stack.row(lapsed)["status"] == "EXPIRED", 10)
    assert priced(api.order(lapsed)) == {"B1": 5000}


def test_rows_of_the_previous_version_divide_their_total(stack, api, flight):
    """The previous version does not know the list: its new orders have none, and its changes leave the old one."""
    order = api.hold(flight, "A1", "A2")
    stack.query("UPDATE orders SET seat_prices = NULL WHERE order_id = %s", order["orderId"])
    assert priced(api.order(order)) == {"A1": 12900, "A2": 12900}
    stack.query("UPDATE orders SET seat_prices = '12900', total_price_cents = 10001 WHERE order_id = %s", order["orderId"])
    assert priced(api.order(order)) == {"A1": 5001, "A2": 5000}
    assert priced(api.change(order, "A2", "A3").ok()) == {"A2": 5000, "A3": 12900}
