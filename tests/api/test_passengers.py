# SPDX-License-Identifier: MIT
"""Who travels, and whom to write to: named with the hold or later, seen whole only by those who may, and in one table."""

import collections
import json
import uuid
from urllib.parse import quote

import pytest

from client import new_user
from fastcgi import Direct
from stack import wait_for

ADA = {"givenName": "Ada", "familyName": "Lovelace"}
BOB = {"givenName": "Bob", "familyName": "Boole", "kind": "child", "assistance": "A wheelchair"}
EVA = {"givenName": "Eva", "familyName": "Euler"}
BABY = {"givenName": "Ida", "familyName": "Lovelace", "kind": "infant"}
CONTACT = {"email": "ada@example.org", "phone": "+49 30 1234567", "language": "pt-BR"}


@pytest.fixture(scope="module")
def stack(named_stack):
    return named_stack


@pytest.fixture
def owner(stack):
    return Direct(stack, REMOTE_USER=f"owner-{uuid.uuid4().hex[:8]}@example.com")


def hold(asker, flight, *seats, **persons):
    return asker.post("/api/orders", {"flightId": flight, "seats": seats, "userId": new_user(), **persons})


def name(asker, order, headers=None, **persons):
    return asker.put(f"/api/orders/{order['orderId']}/passengers", persons, headers=headers)


def shown(order):
    return [(p["givenName"], p["familyName"], p["kind"], p["seat"]) for p in order["passengers"]]


def ids(order):
    return [p["id"] for p in order["passengers"]]


def rows(stack, order):
    return stack.query("SELECT * FROM persons WHERE order_id = %s ORDER BY person_id", order["orderId"])


def paid(stack, asker, order):
    asker.pay(order).ok()
    wait_for(lambda: stack.row(order)["status"] == "CONFIRMED", 10)
    return asker.order(order)


# -- with the hold --------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/api/orders", "/api/flights/{flight}/orders"])
def test_a_hold_names_them(stack, owner, flight, path):
    order = owner.post(path.format(flight=flight), {"flightId": flight, "seats": ["A2", "A1"], "userId": "x",
                                                    "passengers": [ADA, BABY, BOB], "contact": CONTACT}).ok(201)
    assert shown(order) == [("Ada", "Lovelace", "adult", "A2"), ("Bob", "Boole", "child", "A1"), ("Ida", "Lovelace", "infant", None)]
    assert [p["assistance"] for p in order["passengers"]] == [None, "A wheelchair", None]
    assert order["contact"] == CONTACT and order["version"] == 1
    for kept in (owner.order(order), owner.get(f"/api/orders/{order['orderId']}/status").ok()):
        assert {name: kept[name] for name in ("passengers", "contact")} == {name: order[name] for name in ("passengers", "contact")}
    ada, = (row for row in rows(stack, order) if row["given_name"] == "Ada")
    assert (ada["kind"], ada["family_key"], ada["position"], ada["passenger_kind"]) == ("PASSENGER", "lovelace", 1, "adult")
    contact, = (row for row in rows(stack, order) if row["kind"] == "CONTACT")
    assert (contact["email_key"], contact["language"], contact["given_name"]) == ("ada@example.org", "pt-BR", None)


def test_a_hold_of_the_best_seats_names_them(owner, flight):
    order = owner.post("/api/orders", {"flightId": flight, "count": 2, "passengers": [ADA, EVA]}).ok(201)
    assert [p["seat"] for p in order["passengers"]] == order["seats"]
    refused = owner.post("/api/orders", {"flightId": flight, "count": 1, "passengers": [ADA, EVA]}).refused(400, "INVALID_REQUEST")
    assert refused["field"] == "passengers" and "2 passengers need a seat, and there is 1" in refused["detail"]


def test_a_hold_without_them_shows_none(owner, flight):
    order = hold(owner, flight, "A1").ok(201)
    assert (order["passengers"], order["contact"]) == ([], None) and "consent" not in order


def test_a_form_repeats_its_fields(owner, flight):
    form = [("flightId", flight), ("seats", "A1,A2,A3"), ("givenName", "Ada"), ("familyName", "Lovelace"), ("kind", "adult"),
            ("givenName", ""), ("familyName", ""), ("kind", "adult"), ("givenName", ""), ("familyName", "Euler"), ("kind", "child"),
            ("email", "ada@example.org"), ("phone", ""), ("language", "de")]
    order = owner.post("/api/orders", form=form).ok(201)
    assert shown(order) == [("Ada", "Lovelace", "adult", "A1"), (None, "Euler", "child", "A2")]
    assert order["contact"] == {"email": "ada@example.org", "phone": None, "language": "de"}
    path = f"/api/orders/{order['orderId']}/passengers"
    again = owner.put(path, form=[("familyName", "Gauss"), ("passengerId", ids(order)[1])]).ok()
    assert shown(again) == [(None, "Gauss", "adult", "A1")] and ids(again) == ids(order)[1:]
    assert owner.put(path, form=[("familyName", "\r\n")]).refused(400, "INVALID_REQUEST")["field"] == "passengers[0].familyName"


# -- what a name may be ---------------------------------------------------------------------------

@pytest.mark.parametrize("sent, kept, key", [
    ("  O'Brien\u00a0 ", "O'Brien", "obrien"),
    ('"; DROP TABLE persons; --', '"; DROP TABLE persons; --', "droptablepersons"),
    ("Strau\u00df", "Strau\u00df", "strauss"),
    ("E\u0301va", "\u00c9va", "eva"),                     # a combining mark is composed
    ("\u05db\u05d4\u05df", "\u05db\u05d4\u05df", "\u05db\u05d4\u05df"),     # right to left
    ("Ada \U0001f469\u200d\U0001f692", "Ada \U0001f469\u200d\U0001f692", "ada"),
    ("<b>Ada</b> & \\", "<b>Ada</b> & \\", "badab"),
    ("=1+2", "=1+2", "12"),
    ("x" * 100, "x" * 100, "x" * 100),
    ("\U00020000" * 100, "\U00020000" * 100, "\U00020000" * 100),
    ("a\u200bb", "ab", "ab"),
])
def test_names_are_kept_as_they_are(stack, owner, flight, sent, kept, key):
    order = hold(owner, flight, "A1", passengers=[{"givenName": sent, "familyName": sent}]).ok(201)
    assert shown(order) == [(kept, kept, "adult", "A1")]
    assert rows(stack, order)[0]["family_key"] == key


@pytest.mark.parametrize("field, value", [
    *(("familyName", bad) for bad in ("", " \t ", "Love\r\nlace", "Love\nlace", "a\x00b", "a\x1b[31m", "a\x7fb", "a\u0085b", "a\u2028b",
                                      "\u202eecalevoL", "x" * 101, "\U00020000" * 101, "\u200b", "\U0001f680", "--", 7, True, None, [], {})),
    *(("givenName", bad) for bad in ("A\r\nBcc: x@y.example", "x" * 101, 7, "\u0301")),
    *(("kind", bad) for bad in ("Adult", "dog", 1, "adult ")),
    *(("assistance", bad) for bad in ("x" * 256, "a\nb", "\x07", 1)),
    *(("id", bad) for bad in ("x", "-1", "0", "9" * 30, {}, 1.5)),
])
def test_what_no_name_may_be(owner, flight, field, value):
    refused = hold(owner, flight, "A1", "A2", passengers=[EVA, {**ADA, field: value}]).refused(400, "INVALID_REQUEST")
    assert refused["field"] == f"passengers[1].{field}" and [fault["path"] for fault in refused["faults"]] == [refused["field"]]
    assert str(value) not in refused["detail"] or len(str(value)) < 4


@pytest.mark.parametrize("field, value", [
    *(("email", bad) for bad in ("ada", "ada@", "a b@example.org", "ada@example.org\r\nBcc: x@y.example", "a@b@c", "x" * 250 + "@example.org",
                                 'ada@example.org"', 7)),
    *(("phone", bad) for bad in ("12", "call me", "+49\n30 1234567", "1" * 41, 49301234567)),
    *(("language", bad) for bad in ("d", "german", "de_DE", "de\r\nx", "1a", "de-x-toolong", 7)),
])
def test_what_no_contact_may_be(owner, flight, field, value):
    refused = hold(owner, flight, "A1", contact={**CONTACT, field: value}).refused(400, "INVALID_REQUEST")
    assert refused["field"] == f"contact.{field}"


@pytest.mark.parametrize("persons, field", [
    ({"passengers": {}}, "passengers"), ({"passengers": "Ada"}, "passengers"), ({"passengers": ["Ada"]}, "passengers[0]"),
    ({"passengers": [ADA, EVA]}, "passengers"), ({"passengers": [BABY]}, "passengers"), ({"passengers": [ADA, BABY, BABY]}, "passengers"),
    ({"passengers": [{**BOB, "assistance": None}, BABY]}, "passengers"), ({"passengers": [ADA] * 65}, "passengers"),
    ({"contact": []}, "contact"), ({"contact": {}}, "contact.email"), ({"contact": {"language": "de"}}, "contact.email"),
])
def test_parties_that_cannot_be(stack, owner, flight, persons, field):
    assert hold(owner, flight, "A1", **persons).refused(400, "INVALID_REQUEST")["field"] == field
    order = hold(owner, flight, "A1").ok(201)
    before = stack.everything(order)
    assert name(owner, order, **persons).refused(400, "INVALID_REQUEST")["field"] == field
    assert stack.everything(order) == before and rows(stack, order) == []


def test_all_faults_are_told_at_once(owner, flight):
    refused = hold(owner, flight, "A1", "A2", passengers=[{"familyName": ""}, {**ADA, "kind": "cat"}], contact={"email": "x"}).refused(
        400, "INVALID_REQUEST")
    assert [fault["path"] for fault in refused["faults"]] == ["passengers[0].familyName", "passengers[1].kind", "contact.email"]


# -- later ----------------------------------------------------------------------------------------

def test_they_are_named_and_renamed_until_payment(stack, owner, flight):
    order = hold(owner, flight, "A1", "A2", "A3").ok(201)
    named = name(owner, order, passengers=[ADA, BOB]).ok()
    assert shown(named) == [("Ada", "Lovelace", "adult", "A1"), ("Bob", "Boole", "child", "A2")]
    assert (named["version"], named["contact"], named["expiresAt"]) == (2, None, order["expiresAt"])
    # What is left out stays as it is, and the same again changes nothing.
    told = name(owner, order, contact=CONTACT).ok()
    assert (told["contact"], told["passengers"], told["version"]) == (CONTACT, named["passengers"], 3)
    assert name(owner, order, passengers=[ADA, BOB], contact=CONTACT).ok()["version"] == 3
    # By its id a passenger is another one's neighbor now; without, the place is taken over.
    ada, bob = ids(named)
    swapped = name(owner, order, passengers=[{**BOB, "id": bob}, {**ADA, "id": ada}, EVA]).ok()
    assert [(p["id"], p["givenName"], p["seat"]) for p in swapped["passengers"]][:2] == [(bob, "Bob", "A1"), (ada, "Ada", "A2")]
    assert name(owner, order, passengers=[EVA, {**ADA, "id": ada}]).ok()["passengers"][0]["id"] == bob
    # Whoever leaves is wiped, and nothing is kept of them.
    left = name(owner, order, passengers=[{**ADA, "id": int(ada)}]).ok()
    assert ids(left) == [ada]
    gone = [row for row in rows(stack, order) if row["kind"] == "PASSENGER" and row["person_id"] != int(ada)]
    assert len(gone) == 2 and all(row["forgotten_at"] and {row[column] for column in (
        "given_name", "family_name", "family_key", "assistance", "position")} == {None} for row in gone)
    changed = name(owner, order, contact={"phone": "030 555"}).ok()["contact"]
    assert changed == {"email": None, "phone": "030 555", "language": None}
    assert name(owner, order, passengers=[]).ok()["passengers"] == []
    assert [event["type"] for event in owner.events(order)].count("PASSENGERS_CHANGED") == 7
    assert all(event["detail"] is None for event in owner.events(order) if event["type"] == "PASSENGERS_CHANGED")


def test_ids_are_of_this_order_and_named_once(owner, flight):
    other = hold(owner, flight, "B1", passengers=[ADA]).ok(201)
    order = hold(owner, flight, "A1", "A2", passengers=[ADA]).ok(201)
    stranger = name(owner, order, passengers=[EVA, {**EVA, "id": ids(other)[0]}]).refused(400, "INVALID_REQUEST")
    assert stranger["field"] == "passengers[1].id"
    twice = name(owner, order, passengers=[{**EVA, "id": ids(order)[0]}] * 2).refused(400, "INVALID_REQUEST")
    assert twice["field"] == "passengers[1].id" and "twice" in twice["detail"]
    assert owner.order(other)["passengers"] == other["passengers"]
    # An id in a new order is none of its own.
    assert ids(hold(owner, flight, "A3", passengers=[{**ADA, "id": ids(other)[0]}]).ok(201)) != ids(other)


def test_conditions_count(owner, flight):
    order = hold(owner, flight, "A1").ok(201)
    name(owner, order, headers={"If-Match": '"9"'}, passengers=[ADA]).refused(412, "PRECONDITION_FAILED")
    name(owner, order, headers={"If-Match": '"1"'}, passengers=[ADA]).ok()
    name(owner, {"orderId": str(uuid.uuid4())}, passengers=[ADA]).refused(404, "ORDER_NOT_FOUND")


def test_an_order_that_has_ended_names_nobody(stack, owner, flight):
    cancelled, lapsed, paying = (hold(owner, flight, seat).ok(201) for seat in ("A1", "A2", "A3"))
    owner.cancel(cancelled).ok()
    stack.lapse(lapsed)
    owner.pay(paying, "50400").ok()
    name(owner, cancelled, passengers=[ADA]).refused(409, "ORDER_CLOSED")
    name(owner, lapsed, passengers=[ADA]).refused(409, "ORDER_EXPIRED")
    name(owner, paying, passengers=[ADA]).refused(409, "PAYMENT_IN_PROGRESS")
    stack.wait_status(paying, "FAILED")
    name(owner, paying, passengers=[ADA]).refused(409, "ORDER_CLOSED")


# -- seats ----------------------------------------------------------------------------------------

def test_changed_seats_go_to_the_passengers_in_order(owner, flight):
    order = hold(owner, flight, "A1", "A2", passengers=[ADA, BABY, BOB]).ok(201)
    moved = owner.change(order, "C1", "B1", "C2").ok()
    assert [(p["givenName"], p["seat"]) for p in moved["passengers"]] == [("Ada", "C1"), ("Bob", "B1"), ("Ida", None)]


def test_with_fewer_seats_the_request_says_who_stays(stack, owner, flight):
    order = hold(owner, flight, "A1", "A2", "A3", passengers=[ADA, BOB, EVA]).ok(201)
    ada, bob, eva = ids(order)
    path, before = f"/api/orders/{order['orderId']}/seats", stack.everything(order)
    owner.put(path, {"seats": ["A1", "A2"]}).refused(409, "TOO_MANY_PASSENGERS")
    owner.put(path, {"seats": ["A1"], "passengers": [ada, bob]}).refused(409, "TOO_MANY_PASSENGERS")
    for wrong in ([ada, ada], [ada, "1"], ["x"], [None], "x", {}, [ada] * 65):
        assert owner.put(path, {"seats": ["A1", "A2"], "passengers": wrong}).refused(400, "INVALID_REQUEST")["field"] == "passengers"
    assert stack.everything(order) == before
    fewer = owner.put(path, {"seats": ["A1", "B2"], "passengers": [eva, ada]}).ok()
    assert [(p["id"], p["seat"]) for p in fewer["passengers"]] == [(eva, "A1"), (ada, "B2")]
    assert [row["forgotten_at"] is not None for row in rows(stack, order)] == [False, True, False]
    last = owner.put(path, form={"seats": "B2", "passengers": f"{ada},"}).ok()
    assert [(p["id"], p["seat"]) for p in last["passengers"]] == [(ada, "B2")]


def test_no_infant_stays_without_an_adult(owner, flight):
    order = hold(owner, flight, "A1", "A2", passengers=[ADA, BOB, BABY]).ok(201)
    _, bob, baby = ids(order)
    change = {"seats": ["A1"], "passengers": [bob, baby]}
    owner.put(f"/api/orders/{order['orderId']}/seats", change).refused(409, "TOO_MANY_PASSENGERS")


# -- who sees, and who may ------------------------------------------------------------------------

MASKED = {"passengers": [("A…", "L…", "adult", "A1"), ("B…", "B…", "child", "A2")],
          "contact": {"email": "a…@…", "phone": "…", "language": "pt-BR"}}


def looks(order):
    return {"passengers": shown(order), "contact": order["contact"]}


def test_names_are_masked_for_strangers(stack, api, owner, flight):
    order = hold(owner, flight, "A1", "A2", passengers=[ADA, BOB], contact=CONTACT).ok(201)
    assert looks(order) == {"passengers": [("Ada", "Lovelace", "adult", "A1"), ("Bob", "Boole", "child", "A2")], "contact": CONTACT}
    role = {"REMOTE_USER": "x@example.com"}
    strangers = [api, Direct(stack, REMOTE_USER="other@example.com"), Direct(stack, **role, REMOTE_GROUPS="readers")]
    for stranger in strangers:
        assert looks(stranger.order(order)) == MASKED
        assert [p["assistance"] for p in stranger.order(order)["passengers"]] == [None, "…"]
        assert looks(stranger.get(f"/live/orders/{order['orderId']}").ok() if stranger is api else stranger.order(order)) == MASKED
    for staff in (stack.admin(), Direct(stack, **role, REMOTE_GROUPS="desk"), Direct(stack, **role, REMOTE_GROUPS="ops")):
        assert looks(staff.order(order)) == looks(order)
    # Whoever holds without signing in makes a claim, and no more: the answer masks what was sent.
    claimed = hold(api, flight, "B1", "B2", passengers=[ADA, BOB], contact=CONTACT).ok(201)
    assert shown(claimed)[0][:2] == ("A…", "L…") and looks(api.order(claimed))["contact"] == MASKED["contact"]
    assert looks(api.change(order, "A2", "A1").ok())["contact"] == MASKED["contact"]
    # No list names anybody.
    for listing in (f"/api/orders?userId={claimed['userId']}", f"/api/admin/orders?flightId={flight}"):
        assert all("passengers" not in each and "contact" not in each for each in stack.admin().get(listing).ok()["orders"])


def test_the_token_of_a_look_up_shows_and_corrects(stack, api, flight):
    order = paid(stack, api, hold(api, flight, "A1", passengers=[ADA], contact=CONTACT).ok(201))
    for by in ({"familyName": "LOVELACE"}, {"email": "Ada@Example.org"}):
        key = api.post("/api/bookings/find", {"locator": order["locator"], **by}).ok()
        assert key["orderId"] == order["orderId"]
    bearer = stack.api(Authorization=f"Bearer {key['token']}")
    assert shown(bearer.order(order)) == [("Ada", "Lovelace", "adult", "A1")]
    name(api, order, passengers=[{**ADA, "familyName": "King"}]).refused(401, "UNAUTHORIZED")
    name(Direct(stack, REMOTE_USER="other@example.com"), order, passengers=[EVA]).refused(403, "FORBIDDEN")
    corrected = name(bearer, order, passengers=[{**ADA, "familyName": "King"}]).ok()
    assert shown(corrected) == [("Ada", "King", "adult", "A1")] and corrected["status"] == "CONFIRMED"
    api.post("/api/bookings/find", {"locator": order["locator"], "familyName": "Lovelace"}).refused(404, "ORDER_NOT_FOUND")
    api.post("/api/bookings/find", {"locator": order["locator"], "familyName": "King"}).ok()
    # The token is for this order alone.
    other = hold(api, flight, "B1", passengers=[EVA]).ok(201)
    assert shown(bearer.order(other))[0][:2] == ("E…", "E…")


def test_paid_names_are_corrected_but_nobody_is_exchanged_for_free(stack, owner, flight):
    order = hold(owner, flight, "A1", "A2", "A3", passengers=[ADA, BOB]).ok(201)
    ada, bob = ids(paid(stack, owner, order))
    for wrong in ([ADA], [{**ADA, "kind": "child"}, BOB], [ADA, {**BOB, "kind": "infant"}], []):
        refused = name(owner, order, passengers=wrong).refused(400, "INVALID_REQUEST")
        assert refused["field"] == "passengers"
    corrected = name(owner, order, passengers=[{**ADA, "givenName": "Augusta"}, {**BOB, "id": bob}, EVA], contact=CONTACT).ok()
    assert [(p["id"], p["givenName"]) for p in corrected["passengers"]][:2] == [(ada, "Augusta"), (bob, "Bob")]
    assert len(ids(corrected)) == 3 and corrected["contact"] == CONTACT


def test_staff_name_them_with_a_reason_and_the_log_has_ids_alone(stack, api, flight):
    order = paid(stack, api, hold(api, flight, "A1", "A2", passengers=[ADA, BOB], contact=CONTACT).ok(201))
    agent = Direct(stack, REMOTE_USER="adam@example.com", REMOTE_GROUPS="desk")
    path, before = f"/api/admin/orders/{order['orderId']}/passengers", ids(agent.order(order))
    agent.post(path, {"passengers": [EVA]}).refused(400, "INVALID_REQUEST")
    key = {"Idempotency-Key": uuid.uuid4().hex}
    changed = agent.post(path, {"passengers": [EVA], "reason": "Bob stays at home"}, headers=key).ok()
    assert shown(changed) == [("Eva", "Euler", "adult", "A1")] and ids(changed) == before[:1]
    again = agent.post(path, {"passengers": [EVA], "reason": "Bob stays at home"}, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true" and again.json["version"] == changed["version"]
    (row,) = stack.query("SELECT action, was, became, reason FROM audit_log WHERE object_id = %s", order["orderId"])
    contact = json.loads(row["was"])["contact"]
    assert (row["action"], row["reason"]) == ("NAME_PASSENGERS", "Bob stays at home")
    assert json.loads(row["was"]) == {"passengers": [int(person) for person in before], "contact": contact}
    assert json.loads(row["became"]) == {"passengers": [int(before[0])], "contact": contact} and contact
    assert [event["by"] for event in agent.events(order) if event["type"] == "PASSENGERS_CHANGED"] == ["staff"]


def test_kept_answers_have_no_names(stack, owner, flight):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"flightId": flight, "seats": ["A1"], "passengers": [{"givenName": "Zaphod", "familyName": "Beeblebrox"}],
            "contact": {"email": "zaphod@example.org"}}
    first = owner.post("/api/orders", body, headers=key).ok(201)
    again = owner.post("/api/orders", body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == {name: value for name, value in first.items() if name not in ("passengers", "contact")}
    assert len(rows(stack, first)) == 2
    named = name(owner, first, headers={"Idempotency-Key": uuid.uuid4().hex}, passengers=[{"familyName": "Beeblebrox"}]).ok()
    assert named["passengers"][0]["givenName"] is None
    for table in ("idempotency_keys", "workflow_events", "messages", "audit_log", "orders"):
        for row in stack.query(f"SELECT * FROM {table}"):
            assert not any(secret in str(value) for value in row.values() for secret in ("Zaphod", "Beeblebrox", "zaphod@")), table


# -- the settings ---------------------------------------------------------------------------------

def test_off_takes_and_shows_nobody(default_stack):
    api, flight = default_stack.api(), default_stack.new_flight()
    order = hold(api, flight, "A1", passengers=[ADA, EVA, 7], contact="x", consent="x").ok(201)
    assert not {"passengers", "contact", "consent"} & set(order) and rows(default_stack, order) == []
    assert not {"passengers", "contact", "consent"} & set(api.order(order))
    name(api, order, passengers=[ADA]).refused(404, "NOT_FOUND")
    assert not {"passengers", "termsUrl", "privacyUrl", "nameChangeUntilSeconds", "seatChangeUntilSeconds"} & set(api.get("/health").ok()["settings"])
    assert api.put(f"/api/orders/{order['orderId']}/seats", {"seats": ["A2"], "passengers": ["x"]}).ok()["seats"] == ["A2"]


def test_what_the_page_must_know(stack, api, strict_stack):
    settings = api.get("/health").ok()["settings"]
    assert (settings["passengers"], settings["nameChangeUntilSeconds"], "termsUrl" in settings) == ("optional", 24 * 3600, False)
    strict = strict_stack.api().get("/health").ok()["settings"]
    assert (strict["passengers"], strict["termsUrl"], strict["privacyUrl"]) == ("required", TERMS, PRIVACY)
    assert "nameChangeUntilSeconds" not in strict


TERMS, PRIVACY = "https://air.example/terms?v=3", "https://air.example/privacy"


@pytest.fixture(scope="module")
def strict_stack(own_stack):
    return own_stack(PASSENGERS="required", TERMS_URL=TERMS, PRIVACY_URL=PRIVACY, TRUST_REMOTE_USER="yes", ADMIN_TOKEN="test-admin-token",
                     CUSTOMERS="signed-in")


def test_required_means_a_passenger_a_seat_and_a_contact(strict_stack):
    stack, api = strict_stack, Direct(strict_stack, REMOTE_USER="owner@example.com")
    order = hold(api, stack.new_flight(), "A1", "A2", passengers=[ADA, BABY], consent=True).ok(201)
    api.pay(order).refused(409, "PASSENGERS_MISSING")
    name(api, order, passengers=[ADA, BOB, BABY]).ok()
    api.pay(order).refused(409, "PASSENGERS_MISSING")
    name(api, order, contact={"phone": "030 1234"}).ok()
    assert api.order(order)["status"] == "SEATS_RESERVED"
    order = paid(stack, api, order)
    name(api, order, passengers=[EVA, BOB, BABY]).refused(409, "ORDER_CLOSED")
    assert shown(name(stack.admin(), order, passengers=[EVA, BOB, BABY]).ok())[0][0] == "Eva", "staff may"
    name(Direct(stack, REMOTE_USER="other@example.com"), order, passengers=[EVA]).refused(404, "ORDER_NOT_FOUND")


def test_consent_is_asked_for_and_kept(strict_stack):
    stack, api = strict_stack, Direct(strict_stack, REMOTE_USER="owner@example.com")
    order = hold(api, stack.new_flight(), "A1", passengers=[ADA], contact=CONTACT, consent=False).ok(201)
    assert order["consent"] is None
    api.pay(order).refused(409, "CONSENT_MISSING")
    assert name(api, order, consent="yes").refused(400, "INVALID_REQUEST")["field"] == "consent"
    agreed = name(api, order, consent=True).ok()
    assert agreed["consent"] == {"at": agreed["updatedAt"], "terms": [TERMS, PRIVACY]} and agreed["version"] == 2
    assert shown(agreed) == shown(order)
    row = stack.row(order)
    assert row["consent_terms"] == f"{TERMS} {PRIVACY}" and row["consent_at"] is not None
    assert paid(stack, api, order)["consent"] == agreed["consent"]
    first = hold(api, stack.new_flight(), "A1", consent=True).ok(201)
    assert first["consent"]["at"] == first["createdAt"]


# -- what it costs --------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def counted_stacks(own_stack):
    """Nothing but our requests is counted."""
    return {setting: own_stack(PASSENGERS=setting, SWEEPERS=0, API_WORKERS=1, GATEWAY_WORKERS=1) for setting in ("off", "optional")}


def test_a_hold_without_passengers_costs_no_more_than_without_the_setting(counted_stacks):
    def round_trips(setting, **persons):
        counted = counted_stacks[setting]
        api = counted.api()

        def total():
            text = api.get("/metrics").body.decode()
            return int(next(line.split()[1] for line in text.splitlines() if line.startswith("booking_database_round_trips_total ")))

        def once():
            flight = counted.new_flight()
            before = total()
            hold(api, flight, "A1", "A2", **persons).ok(201)
            after = total()
            return after - before - (total() - after)
        # The first ones connect, and prepare statements; so does each of the processes that answer /metrics.
        return collections.Counter(once() for _ in range(12)).most_common(1)[0][0]
    assert round_trips("optional") == round_trips("off") > 5
    # All persons are one statement more, and reading them for the answer another.
    assert round_trips("optional", passengers=[ADA, BABY], contact=CONTACT) == round_trips("off") + 2


# -- where they are needed ------------------------------------------------------------------------

def test_the_manifest_and_the_gate_know_them(stack, owner, flight):
    order = paid(stack, owner, hold(owner, flight, "A1", "A2", passengers=[ADA, BABY, BOB]).ok(201))
    passengers = stack.admin().get(f"/api/admin/flights/{flight}/manifest").ok()["passengers"]
    assert [(p["seat"], p["givenName"], p["kind"], p["assistance"]) for p in passengers] == [
        ("A1", "Ada", "adult", None), ("A2", "Bob", "child", "A wheelchair"), (None, "Ida", "infant", None)]
    ada, bob, ida = ids(owner.order(order))
    boarded = stack.admin().post(f"/api/admin/flights/{flight}/board", {"locator": order["locator"], "passenger": ida}).ok()
    assert (boarded["givenName"], boarded["seat"]) == ("Ida", None)
    assert stack.admin().post(f"/api/admin/flights/{flight}/board", {"locator": order["locator"], "passenger": "A2"}).ok()["passenger"] == bob


def test_whoever_is_on_board_stays_as_they_are(stack, owner, flight):
    order = paid(stack, owner, hold(owner, flight, "A1", "A2", "A3", passengers=[ADA, BABY, BOB]).ok(201))
    ada, bob, ida = ids(order)
    admin, staff_path = stack.admin(), f"/api/admin/orders/{order['orderId']}/passengers"
    for passenger in (ada, ida):
        admin.post(f"/api/admin/flights/{flight}/board", {"locator": order["locator"], "passenger": passenger}).ok()
    aboard, infant, before = {**ADA, "id": ada}, {**BABY, "id": ida}, stack.everything(order)
    for passengers in ([{**aboard, "familyName": "King"}, {**BOB, "id": bob}, infant], [{**aboard, "kind": "child"}, {**EVA, "id": bob}, infant],
                       [{**BOB, "id": bob}, aboard, infant], [aboard, {**BOB, "id": bob}], [aboard, {**BOB, "id": bob}, {**infant, "givenName": "Eve"}],
                       [EVA, {**BOB, "id": bob}, infant]):
        admin.post(staff_path, {"passengers": passengers, "reason": "a test"}).refused(409, "PASSENGER_BOARDED")
    name(owner, order, passengers=[{**aboard, "familyName": "King"}, {**BOB, "id": bob}, infant]).refused(409, "PASSENGER_BOARDED")
    assert stack.everything(order) == before and shown(owner.order(order)) == shown(order)
    # The others may be corrected still, get a seat's name, and leave; and so may the contact.
    assert shown(name(owner, order, passengers=[aboard, {**BOB, "id": bob, "givenName": "Rob"}, EVA, infant], contact=CONTACT).ok()) == [
        ("Ada", "Lovelace", "adult", "A1"), ("Rob", "Boole", "child", "A2"), ("Eva", "Euler", "adult", "A3"), ("Ida", "Lovelace", "infant", None)]
    left = admin.post(staff_path, {"passengers": [aboard, {**EVA, "id": bob}, infant], "reason": "a test"}).ok()
    assert [p["seat"] for p in left["passengers"]] == ["A1", "A2", None]


def test_a_seat_that_boarded_without_a_name_gets_none(stack, owner, flight):
    order = paid(stack, owner, hold(owner, flight, "A1", "A2").ok(201))
    stack.admin().post(f"/api/admin/flights/{flight}/board", {"locator": order["locator"], "passenger": "A2"}).ok()
    name(owner, order, passengers=[ADA, EVA]).refused(409, "PASSENGER_BOARDED")
    assert shown(name(owner, order, passengers=[ADA]).ok()) == [("Ada", "Lovelace", "adult", "A1")]


def test_forgetting_wipes_all_of_them(stack, owner, flight):
    order = paid(stack, owner, hold(owner, flight, "A1", "A2", passengers=[ADA, BOB], contact=CONTACT).ok(201))
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/forget", {"reason": "asked for"}).ok()
    kept = {"person_id", "kind", "order_id", "created_at", "forgotten_at", "position", "passenger_kind"}
    for row in rows(stack, order):
        assert {column for column, value in row.items() if value is not None} <= kept, row
    forgotten = stack.admin().order(order)
    assert (forgotten["passengers"], forgotten["contact"]) == ([], None)
    name(stack.admin(), order, passengers=[ADA]).refused(409, "ORDER_CLOSED")


# -- staff find them ------------------------------------------------------------------------------

def found(stack, query):
    return {order["orderId"] for order in stack.admin().get(f"/api/admin/orders?{query}").ok()["orders"]}


def test_staff_find_orders_by_person_locator_and_seat(stack, api, owner, flight):
    family = "Zw\u00f6lf-" + uuid.uuid4().hex[:10]
    order = paid(stack, owner, hold(owner, flight, "A1", "A2", passengers=[{"givenName": "Eva", "familyName": family}, BOB],
                                    contact={"email": f"{family[6:]}@Example.org"}).ok(201))
    other = hold(api, flight, "B1", passengers=[{"familyName": family + "x"}]).ok(201)
    mine, both = {order["orderId"]}, {order["orderId"], other["orderId"]}
    assert found(stack, f"name={quote(family.upper())}") == found(stack, f"name=zwolf{family[6:]}") == both
    assert found(stack, f"name={quote(family)}x") == {other["orderId"]} and found(stack, f"name={family[7:]}") == set()
    assert found(stack, f"name={quote(family)}&status=CONFIRMED") == mine
    assert found(stack, f"name={quote(family)}&flightId=elsewhere") == set()
    assert found(stack, f"email=%20{family[6:].upper()}@example.ORG") == mine and found(stack, f"email={family[6:]}") == set()
    locator = order["locator"]
    assert found(stack, f"locator={locator[:3].lower()}-{locator[3:]}") == mine and found(stack, "locator=222222") == set()
    assert found(stack, f"seat=a2&flightId={flight}") == found(stack, f"seat=A02&flightId={flight}") == mine
    assert found(stack, f"seat=C1&flightId={flight}") == set()
    assert "passengers" not in stack.admin().get(f"/api/admin/orders?locator={locator}").ok()["orders"][0]
    # A page after the other, the newest first.
    first = stack.admin().get(f"/api/admin/orders?name={quote(family)}&limit=1").ok()
    assert first["orders"][0]["orderId"] == other["orderId"]
    assert found(stack, f"name={quote(family)}&limit=1&cursor={first['nextCursor']}") == mine
    # Wiped is not found.
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/forget", {"reason": "asked for"}).ok()
    assert found(stack, f"name={quote(family)}") == {other["orderId"]} and found(stack, f"email={family[6:]}@example.org") == set()


@pytest.mark.parametrize("query, field", [
    ("name=--", "name"), ("name=%25", "name"), ("email=%20", "email"), ("locator=xyz", "locator"), ("seat=A1", "flightId"),
    ("seat=1&flightId=FL123", "seat"), ("name=a&email=b", "name"), ("name=a&userId=b", "name"), ("locator=222222&q=x", "name")])
def test_what_nobody_is_found_by(stack, query, field):
    assert stack.admin().get(f"/api/admin/orders?{query}").refused(400, "INVALID_REQUEST")["field"] == field
