# SPDX-License-Identifier: MIT
"""The storm: customers of all kinds while everything breaks, round by round.

STORM_ROUNDS and STORM_SEED choose the number of rounds and the seed; `make test-fault` runs a long storm. After each
round everything runs again. Then the books agree, every customer was told the truth, and no job waits longer than a
lease and a second.
"""

import json
import os
import random
import time

import pytest

import audit
from customers import UNKNOWN, Customers, compare, new_flights
from disk import small_disk
from nemesis import Nemesis
from nudge import nudge
from stack import NOLOCK_BUILD, Stack, wait_for
from told import Told

ROUNDS = int(os.environ.get("STORM_ROUNDS") or 2)
SEED = int(os.environ.get("STORM_SEED") or 20261120)
ROUND_SECONDS = float(os.environ.get("STORM_SECONDS") or 10)
LEASE = 6.0  # PAYMENT_TIMEOUT + 5 s
API_WORKERS, SWEEPERS = 8, 2
SETTINGS = {
    "RESERVATION_TIMEOUT": "5s", "PAYMENT_TIMEOUT": "1s", "PAYMENT_FAILURE_RATE": "0.15", "PAYMENT_MAX_DELAY": "1200ms",
    "PAYMENT_PENDING_TIMEOUT": "4s", "KEEP_HOLD_AFTER_DECLINE": "yes",
    "API_WORKERS": API_WORKERS, "GATEWAY_WORKERS": 12, "SWEEPERS": SWEEPERS}


@pytest.fixture(scope="module")
def disk():
    with small_disk(640) as directory:
        yield directory


@pytest.fixture(scope="module")
def told():
    service = Told(SEED)
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(proxy, disk, told, broken_stack):
    return broken_stack(Stack({**SETTINGS, **proxy.settings, **told.settings}, data_dir=disk and disk / "stack"))


def waits(stack):
    """The longest time that any due job has been waiting, in seconds."""
    row, = stack.query("SELECT MAX(TIMESTAMPDIFF(MICROSECOND, run_at, UTC_TIMESTAMP(3))) / 1e6 AS late FROM workflow_jobs")
    return max(0.0, float(row["late"] or 0))


def hurry(stack):
    """Makes voids, refunds and messages due at once, because they wait longer and longer between their tries; and mails
    whose sweeper was killed, because their lease is of two minutes."""
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE status = 'PENDING'"
          " AND kind IN ('VOID_CHARGE', 'REFUND_CHARGE', 'SEND_MESSAGE', 'SEND_MAIL') AND run_at > UTC_TIMESTAMP(3)")
    leased = stack.query("SELECT job_id, attempts, locked_by FROM workflow_jobs WHERE kind = 'SEND_MAIL' AND status = 'RUNNING'")
    alive = {str(pid) for pid in stack.pids("sweeper")}  # read after the leases: none of these is of one that begins now
    for job in leased:
        if job["locked_by"].split("/")[1] not in alive:
            nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE job_id = %s AND attempts = %s AND status = 'RUNNING'",
                  job["job_id"], job["attempts"])


def complaints(stack):
    """The database server's messages about its own files: a row that it lost in a crash is not our defect."""
    log = (stack.data_dir / "logs/mariadb.log").read_text(errors="replace")
    return "".join(sorted({f"\nmariadbd: {line.split('[ERROR] ')[-1][:200]}" for line in log.splitlines() if "corrupt" in line.lower()}))


class Round:
    def __init__(self, stack, proxy, disk, seed):
        self.stack, self.seed, dice = stack, seed, random.Random(seed)
        self.after_event = stack.query("SELECT COALESCE(MAX(event_id), 0) AS n FROM workflow_events")[0]["n"]
        self.crowd = Customers(stack, random.Random(dice.random()), new_flights(stack, 2))
        self.nemesis = Nemesis(stack, random.Random(dice.random()), proxy, disk and disk / "ballast")
        self.longest_wait = 0.0

    def run(self, seconds):
        self.crowd.start()
        self.nemesis.start(seconds)
        self.nemesis.finish()
        self.nemesis.heal(API_WORKERS, SWEEPERS)
        self.catch_up()
        self.crowd.finish()
        self.drain()
        return compare(self.stack, self.crowd, self.after_event)

    def catch_up(self):
        """Once everything runs again, no due job may wait longer than a lease and a second."""
        begun = time.monotonic()

        def taken_up():
            late = waits(self.stack)
            self.longest_wait = time.monotonic() - begun
            return late < 1
        wait_for(taken_up, LEASE + 1, "everything due to be taken up within a lease and a second")

    def drain(self):
        """Waits until no job is left, which must happen without customers."""
        left = []

        def over():
            hurry(self.stack)
            left[:] = self.stack.query("SELECT * FROM workflow_jobs")
            return not left
        try:
            wait_for(over, 45)
        except AssertionError:
            raise AssertionError(f"seed {self.seed}: still to be done after 45 s: {left}{complaints(self.stack)}") from None


def test_storm(stack, proxy, disk, told, capsys):
    total = {"rounds": 0, "seed": SEED, "kills": {}, "deeds": {}, "answers": {}, "done": {}, "wanted": 0, "unknown": 0, "longest_wait": 0.0}
    begun = time.monotonic()
    for number in range(ROUNDS):
        storm = Round(stack, proxy, disk, SEED + number)
        lies = [*storm.run(ROUND_SECONDS), *told.lies(stack)]
        found = audit.findings(stack, books={"patience": 1.5, "lease": LEASE})
        add_up(total, storm)
        say(capsys, f"storm round {number + 1}/{ROUNDS} seed {storm.seed}: {sum(storm.nemesis.kills.values())} kills, "
                    f"{sum(storm.crowd.answers.values())} answers, waited {storm.longest_wait:.1f} s")
        assert not found, f"seed {storm.seed}:\n{audit.report(found)}{complaints(stack)}"
        assert not lies, f"seed {storm.seed}:\n" + "\n".join(lies[:20])
    total["messages"] = {row["channel"]: row["n"] for row in stack.query("SELECT channel, COUNT(*) AS n FROM messages GROUP BY channel")}
    total["told"] = stack.query("SELECT COUNT(*) AS n FROM workflow_events WHERE type = 'FLIGHT_CHANGED'")[0]["n"]
    total["held_again"] = stack.query("SELECT COUNT(*) AS n FROM workflow_events WHERE type = 'PAYMENT_DECLINED'")[0]["n"]
    total["seconds"] = round(time.monotonic() - begun)
    total["states"] = {row["status"]: row["n"] for row in stack.query("SELECT status, COUNT(*) AS n FROM orders GROUP BY status")}
    total["charges"] = {row["status"]: row["n"] for row in stack.gateway_query(
        "SELECT status, COUNT(*) AS n FROM charges GROUP BY status")}
    say(capsys, json.dumps({**total, "kills_in_all": sum(total["kills"].values())}, indent=1, sort_keys=True))


def add_up(total, storm):
    total["rounds"] += 1
    total["wanted"] += len(storm.crowd.notes)
    total["unknown"] += sum(note.status in UNKNOWN for note in storm.crowd.notes)
    total["longest_wait"] = max(total["longest_wait"], round(storm.longest_wait, 1))
    for name, counter in (("kills", storm.nemesis.kills), ("deeds", storm.nemesis.deeds), ("answers", storm.crowd.answers),
                          ("done", storm.crowd.done())):
        for key, count in counter.items():
            total[name][str(key)] = total[name].get(str(key), 0) + count


def say(capsys, line):
    with capsys.disabled():
        print("\n" + line, end="", flush=True)


# -- the negative control --------------------------------------------------------------------------

def test_without_the_seat_lock_the_storm_finds_seats_sold_twice(broken_stack):
    """The same customers use programs that were built without the lock. The audit and the customers must complain."""
    stack = broken_stack(BUILD_DIR=NOLOCK_BUILD, **{**SETTINGS, "SWEEPERS": 1, "PAYMENT_MAX_DELAY": "0s"})
    crowd = Customers(stack, random.Random(SEED), new_flights(stack, 1))
    kinds = set()

    def caught():
        kinds.update(each.kind for each in audit.findings(stack))
        return {"a seat sold twice", "a seat that had two holders once"} <= kinds
    crowd.start()
    try:
        wait_for(caught, 90, "the double bookings to be seen", interval=1)
    finally:
        crowd.finish()
