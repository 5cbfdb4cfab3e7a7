# SPDX-License-Identifier: MIT
"""A foreign HTTP service for the sweeper: it records the requests it gets, and answers as the test says."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Outside:
    def __init__(self):
        self.calls = []
        # (path, body) -> (status, body and perhaps headers of the answer), or None to hang up without an answer.
        self.answer = lambda path, body: (200, b"")
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.do_POST()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                call = {"path": self.path, "headers": dict(self.headers), "json": json.loads(body) if body else None}
                outside.calls.append(call)
                answer = outside.answer(self.path, call["json"])
                if answer is None:
                    self.close_connection = True
                    return
                with contextlib.suppress(ConnectionError):  # whoever asked may have been killed
                    self.say(*answer)

            def say(self, status, text, more=None):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                for name, value in (more or {}).items():
                    self.send_header(name, value)
                if 300 <= status < 400:
                    self.send_header("Location", outside.url)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # the sweeper sends many payments at once

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def about(self, order):
        """The requests that name this order in their body."""
        return [call for call in list(self.calls) if (call["json"] or {}).get("orderId") == order["orderId"]]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
