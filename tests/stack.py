# SPDX-License-Identifier: MIT
"""Starts and stops whole systems for the tests: nginx, API pool, sweeper, gateway, MariaDB.

Each stack has its own directory and ports, so any number can run side by side and beside a developer's `make start`.
conf/stack runs it, the script that users run; the tests only add settings.
"""

import contextlib
import datetime
import getpass
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import pymysql

from client import Api

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / (os.environ.get("BUILD_DIR") or "build")
CRASH_BUILD = BUILD.with_name(BUILD.name + "-crash")    # dies at named points: booking/base/crash_point.h
NOLOCK_BUILD = BUILD.with_name(BUILD.name + "-nolock")  # sells seats twice
# A cabin with two classes, an exit row and a seat that is not there.
PLAN = {"name": "A test", "numbering": "row-column", "sections": [
    {"class": "business", "rows": "1-2", "columns": "AC DF"},
    {"class": "economy", "rows": "3-5,7", "columns": "ABC DEF", "without": ["7F"], "features": {"exit": "4"}}]}
PROGRAM_FILES = [BUILD / name for name in ("booking-api", "payment-gateway", "stripe-gateway", "sweeper", "migrate", "booking-admin")]

# The developer's exported settings must not reach the systems under test.
PRODUCT_VARIABLES = re.compile(
    r"^(SERVER_PORT|LISTEN_ADDRESS|DATABASE_\w+|MIGRATION_DSN|GATEWAY_\w+|(SEAT_)?RESERVATION_\w+|PAYMENT_\w+|"
    r"MAX_\w+|STRIPE_\w+|RATE_LIMIT_\w+|ALLOWED_ORIGIN|ADMIN_TOKEN|ALLOW_RESET|TRUST_REMOTE_USER|ROLE_GROUPS|CUSTOMERS|ORPHAN_RULE|PASSENGERS|NAME_CHANGE_UNTIL|TERMS_URL|PRIVACY_URL|RETENTION|KEEP_HOLD_\w+|SIGN_ON|OAUTH2_PROXY_URL|BASIC_AUTH_\w+|TRUSTED_PROXIES|CONFIRMATION_URL|SMTP_\w+|MAIL_\w+|PUBLIC_URL|LOG_LEVEL|SWEEPER\w*|(API|GATEWAY)_WORKERS|DATA_DIR)$")


def wait_for(condition, deadline=10.0, what=None, interval=0.03):
    """Returns the first true result of condition(); fails if there is none within the deadline."""
    end = time.monotonic() + deadline
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline} s: {what or condition.__name__} (last: {answer!r})")
        time.sleep(interval)


def free_ports():
    """Yields free ports below those that the kernel hands to clients; otherwise a client could take one before nginx
    does. Each process of each test run takes whole blocks of ports. It claims a block by a name in the abstract
    namespace (unix(7)), which disappears with the process."""
    names, size = [], 100
    while True:
        first, name = random.randrange(20000, 32000, size), socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0booking-test-ports-{first}")
        except OSError:
            name.close()
            continue
        names.append(name)
        for port in range(first, first + size):
            with contextlib.suppress(OSError):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port))
                yield port


FREE_PORTS = free_ports()


def free_port():
    """A port that no other test gets."""
    return next(FREE_PORTS)


class Stack:
    """One running system. `settings` are environment variables, as in conf/."""

    starter = []        # a command that runs conf/stack, for a system that is started elsewhere
    is_shared = False   # other tests use it at this moment

    def __init__(self, settings=None, data_dir=None):
        self.settings = {
            "SERVER_PORT": str(free_port()),
            "GATEWAY_PORT": str(free_port()),
            # These are enough for the tests' busiest moments, and take less memory than the shipped ones.
            "API_WORKERS": "16",
            "GATEWAY_WORKERS": "24",
            "PAYMENT_FAILURE_RATE": "0",
            "PAYMENT_MAX_DELAY": "0s",
            # Every client on this machine counts as the operator.
            "ADMIN_TOKEN": "none",
            **{name: str(value) for name, value in (settings or {}).items()},
        }
        self.data_dir = Path(data_dir or tempfile.mkdtemp(prefix="booking-test-"))
        self.settings["DATA_DIR"] = str(self.data_dir)
        self._programs_environment = None

    # -- life ---------------------------------------------------------------------------------

    def environment(self):
        clean = {k: v for k, v in os.environ.items() if not PRODUCT_VARIABLES.match(k)}
        return {**clean, **self.settings}

    def start(self):
        try:
            self._conf_stack("start", timeout=90)
            wait_for(self.healthy, 30, "the stack's /health")
        except BaseException:
            self.stop(keep_data=True)
            raise
        return self

    def stop(self, keep_data=False):
        """Stops every process of this stack and, without keep_data, removes its directory."""
        try:
            self._conf_stack("stop", timeout=60)
        finally:
            for pid in self.all_pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not keep_data:
                shutil.rmtree(self.data_dir, ignore_errors=True)

    def _conf_stack(self, verb, timeout):
        starter = self.starter if verb == "start" else []
        run = subprocess.run([*starter, str(ROOT / "conf/stack"), verb], cwd=ROOT, env=self.environment(), timeout=timeout,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode:
            raise RuntimeError(f"conf/stack {verb} exited {run.returncode}:\n{run.stdout}")
        return run.stdout

    def healthy(self):
        try:
            return self.api().get("/health").status == 200
        except OSError:
            return False

    # -- addresses and connections ------------------------------------------------------------

    @property
    def port(self):
        return int(self.settings["SERVER_PORT"])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def api(self, **headers):
        return Api("127.0.0.1", self.port, headers)

    def admin(self):
        """The API as the operator uses it."""
        token = self.settings["ADMIN_TOKEN"]
        return self.api() if token == "none" else self.api(Authorization=f"Bearer {token}")

    def gateway(self):
        return Api("127.0.0.1", int(self.settings["GATEWAY_PORT"]), plain=True)

    def programs_environment(self):
        """The environment of the running programs, read from one of them."""
        if self._programs_environment is None:
            pid = wait_for(lambda: self.pids("sweeper") or self.pids("booking-api"), 5, "a running program")[0]
            pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
            self._programs_environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return self._programs_environment

    def app_db(self, variable="DATABASE_DSN"):
        """A connection with the account and rights of the programs."""
        return connect(self.programs_environment()[variable])

    def db(self, variable="DATABASE_DSN"):
        """The administrator's connection to the same database, because tests change what the programs must not."""
        if variable in self.settings:
            return self.app_db(variable)
        connection = self.root_db()
        connection.select_db(self.programs_environment()[variable].rpartition("/")[2])
        return connection

    def gateway_db(self):
        return self.db("GATEWAY_DATABASE_DSN")

    def root_db(self):
        """The administrator's connection, which the server accepts by the operating system's account."""
        return pymysql.connect(unix_socket=str(self.data_dir / "run/mysql.sock"), user=getpass.getuser(), autocommit=True,
                               charset="utf8mb4")

    def query(self, sql, *args):
        """Runs one statement on the booking database. Returns the rows or, for a write, the number of affected rows. One
        that loses a deadlock against the programs has done nothing, and is run again."""
        for tries in range(10):
            try:
                return query(self.db(), sql, *args)
            except pymysql.err.OperationalError as error:
                if error.args[0] != 1213 or tries == 9:
                    raise

    def gateway_query(self, sql, *args):
        return query(self.gateway_db(), sql, *args)

    def new_flight(self, rows=10, layout="A BC", departs_in=30 * 86400, price_cents=12900, row_first=False,
                   origin="QQA", destination="QQB", flight_number="TST1", **more):
        """Adds a flight with all seats free (by default 30, as on FL123) and returns its id; more: its other columns."""
        flight = f"test-{uuid.uuid4().hex[:16]}"
        seats = [(flight, f"{row}{letter}" if row_first else f"{letter}{row}", row, letter)
                 for row in range(1, rows + 1) for letter in layout.replace(" ", "")]
        connection = self.db()
        with connection, connection.cursor() as cursor:
            cursor.execute("""
                INSERT INTO flights (flight_id, flight_number, origin, destination, departure_time,
                                     seat_rows, seat_layout, price_cents, currency)
                VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(3) + INTERVAL %s SECOND, %s, %s, %s, 'USD')""",
                (flight, flight_number, origin, destination, departs_in, rows, layout, price_cents))
            for column, value in more.items():
                cursor.execute(f"UPDATE flights SET {column} = %s WHERE flight_id = %s", (value, flight))
            cursor.executemany(
                "INSERT INTO seats (flight_id, seat_number, seat_row, seat_column) VALUES (%s, %s, %s, %s)", seats)
        return flight

    def new_cabin(self, plan=None):
        """Adds a cabin over the API, by default PLAN, and returns its id."""
        cabin = f"cabin-{uuid.uuid4().hex[:12]}"
        self.admin().put(f"/api/admin/cabins/{cabin}", plan or PLAN).ok(201)
        return cabin

    def free_code(self):
        """A place's code that no place and no flight has: flights may name places that are not there."""
        taken = {row["code"] for row in self.query(
            "SELECT code FROM places UNION SELECT origin FROM flights UNION SELECT destination FROM flights")}
        while True:
            code = "Q" + "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=2))
            if code not in taken | {"QQA", "QQB"}:
                return code

    def new_place(self, name="A test", city="Testing", zone="Europe/Berlin"):
        """Adds a place over the API and returns its code."""
        code = self.free_code()
        self.admin().put(f"/api/admin/places/{code}", {"name": name, "city": city, "timeZone": zone}).ok(201)
        return code

    def seating(self, *sections, numbering="row-column", cabin_id=None):
        """Adds a cabin of these sections, or its next version, and returns its id. A section has a class, rows and columns
        and, if any, the rows of its features."""
        cabin_id = cabin_id or f"cabin-{uuid.uuid4().hex[:12]}"
        plan = {"name": "A test", "numbering": numbering, "sections": [
            {"class": each[0], "rows": each[1], "columns": each[2], **({"features": each[3]} if len(each) > 3 else {})}
            for each in sections]}
        assert self.admin().put(f"/api/admin/cabins/{cabin_id}", plan).status in (200, 201)
        return cabin_id

    def new_own_flight(self, **other):
        """Makes a flight over the API, and returns its id and what was put."""
        flight = f"own-{uuid.uuid4().hex[:12]}"
        departure = (datetime.date.today() + datetime.timedelta(40)).isoformat() + "T07:30"
        plan = {"flightNumber": "OF 1", "cabin": self.new_cabin(), "origin": self.new_place(), "destination": self.new_place(),
                "departure": departure, "fares": {"economy": 12900, "business": 39900}, "currency": "EUR", **other}
        self.admin().put(f"/api/admin/flights/{flight}", plan).ok(201)
        return flight, plan

    def row(self, order):
        """The order's row in the database."""
        return self.query("SELECT * FROM orders WHERE order_id = %s", order["orderId"])[0]

    def everything(self, order):
        """Everything stored about an order and its flight's seats, to check that nothing changed."""
        key = order["orderId"]
        return {
            "order": self.row(order),
            "seats": self.query("SELECT * FROM seats WHERE flight_id = %s ORDER BY seat_number", order["flightId"]),
            "payment": self.query("SELECT * FROM payments WHERE order_id = %s", key),
            "jobs": self.query("SELECT * FROM workflow_jobs WHERE order_id = %s ORDER BY job_id", key),
            "events": self.query("SELECT * FROM workflow_events WHERE order_id = %s ORDER BY event_id", key),
        }

    def lapse(self, order):
        """Ends a hold's time now. Its timer stays in the future, so no sweeper notices."""
        self.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])

    def fire_timer(self, order):
        """Ends a hold's time now and makes its timer due."""
        self.query("UPDATE orders SET expires_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
        self.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'EXPIRE_HOLD'",
                   order["orderId"])

    def wait_status(self, order, *statuses, deadline=10):
        """Waits until the API shows one of these states, and returns the order."""
        api = self.api()

        def arrived():
            now = api.order(order)
            return now if now["status"] in statuses else None
        return wait_for(arrived, deadline, f"{order['orderId']} to be {' or '.join(statuses)}")

    def has_job(self, order, kind):
        return bool(self.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND kind = %s", order["orderId"], kind))

    def charge(self, order):
        """The gateway's record of the order's charge, or None."""
        found = self.gateway_query("SELECT * FROM charges WHERE order_id = %s", order["orderId"])
        return found[0] if found else None

    # -- processes ----------------------------------------------------------------------------

    def all_pids(self):
        mark = f"BOOKING_STACK={self.data_dir}".encode()
        run_dir = os.path.realpath(self.data_dir / "run")
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                # nginx overwrites its environment with its process title.
                if mark in (entry / "environ").read_bytes().split(b"\0") or (
                        program_of(entry.name) == "nginx" and os.readlink(entry / "cwd") == run_dir):
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def pids(self, program):
        """The processes of this stack that run `program`, lowest first."""
        return [pid for pid in sorted(self.all_pids()) if program_of(pid) == program]

    def leaders(self, program):
        """The processes of a program that no other of them has started: a pool's leader, nginx's master."""
        pids = self.pids(program)
        return [pid for pid in pids if parent_of(pid) not in [*pids, None]]

    def supervisorctl(self, verb, group):
        """Starts or stops one of mariadb, disk, gateway, api, nginx, sweeper."""
        assert not self.is_shared, f"{verb} {group}: tests of another file use this stack now; start one with own_stack"
        run = subprocess.run(["supervisorctl", "-c", str(self.data_dir / "run/supervisord.conf"), verb, f"{group}:*"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert "ERROR" not in run.stdout, run.stdout

    def stop_program(self, group):
        self.supervisorctl("stop", group)

    def start_program(self, group):
        self.supervisorctl("start", group)

    @contextlib.contextmanager
    def without(self, *groups):
        """Stops some of the stack's programs for the duration of the block."""
        for group in groups:
            self.stop_program(group)
        try:
            yield
        finally:
            for group in groups:
                self.start_program(group)
            wait_for(self.healthy, 20, "the stack to be healthy again")

    def popen(self, program, *arguments, **settings):
        """Starts another process of one of the stack's programs, as a child of the test."""
        return subprocess.Popen([str(BUILD / program), *arguments], env={**self.programs_environment(), **settings},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run_sweeper_once(self):
        """Runs `sweeper --once` as cron would, and returns the finished process."""
        sweeper = self.popen("sweeper", "--once")
        out, err = sweeper.communicate(timeout=60)
        return subprocess.CompletedProcess(sweeper.args, sweeper.returncode, out, err)

    def logs(self):
        """Everything that the stack has logged."""
        return "".join(path.read_text(errors="replace") for path in (self.data_dir / "logs").rglob("*") if path.is_file())


ENDED = (FileNotFoundError, ProcessLookupError)


def of_process(pid, name):
    """The content of a file of the process in /proc; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except ENDED:
        return ""


def parent_of(pid):
    """The process that started it; None if it has ended."""
    found = re.search(r"^PPid:\t(\d+)$", of_process(pid, "status"), re.M)
    return found and int(found[1])


def descriptors(pid):
    """The targets of the process's file descriptors, except those it closes in the meantime."""
    found = []
    with contextlib.suppress(*ENDED):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(*ENDED):
                found.append(os.readlink(entry.path))
    return found


def program_of(pid):
    """The name of the process's program. The pool for monitoring runs the API's program under a name of its own."""
    try:
        program = os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
        called = os.path.basename(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]).decode()
        return called if (program, called) == ("booking-api", "booking-watch") else program
    except OSError:
        return None


def query(connection, sql, *args):
    with connection:
        with connection.cursor(pymysql.cursors.DictCursor) as cursor:
            affected = cursor.execute(sql, args)
            return list(cursor.fetchall()) if cursor.description else affected


def connect(dsn):
    """A connection for user:pass@unix(/path)/db or user:pass@tcp(host:port)/db."""
    m = re.fullmatch(r"([^:@]*)(?::(.*))?@(unix|tcp)\((.*?)\)/(\w+)(?:\?.*)?", dsn)
    assert m, "unexpected DSN shape"
    user, password, kind, where, database = m.groups()
    place = {"unix_socket": where} if kind == "unix" else dict(zip(("host", "port"), split_port(where)))
    return pymysql.connect(user=user, password=password or "", database=database, autocommit=True,
                           charset="utf8mb4", connect_timeout=5, read_timeout=30, **place)


def split_port(address):
    host, _, port = address.rpartition(":")
    return host, int(port)
