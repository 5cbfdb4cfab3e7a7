# SPDX-License-Identifier: MIT
"""The time to compare the operator's token reveals nothing about it."""

import re
import shutil
import subprocess

import pytest

from stack import BUILD

TOKEN = "correct-horse-battery-staple"
PROGRAM = BUILD / "tests/test_access"


def cost(token, tmp_path):
    """How many instructions the check takes."""
    run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={tmp_path}/out",
                          "--toggle-collect=access_identify", PROGRAM, f"Bearer {token}"], capture_output=True, text=True)
    assert run.returncode == (0 if token == TOKEN else 1), run.stderr
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


@pytest.mark.skipif(not shutil.which("valgrind"), reason="there is no valgrind")
def test_every_wrong_token_costs_the_same(tmp_path):
    if not PROGRAM.exists():
        pytest.skip("the unit tests are not built")
    with open(PROGRAM, "rb") as program:
        if b"__asan_init" in program.read():
            pytest.skip("built with sanitizers")
    wrong = [TOKEN[:n] + "#" + TOKEN[n + 1:] for n in range(0, len(TOKEN), 5)] + ["#" * len(TOKEN)]
    costs = {token: cost(token, tmp_path) for token in wrong}
    assert len(set(costs.values())) == 1, costs
    assert min(costs.values()) > 100, "something was counted"
