"""Stacks for the tests that break things."""

import pytest

from conftest import note_of, start_noted
from stack import Stack


@pytest.fixture(scope="module")
def broken_stack(pytestconfig):
    """Starts stacks whose books a test makes disagree on purpose, so nobody audits them in the end."""
    started = []

    def start(stack=None, **settings):
        stack = stack or Stack(settings)
        started.append(stack)
        return start_noted(pytestconfig, stack.data_dir.name, stack)
    yield start
    for stack in started:
        stack.stop()
        note_of(pytestconfig, stack.data_dir.name).unlink(missing_ok=True)
