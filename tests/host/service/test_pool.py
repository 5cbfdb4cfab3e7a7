# SPDX-License-Identifier: MIT
"""A process of the pool that gets a signal to stop finishes the requests that it has accepted, at whatever point the
signal comes, so that a restart under load fails no request. The test acts as the web server and controls the timing.

A gateway program starts and ends processes as calls come and go."""

import contextlib
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import uuid
from pathlib import Path

import pytest

from stack import BUILD, descriptors, program_of, wait_for

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def request(path, kept=False, body=b"", **more):
    """The three parts of a FastCGI request, as nginx sends it."""
    values = {"REQUEST_METHOD": "GET", "REQUEST_URI": path, "REMOTE_ADDR": "127.0.0.1", "REQUEST_ID": "stop", **more}
    pairs = b"".join(bytes([len(name), len(value)]) + (name + value).encode() for name, value in values.items())
    begin = record(BEGIN, struct.pack(">HB5x", 1, int(kept)))
    return [begin, record(PARAMS, pairs) + record(PARAMS), (record(STDIN, body) if body else b"") + record(STDIN)]


def answer(connection):
    """The program's answer up to the end of the request. Fails if the connection ends before."""
    stream, text = connection.makefile("rb"), b""
    while True:
        head = stream.read(8)
        assert len(head) == 8, f"the connection ends after {text[-200:]!r}"
        _, kind, _, length, padding = struct.unpack(">BBHHBx", head)
        content = stream.read(length + padding)
        if kind == END:
            return text
        if kind == STDOUT:
            text += content[:length]


class Process:
    """One booking-api process on a socket that other processes may share."""

    def __init__(self, stack, listener):
        self.popen = subprocess.Popen([str(BUILD / "booking-api")], stdin=listener, env=stack.programs_environment(),
                                      stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()

    def connections(self):
        """The number of accepted connections. Its only other socket is the listener, as no test needs a database."""
        return sum(target.startswith("socket:") for target in descriptors(self.popen.pid)) - 1

    def tell_to_stop(self):
        """Sends SIGTERM, and returns when the process has ended or the signal is pending."""
        self.popen.send_signal(signal.SIGTERM)
        bit = 1 << (signal.SIGTERM - 1)
        status = Path(f"/proc/{self.popen.pid}/status")

        def arrived():
            pending = re.search(r"^ShdPnd:\s*(\w+)", status.read_text(), re.M)
            return self.popen.poll() is not None or pending and int(pending[1], 16) & bit
        wait_for(arrived, 5, "SIGTERM to arrive")


@pytest.fixture
def listener(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pool.sock"))
        listener.listen(64)
        yield listener


def connect(listener):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(listener.getsockname())
    return connection


@pytest.mark.parametrize("sent_before", [0, 1, 2])
def test_a_request_that_is_arriving_is_answered(default_stack, listener, sent_before):
    parts = request("/health/live")
    with Process(default_stack, listener) as process, connect(listener) as connection:
        connection.sendall(b"".join(parts[:sent_before]))
        wait_for(lambda: process.connections() == 1, 5, "the connection to be accepted")
        process.tell_to_stop()
        connection.sendall(b"".join(parts[sent_before:]))
        assert b'"status":"ok"' in answer(connection)
        connection.close()      # the process waits a moment for this before it closes its side
        assert process.popen.wait(1) == 0


def test_the_rest_of_a_header_is_awaited(default_stack, listener):
    first, *rest = request("/health/live")
    with Process(default_stack, listener) as process, connect(listener) as connection:
        connection.sendall(first[:5])
        wait_for(lambda: process.connections() == 1, 5, "the connection to be accepted")
        process.tell_to_stop()
        connection.sendall(first[5:] + b"".join(rest))
        assert b'"status":"ok"' in answer(connection)
        connection.close()
        assert process.popen.wait(1) == 0


def test_one_that_waits_for_a_connection_ends_at_once(default_stack, listener):
    with Process(default_stack, listener) as process:
        with connect(listener) as connection:
            connection.sendall(b"".join(request("/health/live")))
            assert answer(connection)
        wait_for(lambda: process.connections() == 0, 5, "the connection to be closed")
        process.popen.terminate()
        assert process.popen.wait(2) == 0


def test_one_whose_kept_connection_is_idle_ends_at_once(default_stack, listener):
    with Process(default_stack, listener) as process, connect(listener) as connection:
        for _ in range(3):
            connection.sendall(b"".join(request("/health/live", kept=True)))
            assert answer(connection)
        process.popen.terminate()
        # The process closes its side, and waits a moment for the web server to hang up.
        assert connection.recv(1) == b""
        connection.close()
        assert process.popen.wait(1) == 0


def test_a_connection_without_a_request_is_passed_over(default_stack, listener):
    with Process(default_stack, listener) as process:
        connect(listener).close()
        with connect(listener) as connection:
            connection.sendall(b"not FastCGI at all")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b""
        with connect(listener) as connection:
            connection.sendall(b"".join(request("/health/live")))
            assert answer(connection)
        assert process.popen.poll() is None


def test_a_process_that_has_no_listening_socket_says_so(default_stack):
    with Process(default_stack, subprocess.DEVNULL) as process:
        assert process.popen.wait(5) == 1


def test_processes_come_and_go_under_a_crowd(default_stack, listener):
    """Each process lives for a moment. They share only the socket, and no customer notices."""
    over, failures, answered = threading.Event(), [], []

    def customer():
        while not over.is_set():
            try:
                with connect(listener) as connection:
                    connection.sendall(b"".join(request("/health/live")))
                    assert b'"status":"ok"' in answer(connection)
                    answered.append(1)
            except (AssertionError, OSError) as error:
                failures.append(error)

    customers = [threading.Thread(target=customer) for _ in range(4)]
    with contextlib.ExitStack() as running:
        processes = [running.enter_context(Process(default_stack, listener)) for _ in range(3)]
        for thread in customers:
            thread.start()
        try:
            for _ in range(60):
                seen = len(answered)
                wait_for(lambda: len(answered) > seen + 20 or failures, 10, "answers")
                processes.append(running.enter_context(Process(default_stack, listener)))
                processes[0].popen.terminate()
                assert processes.pop(0).popen.wait(5) == 0
        finally:
            over.set()
            for thread in customers:
                thread.join()
    assert not failures, failures[:3]


# ---- a pool that is as large as it has to be ------------------------------------------------------------------------

class Gateway:
    """The simulator on a socket of its own, with the processes that it starts."""

    def __init__(self, stack, listener, most):
        environment = {**stack.programs_environment(), "GATEWAY_WORKERS": str(most), "PAYMENT_GATEWAY_TOKEN": ""}
        self.popen = subprocess.Popen([str(BUILD / "payment-gateway")], stdin=listener, env=environment, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()

    def members(self):
        return [int(pid) for pid in Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split()]

    def wait_members(self, number, seconds=5):
        wait_for(lambda: len(self.members()) == number, seconds, f"{number} processes, and not {len(self.members())}")


def charge(listener, code):
    """A call on its way; with 50400 it gets no answer for a minute."""
    body = json.dumps({"orderId": "o", "amountCents": 1, "currency": "EUR", "paymentCode": code}).encode()
    connection = connect(listener)
    connection.sendall(b"".join(request("/charges", body=body, REQUEST_METHOD="POST", CONTENT_LENGTH=str(len(body)),
                                        CONTENT_TYPE="application/json", HTTP_IDEMPOTENCY_KEY=str(uuid.uuid4()))))
    return connection


@pytest.fixture
def gateway(default_stack, listener):
    with Gateway(default_stack, listener, 4) as gateway:
        gateway.wait_members(1)
        yield gateway


def test_as_many_processes_run_as_there_are_calls(gateway, listener):
    with contextlib.ExitStack() as calls:
        waiting = [calls.enter_context(charge(listener, "50400")) for _ in range(2)]
        gateway.wait_members(3)
        with charge(listener, "00000") as another:
            assert b"DECLINED" in answer(another)
        waiting += [calls.enter_context(charge(listener, "50400")) for _ in range(4)]
        gateway.wait_members(4)
        for connection in waiting:
            connection.close()
    gateway.wait_members(1, 25)    # ten seconds after it was last busy, one a second
    with charge(listener, "00000") as another:
        assert b"DECLINED" in answer(another)


def test_a_killed_process_has_a_successor(gateway, listener):
    before = gateway.members()
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: gateway.members() and gateway.members() != before, 5, "a successor")
    with charge(listener, "00000") as call:
        assert b"DECLINED" in answer(call)


def test_no_process_outlives_its_leader(gateway, listener):
    before = gateway.members()
    gateway.popen.kill()
    gateway.popen.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before), 5, "the processes to end")


def test_a_pool_that_is_told_to_stop_finishes_its_calls(default_stack, listener):
    with Gateway(default_stack, listener, 4) as gateway, charge(listener, "50400") as call:
        gateway.wait_members(2)
        gateway.popen.terminate()
        assert b"temporarily unavailable" in answer(call)
        call.close()
        assert gateway.popen.wait(5) == 0


def test_a_pool_without_a_listening_socket_ends(default_stack):
    with Gateway(default_stack, subprocess.DEVNULL, 4) as gateway:
        assert gateway.popen.wait(5) == 1


# ---- the whole ------------------------------------------------------------------------------------------------------

def proportional_kib(pid):
    """A process's memory, with what it shares counted in parts."""
    return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


@pytest.mark.skipif("ASAN_OPTIONS" in os.environ, reason="sanitizers need memory of their own")
def test_a_system_that_has_nothing_to_do_is_small(own_stack):
    """The shipped settings: 16 API processes, 3 for monitoring, a sweeper, an idle simulator."""
    stack = own_stack()
    nginx = len(stack.pids("nginx"))
    wait_for(lambda: len(stack.all_pids()) <= 25 + nginx, 40, "superfluous processes to end")
    memory = sum(proportional_kib(pid) for pid in stack.all_pids() if program_of(pid) != "mariadbd")
    assert memory < 80 << 10, f"{memory} KiB"
