# SPDX-License-Identifier: MIT
"""The measurements. Each is one round: a dictionary of figures by name."""

import json
import math
import subprocess
import time

from benchlib import data
from benchlib.stack import free_port, settle, wait_until

CONNECTIONS = 16
MILLION = 1_000_000
PRODUCT = ("api", "gateway", "sweeper", "nginx", "database")


def percentiles(values, prefix, points=(50, 99)):
    ordered = sorted(values)
    figures = {f"{prefix}_p{point}": ordered[min(len(ordered) - 1, math.ceil(len(ordered) * point / 100) - 1)]
               for point in points} if ordered else {}
    return {**figures, **({f"{prefix}_max": ordered[-1]} if ordered else {})}


def answers(result, prefix):
    """Rate, latency and failures of a run of the load generator."""
    latency = result["latency_ms"]
    return {**rate_and_cost(result, prefix),
            **{f"{prefix}_ms_{name}": latency[name] for name in ("p50", "p99", "p99.9", "max") if name in latency},
            f"{prefix}_5xx": sum(count for status, count in result["statuses"].items() if status >= "500"),
            f"{prefix}_reconnects": result["reconnects"]}


def part(name, cost_us, count):
    """What each of `count` cost, by process and in all."""
    return {**{f"{name}_cpu_us_{group}": us / count for group, us in cost_us.items()},
            f"{name}_cpu_us": sum(cost_us.values()) / count}


def rate_and_cost(result, prefix):
    """Rate, and processor time by process."""
    return {f"{prefix}_per_s": result["rate"],
            **{f"{prefix}_cpu_us_{group}": value for group, value in result["cpu_us"].items() if value >= 0.05},
            f"{prefix}_cpu_us": sum(result["cpu_us"].values())}


class Bench:
    def __init__(self, stack, work, seconds, pending):
        self.stack, self.work, self.seconds, self.pending = stack, work, seconds, pending
        self.batch = 1

    def next_batch(self):
        self.batch += 1
        return self.batch

    # -- 1 ------------------------------------------------------------------------------------------------

    def holds(self, number):
        """Two-seat holds over 500 flights: through nginx, as bare SQL, and in a single round trip."""
        stack, figures = self.stack, {}
        http, wishes = data.write_holds(self.work, number)

        def through_nginx():
            figures.update(answers(stack.load(http, c=CONNECTIONS, t=self.seconds, w=0.5), "http"))

        def bare():
            figures.update(rate_and_cost(stack.bare("holds", wishes, self.seconds, CONNECTIONS), "bare"))

        def one_trip():
            figures.update(rate_and_cost(stack.bare("one-trip", wishes, self.seconds, CONNECTIONS), "one_trip"))

        def refused(rate):
            run = stack.load(data.write_refused(self.work), c=CONNECTIONS, t=self.seconds / 2, w=0.5, r=rate)
            if set(run["statuses"]) != {"400"}:
                raise SystemExit(f"not refused: {run['statuses']}")
            figures.update(rate_and_cost(run, "refused"))

        ways = [through_nginx, bare, one_trip]
        for way in ways[number % 3:] + ways[:number % 3]:     # each way is first in one round of three
            data.reset(stack)
            settle()
            way()
        # At the hold's own rate: the more answers a second, the less each costs nginx and the load generator.
        refused(max(50, int(figures["http_per_s"])))
        figures["http_of_bare"] = figures["http_per_s"] / figures["bare_per_s"]
        figures["http_of_one_trip"] = figures["http_per_s"] / figures["one_trip_per_s"]
        figures["bare_of_one_trip"] = figures["bare_per_s"] / figures["one_trip_per_s"]
        # The best the ratios could be while processors are the limit: the same work, with an answer around it.
        for way in ("bare", "one_trip"):
            figures[f"bound_of_{way}"] = figures[f"{way}_cpu_us"] / (figures[f"{way}_cpu_us"] + figures["refused_cpu_us"])
        data.reset(stack)
        settle()
        rate = max(50, int(figures["http_per_s"] / 2))
        open_loop = answers(stack.load(http, c=64, t=self.seconds, w=0.5, r=rate), "open")
        return {**figures, **open_loop, "open_rate": rate}

    # -- 2 ------------------------------------------------------------------------------------------------

    def sale(self, number):
        """200 customers, 450 seats: on one flight, and spread over 450 flights."""
        stack, figures = self.stack, {}
        for prefix, hot in (("hot", True), ("spread", False)):
            runs = []
            requests = data.write_sale(self.work, hot)
            for _ in range(5):
                data.reset(stack)
                settle(0.5)
                run = stack.load(requests, c=200, t=30, m="sale")
                sold, orders = stack.sql("SELECT COUNT(*), COUNT(DISTINCT reserved_by) FROM seats"
                                         " WHERE status = 'RESERVED'")[0]
                if not int(sold) == int(orders) == run["statuses"].get("201") == data.HOT_SEATS:
                    raise SystemExit(f"sold {sold} seats in {orders} orders, {run['statuses']}")
                runs.append(run)
            run = sorted(runs, key=lambda run: run["seconds"])[2]
            figures.update({f"{prefix}_sold_out_s": run["seconds"],
                            f"{prefix}_sold_per_s": data.HOT_SEATS / run["seconds"],
                            f"{prefix}_refused": run["statuses"].get("409", 0),
                            f"{prefix}_ms_p50": run["latency_ms"]["p50"],
                            f"{prefix}_ms_p99": run["latency_ms"]["p99"],
                            f"{prefix}_ms_max": run["latency_ms"]["max"],
                            f"{prefix}_answers_least": run["answers_least"],
                            f"{prefix}_answers_most": run["answers_most"], f"{prefix}_won_most": run["won_most"],
                            f"{prefix}_5xx": sum(count for each in runs for status, count in each["statuses"].items()
                                                 if status >= "500")})
        figures["hot_of_spread"] = figures["hot_sold_per_s"] / figures["spread_sold_per_s"]
        return figures

    # -- 3 ------------------------------------------------------------------------------------------------

    def reads(self, number):
        """Polls of 2,000 orders, the seat map, and 2,000 customers who poll once a second while holds go on."""
        stack, figures, work = self.stack, {}, self.work
        data.reset(stack)
        data.make_orders(stack, self.next_batch(), 2000, "SEATS_RESERVED", "UTC_TIMESTAMP(3) + INTERVAL 1 DAY")
        orders = [row[0] for row in stack.sql("SELECT order_id FROM orders")]
        settle()
        kinds = {
            "poll": [data.get(f"/api/orders/{order}/status") for order in orders],
            "poll_304": [data.get(f"/api/orders/{order}/status", 'If-None-Match: "1"') for order in orders],
            "live_poll": [data.get(f"/live/orders/{order}/status") for order in orders[:200]],
            "seat_map": [data.get(f"/api/flights/bench-{n}/seats") for n in range(100)],
            "live_seat_map": [data.get(f"/live/flights/bench-{n}/seats") for n in range(20)],
        }
        for prefix, requests in kinds.items():
            file = data.write_requests(work / "reads.http", requests)
            figures.update(answers(stack.load(file, c=CONNECTIONS, t=self.seconds, w=0.5, m="cycle"), prefix))

        figures["quick_poll_per_s"] = max(figures["poll_304_per_s"], figures["live_poll_per_s"])
        polls = data.write_requests(work / "reads.http", kinds["poll"])
        holds = data.write_requests(work / "holds.http", [data.hold_request(*wish, n) for n, wish in enumerate(data.pairs(number))])
        held = subprocess.Popen([*map(str, stack.load_command(holds, c=32, t=self.seconds + 0.5, r=200))],
                                stdout=subprocess.PIPE, text=True)
        figures.update(answers(stack.load(polls, c=2000, t=self.seconds, w=0.5, r=2000, m="cycle"), "crowd"))
        latency = json.loads(held.communicate()[0])["latency_ms"]
        return {**figures, "crowd_hold_ms_p50": latency["p50"], "crowd_hold_ms_p99": latency["p99"]}

    # -- 4 ------------------------------------------------------------------------------------------------

    def flow(self, number):
        """From hold to confirmation, at a gateway without delay: as fast as it goes, then 40 a second."""
        stack = self.stack
        http, _ = data.write_holds(self.work, number)
        data.reset(stack)
        settle()
        closed = stack.load(http, c=32, t=self.seconds, m="flow", p=10)
        figures = {"bookings_per_s": closed["rate"], "busy_confirmed_ms_p50": closed["payment_ms"].get("p50"),
                   "busy_confirmed_ms_p99": closed["payment_ms"].get("p99"), "broken": closed["broken"]}
        data.reset(stack)
        settle()
        stack.load(http, c=64, t=self.seconds, m="flow", r=40, p=10)
        rows = stack.sql("""
            SELECT TIMESTAMPDIFF(MICROSECOND, s.created_at, c.last_call_at) / 1000,
                   TIMESTAMPDIFF(MICROSECOND, s.created_at, e.created_at) / 1000
            FROM workflow_events s JOIN payments p ON p.order_id = s.order_id
            JOIN payment_gateway.charge_calls c ON c.idempotency_key = p.payment_id
            JOIN workflow_events e ON e.order_id = s.order_id AND e.type = 'ORDER_CONFIRMED'
            WHERE s.type = 'PAYMENT_SUBMITTED'""")
        return {**figures, **percentiles([float(row[0]) for row in rows], "submit_to_charge_ms"),
                **percentiles([float(row[1]) for row in rows], "submit_to_confirmed_ms")}

    # -- what a booking costs -----------------------------------------------------------------------------

    def spent(self, work):
        """Processor time of the product and its database while work() runs, microseconds by process."""
        before = self.stack.cpu()
        work()
        return {group: (after - before.get(group, 0)) * MILLION for group, after in self.stack.cpu().items()
                if group in PRODUCT}

    def held_orders(self, count):
        """Makes orders with a hold of a day; returns their identifiers."""
        batch = self.next_batch()
        data.reset(self.stack)
        data.make_orders(self.stack, batch, count, "SEATS_RESERVED", "UTC_TIMESTAMP(3) + INTERVAL 1 DAY")
        data.make_jobs(self.stack, batch, count, "EXPIRE_HOLD", "UTC_TIMESTAMP(3) + INTERVAL 1 DAY")
        settle()
        return [row[0] for row in self.stack.sql("SELECT order_id FROM orders")]

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

        def drain():
            stack.resume("PAYMENT_ATTEMPT")
            if not wait_until(lambda: stack.number("SELECT COUNT(*) FROM workflow_jobs") == 0, 120, interval=0.1):
                raise SystemExit("the payments do not drain")

        settle()
        begun = time.monotonic()
        figures.update(part("drain", self.spent(drain), count))
        figures["drain_per_s"] = count / (time.monotonic() - begun)
        return figures

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
            runs = {}
            cost = self.spent(lambda options=options: runs.update(
                flow=stack.load(http, t=2 * self.seconds, m="flow", p=10, **options)))
            figures.update(part(prefix, cost, stack.number("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'")))
            figures[f"{prefix}_per_s"] = runs["flow"]["rate"]
            figures[f"{prefix}_broken"] = runs["flow"]["broken"]
        figures["bookings_of_holds"] = figures["closed_per_s"] / figures["hold_per_s"]
        return figures

    def payments_due(self, number):
        """10,000 payments due at once at a gateway that takes a second, with 100 timers a second beside them."""
        stack, port, count = self.stack, free_port(), 10_000
        gateway = subprocess.Popen([stack.build / "bench/slow_gateway", str(port), "1000"], text=True,
                                   stdout=subprocess.PIPE)
        try:
            data.reset(stack)
            stack.restart(PAYMENT_GATEWAY_URL=f"http://127.0.0.1:{port}", SWEEPER_MAX_IN_FLIGHT="2000")
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

    # -- 5 ------------------------------------------------------------------------------------------------

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

    # -- 6 ------------------------------------------------------------------------------------------------

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

    # -- 7 ------------------------------------------------------------------------------------------------

    def in_flight(self, number):
        """2,000 payments at a time at a gateway that takes 5 s: one sweeper's memory and processor time."""
        stack, port = self.stack, free_port()
        gateway = subprocess.Popen([stack.build / "bench/slow_gateway", str(port), "5000"], text=True,
                                   stdout=subprocess.PIPE)
        try:
            data.reset(stack)
            stack.restart(PAYMENT_GATEWAY_URL=f"http://127.0.0.1:{port}", SWEEPER_MAX_IN_FLIGHT="2000")
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

    # -- 8 ------------------------------------------------------------------------------------------------

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
