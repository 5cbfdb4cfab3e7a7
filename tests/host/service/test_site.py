# SPDX-License-Identifier: MIT
"""The site of an installation (conf/host/nginx-site) in this machine's nginx, in front of a test stack: its TLS and its
redirects. tests/host/package installs it on a machine."""

import os
import re
import shutil
import socket
import ssl
import subprocess

import pytest

from stack import ROOT, free_port, wait_for

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


def configuration(stack, place, http_port, https_port):
    text = (ROOT / "conf/host/nginx-site").read_text()
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{http_port};", "listen 443 ssl http2;": f"listen 127.0.0.1:{https_port} ssl http2;",
        "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{free_port()};", "/etc/booking/tls": str(place), "/etc/booking": str(place),
        "@PREFIX@/share/booking/html": f'"{ROOT}/html"', "/var/log/nginx": str(place), "/var/cache/booking": str(place),
        "/run/booking/": f"{stack.data_dir}/run/",
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
    temporary = "".join(f"{name}_temp_path {place}/{name};\n" for name in ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
    user = "user root;\n" if os.getuid() == 0 else ""
    return f"{user}daemon off;\npid {place}/pid;\nevents {{}}\nhttp {{\n{temporary}{text}\n}}\n"


@pytest.fixture(scope="module")
def site(default_stack, tmp_path_factory):
    """(the port without TLS, the port with TLS)"""
    place = tmp_path_factory.mktemp("site")
    ports = free_port(), free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=x", "-keyout", place / "key.pem", "-out", place / "certificate.pem"], check=True, capture_output=True)
    subprocess.run([ROOT / "conf/host/nginx-clients", place], check=True)
    (place / "booking").symlink_to(ROOT / "conf/nginx")
    (place / "nginx.conf").write_text(configuration(default_stack, place, *ports))
    running = subprocess.Popen([NGINX, "-c", place / "nginx.conf", "-e", place / "error.log"], stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)

    def answers():
        assert running.poll() is None, running.stderr.read()
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", ports[1])) == 0
    try:
        wait_for(answers, 10, "nginx")
        yield ports
    finally:
        running.terminate()
        running.wait(20)


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
