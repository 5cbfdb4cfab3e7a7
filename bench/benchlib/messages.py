# SPDX-License-Identifier: MIT
"""What it costs to tell: each method is one round, a dictionary of figures by name."""

import json
import statistics
import subprocess
import time

from benchlib import data
from benchlib.base import Base, part, percentiles, watched
from benchlib.stack import free_port, settle, wait_until


class Messages(Base):
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
