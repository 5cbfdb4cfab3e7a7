# SPDX-License-Identifier: MIT
"""A real oauth2-proxy and a mock OpenID provider, which tools/build-sso builds from Go modules."""

import json
import re
import subprocess

from client import Api
from stack import ROOT, free_port, wait_for

PROGRAMS = ROOT / "build/go/bin"
SECRET = "a-secret-of-the-tests"


def answers(port, path):
    try:
        return Api("127.0.0.1", port, plain=True).get(path).status == 200
    except OSError:
        return False


class Provider:
    """Signs in whoever comes as the user that was named last."""

    def __init__(self):
        self.port, self.process = free_port(), None
        self.issuer = f"http://127.0.0.1:{self.port}/oidc"

    def start(self):
        self.process = subprocess.Popen([PROGRAMS / "provider", f"127.0.0.1:{self.port}", "booking", SECRET],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == self.issuer
        return self

    def next(self, email, *groups):
        user = {"Subject": f"id-of-{email}", "Email": email, "EmailVerified": True, "Groups": groups}
        self.process.stdin.write(json.dumps(user) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "queued\n"

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Proxy:
    """oauth2-proxy with the shipped example of its settings."""

    def __init__(self, place, provider, site, port, **settings):
        self.port, self.place, self.process = port, place, None
        settings = {"oidc_issuer_url": provider.issuer, "client_secret": SECRET,
                    "redirect_url": f"http://127.0.0.1:{site.port}/oauth2/callback",
                    "cookie_secret": "0123456789abcdef0123456789abcdef", "http_address": f"127.0.0.1:{self.port}",
                    "cookie_secure": False, **settings}
        text = (ROOT / "conf/oauth2-proxy.cfg.example").read_text()
        for name, value in settings.items():
            text = re.sub(rf"^{name} = .*\n", "", text, flags=re.M)
            if value is not None:
                text += f"{name} = {json.dumps(value)}\n"
        (place / "oauth2-proxy.cfg").write_text(text)

    def start(self):
        with open(self.place / "oauth2-proxy.log", "a") as log:
            self.process = subprocess.Popen([PROGRAMS / "oauth2-proxy", f"--config={self.place}/oauth2-proxy.cfg"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self.running() and answers(self.port, "/ready"), 20, "oauth2-proxy")
        return self

    def running(self):
        assert self.process.poll() is None, (self.place / "oauth2-proxy.log").read_text()
        return True

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
