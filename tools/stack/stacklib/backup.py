# SPDX-License-Identifier: MIT
"""Backup and restore of the embedded database, bookings and charges together.

A backup is one SQL file, compressed, of one moment: both databases in a single transaction, so that an audit
of it is as clean as the audit of the running system at that moment. Timers are rows, so those that ran
out between backup and restore fire after it. Accounts and passwords are not in it: a restored
system keeps its own.
"""

import contextlib
import gzip
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from stacklib.database import DATABASES, client
from stacklib.settings import Failure, program

FIRST_LINE = b"-- booking backup 1\n"
LAST_LINE = b"-- booking backup ends\n"


def require_own_database(settings, verb):
    if not settings.own_database:
        raise Failure(f"{verb} is for the database in DATA_DIR; a server of your own has its own tools "
                      "(mariadb-dump --single-transaction --databases flight_booking payment_gateway)")


@contextlib.contextmanager
def written(target):
    """A file to write to. It has another name at first, so that a file of the final one is always whole."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            yield raw
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(target)


def backup(settings, file):
    """Returns where it was written to; `-` is the standard output."""
    require_own_database(settings, "backup")
    if file == "-":
        return dump(settings, sys.stdout.buffer)
    target = Path(file or settings.data_dir / "backups" / time.strftime("booking-%Y%m%d-%H%M%S.sql.gz", time.gmtime()))
    with written(target) as raw:
        dump(settings, raw)
    return target


def dump(settings, raw):
    command = [program("mariadb-dump"), *client(settings)[1:], "--single-transaction", "--quick", "--hex-blob",
               "--add-drop-database", "--databases", *DATABASES.values()]
    with gzip.open(raw, "wb") as out:
        out.write(FIRST_LINE)
        run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        shutil.copyfileobj(run.stdout, out, 1 << 20)
        complaint = run.stderr.read().decode(errors="replace")
        if run.wait():
            raise Failure(f"The backup failed: {complaint}")
        out.write(LAST_LINE)


def opened(file):
    """`-` is the standard input, a file that was opened for this program."""
    if file == "-":
        sys.stdin.buffer.seek(0)
    return gzip.open(sys.stdin.buffer if file == "-" else file, "rb")


def check_whole(file):
    """Bad input never costs data: nothing is dropped before the file is known to be a whole backup."""
    last = b""
    try:
        with opened(file) as lines:
            if lines.readline() != FIRST_LINE:
                raise Failure(f"{file} is not a backup of this system")
            for last in lines:
                pass
    except (OSError, EOFError) as error:
        raise Failure(f"{file} cannot be read: {error}") from None
    if last != LAST_LINE:
        raise Failure(f"{file} is cut short")


def load(settings, file):
    """Replaces both databases. No program may be using them."""
    with opened(file) as lines:
        run = subprocess.Popen(client(settings), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
        try:
            shutil.copyfileobj(lines, run.stdin, 1 << 20)
        except BrokenPipeError:
            pass        # the client says why
        output = run.communicate()[0].decode(errors="replace")
    if run.returncode:
        raise Failure(f"The restore failed: {output}")
