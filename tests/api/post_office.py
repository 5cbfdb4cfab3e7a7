# SPDX-License-Identifier: MIT
"""A mail server for the sweeper: it records the mails it gets, and answers as the test says."""

import base64
import contextlib
import email
import email.policy
import socket
import ssl
import subprocess
import threading
import time


def make_certificate(directory, host="127.0.0.1"):
    """A key and a certificate that signs itself; returns both files' paths."""
    key, cert = directory / "post.key", directory / "post.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName=IP:{host},DNS:localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


class Mail:
    """One mail as it came: the envelope, and the message as Python's parser sees it."""

    def __init__(self, sender, recipients, data, session):
        self.sender, self.recipients, self.data, self.session = sender, recipients, data, dict(session)
        self.message = email.message_from_bytes(data, policy=email.policy.default)

    def part(self, kind):
        return next((part for part in self.message.walk() if part.get_content_type() == kind), None)

    def text(self, kind="text/plain"):
        return self.part(kind).get_content()


class PostOffice:
    """`answer(command, argument, office)` may return the line to say instead of the usual one, or None to hang up; the
    command "." is the end of the data. What it returns as Ellipsis means: as usual."""

    def __init__(self, certificate=None, implicit_tls=False, starttls=False, user=None, password=None, extensions=(), delay=0.0):
        self.mails, self.sessions, self.commands, self.open = [], 0, [], set()
        self.answer = lambda command, argument, office: ...
        self.starttls, self.user, self.password, self.extensions, self.delay = starttls, user, password, extensions, delay
        self.implicit_tls, self.context, self.closed = implicit_tls, None, False
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate[1], certificate[0])
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def hang_up(self):
        """Ends all connections."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()

    def about(self, order):
        """The mails about an order, in the order in which they were taken."""
        return [mail for mail in list(self.mails) if order["orderId"] in mail.data.decode("utf-8", "replace")
                or any(order["orderId"] in part.get_payload(decode=True).decode() for part in mail.message.walk()
                       if part.get_content_type() == "text/calendar")]

    def _serve(self, connection):
        plain = connection
        self.open.add(plain)
        try:
            if self.implicit_tls:
                connection = self.context.wrap_socket(connection, server_side=True)
            self._talk(connection)
        except (OSError, ssl.SSLError, ConnectionError):
            pass
        finally:
            connection.close()
            self.open.discard(plain)

    def _talk(self, connection):
        stream, session = connection.makefile("rb"), {"tls": self.implicit_tls, "user": None}
        say = lambda line: connection.sendall(line.encode() + b"\r\n")  # noqa: E731
        sender, recipients = None, []
        greeting = self.answer("CONNECT", "", self)
        if greeting is None:
            return
        say("220 post.example ESMTP" if greeting is ... else greeting)
        while line := stream.readline():
            text = line.decode("utf-8", "replace").strip()
            command, argument = text[:4].upper(), text[4:].strip()
            self.commands.append(text)
            reply = self.answer(command, argument, self)
            if reply is None:
                return
            if reply is not ...:
                say(reply)
                continue
            if command == "EHLO":
                offers = ["post.example", "SIZE 10000000", *self.extensions]
                offers += ["STARTTLS"] if self.starttls and not session["tls"] else []
                offers += ["AUTH PLAIN"] if self.user else []
                for i, offer in enumerate(offers):
                    say(f"250{' ' if i == len(offers) - 1 else '-'}{offer}")
            elif command == "STAR":
                say("220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                stream, session["tls"] = connection.makefile("rb"), True
            elif command == "AUTH":
                words = argument.split()
                if len(words) < 2:
                    say("334 ")
                    words.append(stream.readline().decode().strip())
                _, user, password = base64.b64decode(words[1]).decode().split("\0")
                good = (user, password) == (self.user, self.password)
                session["user"] = user if good else None
                say("235 welcome" if good else "535 5.7.8 no")
            elif command == "MAIL":
                sender, recipients = argument[len("FROM:<"):].split(">")[0], []
                say("530 5.7.0 sign in first" if self.user and not session["user"] else "250 ok")
            elif command == "RCPT":
                recipients.append(argument[len("TO:<"):].split(">")[0])
                say("250 ok")
            elif command == "DATA":
                say("354 go on")
                lines = []
                while (line := stream.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b".") else line)
                if not line:
                    return
                mail = Mail(sender, recipients, b"".join(lines), session)
                reply = self.answer(".", mail, self)
                if reply is None:
                    return
                if reply is ...:
                    time.sleep(self.delay)
                    self.mails.append(mail)
                say("250 taken" if reply is ... else reply)
            elif command == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")
