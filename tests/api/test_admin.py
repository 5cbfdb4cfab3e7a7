# SPDX-License-Identifier: MIT
"""The operator's paths, and who may use them."""

import os
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from client import new_user
from gate import order_gate
from stack import wait_for

PATHS = [("GET", "/api/admin/orders"), ("GET", "/api/admin/jobs"), ("POST", "/api/admin/jobs/1/retry"),
         ("POST", "/api/admin/reset")]
every_path = pytest.mark.parametrize("method, path", PATHS)


# -- access ---------------------------------------------------------------------------------------

@every_path
@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer ", "Bearer wrong", "bearer", "Basic dGVzdDp0ZXN0", "Bearer test-admin-toke",
    "Bearer test-admin-token2", "Bearer test-admin-token test-admin-token", "test-admin-token"])
def test_without_the_token(quick_stack, method, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = quick_stack.api().request(method, path, headers=headers)
    answer.refused(401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/api/admin/orders", "/api/admin/jobs"])
def test_with_the_token(quick_stack, path):
    quick_stack.admin().get(path).ok()
    # With a token, it does not matter where the request comes from.
    quick_stack.admin().get(path, headers={"X-Forwarded-For": "203.0.113.9"}).ok()


@every_path
@pytest.mark.parametrize("headers", [
    {"X-Forwarded-For": "203.0.113.9"}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=203.0.113.9"},
    {"X-Real-IP": "203.0.113.9"}, {"Via": "1.1 front"}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Host": "booking.example"},
    {"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "localhost.evil.example"}])
def test_with_none_for_a_token_only_loopback(api, method, path, headers):
    """Requests through a proxy are refused, and so are those of another site's page in the operator's browser."""
    api.request(method, path, headers=headers).refused(403, "FORBIDDEN")


def test_loopback_with_none_for_a_token(stack, api):
    api.get("/api/admin/orders").ok()
    api.get("/api/admin/orders", headers={"Host": f"localhost:{stack.port}", "Origin": f"http://localhost:{stack.port}"}).ok()


# -- orders ---------------------------------------------------------------------------------------

def listed(api, query):
    return [order["orderId"] for order in api.get(f"/api/admin/orders?{query}").ok()["orders"]]


def test_orders_of_everybody(stack, api, flight):
    one, two = api.hold(flight, "A1"), api.hold(flight, "A2")
    assert listed(api, f"flightId={flight}") == [two["orderId"], one["orderId"]]
    assert listed(api, f"userId={one['userId']}") == [one["orderId"]]
    api.cancel(one).ok()
    assert listed(api, f"flightId={flight}&status=CANCELLED") == [one["orderId"]]
    assert listed(api, f"flightId={flight}&status=SEATS_RESERVED") == [two["orderId"]]
    assert listed(api, f"flightId={flight}&status=FAILED") == []


def test_orders_that_lapsed_are_listed_as_expired(stack, api, flight):
    order = api.hold(flight, "A1")
    stack.lapse(order)
    assert listed(api, f"flightId={flight}&status=EXPIRED") == [order["orderId"]]
    assert listed(api, f"flightId={flight}&status=SEATS_RESERVED") == []


def test_search(api, flight):
    user = new_user()
    order = api.hold(flight, "A1", user=user)
    for q in (order["orderId"], user):
        assert order["orderId"] in listed(api, f"q={q}")
    for wild in (user[:8] + "%25", user[:8] + "%25" + user[9:], user[:8] + "_" + user[9:]):
        assert listed(api, f"q={wild}") == [], "% and _ are no wildcards"
    assert order["orderId"] not in listed(api, f"q={new_user()}")


def test_search_in_any_script(api, flight):
    user = f"\u4e2d\u6587-{new_user()}"
    order = api.hold(flight, "A1", user=user)
    assert listed(api, f"q={quote(user[:9])}") == [order["orderId"]]
    assert listed(api, f"q={quote(chr(233) * 14 + new_user())}") == [], "no user is called so"
    assert api.get(f"/api/admin/orders?q={quote(chr(233) * 101)}").refused(400, "INVALID_REQUEST")["field"] == "q"


def test_words_that_an_order_contains(stack, api):
    """Each word counts, wherever it is, and neither its case nor its accents do."""
    number = f"W{uuid.uuid4().hex[:6]}"
    # Seats whose letter is in no hexadecimal number: identifiers are searched, too.
    flight = stack.new_flight(flight_number=number, layout="HJK")
    name = f"Zo\u00eb{uuid.uuid4().hex[:8]}"
    one = api.hold(flight, "H1", user=f"user of {name}")
    for person in (("PASSENGER", 1, "Ada Augusta", f"Byron-{name}", None), ("CONTACT", None, None, None, f"{name[-8:]}@mail.example")):
        stack.query("INSERT INTO persons (order_id, kind, position, given_name, family_name, email, created_at)"
                    " VALUES (%s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(3))", one["orderId"], *person)
    two = api.hold(flight, "H2")
    api.pay(two).ok()
    locator = stack.wait_status(two, "CONFIRMED")["locator"]
    for q in (name[4:], f"USER {name.upper()}", f"zoe{name[3:]}", f"augusta {name[5:]}", f"yron-{name[:8]}", f"{name[-8:]}@MAIL", f"{number[1:]} h1", f"{number} QQB augusta",
              f"{one['orderId'][:30]} H1"):
        assert listed(api, f"q={quote(q)}") == [one["orderId"]], q
    for q in (locator.lower(), locator[1:5], f"{number} h2", f"{flight[3:]} {locator}"):
        assert two["orderId"] in listed(api, f"q={quote(q)}"), q
    assert listed(api, f"q={number}") == listed(api, f"flightId={flight}") == [two["orderId"], one["orderId"]]
    for q in (f"{number} H11", f"{number} {one['orderId'][1:12]}", f"{number} augusta H2", f"{number} \u4e2d"):
        assert listed(api, f"q={quote(q)}") == [], q
    for q in ("a b c d e", "x" * 101):
        assert api.get(f"/api/admin/orders?q={quote(q)}").refused(400, "INVALID_REQUEST")["field"] == "q"


def test_the_oldest_first(api, flight):
    orders = [api.hold(flight, f"A{n}")["orderId"] for n in range(1, 6)]
    for query in (f"flightId={flight}", f"flightId={flight}&status=SEATS_RESERVED", f"q={flight}", f"flightId={flight}&seat=A3"):
        found = orders if "seat=" not in query else [orders[2]]
        assert listed(api, f"{query}&sort=oldest") == found and listed(api, f"{query}&sort=newest") == found[::-1]
        assert [order["orderId"] for order in api.listed(f"/api/admin/orders?{query}&sort=oldest&limit=2", "orders")] == found
    assert api.get("/api/admin/orders?sort=total").refused(400, "INVALID_REQUEST")["field"] == "sort"


def test_orders_by_pages(api, flight):
    orders = [api.hold(flight, f"A{n}")["orderId"] for n in range(1, 6)][::-1]
    assert [order["orderId"] for order in api.listed(f"/api/admin/orders?flightId={flight}&limit=2", "orders")] == orders


@pytest.mark.parametrize("path", ["orders", "jobs"])
@pytest.mark.parametrize("query, field", [("limit=0", "limit"), ("limit=x", "limit"), ("cursor=x!", "cursor")])
def test_bad_queries(api, path, query, field):
    assert api.get(f"/api/admin/{path}?{query}").refused(400, "INVALID_REQUEST")["field"] == field


def test_unknown_status(api):
    assert api.get("/api/admin/orders?status=LOST").refused(400, "INVALID_REQUEST")["field"] == "status"


# -- jobs -----------------------------------------------------------------------------------------

JOB_FIELDS = {"id", "kind", "orderId", "flightId", "flight", "status", "runAt", "attempts", "maxAttempts", "lockedBy", "lastError", "createdAt",
              "updatedAt"}


def job_of(api, order, kind):
    found = [job for job in api.listed("/api/admin/jobs?limit=100", "jobs") if (job["orderId"], job["kind"]) == (order["orderId"], kind)]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_waiting_timer_is_shown(api, flight):
    order = api.hold(flight, "A1")
    job = job_of(api, order, "EXPIRE_HOLD")
    assert set(job) == JOB_FIELDS
    assert (job["status"], job["runAt"], job["attempts"]) == ("PENDING", order["expiresAt"], 0)


def test_a_job_says_its_flight(api, flight):
    order = api.hold(flight, "A1")
    assert api.get(f"/api/admin/jobs?orderId={order['orderId']}").ok()["jobs"][0]["flight"] == order["flight"]


def test_a_payment_being_made_is_shown_as_running(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    job = wait_for(lambda: (lambda j: j if j and j["status"] == "RUNNING" else None)(
        job_of(api, order, "PAYMENT_ATTEMPT")), 5)
    assert job["lockedBy"] and job["attempts"] == 1
    api.cancel(order).ok()


def test_a_rare_kind_is_looked_for_in_parts(stack, api, flight):
    """However many timers wait, a look reads no more than ten thousand jobs."""
    rare = stack.query("SELECT COALESCE(MAX(job_id), 0) AS id FROM workflow_jobs")[0]["id"] + 1
    stack.query("INSERT INTO workflow_jobs (job_id, kind, order_id, subject_id, run_at, created_at, updated_at) VALUES"
                " (%s, 'RECONCILE', '', UUID(), '2099-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", rare)
    digits = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10))
    stack.query("INSERT INTO workflow_jobs (kind, order_id, subject_id, run_at, created_at, updated_at)"
                f" SELECT 'EXPIRE_HOLD', '', UUID(), '2099-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) FROM ({digits}) a, ({digits}) b,"
                f" ({digits}) c, ({digits}) d UNION ALL SELECT 'EXPIRE_HOLD', '', UUID(), '2099-01-01', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)")
    try:
        page = api.get("/api/admin/jobs?kind=RECONCILE").ok()
        assert page["jobs"] == [] and page["nextCursor"]
        assert rare in [job["id"] for job in api.get(f"/api/admin/jobs?kind=RECONCILE&cursor={page['nextCursor']}").ok()["jobs"]]
        assert len(api.get("/api/admin/jobs?kind=EXPIRE_HOLD&limit=2").ok()["jobs"]) == 2
    finally:
        stack.query("DELETE FROM workflow_jobs WHERE run_at = '2099-01-01'")


def failed_job(stack, api, flight):
    """A job that has used up its tries, planted in the state in which the sweeper leaves one."""
    order = api.hold(flight, "A1")
    stack.query("""UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL, attempts = 5, max_attempts = 5,
                   last_error = 'for the test' WHERE order_id = %s""", order["orderId"])
    return order


def test_a_failed_job_is_shown_and_can_be_retried(stack, api, flight):
    order = failed_job(stack, api, flight)
    job = job_of(api, order, "EXPIRE_HOLD")
    assert (job["status"], job["runAt"], job["lastError"]) == ("FAILED", None, "for the test")
    stack.lapse(order)
    api.post(f"/api/admin/jobs/{job['id']}/retry").ok()
    wait_for(lambda: stack.row(order)["status"] == "EXPIRED", 10, "the retried timer to fire")
    assert "JOB_RETRIED" in [event["type"] for event in api.events(order)]


def test_a_job_that_is_set_aside_rests(stack, api, flight):
    order = api.hold(flight, "A1")
    path = f"/api/admin/jobs/{job_of(api, order, 'EXPIRE_HOLD')['id']}"
    api.post(f"{path}/set-aside", {}).refused(400, "INVALID_REQUEST")
    job = api.post(f"{path}/set-aside", {"reason": "A test"}).ok()
    assert (job["status"], job["runAt"], job["lastError"]) == ("FAILED", None, "Set aside by staff")
    event = api.events(order)[-1]
    assert (event["type"], event["detail"], event["by"]) == ("JOB_SET_ASIDE", "EXPIRE_HOLD", "staff")
    stack.lapse(order)
    assert api.order(order)["status"] == "EXPIRED" and job_of(api, order, "EXPIRE_HOLD")["status"] == "FAILED"
    api.post(f"{path}/retry").ok()
    wait_for(lambda: job_of(api, order, "EXPIRE_HOLD") is None, 5)


def test_retrying_a_waiting_timer_makes_it_due_but_the_hold_still_stands(stack, api, flight):
    """A timer that runs early finds nothing to expire: the order is untouched and still has its timer."""
    order = api.hold(flight, "A1")
    api.post(f"/api/admin/jobs/{job_of(api, order, 'EXPIRE_HOLD')['id']}/retry").ok()

    def rearmed():
        jobs = stack.everything(order)["jobs"]
        return jobs and jobs[0]["run_at"] == stack.row(order)["expires_at"]
    wait_for(rearmed, 10, "the timer to be set again")
    assert api.order(order)["status"] == "SEATS_RESERVED"


def test_a_running_job_cannot_be_retried(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    job = wait_for(lambda: (lambda j: j if j and j["status"] == "RUNNING" else None)(
        job_of(api, order, "PAYMENT_ATTEMPT")), 5)
    assert api.post(f"/api/admin/jobs/{job['id']}/retry").status == 409
    api.cancel(order).ok()


@pytest.mark.parametrize("job, status", [
    ("999999999", 404), ("0", 404), ("-1", 404), ("x", 404), ("1e3", 404), ("99999999999999999999999", 404), ("1%00", 404)])
def test_unknown_jobs(api, job, status):
    answer = api.post(f"/api/admin/jobs/{job}/retry")
    assert answer.status in (status, 400), answer


# -- reset ----------------------------------------------------------------------------------------

def test_reset_of_one_flight(stack, api, flight):
    elsewhere = stack.new_flight()
    other = api.hold(elsewhere, "A1")
    held, paying, booked, done = (api.hold(flight, seat) for seat in ("A1", "A2", "A3", "A4"))
    api.pay(paying, "50400").ok()
    api.pay(booked, "99999").ok()
    stack.wait_status(booked, "CONFIRMED")
    api.cancel(done).ok()
    answer = api.post("/api/admin/reset", {"flightId": flight}).ok()
    assert answer == {"status": "ok", "ordersEnded": 2, "seatsFreed": 3}
    assert set(api.seats(flight).values()) == {"AVAILABLE"}
    assert [api.order(order)["status"] for order in (held, paying, booked, done)] == [
        "CANCELLED", "CANCELLED", "CONFIRMED", "CANCELLED"]
    assert api.order(other)["status"] == "SEATS_RESERVED"
    assert stack.everything(booked)["payment"], "deletes no payment"
    assert "SEATS_FREED_BY_ADMIN" in [event["type"] for event in api.events(booked)]
    assert api.post("/api/admin/reset", {"flightId": flight}).ok() == {"status": "ok", "ordersEnded": 0, "seatsFreed": 0}
    wait_for(lambda: not stack.everything(paying)["jobs"], 20, "the payment's void")


def test_reset_during_a_payment_voids_a_later_approval(stack, api, flight):
    order = api.hold(flight, "A1")
    api.pay(order, "50401").ok()
    wait_for(lambda: stack.charge(order), 5, "the charge")
    api.post("/api/admin/reset", {"flightId": flight}).ok()
    wait_for(lambda: stack.charge(order)["status"] == "VOIDED", 15, "the charge to be voided")
    assert api.order(order)["status"] == "CANCELLED"


def test_reset_does_not_chase_what_is_booked_meanwhile(stack, api, flight):
    """A reset ends the orders that were open when it began, however long it takes. Customers can book in the meantime."""
    before = [api.hold(flight, seat) for seat in ("A1", "A2", "A3")]
    with order_gate(stack, before[2]) as held, ThreadPoolExecutor(1) as pool:
        reset = pool.submit(api.post, "/api/admin/reset", {"flightId": flight})
        held.wait_for_queue(1)
        later = [api.hold(flight, seat) for seat in ("B1", "B2")]
        held.open()
        assert reset.result().ok() == {"status": "ok", "ordersEnded": 3, "seatsFreed": 3}
    assert {api.order(order)["status"] for order in before} == {"CANCELLED"}
    assert {api.order(order)["status"] for order in later} == {"SEATS_RESERVED"}


def test_reset_of_an_unknown_flight(api):
    api.post("/api/admin/reset", {"flightId": "nowhere"}).refused(404, "FLIGHT_NOT_FOUND")


@pytest.mark.parametrize("body", [{"flightId": 7}, {"flightId": ""}, {"flightId": ["FL123"]}, [], "x"])
def test_bad_resets_reset_nothing(api, flight, body):
    """Above all, a broken flightId must not mean all flights."""
    order = api.hold(flight, "A1")
    assert api.post("/api/admin/reset", body).status in (400, 404)
    assert api.order(order)["status"] == "SEATS_RESERVED"


def test_reset_of_everything(own_stack):
    lone = own_stack(SWEEPERS=0, WEBHOOK_URL="http://127.0.0.1:1/", WEBHOOK_SECRET="a-secret-of-the-tests")
    api = lone.api()
    orders = [api.hold(lone.new_flight(), "A1"), api.hold("FL123", "A1"), api.hold("fl-101", "1A", "1B")]
    assert api.post("/api/admin/reset").ok() == {"status": "ok", "ordersEnded": 3, "seatsFreed": 4}
    assert {api.order(order)["status"] for order in orders} == {"CANCELLED"}
    assert [lone.query("SELECT type FROM messages WHERE order_id = %s", order["orderId"]) for order in orders] == [
        [{"type": "order.cancelled"}]] * 3
    many_holds_are_reset_together(lone, int(os.environ.get("RESET_HOLDS", 1000)))


def many_holds_are_reset_together(stack, number):
    """One by one a hundred thousand would take minutes."""
    flight = stack.new_flight(rows=(number + 2) // 3)
    stack.query("""INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, expires_at, total_price_cents,
                       currency, workflow_id, created_at, updated_at)
                   SELECT id, flight_id, 'guest', 'SEATS_RESERVED', seat_number, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 9 MINUTE,
                       12900, 'USD', CONCAT('booking-', id), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)
                   FROM (SELECT s.*, CONCAT('0a000000-0000-7000-8000-', LPAD(ROW_NUMBER() OVER (ORDER BY seat_number), 12, '0')) AS id
                         FROM seats s WHERE flight_id = %s) numbered ORDER BY id LIMIT %s""", flight, number)
    stack.query("""UPDATE seats s JOIN orders o ON o.flight_id = s.flight_id AND o.seats = s.seat_number
                   SET s.status = 'RESERVED', s.reserved_by = o.order_id, s.user_id = 'guest', s.reserved_at = o.reserved_at
                   WHERE o.flight_id = %s""", flight)
    stack.query("""INSERT INTO workflow_jobs (kind, order_id, run_at, max_attempts, created_at, updated_at)
                   SELECT 'EXPIRE_HOLD', order_id, expires_at, 0, created_at, created_at FROM orders WHERE flight_id = %s""", flight)
    stack.query("""INSERT INTO workflow_events (order_id, type, to_status, created_at)
                   SELECT order_id, 'ORDER_CREATED', 'CREATED', created_at FROM orders WHERE flight_id = %s""", flight)
    stack.query("""INSERT INTO workflow_events (order_id, type, from_status, to_status, detail, created_at)
                   SELECT order_id, 'SEATS_RESERVED', 'CREATED', status, seats, created_at FROM orders WHERE flight_id = %s""", flight)
    before, begun = commits(stack), time.monotonic()
    answer = stack.api().request("POST", "/api/admin/reset", {"flightId": flight}, timeout=300).ok()
    assert answer == {"status": "ok", "ordersEnded": number, "seatsFreed": number}
    print(f"{number} holds in {time.monotonic() - begun:.1f} s")
    assert commits(stack) - before < number / 32
    left = stack.query("""SELECT o.status, o.version, COUNT(e.event_id) AS events, COUNT(j.job_id) AS jobs, COUNT(*) AS number
                          FROM orders o LEFT JOIN workflow_events e ON e.order_id = o.order_id AND e.type = 'ORDER_CANCELLED'
                            AND e.from_status = 'SEATS_RESERVED' AND e.to_status = 'CANCELLED' AND e.detail = 'reset by the operator'
                          LEFT JOIN workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'EXPIRE_HOLD'
                          WHERE o.flight_id = %s GROUP BY o.status, o.version""", flight)
    assert left == [{"status": "CANCELLED", "version": 2, "events": number, "jobs": 0, "number": number}]


def commits(stack):
    return int(stack.query("SHOW GLOBAL STATUS LIKE 'Com_commit'")[0]["Value"])


def test_an_address_that_is_not_loopback(stack):
    """LISTEN_ADDRESS is 127.0.0.1 by default, so no other machine can even connect."""
    try:
        own = socket.gethostbyname(socket.gethostname())
    except socket.gaierror:
        own = "127.0.0.1"
    if own.startswith("127."):
        pytest.skip("this host has no other address")
    with pytest.raises(OSError):
        socket.create_connection((own, stack.port), timeout=2).close()
