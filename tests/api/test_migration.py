# SPDX-License-Identifier: MIT
"""Upgrades: the previous version's schema becomes today's, with data in it and programs at work on it."""

import contextlib
import getpass
import json
import os
import shutil
import subprocess
import threading
import uuid

import pymysql
import pytest

from stack import BUILD, ROOT, wait_for

BEFORE = ["0001_booking.sql", "0002_hold_slots.sql", "0003_job_kinds.sql"]


@pytest.fixture
def schema(stack):
    """The test's own database on the stack's server: (its name, its owner's DSN, the administrator's connection)."""
    name = f"upgrade_{uuid.uuid4().hex[:8]}"
    password = json.loads((stack.data_dir / "credentials").read_text())["booking_owner"]
    root = stack.root_db()
    with root, root.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"GRANT ALL ON {name}.* TO booking_owner@localhost")
        root.select_db(name)
        yield name, f"booking_owner:{password}@unix({stack.data_dir}/run/mysql.sock)/{name}", cursor
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"REVOKE ALL ON {name}.* FROM booking_owner@localhost")


def migrate(dsn, directory, *arguments):
    return subprocess.run([BUILD / "migrate", *arguments, directory], env={**os.environ, "MIGRATION_DSN": dsn}, text=True,
                          capture_output=True, timeout=60)


def of_before(tmp_path):
    """The migrations of the previous version."""
    directory = tmp_path / "sql"
    directory.mkdir()
    for name in BEFORE:
        shutil.copy(ROOT / "sql" / name, directory)
    (directory / "demo").mkdir()
    shutil.copy(ROOT / "sql/demo/flights.sql", directory / "demo")      # the places came later
    return directory


class ProgramOfBefore(threading.Thread):
    """Holds, changes and cancels orders with the statements of version 1.0's programs, one seat after another of its
    own column."""

    def __init__(self, socket, schema, column):
        super().__init__()
        self.column, self.done, self.error, self.stop = column, 0, None, threading.Event()
        self.db = pymysql.connect(unix_socket=socket, user=getpass.getuser(), database=schema, charset="utf8mb4",
                                  init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def execute(self, sql, *arguments):
        with self.db.cursor() as cursor:
            return cursor.execute(sql, arguments)

    def run(self):
        try:
            while not self.stop.is_set():
                self.book(f"{self.done % 49 + 1}{self.column}", f"{self.done % 49 + 2}{self.column}")
                self.done += 1
        except Exception as error:
            self.error = error
        finally:
            self.db.close()

    def transaction(self, *steps):
        """Runs the steps again after a deadlock or a lock timeout, as the programs do."""
        for left in reversed(range(60)):
            try:
                for step in steps:
                    assert step() != 0
                return self.db.commit()
            except pymysql.MySQLError as error:
                if error.args[0] not in (1205, 1213) or not left:
                    raise
                self.db.rollback()

    def book(self, seat, other):
        order = str(uuid.uuid4())
        self.transaction(lambda: self.hold(order, seat))
        self.transaction(lambda: self.lock(order), lambda: self.free(order, seat), lambda: self.take(order, other),
                         lambda: self.execute("UPDATE orders SET status = 'SEATS_RESERVED', seats = %s, version = 2,"
                                              " total_price_cents = 68900 WHERE order_id = %s AND version = 1", other, order))
        self.transaction(lambda: self.lock(order),
                         lambda: self.execute("UPDATE orders SET status = 'CANCELLED', expires_at = NULL, version = 3"
                                              " WHERE order_id = %s AND version = 2", order),
                         lambda: self.free(order, other),
                         lambda: self.execute("DELETE FROM workflow_jobs WHERE order_id = %s", order))

    def lock(self, order):
        return self.execute("SELECT status FROM orders WHERE order_id = %s FOR UPDATE", order)

    def hold(self, order, seat):
        self.execute("SELECT seat_number, status, reserved_by FROM seats WHERE flight_id = 'fl-900' AND seat_number IN (%s, %s)"
                     " ORDER BY flight_id, seat_number FOR UPDATE", seat, seat)
        self.execute("INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, expires_at, total_price_cents,"
                     " currency, version, workflow_id, run_id, created_at, updated_at) VALUES (%s, 'fl-900', 'old',"
                     " 'SEATS_RESERVED', %s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), 68900, 'EUR', 1, '', 'x', UTC_TIMESTAMP(3),"
                     " UTC_TIMESTAMP(3))", order, seat)
        self.take(order, seat)
        return self.execute("INSERT INTO workflow_jobs (kind, order_id, run_at, created_at, updated_at) VALUES ('EXPIRE_HOLD', %s,"
                            " UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", order)

    def take(self, order, seat):
        return self.execute("UPDATE seats SET status = 'RESERVED', reserved_by = %s, user_id = 'old', reserved_at = UTC_TIMESTAMP(3)"
                            " WHERE flight_id = 'fl-900' AND seat_number = %s AND status = 'AVAILABLE'", order, seat)

    def free(self, order, seat):
        return self.execute("UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL"
                            " WHERE flight_id = 'fl-900' AND seat_number = %s AND reserved_by = %s", seat, order)


def test_a_database_in_use_is_upgraded(stack, schema, tmp_path):
    name, dsn, cursor = schema
    assert migrate(dsn, of_before(tmp_path), "--demo-flights").returncode == 0
    cursor.execute("INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, total_price_cents, currency,"
                   " workflow_id, created_at, updated_at) SELECT UUID(), 'fl-900', 'before', 'CANCELLED', '1A', UTC_TIMESTAMP(3),"
                   " 68900, 'EUR', '', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM seats a, seats b LIMIT 20000")
    programs = [ProgramOfBefore(f"{stack.data_dir}/run/mysql.sock", name, column) for column in "ACE"]
    for program in programs:
        program.start()
    try:
        wait_for(lambda: all(program.done > 3 for program in programs), 10, "the programs to be at work")
        done = migrate(dsn, ROOT / "sql", "--demo-flights")
        assert done.returncode == 0, done.stdout + done.stderr
        at = [program.done for program in programs]
        wait_for(lambda: all(p.error or p.done > n + 10 for p, n in zip(programs, at)), 10, "them to go on")
    finally:
        for program in programs:
            program.stop.set()
            program.join()
    assert [program.error for program in programs] == [None] * 3
    cursor.execute("SELECT cabin_id, (SELECT COUNT(*) FROM seats s WHERE s.flight_id = f.flight_id AND features IS NULL) FROM flights f"
                   " WHERE flight_id = 'fl-900'")
    assert cursor.fetchone() == ("cabin-abc-def-ghj-50", 0)
    cursor.execute("SELECT COUNT(*), COUNT(seat_prices) FROM orders")
    assert cursor.fetchone() == (20000 + sum(program.done for program in programs), 0)
    cursor.execute("SELECT name FROM schema_migrations")
    assert sorted(row for row, in cursor) == sorted(path.name for path in (ROOT / "sql").glob("[0-9]*.sql"))
    cursor.execute("SELECT COUNT(*) FROM seats WHERE status <> 'AVAILABLE'")
    assert cursor.fetchone() == (0,)


# -- flights without a cabin ---------------------------------------------------------------------

def add_flight(cursor, flight, layout="A BC", rows=10, form="{column}{row}", departs="2031-03-15 02:30:00", **columns):
    """A flight as the first version's programs and SQL by hand insert it."""
    row = {"flight_id": flight, "flight_number": "TST1", "origin": "BOS", "destination": "DCA", "origin_time_zone": "America/New_York",
           "departure_time": departs, "seat_rows": rows, "seat_layout": layout, "price_cents": 12900, "currency": "USD", **columns}
    cursor.execute(f"INSERT INTO flights ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", tuple(row.values()))
    cursor.executemany("INSERT INTO seats (flight_id, seat_number, seat_row, seat_column) VALUES (%s, %s, %s, %s)",
                       [(flight, form.format(row=n, column=c), n, c) for n in range(1, rows + 1) for c in layout.replace(" ", "")])


def rows_of(cursor, sql, *args):
    cursor.execute(sql, args)
    return list(cursor.fetchall())


def test_flights_of_the_version_before_get_cabins(schema, tmp_path):
    name, dsn, cursor = schema
    assert migrate(dsn, of_before(tmp_path), "--demo-flights").returncode == 0
    add_flight(cursor, "a-lone-seat", "ABC DEF", 2, "{row}{column}")
    cursor.execute("DELETE FROM seats WHERE flight_id = 'a-lone-seat' AND seat_number IN ('1A', '2E')")
    add_flight(cursor, "as-fl123", exit_rows="5")
    done = migrate(dsn, ROOT / "sql", "--demo-flights")
    assert done.returncode == 0 and "gave 5 flights with 640 seats their cabins" in done.stdout, done.stdout + done.stderr
    assert rows_of(cursor, "SELECT flight_id, cabin_id, cabin_version, departure_day = DATE(CONVERT_TZ(departure_time, '+00:00', '-04:00'))"
                           " FROM flights WHERE flight_id IN ('FL123', 'as-fl123', 'a-lone-seat', 'fl-101') ORDER BY flight_id") == [
        ("FL123", "cabin-a-bc-10", 1, 1), ("a-lone-seat", "cabin-abc-def-2", 1, 1), ("as-fl123", "cabin-a-bc-10", 1, 1),
        ("fl-101", "cabin-abc-def-20", 1, 1)]
    assert rows_of(cursor, "SELECT seat_number, cabin_class, features FROM seats WHERE flight_id = 'FL123' AND seat_row IN (4, 5)"
                           " ORDER BY seat_number") == [
        ("A4", "economy", "aisle,window"), ("A5", "economy", "aisle,exit,window"), ("B4", "economy", "aisle"),
        ("B5", "economy", "aisle,exit"), ("C4", "economy", "window"), ("C5", "economy", "exit,window")]
    assert rows_of(cursor, "SELECT seat_number, features FROM seats WHERE flight_id = 'a-lone-seat' AND seat_row = 1") == [
        ("1B", ""), ("1C", "aisle"), ("1D", "aisle"), ("1E", ""), ("1F", "window")]
    assert json.loads(rows_of(cursor, "SELECT plan FROM cabins WHERE cabin_id = 'cabin-abc-def-2'")[0][0])["sections"] == [
        {"class": "economy", "rows": "1-2", "columns": "ABC DEF", "without": ["1A", "2E"]}]
    assert rows_of(cursor, "SELECT departure_day FROM flights WHERE flight_id = 'as-fl123'")[0][0].isoformat() == "2031-03-14"
    assert rows_of(cursor, "SELECT COUNT(*) FROM seats WHERE features IS NULL") == [(0,)]
    assert rows_of(cursor, "SELECT COUNT(*) FROM flights WHERE version <> 1 OR fares <> '' OR surcharges <> '' OR departure_day IS NULL") == [(0,)]
    # The next one has nothing to do; a flight that SQL has added since gets its cabin, and an equal one.
    before = rows_of(cursor, "SELECT * FROM seats") + rows_of(cursor, "SELECT * FROM flights") + rows_of(cursor, "SELECT * FROM cabins")
    assert migrate(dsn, ROOT / "sql").stdout == ""
    assert rows_of(cursor, "SELECT * FROM seats") + rows_of(cursor, "SELECT * FROM flights") + rows_of(cursor, "SELECT * FROM cabins") == before
    add_flight(cursor, "added-since", exit_rows="5")
    add_flight(cursor, "other-exits", exit_rows="6")
    cursor.execute("UPDATE flights SET departure_time = departure_time + INTERVAL 1 DAY WHERE flight_id = 'as-fl123'")
    assert migrate(dsn, ROOT / "sql").stdout == "gave 2 flights with 60 seats their cabins\n"
    assert rows_of(cursor, "SELECT cabin_id FROM flights WHERE flight_id IN ('added-since', 'other-exits') ORDER BY flight_id") == [
        ("cabin-a-bc-10",), ("cabin-a-bc-10-2",)]
    assert rows_of(cursor, "SELECT departure_day FROM flights WHERE flight_id = 'as-fl123'")[0][0].isoformat() == "2031-03-15"


def test_flights_that_follow_no_plan_stay_as_they_are(schema):
    name, dsn, cursor = schema
    assert migrate(dsn, ROOT / "sql").returncode == 0
    add_flight(cursor, "n-numbers")
    cursor.execute("UPDATE seats SET seat_number = 'A99' WHERE flight_id = 'n-numbers' AND seat_number = 'A9'")
    add_flight(cursor, "n-column")
    cursor.execute("UPDATE flights SET seat_layout = 'A B' WHERE flight_id = 'n-column'")
    add_flight(cursor, "n-business")
    cursor.execute("UPDATE seats SET cabin_class = 'business' WHERE flight_id = 'n-business' AND seat_row = 1")
    add_flight(cursor, "n-surcharge", surcharges="window=500")
    add_flight(cursor, "n-no-seats", rows=0)
    add_flight(cursor, "yes")
    before = rows_of(cursor, "SELECT * FROM seats WHERE flight_id <> 'yes'")
    for given in ("gave 1 flight with 30 seats its cabin\n", ""):
        done = migrate(dsn, ROOT / "sql")
        assert done.returncode == 0 and done.stdout.endswith(given), done.stdout + done.stderr
        for flight, why in (("n-numbers", "the seat A99 has another number"), ("n-column", "a column that is not in the layout"),
                            ("n-business", "a class or features of its own"), ("n-surcharge", "it has fares or surcharges")):
            line, = [line for line in done.stdout.splitlines() if f"flight {flight} " in line]
            assert "stays on sale as it is" in line and why in line
        assert "n-no-seats" not in done.stdout
    assert rows_of(cursor, "SELECT * FROM seats WHERE flight_id <> 'yes'") == before
    assert rows_of(cursor, "SELECT flight_id FROM flights WHERE cabin_id IS NOT NULL") == [("yes",)]


def test_a_killed_run_goes_on(schema):
    name, dsn, cursor = schema
    assert migrate(dsn, ROOT / "sql").returncode == 0
    for n in range(60):
        add_flight(cursor, f"flight-{n:02}", "ABC DEF", 20, "{row}{column}", exit_rows="10")
    for kills in range(3):
        done = rows_of(cursor, "SELECT COUNT(*) FROM seats WHERE features IS NOT NULL")[0][0]
        with subprocess.Popen([BUILD / "migrate", ROOT / "sql"], env={**os.environ, "MIGRATION_DSN": dsn}, stdout=subprocess.DEVNULL) as run:
            wait_for(lambda: run.poll() is not None or rows_of(cursor, "SELECT COUNT(*) FROM seats WHERE features IS NOT NULL")[0][0]
                     > done + 100 * kills, 20, "some seats to be filled in")
            run.kill()
    # As if it had been killed between two batches, and between the seats and the flight.
    cursor.execute("UPDATE flights SET cabin_id = NULL, cabin_version = NULL WHERE flight_id IN ('flight-01', 'flight-02')")
    cursor.execute("UPDATE seats SET features = NULL, cabin_class = NULL WHERE flight_id = 'flight-01' AND seat_row > 7")
    assert migrate(dsn, ROOT / "sql").returncode == 0
    assert rows_of(cursor, "SELECT cabin_id, cabin_version, COUNT(*) FROM flights GROUP BY cabin_id, cabin_version") == [("cabin-abc-def-20", 1, 60)]
    kinds = "SELECT features, COUNT(*) FROM seats WHERE cabin_class = 'economy' GROUP BY features ORDER BY features"
    assert rows_of(cursor, kinds) == [("", 2280), ("aisle", 2280), ("aisle,exit", 120), ("exit", 120), ("exit,window", 120), ("window", 2280)]
    assert rows_of(cursor, "SELECT COUNT(*) FROM cabins") == [(1,)]


def test_nothing_changes_for_customers(own_stack):
    """Neither a price nor a field of an answer, so the page is as it was, too."""
    stack = own_stack()
    flight, api = stack.new_flight(exit_rows="5"), stack.api()
    held = api.hold(flight, "A1")
    before = [api.get(path).ok() for path in (f"/api/flights/{flight}", f"/api/flights/{flight}/seats", f"/api/orders/{held['orderId']}")]
    password = json.loads((stack.data_dir / "credentials").read_text())["booking_owner"]
    done = migrate(f"booking_owner:{password}@unix({stack.data_dir}/run/mysql.sock)/flight_booking", ROOT / "sql")
    assert done.returncode == 0 and "with 30 seats" in done.stdout, done.stdout + done.stderr
    assert stack.query("SELECT COUNT(*) AS n FROM seats WHERE flight_id = %s AND features IS NULL", flight)[0]["n"] == 0
    after = [api.get(path).ok() for path in (f"/api/flights/{flight}", f"/api/flights/{flight}/seats", f"/api/orders/{held['orderId']}")]
    for each in (before[2], after[2]):
        each.pop("timerRemaining"), each.pop("serverTime")
    assert after == before
    changed = api.change(held, "A1", "B5").ok()
    assert changed["seatPrices"] == [12900, 12900] and changed["totalPriceCents"] == 25800
    api.pay(changed).ok()
    stack.wait_status(changed, "CONFIRMED")


# -- a file that fails half way ----------------------------------------------------------------

@pytest.fixture
def own(schema, tmp_path):
    """A directory with one migration of the test: (write its text, run migrate, the administrator's connection)."""
    name, dsn, cursor = schema
    directory = tmp_path / "own"
    directory.mkdir()
    return (directory / "0001_own.sql").write_text, lambda: migrate(dsn, directory), cursor


def test_a_migration_may_take_its_time(own):
    """A migration may run longer than any request may wait for the database."""
    write, run, cursor = own
    write("CREATE TABLE one (id INT PRIMARY KEY);\nDO SLEEP(16);\nCREATE TABLE two (id INT PRIMARY KEY);\n")
    done = run()
    assert done.returncode == 0, done.stderr
    cursor.execute("SHOW TABLES LIKE 't__'")
    assert cursor.fetchall() == (("two",),)
    again = run()
    assert again.returncode == 0 and again.stdout == ""


def test_a_file_that_failed_goes_on_where_it_stopped(own):
    write, run, cursor = own
    text = "CREATE TABLE one (id INT PRIMARY KEY);\nINSERT INTO one VALUES (1);\nINSERT INTO missing VALUES (1);\nCREATE TABLE two (id INT);\n"
    write(text)
    for _ in range(2):
        failed = run()
        assert failed.returncode == 1
        assert "0001_own.sql, statement 3 (INSERT INTO missing" in failed.stderr and "1146" in failed.stderr
        assert "the statements before it (2) are done and noted" in failed.stderr
    cursor.execute("CREATE TABLE missing (id INT PRIMARY KEY)")
    done = run()
    assert done.returncode == 0, done.stderr
    for table in ("one", "missing"):
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        assert cursor.fetchone() == (1,)
    cursor.execute("SELECT COUNT(*) FROM migration_progress")
    assert cursor.fetchone() == (0,)


def test_a_statement_that_was_run_and_not_noted(own):
    """The process was killed after it ran the statement and before it noted that, so the table exists already."""
    write, run, cursor = own
    write("CREATE TABLE one (id INT PRIMARY KEY);\nCREATE TABLE two (id INT PRIMARY KEY);\nBROKEN;\n")
    assert run().returncode == 1
    cursor.execute("UPDATE migration_progress SET statements = 1")
    write("CREATE TABLE one (id INT PRIMARY KEY);\nCREATE TABLE two (id INT PRIMARY KEY);\nDO 1;\n")
    done = run()
    assert done.returncode == 0, done.stderr


def test_batches(own):
    write, run, cursor = own
    write("CREATE TABLE one (id INT PRIMARY KEY, n INT NULL);\nINSERT INTO one (id) VALUES "
          + ", ".join(f"({i})" for i in range(250)) + ";\n-- repeat\nUPDATE one SET n = 1 WHERE n IS NULL LIMIT 100;\n")
    done = run()
    assert done.returncode == 0, done.stderr
    cursor.execute("SELECT COUNT(*) FROM one WHERE n IS NULL")
    assert cursor.fetchone() == (0,)


# -- seats that are held --------------------------------------------------------------------------

@pytest.fixture
def sold(stack, api, flight):
    """A flight where A1 is held and B1 is sold: ({seat: its order}, the flight)."""
    orders = {"A1": api.hold(flight, "A1"), "B1": api.hold(flight, "B1")}
    api.pay(orders["B1"]).ok()
    stack.wait_status(orders["B1"], "CONFIRMED")
    return orders, flight


@pytest.mark.parametrize("seat", ["A1", "B1"])
@pytest.mark.parametrize("by_hand", [
    "DELETE FROM seats WHERE flight_id = %s AND seat_number = %s",
    "DELETE FROM seats WHERE flight_id = %s AND (seat_row <> 5 OR seat_number = %s)",
    "UPDATE seats SET seat_number = 'Z99' WHERE flight_id = %s AND seat_number = %s",
    "UPDATE seats SET flight_id = 'FL123', seat_number = 'Z98' WHERE flight_id = %s AND seat_number = %s",
    "REPLACE INTO seats (flight_id, seat_number, seat_row, seat_column) VALUES (%s, %s, 1, 'A')",
])
def test_a_seat_that_is_held_or_sold_is_not_removed_by_sql(stack, sold, seat, by_hand):
    orders, flight = sold
    before = stack.everything(orders[seat])
    with pytest.raises(pymysql.MySQLError, match="held or sold"):
        stack.query(by_hand, flight, seat)
    assert stack.everything(orders[seat]) == before


def test_a_free_seat_is(stack, api, sold):
    orders, flight = sold
    assert stack.query("DELETE FROM seats WHERE flight_id = %s AND seat_number = 'A2'", flight) == 1
    assert stack.query("UPDATE seats SET seat_number = 'Z2' WHERE flight_id = %s AND seat_number = 'B2'", flight) == 1
    assert stack.query("UPDATE seats SET seat_row = 77 WHERE flight_id = %s AND seat_number = 'A1'", flight) == 1
    api.cancel(orders["A1"]).ok()
    assert stack.query("DELETE FROM seats WHERE flight_id = %s AND seat_number = 'A1'", flight) == 1
    assert stack.admin().post("/api/admin/reset", {"flightId": flight}).ok()["seatsFreed"] == 1
    assert stack.query("DELETE FROM seats WHERE flight_id = %s", flight) == 28


# -- servers and accounts that refuse triggers ----------------------------------------------------

def test_an_account_without_the_right_upgrades_all_the_same_with_a_warning(stack, schema, tmp_path):
    name, dsn, cursor = schema
    cursor.execute(f"REVOKE TRIGGER ON {name}.* FROM booking_owner@localhost")
    for _ in range(2):
        done = migrate(dsn, ROOT / "sql")
        assert done.returncode == 0 and "right TRIGGER" in done.stderr and "0004_seats_kept.sql" in done.stderr
    cursor.execute("SELECT COUNT(*) FROM schema_migrations WHERE name = '0004_seats_kept.sql'")
    assert cursor.fetchone() == (0,)
    cursor.execute(f"GRANT TRIGGER ON {name}.* TO booking_owner@localhost")
    done = migrate(dsn, ROOT / "sql")
    assert (done.returncode, done.stderr) == (0, "") and "0004_seats_kept.sql" in done.stdout
    cursor.execute("SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = %s", name)
    assert cursor.fetchone() == (4,)


@contextlib.contextmanager
def server_with_a_binary_log(directory):
    """Starts the test's own database server: (the administrator's connection, the path of its socket)."""
    user, path = getpass.getuser(), {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
    (directory / "data").mkdir(parents=True)
    (directory / "my.cnf").write_text(f"[mariadbd]\nuser = {user}\ndatadir = {directory}/data\nsocket = {directory}/s\n"
                                      f"pid-file = {directory}/pid\nskip-networking\nlog-bin = {directory}/data/log\n"
                                      "server-id = 1\ninnodb-buffer-pool-size = 32M\ninnodb-log-file-size = 16M\n")
    subprocess.run(["mariadb-install-db", f"--defaults-file={directory}/my.cnf", f"--datadir={directory}/data",
                    f"--user={user}", "--auth-root-authentication-method=socket", f"--auth-root-socket-user={user}",
                    "--skip-test-db"], env=path, check=True, capture_output=True)
    server = subprocess.Popen(["mariadbd", f"--defaults-file={directory}/my.cnf"], env=path, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        def connected():
            with contextlib.suppress(pymysql.MySQLError):
                return pymysql.connect(unix_socket=f"{directory}/s", user=user, autocommit=True)
        connection = wait_for(connected, 60, "the server to answer", interval=0.2)
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        server.terminate()
        server.wait(60)


def test_a_server_that_refuses_triggers_says_what_to_set(tmp_path_factory):
    directory = tmp_path_factory.mktemp("s")
    with server_with_a_binary_log(directory) as cursor:
        cursor.execute("SET GLOBAL log_bin_trust_function_creators = 0")
        cursor.execute("CREATE DATABASE d")
        cursor.execute("CREATE USER owner@localhost IDENTIFIED BY 'x'")
        cursor.execute("GRANT ALL ON d.* TO owner@localhost")
        done = migrate(f"owner:x@unix({directory}/s)/d", ROOT / "sql")
        assert done.returncode == 1 and "its log_bin_trust_function_creators to 1" in done.stderr, done.stderr
        cursor.execute("SET GLOBAL log_bin_trust_function_creators = 1")
        done = migrate(f"owner:x@unix({directory}/s)/d", ROOT / "sql")
        assert (done.returncode, done.stderr) == (0, "")
