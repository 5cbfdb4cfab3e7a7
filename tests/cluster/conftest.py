# SPDX-License-Identifier: MIT
"""A cluster of three database hosts with networks of their own, and the product on it."""

import shutil
import tempfile

import pytest

from clustered import SETTINGS, ClusteredStack, migrated
from host import OWN_NETWORK
from lab import NETWORK, OURS, Lab
from nodes import Cluster, program

def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/cluster/" in str(item.path):
            item.add_marker(OWN_NETWORK)


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    with lab.entered():
        yield lab
    lab.end()


@pytest.fixture(scope="module")
def cluster(lab):
    try:
        for name in ("mariadbd", "haproxy", "mariadb-backup", "wsrep_sst_mariabackup"):
            program(name)
    except Exception as missing:
        pytest.skip(str(missing))
    directory = tempfile.mkdtemp(prefix="bkc-")
    addresses = [f"{NETWORK}.{number}" for number in (1, 2, 3)]
    hosts = [lab.host(f"node{number}", address) for number, address in enumerate(addresses, 1)]
    cluster = Cluster(directory, addresses, (OURS, 3306), [host.entered for host in hosts])
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(cluster):
    ClusteredStack.cluster = cluster
    stack = ClusteredStack({**SETTINGS, **cluster.environment_of_programs()})
    try:
        migrated(cluster, stack)
        stack.start()
        yield stack
    finally:
        stack.stop()
