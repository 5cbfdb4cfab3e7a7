# SPDX-License-Identifier: MIT
"""Galera nodes and HAProxy on one machine: what conf/cluster has for three hosts, in directories of their own.

A node is a directory with the data of one MariaDB server, and an address. Its processes carry BOOKING_CLUSTER=<directory
of the cluster> in their environment, by which they are found again, whoever started them.
"""

import contextlib
import getpass
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pymysql
import pymysql.cursors

ROOT = Path(__file__).resolve().parent.parent.parent
CONF = ROOT / "conf/cluster"
PATH = os.environ.get("PATH", "") + f":/usr/local/sbin:/usr/sbin:/sbin:{ROOT}/build/galera"
MARK = "BOOKING_CLUSTER"
DATABASES = {"booking": "flight_booking", "gateway": "payment_gateway"}

# What a laptop has less of than a host.
SMALL = """
# ---- this machine has three of these nodes ----
[mariadbd]
user = {user}
datadir = {directory}/data
socket = {socket}
pid-file = {directory}/pid
tmpdir = {directory}/tmp
log-error = {directory}/node.log
port = 3306
wsrep-sst-auth = {user}:
performance-schema = OFF
innodb-buffer-pool-size = 48M
innodb-log-file-size = 48M
max-connections = 300
table-open-cache = 512
"""


class Failure(Exception):
    """What went wrong, as a sentence for the person at the terminal."""


def program(*names):
    for name in names:
        found = shutil.which(name, path=PATH)
        if found:
            return found
    raise Failure(f"{names[0]} is not installed; tools/install-packages cluster installs it")


def wait_for(condition, seconds, what, interval=0.05):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(interval)


def answers_tcp(address, port):
    try:
        socket.create_connection((address, port), timeout=0.5).close()
        return True
    except OSError:
        return False


class Cluster:
    """Three nodes and, before them, HAProxy at `front`. `spaces`, if given, are three commands that enter the network of
    each node's host."""

    def __init__(self, directory, addresses, front, spaces=((), (), ()), run_dir=None):
        self.directory, self.addresses, self.front = Path(directory), addresses, front
        self.run_dir = Path(run_dir or directory)
        self.nodes = [Node(self, number, address, list(space))
                      for number, (address, space) in enumerate(zip(addresses, spaces), 1)]
        self.environment = {**os.environ, "PATH": PATH, MARK: str(self.directory)}

    # -- life ------------------------------------------------------------------------------------

    def start(self):
        """Starts what does not run: a new cluster, a stopped one, or the nodes that one lacks."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.nodes[0].data.exists():
            self.create()
        running = [node for node in self.nodes if node.is_alive()]
        if not running:
            self.begin()
        # One after the other: a node that gets its state listens on one port of all addresses, and they share a machine.
        for node in self.nodes:
            if not node.is_alive():
                node.start()
            node.wait_until_synced()
        self.create_accounts()
        for node in self.nodes:
            node.start_agent()
        self.start_proxy()

    def create(self):
        """Makes the first node's data, gives it a name and a position as a cluster, and copies it: all nodes begin as the
        same, so none needs the whole state of another."""
        first = self.nodes[0]
        first.create()
        first.start(bootstrap=True)
        first.wait_until_synced()
        first.stop()
        for node in self.nodes[1:]:
            node.copy_of(first)

    def begin(self):
        """After a full stop, the node that has the most begins; the others come to it."""
        positions = {node: node.position() for node in self.nodes}
        best = max(self.nodes, key=lambda node: positions[node][1])
        best.may_begin()
        best.start(bootstrap=True)
        best.wait_until_synced()

    def stop(self):
        """Stops everything, the nodes one after the other."""
        found = self.processes()
        for pid, name in found.items():
            if name != "mariadbd":
                end(pid, signal.SIGTERM)
        for pid, name in found.items():
            if name == "mariadbd":
                end(pid, signal.SIGTERM, 60)
        return bool(found)

    def processes(self):
        """{pid: name of the program}"""
        mark, found = f"{MARK}={self.directory}".encode(), {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = os.path.basename(os.readlink(entry / "exe"))
        return found

    # -- accounts --------------------------------------------------------------------------------

    def passwords(self):
        path = self.directory / "credentials"
        if not path.exists():
            names = [f"{name}_{role}" for name in DATABASES for role in ("owner", "app")] + ["audit_app"]
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.writelines(f"{name} {secrets.token_hex(24)}\n" for name in names)
        return dict(line.split() for line in path.read_text().splitlines())

    def create_accounts(self):
        """The programs come from other hosts. Their rights on tables follow when there are tables: grant_rights()."""
        for account, password in self.passwords().items():
            name, role = account.split("_")
            database = DATABASES.get(name)
            if database:
                self.query(f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4")
            self.query(f"CREATE USER IF NOT EXISTS {account}@'%%' IDENTIFIED BY '{password}'")
            if role == "owner":
                self.query(f"GRANT ALL ON {database}.* TO {account}@'%%'")
            if not database:
                for each in DATABASES.values():
                    self.query(f"GRANT SELECT ON {each}.* TO {account}@'%%'")

    def grant_rights(self):
        lines = (ROOT / "sql/rights.sql").read_text().replace("@localhost", "@'%%'").splitlines()
        for statement in "\n".join(line for line in lines if not line.startswith("--")).split(";"):
            if statement.strip():
                self.query(statement)

    def dsn(self, account, place=None):
        host, port = place or self.front
        database = DATABASES.get(account.split("_")[0], "")
        return f"{account}:{self.passwords()[account]}@tcp({host}:{port})/{database}"

    def environment_of_programs(self):
        return {"DATABASE_DSN": self.dsn("booking_app"), "GATEWAY_DATABASE_DSN": self.dsn("gateway_app"),
                "MIGRATION_DSN": self.dsn("booking_owner"), "GATEWAY_MIGRATION_DSN": self.dsn("gateway_owner")}

    # -- the way to the writer ---------------------------------------------------------------------

    def start_proxy(self, name="haproxy", front=None, own_address=None, peers=(), enter=()):
        """Starts a HAProxy, unless it runs. `peers` are the others: {name: address}."""
        host, port = front or self.front
        if answers_tcp(host, port) and not enter:
            return None
        text = (CONF / "haproxy.cfg").read_text()
        values = {"@LISTEN@": f"{host}:{port}", "@HOST@": name, "@SELF@": own_address or host,
                  "@PEERS@": "\n".join(f"    server {peer} {address}:10000" for peer, address in dict(peers).items()),
                  **{f"@NODE{node.number}@": node.address for node in self.nodes}}
        for mark, value in values.items():
            text = text.replace(mark, value)
        (self.run_dir / f"{name}.sock").unlink(missing_ok=True)
        path = self.directory / f"{name}.cfg"
        path.write_text(f"global\n    stats socket {self.run_dir}/{name}.sock mode 600 level admin\n    localpeer {name}\n\n{text}")
        process = subprocess.Popen([*enter, program("haproxy"), "-db", "-f", str(path)], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=open(self.directory / f"{name}.log", "a"),
                                   stderr=subprocess.STDOUT, start_new_session=True)
        def has_a_writer():
            if process.poll() is not None:
                raise Failure(f"HAProxy does not start:\n{(self.directory / f'{name}.log').read_text()}")
            return (self.run_dir / f"{name}.sock").exists() and self.writer(name)
        wait_for(has_a_writer, 20, "HAProxy to find a writer")
        return process

    def ask_proxy(self, command, name="haproxy"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(f"{self.run_dir}/{name}.sock")
            connection.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def is_up(self, node, name="haproxy"):
        """Whether HAProxy knows that the node can be the writer."""
        return any(row.split(",")[17] == "UP" for row in self.ask_proxy("show stat", name).splitlines()
                   if row.startswith(f"booking_database,{node.name},"))

    def writer(self, name="haproxy"):
        """The node that HAProxy sends connections to, or None."""
        table = re.search(r"server_id=(\d)", self.ask_proxy("show table booking_database", name))
        up = [node for node in self.nodes if self.is_up(node, name)]
        chosen = self.nodes[int(table[1]) - 1] if table else None
        return chosen if chosen in up else up[0] if up else None

    # -- the nodes together ------------------------------------------------------------------------

    def query(self, sql, *args):
        """Asks a node that works, over its socket."""
        for node in self.nodes:
            if node.is_synced():
                return node.query(sql, *args)
        raise Failure("No node works")

    def differences(self):
        """Tables that are not the same on all nodes. While something is written, a table differs for a moment: only what
        differs each time counts."""
        left = None
        for _ in range(10):
            sums = [node.checksums() for node in self.nodes if node.is_alive()]
            different = {table for table in sums[0] if any(other.get(table) != sums[0][table] for other in sums)}
            left = different if left is None else left & different
            if not left:
                break
            time.sleep(0.3)
        return sorted(left)


class Node:
    def __init__(self, cluster, number, address, enter):
        self.cluster, self.number, self.address, self.enter = cluster, number, address, enter
        self.name = f"node{number}"
        self.directory = cluster.directory / self.name
        self.data = self.directory / "data"
        self.socket = cluster.run_dir / f"{self.name}.sock"

    # -- life ------------------------------------------------------------------------------------

    def configure(self):
        for directory in (self.directory, self.directory / "tmp"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = (CONF / "galera.cnf").read_text()
        for mark, value in (("@NAME@", self.name), ("@ADDRESS@", self.address), ("@NODES@", ",".join(self.cluster.addresses))):
            text = text.replace(mark, value)
        text = text.replace("gcache.size=256M", "gcache.size=64M")
        (self.directory / "my.cnf").write_text(
            text + SMALL.format(user=getpass.getuser(), directory=self.directory, socket=self.socket))

    @property
    def options(self):
        return f"--defaults-file={self.directory}/my.cnf"

    def run(self, *command):
        run = subprocess.run(command, env=self.cluster.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
        if run.returncode:
            raise Failure(f"{command[0]} failed:\n{run.stdout[-2000:]}")
        return run.stdout

    def create(self):
        self.configure()
        self.run(program("mariadb-install-db"), self.options, "--auth-root-authentication-method=socket",
                 f"--auth-root-socket-user={getpass.getuser()}", "--skip-test-db", "--skip-name-resolve", "--force",
                 f"--user={getpass.getuser()}", "--wsrep-on=OFF")

    def copy_of(self, other):
        self.configure()
        shutil.copytree(other.data, self.data, ignore=shutil.ignore_patterns("galera.cache", "gvwstate.dat", "*.pid"))

    def may_begin(self):
        """Galera refuses to begin a cluster with a node that did not stop last. We have looked at all of them."""
        state = self.data / "grastate.dat"
        state.write_text(re.sub(r"safe_to_bootstrap: 0", "safe_to_bootstrap: 1", state.read_text()))

    def position(self):
        """(cluster's id, number of the last change) that the node's own files say, while it does not run."""
        self.configure()
        log = self.directory / "recovery.log"
        log.unlink(missing_ok=True)
        self.run(program("mariadbd"), self.options, "--wsrep-recover", f"--log-error={log}", f"--pid-file={self.directory}/recovery.pid")
        found = re.findall(r"Recovered position: ([0-9a-f-]+):(-?\d+)", log.read_text(errors="replace"))
        if not found:
            raise Failure(f"{self.name} does not know its position; {log} has what it says")
        return found[-1][0], int(found[-1][1])

    def start(self, bootstrap=False):
        """Starts the node where it stopped, however it stopped: it gets from another what it has missed."""
        self.configure()
        more = ["--wsrep-new-cluster"] if bootstrap else []
        if (self.data / "grastate.dat").exists():
            more.append("--wsrep-start-position=%s:%d" % self.position())
        return subprocess.Popen([*self.enter, program("mariadbd"), self.options, *more], env=self.cluster.environment,
                                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=open(self.directory / "errors", "a"), start_new_session=True)

    def stop(self):
        pid = self.pid()
        if pid:
            end(pid, signal.SIGTERM, 60)

    def kill(self):
        pid = self.pid()
        end(pid, signal.SIGKILL)
        return time.monotonic()

    def lose(self):
        """Everything that the host had is gone. The node gets the whole state from another when it starts."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.data.mkdir(mode=0o700, parents=True)

    def pid(self):
        for pid, name in self.cluster.processes().items():
            if name == "mariadbd" and self.options.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return pid
        return None

    def is_alive(self):
        return self.pid() is not None

    def start_agent(self):
        """What tells HAProxy whether this node can be the writer."""
        if any(f"{self.socket}".encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
               for pid, name in self.cluster.processes().items() if name.startswith("python")):
            return
        subprocess.Popen([*self.enter, sys.executable, str(CONF / "node-agent"), self.address, "9200", str(self.socket)],
                         env=self.cluster.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=open(self.directory / "agent.log", "a"), start_new_session=True)

    # -- questions -------------------------------------------------------------------------------

    def connect(self, **options):
        return pymysql.connect(unix_socket=str(self.socket), user=getpass.getuser(), autocommit=True, charset="utf8mb4",
                               connect_timeout=2, **options)

    def query(self, sql, *args, **options):
        with self.connect(**options) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
            affected = cursor.execute(sql, args)
            return list(cursor.fetchall()) if cursor.description else affected

    def status(self, name):
        return self.query("SHOW GLOBAL STATUS LIKE %s", name)[0]["Value"]

    def is_synced(self):
        try:
            return self.status("wsrep_local_state_comment") == "Synced" and self.status("wsrep_ready") == "ON"
        except (pymysql.Error, OSError, IndexError):
            return False

    def wait_until_synced(self, seconds=120):
        def synced_or_dead():
            if not self.is_alive():
                log = self.directory / "node.log"
                said = log.read_text(errors="replace")[-1500:] if log.exists() else ""
                raise Failure(f"{self.name} does not stay up; {log} ends with\n{said}")
            return self.is_synced()
        time.sleep(0.2)
        wait_for(synced_or_dead, seconds, f"{self.name} to have the cluster's state", 0.1)

    def checksums(self):
        tables = [f"`{row['s']}`.`{row['t']}`" for row in self.query(
            "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema IN ('flight_booking', 'payment_gateway') ORDER BY 1, 2")]
        return {row["Table"]: row["Checksum"] for row in self.query(
            "SET STATEMENT wsrep_sync_wait = 15 FOR CHECKSUM TABLE " + ", ".join(tables))} if tables else {}


def end(pid, number, seconds=10):
    """Ends a process, by force if it takes longer."""
    for signal_, patience in ((number, seconds), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_)
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.02)
