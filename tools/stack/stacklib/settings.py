# SPDX-License-Identifier: MIT
"""What the environment asks for, and where things are."""

import functools
import hashlib
import os
import re
import resource
import shutil
import subprocess
import time
from pathlib import Path

STACK = Path(__file__).resolve().parent.parent
ROOT = STACK.parent.parent
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
SERVER_VARIABLES = ("DATABASE_DSN", "DATABASE_URL")


class Failure(Exception):
    """What went wrong, as a sentence for the person at the terminal."""


class Settings:
    """What the environment asks for."""

    def __init__(self, environment):
        self.environment = environment
        self.data_dir = Path(os.path.abspath(environment.get("DATA_DIR") or ROOT / "data"))
        self.build_dir = Path(os.path.abspath(environment.get("BUILD_DIR") or ROOT / "build"))
        self.own_database = not any(environment.get(name) for name in SERVER_VARIABLES)
        self.knows_gateway_database = self.own_database or bool(environment.get("GATEWAY_DATABASE_DSN"))

    @functools.cached_property
    def in_force(self):
        """What the programs make of the environment, defaults included. They have the only table of both."""
        path = self.build_dir / "booking-api"
        if not os.access(path, os.X_OK):
            raise Failure(f"{path} is missing; 'make build' makes it")
        run = subprocess.run([path, "--check-config"], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, errors="replace")
        if run.returncode:
            raise Failure((run.stderr or run.stdout).strip())
        return dict(line.split("=", 1) for line in run.stdout.splitlines())

    address = property(lambda self: self.in_force["LISTEN_ADDRESS"])
    port = property(lambda self: int(self.in_force["SERVER_PORT"]))
    gateway_port = property(lambda self: int(self.in_force["GATEWAY_PORT"]))
    api_workers = property(lambda self: int(self.in_force["API_WORKERS"]))
    gateway_workers = property(lambda self: int(self.in_force["GATEWAY_WORKERS"]))
    sweepers = property(lambda self: int(self.in_force["SWEEPERS"]))

    @property
    def gateway(self):
        """simulator, stripe, the URL of another, or what the settings of the earlier version say."""
        return self.environment.get("PAYMENT_GATEWAY") or ""

    @property
    def gateway_program(self):
        """The gateway that runs here, if one does."""
        return "stripe-gateway" if self.gateway == "stripe" else "payment-gateway" if self.simulator else None

    @property
    def gateway_url(self):
        if self.gateway:
            return self.own_gateway_url if self.gateway in ("simulator", "stripe") else self.gateway
        return self.environment.get("PAYMENT_GATEWAY_URL") or self.own_gateway_url

    @property
    def own_gateway_url(self):
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def simulator(self):
        """A gateway of others' takes the simulator's place, unless PAYMENT_SIMULATOR says that it is the simulator."""
        if self.gateway:
            return self.gateway == "simulator"
        if self.environment.get("PAYMENT_SIMULATOR"):
            return self.in_force["PAYMENT_SIMULATOR"] == "true"
        return self.gateway_url == self.own_gateway_url

    @property
    def host(self):
        """Where this machine reaches the site, whatever it listens on."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1", "*": "127.0.0.1"}.get(
            self.address, self.address.strip("[]"))

    @property
    def is_local(self):
        """Whether only this machine can reach the site."""
        return self.address.startswith(("127.", "[::1]", "::1", "localhost"))

    @property
    def url(self):
        return f"http://{in_url(self.host)}:{self.port}"

    @property
    def run_dir(self):
        inside = self.data_dir / "run"
        if len(str(inside)) <= 60 and re.fullmatch(r"[A-Za-z0-9/._-]+", str(inside)):
            return inside
        key = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        owner = self.data_dir.stat().st_uid if self.data_dir.exists() else os.getuid()
        return Path(f"/tmp/booking-{owner}-{key}")


def open_files_limit():
    """How many files a process of ours may have open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(most, 65536) if most != resource.RLIM_INFINITY else 65536


def in_url(host):
    return f"[{host}]" if ":" in host else host


def program(name):
    found = shutil.which(name, path=PATH)
    if not found:
        raise Failure(f"{name} is not installed; 'make setup' installs it")
    return found


def wait_until(condition, seconds, interval=0.05):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(interval)
    return True


def say(*words, **options):
    print(*words, flush=True, **options)
