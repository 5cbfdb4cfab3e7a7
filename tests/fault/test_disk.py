"""A full disk: requests get the truth or a 503, what dies is started again, and with room all goes on."""

import os
import signal

import pytest

import audit
from disk import fill, small_disk
from stack import Stack, wait_for


@pytest.fixture(scope="module")
def disk():
    with small_disk(320) as directory:
        if directory is None:
            pytest.skip("no disk can be mounted here")
        yield directory


@pytest.fixture(scope="module")
def stack(broken_stack, disk):
    return broken_stack(Stack({"API_WORKERS": 4, "GATEWAY_WORKERS": 2, "PAYMENT_TIMEOUT": "1s"}, data_dir=disk / "stack"))


def test_full_disk(stack, api, disk):
    flight = stack.new_flight(rows=10)
    api.plain = True
    told = []
    fill(disk / "ballast")
    try:
        for row in range(1, 11):
            for pid in stack.pids("booking-api")[:1] + stack.pids("sweeper")[:1]:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: len(stack.pids("booking-api")) == 4 and stack.pids("sweeper"), 20, "what died to be started again")
            fill(disk / "ballast")
            answer = api.post(f"/api/flights/{flight}/orders", {"userId": "full", "seats": [f"A{row}"]})
            assert answer.status in (201, 502, 503), answer
            if answer.status == 201:
                told.append(answer.json)
                assert api.pay(answer.json, "99999").status in (200, 503)
    finally:
        (disk / "ballast").unlink()
    wait_for(stack.healthy, 20, "the stack to be well again")
    told.append(api.hold(flight, "B1"))
    api.pay(told[-1], "99999").ok()
    stack.wait_status(told[-1], "CONFIRMED")
    assert {o["orderId"] for o in told} <= {row["order_id"] for row in stack.query("SELECT order_id FROM orders")}
    audit.audit(stack)
