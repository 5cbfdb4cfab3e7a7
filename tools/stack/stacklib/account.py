# SPDX-License-Identifier: MIT
"""The account that a stack runs as when root starts it, which is not root.

It is the one that called sudo, or else one of the stack's own, `booking-stack`; RUN_AS names another, RUN_AS=root keeps root. A stack
that runs keeps the account it has. All verbs become that account before they do anything, so whatever they make is the account's.
A clone below a directory that the account may not enter, as /root, is shown to it in a mount namespace, at the same path
and without its neighbors.
"""

import ctypes
import os
import pwd
import subprocess
import sys
from pathlib import Path

from stacklib import backup
from stacklib.processes import processes
from stacklib.settings import ROOT, Failure, say

OWN_ACCOUNT = "booking-stack"
CLONE_NEWNS, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 2, 4, 0x1000, 0x4000, 0x40000    # mount(2)


def become(settings, arguments, script="conf/stack"):
    """Goes on as that account with the script, or returns to let root go on."""
    account = chosen_account(settings)
    own(settings.data_dir, account)
    if account.pw_uid == 0:
        warn_of_root(settings, "Everything here runs as root")
        return
    covers = hidden_directories(settings, account)
    hindrance = what_hinders(settings, account, covers)
    if hindrance:
        own(settings.data_dir, pwd.getpwuid(0))
        warn_of_root(settings, f"Everything here runs as root, since {account.pw_name} cannot run it: {hindrance}")
        return
    os.environ.update(HOME=str(settings.data_dir), USER=account.pw_name, LOGNAME=account.pw_name,
                      DATA_DIR=str(settings.data_dir), BUILD_DIR=str(settings.build_dir))
    command = [*drop(settings, account), str(ROOT / script), *arguments]
    if arguments[0] == "backup" and len(arguments) == 2:
        sys.exit(write_file(Path(os.path.abspath(arguments[1])), [*command[:-1], "-"], lambda: enter(settings, covers)))
    if arguments[0] == "restore" and arguments[1]:
        backup.check_whole(arguments[1])
        os.dup2(os.open(arguments[1], os.O_RDONLY), 0)
        command[-1] = "-"
    enter(settings, covers)
    os.chdir(ROOT)
    os.execvp(command[0], command)


def write_file(target, command, enter_first):
    """A backup where root may write and the account may not: whole, or not there."""
    with backup.written(target) as raw:
        code = subprocess.run(command, stdout=raw, cwd=ROOT, preexec_fn=enter_first).returncode
        if code:
            raise SystemExit(code)
    say(f"Backed up to {target}")
    return 0


def chosen_account(settings):
    running = processes(settings)
    if running:
        return pwd.getpwuid(os.stat(f"/proc/{running[0].pid}").st_uid)
    name = settings.environment.get("RUN_AS") or settings.environment.get("SUDO_USER") or "root"
    if name == "root" and not settings.environment.get("RUN_AS"):
        name = OWN_ACCOUNT
    try:
        return pwd.getpwnam(name)
    except KeyError:
        if name != OWN_ACCOUNT:
            raise Failure(f"RUN_AS: this machine has no account '{name}'") from None
    made = subprocess.run(["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
                           "--shell", "/usr/sbin/nologin", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        raise Failure(f"The account {name} could not be made: {made.stdout.strip()}")
    return pwd.getpwnam(name)


def warn_of_root(settings, why):
    if not settings.is_local:
        message = f"{why}, and {settings.address} can be reached from elsewhere"
        if settings.environment.get("RUN_AS") != "root":
            raise Failure(f"{message}. RUN_AS=root allows it")
        say(message, file=sys.stderr)
    elif settings.environment.get("RUN_AS") != "root":
        say(why, file=sys.stderr)


def own(directory, account):
    """Gives a data directory to the account. One with other things in it is no data directory."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid == account.pw_uid:
        return
    if any(directory.iterdir()) and not any((directory / name).exists() for name in (".lock", "credentials")):
        raise Failure(f"{directory} has other things in it; choose another DATA_DIR")
    # By descriptors: the owner of before could put a link in the place of a directory meanwhile.
    for _, directories, files, parent in os.fwalk(directory):
        for name in (".", *directories, *files):
            os.chown(name, account.pw_uid, account.pw_gid, dir_fd=parent, follow_symlinks=False)


def drop(settings, account):
    """The command that runs another one as the account, without a way back."""
    first_free_port = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    ports = ["--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"] if settings.port < first_free_port else []
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups", "--no-new-privs", *ports]


def needed_directories(settings):
    return [ROOT, settings.build_dir, settings.data_dir]


def hidden_directories(settings, account):
    """The highest directories on the way to what is needed that the account may not enter."""
    found = []
    for needed in needed_directories(settings):
        for directory in reversed(needed.parents):
            if subprocess.run([*drop(settings, account), "test", "-x", directory]).returncode:
                found.append(directory)
                break
    return sorted(set(found))


def what_hinders(settings, account, covers):
    """Why the account could not run the stack, or None."""
    readable = [ROOT / "conf/stack", ROOT / "html/index.html", ROOT / "sql/rights.sql", settings.build_dir / "booking-api"]
    script = 'for file; do test -r "$file" || { echo "it may not read $file"; exit 1; }; done'
    try:
        run = subprocess.run([*drop(settings, account), "sh", "-c", script, "sh", *readable], text=True, cwd="/",
                             preexec_fn=lambda: enter(settings, covers), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return run.stdout.strip() or "setpriv failed" if run.returncode else None
    except (OSError, subprocess.SubprocessError):
        return f"it may not enter {covers[0]}, and this machine allows no mount namespace"


def enter(settings, covers):
    """Covers each hidden directory by an empty one that holds only what is needed, in a mount namespace of this process's own."""
    if not covers:
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, *arguments):
        if getattr(libc, name)(*arguments):
            raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")

    def mount(source, target, kind, flags, options=None):
        call("mount", source, os.fsencode(target), kind, ctypes.c_ulong(flags), options)

    call("unshare", CLONE_NEWNS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    opened = {path: os.open(path, os.O_PATH) for path in needed_directories(settings)
              if any(cover in path.parents for cover in covers)}
    for cover in covers:
        mount(b"tmpfs", cover, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=755,size=64k")
    umask = os.umask(0o022)
    for path, fd in opened.items():
        if not path.exists():       # it may be within one that is there already
            path.mkdir(parents=True)
            mount(b"/proc/self/fd/%d" % fd, path, None, MS_BIND | MS_REC)
        os.close(fd)
    os.umask(umask)

