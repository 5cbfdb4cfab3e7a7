# SPDX-License-Identifier: MIT
"""The audit log: every change by staff, with what was before and after, in the transaction of the change."""

import datetime
import time
import uuid

import pytest

from client import Api, new_user
from stack import wait_for


@pytest.fixture(scope="module")
def stack(own_stack):
    """One of this module's own, whose log is short and whose tables get triggers."""
    return own_stack(ADMIN_TOKEN="test-admin-token", ALLOW_RESET="yes")


@pytest.fixture(scope="module")
def staff(stack):
    """{role: somebody who has it}, and the client that is theirs as `api`."""
    people = {}
    for role in ("viewer", "agent", "operator", "admin"):
        person = stack.admin().post("/api/admin/staff", {"name": f"Z\u00eb {role} {uuid.uuid4().hex[:8]}", "role": role}).ok(201)
        people[role] = {**person, "api": stack.api(Authorization=f"Bearer {person['token']}")}
    return people


@pytest.fixture
def log(stack, staff):
    return lambda query="": staff["viewer"]["api"].get(f"/api/admin/audit?{query}").ok()["entries"]


@pytest.fixture
def one_more(log):
    """Checks the newest entry of an action on an object, and returns it."""
    def check(who, action, kind, object_id, was, became, reason=None):
        entries = log(f"object={object_id}&action={action}&limit=1")
        assert entries, f"{action} of {object_id} is not in the log"
        entry = entries[0]
        assert entry["actor"] == {"id": who["id"], "name": who["name"]} and entry["role"] == who["role"]
        assert (entry["object"]["kind"], entry["object"]["id"], entry["action"]) == (kind, str(object_id), action)
        assert (entry["was"], entry["became"], entry["reason"]) == (was, became, reason)
        return entry
    return check


def state(order, **changes):
    return {name: {**order, **changes}[name] for name in ("status", "seats", "totalPriceCents", "currency", "version")}


# -- what is written ------------------------------------------------------------------------------

def test_what_agents_do_to_orders(stack, staff, flight, one_more):
    agent, api = staff["agent"], staff["agent"]["api"]
    held = api.hold(flight, "A1", "A2")
    one_more(agent, "HOLD_SEATS", "ORDER", held["orderId"], None, state(held))
    changed = api.change(held, "B1").ok()
    one_more(agent, "CHANGE_SEATS", "ORDER", held["orderId"], state(held), state(changed))
    canceled = api.cancel(held).ok()
    one_more(agent, "CANCEL_ORDER", "ORDER", held["orderId"], state(changed), state(canceled))
    assert [(e["by"], e["actor"]) for e in api.events(held)][-1] == ("staff", agent["name"])
    assert "actor" not in stack.api().events(held)[-1], "customers learn no names of staff"

    paid = api.hold(flight, "A1")
    submitted = api.pay(paid, "50400").ok()
    one_more(agent, "SUBMIT_PAYMENT", "ORDER", paid["orderId"], state(paid), state(submitted))
    api.cancel(paid).ok()


def test_a_cancellation_with_its_reason(stack, staff, flight, one_more):
    agent = staff["agent"]
    order = stack.api().hold(flight, "A1")
    path, reason = f"/api/admin/orders/{order['orderId'].upper()}/cancel", "Asked for by telephone \u260e"
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answer = agent["api"].post(path, {"reason": f"  {reason} "}, headers=key)
    assert answer.ok()["status"] == "CANCELLED" and answer.etag
    entry = one_more(agent, "CANCEL_ORDER", "ORDER", order["orderId"], state(order), state(answer.json), reason)
    assert entry["requestId"] == answer.headers["X-Request-Id"]
    again = agent["api"].post(path, {"reason": f"  {reason} "}, headers=key)
    assert again.ok() == answer.json and again.headers["Idempotency-Replayed"]
    agent["api"].post(path, {"reason": reason}).refused(409, "ORDER_CLOSED")
    assert stack.api().seats(flight)["A1"] == "AVAILABLE"
    assert reason not in str(stack.api().events(order)), "the reason is for staff"


def test_a_row_says_the_flight(stack, staff, flight, log):
    order = stack.api().hold(flight, "A1")
    staff["agent"]["api"].post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "Asked for"}).ok()
    row = log(f"object={order['orderId']}")[0]
    assert row["object"] == {"kind": "ORDER", "id": order["orderId"], "flight": order["flight"]}


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " \u2003"}, {"reason": "x" * 256}, {"reason": "a\nb"}, {"reason": 1}])
def test_no_cancellation_without_a_reason(stack, staff, flight, body):
    order = stack.api().hold(flight, "A1")
    path = f"/api/admin/orders/{order['orderId']}/cancel"
    assert staff["agent"]["api"].post(path, body).refused(400, "INVALID_REQUEST")["field"] == "reason"
    assert staff["viewer"]["api"].post(path, {"reason": "why"}).refused(403, "FORBIDDEN")["role"] == "agent"
    assert stack.api().order(order)["version"] == order["version"]
    staff["agent"]["api"].post(path, {"reason": "\u00e9" * 255}, headers={"If-Match": '"9"'}).refused(412, "PRECONDITION_FAILED")
    staff["agent"]["api"].post(path, {"reason": "\u00e9" * 255}).ok()


def test_what_operators_do(stack, staff, flight, one_more, log):
    operator, api = staff["operator"], staff["operator"]["api"]
    for verb, action, was, became in (("pause", "PAUSE_KIND", False, True), ("pause", "PAUSE_KIND", True, True),
                                      ("resume", "RESUME_KIND", True, False)):
        api.post(f"/api/admin/kinds/SEND_CONFIRMATION/{verb}").ok()
        one_more(operator, action, "KIND", "SEND_CONFIRMATION", {"paused": was}, {"paused": became})
    order = stack.api().hold(flight, "A1")
    job = api.get(f"/api/admin/jobs?orderId={order['orderId']}").ok()["jobs"][0]
    told = {"kind": "EXPIRE_HOLD", "orderId": order["orderId"]}
    stack.query("UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL WHERE job_id = %s", job["id"])
    api.post(f"/api/admin/jobs/{job['id']}/set-aside", {"reason": "It has failed already"}).ok()
    assert not log(f"object={job['id']}"), "nothing has changed"
    api.post(f"/api/admin/jobs/{job['id']}/retry").ok()
    one_more(operator, "RETRY_JOB", "JOB", job["id"], {**told, "status": "FAILED"}, {**told, "status": "PENDING"})
    wait_for(lambda: stack.query("SELECT 1 FROM workflow_jobs WHERE job_id = %s AND run_at > UTC_TIMESTAMP(3)", job["id"]), 10)
    api.post(f"/api/admin/jobs/{job['id']}/set-aside", {"reason": "Wait"}).ok()
    one_more(operator, "SET_ASIDE_JOB", "JOB", job["id"], {**told, "status": "PENDING"}, {**told, "status": "FAILED"}, "Wait")
    stack.query("UPDATE workflow_jobs SET status = 'RUNNING', locked_by = 'a/1/test', run_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
                " WHERE job_id = %s", job["id"])
    api.post(f"/api/admin/jobs/{job['id']}/release").ok()
    one_more(operator, "RELEASE_JOB", "JOB", job["id"], {**told, "status": "RUNNING"}, {**told, "status": "PENDING"})


def test_what_admins_do(stack, staff, flight, one_more):
    admin, api = staff["admin"], staff["admin"]["api"]
    added = api.post("/api/admin/staff", {"name": new_user(), "role": "viewer"}).ok(201)
    one_more(admin, "ADD_STAFF", "STAFF", added["id"], None, {"role": "viewer"})
    api.post(f"/api/admin/staff/{added['id']}/role", {"role": "agent"}).ok()
    one_more(admin, "SET_ROLE", "STAFF", added["id"], {"role": "viewer"}, {"role": "agent"})
    api.post(f"/api/admin/staff/{added['id']}/rotate").ok()
    one_more(admin, "ROTATE_TOKEN", "STAFF", added["id"], {"role": "agent"}, {"role": "agent"})
    api.delete(f"/api/admin/staff/{added['id']}").ok()
    one_more(admin, "REVOKE_TOKEN", "STAFF", added["id"], {"role": "agent"}, None)
    order = stack.api().hold(flight, "A1")
    api.post("/api/admin/reset", {"flightId": flight}).ok()
    ended = stack.api().order(order)
    one_more(admin, "CANCEL_ORDER", "ORDER", order["orderId"], state(order), state(ended))


def test_who_has_the_admin_token(stack, log, one_more):
    added = stack.admin().post("/api/admin/staff", {"name": new_user(), "role": "viewer"}).ok(201)
    entry = log(f"object={added['id']}&action=ADD_STAFF")[0]
    assert (entry["actor"]["name"], entry["role"]) == ("ADMIN_TOKEN", "admin")


def test_customers_leave_no_row(stack, flight, log):
    order = stack.api().hold(flight, "A1")
    stack.api().cancel(order).ok()
    assert log(f"object={order['orderId']}") == []


# -- in the same transaction ----------------------------------------------------------------------

def counts(stack):
    return stack.query("SELECT (SELECT COUNT(*) FROM audit_log) AS audit, (SELECT COUNT(*) FROM workflow_events) AS events")


def test_what_is_refused_leaves_no_row(stack, staff, flight):
    order = stack.api().hold(flight, "A1")
    stack.api().cancel(order).ok()
    before = counts(stack)
    for role, method, path, body in (
            ("agent", "DELETE", f"/api/orders/{order['orderId']}", {}),
            ("agent", "POST", f"/api/admin/orders/{order['orderId']}/cancel", {"json": {"reason": "why"}}),
            ("agent", "POST", f"/api/flights/{flight}/orders", {"json": {"userId": "x", "seats": ["Z9"]}}),
            ("operator", "POST", "/api/admin/jobs/999999999/retry", {}),
            ("operator", "POST", "/api/admin/kinds/NONE/pause", {}),
            ("admin", "POST", "/api/admin/staff", {"json": {"name": staff["agent"]["name"], "role": "admin"}}),
            ("admin", "DELETE", "/api/admin/staff/999999999", {}),
            ("viewer", "POST", "/api/admin/kinds/SEND_CONFIRMATION/pause", {})):
        assert staff[role]["api"].request(method, path, **body).status in (400, 403, 404, 409), path
    assert counts(stack) == before


CHANGES = [
    ("agent", "POST", "/api/flights/{flight}/orders", {"userId": "x", "seats": ["A2"]}),
    ("agent", "POST", "/api/orders/{order}/seats", {"seats": ["A3"]}),
    ("agent", "POST", "/api/orders/{order}/payment", {"paymentCode": "99999"}),
    ("agent", "DELETE", "/api/orders/{order}", None),
    ("agent", "POST", "/api/admin/orders/{order}/cancel", {"reason": "why"}),
    ("operator", "POST", "/api/admin/kinds/SEND_CONFIRMATION/pause", None),
    ("operator", "POST", "/api/admin/jobs/{job}/retry", None),
    ("admin", "POST", "/api/admin/staff", {"name": "nobody at all", "role": "viewer"}),
    ("admin", "POST", "/api/admin/staff/{person}/role", {"role": "admin"}),
    ("admin", "POST", "/api/admin/staff/{person}/rotate", None),
    ("admin", "DELETE", "/api/admin/staff/{person}", None),
    ("admin", "POST", "/api/admin/reset", {"flightId": "{flight}"}),
]


@pytest.fixture
def no_log(stack):
    """While it lasts, the log takes no row."""
    with stack.db() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TRIGGER no_log BEFORE INSERT ON audit_log FOR EACH ROW"
                       " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no log'")
        yield
        cursor.execute("DROP TRIGGER IF EXISTS no_log")


@pytest.mark.parametrize("role, method, path, body", CHANGES, ids=lambda value: value if "/" in str(value) else "")
def test_without_its_row_there_is_no_change(stack, staff, flight, no_log, role, method, path, body):
    order = stack.api().hold(flight, "A1")
    ids = {"flight": flight, "order": order["orderId"], "person": staff["viewer"]["id"],
           "job": stack.everything(order)["jobs"][0]["job_id"]}

    def all_of_it():
        return [counts(stack), stack.everything(order), stack.query("SELECT * FROM staff_tokens"),
                stack.query("SELECT kind, paused_at FROM job_kinds"),
                stack.query("SELECT * FROM orders WHERE flight_id = %s", flight)]
    before = all_of_it()
    client = Api("127.0.0.1", stack.port, staff[role]["api"].headers, plain=True)
    sent = {} if body is None else {"json": {key: value.format(**ids) if isinstance(value, str) else value for key, value in body.items()}}
    assert client.request(method, path.format(**ids), **sent).status == 500
    assert all_of_it() == before


def test_no_row_is_ever_changed(stack):
    """The programs' account may add rows and read them. tests/api/security/test_database_rights.py has the rest."""
    rights = stack.query("SELECT privilege_type AS p FROM information_schema.table_privileges"
                         " WHERE table_name = 'audit_log' AND grantee LIKE %s", "'booking\\_app'%")
    assert {each["p"] for each in rights} == {"SELECT", "INSERT"}


# -- no names -------------------------------------------------------------------------------------

def test_no_name_is_in_the_log_or_the_history(stack, staff, flight):
    """Both have ids of persons only. Names stand in persons, and an order's own user id in the order."""
    user, address = new_user(), "203.0.113.77"
    order = stack.api().hold(flight, "A1", user=user)
    agent = stack.api(**staff["agent"]["api"].headers, **{"X-Forwarded-For": address})
    changed = agent.change(order, "A2").ok()
    agent.post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "no name"}).ok()
    mine = agent.hold(flight, "A3", user=user)
    agent.cancel(mine).ok()
    assert changed["version"] > order["version"]
    names = [user, address, "127.0.0.1", *(person["name"] for person in staff.values()), *(person["token"] for person in staff.values())]
    for table in ("audit_log", "workflow_events"):
        rows = stack.query(f"SELECT * FROM {table}")
        text = str(rows) + str([str(value) for row in rows for value in row.values()])
        assert order["orderId"] in text
        assert not [name for name in names if name in text], table


def test_the_log_outlives_a_name(stack, staff, log):
    added = stack.admin().post("/api/admin/staff", {"name": new_user(), "role": "operator"}).ok(201)
    stack.api(Authorization=f"Bearer {added['token']}").post("/api/admin/kinds/VOID_CHARGE/resume").ok()
    stack.query("UPDATE persons SET name = NULL, forgotten_at = UTC_TIMESTAMP(3) WHERE person_id = %s", added["id"])
    assert log(f"actor={added['id']}")[0]["actor"] == {"id": added["id"], "name": None}
    listed = staff["admin"]["api"].get("/api/admin/staff").ok()["staff"]
    assert [each["name"] for each in listed if each["id"] == added["id"]] == [None]


# -- reading --------------------------------------------------------------------------------------

def moment(stack):
    """The database's time now, and none of what comes later has it."""
    now = stack.query("SELECT UTC_TIMESTAMP(3) AS now")[0]["now"]
    time.sleep(0.01)
    return (now + datetime.timedelta(milliseconds=1)).isoformat(timespec="milliseconds") + "Z"


def test_filters_and_pages(stack, staff, log, flight):
    agent, admin = staff["agent"], staff["admin"]
    time.sleep(0.01)
    start = moment(stack)
    orders = [agent["api"].hold(flight, f"A{n}") for n in range(1, 4)]
    middle = moment(stack)
    for order in orders:
        admin["api"].cancel(order).ok()
    end = moment(stack)

    def ids(query):
        return [(entry["action"], entry["object"]["id"]) for entry in log(query)]
    held = [("HOLD_SEATS", order["orderId"]) for order in reversed(orders)]
    canceled = [("CANCEL_ORDER", order["orderId"]) for order in reversed(orders)]
    assert ids(f"from={start}&to={end}") == canceled + held
    assert ids(f"from={start}&to={middle}") == held and ids(f"from={middle}&to={end}") == canceled
    assert ids(f"from={start}&actor={agent['id']}") == held and ids(f"from={start}&actor={admin['id']}") == canceled
    assert ids(f"from={start}&action=HOLD_SEATS") == held and ids(f"from={start}&action=SET_ROLE") == []
    assert ids(f"object={orders[0]['orderId'].upper()}") == [canceled[2], held[2]]
    assert ids(f"from={end}") == [] and ids("object=nowhere") == []

    assert paged(staff, f"from={start}", 2) == canceled + held


def paged(staff, query, limit):
    pages = list(staff["viewer"]["api"].pages(f"/api/admin/audit?{query}&limit={limit}", "entries"))
    assert all(len(page) <= limit for page in pages)
    return [(entry["action"], entry["object"]["id"]) for page in pages for entry in page]


def test_pages_within_one_millisecond(stack, staff, flight):
    orders = [staff["agent"]["api"].hold(flight, f"A{n}")["orderId"] for n in range(1, 6)]
    for order in orders:
        stack.query("UPDATE audit_log SET created_at = '2026-01-02 03:04:05.678' WHERE object_id = %s", order)
    for limit in (1, 2, 5):
        assert paged(staff, "to=2026-01-03", limit) == [("HOLD_SEATS", order) for order in reversed(orders)]


@pytest.mark.parametrize("query, field", [
    ("actor=0", "actor"), ("actor=x", "actor"), ("action=EAT", "action"), ("object=%C3%A9", "object"), ("object=" + "x" * 65, "object"),
    ("from=yesterday", "from"), ("to=x", "to"), ("cursor=5", "cursor"), ("cursor=5_x", "cursor"), ("limit=101", "limit")])
def test_bad_queries(staff, query, field):
    assert staff["viewer"]["api"].get(f"/api/admin/audit?{query}").refused(400, "INVALID_REQUEST")["field"] == field


def test_customers_do_not_read_it(stack):
    stack.api().get("/api/admin/audit").refused(401, "UNAUTHORIZED")
