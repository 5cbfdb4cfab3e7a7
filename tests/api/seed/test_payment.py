# SPDX-License-Identifier: MIT
"""Payments with the shipped settings: random delays and failures, at most three attempts, and always an end."""

import time

import requests

BASE_URL = "http://localhost:8080/api"
FLIGHT_ID = "FL123"

# Three attempts of 5 s, the waits between them, and some room.
DEADLINE = 25


def test_ten_payments_with_random_failures_all_end(seed_stack):
    flight = seed_stack.new_flight()
    orders = []
    for n in range(10):
        order = requests.post(f"{BASE_URL}/flights/{flight}/orders",
                              json={"userId": f"payer{n}", "seats": [f"A{n + 1}"]}).json()
        answer = requests.post(f"{BASE_URL}/orders/{order['orderId']}/payment", json={"paymentCode": "12345"})
        assert answer.status_code == 200
        orders.append(order["orderId"])

    end = time.monotonic() + DEADLINE
    for order_id in orders:
        while (order := requests.get(f"{BASE_URL}/orders/{order_id}").json())["status"] == "PAYMENT_PENDING":
            assert time.monotonic() < end, f"still being paid: {order}"
            time.sleep(0.1)
        assert order["status"] in ("CONFIRMED", "FAILED")
        assert 1 <= order["paymentAttempts"] <= 3
        if order["status"] == "FAILED":
            assert order["paymentAttempts"] == 3 and order["lastError"]
