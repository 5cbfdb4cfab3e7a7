# SPDX-License-Identifier: MIT
"""Requests that could be read in two ways, and values that could become headers."""

import json
import socket
import uuid

import pytest

from stack import wait_for
from wire import connect, headers, heads, speak, status

SMUGGLED = b"GET /api/admin/orders HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /api/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("request_", [
    POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    POST + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}",
    POST + b"Content-Length: 2, 7\r\n\r\n{}",
    POST + b"Content-Length: +2\r\n\r\n{}",
    POST + b"Content-Length: 0x2\r\n\r\n{}",
    POST + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    POST + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    POST + b"X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"X-A: b\x00c\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
    b"GET /api/flights HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /api/flights\tHTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /api/flights HTTP/1.1\r\nHost: a b\r\n\r\n",
], ids=range(19))
def test_what_can_be_read_in_two_ways_is_refused_and_ends_the_connection(stack, request_):
    answers = heads(speak(stack, request_ + SMUGGLED))
    assert len(answers) == 1 and status(answers[0]) in (400, 413, 501), answers


def test_a_body_is_a_body_and_no_request(stack, flight):
    """The bytes after the headers are the body, to its last byte, and the next request begins where the body ends."""
    body = json.dumps({"flightId": flight, "seats": ["A1"], "x": SMUGGLED.decode()}).encode()
    answers = heads(speak(stack, POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
                          + b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    assert [status(head) for head in answers] == [201, 200]


def test_a_body_that_the_api_does_not_read_is_not_the_next_request(stack):
    """nginx or the API refuses a request before it reads the body, and the connection stays open."""
    for target in (b"/api/nothing", b"/api/flights", b"/health"):
        answers = heads(speak(stack, b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (target, len(SMUGGLED))
                              + SMUGGLED + b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        assert [status(head) for head in answers][1:] == [200], answers


NASTY = ["a\r\nSet-Cookie: stolen=1", "a\nX-Evil: 1", "%0d%0aX-Evil:%201", "a\u2028b", "a\x00b", "a\x85b"]


@pytest.mark.parametrize("value", NASTY)
def test_no_value_of_a_request_becomes_a_header(stack, flight, value):
    text = json.dumps({"flightId": flight, "userId": value, "seats": ["A1"]}).encode()
    percent = "".join(f"%{byte:02x}" for byte in value.encode()).encode()
    for request_ in (POST + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text,
                     b"GET /api/orders?userId=" + percent + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     b"GET /api/orders/" + percent + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                     b"GET /" + percent + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
        (head,) = heads(speak(stack, request_))
        names = {name.lower() for name, _ in headers(head)}
        assert not names & {"set-cookie", "x-evil"} and b"stolen" not in head


@pytest.mark.parametrize("header", [b"Remote-Addr: 127.0.0.1", b"REMOTE_ADDR: 127.0.0.1", b"X-Real-IP: 127.0.0.1",
                                    b"Request-Id: evil", b"REQUEST_ID: evil", b"Content_Length: 7", b"Idempotency_Key: a",
                                    b"If_Match: \"9\"", b"Proxy: http://evil.example"])
def test_headers_do_not_replace_nginx_parameters(quick_stack, header):
    """A client's header cannot replace one of nginx's parameters, neither by its name nor with underscores."""
    flight = quick_stack.new_flight()
    order = quick_stack.api().hold(flight, "A1")
    answer = speak(quick_stack, b"DELETE /api/orders/" + order["orderId"].encode() + b" HTTP/1.1\r\nHost: x\r\n" + header
                   + b"\r\nConnection: close\r\n\r\n")
    (head,) = heads(answer)
    assert status(head) == 200 and b"evil" not in answer and b"Idempotency-Replayed" not in head


def own_address():
    """This machine's address on its network, from which a client does not count as loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return s.getsockname()[0]


def test_admin_is_closed_to_the_network_without_a_token(own_stack):
    address = own_address()
    if not address or address.startswith("127."):
        pytest.skip("this machine has no other address than loopback")
    stack = own_stack(LISTEN_ADDRESS="0.0.0.0", RATE_LIMIT_ADMIN=0, RATE_LIMIT_CHANGES=0)
    order = stack.api().hold(stack.new_flight(), "A1")
    for spoof in (b"", b"X-Forwarded-For: 127.0.0.1\r\n", b"X-Real-IP: 127.0.0.1\r\n", b"Forwarded: for=127.0.0.1\r\n",
                  b"Remote-Addr: 127.0.0.1\r\n", b"Origin: http://localhost\r\n", b"Authorization: Bearer \r\n",
                  b"Authorization: Bearer undefined\r\n"):
        for line in (b"GET /api/admin/orders", b"GET /api/admin/jobs", b"POST /api/admin/reset", b"POST /api/admin/jobs/1/retry"):
            with connect(stack, host=address) as s:
                s.sendall(line + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" + spoof + b"Connection: close\r\n\r\n")
                answer = b""
                while chunk := s.recv(65536):
                    answer += chunk
            assert answer.startswith(b"HTTP/1.1 403 ") and order["orderId"].encode() not in answer
    assert stack.api().order(order)["status"] == "SEATS_RESERVED"


def test_head_does_not_empty_the_shared_answer(stack, flight):
    """The shared answer of /live is never the empty one to a HEAD."""
    for n in range(3):
        path = f"/live/flights/{flight}?n={uuid.uuid4()}"
        stack.api().request("HEAD", path)
        assert stack.api().get(path).ok()["id"] == flight


def test_shared_answers_ignore_the_headers_of_requests(stack, api, flight):
    """The headers of one request, an operator's or a customer's, do not change the shared answer for others."""
    path = f"/live/flights/{flight}/seats"
    api.get(path, headers={"Authorization": "Bearer x", "Cookie": "a=b", "X-Request-Id": "poison-1", "Origin": "https://evil.example"})
    answer = api.get(path)
    assert answer.headers["X-Request-Id"] != "poison-1" and answer.headers["Set-Cookie"] is None
    wait_for(lambda: answer.ok()["total"] == 30, 1)
