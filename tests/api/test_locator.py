# SPDX-License-Identifier: MIT
"""The short reference of an order: each confirmed order has one of its own, and no other order has any."""

import re

LOCATOR = re.compile(r"[2-9CDFHJKMNPRTVWX]{6}")


def test_an_order_has_none_before_it_is_paid(stack, api, flight):
    order = api.hold(flight, "A1")
    assert order["locator"] is None and api.order(order)["locator"] is None
    api.cancel(order).ok()
    assert stack.query("SELECT locator FROM locators WHERE order_id = %s", order["orderId"]) == []


def test_a_confirmed_order_has_one_for_good(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    locator = api.order(order)["locator"]
    assert LOCATOR.fullmatch(locator)
    assert stack.query("SELECT locator FROM locators WHERE order_id = %s", order["orderId"]) == [{"locator": locator}]
    assert api.get(f"/api/orders/{order['orderId']}/status").ok()["locator"] == locator
    listed = api.get(f"/api/orders?userId={order['userId']}").ok()["orders"]
    assert [each["locator"] for each in listed] == [locator]
    api.post("/api/admin/reset", {"flightId": flight}).ok()
    assert api.order(order)["locator"] == locator


def test_a_declined_order_has_none(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "00000").ok()
    stack.wait_status(order, "FAILED")
    assert api.order(order)["locator"] is None


def test_each_has_its_own(stack, api, flight):
    orders = [api.hold(flight, f"{column}{row}") for row in range(1, 5) for column in "ABC"]
    for order in orders:
        api.pay(order, "99999").ok()
    for order in orders:
        stack.wait_status(order, "CONFIRMED")
    assert len({api.order(order)["locator"] for order in orders}) == len(orders)
