# SPDX-License-Identifier: MIT
"""A whole system for the benchmark: started by conf/stack with a database of its own, looked at through /proc."""

import contextlib
import json
import os
import resource
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools/stack"))

from stacklib.database import client  # noqa: E402
from stacklib.processes import processes, supervisor_api  # noqa: E402
from stacklib.settings import SERVER_VARIABLES, Settings, wait_until  # noqa: E402

GROUPS = {"booking-api": "api", "payment-gateway": "gateway", "stripe-gateway": "gateway", "sweeper": "sweeper", "nginx": "nginx",
          "mariadbd": "database"}

# What a measurement sets itself, or does without; above all, nothing of it is told to anybody outside.
PRODUCT_SETTINGS = ("PAYMENT_", "SWEEPER", "GATEWAY_", "PASSENGERS", "SMTP_", "WEBHOOK_", "CONFIRMATION_", "STRIPE_")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stack:
    def __init__(self, directory, build):
        self.directory, self.build = Path(directory), Path(build)
        self.ports = {"SERVER_PORT": str(free_port()), "GATEWAY_PORT": str(free_port())}
        self.settings = None
        self.programs = None     # the environment the product's programs run in
        self.own = []            # sweepers that we started ourselves

    # -- life ---------------------------------------------------------------------------------------------

    def start(self, **settings):
        clean = {name: value for name, value in os.environ.items()
                 if name not in SERVER_VARIABLES and not name.startswith(PRODUCT_SETTINGS)}
        environment = {**clean, **self.ports, "DATA_DIR": str(self.directory), "BUILD_DIR": str(self.build), "RUN_AS": "root",
                       "PAYMENT_FAILURE_RATE": "0", "PAYMENT_MAX_DELAY": "0s", **settings}
        run = subprocess.run([ROOT / "conf/stack", "start"], env=environment, cwd=ROOT, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            raise SystemExit(f"The stack does not start:\n{run.stdout}")
        self.environment = environment
        self.settings = Settings(environment)
        exports = subprocess.run([ROOT / "conf/stack", "env"], env=environment, cwd=ROOT, text=True, check=True,
                                 stdout=subprocess.PIPE).stdout
        names = dict(word.split("=", 1) for line in exports.splitlines() for word in shlex.split(line)[1:])
        self.programs = {**environment, **names, "SWEEPER_WAKE_DIR": str(self.settings.run_dir / "wake")}

    def stop(self):
        self.stop_own_sweepers()
        if self.settings:
            subprocess.run([ROOT / "conf/stack", "stop"], env=self.environment, cwd=ROOT, check=False,
                           stdout=subprocess.DEVNULL)

    def restart(self, **settings):
        self.stop()
        self.start(**settings)

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def port(self):
        return self.ports["SERVER_PORT"]

    # -- its sweepers -------------------------------------------------------------------------------------

    def stop_sweeper(self):
        with contextlib.suppress(Exception):
            supervisor_api(self.settings).stopProcessGroup("sweeper")

    def start_sweeper(self):
        with contextlib.suppress(Exception):
            supervisor_api(self.settings).startProcessGroup("sweeper")

    def start_own_sweepers(self, count):
        for _ in range(count):
            self.own.append(subprocess.Popen([self.build / "sweeper"], env=self.programs, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def stop_own_sweepers(self):
        for process in self.own:
            process.terminate()
        for process in self.own:
            process.wait(60)
        self.own = []

    # -- its database -------------------------------------------------------------------------------------

    def sql(self, text, database="flight_booking"):
        """Rows as lists of strings; statements are separated by semicolons."""
        run = subprocess.run([*client(self.settings), "-N", "-B", database], input=text, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if run.returncode:
            raise SystemExit(f"SQL failed: {run.stderr}\n{text[:400]}")
        return [line.split("\t") for line in run.stdout.splitlines()]

    def pause(self, kind):
        self.sql(f"UPDATE job_kinds SET paused_at = UTC_TIMESTAMP(3) WHERE kind = '{kind}'")

    def resume(self, kind):
        self.sql(f"UPDATE job_kinds SET paused_at = NULL WHERE kind = '{kind}'")

    def number(self, text):
        return float(self.sql(text)[0][0])

    def statements(self):
        return int(self.sql("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1])

    def flushes(self):
        """How often the server has waited for a disk to say that data are safe."""
        return int(self.sql("SHOW GLOBAL STATUS LIKE 'Innodb_data_fsyncs'")[0][1])

    def open_old_transaction(self):
        """Begins a reader that does not end: the server must keep every old version for it."""
        session = subprocess.Popen([*client(self.settings), "-N", "-B", "--unbuffered", "flight_booking"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        session.stdin.write("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n"
                            "START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT COUNT(*) FROM flights;\n")
        session.stdin.flush()
        session.stdout.readline()
        return session

    # -- its processes ------------------------------------------------------------------------------------

    def _processes(self):
        for process in processes(self.settings):
            group = GROUPS.get(process.name) or ("supervisor" if b"supervisord" in process.cmdline else None)
            if group:
                yield group, process.pid

    def cpu(self):
        """Seconds of processor time so far, by group."""
        used = {}
        for group, pid in self._processes():
            with contextlib.suppress(OSError):
                used[group] = used.get(group, 0) + time.clock_gettime(cpu_clock(pid)) + ended_children_cpu(pid)
        return used

    def memory(self, field="VmRSS"):
        """MiB of the largest process of each group."""
        largest = {}
        for group, pid in self._processes():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith(field + ":"):
                        largest[group] = max(largest.get(group, 0), int(line.split()[1]) / 1024)
        return largest

    def idle(self):
        """How many processes are the system's, shells among them; and MiB of all but its database."""
        found = processes(self.settings)
        return {"processes": len(found), "idle_mib": sum(pss_mib(process.pid) for process in found
                                                         if GROUPS.get(process.name) != "database")}

    def share(self, group):
        """MiB of all processes of a group, each page that several have counted once."""
        return sum(pss_mib(pid) for of, pid in self._processes() if of == group)

    # -- load ---------------------------------------------------------------------------------------------

    def load_command(self, requests, port=None, **options):
        words = [word for name, value in options.items() for word in (f"-{name}", str(value))]
        return [self.build / "bench/load", *words, port or self.port, requests]

    def load(self, requests, **options):
        before = self.cpu()
        run = subprocess.run([*map(str, self.load_command(requests, **options))], text=True, stdout=subprocess.PIPE)
        if run.returncode:
            raise SystemExit("The load generator failed")
        result = json.loads(run.stdout)
        total = sum(result["statuses"].values()) or 1
        result["cpu_us"] = {group: (after - before.get(group, 0)) / total * 1e6
                            for group, after in self.cpu().items() if group in before}
        result["cpu_us"]["load"] = result["load_cpu_s"] / total * 1e6
        return result

    def bare(self, *arguments):
        before, own = self.cpu(), children_cpu()
        run = subprocess.run([self.build / "bench/bare_sql", *map(str, arguments)], env=self.programs, text=True,
                             stdout=subprocess.PIPE)
        if run.returncode:
            raise SystemExit("bare_sql failed")
        result = json.loads(run.stdout)
        if result.get("holds"):
            used = {"database": self.cpu()["database"] - before["database"], "client": children_cpu() - own}
            result["cpu_us"] = {group: seconds / result["holds"] * 1e6 for group, seconds in used.items()}
        return result


def pss_mib(pid):
    """What a process has in memory, what it shares counted in parts; 0 if it has ended."""
    with contextlib.suppress(OSError):
        return next(int(line.split()[1]) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                    if line.startswith("Pss:")) / 1024
    return 0


def cpu_clock(pid):
    """The clock of clock_getcpuclockid(3) on Linux, for all threads of a process, including those that have ended."""
    return ~pid << 3 | 2


def ended_children_cpu(pid):
    """Seconds of processor time of its children that have ended: a gateway's processes come and go."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def children_cpu():
    """Seconds of processor time of all programs that were run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def settle(seconds=1.0):
    """Waits for what the last measurement left behind (flushing, purging) to calm down."""
    time.sleep(seconds)


__all__ = ["ROOT", "Stack", "free_port", "settle", "wait_until"]
