# SPDX-License-Identifier: MIT
"""What all measurements share: a stack, figures out of runs of load, and processor time."""

import concurrent.futures
import math
import time

from benchlib import data
from benchlib.stack import settle

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


def watched(work, ask, interval):
    """What work() returns, and what ask() says meanwhile: (seconds since the beginning, answer)."""
    seen, begun = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        running = thread.submit(work)
        while not concurrent.futures.wait([running], interval).done:
            seen.append((time.monotonic() - begun, ask()))
        return running.result(), seen


class Base:
    """A stack, where requests are written, how long a run of load lasts, and how many timers are pending."""

    def __init__(self, stack, work, seconds, pending):
        self.stack, self.work, self.seconds, self.pending = stack, work, seconds, pending
        self.batch = 1

    def next_batch(self):
        self.batch += 1
        return self.batch

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
