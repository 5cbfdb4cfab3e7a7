# SPDX-License-Identifier: MIT
"""Security headers are on every answer: pages, the API, the cache, and errors of every origin."""

import json

import pytest

from wire import headers, heads, speak, status

WANTED = {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
}
CLOSE = b"Connection: close\r\n\r\n"
KEY = b"00000000-0000-7000-8000-00000000beef"     # fixed, because a test must have the same name on every worker


def check(pairs):
    found = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    for name, value in WANTED.items():
        assert found.get(name) == [value], f"{name}: {found.get(name)}"
    (policy,) = found["content-security-policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert part in policy
    assert "unsafe" not in policy and "*" not in policy
    assert len(found["x-request-id"]) == 1 and len(found["permissions-policy"]) == 1
    assert found.get("server", ["nginx"]) == ["nginx"] and "x-powered-by" not in found


REQUESTS = {
    200: [b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /css/base.css HTTP/1.1\r\nHost: x\r\n", b"GET /health HTTP/1.1\r\nHost: x\r\n",
          b"HEAD / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=99999999-\r\n", b"GET /api/flights HTTP/1.1\r\nHost: x\r\n",
          b"GET /live/flights/FL123 HTTP/1.1\r\nHost: x\r\n", b"GET /live/flights/FL123 HTTP/1.1\r\nHost: x\r\n",
          b"GET /metrics HTTP/1.1\r\nHost: x\r\n"],
    204: [b"OPTIONS /api/flights HTTP/1.1\r\nHost: x\r\n"],
    400: [b"GET / HTTP/1.1\r\n", b"NONSENSE\r\n", b"GET /api/orders HTTP/1.1\r\nHost: x\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n"],
    403: [b"GET /api/admin/orders HTTP/1.1\r\nHost: evil.example\r\n"],
    404: [b"GET /nothing HTTP/1.1\r\nHost: x\r\n", b"GET /api/nothing HTTP/1.1\r\nHost: x\r\n", b"GET /live/x HTTP/1.1\r\nHost: x\r\n",
          b"GET /live/orders/x HTTP/1.1\r\nHost: x\r\n", b"GET /.problem/500 HTTP/1.1\r\nHost: x\r\n",
          b"DELETE /api/orders/" + KEY + b" HTTP/1.1\r\nHost: x\r\n"],
    405: [b"DELETE / HTTP/1.1\r\nHost: x\r\n", b"TRACE /api/flights HTTP/1.1\r\nHost: x\r\n", b"PUT /health HTTP/1.1\r\nHost: x\r\n",
          b"DELETE /live/flights/FL123 HTTP/1.1\r\nHost: x\r\n"],
    412: [b"GET / HTTP/1.1\r\nHost: x\r\nIf-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT\r\n"],
    413: [b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n"],
    414: [b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n"],
    415: [b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"],
    431: [b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 9000 + b"\r\n"],
    501: [b"POST /api/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n"],
    505: [b"GET / HTTP/9.1\r\nHost: x\r\n"],
}


@pytest.mark.parametrize("wanted, request_", [(code, text) for code, texts in REQUESTS.items() for text in texts],
                         ids=lambda value: str(value)[:60])
def test_on_every_kind_of_answer(stack, wanted, request_):
    answer = speak(stack, request_ + CLOSE)
    (head,) = heads(answer)
    assert status(head) == wanted, head
    check(headers(head))
    if wanted >= 400 and not request_.startswith(b"HEAD"):
        assert b"application/problem+json" in head and b"<html" not in answer
        problem = json.loads(answer[answer.index(b"{"):answer.rindex(b"}") + 1])
        assert problem["status"] == wanted and problem["requestId"] in head.decode("latin-1")


def test_on_not_modified(stack, api):
    for path in ("/css/base.css", "/api/flights/FL123/seats"):
        etag = api.get(path).headers["ETag"]
        answer = api.get(path, headers={"If-None-Match": etag})
        assert answer.status == 304
        check(answer.headers.items())


def test_on_answers_about_orders(stack, api, flight):
    order = api.hold(flight, "A1")
    for answer in (api.get(f"/api/orders/{order['orderId']}"), api.get(f"/live/orders/{order['orderId']}"),
                   api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}), api.cancel(order), api.cancel(order)):
        check(answer.headers.items())


def test_when_parts_are_down(own_stack):
    stack = own_stack()
    with stack.without("mariadb"):
        answer = stack.api().get("/api/flights")
        answer.refused(503, "DATABASE_UNAVAILABLE")
        check(answer.headers.items())
    with stack.without("api"):
        answer = stack.api().get("/api/flights")
        answer.refused(502, "UNAVAILABLE")
        check(answer.headers.items())


def test_no_answer_lets_another_site_in(stack, api):
    for path in ("/", "/api/flights", "/nothing"):
        answer = api.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
