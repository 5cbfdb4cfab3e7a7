# SPDX-License-Identifier: MIT
"""Locks rows, so that a test decides which transaction gets them first."""

import contextlib
import time

from stack import wait_for


class Gate:
    """Rows that the test has locked. Other transactions queue for them, in order of arrival, until `open`."""

    def __init__(self, stack, sql, *args):
        self.stack = stack
        self.root = stack.root_db()
        self.cursor = self.root.cursor()
        self.cursor.execute("START TRANSACTION")
        self.cursor.execute(f"SELECT 1 FROM flight_booking.{sql} FOR UPDATE", args)
        assert self.cursor.fetchall(), "there is no such row to lock"

    def wait_for_queue(self, count):
        def queue():
            self.cursor.execute("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
            return self.cursor.fetchone()[0] >= count
        # The server renews this table only if it has not been read for a tenth of a second. Before that it may still
        # show the transactions that waited in the previous test.
        time.sleep(0.15)
        wait_for(queue, 10, f"{count} to wait at the gate", interval=0.15)

    def open(self):
        self.root.rollback()
        self.root.close()


@contextlib.contextmanager
def order_gate(stack, order):
    with gate(stack, "orders WHERE order_id = %s", order["orderId"]) as held:
        yield held


@contextlib.contextmanager
def gate(stack, sql, *args):
    held = Gate(stack, sql, *args)
    try:
        yield held
    finally:
        if held.root.open:
            held.open()
