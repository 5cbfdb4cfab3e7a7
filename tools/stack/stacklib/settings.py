# SPDX-License-Identifier: MIT
"""What the environment asks for, and where things are."""

import hashlib
import os
import re
import resource
import shutil
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
        self.address = environment.get("LISTEN_ADDRESS") or "127.0.0.1"
        self.port = self.number("SERVER_PORT", 8080, 1, 65535)
        self.gateway_port = self.number("GATEWAY_PORT", 8081, 1, 65535)
        self.api_workers = self.number("API_WORKERS", 16, 1, 1000)
        self.gateway_workers = self.number("GATEWAY_WORKERS", 64, 1, 512)
        self.sweepers = self.number("SWEEPERS", 1, 0, 64)
        self.own_database = not any(environment.get(name) for name in SERVER_VARIABLES)
        self.knows_gateway_database = self.own_database or bool(environment.get("GATEWAY_DATABASE_DSN"))
        # A gateway of somebody else's takes the simulator's place, unless told that it is the simulator.
        own_url = f"http://127.0.0.1:{self.gateway_port}"
        self.gateway_url = environment.get("PAYMENT_GATEWAY_URL") or own_url
        simulator = environment.get("PAYMENT_SIMULATOR") or str(self.gateway_url == own_url)
        if simulator.lower() not in ("true", "false"):
            raise Failure(f"PAYMENT_SIMULATOR: '{simulator}' is neither true nor false")
        self.simulator = simulator.lower() == "true"

    def number(self, name, default, least, most):
        text = self.environment.get(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise Failure(f"{name}: '{text}' is not a number from {least} to {most}")
        return int(text)

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
