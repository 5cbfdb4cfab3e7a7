# SPDX-License-Identifier: MIT
"""Customers on a cluster, what they must never see, and for how long no seat can be held."""

import collections
import itertools
import random
import threading
import time

import audit
from customers import Customers, compare, new_flights
from nudge import nudge
from stack import wait_for


SETTLED = 2.5   # seconds after which a lost node has been noticed for certain


class Probe(threading.Thread):
    """Holds a seat and cancels, again and again, and never repeats a request. Several of them show since when and until
    when none was held."""

    def __init__(self, stack, flight, seat, stop):
        super().__init__(daemon=True)
        self.api, self.flight, self.seat, self.stop, self.answers = stack.api(), flight, seat, stop, []

    def run(self):
        for number in itertools.count():
            if self.stop.is_set():
                return
            begun, status, order = time.monotonic(), None, None
            try:
                # A hold whose answer was lost has taken its seat; the next one tries another.
                answer = self.api.post("/api/orders", {"flightId": self.flight, "seats": [f"{self.seat}{number % 30 + 1}"],
                                                       "userId": "probe"}, timeout=20)
                status, order = answer.status, answer.json.get("orderId")
            except Exception:
                pass
            self.answers.append((begun, time.monotonic(), status))
            if order:
                try:
                    self.api.delete(f"/api/orders/{order}", timeout=20)
                except Exception:
                    pass
            time.sleep(0.02)


class Load:
    """`with Load(stack) as load`: customers at work. In the end everything must agree."""

    def __init__(self, stack, cluster, seed=1, count=6):
        self.stack, self.cluster = stack, cluster
        self.after_event = (stack.query("SELECT MAX(event_id) AS n FROM workflow_events")[0]["n"] or 0)
        self.crowd = Customers(stack, random.Random(seed), new_flights(stack, 2), count)
        self.stop = threading.Event()
        flight = stack.new_flight(rows=30)
        self.probes = [Probe(stack, flight, letter, self.stop) for letter in "ABC"]

    def __enter__(self):
        self.crowd.start()
        for probe in self.probes:
            probe.start()
        time.sleep(1)
        return self

    def __exit__(self, kind, *_):
        self.crowd.stop.set()
        self.stop.set()
        for thread in (*self.crowd.threads, *self.probes):
            thread.join(60)
        if kind is None:
            self.check()

    def failed(self):
        """The answers that customers should not get, by status."""
        return {status: n for status, n in self.crowd.answers.items() if status not in (200, 201, 202, 409)}

    def outage(self, since, within=20):
        """The longest time after that moment in which no seat was held, once seats are held again."""
        def held():
            return sorted((ended, begun) for probe in self.probes for begun, ended, status in list(probe.answers)
                          if status == 201 and ended > since)
        wait_for(lambda: any(begun > since + SETTLED for _, begun in held()), within, "seats to be held again")
        times = [since, *(ended for ended, _ in held())]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def check(self):
        """Everything that was begun ends; all nodes have the same; every answer was the truth."""
        def over():
            nudge(self.stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE status = 'PENDING'"
                  " AND kind IN ('VOID_CHARGE', 'SEND_CONFIRMATION') AND run_at > UTC_TIMESTAMP(3)")
            return not self.stack.query("SELECT * FROM workflow_jobs")
        wait_for(over, 60, "no job to be left", interval=0.5)
        odd = {status: n for status, n in self.crowd.answers.items() if status in (500, 404, 412)}
        assert not odd, f"answers that cannot be: {odd}"
        lies = compare(self.stack, self.crowd, self.after_event)
        assert not lies, "\n".join(lies[:20])
        different = self.cluster.differences()
        assert not different, f"not the same on all nodes: {different}"
        for node in self.cluster.nodes:
            connection = node.connect()
            found = set(audit.Books(connection).findings())
            assert not found, f"{node.name}:\n{audit.report(found)}"

    def told(self):
        counts = collections.Counter({str(status): n for status, n in self.crowd.answers.items()})
        return ", ".join(f"{n} × {status}" for status, n in sorted(counts.items()))
