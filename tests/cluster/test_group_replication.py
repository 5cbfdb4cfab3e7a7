# SPDX-License-Identifier: MIT
"""The same with MySQL's Group Replication and a single primary, on the server in MYSQL_ROOT."""

import os
import shutil
import subprocess
import tempfile
import time

import pymysql
import pytest

from clustered import LONG, SETTINGS, ClusteredStack, migrated
from group import Group
from lab import NETWORK, OURS
from load import Load
from stack import wait_for

pytestmark = [LONG, pytest.mark.skipif(not os.environ.get("MYSQL_ROOT"), reason="needs MySQL's server: MYSQL_ROOT")]
KILLS = int(os.environ.get("GROUP_KILLS") or 3)


class StackOnGroup(ClusteredStack):
    def root_db(self):
        return wait_for(self.primary, 30, "a primary").connect()

    def primary(self):
        return next((node for node in self.cluster.nodes if node.role() == "PRIMARY" and node.is_synced()), None)


@pytest.fixture(scope="module")
def cluster(lab):
    directory = tempfile.mkdtemp(prefix="bkg-")
    addresses = [f"{NETWORK}.{number}" for number in (1, 2, 3)]
    hosts = [lab.host(f"node{number}", address) for number, address in enumerate(addresses, 1)]
    group = Group(directory, addresses, (OURS, 3306), [host.entered for host in hosts])
    try:
        group.start()
        yield group
    finally:
        group.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(cluster):
    StackOnGroup.cluster = cluster
    stack = StackOnGroup({**SETTINGS, **cluster.environment_of_programs()})
    try:
        migrated(cluster, stack)
        stack.start()
        yield stack
    finally:
        stack.stop()


def test_planned_switches(cluster, stack, capsys):
    outages = []
    with Load(stack, cluster, seed=1) as load:
        for _ in range(4):
            other = next(node for node in cluster.nodes if node.role() == "SECONDARY")
            since = time.monotonic()
            other.query("SELECT group_replication_set_as_primary(@@server_uuid)")
            outages.append(load.outage(since))
    with capsys.disabled():
        print(f"\nGroup Replication, 4 planned switches: {sorted(round(each, 2) for each in outages)}; {load.told()}", end="")


def test_killed_primary(cluster, stack, capsys):
    outages, returns = [], []
    with Load(stack, cluster, seed=2) as load:
        for _ in range(KILLS):
            primary = cluster.primary()
            outages.append(load.outage(primary.kill(), within=60))
            begun = time.monotonic()
            primary.start()
            primary.wait_until_synced(200)
            returns.append(time.monotonic() - begun)
    with capsys.disabled():
        print(f"\nGroup Replication, {KILLS} × kill -9: first 201 after {sorted(round(each, 2) for each in outages)};"
              f" back after {sorted(round(each, 1) for each in returns)}; {load.told()}", end="")
    assert max(outages) < 15


def test_primary_that_is_cut_off(cluster, stack, lab, capsys):
    """The network of its host fails. What is left alone writes nothing, and comes back by itself."""
    with Load(stack, cluster, seed=3) as load:
        primary, since = cluster.primary(), time.monotonic()
        lab.divide(primary.name)
        outage = load.outage(since, within=60)
        said = told_by_agent(lab, primary)
        assert said.endswith("503") and "reaches 1 of 3" in said
        wait_for(lambda: primary.member()["state"] == "ERROR", 60, "the member to give up")
        with pytest.raises(pymysql.MySQLError):
            primary.query("UPDATE seats SET status = status", database="flight_booking")
        lab.unite(primary.name)
        primary.wait_until_synced(300)
    with capsys.disabled():
        print(f"\nGroup Replication, the primary cut off: first 201 after {outage:.1f} s; {load.told()}", end="")
    assert outage < 20


def test_programs_that_are_left_with_the_minority(cluster, stack, api, lab, capsys):
    """They answer 503 until the network is whole again."""
    with Load(stack, cluster, seed=4) as load:
        primary = cluster.primary()
        others = [node for node in cluster.nodes if node is not primary]
        lab.divide(*(node.name for node in others))
        wait_for(lambda: api.get("/health", timeout=20).status == 503, 30)
        before = primary.query("SELECT @@gtid_executed AS g")[0]["g"]
        for _ in range(5):
            api.post("/api/orders", {"flightId": "x", "seats": ["A1"], "userId": "alone"}, timeout=20).refused(503, "DATABASE_UNAVAILABLE")
            time.sleep(0.2)
        assert primary.query("SELECT @@gtid_executed AS g")[0]["g"] == before
        lab.unite(*(node.name for node in others))
        since = time.monotonic()
        outage = load.outage(since, within=120)
        for node in cluster.nodes:
            node.wait_until_synced(300)
    with capsys.disabled():
        print(f"\nGroup Replication, left with the minority: first 201 {outage:.1f} s after it was united; {load.told()}", end="")


def told_by_agent(lab, node):
    """What the agent on the node's host says, asked there, and the status."""
    return subprocess.run([*lab.hosts[node.number - 1].entered, "curl", "-s", "-w", "%{http_code}",
                           f"http://{node.address}:9200/writer"], check=True, capture_output=True, text=True).stdout
