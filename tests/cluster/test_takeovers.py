# SPDX-License-Identifier: MIT
"""The database host that takes the writes is lost in every way that there is, while customers book.

No acknowledged change is lost, no seat is sold twice, nothing is charged without a ticket, no customer is refused for
what the same request has done, and the nodes have the same in the end. `make test-cluster` runs all of it, and kills
the writer CLUSTER_KILLS times.
"""

import os
import shutil
import signal
import subprocess
import time

import pymysql
import pytest

from clustered import LONG
from load import Load
from stack import BUILD, ROOT, wait_for

KILLS = int(os.environ.get("CLUSTER_KILLS") or 3)
SWITCHES = int(os.environ.get("CLUSTER_SWITCHES") or 8)
# The timers of conf/cluster/galera.cnf make it about two seconds, on a machine that is not busy.
MOST = float(os.environ.get("CLUSTER_OUTAGE") or 5)


def say(capsys, line):
    with capsys.disabled():
        print("\n" + line, end="", flush=True)


def told(times):
    times = sorted(times)
    return f"{times[0]:.2f} to {times[-1]:.2f} s, median {times[len(times) // 2]:.2f} s"


@pytest.fixture(autouse=True)
def whole(cluster, lab):
    yield
    lab.unite("node1", "node2", "node3")
    for node in cluster.nodes:
        if not node.is_alive():
            node.start()
        node.wait_until_synced()


def test_planned_switches(cluster, stack, capsys):
    """An operator takes the writer out of service, as for an upgrade of its host."""
    outages = []
    with Load(stack, cluster, seed=1) as load:
        for _ in range(SWITCHES):
            writer = cluster.writer()
            since = time.monotonic()
            cluster.ask_proxy(f"set server booking_database/{writer.name} state maint")
            outages.append(load.outage(since))
            cluster.ask_proxy(f"set server booking_database/{writer.name} state ready")
            wait_for(lambda: cluster.is_up(writer), 10, "the node to be up again")
            assert cluster.writer() is not writer, "the node that came back took over"
        failed = load.failed()
    assert not failed, f"a planned switch is not noticed: {failed}\n{failures(stack)}"
    say(capsys, f"{SWITCHES} planned switches: {told(outages)}; {load.told()}")


def test_killed_writer(cluster, stack, capsys):
    outages, returns, writers = [], [], set()
    with Load(stack, cluster, seed=2) as load:
        for _ in range(KILLS):
            writer = cluster.writer()
            writers.add(writer.name)
            outages.append(load.outage(writer.kill()))
            begun = time.monotonic()
            writer.start()
            writer.wait_until_synced()
            returns.append(time.monotonic() - begun)
            wait_for(lambda: cluster.is_up(writer), 10, "the node to be up again")
            assert cluster.writer() is not writer, "the node that came back took over"
    say(capsys, f"{KILLS} × kill -9: first 201 after {told(outages)}; the node was back after {told(returns)}; {load.told()}")
    assert len(writers) > 1 and max(outages) <= MOST


def test_writer_that_stands_still_for_ten_seconds(cluster, stack, capsys):
    """Without a word to anyone, as a host does whose disk or hypervisor hangs; then it goes on where it stood."""
    with Load(stack, cluster, seed=3) as load:
        writer = cluster.writer()
        pid, since = writer.pid(), time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        outage = load.outage(since)
        time.sleep(max(0, 10 - (time.monotonic() - since)))
        os.kill(pid, signal.SIGCONT)
        writer.wait_until_synced()
    say(capsys, f"SIGSTOP for 10 s: first 201 after {outage:.2f} s; {load.told()}")
    assert outage <= MOST + 2   # an agent's silence is noticed later than its no


@LONG
def test_writer_that_is_cut_off(cluster, stack, lab, capsys):
    """The network of the writer's host fails. What is left alone writes nothing, and is nobody's database."""
    with Load(stack, cluster, seed=4) as load:
        writer, since = cluster.writer(), time.monotonic()
        lab.divide(writer.name)
        outage = load.outage(since)
        assert writer.status("wsrep_cluster_status") == "non-Primary"
        for sql in ("SELECT COUNT(*) FROM orders", "UPDATE seats SET status = status"):
            with pytest.raises(pymysql.OperationalError) as refused:
                writer.query(sql, database="flight_booking")
            assert refused.value.args[0] == 1047
        lab.unite(writer.name)
        writer.wait_until_synced()
    say(capsys, f"cut off: first 201 after {outage:.2f} s; {load.told()}")
    assert outage <= MOST + 2


@LONG
def test_programs_that_are_left_with_the_minority(cluster, stack, api, lab, capsys):
    """They answer 503 until the network is whole again, and write nothing."""
    with Load(stack, cluster, seed=5) as load:
        writer = cluster.writer()
        others = [node for node in cluster.nodes if node is not writer]
        lab.divide(*(node.name for node in others))
        wait_for(lambda: writer.status("wsrep_cluster_status") == "non-Primary", 10)
        wait_for(lambda: others[0].status("wsrep_cluster_size") == "2" and others[0].is_synced(), 10)
        positions = [node.status("wsrep_last_committed") for node in cluster.nodes]
        for _ in range(5):
            api.post("/api/orders", {"flightId": "x", "seats": ["A1"], "userId": "alone"}, timeout=20).refused(503, "DATABASE_UNAVAILABLE")
            time.sleep(0.2)
        assert api.get("/health").status == 503
        assert [node.status("wsrep_last_committed") for node in cluster.nodes] == positions
        since = time.monotonic()
        lab.unite(*(node.name for node in others))
        outage = load.outage(since)
    say(capsys, f"left with the minority, and united again: first 201 after {outage:.2f} s; {load.told()}")


def test_host_that_is_lost_for_good(cluster, stack, capsys):
    """A new host gets everything from another, which goes on working; no connection is cut for that."""
    with Load(stack, cluster, seed=6) as load:
        writer = cluster.writer()
        lost = next(node for node in cluster.nodes if node is not writer)
        lost.kill()
        lost.lose()
        begun = time.monotonic()
        lost.start()
        lost.wait_until_synced()
        took = time.monotonic() - begun
        assert cluster.writer() is writer
    say(capsys, f"a lost node was rebuilt in {took:.1f} s; {load.told()}")


@LONG
def test_all_hosts_lose_power_at_once(cluster, stack, capsys):
    with Load(stack, cluster, seed=7) as load:
        for node in cluster.nodes:
            node.kill()
        since = time.monotonic()
        cluster.start()
        outage = load.outage(since, within=60)
    say(capsys, f"all three killed, and started again: first 201 after {outage:.1f} s; {load.told()}")


def failures(stack):
    """What the API says of requests that failed lately."""
    return "\n".join(line for line in stack.logs().splitlines() if "request_failed" in line or "DATABASE_UNAVAILABLE" in line
                     or '"status":503' in line and '"path":"/api' in line)[-3000:]


@LONG
def test_rolling_upgrade(cluster, stack, tmp_path, capsys):
    """A migration, a restart of every node, and one of the programs, in the order of docs/cluster.md. No request fails."""
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    (tmp_path / "sql/9999_upgrade.sql").write_text("ALTER TABLE orders ADD COLUMN upgrade_test INT NULL;\n")
    with Load(stack, cluster, seed=8) as load:
        owner = cluster.environment_of_programs()
        run = subprocess.run([BUILD / "migrate", tmp_path / "sql"], capture_output=True, text=True,
                             env={**stack.environment(), **owner, "DATABASE_DSN": owner["MIGRATION_DSN"]})
        assert run.returncode == 0, run.stderr
        writer = cluster.writer()
        for node in sorted(cluster.nodes, key=lambda node: node is writer):
            cluster.ask_proxy(f"set server booking_database/{node.name} state maint")
            wait_for(lambda: cluster.writer() not in (None, node), 5)
            time.sleep(0.5)
            node.stop()
            node.start()
            node.wait_until_synced()
            cluster.ask_proxy(f"set server booking_database/{node.name} state ready")
            wait_for(lambda: cluster.is_up(node), 10, "the node to be up again")
        # One process after the other, as booking-restart does on a host.
        for pid in [*stack.pids("booking-api"), *stack.pids("sweeper")]:
            os.kill(pid, signal.SIGTERM)
            wait_for(lambda: pid not in stack.all_pids(), 10)
            time.sleep(0.3)
        failed = load.failed()
    say(capsys, f"upgraded, node after node; {load.told()}")
    assert not failed, f"an upgrade is not noticed: {failed}\n{failures(stack)}"


@LONG
def test_backup_of_a_node_is_restored(cluster, stack, api, tmp_path, capsys):
    """It is taken from a node that takes no writes, while customers book, and no request fails. Then all three hosts are
    lost, and a new cluster begins with the backup."""
    backup = tmp_path / "backup"
    with Load(stack, cluster, seed=9) as load:
        node = next(node for node in cluster.nodes if node is not cluster.writer())
        begun = time.monotonic()
        node.run("mariadb-backup", node.options, "--backup", "--galera-info", f"--target-dir={backup}", "--user=root",
                 f"--socket={node.socket}")
        took = time.monotonic() - begun
    failed = load.failed()
    assert not failed, f"a backup is not noticed: {failed}\n{failures(stack)}"
    for each in cluster.nodes:
        each.stop()
        each.lose()
    first = cluster.nodes[0]
    first.run("mariadb-backup", "--prepare", f"--target-dir={backup}")
    first.configure()
    first.run("mariadb-backup", first.options, "--copy-back", f"--target-dir={backup}")
    first.start(bootstrap=True)
    first.wait_until_synced()
    for other in cluster.nodes[1:]:
        other.start()
        other.wait_until_synced()
    wait_for(lambda: api.get("/health", timeout=20).status == 200, 30, "the stack on the restored cluster")
    assert api.post("/api/orders", {"flightId": stack.new_flight(), "seats": ["A1"], "userId": "after"}).status == 201
    assert not cluster.differences()
    say(capsys, f"a backup from a node took {took:.1f} s; {load.told()}")
