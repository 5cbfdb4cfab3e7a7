# SPDX-License-Identifier: MIT
"""A MySQL group of three in the place of Galera's nodes. The server is that of another system: MYSQL_ROOT."""

import os
import subprocess
import time

import pymysql

import nodes
from nodes import CONF, ROOT, Cluster, Failure, Node

MYSQL = ROOT / "tests/servers/mysql"
GROUP = "5b7c9a3e-2f0d-4c51-9d7e-0a1b2c3d4e5f"
SMALL = """
# ---- this machine has three of these members ----
[mysqld]
user = root
datadir = {0}/data
socket = {1}
pid-file = {0}/pid
tmpdir = {0}/tmp
log-error = {0}/node.log
secure-file-priv = NULL
innodb-buffer-pool-size = 64M
innodb-redo-log-capacity = 64M
max-connections = 200
"""


class Group(Cluster):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.nodes = [Member(self, node.number, node.address, node.enter) for node in self.nodes]

    def start(self):
        for node in self.nodes:
            node.create()
            node.start(join=False)
            node.prepare()
        self.nodes[0].query("SET GLOBAL group_replication_bootstrap_group = ON")
        self.nodes[0].query("START GROUP_REPLICATION")
        self.nodes[0].query("SET GLOBAL group_replication_bootstrap_group = OFF")
        self.nodes[0].wait_until_synced()
        for node in self.nodes[1:]:
            node.query("START GROUP_REPLICATION")
            node.wait_until_synced()
        self.create_accounts()
        for node in self.nodes:
            node.start_agent()
        self.start_proxy()

    def query(self, sql, *args):
        return self.primary().query(sql, *args)

    def primary(self):
        for node in self.nodes:
            if node.is_alive() and node.role() == "PRIMARY":
                return node
        raise Failure("the group has no primary")

    def dsn(self, account, place=None):
        return super().dsn(account, place) + "?tls=skip-verify"

    def processes(self):
        """The server is run by the other system's loader, which gives the process its name."""
        return {pid: "mariadbd" if name.startswith("ld-linux") else name for pid, name in super().processes().items()}


class Member(Node):
    def configure(self):
        for directory in (self.directory, self.directory / "tmp"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = (CONF / "group.cnf").read_text()
        for mark, value in (("@NUMBER@", str(self.number)), ("@ADDRESS@", self.address), ("@GROUP@", GROUP),
                            ("@SEEDS@", ",".join(f"{address}:33061" for address in self.cluster.addresses))):
            text = text.replace(mark, value)
        (self.directory / "my.cnf").write_text(text + SMALL.format(self.directory, self.socket))

    def create(self):
        self.configure()
        self.run(str(MYSQL / "mysqld"), "--no-defaults", "--initialize-insecure", f"--datadir={self.data}", "--user=root")

    def start(self, join=True):
        for name in (self.socket, f"{self.socket}.lock"):
            if os.path.exists(name):
                os.unlink(name)
        process = subprocess.Popen([*self.enter, str(MYSQL / "mysqld"), self.options], env=self.cluster.environment,
                                   cwd=self.directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=open(self.directory / "errors", "a"), start_new_session=True)
        nodes.wait_for(lambda: process.poll() is not None or self.role() is not None, 60, f"{self.name} to start", 0.2)
        if join:
            self.query("START GROUP_REPLICATION")

    def prepare(self):
        self.query("SET SQL_LOG_BIN = 0")
        with self.connect() as connection, connection.cursor() as cursor:
            for sql in ("SET SQL_LOG_BIN = 0", "CREATE USER recovery@'%' IDENTIFIED BY 'recovery'",
                        "GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO recovery@'%'",
                        "SET SQL_LOG_BIN = 1", "RESET BINARY LOGS AND GTIDS",
                        "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = 'recovery'"
                        " FOR CHANNEL 'group_replication_recovery'"):
                cursor.execute(sql)

    def member(self):
        try:
            found = self.query("SELECT member_role AS role, member_state AS state FROM"
                               " performance_schema.replication_group_members WHERE member_id = @@server_uuid")
            return found[0] if found else {"role": "", "state": ""}
        except (pymysql.Error, OSError):
            return {"role": None, "state": None}

    def role(self):
        return self.member()["role"]

    def is_synced(self):
        return self.member()["state"] == "ONLINE"

    def checksums(self):
        tables = [f"`{row['s']}`.`{row['t']}`" for row in self.query(
            "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema IN ('flight_booking', 'payment_gateway') ORDER BY 1, 2")]
        return {row["Table"]: row["Checksum"] for row in self.query("CHECKSUM TABLE " + ", ".join(tables))} if tables else {}
