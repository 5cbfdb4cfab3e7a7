# SPDX-License-Identifier: MIT
"""The site of an installation (conf/host/nginx-site) in this machine's nginx, in front of a test stack: with TLS and HTTP/2."""

import contextlib
import os
import re
import shutil
import socket
import subprocess

from stack import ROOT, free_port, wait_for

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


def configuration(stack, place, http_port, https_port):
    text = (ROOT / "conf/host/nginx-site").read_text()
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{http_port};", "listen 443 ssl http2;": f"listen 127.0.0.1:{https_port} ssl http2;",
        "listen 127.0.0.1:8081;": f"listen 127.0.0.1:{free_port()};", "/etc/booking/tls": str(place), "/etc/booking": str(place),
        "@PREFIX@/share/booking/html": f"{stack.data_dir}/run/html", "/var/log/nginx": str(place), "/var/cache/booking": str(place),
        "/run/booking/": f"{stack.data_dir}/run/",
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
    temporary = "".join(f"{name}_temp_path {place}/{name};\n" for name in ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
    user = "user root;\n" if os.getuid() == 0 else ""
    return f"{user}daemon off;\npid {place}/pid;\nevents {{}}\nhttp {{\n{temporary}{text}\n}}\n"


@contextlib.contextmanager
def shipped_site(stack, place):
    """(the port without TLS, the port with TLS); its files are in the directory `place`."""
    ports = free_port(), free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=x", "-keyout", place / "key.pem", "-out", place / "certificate.pem"], check=True, capture_output=True)
    subprocess.run([ROOT / "conf/host/nginx-clients", place], check=True)
    (place / "booking").symlink_to(ROOT / "conf/nginx")
    (place / "nginx.conf").write_text(configuration(stack, place, *ports))
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
