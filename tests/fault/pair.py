# SPDX-License-Identifier: MIT
"""Two MariaDB servers, of which the second follows the first."""

import subprocess

import pymysql

from stack import query, wait_for

OPTIONS = """
[mariadbd]
user = root
datadir = {0}/data
socket = {0}/mysql.sock
pid-file = {0}/mysql.pid
tmpdir = {0}
log-error = {0}/log
skip-networking = {1}
bind-address = 127.0.0.1
port = {2}
server-id = {3}
log-bin = binlog
binlog-format = ROW
slave-exec-mode = IDEMPOTENT
performance-schema = OFF
innodb-buffer-pool-size = 16M
innodb-log-file-size = 16M
thread-handling = pool-of-threads
"""


class Server:
    """A MariaDB server in a directory of its own."""

    def __init__(self, directory, number, port=0):
        self.directory, self.socket = directory, directory / "mysql.sock"
        directory.mkdir()
        (directory / "my.cnf").write_text(OPTIONS.format(directory, "OFF" if port else "ON", port, number))
        self.run("mariadb-install-db", "--auth-root-authentication-method=socket", "--auth-root-socket-user=root",
                 "--skip-test-db", "--skip-name-resolve", "--force", "--user=root")
        self.process = subprocess.Popen(["mariadbd", f"--defaults-file={directory}/my.cnf"], stdin=subprocess.DEVNULL)
        wait_for(self.answers, 30, "the server")

    def run(self, program, *arguments):
        subprocess.run([program, f"--defaults-file={self.directory}/my.cnf", *arguments], check=True, capture_output=True)

    def answers(self):
        try:
            self.query("SELECT 1")
            return True
        except pymysql.Error:
            return False

    def query(self, sql, *args, database=None):
        return query(pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True, database=database), sql, *args)

    def end(self):
        self.process.kill()
        self.process.wait()


class Pair:
    """A server, and another that follows it, but only when it is told to."""

    def __init__(self, directory, port):
        self.first, self.second = Server(directory / "first", 1, port), Server(directory / "second", 2)
        for server in (self.first, self.second):
            # What the installation wrote is each server's own.
            server.query("RESET MASTER")
        self.first.query("CREATE USER follower@'%%' IDENTIFIED BY 'follower'")
        self.first.query("GRANT REPLICATION SLAVE ON *.* TO follower@'%%'")
        self.second.query(f"CHANGE MASTER TO master_host = '127.0.0.1', master_port = {port}, master_user = 'follower',"
                          " master_password = 'follower', master_use_gtid = slave_pos")
        self.second.query("START SLAVE")

    def catch_up(self):
        """Lets the second server apply all that the first has committed."""
        position = self.first.query("SELECT @@gtid_binlog_pos AS p")[0]["p"]
        self.second.query("START SLAVE SQL_THREAD")
        assert self.second.query("SELECT MASTER_GTID_WAIT(%s, 20) AS failed", position)[0]["failed"] == 0

    def fall_behind(self):
        self.catch_up()
        self.second.query("STOP SLAVE SQL_THREAD")

    def end(self):
        self.first.end()
        self.second.end()
