# SPDX-License-Identifier: MIT
"""TLS to the database: the server requires it, and has a certificate of its own authority."""

import getpass
import os
import shutil
import socket
import subprocess

import pytest

from stack import BUILD, wait_for

RUN = {"check": True, "capture_output": True}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make_certificates(directory):
    """ca.pem, and server.pem for the name localhost, signed by it."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, **RUN)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (directory / "names").write_text("subjectAltName=DNS:localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "2",
            "-extfile", "names")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """(its port, the directory of its certificates)"""
    directory, port = tmp_path_factory.mktemp("tls"), free_port()
    make_certificates(directory)
    data = directory / "data"
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
                    f"--user={getpass.getuser()}"], **RUN)
    process = subprocess.Popen(
        ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={directory}/s", f"--port={port}", "--bind-address=127.0.0.1,127.0.0.2",
         f"--user={getpass.getuser()}", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--require-secure-transport=ON",
         f"--ssl-ca={directory}/ca.pem", f"--ssl-cert={directory}/server.pem", f"--ssl-key={directory}/server.key"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = ["mariadb", "--no-defaults", f"--socket={directory}/s", "-uroot", "-e"]
        wait_for(lambda: subprocess.run([*client, "SELECT 1"], capture_output=True).returncode == 0, 30, "the server")
        subprocess.run([*client, "CREATE USER app@localhost IDENTIFIED BY 'x'; GRANT ALL ON *.* TO app@localhost;"
                        "CREATE USER bare@localhost; GRANT ALL ON *.* TO bare@localhost; CREATE USER bare; GRANT ALL ON *.* TO bare;"], **RUN)
        yield port, directory
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(data)


# MariaDB's library from 3.4 on (Debian 13) also takes a certificate that it cannot verify from a server that proves that it knows
# the account's password, and checks no name for 127.0.0.1; `bare` has no password.
@pytest.mark.parametrize("account, host, parameters, connects", [
    ("app:x", "localhost", "?tls=true&tls-ca={ca}", True),
    ("app:x", "localhost", "?tls=skip-verify", True),
    ("app:x", "localhost", "?tls=preferred", True),
    ("bare", "localhost", "?tls=true&tls-ca={ca}", True),
    ("bare", "127.0.0.2", "?tls=true&tls-ca={ca}", False),        # a certificate for another name
    ("bare", "localhost", "?tls=true", False),                    # an authority that the system does not know
    ("app:x", "localhost", "?tls=true&tls-ca=/nowhere", False),
    ("app:x", "localhost", "?tls=false", False),
])
def test_a_server_that_requires_tls(server, tmp_path, account, host, parameters, connects):
    port, directory = server
    (tmp_path / "sql").mkdir()
    dsn = f"{account}@tcp({host}:{port})/booking{parameters.format(ca=directory / 'ca.pem')}"
    done = subprocess.run([BUILD / "migrate", tmp_path / "sql"], env={**os.environ, "MIGRATION_DSN": dsn}, text=True, capture_output=True,
                          timeout=60)
    assert (done.returncode == 0) is connects, done.stderr
    shown = subprocess.run([BUILD / "migrate", "--check-config"], env={**os.environ, "MIGRATION_DSN": dsn}, text=True, capture_output=True).stdout
    assert f"/booking{parameters.format(ca=directory / 'ca.pem')}" in shown
