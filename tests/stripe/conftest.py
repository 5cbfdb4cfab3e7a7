# SPDX-License-Identifier: MIT
"""A stack whose gateway program speaks to a stand-in for Stripe."""

import contextlib
import socket
import subprocess

import pytest

from gateway_client import Gateway, settings
from stack import ROOT, free_port, wait_for
from standin import Stripe

MOCK = ROOT / "build/go/bin/stripe-mock"


@pytest.fixture(scope="session")
def mock_port():
    """stripe-mock's port, or None where it was not built."""
    if not MOCK.exists():
        yield None
        return
    port = free_port()
    mock = subprocess.Popen([MOCK, "-http-port", str(port)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    try:
        wait_for(listens, 60, "stripe-mock")
        yield port
    finally:
        mock.kill()
        mock.wait()


@pytest.fixture(scope="module")
def stripe(mock_port):
    stripe = Stripe(mock_port)
    yield stripe
    stripe.close()
    assert stripe.faults == []


@pytest.fixture(scope="module")
def stack(stripe, own_stack):
    return own_stack(**settings(stripe), GATEWAY_WORKERS=12, PAYMENT_TIMEOUT="2s")


@pytest.fixture
def gateway(stack, stripe):
    stripe.troubles.clear()
    stripe.refund_status = "succeeded"
    return Gateway(stack, stripe)
