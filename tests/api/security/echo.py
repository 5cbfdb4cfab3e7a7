# SPDX-License-Identifier: MIT
"""The site's nginx in front of a FastCGI program that answers with all that it was told, so that a test sees what
nginx passes on at each address."""

import json
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import threading

from client import Api
from stack import PRODUCT_VARIABLES, ROOT, free_port, wait_for

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6      # the FastCGI specification's record types


def pairs(data):
    """The names and values of a FastCGI request, in their order."""
    found, at = [], 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            size, at = data[at], at + 1
            if size & 0x80:
                size, at = struct.unpack(">I", data[at - 1:at + 3])[0] & 0x7fffffff, at + 3
            sizes.append(size)
        name, value = data[at:at + sizes[0]], data[at + sizes[0]:at + sum(sizes)]
        at += sum(sizes)
        found.append((name.decode("latin-1"), value.decode("latin-1")))
    return found


class Handler(socketserver.StreamRequestHandler):
    def record(self, kind, content):
        self.wfile.write(struct.pack(">BBHHBB", 1, kind, self.id, len(content), 0, 0) + content)

    def handle(self):
        told = b""
        while len(head := self.rfile.read(8)) == 8:
            _, kind, self.id, size, padding, _ = struct.unpack(">BBHHBB", head)
            content = self.rfile.read(size + padding)[:size]
            if kind == BEGIN:
                told, keeps = b"", content[2] & 1
            elif kind == PARAMS:
                told += content
            elif kind == STDIN and not size:
                self.answer(pairs(told))
                if not keeps:
                    return

    def answer(self, told):
        self.server.told.append(told)
        body = json.dumps({"told": told}).encode() + b"\n"
        self.record(STDOUT, b"Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n" + body)
        self.record(STDOUT, b"")
        self.record(END, bytes(8))


class Echo(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class Site:
    """Runs nginx with the settings, and `more` in its http {}."""

    def __init__(self, place, more="", **settings):
        self.place, self.more, self.port, self.gateway_port = place, more, free_port(), free_port()
        self.settings = {name: str(value) for name, value in settings.items()}
        self.echo = Echo(str(place / "echo.sock"), Handler)
        self.echo.told = []
        threading.Thread(target=self.echo.serve_forever, daemon=True).start()
        clean = {name: value for name, value in os.environ.items() if not PRODUCT_VARIABLES.match(name)}
        subprocess.run([ROOT / "conf/host/nginx-clients", place], env={**clean, **self.settings}, check=True)
        (place / "booking").symlink_to(ROOT / "conf/nginx")
        (place / "nginx.conf").write_text(self.configuration())
        self.nginx = subprocess.Popen([NGINX, "-c", place / "nginx.conf", "-e", place / "error.log"], stdin=subprocess.DEVNULL)
        wait_for(self.answers, 10, "nginx")

    def configuration(self):
        place = self.place
        temporary = "".join(f"{name}_temp_path {place}/{name}; " for name in ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
        pools = "".join(f"upstream {name} {{ server unix:{place}/echo.sock; }}\n" for name in (
            "booking_api", "booking_api_reads", "booking_watch", "payment_gateway"))
        return f"""{"user root;" if os.getuid() == 0 else ""}
            daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error.log notice; events {{}}
            http {{ {temporary} fastcgi_cache_path {place}/live keys_zone=booking_live:1m inactive=2s;
                include booking/http.conf; geo $booking_may_measure {{ default 1; }}
                include booking/limits.conf; include {place}/clients.conf; access_log {place}/access.log booking; {self.more} {pools}
                server {{ listen 127.0.0.1:{self.port}; root "{ROOT}/html";
                    include {place}/proxies.conf; include booking/site.conf; }}
                server {{ listen 127.0.0.1:{self.gateway_port}; include booking/gateway.conf; }} }}"""

    def answers(self):
        assert self.nginx.poll() is None, (self.place / "error.log").read_text()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.nginx.terminate()
        self.nginx.wait(20)
        self.echo.shutdown()
        self.echo.server_close()

    def api(self, **headers):
        return Api("127.0.0.1", self.port, headers, plain=True)

    def told(self):
        """What the programs were told since the last call."""
        told, self.echo.told = self.echo.told, []
        return told
