# SPDX-License-Identifier: MIT
"""Clients that are slow, silent or numerous do not stop the service for others."""

import contextlib
import resource
import time

import pytest

from stack import wait_for
from wire import connect

IDLE = 10_000


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack()


@pytest.fixture
def crowd(stack):
    """Opens connections that stay open until the end of the test."""
    with contextlib.ExitStack() as open_:
        def join(count, first_words=b"", **kw):
            joined = []
            for _ in range(count):
                s = open_.enter_context(connect(stack, **kw))
                if first_words:
                    s.sendall(first_words)
                joined.append(s)
            return joined
        yield join


def book(stack):
    """Goes a customer's way from the page to the confirmed order, and returns how long the slowest step took."""
    api, flight, slowest = stack.api(), stack.new_flight(), 0

    def timed(step):
        nonlocal slowest
        started = time.monotonic()
        answer = step()
        slowest = max(slowest, time.monotonic() - started)
        return answer
    timed(lambda: api.get("/").status == 200)
    timed(lambda: api.get(f"/live/flights/{flight}/seats").ok())
    order = timed(lambda: api.hold(flight, "A1", "B1"))
    timed(lambda: api.change(order, "A2").ok())
    timed(lambda: api.pay(order).ok())
    stack.wait_status(order, "CONFIRMED", deadline=5)
    return slowest


def hung_up(s):
    s.settimeout(0)
    try:
        return s.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_headers_that_dribble_in(stack, crowd):
    """Slowloris: 1,000 connections send a header line each second. No other client waits, and nginx ends them."""
    slow = crowd(1000, b"GET /api/flights HTTP/1.1\r\nHost: x\r\n")
    started = time.monotonic()

    def dribble():
        for s in slow:
            with contextlib.suppress(OSError):
                s.sendall(b"X-A: b\r\n")
        return all(hung_up(s) for s in slow)
    assert book(stack) < 5
    wait_for(dribble, 20, "nginx to hang up on all of them", interval=1)
    assert time.monotonic() - started < 20


def test_bodies_that_dribble_in(stack, crowd):
    """Three hundred slow bodies, many times the size of the pool, keep none of its processes waiting."""
    slow = crowd(300, b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{")
    for _ in range(3):
        assert book(stack) < 5
        for s in slow:
            with contextlib.suppress(OSError):
                s.sendall(b" ")
    wait_for(lambda: all(hung_up(s) for s in slow), 20, "nginx to hang up on the silent clients", interval=0.5)


def test_answers_that_nobody_reads(stack, crowd):
    """Three hundred clients do not read their large answers. nginx keeps the answers, so no API process waits."""
    crowd(300, b"GET /api/flights/fl-101 HTTP/1.1\r\nHost: x\r\n\r\n" * 4, receive_buffer=2048)
    assert book(stack) < 5


def test_ten_thousand_idle_connections(stack, crowd):
    """Some connections are silent, some are kept alive, and some have sent half a request. nginx's own timeouts end
    them in time, and until then other clients are served as usual."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 500:
        pytest.skip(f"this machine lets a process have {hard} files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE + 2000) if hard != resource.RLIM_INFINITY else IDLE + 2000, hard))
    try:
        crowd(IDLE // 2, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        crowd(IDLE // 4, b"GET /health/live HTT")
        crowd(IDLE - IDLE // 2 - IDLE // 4)
        opened = connections_of(stack.port)
        assert opened >= IDLE * 0.7, f"only {opened} at a time"
        for _ in range(5):
            assert book(stack) < 5
        assert "worker_connections are not enough" not in (stack.data_dir / "logs/nginx.log").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connections_of(port):
    """The number of established connections to this port, according to the kernel."""
    with open("/proc/net/tcp") as table:
        return sum(1 for line in table if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01")
