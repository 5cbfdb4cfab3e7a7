# SPDX-License-Identifier: MIT
"""A proxy between a program and the database that can lose the connection at a COMMIT."""

import contextlib
import os
import socket
import threading
import time

COMMIT = b"\x07\x00\x00\x00\x03COMMIT"


class DatabaseProxy:
    """`plan` says what happens to the next COMMITs, in their order; all later ones pass.

    pass     the COMMIT goes through
    before   the connection ends and the server does not get the COMMIT
    after    the server executes it, and the connection ends instead of the answer
    during   the server gets it at the same moment as the connection ends
    never    the server gets neither the COMMIT nor the end of the connection, so its session stays open
    `away_after_cut` is how many seconds no connection is accepted after a cut. `delay` is the number of seconds added to
    each round trip. `standby` is the server that all connections lead to after a cut, if there is one. `before` is a
    list of pairs: the bytes of a statement, and a function that is called once, after a cut, before the server gets the
    next such statement.
    """

    def __init__(self, path, server, listener=None):
        self.path, self.server = str(path), str(server)
        self.plan, self.away_after_cut, self.commits, self.cuts = [], 0.0, 0, 0
        self.delay, self.standby, self.before = 0.0, None, []
        self.away_until = 0.0
        self.clients = set()
        self.lock, self.withheld = threading.Lock(), threading.Event()
        self.listener = listener or socket.socket(socket.AF_UNIX)
        if not listener:
            self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def cut(self):
        """Ends every connection."""
        for client in list(self.clients):
            hang_up(client)

    def dsn(self, dsn):
        """The DSN for the same account through this proxy."""
        user, _, database = dsn.partition("@unix(")
        return f"{user}@unix({self.path}){database.partition(')')[2]}"

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if time.monotonic() < self.away_until:
                client.close()
                continue
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self.server)
            self.clients.add(client)
            answers = Answers(server, client)
            answers.start()
            while data := client.recv(65536):
                if self.cuts:
                    self.meet(data)
                fate = self.fate_of(data)
                if fate == "before":
                    break
                if fate == "never":
                    self.withheld.set()
                    answers.join()  # until the server ends it
                    break
                if fate == "after":
                    answers.keep_back.set()
                if self.delay:
                    time.sleep(self.delay)
                server.sendall(data)
                if fate == "after":
                    answers.kept.wait(20)
                if fate in ("after", "during"):
                    break
            hang_up(client)
            hang_up(server)
            answers.join()
            self.clients.discard(client)

    def fate_of(self, data):
        if COMMIT not in data:
            return "pass"
        with self.lock:
            self.commits += 1
            fate = self.plan.pop(0) if self.plan else "pass"
            if fate != "pass":
                self.cuts += 1
                self.away_until = time.monotonic() + self.away_after_cut
                self.server = self.standby or self.server
            return fate

    def meet(self, data):
        for pair in [pair for pair in self.before if pair[0] in data]:
            self.before.remove(pair)
            pair[1]()


class Answers(threading.Thread):
    def __init__(self, server, client):
        super().__init__(daemon=True)
        self.server, self.client = server, client
        self.keep_back, self.kept = threading.Event(), threading.Event()

    def run(self):
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.keep_back.is_set():
                    self.kept.set()
                    break
                self.client.sendall(data)
        self.kept.set()
        hang_up(self.client)


def hang_up(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
