# SPDX-License-Identifier: MIT
"""The hold's timer with the seeds' timings: thirty seconds, shown to within a second."""

import datetime

import requests

BASE_URL = "http://localhost:8080/api"
FLIGHT_ID = "FL123"


def hold_seconds(order):
    reserved, expires = (datetime.datetime.fromisoformat(order[field]) for field in ("reservedAt", "expiresAt"))
    return (expires - reserved).total_seconds()


def test_timer_starts_at_thirty_seconds_and_again_after_a_change():
    order = requests.post(f"{BASE_URL}/flights/{FLIGHT_ID}/orders", json={"userId": "leo", "seats": ["A9"]}).json()
    assert hold_seconds(order) == 30
    assert order["timerRemaining"] in (29, 30)

    changed = requests.post(f"{BASE_URL}/orders/{order['orderId']}/seats", json={"seats": ["A10"]}).json()
    assert hold_seconds(changed) == 30
    assert changed["expiresAt"] > order["expiresAt"]
    assert requests.delete(f"{BASE_URL}/orders/{order['orderId']}").status_code == 200
