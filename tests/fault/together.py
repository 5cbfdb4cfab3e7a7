# SPDX-License-Identifier: MIT
"""Payments that are announced, and answered, all at the same time, so that a sweeper settles them together."""

import contextlib
import os
import signal
from pathlib import Path

from stack import wait_for


def stop(pids, number=signal.SIGSTOP):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def calls_at(stack):
    """How many calls wait at the gateway's socket; the socket itself is there, too."""
    path = str(stack.data_dir / "run/gateway.sock")
    return sum(line.rstrip().endswith(path) for line in Path("/proc/net/unix").read_text().splitlines()) - 1


@contextlib.contextmanager
def answered_together(stack, sweepers, orders):
    """These payments are submitted in the block. Afterwards the gateway has decided about all of them, and the sweepers, whose
    process ids that function gives, are stopped: when they go on they find all answers."""
    gateways = stack.pids("payment-gateway")
    stop(gateways)
    asleep = []
    try:
        yield
        marks = ", ".join(["%s"] * len(orders))
        ids = [order["orderId"] for order in orders]
        wait_for(lambda: stack.query(f"SELECT COUNT(*) AS n FROM payments WHERE attempts = 1 AND order_id IN ({marks})",
                                     *ids)[0]["n"] == len(orders), 10, "all payments to be announced", interval=0.02)
        wait_for(lambda: calls_at(stack) >= len(orders), 10, "all calls to reach the gateway", interval=0.02)
        asleep = sweepers()
        stop(asleep)
        stop(gateways, signal.SIGCONT)
        wait_for(lambda: all(stack.charge(order) for order in orders), 10, "the gateway to decide", interval=0.02)
    except BaseException:
        stop(asleep, signal.SIGCONT)
        raise
    finally:
        stop(gateways, signal.SIGCONT)
