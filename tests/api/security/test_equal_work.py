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
from stack import BUILD

QUESTIONS = 4


def is_sanitized(program):
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


pytestmark = [pytest.mark.skipif(not shutil.which("valgrind"), reason="there is no valgrind"),
              pytest.mark.skipif(is_sanitized(BUILD / "booking-api"), reason="built with sanitizers")]


class Counted:
    """An API process of its own, under callgrind."""

    def __init__(self, stack, directory):
        self.stack, self.path = stack, directory / "api.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path))
            listener.listen()
            self.process = subprocess.Popen(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out", "--toggle-collect=router_handle",
                 str(BUILD / "booking-api")], stdin=listener, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**stack.programs_environment(), "LOG_LEVEL": "error"})

    def api(self, **variables):
        api = Direct(self.stack, **variables)
        api.socket = self.path
        return api

    def stop(self):
        """Ends the process. Returns how many instructions it took to handle its requests."""
        self.process.terminate()
        _, text = self.process.communicate(timeout=60)
        return int(re.search(r"Collected : (\d+)", text)[1])


def cost(stack, directory, method, path, body):
    directory.mkdir()
    counted = Counted(stack, directory)
    try:
        for _ in range(QUESTIONS):
            sent = {"json": body} if body else {"body": b""}
            counted.api(REMOTE_USER="other@example.com").request(method, path, timeout=60, **sent).refused(404, "ORDER_NOT_FOUND")
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
