# SPDX-License-Identifier: MIT
"""A misbehaving gateway: a proxy between the sweeper and the simulator that does to answers what networks do."""

import contextlib
import http.client
import http.server
import socket
import threading
import time

TEN_MEGABYTES = 10 * 1024 * 1024


class GatewayProxy:
    """`mode` says what happens to each call. It may be a function of the call's path.

    pass      the call goes through                 cut       the connection ends before the gateway gets the call
    lost      the gateway did it, no answer comes   slow      the answer comes after `delay` seconds
    error     503 without asking the gateway        garbage   200 without JSON, after the gateway did it
    nonsense  200 and JSON without meaning          twice     the answer comes twice
    half      half an answer, then silence          huge      ten megabytes follow the answer's beginning
    held      the answer waits for `release`        portal    200 and a page, without asking the gateway
    """

    def __init__(self, port):
        self.gateway_port = port
        self.mode = "pass"
        self.delay = 1.5
        self.release = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.calls = []
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with contextlib.suppress(OSError, http.client.HTTPException):
                    proxy.handle(self, body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_address[1]

    @property
    def settings(self):
        """The settings that make a stack use this proxy."""
        return {"GATEWAY_PORT": self.gateway_port, "PAYMENT_GATEWAY_URL": f"http://127.0.0.1:{self.port}",
                "PAYMENT_SIMULATOR": "true"}

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def forward(self, handler, body):
        # The sweeper has given up long before. Without this limit, a code that is never answered would occupy the
        # simulator for a minute.
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway_port, timeout=3)
        with contextlib.closing(connection):
            names = ("Content-Type", "Idempotency-Key", "X-Request-Id")
            connection.request("POST", handler.path, body, {n: handler.headers[n] for n in names if handler.headers[n]})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def handle(self, handler, body):
        mode = self.mode(handler.path) if callable(self.mode) else self.mode
        self.calls.append((handler.path, handler.headers["Idempotency-Key"], mode))
        if mode == "cut":
            hang_up(handler)
            return
        unasked = {"error": (503, b'{"status":"ERROR"}'), "portal": (200, b"<html>Please log in to the airport's network")}
        status, answer = unasked[mode] if mode in unasked else self.forward(handler, body)
        self.arrived.release()
        if mode == "lost":
            hang_up(handler)
            return
        if mode == "slow":
            time.sleep(self.delay)
        elif mode == "held":
            self.release.wait(60)
        elif mode == "garbage":
            status, answer = 200, b"<html>\xff\x00Welcome to the airport's wireless network"
        elif mode == "nonsense":
            status, answer = 200, b'{"status":["APPROVED"],"transactionId":{"a":1}}'
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        if mode == "huge":
            handler.wfile.write((head % (len(answer) + TEN_MEGABYTES)).encode() + answer)
            for _ in range(TEN_MEGABYTES // 65536):
                handler.wfile.write(b" " * 65536)
            return
        whole = (head % len(answer)).encode() + answer
        if mode == "half":
            handler.wfile.write(whole[:-max(1, len(answer) // 2)])
            time.sleep(3)
            hang_up(handler)
            return
        handler.wfile.write(whole * 2 if mode == "twice" else whole)


def hang_up(handler):
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)
