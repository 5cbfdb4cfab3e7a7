# SPDX-License-Identifier: MIT
"""Holds, and what customers look at: each method is one round, a dictionary of figures by name."""

import json
import subprocess
import time

from benchlib import data
from benchlib.base import CONNECTIONS, MILLION, Base, answers, rate_and_cost
from benchlib.stack import settle, wait_until

PAGES = 5000


class Seats(Base):
    def holds(self, number):
        """Two-seat holds over 500 flights: through nginx, as bare SQL, and in a single round trip."""
        stack, figures = self.stack, {}
        http, wishes = data.write_holds(self.work, number)

        def through_nginx():
            before = stack.flushes()
            run = stack.load(http, c=CONNECTIONS, t=self.seconds, w=0.5)
            figures.update(answers(run, "http"))
            figures["http_holds_per_flush"] = (run["rate"] * (self.seconds + 0.5)) / (stack.flushes() - before)

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
        no customer looks after, and of such whose customers choose. The first answers, which are whole, are not counted.
        And what as many requests cost that nginx answers by itself at once, with nothing: the bound of any poll."""
        stack, figures = self.stack, {}
        holds = data.write_requests(self.work / "holds.http", [data.hold_request(*wish, n) for n, wish in enumerate(data.pairs(number))])
        for prefix, every, method, path in (("calm", 3, "GET", "/live/calm/flights"), ("bound", 3, "OPTIONS", "/live/calm/flights"),
                                            ("choosing", 1, "GET", "/live/flights")):
            polls = data.write_requests(self.work / "pages.http", [
                data.get(f"{path}/bench-{n}/seats", "Accept-Encoding: gzip", "Accept: application/json").replace("GET", method, 1)
                for n in range(data.FLIGHTS)])
            data.reset(stack)
            settle()
            seconds = 2 * self.seconds
            commands = (stack.load_command(holds, c=8, t=seconds + every + 2, r=5),
                        stack.load_command(polls, c=PAGES, t=seconds + 2, w=every, r=PAGES / every, m="page"))
            held, polled = (subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) for command in commands)
            time.sleep(every + 1)
            cost = self.spent(lambda seconds=seconds: time.sleep(seconds))
            run = json.loads(polled.communicate()[0])
            held.communicate()
            if set(run["statuses"]) - ({"204"} if method == "OPTIONS" else {"200", "304"}):
                raise SystemExit(f"not shown: {run['statuses']}")
            figures.update({f"{prefix}_core_percent_{group}": us / MILLION / seconds * 100 for group, us in cost.items()})
            figures.update({f"{prefix}_core_percent": sum(cost.values()) / MILLION / seconds * 100, f"{prefix}_per_s": run["rate"],
                            f"{prefix}_ms_p99": run["latency_ms"]["p99"]})
            if method == "GET":
                figures[f"{prefix}_whole_per_s"] = (run["statuses"].get("200", 0) - PAGES) / (seconds + 2)
        return figures
