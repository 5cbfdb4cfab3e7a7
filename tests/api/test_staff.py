# SPDX-License-Identifier: MIT
"""Staff with tokens and roles, as an admin makes and revokes them over the API."""

import hashlib
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import new_user

ROLES = ("viewer", "agent", "operator", "admin")


@pytest.fixture
def admin(stack):
    return stack.admin()


@pytest.fixture
def name():
    return f"staff {uuid.uuid4().hex[:12]}"


def add(admin, name, role="agent", **kw):
    return admin.post("/api/admin/staff", {"name": name, "role": role}, **kw)


def listed(admin, person):
    return next(each for each in admin.get("/api/admin/staff").ok()["staff"] if each["id"] == person["id"])


def with_token(stack, token):
    return stack.api(Authorization=f"Bearer {token}")


def role_of(stack, token):
    return with_token(stack, token).get("/api/me").ok()["role"]


# -- a token's life -------------------------------------------------------------------------------

def test_a_token_from_first_to_last(stack, admin, name):
    ada = add(admin, name).ok(201)
    assert (ada["name"], ada["role"]) == (name, "agent") and re.fullmatch("bks_[0-9a-f]{40}", ada["token"])
    assert role_of(stack, ada["token"]) == "agent" and with_token(stack, ada["token"]).get("/api/me").ok()["name"] == name
    assert listed(admin, ada)["role"] == "agent" and listed(admin, ada)["revokedAt"] is None

    rotated = admin.post(f"/api/admin/staff/{ada['id']}/rotate").ok()
    assert (rotated["id"], rotated["role"]) == (ada["id"], "agent") and rotated["token"] != ada["token"]
    with_token(stack, ada["token"]).get("/api/me").refused(401, "UNAUTHORIZED")
    assert role_of(stack, rotated["token"]) == "agent"

    promoted = admin.post(f"/api/admin/staff/{ada['id']}/role", {"role": "operator"}).ok()
    assert promoted == {"id": ada["id"], "name": name, "role": "operator"}
    assert role_of(stack, rotated["token"]) == "operator", "the role counts at once, the token stays"

    assert admin.delete(f"/api/admin/staff/{ada['id']}").ok() == {"id": ada["id"], "name": name, "role": None}
    with_token(stack, rotated["token"]).get("/api/me").refused(401, "UNAUTHORIZED")
    assert listed(admin, ada)["revokedAt"] is not None

    again = add(admin, name, "viewer").ok(201)
    assert again["id"] == ada["id"], "the same person comes back"
    assert role_of(stack, again["token"]) == "viewer" and listed(admin, ada)["revokedAt"] is None
    for old in (ada, rotated):
        with_token(stack, old["token"]).get("/api/me").refused(401, "UNAUTHORIZED")


def test_a_revoked_token_is_refused_everywhere(stack, admin, api, flight, name):
    order = api.hold(flight, "A1")
    ada = add(admin, name, "admin").ok(201)
    admin.delete(f"/api/admin/staff/{ada['id']}").ok()
    client = with_token(stack, ada["token"])
    for path in ("/api/admin/orders", "/api/admin/audit", "/api/admin/staff", "/api/me", f"/api/orders/{order['orderId']}"):
        client.get(path).refused(401, "UNAUTHORIZED")
    client.post(f"/api/flights/{flight}/orders", {"userId": new_user(), "seats": ["A2"]}).refused(401, "UNAUTHORIZED")


def test_an_admin_may_revoke_the_own_token(stack, admin, name):
    """The ADMIN_TOKEN and booking-admin stay as ways in."""
    ada = add(admin, name, "admin").ok(201)
    with_token(stack, ada["token"]).delete(f"/api/admin/staff/{ada['id']}").ok()
    with_token(stack, ada["token"]).get("/api/admin/staff").refused(401, "UNAUTHORIZED")
    admin.get("/api/admin/staff").ok()


@pytest.mark.parametrize("role", ROLES[:-1])
def test_only_admins_make_staff(stack, admin, name, role):
    ada = add(admin, name, role).ok(201)
    client = with_token(stack, ada["token"])
    for method, path, body in (("GET", "", {}), ("POST", "", {"json": {"name": "x", "role": "viewer"}}),
                               ("POST", f"/{ada['id']}/rotate", {}), ("DELETE", f"/{ada['id']}", {}),
                               ("POST", f"/{ada['id']}/role", {"json": {"role": "admin"}})):
        assert client.request(method, f"/api/admin/staff{path}", **body).refused(403, "FORBIDDEN")["role"] == "admin"
    assert role_of(stack, ada["token"]) == role


# -- names ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("sent, kept", [
    ("  Ada \u2003 {0} ", "Ada {0}"), ("Ame\u0301lie {0}", "Am\u00e9lie {0}"), ("\u200bAda {0}\ufeff", "Ada {0}"),
    ("\u4e2d\u6587 {0}", "\u4e2d\u6587 {0}")])
def test_spellings_of_one_name(admin, sent, kept):
    mark = uuid.uuid4().hex[:8]
    ada = add(admin, sent.format(mark)).ok(201)
    assert ada["name"] == listed(admin, ada)["name"] == kept.format(mark)
    for spelling in (sent, kept):
        add(admin, spelling.format(mark)).refused(409, "NAME_TAKEN")


def test_the_longest_name(admin, name):
    longest = name + "\u00e9" * (255 - len(name))
    assert add(admin, longest).ok(201)["name"] == longest
    assert add(admin, longest + "x").refused(400, "INVALID_REQUEST")["field"] == "name"


@pytest.mark.parametrize("body", [
    {}, {"name": None}, {"name": ""}, {"name": " \u3000"}, {"name": "\u200b"}, {"name": "a\nb"}, {"name": "a\u0000b"},
    {"name": "a\u202eb"}, {"name": 7}, {"name": ["a"]}])
def test_what_is_no_name(admin, body):
    assert admin.post("/api/admin/staff", {"role": "viewer", **body}).refused(400, "INVALID_REQUEST")["field"] == "name"


@pytest.mark.parametrize("role", [None, "", "none", "Admin", "admin ", "root", 4, ["admin"]])
def test_what_is_no_role(admin, name, role):
    assert add(admin, name, role).refused(400, "INVALID_REQUEST")["field"] == "role"
    ada = add(admin, name).ok(201)
    assert admin.post(f"/api/admin/staff/{ada['id']}/role", {"role": role}).refused(400, "INVALID_REQUEST")["field"] == "role"


@pytest.mark.parametrize("person", ["0", "-1", "x", "1.5", "99999999999999999999", "999999999", "revoked", "ADMIN_TOKEN"])
def test_nobody_there(stack, admin, name, person):
    if person == "revoked":
        person = add(admin, name).ok(201)["id"]
        admin.delete(f"/api/admin/staff/{person}").ok()
    elif person == "ADMIN_TOKEN":
        person = stack.query("SELECT person_id FROM persons WHERE known_by = 'SETTING' AND name = 'ADMIN_TOKEN'")[0]["person_id"]
    admin.post(f"/api/admin/staff/{person}/rotate").refused(404, "NOT_FOUND")
    admin.post(f"/api/admin/staff/{person}/role", {"role": "viewer"}).refused(404, "NOT_FOUND")
    admin.delete(f"/api/admin/staff/{person}").refused(404, "NOT_FOUND")


def test_many_add_one_name_at_once(stack, admin, name):
    with ThreadPoolExecutor(8) as pool:
        for each in range(8):
            answers = list(pool.map(lambda _, each=each: add(admin, f"{name} {each}"), range(8)))
            assert sorted(answer.status for answer in answers) == [201] + [409] * 7
            added = next(answer for answer in answers if answer.status == 201).json
            assert role_of(stack, added["token"]) == "agent", "the one who got a token can use it"
            assert stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE object_kind = 'STAFF' AND object_id = %s", added["id"]) == [{"n": 1}]


# -- what is kept ---------------------------------------------------------------------------------

def everything_stored(stack):
    """Every value in both databases, and every line of the logs, as one text each."""
    tables = stack.query("SELECT table_schema AS s, table_name AS t FROM information_schema.tables"
                         " WHERE table_schema IN ('flight_booking', 'payment_gateway') AND table_type = 'BASE TABLE'")
    assert {"idempotency_keys", "staff_tokens", "audit_log"} <= {each["t"] for each in tables}
    for each in tables:
        yield each["t"], str(stack.query(f"SELECT * FROM {each['s']}.{each['t']}"))
    yield "logs", stack.logs()


def test_a_token_is_kept_nowhere(stack, admin, name):
    """Only its hash is; an answer with a token is not even kept for a repetition of the request."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    ada = add(admin, name, headers=key).ok(201)
    add(admin, name, headers=key).refused(409, "NAME_TAKEN")
    first = admin.post(f"/api/admin/staff/{ada['id']}/rotate", headers=key).ok()
    second = admin.post(f"/api/admin/staff/{ada['id']}/rotate", headers=key)
    assert second.ok()["token"] != first["token"] and not second.headers["Idempotency-Replayed"]
    tokens = [ada["token"], first["token"], second.json["token"]]
    hashes = [str(hashlib.sha256(token.encode()).digest()) for token in tokens]
    for where, text in everything_stored(stack):
        assert not any(token in text or token[4:] in text for token in tokens), where
        assert [each in text for each in hashes] == [False, False, where == "staff_tokens"], where


def test_answers_without_a_token_are_repeated(stack, admin, name):
    ada = add(admin, name).ok(201)
    for method, path, body in (("POST", "/role", {"json": {"role": "viewer"}}), ("DELETE", "", {})):
        key = {"Idempotency-Key": uuid.uuid4().hex}
        first = admin.request(method, f"/api/admin/staff/{ada['id']}{path}", headers=key, **body)
        again = admin.request(method, f"/api/admin/staff/{ada['id']}{path}", headers=key, **body)
        assert first.ok() == again.ok() and again.headers["Idempotency-Replayed"]
