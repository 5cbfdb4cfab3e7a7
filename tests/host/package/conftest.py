# SPDX-License-Identifier: MIT
"""Machines take minutes to make, so these tests run only for `make test-package` (MACHINES=required), which fails where no
machine can be made."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from machine import Trouble, apt_sources


@functools.cache
def obstacle():
    """The reason why no machine can be made, or None."""
    if os.getuid() != 0:
        return "machines need root"
    for program in ("debootstrap", "dh", "lintian"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{program} is not installed"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL).returncode:
        return "no namespaces may be made here"
    try:
        apt_sources()
    except (OSError, Trouble) as trouble:
        return str(trouble)
    return None


def pytest_collection_modifyitems(items):
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    if not ours:
        return
    if os.environ.get("MACHINES") != "required":
        for item in ours:
            item.add_marker(pytest.mark.skip(reason="make test-package runs it"))
    elif obstacle():
        raise pytest.UsageError(obstacle())
