# SPDX-License-Identifier: MIT
"""Bookings and their payments: each method is one round, a dictionary of figures by name."""

import json
import subprocess
import time

from benchlib import data
from benchlib.base import CONNECTIONS, MILLION, Base, part, percentiles
from benchlib.stack import free_port, settle, wait_until


class Payments(Base):
    def flow(self, number):
        """From hold to confirmation, at a gateway without delay: as fast as it goes, then 40 a second."""
        stack = self.stack
        http, _ = data.write_holds(self.work, number)
        data.reset(stack)
        settle()
        closed = stack.load(http, c=32, t=self.seconds, m="flow", p=10)
        figures = {"bookings_per_s": closed["rate"], "busy_confirmed_ms_p50": closed["payment_ms"].get("p50"),
                   "busy_confirmed_ms_p99": closed["payment_ms"].get("p99"), "broken": closed["broken"]}
        for prefix, rate in (("", 40), ("half_", int(closed["rate"] / 2))):
            data.reset(stack)
            settle()
            stack.load(http, c=256, t=self.seconds, m="flow", r=rate, p=10)
            rows = self.paid_ms()
            figures.update({**percentiles([float(row[0]) for row in rows], f"{prefix}submit_to_charge_ms"),
                            **percentiles([float(row[1]) for row in rows], f"{prefix}submit_to_confirmed_ms")})
        return {**figures, "half_rate": int(closed["rate"] / 2)}

    def paid_ms(self):
        """Milliseconds from each submitted payment to its charge, and to its confirmation."""
        return self.stack.sql("""
            SELECT TIMESTAMPDIFF(MICROSECOND, s.created_at, c.captured_at) / 1000,
                   TIMESTAMPDIFF(MICROSECOND, s.created_at, e.created_at) / 1000
            FROM workflow_events s JOIN payments p ON p.order_id = s.order_id
            JOIN payment_gateway.charges c ON c.idempotency_key = p.payment_id
            JOIN workflow_events e ON e.order_id = s.order_id AND e.type = 'ORDER_CONFIRMED'
            WHERE s.type = 'PAYMENT_SUBMITTED'""")

    def parts(self, number, count):
        """Hold, pay, and all that the sweeper does for a paid order, each alone and as fast as it goes."""
        stack, runs = self.stack, {}
        http, _ = data.write_holds(self.work, number)
        data.reset(stack)
        settle()
        cost = self.spent(lambda: runs.update(hold=stack.load(http, c=CONNECTIONS, t=self.seconds)))
        figures = part("hold", cost, runs["hold"]["statuses"]["201"])
        figures["hold_per_s"] = runs["hold"]["rate"]

        orders = self.held_orders(count)
        pays = data.write_requests(self.work / "pay.http", [data.pay_request(order) for order in orders])
        stack.pause("PAYMENT_ATTEMPT")
        cost = self.spent(lambda: runs.update(pay=stack.load(pays, c=CONNECTIONS, t=120, n=count)))
        if set(runs["pay"]["statuses"]) != {"202"}:
            raise SystemExit(f"not paid: {runs['pay']['statuses']}")
        figures.update(part("pay", cost, count))

        figures.update(self.drained("drain", count))
        return figures

    def drained(self, prefix, count):
        """What the sweeper does for so many paid orders: the operator had paused their payments."""
        stack = self.stack

        def drain():
            stack.resume("PAYMENT_ATTEMPT")
            if not wait_until(lambda: stack.number("SELECT COUNT(*) FROM workflow_jobs") == 0, 120, interval=0.1):
                raise SystemExit("the payments do not drain")

        settle()
        begun = time.monotonic()
        cost = self.spent(drain)
        return {**part(prefix, cost, count), f"{prefix}_per_s": count / (time.monotonic() - begun)}

    def paid_orders(self, count):
        """Makes orders whose payments were submitted and are due, while the operator has paused them."""
        stack, batch = self.stack, self.next_batch()
        data.reset(stack)
        stack.pause("PAYMENT_ATTEMPT")
        data.make_orders(stack, batch, count, "PAYMENT_PENDING")
        data.make_payments(stack, batch)
        data.make_jobs(stack, batch, count, "PAYMENT_ATTEMPT", "UTC_TIMESTAMP(3)", 3)
        settle()

    def slow_gateway(self, delay_ms, **settings):
        """A gateway that answers thousands of calls at a time, each after the same delay, and the stack that calls it."""
        port = free_port()
        gateway = subprocess.Popen([self.stack.build / "bench/slow_gateway", str(port), str(delay_ms)], text=True,
                                   stdout=subprocess.PIPE)
        self.stack.restart(PAYMENT_GATEWAY_URL=f"http://127.0.0.1:{port}", SWEEPER_MAX_IN_FLIGHT="2000", **settings)
        return gateway

    def bookings(self, number):
        """What a whole booking costs at a gateway without delay: by parts, in a closed loop, and at 60 a second."""
        stack = self.stack
        figures = self.parts(number, int(500 * self.seconds))
        figures["parts_of_hold"] = sum(figures[f"{name}_cpu_us"] for name in ("hold", "pay", "drain")) / \
            figures["hold_cpu_us"]

        http, _ = data.write_holds(self.work, number)
        for prefix, options in (("closed", {"c": 32}), ("fixed", {"c": 64, "r": 60})):
            data.reset(stack)
            settle()
            runs, before, asked = {}, stack.flushes(), stack.statements()
            cost = self.spent(lambda options=options, runs=runs: runs.update(
                flow=stack.load(http, t=2 * self.seconds, m="flow", p=10, **options)))
            booked = stack.number("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'")
            figures.update(part(prefix, cost, booked))
            requests = runs["flow"]["answers"] / booked + 1      # nginx passes on the gateway's, too
            statements = (stack.statements() - asked) / booked
            figures.update({f"{prefix}_per_s": runs["flow"]["rate"], f"{prefix}_broken": runs["flow"]["broken"],
                            f"{prefix}_flushes_per_booking": (stack.flushes() - before) / booked,
                            f"{prefix}_statements": statements, f"{prefix}_requests": requests,
                            **self.emptied(prefix, figures[f"{prefix}_cpu_us"], runs["flow"]["rate"], requests, statements)})
        figures["bookings_of_holds"] = figures["closed_per_s"] / figures["hold_per_s"]
        return figures

    def emptied(self, prefix, cost_us, rate, requests, statements):
        """What a booking would cost if nothing were done for it: as many requests that are refused at sight, and as many
        statements that do nothing, at the same rate. No booking of as many messages can cost less here."""
        stack = self.stack
        runs = {}
        settle()
        cost = self.spent(lambda: runs.update(refused=stack.load(
            data.write_refused(self.work), c=CONNECTIONS, t=self.seconds, r=int(rate * requests))))
        if set(runs["refused"]["statuses"]) != {"400"}:
            raise SystemExit(f"not refused: {runs['refused']['statuses']}")
        request_us = sum(cost.values()) / runs["refused"]["statuses"]["400"]
        settle()
        nothing = stack.bare("nothing", rate * statements, self.seconds, CONNECTIONS)
        statement_us = sum(nothing["cpu_us"].values())
        empty_us = requests * request_us + statements * statement_us
        return {f"{prefix}_refused_us": request_us, f"{prefix}_nothing_us": statement_us, f"{prefix}_empty_us": empty_us,
                f"{prefix}_of_empty": cost_us / empty_us}

    def transactions(self, number, count=1500):
        """What each transaction of a booking costs. A gateway that takes 4 s parts the claims, which announce, from the
        settlements; the charge is what a drain by the simulator costs more than both."""
        stack = self.stack
        figures = self.parts(number, count)
        gateway = self.slow_gateway(4000)
        try:
            self.paid_orders(count)

            def until(ended):
                if not wait_until(lambda: stack.number(ended) == 0, 60, interval=0.1):
                    raise SystemExit("the payments do not end")

            stack.resume("PAYMENT_ATTEMPT")
            figures.update(part("claim", self.spent(lambda: until("SELECT COUNT(*) FROM payments WHERE attempts = 0")), count))
            figures.update(part("settle", self.spent(lambda: until("SELECT COUNT(*) FROM workflow_jobs")), count))
        finally:
            gateway.terminate()
        gateway.communicate(timeout=10)
        stack.restart()
        groups = {name[len("drain_cpu_us"):] for name in figures if name.startswith("drain_cpu_us")}
        return {**figures, **{f"charge_cpu_us{group}": max(0, figures[f"drain_cpu_us{group}"] - sum(
            figures.get(f"{name}_cpu_us{group}", 0) for name in ("claim", "settle"))) for group in groups}}

    def sweepers(self, number):
        """Payments drained, and whole bookings in a closed loop, by 1, 2 and 4 sweepers; at a gateway without delay."""
        stack, figures, count = self.stack, {}, int(500 * self.seconds)
        http, _ = data.write_holds(self.work, number)
        stack.stop_sweeper()
        for sweepers in (1, 2, 4):
            stack.start_own_sweepers(sweepers)
            self.paid_orders(count)
            figures.update(self.drained(f"drain_{sweepers}", count))
            data.reset(stack)
            settle()
            run = {}
            cost = self.spent(lambda run=run: run.update(stack.load(http, c=32, t=self.seconds, m="flow", p=10)))
            figures.update(part(f"closed_{sweepers}", cost, stack.number("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'")))
            figures[f"closed_{sweepers}_per_s"] = run["rate"]
            stack.stop_own_sweepers()
        stack.start_sweeper()
        return figures

    def delays(self, number):
        """One sweeper at gateways that take their time: payments drained, and at 40 a second what the system adds."""
        stack, figures, count = self.stack, {}, int(500 * self.seconds)
        http, _ = data.write_holds(self.work, number)
        for delay in (0, 100, 1000, 5000):
            gateway = self.slow_gateway(delay)
            try:
                self.paid_orders(count)
                figures.update(self.drained(f"drain_{delay}", count))
                data.reset(stack)
                settle()
                stack.load(http, c=512, t=self.seconds + delay / 1000, m="flow", r=40, p=10)
                rows = stack.sql("SELECT TIMESTAMPDIFF(MICROSECOND, s.created_at, e.created_at) / 1000 FROM workflow_events s"
                                 " JOIN workflow_events e ON e.order_id = s.order_id AND e.type = 'ORDER_CONFIRMED'"
                                 " WHERE s.type = 'PAYMENT_SUBMITTED'")
                figures.update(percentiles([float(row[0]) - delay for row in rows], f"added_{delay}_ms"))
            finally:
                gateway.terminate()
            gateway.communicate(timeout=10)
        stack.restart()
        return figures

    def slow_disk(self, number):
        """Holds and bookings on a disk that takes 5 ms more for each flush, and how many commits share a flush."""
        stack = self.stack
        stack.restart(LD_PRELOAD=str(stack.build / "bench/slow_disk.so"), SLOW_DISK_MS="5")
        figures = {**self.holds(number), **self.bookings(number)}
        stack.restart()
        return figures

    def payments_due(self, number):
        """10,000 payments due at once at a gateway that takes a second, with 100 timers a second beside them."""
        stack, count = self.stack, 10_000
        data.reset(stack)
        gateway = self.slow_gateway(1000)
        try:
            batch, timers = self.next_batch(), self.next_batch()
            data.make_orders(stack, batch, count, "PAYMENT_PENDING", first=1000)
            data.make_payments(stack, batch)
            due = "TIMESTAMPADD(MICROSECOND, n * 10000, UTC_TIMESTAMP(3) + INTERVAL 2 SECOND)"
            data.make_orders(stack, timers, 1000, "SEATS_RESERVED", due)
            data.make_jobs(stack, timers, 1000, "EXPIRE_HOLD", due)
            data.make_jobs(stack, batch, count, "PAYMENT_ATTEMPT", "UTC_TIMESTAMP(3)", 3, first=1000)
            begun = time.monotonic()
            done = f"SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED' AND order_id LIKE '{batch:08x}-%'"
            if not wait_until(lambda: stack.number(done) == count, 180, interval=0.25):
                raise SystemExit("the payments do not end")
            took, most = time.monotonic() - begun, stack.memory("VmHWM")["sweeper"]
            abandoned = stack.number("SELECT COUNT(*) FROM workflow_events WHERE outcome = 'ABANDONED'")
            late = [float(row[0]) for row in stack.sql(
                "SELECT TIMESTAMPDIFF(MICROSECOND, o.updated_at, e.created_at) / 1000 FROM orders o"
                " JOIN workflow_events e ON e.order_id = o.order_id AND e.type = 'ORDER_EXPIRED'"
                f" WHERE o.order_id LIKE '{timers:08x}-%'")]
        finally:
            gateway.terminate()
        gateway.communicate(timeout=10)
        stack.restart()
        return {"decided_s": took, "sweeper_mib": most, "abandoned": abandoned, **percentiles(late, "timers_late_ms")}

    def in_flight(self, number):
        """2,000 payments at a time at a gateway that takes 5 s: one sweeper's memory and processor time."""
        stack = self.stack
        data.reset(stack)
        gateway = self.slow_gateway(5000)
        try:
            batch, count = self.next_batch(), 6000
            data.make_orders(stack, batch, count, "PAYMENT_PENDING")
            data.make_payments(stack, batch)
            before, begun = stack.cpu(), time.monotonic()
            idle = stack.memory()["sweeper"]
            data.make_jobs(stack, batch, count, "PAYMENT_ATTEMPT", "UTC_TIMESTAMP(3)", 3)
            done = f"SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED' AND order_id LIKE '{batch:08x}-%'"
            if not wait_until(lambda: stack.number(done) == count, 120, interval=0.25):
                raise SystemExit("the payments do not end")
            took = time.monotonic() - begun
            used = stack.cpu()["sweeper"] - before["sweeper"]
            most = stack.memory("VmHWM")["sweeper"]
            charged_twice = stack.number("SELECT COUNT(*) - COUNT(DISTINCT order_id) FROM workflow_events"
                                         " WHERE type = 'PAYMENT_ATTEMPT'")
        finally:
            gateway.terminate()
        calls = json.loads(gateway.communicate(timeout=10)[0])
        stack.restart()
        return {"sweeper_mib": most, "sweeper_idle_mib": idle, "open_at_once": calls["open_at_once_most"],
                "payments_per_s": count / took, "sweeper_core_percent": used / took * 100,
                "sweeper_cpu_us_per_payment": used / count * 1e6, "charged_twice": charged_twice}

    def stripe(self, number, payments=2000):
        """What the gateway program for Stripe adds to an attempt, beside a stand-in that answers at once: to the first, which
        makes the page, and to a later one, which asks for it. And its memory with so many payments under way."""
        stack, port = self.stack, free_port()
        page = {"object": "checkout.session", "id": "cs_bench_#", "status": "open", "payment_status": "unpaid",
                "url": "https://checkout.stripe.com/c/pay/cs_bench", "amount_total": 12900, "currency": "usd"}
        stand_in = subprocess.Popen([stack.build / "bench/slow_gateway", str(port), "0", json.dumps(page)],
                                    stdout=subprocess.DEVNULL)
        charges, figures = data.write_charges(self.work, number, payments), {}
        try:
            stack.restart(PAYMENT_GATEWAY="stripe", GATEWAY_WORKERS="16", PUBLIC_URL="https://example.org",
                          STRIPE_API_URL=f"http://127.0.0.1:{port}", STRIPE_SECRET_KEY="sk_test_of_the_benchmark",
                          STRIPE_WEBHOOK_SECRET="whsec_of_the_benchmark")
            settle()
            for name, where, status in (("alone", port, "200"), ("first", stack.ports["GATEWAY_PORT"], "202"),
                                        ("later", stack.ports["GATEWAY_PORT"], "202")):
                run = stack.load(charges, port=where, c=1, t=60)
                if run["statuses"] != {status: payments}:
                    raise SystemExit(f"{name}: {run['statuses']}")
                figures.update({f"{name}_ms_p50": run["latency_ms"]["p50"], f"{name}_ms_p99": run["latency_ms"]["p99"]})
            figures["gateway_mib"] = stack.share("gateway")
        finally:
            stand_in.terminate()
            stand_in.wait(10)
        stack.restart()
        return {**figures, "payments": payments, "first_adds_ms": figures["first_ms_p50"] - figures["alone_ms_p50"],
                "later_adds_ms": figures["later_ms_p50"] - figures["alone_ms_p50"]}
