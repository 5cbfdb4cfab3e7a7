# SPDX-License-Identifier: MIT
"""Skips these tests where no machine can be made. There `make test-package` (MACHINES=required) fails instead."""

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
            return f"{program} is not installed; make test-package installs it"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], stderr=subprocess.DEVNULL).returncode:
        return "no namespaces may be made here"
    try:
        apt_sources()
    except (OSError, Trouble) as trouble:
        return str(trouble)
    return None


def pytest_collection_modifyitems(items):
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    if ours and obstacle():
        if os.environ.get("MACHINES") == "required":
            raise pytest.UsageError(obstacle())
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=obstacle()))
