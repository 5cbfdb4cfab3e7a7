# SPDX-License-Identifier: MIT
"""Backup and restore: the data is that of the backup, and timers that ran out in the meantime fire."""

import subprocess

import pytest

from audit import audit
from stack import ROOT, Stack, wait_for


@pytest.fixture(scope="module")
def own_stack():
    stack = Stack({"RESERVATION_TIMEOUT": "4s", "PAYMENT_TIMEOUT": "1s", "API_WORKERS": "4", "GATEWAY_WORKERS": "4"})
    stack.start()
    yield stack
    stack.stop()


def verb(stack, *arguments):
    return subprocess.run([str(ROOT / "conf/stack"), *map(str, arguments)], cwd=ROOT, env=stack.environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120)


def hold(stack, flight, seat):
    return stack.api().post("/api/orders", {"flightId": flight, "seats": [seat], "userId": "saver"}).ok(201)


def test_restore_brings_the_moment_back(own_stack, tmp_path):
    stack, file = own_stack, tmp_path / "saved.sql.gz"
    flight = stack.new_flight()
    paid = hold(stack, flight, "A1")
    stack.api().post(f"/api/orders/{paid['orderId']}/payment", {"paymentCode": "99999"}).ok(200)
    wait_for(lambda: stack.api().get(f"/api/orders/{paid['orderId']}").json["status"] == "CONFIRMED", 10)
    running = hold(stack, flight, "A2")

    saved = verb(stack, "backup", file)
    assert saved.returncode == 0, saved.stdout
    assert file.stat().st_mode & 0o077 == 0
    after = hold(stack, flight, "A3")

    restored = verb(stack, "restore", file)
    assert restored.returncode == 0, restored.stdout
    api = stack.api()
    assert api.get(f"/api/orders/{paid['orderId']}").json["status"] == "CONFIRMED"
    api.get(f"/api/orders/{after['orderId']}").refused(404, "ORDER_NOT_FOUND")
    # The hold's four seconds passed while the system was down, or pass now. Either way the timer fires.
    wait_for(lambda: stack.row(running)["status"] == "EXPIRED", 10, "the restored timer")
    assert {seat: state for seat, state in api.seats(flight).items() if state != "AVAILABLE"} == {"A1": "BOOKED"}
    audit(stack)


@pytest.mark.parametrize("content, complaint", [
    (b"not compressed", "cannot be read"), (None, "cannot be read"), (b"cut", "cut short"), (b"foreign", "not a backup")])
def test_a_bad_file_costs_nothing(own_stack, tmp_path, content, complaint):
    import gzip
    stack, file = own_stack, tmp_path / "bad.sql.gz"
    order = hold(stack, stack.new_flight(), "B1")
    if content == b"not compressed":
        file.write_bytes(content)
    elif content == b"cut":
        assert verb(stack, "backup", file).returncode == 0
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        file.write_bytes(gzip.compress(b"".join(lines[: len(lines) // 2])))
    elif content == b"foreign":
        file.write_bytes(gzip.compress(b"DROP DATABASE flight_booking;\n"))
    refused = verb(stack, "restore", file)
    assert refused.returncode == 1 and complaint in refused.stdout, refused.stdout
    assert stack.api().get(f"/api/orders/{order['orderId']}").status == 200
