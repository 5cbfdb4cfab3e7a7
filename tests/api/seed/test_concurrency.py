# SPDX-License-Identifier: MIT
"""The meaning of the seed's test_concurrent_same_seat_booking: many customers want one seat, and it is sold once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

BASE_URL = "http://localhost:8080/api"
FLIGHT_ID = "FL123"

CLIENTS = 12


@pytest.fixture
def seat(seed_stack):
    """C1 on a flight that no other test uses."""
    return seed_stack.new_flight(), "C1"


@pytest.mark.parametrize("round_", range(5))
def test_one_seat_is_sold_once(seat, round_):
    flight, number = seat

    def book_seat(user):
        answer = requests.post(f"{BASE_URL}/flights/{flight}/orders", json={"userId": user, "seats": [number]})
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(book_seat, [f"user{n}" for n in range(CLIENTS)]))

    assert sorted(status for status, _ in answers) == [201] + [409] * (CLIENTS - 1)
    for status, body in answers:
        if status == 409:
            assert (body["error"], body["seats"]) == ("SEATS_UNAVAILABLE", [number])


def test_reset_frees_what_was_held(reset_flight_seats):
    """After the seed's reset fixture, every seat of the flight is for sale."""
    seats = requests.get(f"{BASE_URL}/flights/{FLIGHT_ID}/seats").json()
    assert (seats["total"], seats["available"]) == (30, 30)
