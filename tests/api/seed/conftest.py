# SPDX-License-Identifier: MIT
"""Runs the seeds' test file, which is kept unchanged, against one of our stacks.

The file names localhost:8080 and flight FL123. Here the stack's address replaces the former. With several workers, each
gets a flight of its own with the same thirty seats. The file's assertions stay as they are.
"""

import os

import pytest
import requests

# The seed's last assertion in that test reads "201 is not in the list of those codes that differ from the first or from
# the second". With {201, 409} that list has both codes, so it fails on the only right answer, and passes when both
# customers got the seat. It is strict, so that the run fails if both ever get 201, or are both refused in another way.
# test_concurrency.py tests what the assertion meant.
INVERTED = ("the seed's last assertion is inverted: it holds only when one seat is sold twice; "
            "see tests/api/seed/test_concurrency.py for what it means")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.name == "test_booking_flow.py" and item.name == "test_concurrent_same_seat_booking":
            item.add_marker(pytest.mark.xfail(strict=True, raises=AssertionError, reason=INVERTED))


@pytest.fixture(scope="module")
def stack(seed_stack):
    return seed_stack


@pytest.fixture(scope="session", autouse=True)
def wait_for_services(seed_stack):
    """Replaces the seed's fixture, because the stack's start has already waited."""
    assert requests.get(f"{seed_stack.url}/health").status_code == 200


@pytest.fixture(scope="session")
def flight_id(seed_stack):
    """FL123 or, with several workers, this worker's own flight."""
    return seed_stack.new_flight() if os.environ.get("PYTEST_XDIST_WORKER") else "FL123"


@pytest.fixture(autouse=True)
def rebind(request, monkeypatch, seed_stack, flight_id):
    monkeypatch.setattr(request.module, "BASE_URL", f"{seed_stack.url}/api", raising=False)
    monkeypatch.setattr(request.module, "FLIGHT_ID", flight_id, raising=False)


@pytest.fixture
def reset_flight_seats(seed_stack, flight_id):
    """Resets as the seed's fixture does, but only this worker's flight."""
    answer = requests.post(f"{seed_stack.url}/api/admin/reset", json={"flightId": flight_id})
    assert answer.status_code == 200
    yield
