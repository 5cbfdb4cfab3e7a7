# SPDX-License-Identifier: MIT
"""The programs' database accounts can do what the programs do, and nothing more."""

import re

import pymysql
import pytest

from stack import ROOT

BOOKING, GATEWAY = "DATABASE_DSN", "GATEWAY_DATABASE_DSN"
NOT_ALLOWED = {1044, 1045, 1142, 1143, 1227, 1290, 1370, 1410, 1698}


def refused(stack, variable, sql):
    with stack.app_db(variable) as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.MySQLError) as caught:
            cursor.execute(sql)
    assert caught.value.args[0] in NOT_ALLOWED, f"{sql}: {caught.value}"


@pytest.mark.parametrize("variable, table", [(BOOKING, "orders"), (BOOKING, "hold_slots"), (BOOKING, "audit_log"), (GATEWAY, "charges")])
@pytest.mark.parametrize("sql", [
    "CREATE TABLE {t}_2 (id INT)", "DROP TABLE {t}", "ALTER TABLE {t} ADD COLUMN extra INT", "TRUNCATE TABLE {t}",
    "CREATE INDEX extra ON {t} (created_at)", "CREATE VIEW {t}_2 AS SELECT * FROM {t}", "RENAME TABLE {t} TO {t}_2",
    "CREATE TRIGGER extra BEFORE INSERT ON {t} FOR EACH ROW SET @x = 1", "CREATE TEMPORARY TABLE extra (id INT)",
    "LOCK TABLES {t} WRITE", "CREATE DATABASE extra", "DROP DATABASE flight_booking", "DELETE FROM {t} LIMIT 0",
    "CREATE PROCEDURE extra() SELECT 1", "CREATE EVENT extra ON SCHEDULE EVERY 1 DAY DO SELECT 1"])
def test_no_schema_is_changed(stack, variable, table, sql):
    refused(stack, variable, sql.format(t=table))


@pytest.mark.parametrize("variable", [BOOKING, GATEWAY])
@pytest.mark.parametrize("sql", [
    "CREATE USER extra@localhost", "GRANT SELECT ON *.* TO CURRENT_USER", "SELECT * FROM mysql.user",
    "SELECT * FROM mysql.global_priv", "SELECT 'x' INTO OUTFILE '/tmp/booking-extra'",
    "LOAD DATA INFILE '/etc/passwd' INTO TABLE charge_calls", "SET GLOBAL max_connections = 1", "FLUSH TABLES", "SHUTDOWN"])
def test_no_server_is_administered(stack, variable, sql):
    refused(stack, variable, sql)


@pytest.mark.parametrize("sql", [
    "UPDATE workflow_events SET detail = '' LIMIT 0", "DELETE FROM workflow_events LIMIT 0", "DELETE FROM orders LIMIT 0",
    "UPDATE locators SET order_id = '' LIMIT 0", "DELETE FROM locators LIMIT 0", "DELETE FROM persons LIMIT 0",
    "UPDATE order_tokens SET order_id = '' LIMIT 0",
    "DELETE FROM payments LIMIT 0", "UPDATE cabins SET plan = '' LIMIT 0", "UPDATE boardings SET passenger = '' LIMIT 0",
    "UPDATE audit_log SET reason = '' LIMIT 0", "DELETE FROM audit_log LIMIT 0", "REPLACE INTO audit_log (audit_id) VALUES (1)",
    "DELETE FROM staff_tokens LIMIT 0", "DELETE FROM persons LIMIT 0",
    "SELECT * FROM schema_migrations", "SELECT * FROM payment_gateway.charges"])
def test_history_money_and_plans_are_safe_from_the_api(stack, sql):
    refused(stack, BOOKING, sql)


@pytest.mark.parametrize("sql", ["SELECT * FROM flight_booking.orders", "SELECT * FROM flight_booking.payments"])
def test_the_simulator_knows_nothing_of_bookings(stack, sql):
    refused(stack, GATEWAY, sql)


def test_no_account_is_let_in_without_its_password(stack):
    dsn = stack.programs_environment()[BOOKING]
    socket = re.search(r"unix\((.*)\)", dsn)[1]
    for user in ("booking_app", "booking_owner", "gateway_app", "gateway_owner", "nobody"):
        with pytest.raises(pymysql.MySQLError):
            pymysql.connect(unix_socket=socket, user=user, password="")


def test_every_right_that_is_given_is_used():
    """Every right is needed by some statement in the sources."""
    sources = "\n".join(path.read_text() for top in ("booking/store", "fcgi/simulator", "fcgi/stripe") for path in (ROOT / top).glob("*.c"))
    sources = re.sub(r'"\s*\n\s*"', " ", sources)
    verbs = {"INSERT": r"(INSERT (IGNORE )?|REPLACE )INTO {t}\b", "UPDATE": r"UPDATE {t}\b|FOR UPDATE|DUPLICATE KEY UPDATE",
             "DELETE": r"DELETE FROM {t}\b", "SELECT": r"(FROM|JOIN) {t}\b"}
    text = (ROOT / "sql/rights.sql").read_text()
    grants = re.findall(r"^GRANT (.*) ON \w+\.(\w+) TO", text, re.M)
    assert len(grants) == text.count("\nGRANT ") > 15
    for rights, table in grants:
        for right in rights.split(", "):
            assert re.search(verbs[right].format(t=table), sources), f"{right} on {table}"
