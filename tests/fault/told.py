# SPDX-License-Identifier: MIT
"""Who is told of orders in the storm: a webhook's receiver and a mail server that fail now and then, and what they got."""

import random
import threading
import time

from outside import Outside
from post_office import PostOffice


class Receiver(Outside):
    """It notes what it takes, and refuses, hangs up, or takes its time."""

    def __init__(self, seed):
        super().__init__()
        self.dice, self.lock, self.taken = random.Random(seed), threading.Lock(), []
        self.answer = self.take

    def take(self, path, body):
        with self.lock:
            fate = self.dice.random()
            if fate < 0.05:
                return None
            if fate >= 0.15:
                self.taken.append((body["data"].get("orderId"), body["type"]))
        if 0.15 <= fate < 0.2:
            time.sleep(0.5)
        return (503, b"") if fate < 0.15 else (200, b"")


class Told:
    """The settings that have a stack tell of its orders, and whether it did."""

    def __init__(self, seed):
        self.receiver, self.office, dice = Receiver(seed), PostOffice(), random.Random(seed)
        self.office.answer = lambda command, argument, office: (
            ... if command not in ("MAIL", ".") or dice.random() > 0.1 else None if dice.random() < 0.3 else "451 4.3.0 later")
        self.settings = {"PASSENGERS": "optional", "WEBHOOK_URL": self.receiver.url, "WEBHOOK_SECRET": "a-secret-of-the-storm",
                         "SMTP_URL": f"smtp://127.0.0.1:{self.office.port}", "SMTP_TLS": "off", "MAIL_FROM": "booking@example.org",
                         "PUBLIC_URL": "https://example.org"}

    def close(self):
        self.receiver.close()
        self.office.close()

    def lies(self, stack):
        """Whatever is marked as sent was taken, once or more and in order within its order; and nothing is left over."""
        rows = stack.query("SELECT order_id, channel, type, public_id, status FROM messages ORDER BY message_id")
        mails = {str(mail.message["Message-ID"])[1:37] for mail in list(self.office.mails)}
        yield from (f"not sent: {row}" for row in rows if row["status"] != "SENT")
        yield from (f"no such mail came: {row}" for row in rows if row["channel"] == "MAIL" and row["public_id"] not in mails)
        sent, taken = {}, {}
        for row in rows:
            if row["channel"] != "MAIL":
                sent.setdefault(row["order_id"], []).append(row["type"])
        for order, kind in list(self.receiver.taken):
            taken.setdefault(order, []).append(kind)
        for order, kinds in sent.items():
            if not in_order(kinds, taken.get(order, [])):
                yield f"{order} is told by {kinds}, and its receiver got {taken.get(order)}"
        confirmed = {row["order_id"] for row in stack.query("SELECT order_id FROM workflow_events WHERE type = 'ORDER_CONFIRMED'")}
        yield from (f"{order} was confirmed, and nobody was told" for order in confirmed - set(sent))


def in_order(kinds, taken):
    """Whether the receiver got each kind in this order; what was told again follows what it repeats."""
    at = 0
    for kind in taken:
        if at < len(kinds) and kind == kinds[at]:
            at += 1
        elif kind not in kinds[:at]:
            return False
    return at == len(kinds)
