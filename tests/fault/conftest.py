# SPDX-License-Identifier: MIT
"""Stacks for the tests that break things."""

import pytest

from conftest import note_of, start_noted
from gateway_proxy import GatewayProxy
from stack import Stack, free_port


@pytest.fixture(scope="module")
def proxy():
    """A proxy between the sweeper and the simulator that misbehaves as the test says."""
    proxy = GatewayProxy(free_port())
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def broken_stack(pytestconfig):
    """Starts stacks whose books a test makes disagree on purpose, so they are not audited in the end."""
    started = []

    def start(stack=None, **settings):
        stack = stack or Stack(settings)
        started.append(stack)
        return start_noted(pytestconfig, stack.data_dir.name, stack)
    yield start
    for stack in started:
        stack.stop()
        note_of(pytestconfig, stack.data_dir.name).unlink(missing_ok=True)
