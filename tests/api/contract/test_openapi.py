# SPDX-License-Identifier: MIT
"""html/api/openapi.json and the running system agree.

Everything described exists: these tests provoke every operation, with every status and every error code that it lists.
Everything that exists is described: tests/client.py checks every answer in any test against the description, and these
tests compare the routes in fcgi/router.c with it.
"""

import functools
import json
import re
import subprocess
import uuid

import pytest

from fastcgi import Direct
from description import FILE, complaint, description, follow, operations
from persons import name_in
from shapes import NO_ORDER
from signing import SECRET, signed
from stack import ROOT, wait_for

VALIDATOR = ROOT / "html/node_modules/@seriousme/openapi-schema-validator/bin/validate-api-cli.js"
# test_outages.py and test_bad_input.py provoke the errors of `default`, which need trouble, or nginx.


# -- the description itself ---------------------------------------------------------------------

def test_it_is_valid():
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if int(re.match(r"v(\d+)", version)[1]) < 18:
        pytest.skip(f"the validator needs Node.js 18, this is {version.strip()}")
    run = subprocess.run(["node", str(VALIDATOR), str(FILE)], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0 and json.loads(run.stdout)["valid"], run.stdout + run.stderr


def examples():
    """(where, value, pointer to its schema) of every example in the description."""
    def media(at, types):
        for name, content in types.items():
            pointer = (*at, "content", name, "schema")
            if "example" in content:
                yield "/".join(at), content["example"], pointer
            for key, example in content.get("examples", {}).items():
                yield f"{'/'.join(at)} {key}", follow(example)["value"], pointer

    components = description()["components"]
    for group in ("responses", "requestBodies"):
        for name, each in components[group].items():
            yield from media(("components", group, name), each.get("content", {}))
    for name, each in components["parameters"].items():
        if "example" in each:
            yield f"parameter {name}", each["example"], ("components", "parameters", name, "schema")
    for path, method, operation in operations():
        for status, response in operation["responses"].items():
            yield from media(("paths", path, method, "responses", status), response.get("content", {}))
        if "$ref" not in operation.get("requestBody", {"$ref": ""}):
            yield from media(("paths", path, method, "requestBody"), operation["requestBody"]["content"])


@pytest.mark.parametrize("where, value, pointer", [pytest.param(*each, id=each[0]) for each in examples()])
def test_examples_fit_their_schemas(where, value, pointer):
    assert complaint(value, *pointer) is None


def test_nothing_in_it_is_unused():
    text = FILE.read_text()
    for group, items in description()["components"].items():
        for name in items:
            if group != "securitySchemes":
                assert f'"#/components/{group}/{name}"' in text, f"{group}/{name}"


def test_it_is_served(api):
    answer = api.get("/api/openapi.json")
    assert answer.ok() == description()
    assert api.get("/api/openapi.json", headers={"If-None-Match": answer.etag}).status == 304


def test_it_describes_what_is_routed():
    routes = re.findall(r'^ +\{ "([A-Z]+)", "([^"]+)", \w+, ACCESS_\w+, \w+ \},$', (ROOT / "fcgi/router.c").read_text(), re.M)
    routed = {(method, "/" + path) for method, path in routes}
    assert len(routed) > 15
    described = {(method.upper(), re.sub(r"\{\w+\}", "*", path)) for path, method, _ in operations()
                 if not path.startswith("/live/") and path != "/api/openapi.json"}
    assert described == routed
    live = {path.replace("/live/", "/api/") for path in description()["paths"] if path.startswith("/live/")}
    assert live == {path for path, item in description()["paths"].items()
                    if re.match("/api/(flights|orders)", path) and "get" in item and "/ticket." not in path}


# -- every described answer exists --------------------------------------------------------------

# What PASSENGERS=off refuses.
NAMES = ("namePassengers", "adminNamePassengers")
# What takes a file.
FILES = ("adminImportFlights",)
# What the payment gateway signs, with the secret that the quick stack has.
SIGNED = ("notifyOfCharge",)


class Call:
    """A request for an operation that would succeed, with a flight and an order of its own."""

    def __init__(self, stack, path, method, operation):
        self.stack, self.method, self.headers = stack, method.upper(), {}
        self.api = stack.admin() if "/admin/" in path else stack.api()
        self.flight = self.order = None
        if "requestBody" in operation or "{" in path or "userId" in str(operation["parameters"]):
            self.flight = stack.new_flight(refund_rule="0:0:0") if "/cancellation" in path else stack.new_flight()
            self.order = stack.api().hold(self.flight, "C1")
        self.path = path
        if "{jobId}" in path:
            self.use_job()
        if "{staffId}" in path:
            added = stack.admin().post("/api/admin/staff", {"name": uuid.uuid4().hex, "role": "agent"}).ok(201)
            self.set("staffId", added["id"])
        self.set("cabinId", stack.new_cabin() if "{cabinId}" in path else None)
        self.set("placeCode", stack.new_place() if "{placeCode}" in path else None)
        self.set("kind", "SEND_CONFIRMATION")
        if "{importId}" in path:
            sent = stack.admin().request("POST", "/api/admin/flights/import?dryRun=true", body=b"", headers={"Content-Type": "text/csv"})
            self.set("importId", sent.ok(202)["importId"])
        if "{jobId}" in path and operation["operationId"] == "adminReleaseJob":
            self.lease()
        own = {"adminPutFlight", "adminRemoveFlight", "adminScheduleFlights"} & {operation["operationId"]}
        if own:
            self.flight, self.plan = stack.new_own_flight()
        self.set("flightId", self.flight)
        self.set("orderId", self.order and self.order["orderId"])
        if operation["operationId"].startswith("listOrders"):
            self.path += f"?userId={self.order['userId']}"
        if operation["operationId"] == "listDayPrices":
            self.path += "?origin=BOS&destination=DCA&from=2030-01-01"
        if operation["operationId"] == "adminReconciliation":
            self.path += f"?date={free_day(stack)}"
        if operation["operationId"] == "findBooking":
            self.locator = name_in(stack, self.order, "Lovelace", "ada@example.com")
        if operation["operationId"] == "adminBoard":
            stack.api().pay(self.order).ok()
            self.locator = stack.wait_status(self.order, "CONFIRMED")["locator"]
        if operation["operationId"] == "adminForgetOrder":
            stack.api().cancel(self.order).ok()
        if "/cancellation" in path:
            self.sell()
        self.signs = operation["operationId"] in SIGNED
        self.body = None
        if "requestBody" in operation:
            content = follow(operation["requestBody"])["content"]
            if operation["operationId"] in FILES:
                self.file = content["text/csv"]["example"].encode()
                return
            self.body = dict(content["application/json"]["example"])
            if operation["operationId"] == "adminPutFlight":
                self.body = {**self.plan, "taxPercent": 19}
            if operation["operationId"] == "adminScheduleFlights":
                self.body["template"] = {name: self.plan[name] for name in ("cabin", "origin", "destination", "fares", "currency", "flightNumber")}
            self.put("flightId", self.flight)
            if operation["operationId"] == "adminSwapCabin":
                self.put("cabin", stack.seating(("economy", "1-10", "A BC"), numbering="column-row"))
            self.put("name", uuid.uuid4().hex)
            self.put("locator", getattr(self, "locator", None))

    def sell(self):
        """Pays the order, and comes back with its token."""
        self.stack.api().pay(self.order).ok()
        self.stack.wait_status(self.order, "CONFIRMED")
        locator = name_in(self.stack, self.order, "Lovelace")
        found = self.stack.api().post("/api/bookings/find", {"locator": locator, "familyName": "Lovelace"}).ok()
        self.api = self.stack.api(Authorization=f"Bearer {found['token']}")

    def set(self, name, value):
        self.path = self.path.replace("{%s}" % name, str(value))

    def put(self, name, value):
        if name in (self.body or {}):
            self.body[name] = value

    def use_job(self):
        jobs = self.stack.admin().get(f"/api/admin/jobs?orderId={self.order['orderId']}").ok()["jobs"]
        self.job = jobs[0]["id"]
        self.set("jobId", self.job)

    def lease(self, worker="a test"):
        """Makes the job look as if this worker had it or, without a worker, as if none had."""
        status, attempts = ("RUNNING", 1) if worker else ("PENDING", 0)
        self.stack.query("UPDATE workflow_jobs SET status = %s, attempts = %s, locked_by = %s WHERE job_id = %s",
                         status, attempts, worker, self.job)

    def send(self, **kw):
        headers = {**self.headers, **kw.pop("headers", {})}
        if getattr(self, "file", None) and "body" not in kw:
            kw["body"] = self.file
            headers.setdefault("Content-Type", "text/csv")
        if self.signs:
            kw.setdefault("body", json.dumps(self.body).encode())
            headers = {**signed(kw["body"], SECRET), **headers}
        elif self.body is not None and "body" not in kw:
            kw["json"] = self.body
        elif self.method != "GET" and "body" not in kw:
            kw["body"] = b""
        return self.api.request(self.method, self.path, headers=headers, **kw)


def free_day(stack):
    """A day that nobody has asked a report for."""
    return str(stack.query("SELECT COALESCE(MAX(day), '2030-01-01') + INTERVAL 1 DAY AS day FROM reconciliations")[0]["day"])


def reconciled(call):
    wait_for(lambda: call.send().status == 200, 10, "the report")
    return call.send()


def raw(call, body, media="application/json"):
    return call.send(body=body, headers={"Content-Type": media})


def with_body(**fields):
    def provoke(call):
        call.body.update(fields)
        return call.send()
    return provoke


def bad_address(call):
    call.path += ("&" if "?" in call.path else "?") + "x=%ff"
    return call.send()


def no_such_flight(call):
    if call.body is not None and "flightId" in call.body:
        call.body["flightId"] = "nowhere"
    elif call.path.startswith("/api/admin/orders"):
        call.path += "?flightId=no%20where"
    else:
        call.path = call.path.replace(call.flight, "nowhere")
    return call.send()


def no_such_order(call):
    call.put("locator", "222222")
    call.path = call.path.replace(call.order["orderId"], NO_ORDER)
    return call.send()


def nothing_there(call):
    call.path = re.sub(r"(jobs|kinds|staff)/\w+", r"\1/999999999", call.path)
    call.path = re.sub(r"(cabins|places)/[\w-]+", r"\1/no%20where", call.path)
    return call.send()


def name_taken(call):
    call.send().ok(201)
    return call.send()


def taken(call):
    call.stack.api().hold(call.flight, "A1")
    return with_body(seats=["A1"])(call)


def departed(call):
    call.stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) WHERE flight_id = %s", call.flight)
    return call.send()


def on_flight(**columns):
    """Changes the flight by SQL, then sends the request."""
    def provoke(call):
        for column, value in columns.items():
            call.stack.query(f"UPDATE flights SET {column} = %s WHERE flight_id = %s", value, call.flight)
        answer = call.send()
        call.stack.query("UPDATE flights SET status = 'ON_SALE' WHERE flight_id = %s", call.flight)
        return answer
    return provoke


def expired(call):
    call.stack.lapse(call.order)
    return call.send()


def closed(call):
    call.stack.api().cancel(call.order).ok()
    return call.send()


def paying(call):
    call.stack.api().pay(call.order, "50400").ok()
    answer = call.send()
    call.stack.api().cancel(call.order)
    return answer


def leased(call):
    call.lease()
    answer = call.send()
    call.lease(worker=None)
    return answer


def not_leased(call):
    call.lease(worker=None)
    return call.send()


def still_running(call):
    """Makes the first request with this key look as if it were still running."""
    call.headers["Idempotency-Key"] = uuid.uuid4().hex
    call.send()
    call.stack.query("UPDATE idempotency_keys SET status = NULL, locked_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
                     " ORDER BY created_at DESC LIMIT 1")
    return call.send()


def another_body(call):
    call.headers["Idempotency-Key"] = uuid.uuid4().hex
    call.send()
    return raw(call, json.dumps({**(call.body or {}), "another": 1}).encode())


def not_modified(call):
    call.headers["If-None-Match"] = call.send().etag
    return call.send()


def paid(call, **kw):
    call.stack.api().pay(call.order).ok()
    call.stack.wait_status(call.order, "CONFIRMED")
    return call.send(**kw)


def too_large(call):
    call.body["amountCents"] = 10**12
    return paid(call)


def still_open(call):
    call.path = call.path.replace(call.order["orderId"], call.stack.api().hold(call.flight, "A1")["orderId"])
    return call.send()


def as_another_order(make):
    """The same for an order that is not paid: it takes the place of the one that is."""
    def provoke(call):
        call.order = call.stack.api().hold(call.flight, "B1")
        call.path = re.sub(r"orders/[^/]+", f"orders/{call.order['orderId']}", call.path)
        return make(call)
    return provoke


def seat_of_another(call):
    call.path += "?seats=B1"
    return call.send()


def ended(call):
    call.stack.query("UPDATE flights SET refund_rule = '' WHERE flight_id = %s", call.flight)
    return call.send()


def on_board(call):
    locator = call.stack.row(call.order)["locator"]
    call.stack.admin().post(f"/api/admin/flights/{call.flight}/board", {"locator": locator}).ok()
    return call.send()


def made(call):
    call.flight = uuid.uuid4().hex
    call.path = re.sub(r"[\w-]+$", call.stack.free_code() if "places" in call.path else uuid.uuid4().hex, call.path)
    return call.send()


def in_use(call):
    if "flights" in call.path:
        order = call.stack.api().hold(call.flight, "3A")
        call.stack.api().cancel(order).ok()
        call.put("cabin", call.stack.new_cabin())
        return call.send()
    if "cabins" in call.path:
        call.stack.query("UPDATE flights SET cabin_id = %s, cabin_version = 1 WHERE flight_id = %s", call.path.split("/")[-1], call.flight)
    else:
        call.stack.query("UPDATE flights SET destination = %s WHERE flight_id = %s", call.path.split("/")[-1], call.flight)
    answer = call.send()
    call.stack.query("UPDATE flights SET destination = 'DCA', cabin_id = NULL, cabin_version = NULL WHERE flight_id = %s", call.flight)
    return answer


def dry_run(call):
    call.path += "?dryRun=true"
    return call.send()


def boarding_twice(call):
    call.send().ok()
    return call.send()


def another_cabin(call):
    return with_body(cabin=call.stack.seating(("business", "1", "A")), dryRun=False)(call)


def sold(make):
    """The same for an order that is paid, on a flight with a refund rule."""
    def provoke(call):
        call.stack.query("UPDATE flights SET refund_rule = '0:0:0' WHERE flight_id = %s", call.flight)
        call.stack.api().pay(call.order).ok()
        call.stack.wait_status(call.order, "CONFIRMED")
        return make(call)
    return provoke


def dearer(call):
    call.stack.query("UPDATE flights SET price_cents = price_cents + 1 WHERE flight_id = %s", call.flight)
    return call.send()


BY_STAFF = {
    "NOT_PAID adminCancelOrder": lambda call: with_body(seats=["C1"])(call),
    "PAYMENT_IN_PROGRESS adminCancelOrder": lambda call: (call.body.update(seats=["C1"]), paying(call))[1],
    "INVALID_SEATS adminCancelOrder": sold(lambda call: with_body(seats=["Z99"])(call)),
    "FLIGHT_DEPARTED adminCancelOrder": sold(lambda call: departed(call)),
    "FLIGHT_CANCELLED adminCancelOrder": sold(lambda call: on_flight(status="CANCELLED")(call)),
    "PASSENGER_BOARDED adminCancelOrder": sold(on_board),
    "QUOTE_CHANGED adminCancelOrder": sold(lambda call: with_body(expectedRefundCents=1)(call)),
    "REFUND_TOO_LARGE adminCancelOrder": sold(lambda call: with_body(refundCents=10**9)(call)),
    "FLIGHT_DEPARTED adminChangeSeats": sold(lambda call: departed(call)),
    "PASSENGER_BOARDED adminChangeSeats": sold(on_board),
    "PRICE_DIFFERENCE adminChangeSeats": sold(dearer),
    "NOTHING_TO_SEND": Call.send,
}

QUOTES = ("quoteCancellation", "quoteCancellationLive")
PROVOKE = {
    **BY_STAFF,
    **{f"INVALID_SEATS {quote}": seat_of_another for quote in QUOTES},
    **{f"{code} {name}": as_another_order(make) for name in (*QUOTES, "cancelSold")
       for code, make in (("NOT_PAID", Call.send), ("PAYMENT_IN_PROGRESS", lambda call: paying(call)), ("ORDER_EXPIRED", lambda call: expired(call)))},
    **{f"ORDER_CLOSED {name}": ended for name in (*QUOTES, "cancelSold")},
    "PASSENGER_BOARDED": on_board,
    "QUOTE_CHANGED": lambda call: with_body(expectedRefundCents=1)(call),
    "SEATS_UNAVAILABLE adminSwapCabin": another_cabin,
    "CANNOT_BOARD": boarding_twice,
    "200 adminCancelFlight": dry_run,
    "201 adminPutCabin": made,
    "201 adminPutPlace": made,
    "201 adminPutFlight": made,
    "IN_USE": in_use,
    "ORDER_OPEN": still_open,
    "NOT_PAID": Call.send,
    "REFUND_TOO_LARGE": too_large,
    "202 adminRefund": paid,
    "200 getTicketCode": paid,
    "200 getTicketCalendar": paid,
    "200 adminReconciliation": reconciled,
    "INVALID_REQUEST": bad_address,
    "INVALID_JSON": lambda call: raw(call, b"{"),
    "INVALID_SEATS": with_body(seats=["Z99"]),
    "INVALID_PAYMENT_CODE": with_body(paymentCode="1"),
    "FLIGHT_NOT_FOUND": no_such_flight,
    "ORDER_NOT_FOUND": no_such_order,
    "NOT_FOUND": nothing_there,
    "NAME_TAKEN": name_taken,
    "SEATS_UNAVAILABLE": taken,
    "FLIGHT_DEPARTED": departed,
    "FLIGHT_CLOSED": on_flight(status="CLOSED"),
    "FLIGHT_CANCELLED": on_flight(status="CANCELLED"),
    "ORDER_EXPIRED": expired,
    "ORDER_CLOSED": closed,
    "PAYMENT_IN_PROGRESS": paying,
    "JOB_RUNNING": leased,
    "JOB_NOT_RUNNING": not_leased,
    "REQUEST_IN_PROGRESS": still_running,
    "PRECONDITION_FAILED": lambda call: call.send(headers={"If-Match": '"9999"'}),
    "PAYLOAD_TOO_LARGE adminImportFlights": lambda call: raw(call, b" " * (16 * 1024 * 1024 + 1), "text/csv"),
    "NOT_FOUND adminGetImport": lambda call: call.api.get(f"/api/admin/flights/imports/{uuid.uuid4()}"),
    "PAYLOAD_TOO_LARGE": lambda call: raw(call, b" " * 70000),
    "UNSUPPORTED_MEDIA_TYPE": lambda call: raw(call, b"x", "text/x"),
    "IDEMPOTENCY_MISMATCH": another_body,
    "FORBIDDEN": lambda call: call.send(headers={"X-Forwarded-For": "203.0.113.1", "Sec-Fetch-Site": "cross-site"}),
    "304": not_modified,
}


def codes_of(path, method, operation, key):
    """The error codes of a described answer; for a good one its status."""
    response = operation["responses"][key]
    if int(key) < 400:
        return [key]
    schema = follow(response)["content"]["application/problem+json"]["schema"]
    return schema["allOf"][1]["properties"]["error"]["enum"]


# These need settings: test_passengers.py names passengers who are on board, test_after_sale.py has the others.
ELSEWHERE = {("200", "adminResend"), ("PASSENGER_BOARDED", "namePassengers"), ("PASSENGER_BOARDED", "adminNamePassengers"), *((code, name) for name in ("changeSeats", "replaceSeats") for code in (
    "FLIGHT_DEPARTED", "PASSENGER_BOARDED", "PRICE_DIFFERENCE"))}

DESCRIBED = [pytest.param(path, method, operation, key, code, id=f"{operation['operationId']}-{key}-{code}")
             for path, method, operation in operations() for key in operation["responses"]
             if key not in ("default", "429", "503") for code in codes_of(path, method, operation, key)
             # test_best_seats.py and test_passengers.py have these, with the settings that they need.
             if (code, operation["operationId"]) not in ELSEWHERE
             and code not in ("SINGLE_SEAT_LEFT", "TOO_MANY_PASSENGERS", "PASSENGERS_MISSING", "CONSENT_MISSING")]


@pytest.mark.parametrize("path, method, operation, key, code", DESCRIBED)
def test_what_is_described_can_be_had(default_stack, quick_stack, signed_in_stack, named_stack, path, method, operation, key, code):
    if code == "UNAUTHORIZED":
        call = Call(quick_stack, path.replace("{jobId}", "1"), method, operation)
        call.api = signed_in_stack.api()
        call.headers = {"Authorization": "Bearer bks_no-such-token"} if path == "/api/me" else {}
        answer = call.send()
    elif operation["operationId"] in SIGNED and code != "NOT_FOUND":
        answer = PROVOKE.get(code, Call.send)(Call(quick_stack, path, method, operation))
    elif operation["operationId"] == "listOrders" and code == "ORDER_NOT_FOUND":
        answer = Direct(signed_in_stack, REMOTE_USER="ada").get("/api/orders?userId=bob")
    else:
        names = operation["operationId"] in NAMES and code != "NOT_FOUND"
        call = Call(named_stack if names else default_stack, path, method, operation)
        answer = PROVOKE.get(f"{code} {operation['operationId']}", PROVOKE.get(code, Call.send))(call)
    if "{kind}" in path:
        default_stack.admin().post("/api/admin/kinds/SEND_CONFIRMATION/resume").ok()
    assert answer.status == int(key), answer
    if int(key) >= 400:
        answer.refused(int(key), code)


def test_too_many_from_one_customer(own_stack):
    stack = own_stack(MAX_OPEN_HOLDS_PER_USER=1)
    for path, method, operation in operations():
        if operation["operationId"] in ("holdSeats", "createOrder"):
            call = Call(stack, path, method, operation)
            call.put("userId", call.order["userId"])
            answer = call.send()
            assert answer.refused(429, "TOO_MANY_REQUESTS") and int(answer.headers["Retry-After"]) > 0


def test_too_many_from_one_address(own_stack):
    stack = own_stack(RATE_LIMIT_LOOKUPS="1r/m", RATE_LIMIT_HOLDS="1r/m", RATE_LIMIT_PAYMENTS="1r/m", RATE_LIMIT_EXEMPT="none")
    limited = [each for each in operations() if "429" in each[2]["responses"]]
    assert len(limited) == 8
    calls = [Call(stack, *each) for each in limited]
    for call in calls:
        answers = [call.send() for _ in range(23)]
        assert answers[-1].refused(429, "TOO_MANY_REQUESTS") and answers[-1].headers["Retry-After"]


def test_without_a_database(own_stack):
    stack = own_stack(PAYMENT_NOTIFY_SECRET=SECRET, PASSENGERS="optional")
    # A plan is checked without a database, unless it takes one to know who asks.
    named = [(path, method, operation) for path, method, operation in operations()
             if "503" in operation["responses"] and operation["operationId"] != "adminCheckCabin"]
    calls = {operation["operationId"]: Call(stack, path, method, operation) for path, method, operation in named}
    with stack.without("mariadb"):
        for name, call in calls.items():
            answer = call.send()
            assert answer.refused(503, "DATABASE_UNAVAILABLE") and answer.headers["Retry-After"], name


# What is a document as a whole, which no form can say.
DOCUMENTS = ("adminCheckCabin", "adminPutCabin", "adminPutFlight", "adminScheduleFlights")


@pytest.mark.parametrize("path, method, operation", [pytest.param(*each, id=each[2]["operationId"]) for each in operations()
                                                     if each[2]["operationId"] in DOCUMENTS])
def test_documents_are_no_forms(default_stack, path, method, operation):
    assert list(operation["requestBody"]["content"]) == ["application/json"]
    call = Call(default_stack, path, method, operation)
    call.body = None
    call.send(form={"name": "A320"}, body=None).refused(415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path, method, operation", [pytest.param(*each, id=each[2]["operationId"]) for each in operations()
                                                     if "requestBody" in each[2] and each[2]["operationId"] not in DOCUMENTS + FILES + SIGNED + ("adminResend",)])
def test_forms_do_as_well(default_stack, named_stack, path, method, operation):
    content = follow(operation["requestBody"])["content"]
    assert "application/x-www-form-urlencoded" in content
    names = operation["operationId"] in NAMES
    call = Call(named_stack if names else default_stack, path, method, operation)
    form, call.body = content["application/x-www-form-urlencoded"]["example"] if names else call.body, None
    pairs = [(name, each) for name, value in form.items() for each in (value if isinstance(value, list) else [value])]
    send = functools.partial(paid, call) if operation["operationId"] == "adminRefund" else call.send
    assert send(form=pairs, body=None).status < 300


# -- the page that shows it ---------------------------------------------------------------------

def test_the_page_of_it(api):
    answer = api.get("/docs")
    page = answer.body.decode()
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|style=|https?://", page), "violates the page's own policy"
    for address in re.findall(r'(?:src|href)="(/[^"#]*)"', page):
        assert api.get(address).status == 200, address
