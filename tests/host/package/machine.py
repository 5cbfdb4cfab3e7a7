# SPDX-License-Identifier: MIT
"""A Debian 12 machine for tests of installations: a directory made by debootstrap, booted with systemd as process 1.

    with Machine("trial").create(packages=["nginx-light"]) as machine:      # stops it, whatever happens
        machine.copy("booking.deb", "/srv/booking.deb")
        machine.boot()
        machine.run("systemctl is-active nginx")

It has its own processes, mounts, network, host name and control groups, but the host's kernel. It needs root,
debootstrap, util-linux and an apt on the host that reaches a mirror of Debian 12. Nothing outlives the process that
booted it: its process 1 is killed with its parent, and mounts and network disappear with the last process.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

from stack import ROOT

HERE = ROOT / "build/machine"
RELEASE = "bookworm"
BASE = ["apt", "ca-certificates", "dbus", "systemd", "systemd-sysv"]
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
# Capabilities that would reach beyond the namespaces to the shared kernel.
NOT_ALLOWED = "-sys_time,-sys_module,-sys_rawio,-syslog,-wake_alarm,-mac_admin,-mac_override"

# This runs in a mount namespace. It sets the control group first, because unshare --cgroup makes that the new root.
ENTER = """set -e
cd "$ROOT"
mount --bind . . && cd "$ROOT"
mount -t cgroup2 none sys && mkdir -p "sys/$GROUP" && echo $$ > "sys/$GROUP/cgroup.procs" && umount sys
exec unshare --pid --uts --ipc --net --cgroup --fork --kill-child=KILL sh -c "$BOOT"
"""

BOOT = """set -e
hostname "$NAME"
mount -t proc proc proc
for shared in sys sysrq-trigger irq bus; do
    [ ! -e "proc/$shared" ] || { mount --bind "proc/$shared" "proc/$shared"; mount -o remount,bind,ro "proc/$shared"; }
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
mknod -m 666 dev/null c 1 3; mknod -m 666 dev/zero c 1 5; mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8; mknod -m 666 dev/urandom c 1 9; mknod -m 666 dev/tty c 5 0
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
pivot_root . mnt
umount -l /mnt
exec setpriv --bounding-set "$NOT_ALLOWED" --inh-caps "$NOT_ALLOWED" \\
    env -i PATH="$PATH" LANG=C.UTF-8 container=booking /lib/systemd/systemd
"""


class Trouble(RuntimeError):
    """A command failed. The message contains its output."""


def call(command, check=True, timeout=600, **options):
    done = subprocess.run(command, stdin=None if "input" in options else subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout, **options)
    if check and done.returncode:
        raise Trouble(f"{shlex.join(map(str, command))} exited {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


# ---- images: kept, because debootstrap and apt take minutes to make them ----------------------------------------

def apt_sources():
    """This host's apt sources for Debian 12: (URI, suite) of each part, the main one first."""
    wanted = {RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security"}
    listed = call(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                   "Created-By: Packages"]).stdout
    found = {tuple(line.split()[:2]) for line in listed.splitlines() if line.endswith(" main")}
    sources = sorted((source for source in found if source[1] in wanted), key=lambda source: len(source[1]))
    if not sources or sources[0][1] != RELEASE:
        raise Trouble(f"apt on this host has no source for {RELEASE}")
    return sources


def configure_apt(root, sources):
    """Copies the host's sources, proxies and checks, and its certificate authorities if a source uses https."""
    (root / "etc/apt/sources.list").write_text("".join(f"deb {uri} {suite} main\n" for uri, suite in sources))
    settings = [line for line in call(["apt-config", "dump"]).stdout.splitlines()
                if line.startswith(("Acquire::http::", "Acquire::https::", "Acquire::Check-"))]
    (root / "etc/apt/apt.conf.d/00host").write_text("\n".join([
        *settings, 'APT::Install-Recommends "false";', 'Acquire::Languages "none";', ""]))
    if any(uri.startswith("https:") for uri, _ in sources) and Path("/usr/local/share/ca-certificates").is_dir():
        shutil.copytree("/usr/local/share/ca-certificates", root / "usr/local/share/ca-certificates", dirs_exist_ok=True)
        in_root(root, ["update-ca-certificates"])


def in_root(root, command, **options):
    """Runs a command in a machine that is not booted, with the host's network and separate process ids."""
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    return call(["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", f"--root={root}",
                 "--mount-proc=/proc", *command], env=ENVIRONMENT, **options)


def build_base(root):
    sources = apt_sources()
    call(["debootstrap", "--variant=minbase", f"--include={','.join(BASE)}", RELEASE, root, sources[0][0]])
    configure_apt(root, sources)
    # Installations must not start anything before the machine is booted.
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    in_root(root, ["apt-get", "-q", "update"])
    in_root(root, ["apt-get", "-qy", "upgrade"])


def copy_tree(source, target):
    call(["cp", "-a", "--reflink=auto", source, target])


def image(packages):
    """The directory of an installation with these packages. It is made once, and again if build/machine was removed."""
    HERE.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(" ".join(sorted([RELEASE, *BASE, *packages])).encode()).hexdigest()[:12]
    finished = HERE / f"image-{key}"
    if finished.is_dir():
        return finished
    unfinished = HERE / f"image-{key}.part"
    shutil.rmtree(unfinished, ignore_errors=True)
    if packages:
        copy_tree(image([]), unfinished)
        in_root(unfinished, ["apt-get", "-qy", "install", *packages])
        in_root(unfinished, ["apt-get", "clean"])
    else:
        build_base(unfinished)
    return unfinished.rename(finished)


def locked(name):
    """Returns a locked file. The lock ends when the file is closed, or with the process."""
    HERE.mkdir(parents=True, exist_ok=True)
    file = open(HERE / f"{name}.lock", "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


# ---- the machine -----------------------------------------------------------------------------------------------

class Machine:
    """One machine. Two machines at the same time need two names, or the second waits for the first. The directory of
    the last one is kept, so that it can be examined.

    create()  makes a new machine with these packages and their dependencies installed, and nothing started
    boot()    boots it, and returns when systemd has started everything
    run()     runs a command inside: before boot() in a chroot with the host's network (apt works there), after it
              beside the running systemd, with the machine's own network, which is only loopback
    copy()    copies a file or a directory of the host to a path inside, owned by root
    path()    returns a path inside as the host sees it, for reading and writing
    network() makes the calling thread, and threads that it starts in the block, open their sockets inside
    stop()    shuts it down, by force if necessary; it may be called at any time
    """

    def __init__(self, name):
        self.name = name
        self.directory = HERE / name
        self.lock = None        # makes another run of the tests wait for the machine of this name
        self.process = None     # unshare(1), the parent of the machine's process 1
        self.init = None        # the id of the machine's process 1 on the host

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        if self.lock:
            self.lock.close()

    @property
    def root(self):
        return Path(f"/proc/{self.init}/root") if self.init else self.directory / "root"

    def path(self, inside):
        return self.root / str(inside).lstrip("/")

    def create(self, packages=()):
        self.stop()
        self.lock = self.lock or locked(self.name)
        with locked("image"):
            ready = image(list(packages))
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        copy_tree(ready, self.root)
        self.path("etc/hostname").write_text(f"{self.name}\n")
        self.path("etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n::1 localhost\n")
        # Without an id, the first boot would take it for a new machine and enable every unit.
        self.path("etc/machine-id").write_text(os.urandom(16).hex() + "\n")
        return self

    def boot(self, timeout=60):
        """Accepts the state `degraded` (a unit has failed), too; `systemctl --failed` tells the caller which unit."""
        self.path("usr/sbin/policy-rc.d").unlink(missing_ok=True)
        environment = {**ENVIRONMENT, "ROOT": str(self.root), "NAME": self.name, "GROUP": self.group, "BOOT": BOOT,
                       "NOT_ALLOWED": NOT_ALLOWED}
        with open(self.directory / "console.log", "w") as console:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "sh", "-c", ENTER], env=environment,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        try:
            self._wait_until_running(time.monotonic() + timeout)
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def group(self):
        return f"booking-{self.name}-{os.getpid()}"

    def _wait_until_running(self, deadline):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        state = ""
        while state not in ("running", "degraded"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f"{self.name} does not boot ({state}):\n{(self.directory / 'console.log').read_text()}")
            time.sleep(0.05)
            if not self.init:
                found = children.read_text().split() if children.exists() else []
                systemd = [pid for pid in found if Path(f"/proc/{pid}/comm").read_text() == "systemd\n"]
                self.init = int(systemd[0]) if systemd else None
            if self.init:
                state = self.run("systemctl is-system-running", check=False).stdout.strip()

    def run(self, command, check=True, timeout=120, **options):
        """Runs a list, or a line for the shell. Returns a CompletedProcess; raises Trouble on failure if `check`."""
        command = ["sh", "-c", command] if isinstance(command, str) else list(map(str, command))
        if not self.init:
            return in_root(self.root, command, check=check, timeout=timeout, **options)
        return call([*self.enter("--all"), *command], check=check, timeout=timeout, env=ENVIRONMENT, **options)

    def enter(self, *namespaces):
        """The beginning of a command line that runs the rest in these namespaces (nsenter's options)."""
        return ["nsenter", f"--target={self.init}", *namespaces, "--"]

    def copy(self, source, target):
        self.path(target).parent.mkdir(parents=True, exist_ok=True)
        call(["cp", "-rL", "--preserve=mode,timestamps", source, self.path(target)])

    @contextlib.contextmanager
    def network(self):
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(descriptor):
            if libc.setns(descriptor, 0x40000000):    # CLONE_NEWNET
                raise OSError(ctypes.get_errno(), "setns")
        with open("/proc/thread-self/ns/net") as outside, open(f"/proc/{self.init}/ns/net") as inside:
            enter(inside.fileno())
            try:
                yield
            finally:
                enter(outside.fileno())

    def stop(self, timeout=60):
        if not self.process:
            return
        if self.init and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.init, signal.SIGRTMIN + 4)     # systemd's power off
        try:
            self.process.wait(timeout if self.init else 0)
        except subprocess.TimeoutExpired:
            self.process.kill()                             # kills its child, too
            self.process.wait()
        self.process = self.init = None
        self._remove_groups()

    def _remove_groups(self):
        """Removes the control groups, which outlive their processes, from the leaves up."""
        call(["unshare", "--mount", "sh", "-c", """
            mount -t cgroup2 none /mnt && cd /mnt && [ -d "$0" ] || exit 0
            for attempt in $(seq 100); do
                find "$0" -depth -type d -exec rmdir {} + 2>/dev/null
                [ -d "$0" ] || exit 0
                sleep 0.05
            done
            exit 1""", self.group])
