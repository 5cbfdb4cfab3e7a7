# SPDX-License-Identifier: MIT
"""A separate host for a part of the system. It has its own network, its own names, and a line to the database's host
that a test can cut."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stack import Stack, wait_for

OWN_NETWORK = pytest.mark.skipif(os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip"))),
                                 reason="needs root, unshare, nsenter and ip: networks of the test's own")

# A name server that never answers.
NAME_SERVER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 53))
time.sleep(300)
"""

CLONE_NEWNET = 0x40000000
HERE, DATABASE = "10.77.0.1", "10.77.0.2"  # in a network that only the test sees


class Space:
    """Namespaces for a network and for mounts, and the process that keeps them."""

    def __init__(self, *command):
        self.process = subprocess.Popen(["unshare", "-n", "-m", *command], stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for(lambda: os.readlink(f"/proc/{self.pid}/ns/mnt") != os.readlink("/proc/self/ns/mnt"), 5, "the namespaces")
        self.run("ip", "link", "set", "lo", "up")

    @property
    def entered(self):
        return ["nsenter", "-t", str(self.pid), "-n", "-m"]

    def run(self, *command):
        subprocess.run([*self.entered, *command], check=True, capture_output=True)

    def enter_network(self):
        """Makes the calling thread create its sockets in this space from now on."""
        with open(f"/proc/{self.pid}/ns/net") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def end(self):
        self.process.kill()
        self.process.wait()


class Host:
    """`stack` runs on this host, and knows its database as db.example.test. That name leads to another host, which only
    has a line to the real database: `line`, a DatabaseProxy. `names` is the hosts file of this host. For other names
    there is a name server that never answers."""

    def __init__(self, directory):
        self.names = directory / "hosts"
        self.stack = None
        self.space, self.other = Space(sys.executable, "-c", NAME_SERVER), Space("sleep", "300")
        self.know_the_database()
        (directory / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        (directory / "nsswitch.conf").write_text("hosts: files dns\n")
        for name in ("hosts", "resolv.conf", "nsswitch.conf"):
            self.space.run("mount", "--bind", directory / name, f"/etc/{name}")
        self.space.run("ip", "link", "add", "line", "type", "veth", "peer", "name", "line", "netns", str(self.other.pid))
        for space, address in ((self.space, HERE), (self.other, DATABASE)):
            space.run("ip", "address", "add", f"{address}/30", "dev", "line")
            space.run("ip", "link", "set", "line", "up")
        # Runs clients on this host.
        self.clients = ThreadPoolExecutor(8, initializer=self.space.enter_network)

    def know_the_database(self):
        self.names.write_text(f"127.0.0.1 localhost\n{DATABASE} db.example.test\n")

    def forget_the_database(self):
        self.names.write_text("127.0.0.1 localhost\n")

    def listen(self):
        """Listens at the address that this host takes for the database's."""
        def listener():
            self.other.enter_network()
            return socket.create_server((DATABASE, 3306))
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(listener).result()

    def start(self, settings, start):
        self.stack = Stack(settings)
        self.stack.starter = self.space.entered
        # The stack cannot be reached from outside. conf/stack runs inside and has waited for it.
        self.stack.healthy = lambda: True
        start(self.stack)

    def vanish(self):
        """Kills the host at once and silently: the line is cut before any process ends."""
        self.other.run("ip", "link", "set", "line", "down")
        for pid in self.stack.all_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return time.monotonic()

    def end(self):
        self.clients.shutdown(wait=False, cancel_futures=True)
        self.space.end()
        self.other.end()
