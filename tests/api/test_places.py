# SPDX-License-Identifier: MIT
"""Places: where flights go."""

import re
import zoneinfo

import pytest

from stack import ROOT

PLACE = {"name": "Zürich-Kloten", "city": "Zürich", "timeZone": "Europe/Zurich"}


@pytest.fixture
def admin(stack):
    return stack.admin()


@pytest.fixture
def path(stack):
    return f"/api/admin/places/{stack.free_code()}"


def test_a_place_from_first_to_last(admin, path):
    code = path[-3:]
    made = admin.put(path, PLACE)
    assert made.ok(201) == {"code": code, "version": 1, **PLACE} and made.etag == '"1"'
    assert admin.put(path, PLACE).ok()["version"] == 1
    assert admin.put(path, {**PLACE, "city": "Kloten"}).ok()["version"] == 2
    assert admin.get(path).ok()["city"] == "Kloten"
    assert admin.get(path, headers={"If-None-Match": '"2"'}).status == 304
    admin.put(path, PLACE, headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")
    assert admin.put(path, admin.get(path).ok()).ok()["version"] == 2
    entries = admin.get(f"/api/admin/audit?object={code}").ok()["entries"]
    assert admin.delete(path).ok() == {"code": code}
    admin.get(path).refused(404, "NOT_FOUND")
    admin.delete(path).refused(404, "NOT_FOUND")
    assert [entry["action"] for entry in entries[:2]] == ["PUT_PLACE", "PUT_PLACE"] and entries[0]["was"]["city"] == "Zürich"


@pytest.mark.parametrize("text", ["zur", "ZÜRICH K", "zürich-kloten"])
def test_search_knows_no_case_and_no_accents(admin, path, text):
    admin.put(path, PLACE).ok(201)
    found = admin.get("/api/admin/places?q=" + text.replace(" ", "%20").replace("ü", "%C3%BC").replace("Ü", "%C3%9C")).ok()["places"]
    assert path[-3:] in [place["code"] for place in found]
    assert path[-3:] in [place["code"] for place in admin.get(f"/api/admin/places?q={path[-3:].lower()}").ok()["places"]]
    assert admin.get("/api/admin/places?q=nowhere-at-all").ok()["places"] == []
    admin.delete(path).ok()


def test_faults(admin, path):
    problem = admin.put(path, {"code": "XXX", "name": " ", "city": "a\nb", "timeZone": "Europe/Atlantis"}).refused(400, "INVALID_REQUEST")
    assert [fault["path"] for fault in problem["faults"]] == ["code", "name", "city", "timeZone"]
    for zone in ("../../etc/passwd", "", "Europe/Berlin ", "x" * 200, None, 1):
        problem = admin.put(path, {**PLACE, "timeZone": zone}).refused(400, "INVALID_REQUEST")
        assert [fault["path"] for fault in problem["faults"]] == ["timeZone"]
    for code in ("fra", "FRAX", "FR", "FR-", "%C3%84BC"):
        admin.put(f"/api/admin/places/{code}", PLACE).refused(404, "NOT_FOUND")


@pytest.mark.parametrize("column", ["origin", "destination"])
def test_a_place_that_a_flight_uses_stays(stack, admin, path, column):
    admin.put(path, PLACE).ok(201)
    flight = stack.new_flight(**{column: path[-3:]})
    admin.delete(path).refused(409, "IN_USE")
    stack.query(f"UPDATE flights SET {column} = 'QQA' WHERE flight_id = %s", flight)
    admin.delete(path).ok()


def test_the_demonstration_has_places(stack, admin):
    """With the keys that the program would give them, and zones that exist."""
    codes = re.findall(r"^    \('(\w{3})', ", (ROOT / "sql/demo/places.sql").read_text(), re.M)
    assert len(codes) > 35 and {"BOS", "DCA", "NYC", "LAX", "FRA", "SIN"} <= set(codes)
    for code in codes:
        place = admin.get(f"/api/admin/places/{code}").ok()
        zoneinfo.ZoneInfo(place["timeZone"])
        copy = stack.new_place(place["name"], place["city"], place["timeZone"])
        keys = {tuple(row.values()) for row in
                stack.query("SELECT name_key, city_key FROM places WHERE code IN (%s, %s)", code, copy)}
        assert len(keys) == 1, keys
        admin.delete(f"/api/admin/places/{copy}").ok()


def test_customers_find_places_by_name_and_city(stack, api):
    code = stack.new_place(name="Flughafen Łódź", city="Łódź im Test")
    shown = {"code": code, "name": "Flughafen Łódź", "city": "Łódź im Test", "timeZone": "Europe/Berlin"}
    for q in (code, code.lower(), "flughafen%20lodz", "LODZ%20im%20te"):
        answer = api.get(f"/api/places?q={q}")
        assert shown in answer.ok()["places"], q
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    other = stack.new_place()
    for codes in (f"{other},{code}", f"{code},{code},{other}", f"{code},{other},{stack.free_code()}"):
        assert [place["code"] for place in api.get(f"/api/places?codes={codes}").ok()["places"]] == sorted([code, other])
    assert [place["code"] for place in api.get(f"/api/places?q=lodz&codes={code},{other}").ok()["places"]] == [code]
    assert [place["code"] for place in stack.admin().get(f"/api/admin/places?codes={code}").ok()["places"]] == [code]
    page = api.get("/api/places?limit=1").ok()
    assert len(page["places"]) == 1 and api.get(f"/api/places?limit=1&cursor={page['nextCursor']}").ok()["places"] != page["places"]


def test_codes_are_up_to_a_hundred(stack, api):
    made = sorted(stack.new_place() for _ in range(3))
    page = api.get(f"/api/places?limit=1&codes={','.join(made)}").ok()
    rest = api.get(f"/api/places?limit=2&codes={','.join(made)}&cursor={page['nextCursor']}").ok()
    assert [place["code"] for place in page["places"] + rest["places"]] == made and rest["nextCursor"] is None
    many = [f"Z{n:02}" for n in range(100)]
    assert api.get(f"/api/places?codes={','.join(many[1:] + made[:1])}").ok()["places"][0]["code"] == made[0]
    for codes in (",".join([*many, "ZZZ"]), "fra", "FRAX", "FR", "FRA,", ",FRA", "FRA;BOS", "FRA,BOS,X", "FR%C3%84", "FRA BOS"):
        problem = api.get(f"/api/places?codes={codes.replace(' ', '%20')}").refused(400, "INVALID_REQUEST")
        assert problem["field"] == "codes", codes
    assert api.get("/api/places?codes=").ok()["places"], "all of them"
