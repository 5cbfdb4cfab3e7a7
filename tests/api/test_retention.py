# SPDX-License-Identifier: MIT
"""Persons are forgotten: for one order by an operator, for all some time after departure. The names are then looked for
in the whole database, in all logs, and in a backup."""

import gzip
import json
import subprocess
import time
import uuid
from urllib.parse import quote

import pytest

from client import new_user
from fastcgi import Direct
from outside import Outside
from persons import give_locator
from stack import ROOT, wait_for


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(receiver, own_stack):
    return own_stack(PASSENGERS="optional", WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests", RETENTION="2s", SWEEPERS=2,
                     TRUST_REMOTE_USER="yes", ROLE_GROUPS="operator:ops,admin:it", ADMIN_TOKEN="test-admin-token", PAYMENT_TIMEOUT="1s")


@pytest.fixture
def api(stack):
    return stack.api()


class Person:
    """Somebody whose every name is nobody else's."""

    def __init__(self):
        mark = uuid.uuid4().hex[:10]
        self.user, self.family, self.given = f'us"er \\{mark}', f"Family{mark}", f"Given{mark}"
        self.email, self.account = f"mail{mark}@example.com", f"account{mark}@example.com"
        self.names = [mark]
        self.passenger = {"givenName": self.given, "familyName": self.family, "assistance": f"A wheelchair {mark}"}
        self.contact = {"email": self.email, "phone": "+49 30 " + str(int(mark, 16)), "language": "pt-BR"}
        self.names.append(self.contact["phone"])

    def books(self, stack, flight, seat, asker=None):
        """Holds and pays, with everything that may leave a trace. Returns the confirmed order."""
        api, key = asker or stack.api(), lambda: {"Idempotency-Key": uuid.uuid4().hex}
        infant = {"familyName": self.family, "kind": "infant"}
        order = api.post(f"/api/flights/{flight}/orders", {
            "userId": self.user, "seats": [seat], "passengers": [self.passenger, infant], "contact": self.contact}, headers=key()).ok(201)
        # Whoever leaves again is wiped then.
        api.put(f"/api/orders/{order['orderId']}/passengers", {"passengers": [self.passenger]}, headers=key()).ok()
        assert [row["forgotten_at"] is None for row in persons_of(stack, order)] == [True, False, True]
        api.put(f"/api/orders/{order['orderId']}/seats", {"seats": [seat]}, headers={**key(), "If-Match": '"99"'}).refused(
            412, "PRECONDITION_FAILED")
        api.get(f"/api/orders?userId={quote(self.user)}").ok() if asker is None else None
        api.pay(order, "99999", headers=key()).ok()
        stack.wait_status(order, "CONFIRMED")
        api.cancel(order, headers=key()).refused(409, "ORDER_CLOSED")
        found = stack.api().post("/api/bookings/find", {"locator": give_locator(stack, order), "familyName": self.family}).ok()
        self.token = found["token"]
        return api.order(order)


def persons_of(stack, order):
    return stack.query("SELECT * FROM persons WHERE order_id = %s ORDER BY person_id", order["orderId"])


# What stays of a person: that there was one, of which kind, and in which place.
KEPT = {"person_id", "kind", "order_id", "position", "passenger_kind", "created_at", "forgotten_at"}


def is_wiped(stack, order):
    rows = persons_of(stack, order)
    for row in rows:
        assert {column for column, value in row.items() if value is not None} <= KEPT, row
    return [(row["kind"], row["position"], row["passenger_kind"]) for row in rows] == [
        ("PASSENGER", 1, "adult"), ("PASSENGER", None, "infant"), ("CONTACT", None, None)]


def everywhere(stack, names):
    """Where in the databases any of these names stands: every column of every table."""
    found, connection = [], stack.root_db()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND"
                       " table_schema NOT IN ('information_schema', 'performance_schema', 'sys', 'mysql')")
        tables = cursor.fetchall()
        assert {"persons", "orders", "audit_log", "charges", "idempotency_keys"} <= {table for _, table in tables}
        for schema, table in tables:
            cursor.execute(f"SELECT * FROM `{schema}`.`{table}`")
            for row in cursor.fetchall():
                text = " ".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row)
                found += [(table, name) for name in names if name in text]
    return found


def backup_of(stack, path):
    saved = subprocess.run([str(ROOT / "conf/stack"), "backup", str(path)], cwd=ROOT, env=stack.environment(), text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert saved.returncode == 0, saved.stdout
    return gzip.decompress(path.read_bytes()).decode("utf-8", "replace")


def is_nowhere(stack, person, tmp_path):
    assert everywhere(stack, person.names) == []
    backup, logs = backup_of(stack, tmp_path / "after.sql.gz"), stack.logs()
    assert "orders" in backup and "persons_forgotten" in logs or "request" in logs
    for name in person.names:
        assert name not in backup and name not in logs


def forget(stack, order, reason="asked for by letter", **kw):
    return stack.admin().post(f"/api/admin/orders/{order['orderId']}/forget", {"reason": reason}, **kw)


def departs(stack, flight):
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) WHERE flight_id = %s", flight)


def is_forgotten(stack, order):
    row = stack.row(order)
    return (row["user_id"], row["owner"], row["forgotten_at"] is not None) == ("", None, True)


def what_stays(stack, order):
    """Money, counts and the course of the order."""
    everything = stack.everything(order)
    kept = {name: everything["order"][name] for name in ("status", "seats", "seat_prices", "total_price_cents", "currency", "locator",
                                                         "payment_attempts", "created_at", "reserved_at")}
    seats = [(seat["seat_number"], seat["status"], seat["reserved_by"]) for seat in everything["seats"]
             if seat["reserved_by"] == order["orderId"]]
    return kept, seats, everything["payment"], [event for event in everything["events"] if event["type"] != "PERSONS_FORGOTTEN"]


@pytest.mark.parametrize("signed_in", [False, True], ids=["user id", "account"])
def test_an_operator_has_one_order_forgotten(stack, tmp_path, signed_in):
    person, flight = Person(), stack.new_flight()
    asker = Direct(stack, REMOTE_USER=person.account) if signed_in else None
    order = person.books(stack, flight, "A1", asker)
    wait_for(lambda: not stack.everything(order)["jobs"], 10, "the confirmation")
    assert {table for table, _ in everywhere(stack, person.names)} >= {"orders", "seats", "persons", "idempotency_keys", "messages"}
    before = what_stays(stack, order)

    answer = forget(stack, order, headers={"Idempotency-Key": "forget-" + order["orderId"]}).ok()
    assert (answer["userId"], answer["status"], answer["version"]) == ("", "CONFIRMED", order["version"] + 1)
    assert what_stays(stack, order) == before and is_forgotten(stack, order) and is_wiped(stack, order)
    assert (answer["passengers"], answer["contact"]) == ([], None)
    is_nowhere(stack, person, tmp_path)

    # It cannot be found any more, by nobody.
    api = stack.api()
    api.post("/api/bookings/find", {"locator": order["locator"], "familyName": person.family}).refused(404, "ORDER_NOT_FOUND")
    api.get("/api/me", headers={"Authorization": f"Bearer {person.token}"}).refused(401, "UNAUTHORIZED")
    assert api.get(f"/api/orders?userId={quote(person.user)}").ok()["orders"] == []
    if signed_in:
        assert asker.get("/api/orders").ok()["orders"] == []
    for nobody in ("", "%20", "%00"):
        assert api.get(f"/api/orders?userId={nobody}").status == 400

    # Who did it, and why, is in the audit log; the order's history says that it was done.
    told = stack.query("SELECT action, was, became, reason FROM audit_log WHERE object_id = %s", order["orderId"])
    assert [(row["action"], row["reason"]) for row in told] == [("FORGET_PERSONS", "asked for by letter")]
    assert json.loads(told[0]["became"])["version"] == order["version"] + 1
    assert [e["by"] for e in stack.admin().events(order) if e["type"] == "PERSONS_FORGOTTEN"] == ["staff"]

    # A second time changes nothing, and a repetition gets the same answer.
    again = forget(stack, order).ok()
    assert {**again, "serverTime": ""} == {**answer, "serverTime": ""}
    repeated = forget(stack, order, headers={"Idempotency-Key": "forget-" + order["orderId"]})
    kept = {name: value for name, value in answer.items() if name not in ("passengers", "contact")}
    assert repeated.json == kept and repeated.headers["Idempotency-Replayed"] == "true"
    assert len(stack.query("SELECT 1 FROM audit_log WHERE object_id = %s", order["orderId"])) == 1


def test_an_open_order_is_not_forgotten(stack, api):
    person, flight = Person(), stack.new_flight()
    order = api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": person.user},
                     headers={"Idempotency-Key": (key := uuid.uuid4().hex)}).ok(201)
    before = stack.everything(order)
    forget(stack, order).refused(409, "ORDER_OPEN")
    assert stack.everything(order) == before
    again = api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": person.user}, headers={"Idempotency-Key": key})
    assert again.headers["Idempotency-Replayed"] == "true", "its answers are kept"
    # A hold that is over is final, even if nothing has ended it yet.
    stack.lapse(order)
    answer = forget(stack, order).ok()
    assert (answer["status"], answer["userId"]) == ("EXPIRED", "") and stack.row(order)["status"] == "EXPIRED"
    assert everywhere(stack, person.names) == []


def test_conditions_and_reasons_count(stack, api):
    order = api.hold(stack.new_flight(), "A1")
    api.cancel(order).ok()
    forget(stack, order, headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")
    forget(stack, order, reason=" ").refused(400, "INVALID_REQUEST")
    assert not is_forgotten(stack, order)
    forget(stack, order, headers={"If-Match": '"2"'}).ok()
    forget(stack, {"orderId": str(uuid.uuid4())}).refused(404, "ORDER_NOT_FOUND")


def test_only_the_order_that_is_meant(stack, api):
    person, flight = Person(), stack.new_flight()
    kept, gone = (person.books(stack, flight, seat) for seat in ("A1", "A2"))
    before = stack.everything(kept)["order"], stack.query("SELECT * FROM persons WHERE order_id = %s", kept["orderId"])
    keys = stack.query("SELECT COUNT(*) AS n FROM idempotency_keys WHERE body LIKE %s", f"%{kept['orderId']}%")
    forget(stack, gone).ok()
    assert (stack.everything(kept)["order"], stack.query("SELECT * FROM persons WHERE order_id = %s", kept["orderId"])) == before
    assert stack.query("SELECT COUNT(*) AS n FROM idempotency_keys WHERE body LIKE %s", f"%{kept['orderId']}%") == keys
    assert stack.query("SELECT COUNT(*) AS n FROM idempotency_keys WHERE body LIKE %s", f"%{gone['orderId']}%") == [{"n": 0}]


def test_some_time_after_departure_all_are_forgotten(stack, api, tmp_path):
    person, flight, later = Person(), stack.new_flight(), stack.new_flight()
    orders = [person.books(stack, flight, "A1"), api.hold(flight, "B1", user=person.user), api.hold(flight, "C1", user=person.user)]
    api.cancel(orders[1]).ok()
    kept = api.hold(later, "A1", user=new_user())
    api.cancel(kept).ok()
    wait_for(lambda: not stack.everything(orders[0])["jobs"], 10, "the confirmation")
    before = what_stays(stack, orders[0])
    departs(stack, flight)
    time.sleep(1.5)
    assert not is_forgotten(stack, orders[0]), "too early"
    wait_for(lambda: is_forgotten(stack, orders[0]) and is_forgotten(stack, orders[1]), 10, "those that are final")
    assert not is_forgotten(stack, orders[2]), "nothing has ended it yet"
    stack.fire_timer(orders[2])
    wait_for(lambda: all(is_forgotten(stack, order) for order in orders), 10, "all to be forgotten")
    assert what_stays(stack, orders[0]) == before and is_wiped(stack, orders[0])
    for order in orders:
        told = [e for e in stack.admin().events(order) if e["type"] == "PERSONS_FORGOTTEN"]
        assert [(e["by"], e["toStatus"]) for e in told] == [("system", None)]
        assert stack.query("SELECT 1 FROM audit_log WHERE object_id = %s", order["orderId"]) == []
    is_nowhere(stack, person, tmp_path)
    assert not is_forgotten(stack, kept)


def test_a_locked_order_is_passed_over_and_keeps_nothing_waiting(stack, api):
    flight = stack.new_flight()
    orders = [api.hold(flight, seat) for seat in ("A1", "B1", "C1")]
    for order in orders:
        api.cancel(order).ok()
    root = stack.root_db()
    with root, root.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM flight_booking.orders WHERE order_id = %s FOR UPDATE", orders[1]["orderId"])
        departs(stack, flight)
        wait_for(lambda: is_forgotten(stack, orders[0]) and is_forgotten(stack, orders[2]), 10, "the others to be forgotten")
        # A timer fires on time meanwhile.
        held = api.hold(stack.new_flight(), "A1")
        stack.fire_timer(held)
        wait_for(lambda: stack.row(held)["status"] == "EXPIRED", 1.5, "the timer", interval=0.05)
        assert not is_forgotten(stack, orders[1])
        cursor.execute("ROLLBACK")
    wait_for(lambda: is_forgotten(stack, orders[1]), 10, "the one that was locked")


def test_many_sweepers_forget_each_order_once(stack, api):
    """More orders than a step does, on more flights than one."""
    flights = [stack.new_flight(rows=20) for _ in range(3)]
    seats = [f"{letter}{row}" for row in range(1, 21) for letter in "ABC"][:50]
    orders = [api.hold(flight, seat) for flight in flights for seat in seats]
    for order in orders:
        api.cancel(order).ok()
    for flight in flights:
        departs(stack, flight)
    left = "SELECT COUNT(*) AS n FROM orders WHERE flight_id IN (%s, %s, %s) AND forgotten_at IS NULL"
    wait_for(lambda: stack.query(left, *flights) == [{"n": 0}], 20, "all to be forgotten")
    told = stack.query("SELECT e.order_id, COUNT(*) AS n FROM workflow_events e JOIN orders o ON o.order_id = e.order_id"
                       " WHERE o.flight_id IN (%s, %s, %s) AND e.type = 'PERSONS_FORGOTTEN' GROUP BY e.order_id", *flights)
    assert len(told) == len(orders) and {row["n"] for row in told} == {1}


def test_staff_are_forgotten_when_they_have_long_done_nothing(stack, api, tmp_path):
    gone, stays = (f"staff-{uuid.uuid4().hex[:10]}" for _ in range(2))
    members = {name: stack.admin().post("/api/admin/staff", {"name": name, "role": "agent"}).ok(201) for name in (gone, stays)}
    signed = f"otto{uuid.uuid4().hex[:10]}@example.com"
    order = api.hold(stack.new_flight(), "A1")
    Direct(stack, REMOTE_USER=signed, REMOTE_GROUPS="ops").post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "x"}).ok()
    order = api.hold(stack.new_flight(), "A1")
    stack.api(Authorization=f"Bearer {members[gone]['token']}").post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "x"}).ok()
    stack.admin().delete(f"/api/admin/staff/{members[gone]['id']}").ok()
    assert {name for _, name in everywhere(stack, [gone, stays, signed])} == {gone, stays, signed}
    wait_for(lambda: {name for _, name in everywhere(stack, [gone, stays, signed])} == {stays}, 15, "both to be forgotten")
    # The rows of the log and the ids in it stay, and so does whoever is the setting.
    by = stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE actor_id = %s", members[gone]["id"])
    assert by == [{"n": 1}]
    assert stack.query("SELECT COUNT(*) AS n FROM persons WHERE known_by = 'SETTING' AND name IS NOT NULL") == [{"n": 2}]
    # The same name may be given again, to somebody else.
    again = stack.admin().post("/api/admin/staff", {"name": gone, "role": "viewer"}).ok(201)
    assert again["id"] != members[gone]["id"]


def test_without_retention_nobody_is_forgotten(own_stack):
    stack = own_stack()
    flight = stack.new_flight()
    order = stack.api().hold(flight, "A1")
    stack.api().cancel(order).ok()
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) - INTERVAL 300 DAY WHERE flight_id = %s", flight)
    time.sleep(1.5)
    assert not is_forgotten(stack, order)
