# SPDX-License-Identifier: MIT
"""A small disk for one test, which it may fill."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from stack import wait_for


@contextlib.contextmanager
def small_disk(megabytes):
    """A directory on a small disk, or None if the system does not let us mount one (as root)."""
    directory = Path(tempfile.mkdtemp(prefix="booking-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(directory)]
    mounted = os.getuid() == 0 and subprocess.run(mount, stderr=subprocess.DEVNULL).returncode == 0
    try:
        yield directory if mounted else None
    finally:
        if mounted:
            wait_for(lambda: subprocess.run(["umount", str(directory)], stderr=subprocess.DEVNULL).returncode == 0, 10,
                     "all that works on the small disk to have ended")
        shutil.rmtree(directory, ignore_errors=True)


def fill(path):
    """Fills the disk to the last byte."""
    with open(path, "ab", buffering=0) as file:
        for size in (1048576, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size):
                    pass


@contextlib.contextmanager
def filled(path):
    """Keeps the disk full until the block ends."""
    fill(path)
    try:
        yield
    finally:
        path.unlink()
