# SPDX-License-Identifier: MIT
"""A small HTTP client that checks every answer against what the contract promises for all answers.

It normalizes nothing, never retries, and opens a connection for each request: what a test writes is what goes over the
wire, and any number of threads may share one client.
"""

import http.client
import json as jsonlib
import re
import urllib.parse
import uuid
from pathlib import Path

from description import undescribed

NO_JSON = object()
LEAKS = re.compile(r"SQL syntax|Unknown column|Duplicate entry|mysql|maria|\.[ch]:\d|/home/|/usr/|/tmp/|0x[0-9a-f]{6}|"
                   + re.escape(str(Path(__file__).resolve().parent.parent)), re.I)


class Reply:
    def __init__(self, method, path, status, headers, body):
        self.method, self.path, self.status, self.headers, self.body = method, path, status, headers, body

    def __repr__(self):
        return f"<{self.method} {self.path[:120]} -> {self.status} {self.body[:600]!r}>"

    @property
    def json(self):
        return jsonlib.loads(self.body)

    @property
    def etag(self):
        return self.headers["ETag"]

    def ok(self, status=200):
        """Returns the answer's JSON. The status must be this one."""
        assert self.status == status, f"expected {status}: {self}"
        return self.json

    def refused(self, status, error):
        """Returns the problem document. The request must have been refused with this status and error."""
        assert (self.status, self.json.get("error")) == (status, error), f"expected {status} {error}: {self}"
        return self.json


class Api:
    def __init__(self, host, port, headers=None, plain=False):
        """`plain` skips the checks, for the gateway, which has a contract of its own."""
        self.host, self.port, self.headers, self.plain = host, port, headers or {}, plain

    def request(self, method, path, json=NO_JSON, form=None, body=None, headers=None, timeout=20):
        """Sends one request. The body is given as json, as a form (pairs or dict), or as raw bytes."""
        sent = {**self.headers}
        if json is not NO_JSON:
            body, sent["Content-Type"] = jsonlib.dumps(json).encode(), "application/json"
        elif form is not None:
            body, sent["Content-Type"] = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        sent.update(headers or {})
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.putrequest(method, path, skip_host="Host" in sent, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None or method in ("POST", "PUT"):
                connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            answer = connection.getresponse()
            reply = Reply(method, path, answer.status, answer.headers, answer.read())
        finally:
            connection.close()
        if not self.plain:
            check(reply)
        return reply

    def get(self, path, **kw):
        return self.request("GET", path, **kw)

    def post(self, path, json=NO_JSON, **kw):
        return self.request("POST", path, json, **kw)

    def put(self, path, json=NO_JSON, **kw):
        return self.request("PUT", path, json, **kw)

    def delete(self, path, **kw):
        return self.request("DELETE", path, **kw)

    def pages(self, path, name):
        """The rows of each page of a list. Its path has a query, to which the cursor is added."""
        cursors = [""]
        while cursors[-1] is not None:
            page = self.get(path + (f"&cursor={cursors[-1]}" if cursors[-1] else "")).ok()
            assert page["nextCursor"] not in cursors, f"{path}: the same page again"
            cursors.append(page["nextCursor"])
            yield page[name]

    def listed(self, path, name):
        """All rows of such a list."""
        return [row for page in self.pages(path, name) for row in page]

    # -- what nearly every test does ----------------------------------------------------------

    def hold(self, flight, *seats, user=None):
        return self.post(f"/api/flights/{flight}/orders", {"userId": user or new_user(), "seats": seats}).ok(201)

    def change(self, order, *seats, **kw):
        return self.post(f"/api/orders/{order['orderId']}/seats", {"seats": seats}, **kw)

    def pay(self, order, code="99999", **kw):
        return self.post(f"/api/orders/{order['orderId']}/payment", {"paymentCode": code}, **kw)

    def cancel(self, order, **kw):
        return self.delete(f"/api/orders/{order['orderId']}", **kw)

    def order(self, order):
        return self.get(f"/api/orders/{order['orderId']}").ok()

    def events(self, order):
        return self.get(f"/api/orders/{order['orderId']}/events").ok()["events"]

    def seats(self, flight):
        """{seat number: status} as the flight's seat list shows it."""
        seats = self.get(f"/api/flights/{flight}/seats").ok()["seats"]
        return {seat["seatNumber"]: seat["status"] for seat in seats}


def new_user():
    return f"user-{uuid.uuid4().hex[:12]}"


def check(reply):
    """Checks what holds for every answer of the system."""
    assert reply.headers["X-Request-Id"], f"no X-Request-Id: {reply}"
    if reply.body and not reply.headers["Content-Encoding"] and "json" in (reply.headers["Content-Type"] or "") and "/openapi" not in reply.path:
        assert reply.body.endswith(b"}\n") and not reply.body.endswith(b"\n\n"), f"not exactly one line end: {reply}"
    assert reply.status != 500, f"internal error: {reply}"
    kind = (reply.headers["Content-Type"] or "").split(";")[0]
    if reply.status >= 400:
        check_problem(reply, kind)
    elif reply.path.split("?")[0].startswith(("/api/", "/health", "/live/")) and reply.body:
        files = ("text/csv", "application/x-ndjson", "text/calendar") if "Content-Disposition" in reply.headers else ()
        assert kind in (files or ("application/json", "image/svg+xml")), f"neither JSON nor a file: {reply}"
    wrong = undescribed(reply.method, reply.path.replace("/live/calm/flights", "/live/flights"), reply.status, reply.headers, reply.body)
    assert not wrong, f"differs from html/api/openapi.json: {wrong}: {reply}"


def check_problem(reply, kind):
    assert kind == "application/problem+json", f"not a problem document ({kind}): {reply}"
    if reply.method == "HEAD":
        return
    problem = reply.json
    for field in ("type", "title", "detail", "error", "message", "requestId"):
        assert isinstance(problem.get(field), str) and problem[field], f"problem without {field}: {reply}"
    assert problem["status"] == reply.status, f"status differs: {reply}"
    assert problem["message"] == problem["detail"], f"message is not detail: {reply}"
    if not reply.headers["Idempotency-Replayed"]:  # a replayed answer names the first request
        assert problem["requestId"] == reply.headers["X-Request-Id"], f"request ids differ: {reply}"
    assert problem["type"] == "urn:booking:problem:" + problem["error"].lower().replace("_", "-"), f"type: {reply}"
    assert not LEAKS.search(problem["title"] + problem["detail"]), f"leaks internals: {reply}"
