# SPDX-License-Identifier: MIT
"""The embedded database: created, reached, and given its accounts."""

import contextlib
import json
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import urllib.parse

from stacklib.files import link, write_private
from stacklib.processes import processes
from stacklib.settings import PATH, ROOT, Failure, program, wait_until

DATABASES = {"booking": "flight_booking", "gateway": "payment_gateway"}


def credentials(settings):
    """What is secret and belongs to DATA_DIR: the embedded database's passwords, made up once, and the operator's token."""
    path = settings.data_dir / "credentials"
    if not path.exists():
        accounts = [f"{name}_{role}" for name in DATABASES for role in ("owner", "app")]
        write_private(path, json.dumps({name: secrets.token_hex(24) for name in accounts}, indent=1) + "\n")
    return json.loads(path.read_text())


def account_passwords(settings):
    return {name: password for name, password in credentials(settings).items() if name != "admin_token"}


def admin_token(settings):
    """The operator's, made up once for those who set none."""
    if settings.environment.get("ADMIN_TOKEN"):
        return settings.environment["ADMIN_TOKEN"]
    known = credentials(settings)
    if "admin_token" not in known:
        known["admin_token"] = secrets.token_hex(24)
        write_private(settings.data_dir / "credentials", json.dumps(known, indent=1) + "\n")
    return known["admin_token"]


def embedded_dsn(settings, name, role):
    password = credentials(settings)[f"{name}_{role}"]
    return f"{name}_{role}:{password}@unix({settings.run_dir}/mysql.sock)/{DATABASES[name]}"


def database_environment(settings):
    """The connections for the programs, and for migrate alone."""
    if not settings.own_database:
        return {}, {}
    return ({"DATABASE_DSN": embedded_dsn(settings, "booking", "app"),
             "GATEWAY_DATABASE_DSN": embedded_dsn(settings, "gateway", "app")},
            {"MIGRATION_DSN": embedded_dsn(settings, "booking", "owner"),
             "GATEWAY_MIGRATION_DSN": embedded_dsn(settings, "gateway", "owner")})


def create_database(settings):
    """An empty database in DATA_DIR/mysql, whole or not at all. Its file has room ahead, so that bookings go on for a
    while on a full disk."""
    data = settings.data_dir / "mysql"
    if data.exists():
        return
    fresh = settings.data_dir / "mysql.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    link(settings.run_dir / "mysql", fresh)
    user = pwd.getpwuid(os.getuid()).pw_name
    run = subprocess.run(
        [program("mariadb-install-db"), f"--defaults-file={settings.run_dir}/mariadb.cnf",
         f"--datadir={settings.run_dir}/mysql", f"--user={user}", "--auth-root-authentication-method=socket",
         f"--auth-root-socket-user={user}", "--skip-test-db", "--skip-name-resolve",
         "--force",     # also on a host whose own name cannot be looked up: the database needs no name
         "--innodb-data-file-path=ibdata1:64M:autoextend"],
        cwd=settings.run_dir, env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if run.returncode:
        raise Failure(f"The database could not be created:\n{run.stdout}")
    fresh.rename(data)


def client(settings):
    """The administrator's client: let in by the operating system's account, through the private socket."""
    return [program("mariadb"), "--no-defaults", f"--socket={settings.run_dir}/mysql.sock", "--protocol=socket",
            f"--user={pwd.getpwuid(os.getuid()).pw_name}", "--default-character-set=utf8mb4"]


def run_sql(settings, sql):
    return subprocess.run(client(settings), input=sql, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=settings.run_dir, text=True, errors="replace")


def accepts(path):
    """Whether somebody listens on the socket."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        return True
    return False


def wait_for_database(settings):
    """Recovery after a crash may take its time, so only a dead process or minutes end the waiting."""
    def is_dead():
        return not any(process.name == "mariadbd" or b"supervisord" in process.cmdline for process in processes(settings))

    # To look whether somebody listens costs less than to ask, and the server is starting meanwhile.
    wait_until(lambda: accepts(settings.run_dir / "mysql.sock") or is_dead(), 300, interval=0.03)
    answered = wait_until(lambda: not run_sql(settings, "SELECT 1;").returncode or is_dead(), 300, interval=0.1)
    if not answered or run_sql(settings, "SELECT 1;").returncode:
        raise Failure("The database does not answer")


def create_accounts(settings):
    """Databases and accounts: an owner for migrations; an app for the rest, without rights until there are tables."""
    sql = []
    for account, password in account_passwords(settings).items():
        name, role = account.split("_")
        sql += [f"CREATE DATABASE IF NOT EXISTS {DATABASES[name]} CHARACTER SET utf8mb4;",
                f"CREATE USER IF NOT EXISTS {account}@localhost;",
                f"ALTER USER {account}@localhost IDENTIFIED BY '{password}';",
                f"GRANT ALL ON {DATABASES[name]}.* TO {account}@localhost;" if role == "owner" else
                f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {account}@localhost;"]
    run = run_sql(settings, "\n".join(sql))
    if run.returncode:
        raise Failure(f"The database accounts could not be created:\n{run.stdout}")


def grant_rights(settings):
    """What the programs may do, table by table. Without a gateway program its tables may be missing."""
    granted = (ROOT / "sql/rights.sql").read_text().split(";")
    run = run_sql(settings, ";".join(grant for grant in granted
                                     if settings.gateway_program or DATABASES["gateway"] not in grant))
    if run.returncode:
        raise Failure(f"The database accounts could not be given their rights:\n{run.stdout}")


def dsn_parts(dsn):
    if dsn.startswith(("mysql://", "mariadb://")):
        url = urllib.parse.urlsplit(dsn)
        place = [f"--host={url.hostname}", f"--port={url.port or 3306}", "--protocol=tcp"]
        return (urllib.parse.unquote(url.username or ""), urllib.parse.unquote(url.password or ""), place,
                url.path.lstrip("/"))
    parts = re.fullmatch(r"([^:@]*)(?::(.*))?@(tcp|unix)\((.*)\)/([^?]*)(?:\?.*)?", dsn, re.S)
    if not parts:
        raise Failure("DATABASE_DSN is not like user:pass@tcp(host:port)/db or user:pass@unix(/path)/db")
    user, password, kind, where, database = parts.groups()
    if kind == "unix":
        return user, password or "", [f"--socket={where}"], database
    host, _, port = where.rpartition(":") if re.search(r":\d+$", where) else (where, "", "3306")
    return user, password or "", [f"--host={host.strip('[]')}", f"--port={port}", "--protocol=tcp"], database
