# SPDX-License-Identifier: MIT
"""Hosts with networks of their own, and a switch between them that a test can divide."""

import contextlib
import ctypes
import subprocess

from host import CLONE_NEWNET, Space

NETWORK = "10.79.0"
OURS = f"{NETWORK}.254"     # the test's own address, and that of what it starts


class Lab:
    """The test's thread, and what it starts, live on the host `lab` at OURS. Hosts on the other side of the switch see
    only each other."""

    def __init__(self):
        self.space = Space("sleep", "36000")
        self.hosts = []
        for bridge in ("near", "far"):
            self.space.run("ip", "link", "add", bridge, "type", "bridge")
            self.space.run("ip", "link", "set", bridge, "up")
        self.space.run("ip", "address", "add", f"{OURS}/24", "dev", "near")

    def host(self, name, address):
        host = Space("sleep", "36000")
        self.hosts.append(host)
        self.space.run("ip", "link", "add", name, "type", "veth", "peer", "name", "line", "netns", str(host.pid))
        self.space.run("ip", "link", "set", name, "master", "near", "up")
        host.run("ip", "address", "add", f"{address}/24", "dev", "line")
        host.run("ip", "link", "set", "line", "up")
        return host

    def divide(self, *names):
        """Puts these hosts on the far side, and no other."""
        for name in names:
            self.space.run("ip", "link", "set", name, "master", "far")

    def unite(self, *names):
        for name in names:
            self.space.run("ip", "link", "set", name, "master", "near")

    @contextlib.contextmanager
    def entered(self):
        """The calling thread, and all that it starts, are on the lab's host."""
        with open("/proc/thread-self/ns/net") as home:
            self.space.enter_network()
            try:
                yield
            finally:
                ctypes.CDLL(None).setns(home.fileno(), CLONE_NEWNET)

    def end(self):
        for space in (*self.hosts, self.space):
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                space.end()
