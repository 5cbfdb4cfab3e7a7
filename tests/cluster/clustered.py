# SPDX-License-Identifier: MIT
"""A stack whose database is a cluster."""

import contextlib
import os
import subprocess

import pymysql
import pytest

from stack import BUILD, ROOT, Stack

LONG = pytest.mark.skipif(os.environ.get("CLUSTER") != "long", reason="takes minutes: make test-cluster")

SETTINGS = {"RESERVATION_TIMEOUT": "5s", "PAYMENT_TIMEOUT": "1s", "PAYMENT_PENDING_TIMEOUT": "4s", "PAYMENT_FAILURE_RATE": "0.15",
            "PAYMENT_MAX_DELAY": "700ms", "API_WORKERS": 24, "GATEWAY_WORKERS": 12, "SWEEPERS": 2}


class ClusteredStack(Stack):
    """A stack on the cluster. The tests' own questions go to a node's socket, whichever works."""

    cluster = None

    def db(self, variable="DATABASE_DSN"):
        connection = self.root_db()
        connection.select_db("flight_booking" if variable == "DATABASE_DSN" else "payment_gateway")
        return connection

    def root_db(self):
        last = None
        for node in sorted(self.cluster.nodes, key=lambda node: node is not self.cluster.writer()):
            with contextlib.suppress(pymysql.Error):
                connection = node.connect()
                last = connection
                with connection.cursor() as cursor:
                    cursor.execute("SET SESSION wsrep_sync_wait = 15")
                    cursor.execute("SELECT 1")
                return connection
        return last


def migrated(cluster, stack):
    """The tables, and the programs' rights on them."""
    owner = cluster.environment_of_programs()
    environment = {**stack.environment(), **owner, "DATABASE_DSN": owner["MIGRATION_DSN"], "GATEWAY_DATABASE_DSN": owner["GATEWAY_MIGRATION_DSN"]}
    for arguments in (["sql"], ["--gateway", "sql/gateway"]):
        subprocess.run([BUILD / "migrate", *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
    cluster.grant_rights()
