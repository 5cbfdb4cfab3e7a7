# SPDX-License-Identifier: MIT
"""Speaks FastCGI to the API's socket, as nginx does, so that a test can say what nginx would say of a sign-on."""

import http.client
import io
import json as jsonlib
import socket
import struct
import urllib.parse
import uuid

from client import NO_JSON, Api, Reply, check

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, content=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(name, value):
    def size(n):
        return struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 1 << 31)
    return size(len(name)) + size(len(value)) + name + value


def stdout_of(stream):
    """The answer's bytes, up to the record that ends the request."""
    text = b""
    while True:
        _, kind, _, length, padding = struct.unpack("!BBHHBx", stream.read(8))
        content = stream.read(length + padding)[:length]
        if kind == END:
            return text
        if kind == STDOUT:
            text += content


class Direct(Api):
    """The API behind nginx. `variables` are CGI variables that go with each request, such as REMOTE_USER."""

    def __init__(self, stack, headers=None, **variables):
        super().__init__("127.0.0.1", stack.port, headers)
        self.socket, self.variables = stack.data_dir / "run/api.sock", variables

    def request(self, method, path, json=NO_JSON, form=None, body=None, headers=None, timeout=20):
        sent = {"Host": f"127.0.0.1:{self.port}", **self.headers}
        if json is not NO_JSON:
            body, sent["Content-Type"] = jsonlib.dumps(json).encode(), "application/json"
        elif form is not None:
            body, sent["Content-Type"] = urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
        sent.update(headers or {})
        variables = {
            "REQUEST_METHOD": method, "REQUEST_URI": path, "QUERY_STRING": path.partition("?")[2], "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_ID": uuid.uuid4().hex, "CONTENT_LENGTH": str(len(body or b"")),
            "CONTENT_TYPE": sent.pop("Content-Type", ""),
            **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in sent.items()}, **self.variables}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(self.socket))
            connection.sendall(record(BEGIN, struct.pack("!HB5x", 1, 0))
                               + record(PARAMS, b"".join(pair(name.encode(), value.encode("utf-8", "surrogateescape"))
                                                         for name, value in variables.items())) + record(PARAMS)
                               + (record(STDIN, body) if body else b"") + record(STDIN))
            head, _, text = stdout_of(connection.makefile("rb")).partition(b"\r\n\r\n")
        answer = http.client.parse_headers(io.BytesIO(head + b"\r\n\r\n"))
        answer["X-Request-Id"] = variables["REQUEST_ID"]  # nginx adds it
        reply = Reply(method, path, int(answer["Status"].split()[0]), answer, text)
        check(reply)
        return reply
