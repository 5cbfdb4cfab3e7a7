# SPDX-License-Identifier: MIT
"""The site of an installation (shipped.py): its TLS and its redirects. tests/host/package installs it on a machine."""

import re
import socket
import ssl
import subprocess

import pytest

from shipped import shipped_site


@pytest.fixture(scope="module")
def site(default_stack, tmp_path_factory):
    """(the port without TLS, the port with TLS)"""
    with shipped_site(default_stack, tmp_path_factory.mktemp("site")) as ports:
        yield ports


def handshake(site, ciphers="DEFAULT:@SECLEVEL=0", protocols=("h2", "http/1.1"), newest=ssl.TLSVersion.TLSv1_2, oldest=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    context.set_alpn_protocols(protocols)
    context.minimum_version, context.maximum_version = oldest or newest, newest
    with socket.create_connection(("127.0.0.1", site[1]), timeout=10) as s, context.wrap_socket(s) as tls:
        return tls.version(), tls.cipher()[0], tls.selected_alpn_protocol(), tls.session.has_ticket


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256"])
def test_no_cipher_without_authenticated_encryption(site, cipher):
    with pytest.raises(ssl.SSLError):
        handshake(site, f"{cipher}:@SECLEVEL=0")


def test_modern_ciphers_http2_and_no_tickets(site):
    version, cipher, protocol, has_ticket = handshake(site)
    assert version == "TLSv1.2" and re.search("GCM|CHACHA20", cipher) and protocol == "h2" and not has_ticket
    assert handshake(site, newest=ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"


def test_redirects_lead_only_to_our_own_name(site):
    with socket.create_connection(("127.0.0.1", site[0]), timeout=10) as s:
        s.sendall(b"GET /x?y=z HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        head = s.recv(65536).decode()
    assert head.startswith("HTTP/1.1 301 ") and f"Location: https://{socket.gethostname().lower()}/x?y=z\r\n" in head


def test_bookings_go_through_it(site, default_stack):
    flight = default_stack.new_flight()
    run = subprocess.run(["curl", "-sSk", "--http2", "-w", "%{http_code} %{http_version}", "-d", f"flightId={flight}", "-d", "seats=A1",
                          f"https://127.0.0.1:{site[1]}/api/orders"], capture_output=True, text=True, timeout=30)
    assert run.stdout.endswith("201 2"), run.stdout + run.stderr
