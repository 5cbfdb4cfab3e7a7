# SPDX-License-Identifier: MIT
"""The same with MySQL's Group Replication and a single primary, on the server in MYSQL_ROOT."""

import os
import shutil
import tempfile
import time

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
