# SPDX-License-Identifier: MIT
"""A stand-in for Stripe: its Checkout Sessions, payments, charges, refunds, idempotency keys and signed events, with a memory.

It does what Stripe documents, and can be told to misbehave. Where stripe-mock runs, each request is also held against
Stripe's own description of its API (tools/build-stripe-mock). It is not Stripe: docs/operations.md has what is left to try.
"""

import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET_KEY = "sk_test_of-the-stand-in"
WEBHOOK_SECRET = "whsec_of-the-stand-in"
VERSION = "2026-08-26.dahlia"
# As long as they are there, with what the page needs behind the '#'.
PAGE = "https://checkout.stripe.com/c/pay/{}#" + "fid" + "kdWxOYHwnPyd1blpxYHZxWjA0" * 30


class Refused(Exception):
    def __init__(self, status, **error):
        self.status, self.error = status, {"type": "invalid_request_error", "message": "no", **error}


def sign(body, secret=WEBHOOK_SECRET, at=None):
    """The header Stripe-Signature for a body."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest},v0={'0' * 64}"


class Stripe:
    def __init__(self, mock_port=None):
        self.mock_port = mock_port
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.sessions, self.payments, self.refunds, self.answers, self.under_way = {}, {}, {}, {}, set()
        self.carried = {}    # {session: the metadata of its payment}
        self.calls = []      # (method, path, parameters, idempotency key)
        self.faults = []     # what no client of Stripe's may do
        self.troubles = []   # [method and beginning of the path, what happens], taken in turn
        self.refund_status = "succeeded"
        self.server = server_of(self)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def number(self, kind):
        return f"{kind}_test_{next(self.numbers):06d}{'x' * 40}"

    # -- what a test makes happen -------------------------------------------------------------

    def trouble(self, where, *whats):
        """What happens to the next requests: '500' (nothing is done, and the key keeps that answer), '500 after' (done,
        and the same), 'lost' (done, no answer), 'slow N' (done, answered after N s), 'garbage', '429', '409'."""
        self.troubles += [[where, what] for what in whats]

    def session_of(self, key):
        """The one page of a charge that can be paid on."""
        with self.lock:
            found = [s for s in self.sessions.values() if s["metadata"].get("charge") == key]
        return found[-1] if found else None

    def pay(self, session, status="paid"):
        """The customer pays, with 3-D Secure and all; False if the page is over. 'unpaid': their bank still decides."""
        with self.lock:
            if session["status"] != "open":
                return False
            payment = self.take_money(session["amount_total"], session["currency"], "succeeded" if status == "paid" else "processing",
                                      **self.carried[session["id"]])
            session.update(status="complete", payment_status=status, payment_intent=payment["id"], url=None)
            return True

    def take_money(self, amount, currency="usd", status="succeeded", **metadata):
        """A payment; by itself, one that came another way than by a page."""
        with self.lock:
            payment = {"id": self.number("pi"), "object": "payment_intent", "amount": amount, "amount_refunded": 0, "currency": currency,
                       "status": status, "last_payment_error": None, "latest_charge": self.number("ch"), "created": int(time.time()), "metadata": metadata}
            self.payments[payment["id"]] = payment
            return payment

    def bank_decides(self, session, is_paid):
        with self.lock:
            payment = self.payments[session["payment_intent"]]
            payment["status"] = "succeeded" if is_paid else "requires_payment_method"
            payment["last_payment_error"] = None if is_paid else {"message": "Your bank says no."}
            session["payment_status"] = "paid" if is_paid else "unpaid"

    def end(self, session):
        """The page's time is over."""
        with self.lock:
            if session["status"] == "open":
                session.update(status="expired", url=None)

    def event(self, kind, thing):
        """The body of an event, as Stripe sends it: the thing as it is now."""
        return json.dumps({"id": self.number("evt"), "object": "event", "type": kind, "api_version": VERSION,
                           "data": {"object": dict(thing)}}).encode()

    def money(self):
        """{payment: what was captured and not given back}"""
        with self.lock:
            return {p["id"]: p["amount"] - p["amount_refunded"] for p in self.payments.values() if p["status"] == "succeeded"}

    # -- what it does -------------------------------------------------------------------------

    def create_session(self, p):
        amount, now = int(p["line_items[0][price_data][unit_amount]"]), time.time()
        if amount < 50:
            raise Refused(400, code="amount_too_small", message="The amount must be at least 50 cents.")
        if not now + 1800 <= int(p["expires_at"]) <= now + 86400:
            raise Refused(400, param="expires_at", message="The `expires_at` timestamp must be at least 30 minutes from creation.")
        session = {"id": self.number("cs"), "object": "checkout.session", "status": "open", "payment_status": "unpaid",
                   "amount_total": amount, "currency": p["line_items[0][price_data][currency]"].lower(), "payment_intent": None,
                   "client_reference_id": p["client_reference_id"], "expires_at": int(p["expires_at"]),
                   "success_url": p["success_url"], "metadata": {"charge": p["metadata[charge]"]}}
        session["url"] = PAGE.format(session["id"])
        self.sessions[session["id"]] = session
        self.carried[session["id"]] = {name: p[f"payment_intent_data[metadata][{name}]"] for name in ("charge", "order")}
        return session

    def expire_session(self, session):
        if session["status"] != "open":
            raise Refused(400, message=f"This Session is {session['status']}: only one with a status in [\"open\"] can be expired.")
        session.update(status="expired", url=None)
        return session

    def create_refund(self, p):
        payment, amount = self.payments[p["payment_intent"]], int(p["amount"])
        left = payment["amount"] - payment["amount_refunded"]
        if amount > left:
            raise Refused(400, **({"code": "charge_already_refunded"} if left == 0 else {"param": "amount"}), message="Too much.")
        payment["amount_refunded"] += amount
        refund = {"id": self.number("re"), "object": "refund", "status": self.refund_status, "amount": amount,
                  "payment_intent": payment["id"], "metadata": {"refund": p["metadata[refund]"]}}
        self.refunds[refund["id"]] = refund
        return refund

    def refund_comes_back(self, refund):
        with self.lock:
            refund.update(status="failed", failure_reason="lost_or_stolen_card")
            self.payments[refund["payment_intent"]]["amount_refunded"] -= refund["amount"]

    def charge_of(self, payment):
        """As of the version that is asked for; what is captured at once was captured when it was made."""
        status = {"succeeded": "succeeded", "processing": "pending"}.get(payment["status"], "failed")
        return {"id": payment["latest_charge"], "object": "charge", "amount": payment["amount"], "amount_refunded": payment["amount_refunded"],
                "amount_captured": payment["amount"] if status == "succeeded" else 0, "captured": status == "succeeded", "status": status,
                "paid": status == "succeeded", "currency": payment["currency"], "created": payment["created"],
                "payment_intent": payment["id"], "metadata": payment["metadata"]}

    def list_charges(self, p):
        """The newest first."""
        found = [self.charge_of(each) for each in reversed(list(self.payments.values()))
                 if int(p["created[gte]"]) <= each["created"] < int(p["created[lt]"])]
        if "starting_after" in p:
            ids = [each["id"] for each in found]
            if p["starting_after"] not in ids:
                raise Refused(400, code="resource_missing", param="starting_after", message=f"No such charge: '{p['starting_after']}'")
            found = found[ids.index(p["starting_after"]) + 1:]
        limit = int(p["limit"])
        return {"object": "list", "url": "/v1/charges", "has_more": len(found) > limit, "data": found[:limit]}

    def do(self, method, path, p):
        parts = path.removeprefix("/v1/").split("/")
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            return self.create_session(p)
        if parts[:2] == ["checkout", "sessions"]:
            if parts[2] not in self.sessions:
                raise Refused(404, code="resource_missing")
            session = self.sessions[parts[2]]
            if method == "POST" and parts[3:] == ["expire"]:
                return self.expire_session(session)
            payment = self.payments.get(session["payment_intent"])
            return {**session, "payment_intent": payment} if p.get("expand[]") == "payment_intent" else session
        if (method, path) == ("POST", "/v1/refunds"):
            return self.create_refund(p)
        if (method, path) == ("GET", "/v1/refunds"):
            return {"object": "list", "has_more": False, "data": [r for r in reversed(list(self.refunds.values()))
                                                                  if r["payment_intent"] == p["payment_intent"]]}
        if (method, path) == ("GET", "/v1/charges"):
            return self.list_charges(p)
        raise Refused(404, message="Unrecognized request URL")

    def take_trouble(self, method, path):
        for trouble in self.troubles:
            if f"{method} {path}".startswith(trouble[0]):
                self.troubles.remove(trouble)
                return trouble[1]
        return ""

    def answer(self, method, path, p, key):
        """(status, body, headers), and seconds to wait; None for no answer."""
        trouble = self.take_trouble(method, path)
        if trouble == "429":
            return (429, {"error": {"type": "rate_limit_error", "message": "Too many requests."}}, {"Retry-After": "2"}), 0
        if trouble == "409" or key in self.under_way:
            return (409, {"error": {"type": "idempotency_error", "code": "idempotency_key_in_use"}}, {}), 0
        if trouble == "garbage":
            return (200, "<html>", {}), 0
        if key in self.answers:
            same, answer = self.answers[key]
            if same != (path, p):
                return (400, {"error": {"type": "idempotency_error", "message": "Keys for idempotent requests..."}}, {}), 0
            return (*answer[:2], {"Idempotent-Replayed": "true"}), 0
        try:
            answer = (200, self.do(method, path, p) if trouble != "500" else {}, {})
            if trouble.startswith("500"):
                answer = (500, {"error": {"type": "api_error", "message": "Something went wrong on Stripe's end."}}, {})
        except Refused as refused:
            return (None if trouble == "lost" else (refused.status, {"error": refused.error}, {})), 0
        if key:
            self.answers[key] = ((path, p), (answer[0], json.loads(json.dumps(answer[1])), {}))
        return (None if trouble == "lost" else answer), float(trouble.split()[1]) if trouble.startswith("slow") else 0

    def check(self, method, target, headers, body):
        """Notes what Stripe would not take, by its own description of its API where stripe-mock runs."""
        if headers["Authorization"] != f"Bearer {SECRET_KEY}":
            self.faults.append(("key", target))
        if headers["Stripe-Version"] != VERSION:
            self.faults.append(("version", target))
        if method == "POST" and not target.endswith("/expire") and not headers["Idempotency-Key"]:
            self.faults.append(("no key", target))
        if self.mock_port:
            mock = http.client.HTTPConnection("127.0.0.1", self.mock_port, timeout=20)
            with contextlib.closing(mock):
                mock.request(method, target, body or None, {name: headers[name] for name in ("Authorization", "Content-Type") if headers[name]})
                answer = mock.getresponse()
                if answer.status != 200:
                    self.faults.append((method, target, body, answer.read()))

    def take(self, method, target, headers, body):
        url = urllib.parse.urlsplit(target)
        p = dict(urllib.parse.parse_qsl(body if method == "POST" else url.query, strict_parsing=True) if (body or url.query) else [])
        key = headers["Idempotency-Key"]
        self.check(method, target, headers, body)
        with self.lock:
            self.calls.append((method, url.path, p, key))
            answer, seconds = self.answer(method, url.path, p, key)
            if seconds and key:
                self.under_way.add(key)
            text = json.dumps(answer[1]) if answer and answer[1] != "<html>" else "<html>"
        if seconds:
            time.sleep(seconds)
            self.under_way.discard(key)
        return answer and (answer[0], text.encode(), answer[2])


def server_of(stripe):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            answer = stripe.take(self.command, self.path, self.headers, body)
            if answer is None:      # it breaks off: libcurl itself would repeat what was not answered at all
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{")
                self.close_connection = True
                return
            status, text, headers = answer
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = handle_one

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 512
        daemon_threads = True

        def handle_error(self, *_):      # a client that did not wait
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
