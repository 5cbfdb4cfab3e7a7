# SPDX-License-Identifier: MIT
"""What customers see while the node that takes the writes is killed."""

import collections
import http.client
import json
import threading
import time
import uuid

CUSTOMERS = 4
BEFORE, AFTER = 3.0, 8.0    # seconds of booking


class Customer(threading.Thread):
    """Holds a seat and cancels, again and again, repeating each request under its key until there is an answer."""

    def __init__(self, host, port, flight, seat, stop):
        super().__init__(daemon=True)
        self.host, self.port, self.flight, self.seat, self.stop = host, port, flight, seat, stop
        self.answers = []    # (time, method, status, error)

    def run(self):
        wanted = {"flightId": self.flight, "seats": [self.seat], "userId": "takeover"}
        while not self.stop.is_set():
            held = self.insist("POST", "/api/orders", wanted)
            if held and held.get("orderId"):
                self.insist("DELETE", f"/api/orders/{held['orderId']}")

    def insist(self, method, path, body=None):
        key = uuid.uuid4().hex
        while True:
            status, answer = self.ask(method, path, body, key)
            self.answers.append((time.monotonic(), method, status, answer.get("error")))
            if status and status < 500 and answer.get("error") != "REQUEST_IN_PROGRESS":
                return answer
            time.sleep(0.05)

    def ask(self, method, path, body, key):
        try:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
            connection.request(method, path, body and json.dumps(body),
                               {"Content-Type": "application/json", "Idempotency-Key": key})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read() or b"{}")
        except (OSError, ValueError, http.client.HTTPException):
            return None, {}


def get(host, port, path):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def free_seats(host, port):
    for flight in get(host, port, "/api/flights")["flights"]:
        seats = get(host, port, f"/api/flights/{flight['id']}/seats")["seats"]
        free = [seat["seatNumber"] for seat in seats if seat["status"] == "AVAILABLE"]
        if len(free) >= CUSTOMERS:
            return flight["id"], free[:CUSTOMERS]
    raise SystemExit("No flight has enough free seats")


def show_takeover(cluster, host, port):
    flight, seats = free_seats(host, port)
    stop = threading.Event()
    customers = [Customer(host, port, flight, seat, stop) for seat in seats]
    for customer in customers:
        customer.start()
    time.sleep(BEFORE)
    writer = cluster.writer()
    killed_at = writer.kill()
    print(f"{writer.name} was killed (SIGKILL) while {CUSTOMERS} customers were booking.")
    time.sleep(AFTER)
    stop.set()
    for customer in customers:
        customer.join(40)
    answers = sorted((at - killed_at, method, status, error) for customer in customers for at, method, status, error in customer.answers)
    counts = collections.Counter((status or "no answer", error or "") for at, _, status, error in answers if at > 0)
    first = next((at for at, method, status, _ in answers if status == 201 and at > 0.02 and
                  any(0 < earlier < at and s != 201 for earlier, m, s, _ in answers if m == "POST")), None)
    print(f"The first seat was held again after {first:.2f} s, through {cluster.writer().name}." if first else
          "No request failed.")
    for (status, error), count in sorted(counts.items(), key=str):
        print(f"  {count:6} × {status} {error}".rstrip())
    begun = time.monotonic()
    writer.start()
    writer.wait_until_synced()
    print(f"{writer.name} was started again and had everything after {time.monotonic() - begun:.1f} s; "
          f"{cluster.writer().name} still takes the writes.")
    different = cluster.differences()
    print(f"These tables differ: {', '.join(different)}" if different else "All tables are the same on all nodes.")
    wrong = sum(count for (status, _), count in counts.items() if status in (404, 409, 412, 500))
    return 1 if wrong or different else 0
