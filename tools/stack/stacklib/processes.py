# SPDX-License-Identifier: MIT
"""The stack's processes: found through /proc, ended in order, spoken to through the process manager."""

import contextlib
import http.client
import os
import resource
import signal
import socket
import subprocess
import xmlrpc.client
from pathlib import Path

from stacklib.settings import Failure, open_files_limit, program, wait_until

MARK = "BOOKING_STACK"


class Process:
    """A process of this stack, looked at through /proc."""

    def __init__(self, pid, name, cmdline):
        self.pid, self.name, self.cmdline = pid, name, cmdline

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def processes(settings):
    """Every living process of this stack: by the mark in its environment, or, as nginx writes its
    title over its environment, an nginx that works in this stack's run directory."""
    mark = os.fsencode(f"{MARK}={settings.data_dir}")
    run_dir = os.path.realpath(settings.run_dir)
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            executable = os.path.basename(os.readlink(f"/proc/{entry.name}/exe")).removesuffix(" (deleted)")
            ours = mark in Path(f"/proc/{entry.name}/environ").read_bytes().split(b"\0") or (
                executable == "nginx" and os.readlink(f"/proc/{entry.name}/cwd").removesuffix(" (deleted)") == run_dir)
            if ours:
                cmdline = Path(f"/proc/{entry.name}/cmdline").read_bytes()
                found.append(Process(int(entry.name), executable, cmdline))
        except OSError:      # another user's, a kernel thread, a zombie, or gone meanwhile
            continue
    return found


def supervisor_of(settings):
    for process in processes(settings):
        if b"supervisord" in process.cmdline and process.name.startswith("python"):
            return process
    return None


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


class UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        return UnixConnection(self.path, timeout=30)


def supervisor_api(settings):
    path = str(settings.run_dir / "supervisor.sock")
    return xmlrpc.client.ServerProxy("http://localhost", UnixTransport(path)).supervisor


def launch_supervisor(settings, environment):
    """The process manager, in a session of its own: it outlives the terminal."""
    def set_limits():
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files_limit(), most))
        # A core dump would hold passwords and payment codes.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    # Its complaints go to memory: it does not survive one that it cannot write, as on a full disk, where it
    # has a lot to complain about.
    with os.fdopen(os.memfd_create("supervisord-errors"), "w+") as errors:
        supervisor = subprocess.Popen(
            [program("supervisord"), "--nodaemon", "--configuration", settings.run_dir / "supervisord.conf"],
            cwd=settings.run_dir, env=environment, start_new_session=True,
            preexec_fn=set_limits,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        wait_for_supervisor(settings, supervisor, errors)


def wait_for_supervisor(settings, supervisor, errors):
    def answers():
        if supervisor.poll() is not None:
            errors.seek(0)
            raise Failure(f"The process manager does not start\n{errors.read()}".rstrip())
        with contextlib.suppress(OSError, xmlrpc.client.Error):
            return supervisor_api(settings).getPID() == supervisor.pid
        return False

    if not wait_until(answers, 20, interval=0.02):
        raise Failure("The process manager does not answer")


def end_processes(settings):
    """Ends every process of this stack; tells whether there was one. The process manager goes first and at once,
    so that it restarts nothing and one order holds whether or not it was still there: the sweeper
    finishes its payments while it can still reach the gateway, and the database ends last and in peace."""
    if not processes(settings):
        return False
    manager = supervisor_of(settings)
    if manager:
        manager.signal(signal.SIGKILL)
        wait_until(lambda: supervisor_of(settings) is None, 10)
    for is_next, number, seconds in (
            (lambda name: name == "sweeper", signal.SIGTERM, 75),
            (lambda name: name == "nginx", signal.SIGQUIT, 8),
            (lambda name: name != "mariadbd", signal.SIGTERM, 10),
            (lambda name: True, signal.SIGTERM, 150)):
        if not end_some(settings, is_next, number, seconds) and not end_some(settings, is_next, signal.SIGKILL, 10):
            raise Failure("These processes do not end: " +
                          " ".join(str(process.pid) for process in processes(settings)))
    return True


def end_some(settings, is_meant, number, seconds):
    """Signals those of the processes whose names are meant; tells whether they ended in time."""
    def remaining():
        return [process for process in processes(settings) if is_meant(process.name)]

    for process in remaining():
        process.signal(number)
    return wait_until(lambda: not remaining(), seconds, interval=0.03)
