# SPDX-License-Identifier: MIT
"""Stacks for the tests that break things."""

import pytest

import audit
from conftest import note_of, start_noted
from gateway_proxy import GatewayProxy
from stack import Stack, free_port


@pytest.fixture(scope="module")
def proxy():
    """A proxy between the sweeper and the simulator that misbehaves as the test says."""
    proxy = GatewayProxy(free_port())
    yield proxy
    proxy.close()


@pytest.fixture
def gateway_behaves_and_the_books_agree(stack, proxy):
    """Each test begins with a gateway that is reached, and ends with books that agree."""
    proxy.mode, proxy.calls = "pass", []
    proxy.release.clear()
    yield
    proxy.mode = "pass"
    proxy.release.set()
    audit.audit(stack)


@pytest.fixture(scope="module")
def broken_stack(pytestconfig):
    """Starts stacks whose books a test makes disagree on purpose, so they are not audited in the end. As with
    own_stack, what they need must outlive them."""
    started = []

    def start(stack=None, **settings):
        stack = stack or Stack(settings)
        started.append(stack)
        return start_noted(pytestconfig, stack.data_dir.name, stack)
    yield start
    for stack in started:
        stack.stop()
        note_of(pytestconfig, stack.data_dir.name).unlink(missing_ok=True)
