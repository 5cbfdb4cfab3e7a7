# SPDX-License-Identifier: MIT
"""A real mail server with a mailbox, mailpit, which tools/build-sso builds from Go modules."""

import subprocess

import requests

from post_office import make_certificate
from sign_on import PROGRAMS
from stack import free_port, wait_for

PROGRAM = PROGRAMS / "mailpit"


class Mailbox:
    def __init__(self, place):
        self.smtp, self.http = free_port(), free_port()
        self.key, self.certificate = make_certificate(place)
        (place / "passwords").write_text("booking:a-password\n")
        self.process = subprocess.Popen(
            [PROGRAM, "--smtp", f"127.0.0.1:{self.smtp}", "--listen", f"127.0.0.1:{self.http}", "--smtp-tls-cert", self.certificate,
             "--smtp-tls-key", self.key, "--smtp-require-starttls", "--smtp-auth-file", place / "passwords", "--smtp-strict-rfc-headers",
             "--disable-version-check", "--database", place / "mailpit.db"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.is_up, 20, "mailpit")

    def get(self, path):
        return requests.get(f"http://127.0.0.1:{self.http}/{path}", timeout=10)

    def is_up(self):
        try:
            return self.get("readyz").ok
        except requests.ConnectionError:
            return False

    def mails(self, address):
        """The whole mails to an address, the oldest first."""
        found = self.get(f"api/v1/search?query=to:{address}").json()["messages"]
        return [self.get(f"api/v1/message/{mail['ID']}").json() for mail in reversed(found)]

    def wait(self, address, count):
        wait_for(lambda: len(self.mails(address)) >= count, 10, f"{count} mails")
        return self.mails(address)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def settings(self):
        return {"SMTP_URL": f"smtp://booking:a-password@127.0.0.1:{self.smtp}", "SMTP_CA": self.certificate}
