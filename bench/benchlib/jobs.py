# SPDX-License-Identifier: MIT
"""Timers, the queue, and memory after much work: each method is one round, a dictionary of figures by name."""

import json
import subprocess
import time
import urllib.request

from benchlib import data
from benchlib.base import CONNECTIONS, MILLION, Base, percentiles
from benchlib.stack import ROOT, settle, wait_until


class Jobs(Base):
    def fill(self, count):
        """Makes `count` timers for tomorrow. A timer is a row of workflow_jobs; its order is not read until then."""
        data.reset(self.stack)
        data.make_jobs(self.stack, 0xf0000000, count, "EXPIRE_HOLD",
                       "UTC_TIMESTAMP(3) + INTERVAL 1 DAY + INTERVAL n SECOND")
        settle(3)

    def lateness(self, prefix, count, spacing_ms):
        """How late holds are ended that lapse one after the other, or all at once."""
        stack, batch = self.stack, self.next_batch()
        start = stack.sql("SELECT UTC_TIMESTAMP(3) + INTERVAL {} SECOND".format(4 + count // 5000))[0][0]
        due = f"TIMESTAMPADD(MICROSECOND, n * {spacing_ms} * 1000, '{start}')"
        data.make_orders(stack, batch, count, "SEATS_RESERVED", due)
        data.make_jobs(stack, batch, count, "EXPIRE_HOLD", due)
        if stack.number(f"SELECT '{start}' <= UTC_TIMESTAMP(3)"):
            raise SystemExit("the machine is too slow to make this many timers in time")
        ended = f"SELECT COUNT(*) FROM orders WHERE status = 'EXPIRED' AND order_id LIKE '{batch:08x}-%'"
        if not wait_until(lambda: stack.number(ended) == count, 60 + count * spacing_ms / 1000, interval=0.25):
            raise SystemExit("the timers do not fire")
        late = [float(row[0]) for row in stack.sql(
            "SELECT TIMESTAMPDIFF(MICROSECOND, o.updated_at, e.created_at) / 1000 FROM orders o"
            " JOIN workflow_events e ON e.order_id = o.order_id AND e.type = 'ORDER_EXPIRED'"
            f" WHERE o.order_id LIKE '{batch:08x}-%'")]
        return {**percentiles(late, f"{prefix}_late_ms"), f"{prefix}_earliest_ms": min(late)}

    def timers(self, number):
        """10,000 and a million pending timers; 100 due a second; 10,000 due at once; then nothing to do."""
        figures, stack = {}, self.stack
        seconds = max(5, int(self.seconds))
        for name, pending in (("few", 10_000), ("many", self.pending)):
            self.fill(pending)
            figures.update(self.lateness(f"{name}_100", 100 * seconds, 10))
            figures.update(self.lateness(f"{name}_burst", 10_000, 0))
            figures[f"{name}_burst_drained_s"] = figures[f"{name}_burst_late_ms_max"] / 1000
        settle(12)
        idle_s = max(15, self.seconds)
        before, cpu = stack.statements(), stack.cpu()
        time.sleep(idle_s)
        used = {group: after - cpu.get(group, 0) for group, after in stack.cpu().items()}
        asked = stack.statements() - before
        figures["idle_statements_per_s"] = (asked - 2) / idle_s      # two are our own
        figures["idle_core_percent"] = sum(used.values()) / idle_s * 100
        figures.update({f"idle_core_percent_{group}": value / idle_s * 100 for group, value in used.items()})
        return figures

    def drain(self, sweepers, count, kind, status):
        stack, batch = self.stack, self.next_batch()
        data.make_orders(stack, batch, count, status, seats=False)
        data.make_jobs(stack, batch, count, kind, "UTC_TIMESTAMP(3)", 10)
        left = f"SELECT COUNT(*) FROM workflow_jobs WHERE order_id LIKE '{batch:08x}-%'"
        settle()
        begun = time.monotonic()
        stack.start_own_sweepers(sweepers)
        if not wait_until(lambda: stack.number(left) == 0, 120, interval=0.05):
            raise SystemExit("the queue does not drain")
        took = time.monotonic() - begun
        stack.stop_own_sweepers()
        return count / took

    def queue(self, number):
        """Jobs whose order has moved on, so that they need only be dropped; and how many rows a claim reads."""
        stack, figures = self.stack, {}
        count = int(4000 * self.seconds)
        self.fill(self.pending)
        stack.stop_sweeper()
        for sweepers in (1, 2, 4):
            figures[f"jobs_per_s_{sweepers}"] = self.drain(sweepers, count, "EXPIRE_HOLD", "CANCELLED")
        figures["confirmations_per_s"] = self.drain(1, count // 4, "SEND_CONFIRMATION", "CONFIRMED")

        def claims(prefix):
            data.make_jobs(stack, self.next_batch(), 64 * 20, "EXPIRE_HOLD", "UTC_TIMESTAMP(3)")
            run = stack.bare("claims", 20)
            figures[f"{prefix}_rows_read_most"] = run["rows_read_most"]
            figures[f"{prefix}_rows_read_per_claim"] = run["rows_read"] / 20
            figures[f"{prefix}_ms"] = run["ms_total"] / 20
            figures[f"{prefix}_ms_slowest"] = run["ms_slowest"]

        claims("claim")
        old = stack.open_old_transaction()
        try:
            figures["churn_jobs_per_s"] = self.drain(1, count * 2, "EXPIRE_HOLD", "CANCELLED")
            claims("claim_after_churn")
        finally:
            old.stdin.close()
            old.wait(30)
        stack.start_sweeper()
        return figures

    def begin(self, number):
        """From `make start`, with data there, until a first booking is confirmed; then what an idle system is."""
        stack = self.stack
        data.reset(stack)
        stack.stop()
        subprocess.run(["make", "-s", "programs"], cwd=ROOT, env=stack.environment, check=True, stdout=subprocess.DEVNULL)
        begun = time.monotonic()
        run = subprocess.run(["make", "-s", "start"], cwd=ROOT, env=stack.environment, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
        if run.returncode:
            raise SystemExit(f"make start: {run.stdout}")
        started = time.monotonic() - begun

        def ask(path, body=None):
            request = urllib.request.Request(f"http://127.0.0.1:{stack.port}/api/orders{path}", json.dumps(body).encode() if body else None,
                                             {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)

        order = ask("", {"flightId": "bench-1", "seats": ["1A"], "userId": "first"})["orderId"]
        ask(f"/{order}/pay", {"paymentCode": "99999"})
        if not wait_until(lambda: ask(f"/{order}/status")["status"] == "CONFIRMED", 30, interval=0.01):
            raise SystemExit("the first booking is not confirmed")
        figures = {"first_booking_s": time.monotonic() - begun, "started_s": started}
        settle(15)
        return {**figures, **stack.idle()}

    def memory(self, number, requests=MILLION):
        """Resident size of the largest process of each kind: at its start, warm, and after a million requests."""
        stack, work = self.stack, self.work
        data.reset(stack)
        data.make_orders(stack, self.next_batch(), 2000, "SEATS_RESERVED", "UTC_TIMESTAMP(3) + INTERVAL 1 DAY")
        orders = [row[0] for row in stack.sql("SELECT order_id FROM orders")]
        stack.restart()
        start = stack.memory()
        mix = [request for n, order in enumerate(orders) for request in (
            data.get(f"/api/orders/{order}/status"), data.get(f"/api/orders/{order}"),
            data.get(f"/api/orders/{order}", 'If-None-Match: "1"'), data.get(f"/live/orders/{order}/status"),
            data.get(f"/api/orders/{order}/events"), data.get("/api/orders/nobody"),
            data.hold_request(f"bench-{n % data.FLIGHTS}", ["1A"]), data.hold_request("no-flight", ["1A"]),
            *([data.get(f"/api/flights/bench-{n % 100}/seats")] if n % 10 == 0 else []))]
        file = data.write_requests(work / "mix.http", mix)
        stack.load(file, c=CONNECTIONS, t=600, m="cycle", n=max(1000, requests // 10))
        warm = stack.memory()
        stack.load(file, c=CONNECTIONS, t=1200, m="cycle", n=requests)
        end = stack.memory()
        figures = {"requests": requests}
        for group in ("api", "gateway", "sweeper", "nginx", "database"):
            figures.update({f"{group}_start_mib": start[group], f"{group}_warm_mib": warm[group],
                            f"{group}_end_mib": end[group], f"{group}_grown_mib": end[group] - warm[group]})
        return figures
