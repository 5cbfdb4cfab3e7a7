# SPDX-License-Identifier: MIT
"""Security headers are on every answer: pages, the API, the cache, and errors of every origin. An answer that is no document
has those that count for it."""

import json
import re

import pytest

from wire import headers, heads, speak, status

WANTED = {
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
}
CLOSE = b"Connection: close\r\n\r\n"
KEY = b"00000000-0000-7000-8000-00000000beef"     # fixed, because a test must have the same name on every worker


def check_data(pairs):
    """A document's headers would make answers that are polled all the time twice as long."""
    found = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    for name in ("x-content-type-options", "cross-origin-resource-policy"):
        assert found.get(name) == [WANTED[name]], f"{name}: {found.get(name)}"
    assert len(found["x-request-id"]) == 1
    assert not {"content-security-policy", "x-frame-options", "permissions-policy", "referrer-policy", "cross-origin-opener-policy"} & set(found)


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
    is_data = re.match(rb"GET /live/(?:flights|orders)/", request_)
    (check_data if is_data else check)(headers(head))
    if wanted >= 400 and not request_.startswith(b"HEAD"):
        assert b"application/problem+json" in head and b"<html" not in answer
        problem = json.loads(answer[answer.index(b"{"):answer.rindex(b"}") + 1])
        assert problem["status"] == wanted and problem["requestId"] in head.decode("latin-1")


def test_on_not_modified(stack, api):
    for path in ("/css/base.css", "/api/flights/FL123/seats", "/live/flights/FL123/seats"):
        etag = api.get(path).headers["ETag"]
        answer = api.get(path, headers={"If-None-Match": etag})
        assert answer.status == 304
        (check_data if path.startswith("/live") else check)(answer.headers.items())
        assert not path.startswith("/live") or sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) < 300


def test_on_answers_about_orders(stack, api, flight):
    order = api.hold(flight, "A1")
    check_data(api.get(f"/live/orders/{order['orderId']}").headers.items())
    for answer in (api.get(f"/api/orders/{order['orderId']}"),
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


def test_files_that_pages_load_for_good(stack):
    """They are no documents: what says how one may be shown would only make each of them longer."""
    page = speak(stack, b"GET / HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    paths = set(re.findall(rb'"(/assets/[0-9a-f]{12}/[^"]+)"', page))
    assert len(paths) > 30 and not re.search(rb'"/(?:js|css|img|vendor|words)/', page)
    for path in paths:
        answer = speak(stack, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
        found = dict((name.lower(), value) for name, value in headers(heads(answer)[0]))
        assert status(heads(answer)[0]) == 200 and found["cache-control"] == "public, max-age=31536000, immutable"
        assert found["x-content-type-options"] == "nosniff" and found["cross-origin-resource-policy"] == "same-origin"
        assert len(found["x-request-id"]) == 32 and not {"content-security-policy", "etag", "last-modified"} & set(found)


@pytest.mark.parametrize("path", [b"/js/main.js", b"/assets/000000000000/js/main.js"])
def test_sources_are_asked_for_again(stack, path):
    """Under their own names, and under those of another version, as a page asks for that was loaded before an upgrade."""
    source = speak(stack, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert b"// SPDX-License-Identifier" in source and b"Cache-Control: no-cache" in source
    check(headers(heads(source)[0]))


@pytest.mark.parametrize("path", [b"/assets/", b"/assets/000000000000/nothing.js", b"/assets/x/js/main.js"])
def test_nothing_is_kept_of_what_is_not_there(stack, path):
    answer = speak(stack, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert status(heads(answer)[0]) == 404 and b"immutable" not in answer


def test_no_answer_lets_another_site_in(stack, api):
    for path in ("/", "/api/flights", "/nothing"):
        answer = api.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_only_the_console_may_use_the_camera(stack):
    for path, camera in (("/ops", "(self)"), ("/ops?boarding=x", "(self)"), ("/", "()"), ("/js/ops.js", "()"), ("/api/flights", "()"), ("/opsx", "()")):
        answer = speak(stack, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
        policy = dict((name.lower(), value) for name, value in headers(heads(answer)[0]))["permissions-policy"]
        assert policy.startswith(f"camera={camera}, "), (path, policy)
