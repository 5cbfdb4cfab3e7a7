# SPDX-License-Identifier: MIT
"""What a question about an order costs does not tell whether there is such an order: the API does the same work for
somebody else's order and for one that does not exist. The work is counted in instructions, by callgrind."""

import re
import shutil
import socket
import subprocess
import uuid

import pytest

from fastcgi import Direct
from persons import name_in
from stack import BUILD

QUESTIONS = 4


def is_sanitized(program):
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


pytestmark = [pytest.mark.skipif(not shutil.which("valgrind"), reason="there is no valgrind"),
              pytest.mark.skipif(is_sanitized(BUILD / "booking-api"), reason="built with sanitizers")]


class Counted:
    """An API process of its own, under callgrind."""

    def __init__(self, stack, directory, function="router_handle", **environment):
        self.stack, self.path = stack, directory / "api.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path))
            listener.listen()
            self.process = subprocess.Popen(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out", f"--toggle-collect={function}",
                 str(BUILD / "booking-api")], stdin=listener, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**stack.programs_environment(), "LOG_LEVEL": "error", **environment})

    def api(self, **variables):
        api = Direct(self.stack, **variables)
        api.socket = self.path
        return api

    def begin(self):
        """Counts from now on: what connecting to the database took is not the same each time."""
        subprocess.run(["callgrind_control", "--zero", str(self.process.pid)], check=True, stdout=subprocess.DEVNULL, timeout=60)

    def stop(self):
        """Ends the process. Returns how many instructions it took in the function."""
        self.process.terminate()
        _, text = self.process.communicate(timeout=60)
        return int(re.search(r"Collected : (\d+)", text)[1])


def cost(stack, directory, method, path, body):
    directory.mkdir()
    counted = Counted(stack, directory)

    def ask():
        sent = {"json": body} if body else {"body": b""}
        counted.api(REMOTE_USER="other@example.com").request(method, path, timeout=60, **sent).refused(404, "ORDER_NOT_FOUND")
    try:
        ask()  # connects, and prepares the statements
        counted.begin()
        for _ in range(QUESTIONS):
            ask()
    finally:
        total = counted.stop()
    return total


@pytest.mark.parametrize("method, suffix, body", [
    ("GET", "", None), ("GET", "/events", None), ("DELETE", "", None), ("PUT", "/seats", {"seats": ["A2"]}),
    ("POST", "/pay", {"paymentCode": "99999"})])
def test_others_orders_cost_what_no_order_costs(signed_in_stack, tmp_path, method, suffix, body):
    stack = signed_in_stack
    order = Direct(stack, REMOTE_USER="owner@example.com").post(
        "/api/orders", {"flightId": stack.new_flight(), "seats": ["A1", "B1"]}).ok(201)
    costs = {name: cost(stack, tmp_path / name, method, f"/api/orders/{order_id}{suffix}", body)
             for name, order_id in (("others", order["orderId"]), ("none", str(uuid.uuid4())))}
    assert min(costs.values()) > 10_000, "something was counted"
    # A row that is read and then refused costs some ten thousand instructions. (Numbers are printed by their length.)
    assert abs(costs["others"] - costs["none"]) < 500 * QUESTIONS, costs


class CountedAlone(Counted):
    """One that counts its round trips to the database for itself."""

    def __init__(self, stack, directory):
        super().__init__(stack, directory, "bookings_post_find", METRICS_FILE="")
        self.round_trips()  # connects, and prepares the statements of /metrics

    def round_trips(self):
        text = self.api().get("/metrics", timeout=60).body.decode()
        return int(re.search(r"^booking_database_round_trips_total (\d+)$", text, re.M)[1])


def cost_of_look_up(stack, directory, name, locator):
    """What a look-up takes that finds nothing: (instructions of all, round trips of each)."""
    def ask():
        counted.api().post("/api/bookings/find", {"locator": locator, "familyName": name}, timeout=60).refused(404, "ORDER_NOT_FOUND")
    directory.mkdir()
    counted = CountedAlone(stack, directory)
    try:
        ask()  # prepares the statements
        counted.begin()
        before = counted.round_trips()
        for _ in range(QUESTIONS):
            ask()
        after = counted.round_trips()
        of_metrics = counted.round_trips() - after
    finally:
        total = counted.stop()
    return total, (after - before - of_metrics) / QUESTIONS


def test_a_look_up_in_vain_costs_the_same_whatever_is_wrong(own_stack, tmp_path):
    stack = own_stack(SWEEPERS=0, API_WORKERS=1)
    right, limited = (stack.api().hold(stack.new_flight(), "A1") for _ in range(2))
    wrong = {"wrong name": (name_in(stack, right, "Lovelace"), "Lovelacf"), "no such locator": ("222222", "Lovelace"),
             "limited": (name_in(stack, limited, "Lovelace"), "Lovelace")}
    stack.query("INSERT INTO lookup_failures VALUES (UNHEX(SHA2(%s, 256)), 10, UTC_TIMESTAMP(3))", wrong["limited"][0])
    costs = {what: cost_of_look_up(stack, tmp_path / what.replace(" ", "-"), name, locator)
             for what, (locator, name) in wrong.items()}
    instructions = [each[0] for each in costs.values()]
    assert min(instructions) > 10_000, "something was counted"
    # A statement costs more than twenty thousand instructions. (Numbers of a row are read by their length.)
    assert max(instructions) - min(instructions) < 1000 * QUESTIONS, costs
    # One statement counts, and one looks.
    assert {each[1] for each in costs.values()} == {2}, costs
