# SPDX-License-Identifier: MIT
"""A stand-in for oauth2-proxy and the provider behind it, which signs in whoever a test says, without asking."""

import http.server
import threading
import uuid
from http.cookies import SimpleCookie

from stack import free_port

COOKIE = "_oauth2_proxy"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        sessions, path = self.server.sessions, self.path.partition("?")[0]
        cookie = SimpleCookie(self.headers["Cookie"] or "").get(COOKIE)
        session = cookie.value if cookie else None
        if path == "/oauth2/start":
            session = uuid.uuid4().hex
            sessions[session] = self.server.somebody
            self.answer(302, Location=self.headers["X-Auth-Request-Redirect"],
                        **{"Set-Cookie": f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax"})
        elif path == "/oauth2/sign_out":
            sessions.pop(session, None)
            self.answer(302, Location="/", **{"Set-Cookie": f"{COOKIE}=; Path=/; Max-Age=0"})
        elif session in sessions:
            email, groups = sessions[session]
            self.answer(202, **{"X-Auth-Request-Email": email, "X-Auth-Request-Groups": groups})
        else:
            self.answer(401)

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Signing:
    """`somebody` is who the next sign-in is by: an account and its groups."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.server.sessions = {}
        self.next()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.settings = {"SIGN_ON": "oauth2-proxy", "OAUTH2_PROXY_URL": f"http://127.0.0.1:{self.server.server_address[1]}",
                         "TRUST_REMOTE_USER": "yes", "ROLE_GROUPS": "viewer:readers,agent:desk,operator:ops,admin:it"}

    def next(self, account="ada@example.com", groups=""):
        self.server.somebody = account, groups

    def end_sessions(self):
        self.server.sessions.clear()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
