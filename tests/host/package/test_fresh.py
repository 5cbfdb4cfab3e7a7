# SPDX-License-Identifier: MIT
"""README's commands on a bare Debian of the other supported release. All other tests run on this machine's own."""

import platform
import subprocess

import pytest

from stack import ROOT

SUITES = {"bookworm", "trixie"} - {platform.freedesktop_os_release().get("VERSION_CODENAME")}


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_readmes_commands_work_on_the_other_debian(suite):
    run = subprocess.run([ROOT / "tests/host/package/fresh", suite], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    assert run.returncode == 0 and f"Debian {suite}: all well" in run.stdout, run.stdout[-4000:]
