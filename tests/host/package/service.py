# SPDX-License-Identifier: MIT
"""The product as a service on its own machine: systemd runs MariaDB, nginx and our programs."""

import json
import os
import subprocess
import sys

import pymysql
from machine import Machine, call

from stack import ROOT, Stack, wait_for

RUNS_ON = ["mariadb-server", "nginx", "openssl", "libfcgi0ldbl", "libjson-c5", "libcurl4", "libmariadb3",
           "libcsv3", "libnettle8", "libpng16-16", "libqrencode4", "libutf8proc2", "tzdata"]
DATABASES = {"DATABASE_DSN": "flight_booking", "GATEWAY_DATABASE_DSN": "payment_gateway"}


class Service(Stack):
    """An installation with the methods of a Stack. The calling thread must be in the machine's network."""

    def __init__(self, name):
        self.machine = Machine(name)
        self.settings = {"SERVER_PORT": "8080", "GATEWAY_PORT": "8081"}

    def install(self, keepalive=0, **settings):
        """Installs and starts it as docs/operations.md says, with `make install` and booking-setup. nginx keeps
        connections to the pool only if `keepalive` says how many each worker may keep."""
        machine = self.machine.create(RUNS_ON)
        call(["make", "-C", str(ROOT), "install", f"DESTDIR={machine.root}", "PREFIX=/usr"])
        machine.boot()
        machine.run("booking-setup --demo-flights")
        self.set(PAYMENT_FAILURE_RATE="0", **settings)
        site = machine.path("etc/nginx/sites-available/booking")
        text = site.read_text().replace("listen 443 ssl http2;", "listen 443 ssl http2; listen 8080;")
        site.write_text(text.replace("#keepalive 2;", f"keepalive {keepalive};" if keepalive else ""))
        machine.run("sed -i 's/^worker_processes .*/worker_processes 2;/' /etc/nginx/nginx.conf")
        machine.run("ln -s ../sites-available/booking /etc/nginx/sites-enabled/ && systemctl reload nginx")
        machine.run("systemctl daemon-reload && systemctl enable --now booking.target")
        return self

    def set(self, **settings):
        """Changes settings in the file that the units read."""
        with open(self.machine.path("etc/booking/booking.env"), "a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        self.settings.update(settings)

    def setting(self, name):
        lines = self.machine.path("etc/booking/booking.env").read_text().splitlines()
        return [line.partition("=")[2].strip("'") for line in lines if line.startswith(f"{name}=")][-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.machine.__exit__()

    def db(self, variable="DATABASE_DSN"):
        return pymysql.connect(unix_socket=self.database_socket, user="root", autocommit=True, charset="utf8mb4",
                               database=DATABASES[variable])

    @property
    def database_socket(self):
        return str(self.machine.path("run/mysqld/mysqld.sock"))

    # -- systemd --------------------------------------------------------------------------------

    def systemctl(self, *arguments, check=True):
        return self.machine.run(["systemctl", *arguments], check=check).stdout.strip()

    def show(self, unit, name):
        return self.systemctl("show", "--value", f"--property={name}", unit)

    def units(self, pattern="booking*"):
        """The units that are loaded, and not only known by name."""
        listed = json.loads(self.systemctl("list-units", "--output=json", pattern))
        return {unit["unit"]: unit["active"] for unit in listed}

    def services(self, pattern="booking-*"):
        """The services that run all the time, in an order in which they may be restarted."""
        return sorted(name for name, state in self.units(pattern).items() if name.endswith(".service"))

    def drop_in(self, unit, text):
        """Adds settings to a unit's own; None removes them."""
        path = self.machine.path(f"etc/systemd/system/{unit}.d/test.conf")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text or "")
        self.systemctl("daemon-reload")

    def wait_active(self, unit, other_than=None, deadline=20):
        """Waits until the unit is active with another main process than this, and returns the process."""
        def running():
            pid = self.show(unit, "MainPID")
            return pid if pid not in ("0", other_than) and self.show(unit, "ActiveState") == "active" else None
        return wait_for(running, deadline, f"{unit} to be active")

    def journal(self, *arguments):
        """The programs' messages, oldest first."""
        lines = self.machine.run(["journalctl", "--no-pager", "--output=cat", *arguments]).stdout.splitlines()
        return [line for line in lines if line]

    def audit(self, patience=5):
        """The findings of tests/audit.py; empty if everything agrees."""
        run = subprocess.run(
            [sys.executable, str(ROOT / "tests/audit.py"), "--patience", str(patience)], text=True,
            env={**os.environ, "AUDIT_DSN": f"root@unix({self.database_socket})/flight_booking"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return "" if run.returncode == 0 else run.stdout
