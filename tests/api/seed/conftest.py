# SPDX-License-Identifier: MIT
"""Runs the seeds' test file, which is kept to the letter, against a stack of ours.

The file names localhost:8080 and flight FL123. Here the address becomes the stack's, and with
several workers each gets a flight of its own, with the same thirty seats. Its assertions stay.
"""

import os

import pytest
import requests

# The seed's last assertion there reads "201 is not in the list of those codes that differ from
# the first or from the second": with {201, 409} that list holds both codes, so it fails on the
# only right answer and passes when both got the seat. strict: should the two ever both get 201,
# or both be refused otherwise, this run turns red. What it meant is in test_concurrency.py.
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
    """As in the seed; the stack's start has waited already."""
    assert requests.get(f"{seed_stack.url}/health").status_code == 200


@pytest.fixture(scope="session")
def flight_id(seed_stack):
    """FL123, or with several workers this worker's own flight."""
    return seed_stack.new_flight() if os.environ.get("PYTEST_XDIST_WORKER") else "FL123"


@pytest.fixture(autouse=True)
def rebind(request, monkeypatch, seed_stack, flight_id):
    monkeypatch.setattr(request.module, "BASE_URL", f"{seed_stack.url}/api", raising=False)
    monkeypatch.setattr(request.module, "FLIGHT_ID", flight_id, raising=False)


@pytest.fixture
def reset_flight_seats(seed_stack, flight_id):
    """As in the seed, but for this worker's flight only."""
    answer = requests.post(f"{seed_stack.url}/api/admin/reset", json={"flightId": flight_id})
    assert answer.status_code == 200
    yield
