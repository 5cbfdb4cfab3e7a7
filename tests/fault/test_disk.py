# SPDX-License-Identifier: MIT
"""A full disk: requests get the truth or a 503, processes that die are started again, and with room all continues."""

import contextlib
import os
import signal
import time
import uuid

import pymysql
import pytest

import audit
from disk import fill, filled, small_disk
from stack import Stack, wait_for

DANGER = 15 << 20  # with less room than this, the disk watch makes the database read-only


@pytest.fixture(scope="module")
def disk():
    with small_disk(640) as directory:
        if directory is None:
            pytest.skip("no disk can be mounted here")
        yield directory


@pytest.fixture(scope="module")
def stack(disk, broken_stack):
    return broken_stack(Stack({"API_WORKERS": 4, "GATEWAY_WORKERS": 2, "PAYMENT_TIMEOUT": "1s"}, data_dir=disk / "stack"))


@pytest.fixture
def full(stack, disk):
    """Fills the disk, and all but `left` bytes of the free room inside the database's file, until the block ends."""
    @contextlib.contextmanager
    def until_the_end(left=0):
        with stack.root_db() as root, root.cursor() as cursor:
            cursor.execute("SET max_recursive_iterations = 4000")
            cursor.execute("CREATE TABLE flight_booking.room_taker (filler CHAR(250) CHARACTER SET ascii)")
            try:
                with filled(disk / "ballast"):
                    take_room(cursor, left)
                    yield
            finally:
                cursor.execute("DROP TABLE flight_booking.room_taker")
    return until_the_end


def test_full_disk(stack, api, disk):
    """The database's file has free room inside, so only the logs suffer from the full disk."""
    flight = stack.new_flight(rows=10)
    with filled(disk / "ballast"):
        for row in range(1, 6):
            order = api.hold(flight, f"A{row}")
            api.pay(order, "99999").ok()
            stack.wait_status(order, "CONFIRMED")
    audit.audit(stack)


def test_full_disk_and_full_database(stack, api, disk, full):
    flight = stack.new_flight(rows=99, layout="ABCDEF")
    api.plain = True
    told, answers = [], []

    def book(seat):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        answers.append(api.post(f"/api/flights/{flight}/orders", {"userId": "full", "seats": [seat]}, headers=key))
        if answers[-1].status == 201:
            told.append(answers[-1].json)
            assert api.pay(told[-1], "99999").status in (200, 503)
    with stack.without("disk"), full():
        for row in range(1, 6):
            for pid in stack.pids("booking-api")[:1] + stack.pids("sweeper")[:1]:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: len(stack.pids("booking-api")) == 4 and stack.pids("sweeper"), 20, "the killed processes to be started again")
            fill(disk / "ballast")
            book(f"A{row}")
        for seat in (f"{letter}{row}" for letter in "BCDEF" for row in range(1, 100)):
            book(seat)
            if [answer.status for answer in answers].count(503) > 20:
                break
    statuses = {answer.status for answer in answers}
    assert 503 in statuses and statuses <= {201, 502, 503}, answers
    wait_for(stack.healthy, 20, "the stack to be well again")
    told.append(api.hold(flight, "A99"))
    api.pay(told[-1], "99999").ok()
    stack.wait_status(told[-1], "CONFIRMED")
    assert {o["orderId"] for o in told} <= {row["order_id"] for row in stack.query("SELECT order_id FROM orders")}
    audit.audit(stack)


def test_writing_ends_before_the_database_has_no_room(stack, api, full):
    """Only the test writes here. Writes that would make the file grow are refused, so it never has to."""
    flight, other = stack.new_flight(rows=10), stack.new_flight(rows=10)
    kept = api.hold(flight, "A1")
    with full(left=DANGER):
        wait_for(lambda: api.post(f"/api/flights/{other}/orders", {"userId": "full", "seats": ["A1"]}).status == 503, 10)
        with stack.root_db() as root, root.cursor() as cursor:
            assert room(cursor) > 8 << 20
        assert api.order(kept)["status"] == "SEATS_RESERVED"
        api.pay(kept, "99999").refused(503, "DATABASE_UNAVAILABLE")
        assert api.get("/health").status == 503
        stack.stop_program("disk")
        stack.supervisorctl("start", "disk")  # the new process knows what the previous one did
    wait_for(lambda: api.pay(kept, "99999").status == 200, 10)
    stack.wait_status(kept, "CONFIRMED")
    assert "disk_has_room_database_writable" in (stack.data_dir / "logs/disk.log").read_text()
    audit.audit(stack)


def test_the_watch_does_not_undo_an_administrators_read_only(stack, full):
    with stack.root_db() as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        with full(left=DANGER):
            time.sleep(2.5)  # the watch looks once a second
        time.sleep(2.5)
        cursor.execute("SELECT @@read_only")
        assert cursor.fetchone() == (1,)
        cursor.execute("SET GLOBAL read_only = 0")


def test_rows_that_have_no_room_to_grow_are_not_lost(stack, full):
    """MariaDB loses such rows if the table has its own small file, so the private database keeps all in one file."""
    with stack.root_db() as root, root.cursor() as cursor:
        cursor.execute("USE flight_booking")
        cursor.execute("CREATE TABLE grower (id INT PRIMARY KEY, twin INT, body VARCHAR(6000) CHARACTER SET ascii, KEY (twin))")
        cursor.execute("INSERT INTO grower WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 600)"
                       " SELECT id, id, REPEAT('a', 400) FROM n")
        cursor.execute("DELETE FROM grower WHERE id BETWEEN 60 AND 200")  # frees pages among the others
        cursor.execute("SET GLOBAL innodb_max_purge_lag_wait = 0")
        with full():
            grow = "UPDATE grower SET body = REPEAT('b', 5000) WHERE id = {}"
            assert any([is_full(cursor, grow.format(n)) for n in range(400, 600, 2)])
        cursor.execute("CHECK TABLE grower EXTENDED")
        assert [row[2:] for row in cursor.fetchall()] == [("status", "OK")]
        cursor.execute("SELECT COUNT(*) FROM grower FORCE INDEX (PRIMARY)")
        assert cursor.fetchone() == (459,)
        cursor.execute("DROP TABLE grower")


def room(cursor):
    """The free room inside the tables' file."""
    cursor.execute("SELECT data_free FROM information_schema.tables WHERE table_schema = 'flight_booking' AND table_name = 'orders'")
    return cursor.fetchone()[0]


def take_room(cursor, left):
    """Uses up the room, many rows at a time. If nothing may be left, the last inserts are smaller and smaller."""
    for rows in (4000,) if left else (4000, 400, 40, 4):
        while not (left and room(cursor) < left) and not is_full(
                cursor, "INSERT INTO flight_booking.room_taker WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL"
                f" SELECT id + 1 FROM n WHERE id < {rows}) SELECT REPEAT('x', 250) FROM n"):
            pass


def is_full(cursor, sql):
    try:
        cursor.execute(sql)
    except pymysql.OperationalError as error:
        assert error.args[0] == 1114, error
        return True
    return False
