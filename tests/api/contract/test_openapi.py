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
from stack import ROOT

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
                    if re.match("/api/(flights|orders)", path) and "get" in item}


# -- every described answer exists --------------------------------------------------------------

class Call:
    """A request for an operation that would succeed, with a flight and an order of its own."""

    def __init__(self, stack, path, method, operation):
        self.stack, self.method, self.headers = stack, method.upper(), {}
        self.api = stack.admin() if "/admin/" in path else stack.api()
        self.flight = self.order = None
        if "requestBody" in operation or "{" in path or "userId" in str(operation["parameters"]):
            self.flight = stack.new_flight()
            self.order = stack.api().hold(self.flight, "C1")
        self.path = path
        if "{jobId}" in path:
            self.use_job()
        if "{staffId}" in path:
            added = stack.admin().post("/api/admin/staff", {"name": uuid.uuid4().hex, "role": "agent"}).ok(201)
            self.set("staffId", added["id"])
        self.set("kind", "SEND_CONFIRMATION")
        if "{jobId}" in path and operation["operationId"] == "adminReleaseJob":
            self.lease()
        self.set("flightId", self.flight)
        self.set("orderId", self.order and self.order["orderId"])
        if operation["operationId"].startswith("listOrders"):
            self.path += f"?userId={self.order['userId']}"
        if operation["operationId"] == "findBooking":
            self.locator = name_in(stack, self.order, "Lovelace", "ada@example.com")
        if operation["operationId"] == "adminForgetOrder":
            stack.api().cancel(self.order).ok()
        self.body = None
        if "requestBody" in operation:
            self.body = dict(follow(operation["requestBody"])["content"]["application/json"]["example"])
            self.put("flightId", self.flight)
            self.put("name", uuid.uuid4().hex)
            self.put("locator", getattr(self, "locator", None))

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
        if self.body is not None and "body" not in kw:
            kw["json"] = self.body
        elif self.method != "GET" and "body" not in kw:
            kw["body"] = b""
        return self.api.request(self.method, self.path, headers=headers, **kw)


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
    key = uuid.uuid4().hex
    call.headers["Idempotency-Key"] = key
    call.send()
    call.stack.query("UPDATE idempotency_keys SET status = NULL, locked_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
                     " WHERE key_hash = UNHEX(SHA2(%s, 256))", key)
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


PROVOKE = {
    "ORDER_OPEN": still_open,
    "NOT_PAID": Call.send,
    "REFUND_TOO_LARGE": too_large,
    "202 adminRefund": paid,
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
    "ORDER_EXPIRED": expired,
    "ORDER_CLOSED": closed,
    "PAYMENT_IN_PROGRESS": paying,
    "JOB_RUNNING": leased,
    "JOB_NOT_RUNNING": not_leased,
    "REQUEST_IN_PROGRESS": still_running,
    "PRECONDITION_FAILED": lambda call: call.send(headers={"If-Match": '"9999"'}),
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


DESCRIBED = [pytest.param(path, method, operation, key, code, id=f"{operation['operationId']}-{key}-{code}")
             for path, method, operation in operations() for key in operation["responses"]
             if key not in ("default", "429", "503") for code in codes_of(path, method, operation, key)]


@pytest.mark.parametrize("path, method, operation, key, code", DESCRIBED)
def test_what_is_described_can_be_had(default_stack, quick_stack, signed_in_stack, path, method, operation, key, code):
    if code == "UNAUTHORIZED":
        call = Call(quick_stack, path.replace("{jobId}", "1"), method, operation)
        call.api = signed_in_stack.api()
        call.headers = {"Authorization": "Bearer bks_no-such-token"} if path == "/api/me" else {}
        answer = call.send()
    elif operation["operationId"] == "listOrders" and code == "ORDER_NOT_FOUND":
        answer = Direct(signed_in_stack, REMOTE_USER="ada").get("/api/orders?userId=bob")
    else:
        call = Call(default_stack, path, method, operation)
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
    assert len(limited) == 7
    calls = [Call(stack, *each) for each in limited]
    for call in calls:
        answers = [call.send() for _ in range(23)]
        assert answers[-1].refused(429, "TOO_MANY_REQUESTS") and answers[-1].headers["Retry-After"]


def test_without_a_database(own_stack):
    stack = own_stack()
    named = [(path, method, operation) for path, method, operation in operations() if "503" in operation["responses"]]
    calls = {operation["operationId"]: Call(stack, path, method, operation) for path, method, operation in named}
    with stack.without("mariadb"):
        for name, call in calls.items():
            answer = call.send()
            assert answer.refused(503, "DATABASE_UNAVAILABLE") and answer.headers["Retry-After"], name


@pytest.mark.parametrize("path, method, operation", [pytest.param(*each, id=each[2]["operationId"]) for each in operations()
                                                     if "requestBody" in each[2]])
def test_forms_do_as_well(default_stack, path, method, operation):
    assert "application/x-www-form-urlencoded" in follow(operation["requestBody"])["content"]
    call = Call(default_stack, path, method, operation)
    form, call.body = call.body, None
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
