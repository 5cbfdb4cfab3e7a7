# SPDX-License-Identifier: MIT
"""A disk of a test's own, which it may fill."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


@contextlib.contextmanager
def small_disk(megabytes):
    """A directory on a small disk, where the system lets us mount one (as root); else None."""
    directory = Path(tempfile.mkdtemp(prefix="booking-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(directory)]
    mounted = os.getuid() == 0 and subprocess.run(mount, stderr=subprocess.DEVNULL).returncode == 0
    try:
        yield directory if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(directory)])
        shutil.rmtree(directory, ignore_errors=True)


def fill(path):
    """Takes what is left, to the last byte."""
    with open(path, "ab", buffering=0) as file:
        for size in (1048576, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"\0" * size):
                    pass


@contextlib.contextmanager
def filled(path):
    """A full disk until the block ends."""
    fill(path)
    try:
        yield
    finally:
        path.unlink()
