# SPDX-License-Identifier: MIT
"""Who may do what: every route, for everybody there is, with CUSTOMERS=open and with CUSTOMERS=signed-in.

The table below is the rule. A route that is not in it fails the first test, so that a new one must say who may use it.
"""

import json
import re
import uuid

import pytest

from client import new_user
from fastcgi import Direct
from stack import PLAN, ROOT, wait_for

OWNER, OTHER = "owner@example.com", "other@example.com"
# Everybody there is, by what nginx or the request itself says of them.
PEOPLE = {
    "nobody": {},
    "other": {"REMOTE_USER": OTHER},
    "owner": {"REMOTE_USER": OWNER},
    "viewer": {"REMOTE_USER": "vera@example.com", "REMOTE_GROUPS": "readers"},
    "agent": {"REMOTE_USER": "adam@example.com", "REMOTE_GROUPS": "desk"},
    "operator": {"REMOTE_USER": "otto@example.com", "REMOTE_GROUPS": "ops"},
    "admin": {"REMOTE_USER": "anna@example.com", "REMOTE_GROUPS": "it"},
}
STAFF = ("viewer", "agent", "operator", "admin")

# What a route answers: whoever may gets the first status; all others what their column says. A viewer who has signed in
# is a customer where something is changed for customers.
ALL = dict.fromkeys(PEOPLE, True)


def of_order(change):
    """An order's own routes: anybody's with its id in open mode; else its owner's and the staff's."""
    return {"open": ALL, "signed-in": {"nobody": 401, "other": 404, "owner": True, "viewer": 404 if change else True, "agent": True,
                                       "operator": True, "admin": True}}


def of_paid_order():
    """A paid order is changed by its owner, the staff, or whoever has its token, in open mode, too."""
    rule = of_order(change=True)["signed-in"]
    return {"open": {**rule, "other": 403, "viewer": 403}, "signed-in": rule}


def for_role(role):
    may = STAFF[STAFF.index(role):]
    return {mode: {who: True if who in may else 401 if who == "nobody" else 403 for who in PEOPLE} for mode in ("open", "signed-in")}


PUBLIC = {"open": ALL, "signed-in": ALL}
TO_MAKE = {"open": ALL, "signed-in": {**ALL, "nobody": 401}}
A_LIST = {"open": ALL, "signed-in": {**ALL, "nobody": 401, "other": 404}}

TABLE = {
    ("GET", "/api/flights"): PUBLIC,
    ("GET", "/api/flights/*"): PUBLIC,
    ("GET", "/api/flights/*/seats"): PUBLIC,
    ("GET", "/api/places"): PUBLIC,
    ("GET", "/api/prices"): PUBLIC,
    ("GET", "/api/me"): PUBLIC,
    ("GET", "/health"): PUBLIC,
    ("GET", "/health/live"): PUBLIC,
    ("GET", "/metrics"): PUBLIC,
    ("POST", "/api/flights/*/orders"): TO_MAKE,
    ("POST", "/api/orders"): TO_MAKE,
    ("GET", "/api/orders"): A_LIST,
    ("GET", "/api/orders/*"): of_order(change=False),
    ("GET", "/api/orders/*/status"): of_order(change=False),
    ("GET", "/api/orders/*/events"): of_order(change=False),
    ("GET", "/api/orders/*/refunds"): of_order(change=False),
    ("GET", "/api/orders/*/ticket.svg"): of_order(change=False),
    ("GET", "/api/orders/*/ticket.ics"): of_order(change=False),
    ("GET", "/api/orders/*/cancellation"): of_order(change=False),
    ("POST", "/api/orders/*/cancellation"): of_paid_order(),
    ("DELETE", "/api/orders/*"): of_order(change=True),
    ("POST", "/api/orders/*/seats"): of_order(change=True),
    ("PUT", "/api/orders/*/seats"): of_order(change=True),
    ("PUT", "/api/orders/*/passengers"): of_order(change=True),
    ("POST", "/api/orders/*/payment"): of_order(change=True),
    ("POST", "/api/orders/*/pay"): of_order(change=True),
    ("POST", "/api/bookings/find"): PUBLIC,
    ("POST", "/api/gateway/notify"): PUBLIC,
    ("GET", "/api/admin/orders"): for_role("viewer"),
    ("GET", "/api/admin/orders/*"): for_role("viewer"),
    ("GET", "/api/admin/jobs"): for_role("viewer"),
    ("GET", "/api/admin/queue"): for_role("viewer"),
    ("GET", "/api/admin/reconciliation"): for_role("viewer"),
    ("POST", "/api/admin/reconciliation"): for_role("operator"),
    ("GET", "/api/admin/figures"): for_role("viewer"),
    ("GET", "/api/admin/sweepers"): for_role("viewer"),
    ("GET", "/api/admin/audit"): for_role("viewer"),
    ("POST", "/api/admin/orders/*/cancel"): for_role("agent"),
    ("POST", "/api/admin/orders/*/passengers"): for_role("agent"),
    ("POST", "/api/admin/orders/*/seats"): for_role("agent"),
    ("POST", "/api/admin/orders/*/extend"): for_role("agent"),
    ("POST", "/api/admin/orders/*/resend"): for_role("agent"),
    ("POST", "/api/admin/orders/*/forget"): for_role("operator"),
    ("POST", "/api/admin/orders/*/refunds"): for_role("operator"),
    ("POST", "/api/admin/jobs/*/retry"): for_role("operator"),
    ("POST", "/api/admin/jobs/*/set-aside"): for_role("operator"),
    ("POST", "/api/admin/jobs/*/release"): for_role("operator"),
    ("POST", "/api/admin/kinds/*/pause"): for_role("operator"),
    ("POST", "/api/admin/kinds/*/resume"): for_role("operator"),
    ("POST", "/api/admin/flights/*/cancel"): for_role("operator"),
    ("POST", "/api/admin/flights/*/blocks"): for_role("operator"),
    ("POST", "/api/admin/flights/*/unblocks"): for_role("operator"),
    ("GET", "/api/admin/flights/*/seats"): for_role("viewer"),
    ("GET", "/api/admin/flights/*/manifest"): for_role("agent"),
    ("GET", "/api/admin/flights/*/manifest.csv"): for_role("agent"),
    ("POST", "/api/admin/flights/*/board"): for_role("agent"),
    ("GET", "/api/admin/flights"): for_role("viewer"),
    ("POST", "/api/admin/flights/schedule"): for_role("operator"),
    ("POST", "/api/admin/flights/import"): for_role("operator"),
    ("GET", "/api/admin/flights/imports/*"): for_role("viewer"),
    ("GET", "/api/admin/flights/export"): for_role("viewer"),
    ("GET", "/api/admin/flights/*"): for_role("viewer"),
    ("PUT", "/api/admin/flights/*"): for_role("operator"),
    ("DELETE", "/api/admin/flights/*"): for_role("operator"),
    ("POST", "/api/admin/flights/*/close"): for_role("operator"),
    ("POST", "/api/admin/flights/*/open"): for_role("operator"),
    ("GET", "/api/admin/cabins"): for_role("viewer"),
    ("POST", "/api/admin/cabins/check"): for_role("viewer"),
    ("GET", "/api/admin/cabins/*"): for_role("viewer"),
    ("PUT", "/api/admin/cabins/*"): for_role("operator"),
    ("DELETE", "/api/admin/cabins/*"): for_role("operator"),
    ("GET", "/api/admin/places"): for_role("viewer"),
    ("GET", "/api/admin/places/*"): for_role("viewer"),
    ("PUT", "/api/admin/places/*"): for_role("operator"),
    ("DELETE", "/api/admin/places/*"): for_role("operator"),
    ("POST", "/api/admin/flights/*/cabin"): for_role("operator"),
    ("GET", "/api/admin/staff"): for_role("admin"),
    ("POST", "/api/admin/staff"): for_role("admin"),
    ("POST", "/api/admin/staff/*/rotate"): for_role("admin"),
    ("POST", "/api/admin/staff/*/role"): for_role("admin"),
    ("DELETE", "/api/admin/staff/*"): for_role("admin"),
    ("POST", "/api/admin/reset"): for_role("admin"),
}


def routes():
    """The methods and paths that fcgi/router.c knows."""
    return {(method, "/" + path) for method, path in
            re.findall(r'^ +\{ "([A-Z]+)", "([^"]+)", \w+, ACCESS_', (ROOT / "fcgi/router.c").read_text(), re.M)}


def test_every_route_is_in_the_table():
    assert routes() == set(TABLE)


@pytest.fixture(scope="module")
def open_stack(own_stack):
    """As the signed-in stack, but customers need not sign in."""
    return own_stack(CUSTOMERS="open", PASSENGERS="optional", TRUST_REMOTE_USER="yes", ALLOW_RESET="yes", ADMIN_TOKEN="test-admin-token",
                     ROLE_GROUPS="viewer:readers,agent:desk,operator:ops,admin:it")


@pytest.fixture(scope="module")
def stacks(open_stack, signed_in_stack):
    return {"open": open_stack, "signed-in": signed_in_stack}


FILE = {"Content-Type": "text/csv"}


class Case:
    """A request for a route that would succeed for whoever may make it, about an order of OWNER's."""

    def __init__(self, stack, method, route):
        self.stack, self.method, self.flight = stack, method, stack.new_flight(refund_rule="0:0:0")
        self.owner = Direct(stack, REMOTE_USER=OWNER)
        self.order = self.owner.post("/api/orders", {"flightId": self.flight, "seats": ["A1"]}).ok(201)
        self.body, self.good = None, 200
        own, plan = self.stack.new_own_flight() if route in ("/api/admin/flights/*", "/api/admin/flights/schedule") else (None, None)
        self.plan = plan
        self.path = route.replace("flights/*", f"flights/{own if own and method != 'GET' else self.flight}").replace("orders/*", f"orders/{self.order['orderId']}") \
            .replace("kinds/*", "kinds/SEND_CONFIRMATION")
        if "jobs/*" in route:
            self.use_job(leased=route.endswith("release"))
        if "imports/*" in route:
            self.path = self.stack.admin().request("POST", "/api/admin/flights/import?dryRun=true", body=b"", headers=FILE).headers["Location"]
        if "cabins/*" in route:
            self.path = self.path.replace("*", self.stack.new_cabin())
        if "places/*" in route:
            self.path = self.path.replace("*", self.stack.new_place())
        if "staff/*" in route:
            self.use_staff()
        if route.endswith(("/cancellation", "admin/orders/*/refunds", "/board", "/ticket.svg", "/ticket.ics")):
            self.confirm()
        if method != "GET":
            self.fill(route)
        if route == "/api/admin/reconciliation":
            self.use_day()

    def use_job(self, leased):
        job = self.stack.admin().get(f"/api/admin/jobs?orderId={self.order['orderId']}").ok()["jobs"][0]["id"]
        if leased:
            self.stack.query("UPDATE workflow_jobs SET status = 'RUNNING', attempts = 1, locked_by = 'a test' WHERE job_id = %s", job)
        self.path = self.path.replace("*", str(job))

    def use_day(self):
        """A day whose report is made: the first answer, while it is not, is 202."""
        self.path += "?date=2026-01-01" if self.method == "GET" else ""
        wait_for(lambda: self.stack.admin().get("/api/admin/reconciliation?date=2026-01-01").status == 200)
        self.good = 200 if self.method == "GET" else 202

    def use_staff(self):
        member = self.stack.admin().post("/api/admin/staff", {"name": f"member-{uuid.uuid4().hex}", "role": "viewer"}).ok(201)
        self.path = self.path.replace("*", str(member["id"]))

    def fill(self, route):
        bodies = {
            "/api/orders": {"flightId": self.flight, "seats": ["B1"], "userId": new_user()},
            "/api/flights/*/orders": {"seats": ["B1"], "userId": new_user()},
            "/api/orders/*/seats": {"seats": ["A2"]},
            "/api/orders/*/cancellation": {"expectedRefundCents": 12900},
            "/api/orders/*/passengers": {"passengers": [{"familyName": "Lovelace"}]},
            "/api/admin/orders/*/passengers": {"passengers": [{"familyName": "Lovelace"}], "reason": "a test"},
            "/api/orders/*/payment": {"paymentCode": "99999"},
            "/api/orders/*/pay": {"paymentCode": "99999"},
            "/api/bookings/find": {"locator": "BCDFGH", "familyName": "Nobody"},
            "/api/admin/orders/*/cancel": {"reason": "a test"},
            "/api/admin/orders/*/seats": {"seats": ["A2"], "reason": "a test"},
            "/api/admin/orders/*/extend": {"until": "2099-12-31T12:00:00Z", "reason": "a test"},
            "/api/admin/orders/*/resend": {"reason": "a test"},
            "/api/admin/jobs/*/set-aside": {"reason": "a test"},
            "/api/admin/orders/*/forget": {"reason": "a test"},
            "/api/admin/orders/*/refunds": {"reason": "a test"},
            "/api/admin/flights/*/cabin": {"reason": "a test", "cabin": self.stack.seating(("economy", "1-10", "A BC"), numbering="column-row")},
            "/api/admin/flights/*/cancel": {"reason": "a test"},
            "/api/admin/flights/*/blocks": {"seats": ["B1"], "reason": "a test"},
            "/api/admin/flights/*/unblocks": {"seats": ["B1"]},
            "/api/admin/flights/*": self.plan,
            "/api/admin/flights/schedule": self.plan and {
                "template": {name: value for name, value in self.plan.items() if name != "departure"}, "id": f"S{uuid.uuid4().hex[:8]}-{{date}}",
                "from": self.plan["departure"][:10], "to": self.plan["departure"][:10], "weekdays": [1, 2, 3, 4, 5, 6, 7], "departure": "07:30"},
            "/api/admin/cabins/check": PLAN,
            "/api/admin/cabins/*": PLAN,
            "/api/admin/places/*": {"name": "A test", "city": "Testing", "timeZone": "Europe/Berlin"},
            "/api/admin/staff": {"name": f"member-{uuid.uuid4().hex}", "role": "viewer"},
            "/api/admin/staff/*/role": {"role": "agent"},
            "/api/admin/reset": {"flightId": self.flight},
            "/api/admin/reconciliation": {"date": "2026-01-01"},
        }
        self.body = None if self.method == "DELETE" else bodies.get(route)
        self.good = {"/api/orders": 201, "/api/flights/*/orders": 201, "/api/orders/*/pay": 202, "/api/admin/orders/*/refunds": 202, "/api/admin/orders/*/resend": 409, "/api/admin/staff": 201,
                     "/api/admin/flights/*/cancel": 202, "/api/admin/flights/import": 202,
                     "/api/bookings/find": 404, "/api/gateway/notify": 404}.get(route, 200)
        if route.endswith("/forget"):
            self.owner.cancel(self.order).ok()
        if route.endswith("/board"):
            self.body = {"locator": self.owner.order(self.order)["locator"]}

    def confirm(self):
        self.owner.pay(self.order).ok()
        wait_for(lambda: self.owner.order(self.order)["status"] == "CONFIRMED" and not self.stack.has_job(self.order, "SEND_CONFIRMATION"))

    def send(self, who, headers=None):
        asker = Direct(self.stack, headers, **PEOPLE[who])
        if self.body is not None:
            return asker.request(self.method, self.path, json=self.body)
        is_file = self.path == "/api/admin/flights/import"
        return asker.request(self.method, self.path, body=None if self.method == "GET" else b"", headers=FILE if is_file else None)


def state(stack, order):
    rows = stack.query("SELECT status, seats, version FROM orders WHERE order_id = %s", order["orderId"])
    return rows, stack.query("SELECT COUNT(*) AS n FROM workflow_events WHERE order_id = %s", order["orderId"])


@pytest.mark.parametrize("mode", ["open", "signed-in"])
@pytest.mark.parametrize("method, route", [pytest.param(*each, id=" ".join(each)) for each in sorted(TABLE)])
def test_who_may(stacks, mode, method, route):
    for who, may in TABLE[method, route][mode].items():
        case = Case(stacks[mode], method, route)
        if route == "/api/orders" and method == "GET":
            case.path += f"?userId={OWNER}"
        if route == "/api/prices":
            case.path += "?origin=BOS&destination=DCA&from=2030-01-01"
        before = state(case.stack, case.order)
        answer = case.send(who)
        assert answer.status == (case.good if may is True else may), f"{who} in {mode}: {answer}"
        if may is not True:
            assert state(case.stack, case.order) == before, f"{who} changed something all the same"
            assert OWNER not in answer.body.decode() and "seats" not in answer.json, answer
            assert (answer.headers["WWW-Authenticate"] is not None) == (may == 401)
        if may == 403 and "/admin/" in route:
            needed = next(role for role in STAFF if TABLE[method, route][mode][role] is True)
            # An agent may, but not so much.
            needed = "agent" if route.endswith("/refunds") and who != "agent" else needed
            assert answer.json["role"] == needed and needed in answer.json["detail"]


@pytest.mark.parametrize("route", sorted(route for method, route in TABLE if TABLE[method, route] is not PUBLIC))
def test_a_token_that_is_none_opens_nothing(signed_in_stack, route):
    """Not even what is open to everybody: whoever sends one believes to be somebody."""
    method = next(method for method, each in TABLE if each == route)
    case = Case(signed_in_stack, method, route)
    for token in ("bks_" + 40 * "0", "bko_" + 40 * "0", "bks_", "bko_' OR 1=1"):
        api = Direct(case.stack, {"Authorization": f"Bearer {token}"}, **PEOPLE["admin"])
        answer = api.request(case.method, case.path, **({"json": case.body} if case.body else {"body": b""}))
        answer.refused(401, "UNAUTHORIZED")


def test_the_owner_is_the_one_who_signed_in(stacks):
    """Whatever userId the body claims; in open mode, too, for whoever has signed in."""
    long = "l" * 243 + "@example.com"
    for stack in stacks.values():
        for account in (OWNER, long, "äöü " * 10 + "€" * 40):
            api, flight = Direct(stack, REMOTE_USER=account), stack.new_flight()
            order = api.post("/api/orders", {"flightId": flight, "seats": ["A1"], "userId": "somebody-else"}).ok(201)
            assert order["userId"] == account and api.order(order)["userId"] == account
            assert order["orderId"] in [each["orderId"] for each in api.get("/api/orders").ok()["orders"]]
            assert api.pay(order).ok()["userId"] == account


def test_staff_with_long_names_have_orders_of_their_own(stacks):
    long = "s" * 90 + "@example.com"
    for stack in stacks.values():
        agent = Direct(stack, REMOTE_USER=long, REMOTE_GROUPS="desk")
        order = agent.post("/api/orders", {"flightId": stack.new_flight(), "seats": ["A1"]}).ok(201)
        assert order["userId"] == long
        for path in ("/api/orders", f"/api/orders?userId={long}"):
            assert order["orderId"] in [each["orderId"] for each in agent.get(path).ok()["orders"]]
        other = Direct(stack, **PEOPLE["agent"]).get(f"/api/orders?userId={long}").ok()["orders"]
        assert order["orderId"] in [each["orderId"] for each in other]


def test_a_hold_that_ran_out_was_ended_by_the_system(open_stack):
    """Even if a customer's request came by first."""
    flight, api = open_stack.new_flight(), Direct(open_stack)
    lapsed = api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    open_stack.lapse(lapsed)
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    assert [event["by"] for event in api.events(lapsed)] == ["customer", "customer", "system"]


def test_accounts_that_begin_alike_are_two(signed_in_stack):
    """Only the first fifty characters are in the index."""
    flight, begin = signed_in_stack.new_flight(), "x" * 60
    first, second = (Direct(signed_in_stack, REMOTE_USER=f"{begin}{n}") for n in (1, 2))
    order = first.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    assert [each["orderId"] for each in first.get("/api/orders").ok()["orders"]] == [order["orderId"]]
    assert second.get("/api/orders").ok()["orders"] == []
    second.get(f"/api/orders/{order['orderId']}").refused(404, "ORDER_NOT_FOUND")


def test_others_do_not_learn_whether_there_is_such_an_order(signed_in_stack):
    """The same answer, word for word, as for an order that does not exist."""
    case = Case(signed_in_stack, "GET", "/api/orders/*")
    other = Direct(signed_in_stack, REMOTE_USER=OTHER)
    for method, suffix, body in (("GET", "", None), ("GET", "/status", None), ("GET", "/events", None), ("DELETE", "", None),
                                 ("PUT", "/seats", {"seats": ["A1"]}), ("POST", "/pay", {"paymentCode": "99999"})):
        answers = []
        for order_id in (case.order["orderId"], str(uuid.uuid4())):
            answer = other.request(method, f"/api/orders/{order_id}{suffix}", headers={"If-Match": '"1"'},
                                   **({"json": body} if body else {"body": b""}))
            problem = answer.refused(404, "ORDER_NOT_FOUND")
            problem.pop("requestId")
            answers.append((problem, sorted(name for name, _ in answer.headers.items())))
        assert answers[0] == answers[1], f"{method} {suffix}"


def test_keys_of_two_customers_never_meet(signed_in_stack):
    """Neither gets the other's answer, nor learns that the key is in use."""
    flight, key = signed_in_stack.new_flight(), {"Idempotency-Key": f"the-same-{uuid.uuid4().hex}"}
    orders = []
    for user, seat in ((OWNER, "A1"), (OTHER, "B1")):
        api = Direct(signed_in_stack, key, REMOTE_USER=user)
        answer = api.post("/api/orders", {"flightId": flight, "seats": [seat]})
        orders.append(answer.ok(201))
        again = api.post("/api/orders", {"flightId": flight, "seats": [seat]})
        kept = {name: value for name, value in orders[-1].items() if name not in ("passengers", "contact")}
        assert again.headers["Idempotency-Replayed"] and again.json == kept
    assert [order["userId"] for order in orders] == [OWNER, OTHER]
    # Nor does somebody who has not signed in, in open mode.
    nobody = Direct(signed_in_stack, key).post("/api/orders", {"flightId": flight, "seats": ["A1"]})
    nobody.refused(401, "UNAUTHORIZED")


def test_only_staff_read_the_names_of_staff(stacks):
    for stack in stacks.values():
        case = Case(stack, "GET", "/api/orders/*")
        case.owner.change(case.order, "A2").ok()
        Direct(stack, **PEOPLE["agent"]).cancel(case.order).ok()
        shown = case.owner.events(case.order)
        assert [event["by"] for event in shown] == ["customer", "customer", "customer", "staff"]
        assert "adam@example.com" not in str(shown) and not [event for event in shown if "actor" in event]
        seen = Direct(stack, **PEOPLE["viewer"]).events(case.order)
        assert [event["actor"] for event in seen] == [None, None, None, "adam@example.com"]


def test_a_viewer_who_signed_in_is_a_customer_too(signed_in_stack):
    viewer, flight = Direct(signed_in_stack, **PEOPLE["viewer"]), signed_in_stack.new_flight()
    order = viewer.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    assert order["userId"] == "vera@example.com"
    viewer.cancel(order).ok()
    assert [event["by"] for event in viewer.events(order)] == ["customer"] * 3


def test_an_agent_books_for_a_customer(stacks):
    agent = {mode: Direct(stack, **PEOPLE["agent"]) for mode, stack in stacks.items()}
    for mode, stack in stacks.items():
        order = agent[mode].post("/api/orders", {"flightId": stack.new_flight(), "seats": ["A1"], "userId": OWNER}).ok(201)
        assert order["userId"] == OWNER
        assert Direct(stack, REMOTE_USER=OWNER).order(order)["userId"] == OWNER
        assert {event["by"] for event in agent[mode].events(order)} == {"staff"}
        row, = stack.query("SELECT a.action, a.role, p.name, a.was, a.became FROM audit_log a JOIN persons p ON p.person_id = a.actor_id"
                           " WHERE a.object_id = %s", order["orderId"])
        assert (row["action"], row["role"], row["name"], row["was"]) == ("HOLD_SEATS", "agent", "adam@example.com", None)
        assert OWNER not in row["became"]
    Direct(stacks["signed-in"], REMOTE_USER=OTHER).get(f"/api/orders/{order['orderId']}").refused(404, "ORDER_NOT_FOUND")


def test_nobody_is_believed_without_the_setting(default_stack):
    """TRUST_REMOTE_USER is off by default, whatever a web server passes on."""
    api = Direct(default_stack, {"X-Forwarded-For": "203.0.113.9"}, REMOTE_USER="anna@example.com", REMOTE_GROUPS="it")
    assert api.get("/api/me").ok()["user"] is None and api.get("/api/me").ok()["role"] is None
    api.get("/api/admin/orders").refused(403, "FORBIDDEN")


@pytest.mark.parametrize("name", ["Remote-User", "REMOTE_USER", "Remote_User", "X-Remote-User", "HTTP-REMOTE-USER", "Remote-Groups"])
def test_no_header_is_taken_for_the_variable(signed_in_stack, name):
    for api in (signed_in_stack.api(**{name: "anna@example.com"}), Direct(signed_in_stack, {name: "anna@example.com"})):
        assert api.get("/api/me").ok()["user"] is None
        api.get("/api/admin/orders").refused(401, "UNAUTHORIZED")


@pytest.mark.parametrize("user, groups", [
    ("", "it"), ("a\nb", "it"), ("a\x7f", "it"), ("x" * 256, "it"), (b"\xff\xfe".decode("utf-8", "surrogateescape"), "it"), ("\u0085", "it")])
def test_a_name_that_is_none(signed_in_stack, user, groups):
    api = Direct(signed_in_stack, REMOTE_USER=user, REMOTE_GROUPS=groups)
    assert api.get("/api/me").ok()["role"] is None
    api.get("/api/orders").refused(401, "UNAUTHORIZED")


@pytest.mark.parametrize("groups, role", [
    ("it", "admin"), ("readers, desk", "agent"), (" ops ,readers", "operator"), ("it2,IT,i t,iti", None), ("", None), (",,,", None),
    ("viewer", None), ("readers;it", None)])
def test_groups_are_whole_names(signed_in_stack, groups, role):
    api = Direct(signed_in_stack, REMOTE_USER="ada", REMOTE_GROUPS=groups)
    assert api.get("/api/me").ok()["role"] == role


def test_the_shared_cache_knows_nobody(signed_in_stack):
    """/live passes on neither a sign-on nor a token: an answer there is for all."""
    case = Case(signed_in_stack, "GET", "/api/orders/*")
    for headers in ({}, {"Authorization": "Bearer test-admin-token"}):
        for suffix in ("", "/status", "/events"):
            api = signed_in_stack.api(**headers)
            api.get(f"/live/orders/{case.order['orderId']}{suffix}").refused(401, "UNAUTHORIZED")
        api.get(f"/live/orders?userId={OWNER}").refused(401, "UNAUTHORIZED")
        assert api.get(f"/live/flights/{case.flight}").ok()["availableSeats"] == 29


def test_personal_answers_are_nobody_elses_to_keep(signed_in_stack):
    case = Case(signed_in_stack, "GET", "/api/orders/*")
    for path in (case.path, f"{case.path}/events", f"/api/orders?userId={OWNER}", "/api/me"):
        kept = case.owner.get(path).headers["Cache-Control"]
        assert "no-store" in kept or "private" in kept, path


def test_the_log_says_which_member_of_staff(signed_in_stack):
    """By the person's id: a name is in one table alone."""
    case, request = Case(signed_in_stack, "DELETE", "/api/orders/*"), f"who-{uuid.uuid4().hex}"
    agent = Direct(signed_in_stack, **PEOPLE["agent"])
    agent.variables["REQUEST_ID"] = request
    agent.cancel(case.order).ok()
    line = wait_for(lambda: [each for each in signed_in_stack.logs().splitlines() if request in each and '"request"' in each])[0]
    person, = signed_in_stack.query("SELECT person_id FROM persons WHERE name = 'adam@example.com' AND known_by = 'SIGN_ON'")
    assert json.loads(line)["staff"] == person["person_id"]
    assert "adam@example.com" not in signed_in_stack.logs()
