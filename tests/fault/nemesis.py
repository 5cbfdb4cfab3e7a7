# SPDX-License-Identifier: MIT
"""Breaks things at random, from a seed: it kills, stops, cuts and fills. It also undoes everything that it breaks."""

import collections
import contextlib
import getpass
import http.client
import os
import signal
import threading
import time

import pymysql

from disk import fill
from stack import wait_for


class Nemesis:
    def __init__(self, stack, random, gateway=None, ballast=None):
        """`gateway` is the proxy in front of the gateway, `ballast` a file that may fill the stack's own small disk."""
        self.stack, self.random, self.gateway, self.ballast = stack, random, gateway, ballast
        self.kills, self.deeds = collections.Counter(), collections.Counter()
        self.undo = []
        self.thread = None

    def start(self, seconds):
        self.thread = threading.Thread(target=self.rage, args=(seconds,), daemon=True)
        self.thread.start()

    def finish(self):
        self.thread.join()
        for timer in self.undo:
            timer.join()
        self.undo.clear()

    def rage(self, seconds):
        end = time.monotonic() + seconds
        deeds, weights = zip(*((deed, weight) for deed, weight in self.repertoire().items()))
        while time.monotonic() < end:
            deed = self.random.choices(deeds, weights)[0]
            self.deeds[deed.__name__] += 1
            with contextlib.suppress(pymysql.MySQLError, OSError):
                deed()
            time.sleep(self.random.uniform(0.05, 0.4))

    def repertoire(self):
        weights = {
            self.kill_api: 10, self.kill_all_of_the_api: 1, self.stop_api: 4, self.kill_sweeper: 4, self.stop_sweeper: 2,
            self.stall_sweeper_past_its_lease: 1, self.kill_gateway: 3, self.stop_gateway: 1, self.kill_nginx_worker: 2,
            self.kill_nginx: 1, self.stop_nginx: 1, self.kill_database: 1, self.restart_database: 1, self.stop_database: 1,
            self.drop_connections: 4, self.make_read_only: 2}
        if self.gateway:
            weights[self.spoil_gateway] = 6
        if self.ballast:
            weights[self.fill_disk] = 2
        return weights

    # -- tools -----------------------------------------------------------------------------------

    def later(self, seconds, undo):
        """Undoes something later, in another thread, because the breaking thread may itself wait for what it broke."""
        def let_go():
            with contextlib.suppress(OSError, pymysql.MySQLError):
                undo()
        self.undo.append(threading.Timer(seconds, let_go))
        self.undo[-1].start()

    def some(self, program, most):
        pids = self.stack.pids(program)
        return self.random.sample(pids, min(len(pids), self.random.randint(1, most)))

    @contextlib.contextmanager
    def administrator(self):
        root = pymysql.connect(unix_socket=str(self.stack.data_dir / "run/mysql.sock"), user=getpass.getuser(),
                               autocommit=True, connect_timeout=5, read_timeout=5)
        with root, root.cursor() as cursor:
            yield cursor

    def kill(self, program, pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.kills[program] += 1

    def pause(self, program, most, shortest, longest):
        for pid in self.some(program, most):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self.later(self.random.uniform(shortest, longest), lambda pid=pid: os.kill(pid, signal.SIGCONT))

    # -- deeds -----------------------------------------------------------------------------------

    def kill_api(self):
        self.kill("booking-api", self.some("booking-api", 3))

    def kill_all_of_the_api(self):
        self.kill("booking-api", self.stack.pids("booking-api"))

    def stop_api(self):
        self.pause("booking-api", 2, 0.2, 3)

    def kill_sweeper(self):
        self.kill("sweeper", self.some("sweeper", 2))

    def stop_sweeper(self):
        self.pause("sweeper", 1, 0.2, 3)

    def stall_sweeper_past_its_lease(self):
        self.pause("sweeper", 1, 6.5, 8)

    def kill_gateway(self):
        self.kill("payment-gateway", self.some("payment-gateway", 3))

    def stop_gateway(self):
        self.pause("payment-gateway", 4, 0.2, 3)

    def nginx(self):
        """nginx's master and workers, if there are any."""
        masters = self.stack.leaders("nginx")
        return masters, [pid for pid in self.stack.pids("nginx") if pid not in masters]

    def kill_nginx_worker(self):
        self.kill("nginx", self.nginx()[1][:1])

    def kill_nginx(self):
        self.kill("nginx", self.nginx()[0])

    def stop_nginx(self):
        self.pause("nginx", 1, 0.2, 2)

    def kill_database(self):
        self.free_disk()  # a server that starts on a full disk retries only once a minute
        self.kill("mariadbd", self.stack.pids("mariadbd"))

    def restart_database(self):
        """Restarts only a server that answers: MariaDB 10.11 may hang forever if it has to end while it starts."""
        self.free_disk()
        with self.administrator():
            for pid in self.stack.pids("mariadbd"):
                os.kill(pid, signal.SIGTERM)

    def stop_database(self):
        self.pause("mariadbd", 1, 0.2, 2.5)

    def drop_connections(self):
        with self.administrator() as cursor:
            cursor.execute("SHOW PROCESSLIST")
            for number, user, *_ in cursor.fetchall():
                if user in ("booking_app", "gateway_app") and self.random.random() < 0.7:
                    with contextlib.suppress(pymysql.MySQLError):
                        cursor.execute(f"KILL CONNECTION {number}")

    def make_read_only(self):
        self.set_read_only(1)
        self.later(self.random.uniform(0.3, 1.5), lambda: self.set_read_only(0))

    def set_read_only(self, value):
        with self.administrator() as cursor:
            cursor.execute(f"SET GLOBAL read_only = {value}")

    def fill_disk(self):
        self.later(self.random.uniform(0.5, 2), self.free_disk)
        fill(self.ballast)

    def free_disk(self):
        if self.ballast:
            self.ballast.unlink(missing_ok=True)

    def spoil_gateway(self):
        modes = ("cut", "lost", "slow", "error", "garbage", "nonsense", "half", "huge", "twice", "portal")
        chosen = self.random.sample(modes, 2)
        random = type(self.random)(self.random.random())
        self.gateway.mode = lambda _path: random.choice((*chosen, "pass"))
        self.later(self.random.uniform(0.5, 4), self.spare_gateway)

    def spare_gateway(self):
        self.gateway.mode = "pass"

    # -- recovery ---------------------------------------------------------------------------------

    def heal(self, api_workers, sweepers):
        """Waits until everything runs as it should. From then on the system has no excuse."""
        if self.gateway:
            self.gateway.mode = "pass"

        lacking = []

        def whole():
            lacking[:] = self.what_is_lacking(api_workers, sweepers)
            return not lacking
        try:
            wait_for(whole, 60, interval=0.1)
        except AssertionError:
            raise AssertionError(f"still lacking after a minute: {lacking}") from None

    def what_is_lacking(self, api_workers, sweepers):
        with contextlib.suppress(pymysql.MySQLError, OSError):
            self.set_read_only(0)
        for program, wanted in (("mariadbd", 1), ("booking-api", api_workers), ("sweeper", sweepers)):
            running = len(self.stack.pids(program))
            if running != wanted:
                yield f"{running} of {wanted} {program}"
        if not self.stack.healthy():
            yield "health"
        try:
            if self.stack.gateway().get("/charges/none").status != 404:
                yield "gateway's database"
        except (OSError, http.client.HTTPException) as error:
            yield f"gateway: {error}"
