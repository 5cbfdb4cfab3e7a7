# SPDX-License-Identifier: MIT
"""The measurements. Each is one round: a dictionary of figures by name."""

import concurrent.futures
import json
import math
import statistics
import subprocess
import time

from benchlib import data
from benchlib.stack import free_port, settle, wait_until

CONNECTIONS = 16
PAGES = 5000
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


def watched(work, ask, interval):
    """What work() returns, and what ask() says meanwhile: (seconds since the beginning, answer)."""
    seen, begun = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        running = thread.submit(work)
        while not concurrent.futures.wait([running], interval).done:
            seen.append((time.monotonic() - begun, ask()))
        return running.result(), seen


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
        # How near the hold comes to that: by processor time, since other work on the machine and the disk disturb rates.
        figures["http_of_bound"] = (figures["bare_cpu_us"] + figures["refused_cpu_us"]) / figures["http_cpu_us"]
        data.reset(stack)
        settle()
        rate = max(50, int(figures["http_per_s"] / 2))
        open_loop = answers(stack.load(http, c=64, t=self.seconds, w=0.5, r=rate), "open")
        return {**figures, **open_loop, "open_rate": rate}

    def best(self, number):
        """Two seats of half-sold wide-bodies: the best that are free, beside the same by number."""
        stack, figures = self.stack, {}
        data.make_wide_flights(stack)
        ways = list(zip(("named", "best"), data.write_wide(self.work, number)))
        for prefix, requests in ways[number % 2:] + ways[:number % 2]:
            data.reset(stack)
            settle()
            # An on-sale lasts: the first customers of each process, for whom it reads the whole cabin, are not counted.
            stack.load(requests, c=CONNECTIONS, t=self.seconds / 2)
            data.reset(stack)
            settle()
            run = stack.load(requests, c=CONNECTIONS, t=self.seconds)
            if set(run["statuses"]) != {"201"}:
                raise SystemExit(f"refused: {run['statuses']}")
            figures.update(answers(run, prefix))
            data.reset(stack)
            settle()
            # Without a crowd: one customer after the other.
            figures[f"{prefix}_alone_ms_p50"] = stack.load(requests, c=1, t=self.seconds / 2)["latency_ms"]["p50"]
        figures["best_of_named_rate"] = figures["best_per_s"] / figures["named_per_s"]
        figures["best_of_named_ms"] = figures["best_alone_ms_p50"] / figures["named_alone_ms_p50"]
        figures["best_of_named_cpu"] = figures["best_cpu_us"] / figures["named_cpu_us"]
        return figures

    def list(self, number):
        """Pages of 50 of 10,000 flights with 180 seats each: at rest, beside 100 holds a second, and without a sweeper."""
        stack, figures = self.stack, {}
        data.reset(stack)
        if not stack.sql("SELECT 1 FROM flights WHERE flight_id = 'list-0'"):
            data.make_list(stack)
        counted = "SELECT COUNT(DISTINCT flight_id) FROM flight_counts WHERE flight_id LIKE 'list-%'"
        begun = time.monotonic()
        if not wait_until(lambda: stack.number(counted) == data.LIST_FLIGHTS, 300, interval=0.5):
            raise SystemExit("the flights are not counted")
        figures["counted_s"] = time.monotonic() - begun
        days = [f"/api/flights?limit=50&passengers={n % 9 + 1}" for n in range(9)]
        kinds = {"page": ["/api/flights?limit=50"], "passengers": days, "route": ["/api/flights?limit=50&origin=BOS&destination=SEA"],
                 "class": ["/api/flights?limit=50&class=business&passengers=4&origin=FRA"]}

        def measure(prefix, requests):
            file = data.write_requests(self.work / "list.http", [data.get(path) for path in requests])
            run = stack.load(file, c=1, t=self.seconds / 2, w=0.5, m="cycle")
            if set(run["statuses"]) != {"200"}:
                raise SystemExit(f"not listed: {run['statuses']}")
            figures.update({f"{prefix}_ms_{name}": run["latency_ms"][name] for name in ("p50", "p99")})

        settle(12)
        for prefix, requests in kinds.items():
            measure(prefix, requests)
        holds = data.write_requests(self.work / "holds.http", [data.hold_request(*wish, n) for n, wish in enumerate(data.pairs(number))])
        held = subprocess.Popen([*map(str, stack.load_command(holds, c=8, t=self.seconds, r=100))], stdout=subprocess.DEVNULL)
        time.sleep(self.seconds / 3)
        measure("busy", kinds["page"])
        held.wait()
        stack.stop_sweeper()
        settle(8)
        measure("alone", kinds["page"])
        stack.start_sweeper()
        return figures

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

    def pages(self, number):
        """5,000 open pages on 500 flights while five holds a second change what they show: at the pace of pages that
        no customer looks after, and of such whose customers choose. The first answers, which are whole, are not counted."""
        stack, figures = self.stack, {}
        holds = data.write_requests(self.work / "holds.http", [data.hold_request(*wish, n) for n, wish in enumerate(data.pairs(number))])
        for prefix, every, path in (("calm", 3, "/live/calm/flights"), ("choosing", 1, "/live/flights")):
            polls = data.write_requests(self.work / "pages.http", [
                data.get(f"{path}/bench-{n}/seats", "Accept-Encoding: gzip", "Accept: application/json") for n in range(data.FLIGHTS)])
            data.reset(stack)
            settle()
            seconds = 2 * self.seconds
            commands = (stack.load_command(holds, c=8, t=seconds + every + 2, r=5),
                        stack.load_command(polls, c=PAGES, t=seconds + 2, w=every, r=PAGES / every, m="page"))
            held, polled = (subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) for command in commands)
            time.sleep(every + 1)
            cost = self.spent(lambda: time.sleep(seconds))
            run = json.loads(polled.communicate()[0])
            held.communicate()
            if set(run["statuses"]) - {"200", "304"}:
                raise SystemExit(f"not shown: {run['statuses']}")
            figures.update({f"{prefix}_core_percent_{group}": us / MILLION / seconds * 100 for group, us in cost.items()})
            figures.update({f"{prefix}_core_percent": sum(cost.values()) / MILLION / seconds * 100, f"{prefix}_per_s": run["rate"],
                            f"{prefix}_whole_per_s": (run["statuses"].get("200", 0) - PAGES) / (seconds + 2),
                            f"{prefix}_ms_p99": run["latency_ms"]["p99"]})
        return figures

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
            SELECT TIMESTAMPDIFF(MICROSECOND, s.created_at, c.captured_at) / 1000,
                   TIMESTAMPDIFF(MICROSECOND, s.created_at, e.created_at) / 1000
            FROM workflow_events s JOIN payments p ON p.order_id = s.order_id
            JOIN payment_gateway.charges c ON c.idempotency_key = p.payment_id
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

    # -- what it costs to tell ----------------------------------------------------------------------------

    def told(self, number):
        """Bookings as fast as they go: without anything more; and with passengers, told of by webhook and by mail."""
        stack, figures, mail_port, hook_port = self.stack, {}, free_port(), free_port()
        telling = {"PASSENGERS": "required", "PUBLIC_URL": "https://example.org",
                   "SMTP_URL": f"smtp://127.0.0.1:{mail_port}", "SMTP_TLS": "off", "MAIL_FROM": "booking@example.org",
                   "WEBHOOK_URL": f"http://127.0.0.1:{hook_port}/", "WEBHOOK_SECRET": "a-secret-of-the-benchmark"}
        ways = [("without", {}, data.write_holds(self.work, number)[0]),
                ("with", telling, data.write_named_holds(self.work, number))]
        receivers = [subprocess.Popen([stack.build / "bench" / name, str(port), "0"], text=True, stdout=subprocess.PIPE)
                     for name, port in (("slow_mail", mail_port), ("slow_gateway", hook_port))]
        try:
            for prefix, settings, requests in ways[number % 2:] + ways[:number % 2]:    # in turns, the first too
                data.reset(stack)
                stack.restart(**settings)
                settle()
                figures.update(self.booked(prefix, requests))
        finally:
            for receiver in receivers:
                receiver.terminate()
        mails, webhooks = (json.loads(receiver.communicate(timeout=10)[0]) for receiver in receivers)
        stack.restart()
        messages = figures["with_messages"] / figures["with_bookings"]
        if (mails["mails"] < figures["with_bookings"] or webhooks["answered"] < figures["with_bookings"]
                or figures["without_messages"]):
            raise SystemExit(f"bookings were not told of as they should be: {mails}, {webhooks}, {figures}")
        return {**figures, "with_of_without": figures["with_per_s"] / figures["without_per_s"],
                "messages_per_booking": messages, "mails_taken": mails["mails"], "webhooks_taken": webhooks["answered"],
                "queue_growth": figures["with_queue_grows_per_s"] / (figures["with_per_s"] * messages),
                "sweeper_us_per_message": (figures["with_cpu_us_sweeper"] - figures["without_cpu_us_sweeper"]) / messages}

    def booked(self, prefix, requests):
        """Bookings by 64 customers for some seconds, and how many orders wait to be told of meanwhile; until none does.

        They ask every 50 ms, not every 10 as in flow: the slower bookings are, the more often each is asked for, and
        that would be much of the difference.
        """
        stack, seconds, warm_up, figures = self.stack, 2 * self.seconds, 1.0, {}
        waiting = "SELECT COUNT(*) FROM workflow_jobs WHERE kind IN ('SEND_MESSAGE', 'SEND_MAIL') AND status = 'PENDING'"

        def book_and_tell():
            run, seen = watched(lambda: stack.load(requests, c=64, t=seconds, w=warm_up, m="flow", p=50),
                                lambda: stack.number(waiting), (warm_up + seconds) / 12)
            if run["broken"] or run["unanswered"]:
                raise SystemExit(f"not booked: {run['statuses']}")
            ended = time.monotonic()
            if not wait_until(lambda: stack.number(waiting) == 0, 300, interval=0.1):
                raise SystemExit("the messages do not end")
            middle, end = (statistics.median([n for at, n in seen if first <= at < first + seconds / 3] or [0])
                           for first in (warm_up + seconds / 3, warm_up + seconds * 2 / 3))
            figures.update({"per_s": run["rate"], "confirmed_ms_p50": run["payment_ms"].get("p50"), "queue_middle": middle,
                            "queue_end": end, "queue_grows_per_s": (end - middle) / (seconds / 3),
                            "drained_s": time.monotonic() - ended})

        cost = self.spent(book_and_tell)
        bookings = stack.number("SELECT COUNT(*) FROM orders WHERE status = 'CONFIRMED'")
        after = [float(row[0]) for row in stack.sql(
            "SELECT TIMESTAMPDIFF(MICROSECOND, created_at, updated_at) / 1000 FROM messages WHERE status = 'SENT'")]
        figures.update({"bookings": bookings, "messages": len(after), **percentiles(after, "sent_after_ms")})
        return {**{f"{prefix}_{name}": value for name, value in figures.items()}, **part(prefix, cost, bookings)}

    def mails(self, number):
        """10,000 mails due at once at a server that takes 20 ms for each, and one sweeper."""
        stack, port, count = self.stack, free_port(), 10_000
        server = subprocess.Popen([stack.build / "bench/slow_mail", str(port), "20"], text=True, stdout=subprocess.PIPE)
        try:
            data.reset(stack)
            stack.restart(SMTP_URL=f"smtp://127.0.0.1:{port}", SMTP_TLS="off", MAIL_FROM="Air Example <booking@example.org>",
                          PUBLIC_URL="https://example.org")
            batch = self.next_batch()
            data.make_orders(stack, batch, count, "CONFIRMED")
            data.make_mails(stack, batch)
            before, begun = stack.cpu(), time.monotonic()
            data.make_jobs(stack, batch, count, "SEND_MAIL", "UTC_TIMESTAMP(3)")
            if not wait_until(lambda: stack.number("SELECT COUNT(*) FROM messages WHERE status = 'SENT'") == count, 180, interval=0.25):
                raise SystemExit("the mails do not end")
            took, after, most = time.monotonic() - begun, stack.cpu(), stack.memory("VmHWM")["sweeper"]
        finally:
            server.terminate()
        taken = json.loads(server.communicate(timeout=10)[0])
        stack.restart()
        return {"mails_per_s": count / took, "mails_taken": taken["mails"], "connections": taken["connections"],
                "bytes_per_mail": taken["bytes"] / count, "sweeper_mib": most,
                "sweeper_us": (after["sweeper"] - before["sweeper"]) / count * 1e6,
                "database_us": (after["database"] - before["database"]) / count * 1e6}

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
