# SPDX-License-Identifier: MIT
"""Bad input (issue 2): the answer is the right 4xx and a problem document, nothing changes, and no process dies."""

import json

import pytest

JSON = {"Content-Type": "application/json"}

NUL = "A1\x00"
SQL = ["' OR '1'='1", "1; DROP TABLE orders", "\" OR 1=1 --", "' UNION SELECT * FROM payments --", "\\'; --", "A1' #"]


@pytest.fixture(scope="module", autouse=True)
def the_pool_survives(stack):
    """Checks that the same processes serve after the module as before it."""
    before = stack.pids("booking-api"), stack.leaders("payment-gateway"), stack.pids("sweeper")
    assert all(before)
    yield
    assert (stack.pids("booking-api"), stack.leaders("payment-gateway"), stack.pids("sweeper")) == before


@pytest.fixture
def order(stack, api, flight):
    """The only order on its flight. It must look the same after the test."""
    held = api.hold(flight, "A1", "A2")
    before = stack.everything(held)
    yield held
    assert stack.everything(held) == before
    assert stack.query("SELECT COUNT(*) AS n FROM orders WHERE flight_id = %s", flight) == [{"n": 1}]


def send(api, where, order, body, headers=JSON):
    """Sends the body to one of the paths that take one."""
    key = order["orderId"]
    method, path = {
        "A": ("POST", f"/api/flights/{order['flightId']}/orders"),
        "B": ("POST", "/api/orders"),
        "change": ("POST", f"/api/orders/{key}/seats"),
        "change (PUT)": ("PUT", f"/api/orders/{key}/seats"),
        "payment": ("POST", f"/api/orders/{key}/payment"),
        "pay": ("POST", f"/api/orders/{key}/pay"),
        "reset": ("POST", "/api/admin/reset"),
    }[where]
    return api.request(method, path, body=body, headers=headers)


WITH_BODY = ["A", "B", "change", "change (PUT)", "payment", "pay"]
every_path = pytest.mark.parametrize("where", [*WITH_BODY, "reset"])

BROKEN = {
    "nothing but space": b"   ",
    "cut": b'{"seats":["B1"]',
    "not json": b"seats=B1",
    "single quotes": b"{'seats':['B1']}",
    "trailing comma": b'{"seats":["B1",]}',
    "trailing text": b'{"seats":["B1"]} x',
    "two documents": b'{"seats":["B1"]}{"seats":["B2"]}',
    "comment": b'{"seats":["B1"]} // x',
    "bare word": b"NaN",
    "NaN": b'{"seats":["B1"],"x":NaN}',
    "nul byte": b'{"seats":["B1"]}\x00',
    "nul inside": b'{"seats":["B\x001"]}',
    "raw control character": b'{"seats":["B\n1"]}',
    "lone quote": b'"',
    "invalid utf-8": b'{"seats":["\xff\xfe"],"userId":"x"}',
    "overlong utf-8": b'{"seats":["B1"],"userId":"\xc0\xaf"}',
    "utf-8 surrogate": b'{"seats":["B1"],"userId":"\xed\xa0\x80"}',
    "cut utf-8": b'{"seats":["B1"],"userId":"\xe2\x82"}',
    "bad escape": b'{"seats":["\\x41"]}',
    "utf-16": '{"seats":["B1"]}'.encode("utf-16"),
    "nesting bomb of arrays": b"[" * 30000,
    "closed nesting bomb": b"[" * 30000 + b"]" * 30000,
    "nesting bomb of objects": b'{"a":' * 10000,
    "nesting in a field": b'{"seats":' + b"[" * 20000 + b"]" * 20000 + b"}",
    "huge number": b'{"seats":["B1"],"x":1' + b"0" * 400 + b"e999999999}x",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "xml": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><seats>&e;</seats>",
}


@every_path
@pytest.mark.parametrize("name", BROKEN)
def test_broken_json(api, order, where, name):
    send(api, where, order, BROKEN[name]).refused(400, "INVALID_JSON")


@pytest.mark.parametrize("where", WITH_BODY)
@pytest.mark.parametrize("body", [b"[]", b"null", b"true", b"42", b'"B1"', b'["B1"]', b'[{"seats":["B1"]}]'])
def test_json_that_is_no_object(api, order, where, body):
    answer = send(api, where, order, body)
    assert answer.status == 400 and answer.json["error"] in ("INVALID_JSON", "INVALID_REQUEST"), answer


@pytest.mark.parametrize("where", WITH_BODY)
def test_no_body_at_all(api, order, where):
    answer = send(api, where, order, b"")
    assert answer.status == 400, answer


NO_SEATS = {
    "number": 7, "boolean": True, "object": {"seat": "B1"}, "object inside": [{"seat": "B1"}], "number inside": ["B1", 2],
    "null inside": ["B1", None], "list inside": [["B1"]], "nul": [NUL],
}
SEATS = {
    "none": [], "null": None, "empty seat": ["B1", ""],
    "repeated": ["B1", "B1"], "repeated in another case": ["B1", "b1"], "unknown": ["Z99"], "row 0": ["B0"],
    "negative": ["B-1"], "huge row": ["B99999999999999999999"], "letters": ["BBBB"],
    "digits": ["1234"], "200 characters": ["B" * 200], "60,000 characters": ["B" * 60000], "space": ["B 1"],
    "newline": ["B\n1"], "comma": ["B1,B2"], "full-width": ["Ｂ１"], "emoji": ["💺"], "wildcards": ["%"],
    "underscore": ["B_"], "ten": [f"B{n}" for n in range(1, 11)], "thousands": [f"B{n}" for n in range(5000)],
    "the other label": ["1B"], **{f"sql {n}": ["B1", text] for n, text in enumerate(SQL)},
}


@pytest.mark.parametrize("where", ["A", "B", "change", "change (PUT)"])
@pytest.mark.parametrize("name", SEATS)
def test_bad_seats(api, order, where, name):
    body = {"flightId": order["flightId"], "userId": "x", "seats": SEATS[name]}
    refused = send(api, where, order, json.dumps(body).encode()).refused(400, "INVALID_SEATS")
    assert refused["field"] == "seats"


@pytest.mark.parametrize("where", ["A", "B", "change", "change (PUT)"])
@pytest.mark.parametrize("name", NO_SEATS)
def test_seats_of_another_type(api, order, where, name):
    body = {"flightId": order["flightId"], "userId": "x", "seats": NO_SEATS[name]}
    answer = send(api, where, order, json.dumps(body).encode())
    assert answer.status == 400 and answer.json["error"] in ("INVALID_SEATS", "INVALID_REQUEST"), answer
    assert answer.json["field"] == "seats"


@pytest.mark.parametrize("where", ["A", "B", "change", "change (PUT)"])
def test_missing_seats(api, order, where):
    body = {"flightId": order["flightId"], "userId": "x"}
    send(api, where, order, json.dumps(body).encode()).refused(400, "INVALID_SEATS")


@pytest.mark.parametrize("user", ["u" * 200, "", "a\x00b", "\u0007", 1, {}, [], False, "x" * 60000])
@pytest.mark.parametrize("where", ["A", "B"])
def test_bad_users(api, order, where, user):
    body = {"flightId": order["flightId"], "userId": user, "seats": ["B1"]}
    assert send(api, where, order, json.dumps(body).encode()).refused(400, "INVALID_REQUEST")["field"] == "userId"


@pytest.mark.parametrize("named", ["", "x" * 51, "x" * 5000, "\x00", "FL123\x00", 1, None, [], {}, True])
def test_bad_flights_in_a_body(api, order, named):
    answer = send(api, "B", order, json.dumps({"flightId": named, "userId": "x", "seats": ["B1"]}).encode())
    assert (answer.status, answer.json["error"]) in ((400, "INVALID_REQUEST"), (404, "FLIGHT_NOT_FOUND")), answer


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_every_field(stack, api, order, sql):
    """SQL is text like any other: refused where it makes no sense, and stored unchanged where text is allowed."""
    quoted = "".join(f"%{byte:02X}" for byte in sql.encode())
    bodies = {"flightId": sql, "userId": sql, "seats": [sql], "paymentCode": sql}
    for where in WITH_BODY:
        assert send(api, where, order, json.dumps(bodies).encode()).status in (400, 404)
    for path in (f"flights/{quoted}", f"flights/{quoted}/seats", f"orders/{quoted}", f"orders/{quoted}/events",
                 f"orders?userId=x&cursor={quoted}", f"flights?date={quoted}", f"admin/orders?status={quoted}"):
        assert api.get(f"/api/{path}").status in (400, 404)
    for path in (f"flights?origin={quoted}", f"orders?userId={quoted}", f"admin/orders?q={quoted}"):
        answer = api.get(f"/api/{path}")
        assert answer.status == 400 or not (answer.json.get("flights") or answer.json.get("orders")), answer
    other = stack.new_flight()
    assert api.hold(other, "A1", user=sql)["userId"] == sql


@pytest.mark.parametrize("where", ["A", "B"])
def test_half_a_surrogate_pair(stack, api, where):
    """UTF-8 cannot hold half a pair. A refusal is best; a replacement character does no harm."""
    flight = stack.new_flight()
    answer = send(api, where, {"flightId": flight, "orderId": ""},
                  b'{"flightId":"%s","seats":["B1"],"userId":"a\\ud800b"}' % flight.encode())
    assert answer.status == 400 or answer.ok(201)["userId"] == "a\ufffdb"


@pytest.mark.parametrize("code", ["9999", "999999", "", "abcde", NUL, "12345'", None, 12345, [], "９９９９９"])
@pytest.mark.parametrize("where", ["payment", "pay"])
def test_bad_payment_codes(api, order, where, code):
    send(api, where, order, json.dumps({"paymentCode": code}).encode()).refused(400, "INVALID_PAYMENT_CODE")


@pytest.mark.parametrize("headers", [
    {}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/xml"},
    {"Content-Type": "application/jsonx"}, {"Content-Type": "application"}, {"Content-Type": ";"},
    {"Content-Type": "text/html, application/json"}], ids=str)
@pytest.mark.parametrize("where", WITH_BODY)
def test_unsupported_content_types(api, order, where, headers):
    body = json.dumps({"flightId": order["flightId"], "userId": "x", "seats": ["B1"], "paymentCode": "99999"}).encode()
    send(api, where, order, body, headers).refused(415, "UNSUPPORTED_MEDIA_TYPE")


@every_path
def test_too_large(api, order, where):
    send(api, where, order, b'{"seats":["' + b"B" * 70000 + b'"]}').refused(413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("key", [
    "x" * 37, "x" * 4000, "..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "%0a", "%0d%0aSet-Cookie:%20x=1", "%ff",
    "%c0%af", "%25", "%252e", "%27%3B--", "%7B%7D", "*", "null", "undefined", "-1", "%F0%9F%92%BA", "a%2fb", ";a=b", "%3F", "%23"])
@pytest.mark.parametrize("kind", ["flights", "orders"])
def test_strange_ids_in_paths(api, order, kind, key):
    missing = "FLIGHT_NOT_FOUND" if kind == "flights" else "ORDER_NOT_FOUND"
    for method, suffix in (("GET", ""), ("GET", "/seats" if kind == "flights" else "/events")):
        answer = api.request(method, f"/api/{kind}/{key}{suffix}")
        if answer.status == 200:
            assert key in ("..", "%2e%2e") and "orders" not in answer.json, answer
            continue
        assert (answer.status, answer.json["error"]) in (
            (404, missing), (404, "NOT_FOUND"), (400, "INVALID_REQUEST"), (405, "METHOD_NOT_ALLOWED")), answer
        assert "Set-Cookie" not in answer.headers


def test_an_escaped_id_is_the_same_id(api, order):
    """A percent-encoded path is the same path, and no way around a check."""
    first, rest = order["orderId"][0], order["orderId"][1:]
    assert api.get(f"/api/orders/%{ord(first):02x}{rest}").ok()["orderId"] == order["orderId"]


def test_repeated_keys_in_json(api, order):
    """Either value of a repeated key may count, but the answer must not mix the two."""
    answer = send(api, "change", order, b'{"seats":["Z9"],"seats":["Z8"]}')
    answer.refused(400, "INVALID_SEATS")


@pytest.mark.parametrize("query", ["limit=%00", "origin=" + "x" * 7000, "origin=%ff%fe", "limit=1&limit=2", "&&&=&=&", "=", "%",
                                   "limit=%", "cursor=" + "A" * 3000])
def test_strange_queries(api, query):
    assert api.get(f"/api/flights?{query}").status in (200, 400, 414)
