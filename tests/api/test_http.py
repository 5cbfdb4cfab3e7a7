# SPDX-License-Identifier: MIT
"""The rules for all HTTP requests: request ids, methods, CORS, headers, and errors of one shape."""

import contextlib
import json
import re
import socket
import uuid

import pytest

from client import Api
from shapes import NO_ORDER
from stack import wait_for

ORIGIN = "https://shop.example"


# -- X-Request-Id ---------------------------------------------------------------------------------

@pytest.mark.parametrize("sane", ["abc", "0", "A.b_c-9", "x" * 64])
def test_a_sane_request_id_is_kept(api, sane):
    for path in ("/api/flights/FL123", "/api/flights/nowhere", "/no/such/page", "/health"):
        assert api.get(path, headers={"X-Request-Id": sane}).headers.get_all("X-Request-Id") == [sane]


@pytest.mark.parametrize("other", ["", "x" * 65, "a b", "a;b", "<script>", "a'b", "%0d%0a", "é".encode().decode("latin-1")])
def test_another_is_replaced(api, other):
    (given,) = api.get("/api/flights/FL123", headers={"X-Request-Id": other}).headers.get_all("X-Request-Id")
    assert given != other and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given)


def test_without_one_each_request_gets_its_own(api):
    assert len({api.get("/api/flights/FL123").headers["X-Request-Id"] for _ in range(5)}) == 5


def test_the_request_id_is_in_the_history_and_the_log(stack, api, flight):
    order = api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}, headers={"X-Request-Id": "findme-1"}).ok(201)
    assert {event["requestId"] for event in api.events(order)} == {"findme-1"}
    logs = [line for log in (stack.data_dir / "logs").glob("*") for line in log.read_text(errors="replace").splitlines()]
    assert any("findme-1" in line and order["orderId"] in line for line in logs), "one line with both ids"


# -- methods --------------------------------------------------------------------------------------

METHODS = {
    "/api/flights": "GET", "/api/flights/FL123": "GET", "/api/flights/FL123/seats": "GET",
    "/api/flights/FL123/orders": "POST", "/api/orders": "GET, POST", f"/api/orders/{NO_ORDER}": "GET, DELETE",
    f"/api/orders/{NO_ORDER}/status": "GET", f"/api/orders/{NO_ORDER}/events": "GET",
    f"/api/orders/{NO_ORDER}/seats": "POST, PUT", f"/api/orders/{NO_ORDER}/payment": "POST",
    f"/api/orders/{NO_ORDER}/pay": "POST", "/api/admin/reset": "POST", "/api/admin/orders": "GET",
    "/api/admin/jobs": "GET", "/api/admin/jobs/1/retry": "POST", "/health": "GET", "/health/live": "GET",
}


@pytest.mark.parametrize("path, method", [
    (path, method) for path in METHODS for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND", "BREW")
    if method not in METHODS[path].split(", ")])
def test_wrong_methods(api, path, method):
    allowed = METHODS[path].split(", ")
    answer = api.request(method, path)
    answer.refused(405, "METHOD_NOT_ALLOWED")
    assert set(allowed) <= set(re.split(r",\s*", answer.headers["Allow"])) <= {*allowed, "HEAD", "OPTIONS"}


def test_head_is_get_without_a_body(api, flight):
    order = api.hold(flight, "A1")
    for path in (f"/api/orders/{order['orderId']}", f"/api/flights/{flight}", "/health"):
        answer = api.request("HEAD", path)
        assert (answer.status, answer.body) == (200, b"") or answer.status == 405, answer


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_trace_and_connect(api, method):
    assert api.request(method, "/api/flights/FL123").status in (400, 405)


# -- paths ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", [
    "/api", "/api/", "/api/nothing", "/api/flights/FL123/nothing", "/api/orders/x/y/z", "/api/admin", "/api/admin/nothing",
    "/api/flights/", "/api/orders/", "/api//flights", "/health/nothing", "/no/such/page", "/index.php", "/.git/config",
    "/.env", "/html/index.html", "/etc/passwd", "/..%2f..%2fetc/passwd", "/static/../../conf/stack",
    "/install", "/package.json", "/api/flights/FL123/seats/A1", "/API/flights", "/live/nothing", "/live", "/apiflights",
])
def test_unknown_paths(api, path):
    answer = api.get(path)
    assert answer.status in (400, 404), answer
    if answer.status == 404:
        assert answer.json["error"] in ("NOT_FOUND", "FLIGHT_NOT_FOUND", "ORDER_NOT_FOUND")


@pytest.mark.parametrize("path", ["", "/status", "/events"])
def test_unknown_orders(api, path):
    for order in (NO_ORDER, "ord-xyz", "x", "0", "%20", NO_ORDER.upper(), "x" * 300, "%27%20OR%201=1", "%00", "é".encode().hex()):
        answer = api.get(f"/api/orders/{order}{path}")
        assert (answer.status, answer.json["error"]) in ((404, "ORDER_NOT_FOUND"), (400, "INVALID_REQUEST"),
                                                         (404, "NOT_FOUND")), answer


# The Accept headers of browsers, curl, fetch() and an <img>.
@pytest.mark.parametrize("accept, kind", [
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"), ("TEXT/HTML", "text/html"),
    (None, "application/problem+json"), ("*/*", "application/problem+json"), ("application/json", "application/problem+json"),
    ("application/problem+json", "application/problem+json"), ("image/avif,image/webp,*/*;q=0.8", "application/problem+json"),
])
def test_a_wrong_address_is_a_page_for_people_and_a_problem_for_programs(stack, accept, kind):
    people = Api("127.0.0.1", stack.port, {"Accept": accept} if accept else {}, plain=True)
    for path in ("/no/such/page", "/favicon.ico", "/live", "/missing", "/missing.html", "/not-signed-in", "/.git/config"):
        answer = people.get(path)
        assert (answer.status, answer.headers.get_content_type()) == (404, kind), answer
        assert "Accept" in ", ".join(answer.headers.get_all("Vary")) and answer.headers["X-Request-Id"]
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert people.get("/api/nothing").headers.get_content_type() == "application/problem+json"
    assert people.get("/").status == 200


# -- CORS -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, method", [
    ("/api/orders", "POST"), ("/api/flights", "GET"), (f"/api/orders/{NO_ORDER}", "DELETE"),
    (f"/api/orders/{NO_ORDER}/seats", "PUT"), (f"/api/orders/{NO_ORDER}/pay", "POST")])
def test_preflight(quick_stack, path, method):
    answer = quick_stack.api().request("OPTIONS", path, headers={
        "Origin": ORIGIN, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type, idempotency-key, if-match"})
    assert answer.status in (200, 204) and answer.body == b""
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert method in re.split(r",\s*", answer.headers["Access-Control-Allow-Methods"])
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("content-type", "idempotency-key", "if-match"))


@pytest.mark.parametrize("path, status", [("/api/flights/FL123", 200), ("/api/flights/nowhere", 404)])
def test_answers_to_the_allowed_origin(quick_stack, path, status):
    answer = quick_stack.api().get(path, headers={"Origin": ORIGIN})
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "origin" in ", ".join(answer.headers.get_all("Vary", [])).lower()
    exposed = (answer.headers["Access-Control-Expose-Headers"] or "").lower()
    assert all(name in exposed for name in ("etag", "location", "x-request-id"))


@pytest.mark.parametrize("method, path, headers, status", [
    ("GET", "/no/such/page", {}, 404), ("DELETE", "/live/flights", {}, 405), ("POST", "/api/orders", {"Content-Length": "9999999"}, 413),
    ("GET", "/", {"X-Big": "a" * 9000}, 431), ("GET", "/api/openapi.json", {}, 200)])
def test_what_nginx_answers_itself_can_be_read_by_the_allowed_origin(quick_stack, default_stack, method, path, headers, status):
    """Otherwise a page of that origin sees a network error instead of 429 and Retry-After. (At 414, nginx has not read
    the Origin.)"""
    def ask(stack, origin):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as s:
            lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Origin: {origin}",
                     *(f"{name}: {value}" for name, value in headers.items())]
            s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            head = s.recv(65536).split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        assert int(head[0].split()[1]) == status
        return [line.lower() for line in head[1:]]
    allowed = ask(quick_stack, ORIGIN)
    assert f"access-control-allow-origin: {ORIGIN}" in allowed and "vary: origin" in allowed
    assert any(line.startswith("cache-control: no-") for line in allowed)
    assert any("retry-after" in line for line in allowed if line.startswith("access-control-expose-headers"))
    for stack, origin in ((quick_stack, "https://evil.example"), (default_stack, ORIGIN)):
        assert not [line for line in ask(stack, origin) if line.startswith("access-control-")]
    assert "vary: origin" not in ask(default_stack, ORIGIN)


@pytest.mark.parametrize("path", ["/live/flights", "/live/flights/FL123", f"/live/orders/{NO_ORDER}/status", "/api/openapi.json", "/"])
def test_preflight_of_what_nginx_answers(quick_stack, default_stack, path):
    answer = quick_stack.api().request("OPTIONS", path, headers={
        "Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"})
    assert (answer.status, answer.body) == (204, b"") and answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "GET" in answer.headers["Access-Control-Allow-Methods"] and "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]
    plain = default_stack.api().request("OPTIONS", path, headers={"Origin": ORIGIN})
    assert plain.status == 204 and plain.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert not [name for name in plain.headers if name.startswith("Access-Control-")]


def test_not_modified_varies_like_the_answer_it_stands_for(quick_stack):
    """RFC 9110, 15.4.5."""
    api, flight = quick_stack.api(), quick_stack.new_flight()
    order = api.hold(flight, "A1")
    for path in (f"/api/orders/{order['orderId']}", f"/live/orders/{order['orderId']}", f"/api/flights/{flight}/seats"):
        for gzip in ({}, {"Accept-Encoding": "gzip"}):
            headers = {"Origin": ORIGIN, **gzip}
            answer = api.get(path, headers=headers)
            same = api.get(path, headers={**headers, "If-None-Match": answer.etag})
            assert same.status == 304 and set(same.headers.get_all("Vary")) >= {"Origin"}
            assert same.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"])
def test_other_origins_get_no_permission(quick_stack, origin):
    answer = quick_stack.api().get("/api/flights/FL123", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] in (None, ORIGIN)


def test_without_an_allowed_origin_nobody_gets_one(api):
    assert api.get("/api/flights/FL123", headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] is None


# -- headers and errors ---------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/", "/api/flights/FL123", "/api/flights/nowhere", "/no/such/page", "/health"])
def test_security_headers(api, path):
    headers = api.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors" in headers["Content-Security-Policy"] or headers["X-Frame-Options"]
    assert headers["Referrer-Policy"]
    assert not re.search(r"\d", headers["Server"] or ""), "the server's version must not be told"


def test_orders_are_not_to_be_stored_by_caches(api, flight):
    order = api.hold(flight, "A1")
    assert re.search("no-store|no-cache|private", api.get(f"/api/orders/{order['orderId']}").headers["Cache-Control"] or "")


def test_gzip_if_accepted(api):
    plain = api.get("/api/flights/fl-101")
    packed = api.get("/api/flights/fl-101", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body) / 4
    assert plain.headers["Content-Encoding"] is None


def test_a_page_is_served(api):
    answer = api.get("/")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api/orders", "/api/orders/x/payment", "/", "/no/such/page"])
def test_too_large(api, path):
    """nginx's own refusal has the shape of the API's."""
    answer = api.post(path, body=b"x" * (64 * 1024 + 1), headers={"Content-Type": "application/json"})
    answer.refused(413, "PAYLOAD_TOO_LARGE")


def test_64_kib_is_not_too_large(api, flight):
    body = b'{"flightId":"%s","seats":["A1"],"padding":"' % flight.encode()
    body += b"x" * (64 * 1024 - len(body) - 2) + b'"}'
    assert len(body) == 64 * 1024
    api.post("/api/orders", body=body, headers={"Content-Type": "application/json"}).ok(201)


def speak(stack, data, timeout=10):
    """Sends raw bytes to nginx and returns everything it answers."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=timeout) as s:
        answer = b""
        # nginx may hang up on a client that is still sending.
        with contextlib.suppress(ConnectionError):
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while chunk := s.recv(65536):
                answer += chunk
    return answer


def test_a_chunked_body(stack, flight):
    body = b'{"flightId":"%s","seats":["A1"]}' % flight.encode()
    chunked = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    answer = speak(stack, b"POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunked)
    assert answer.startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("request_", [
    b"GET / HTTP/1.1\r\n\r\n", b"GET /api/flights HTTP/1.1\r\nHost: x\r\nX-Big: " + b"y" * 70000 + b"\r\n\r\n",
    b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"NONSENSE\r\n\r\n",
    b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"GET /api/orders/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
], ids=["no host", "huge header", "huge path", "nonsense", "negative length", "bad escape"])
def test_what_nginx_refuses_itself(stack, request_):
    head, _, body = speak(stack, request_).partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 4\d\d ", head), head
    assert b"application/problem+json" in head and b'"requestId"' in body
    assert b"<html" not in body.lower()
    assert re.search(rb"(?i)x-request-id: \S", head)


@pytest.mark.parametrize("keyed", [True, False], ids=["with a key", "without"])
@pytest.mark.parametrize("tail", [b"#", b"#frag", b"#\xcf", b"?x=1#\xcf", b"\xcf", b"?x=\xcf"], ids=repr)
def test_invalid_targets(stack, tail, keyed):
    """A request's target has no fragment (RFC 9112, 3.2.1), and a target that is not UTF-8 is refused."""
    key = b"Idempotency-Key: %s\r\n" % uuid.uuid4().hex.encode() if keyed else b""
    head, _, body = speak(stack, b"DELETE /api/orders/00000000-0000-7000-8000-000000000000" + tail +
                          b" HTTP/1.1\r\nHost: localhost\r\n" + key + b"Connection: close\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b'"INVALID_REQUEST"' in body, (head, body)


def test_the_log_is_json_whatever_is_asked_for(stack):
    mark = uuid.uuid4().hex.encode()
    speak(stack, b"GET /" + mark + b"/\"\\\xcf\xff?x=\xcf HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    log = stack.data_dir / "logs/access.log"
    line = wait_for(lambda: next((line for line in log.read_bytes().splitlines() if mark in line), None), 5)
    assert json.loads(line.decode())["path"] == f'/{mark.decode()}/"\\'


def test_a_body_that_never_comes_in_full_changes_nothing(stack, flight):
    body = b'{"flightId":"%s","seats":["A1"]}' % flight.encode()
    speak(stack, b"POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 5000\r\n\r\n" + body)
    assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight) == [{"n": 0}]
