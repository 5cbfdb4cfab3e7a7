# SPDX-License-Identifier: MIT
"""Seating plans: checked as a whole, with versions that flights keep."""

import copy
import threading
import uuid

import pytest

from stack import PLAN


@pytest.fixture
def admin(stack):
    return stack.admin()


@pytest.fixture
def path():
    return f"/api/admin/cabins/test-{uuid.uuid4().hex[:12]}"


def changed(**fields):
    return {**copy.deepcopy(PLAN), **fields}


def test_a_cabin_from_first_to_last(stack, admin, path):
    made = admin.put(path, PLAN)
    assert made.ok(201) == {"id": path.split("/")[-1], "version": 1, "seatCount": 8 + 24 - 1, "flights": 0, **PLAN}
    assert made.etag == '"1"' and admin.get(path).ok() == made.json
    assert admin.get(path, headers={"If-None-Match": '"1"'}).status == 304
    row, = [each for each in admin.listed("/api/admin/cabins?limit=100", "cabins") if each["id"] == made.json["id"]]
    assert row == {"id": made.json["id"], "name": "A test", "version": 1, "seatCount": 31, "flights": 0}
    assert admin.delete(path).ok() == {"id": made.json["id"]}
    admin.get(path).refused(404, "NOT_FOUND")
    admin.delete(path).refused(404, "NOT_FOUND")


def test_a_changed_plan_is_a_new_version_and_an_equal_one_is_none(admin, path):
    admin.put(path, PLAN).ok(201)
    same = copy.deepcopy(PLAN)
    same["sections"][1].update(rows=" 3, 4-5 ,7", columns="ABC  DEF", features={"exit": "4"})
    assert admin.put(path, same).ok()["version"] == 1
    assert admin.put(path, admin.get(path).ok()).ok()["version"] == 1, "what was read can be sent back"
    other = copy.deepcopy(PLAN)
    other["sections"][1]["without"] = ["7A"]
    assert admin.put(path, other).ok()["version"] == 2
    assert admin.put(path, changed(name="Another name")).ok()["version"] == 3
    assert [admin.get(f"{path}?version={n}").ok()["sections"][1]["without"] for n in (1, 2)] == [["7F"], ["7A"]]
    assert admin.get(path).ok()["version"] == 3
    admin.get(f"{path}?version=4").refused(404, "NOT_FOUND")
    admin.get(f"{path}?version=x").refused(400, "INVALID_REQUEST")


def test_conditions(admin, path):
    admin.put(path, PLAN, headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")
    admin.put(path, PLAN, headers={"If-Match": "*"}).refused(412, "PRECONDITION_FAILED")
    admin.put(path, PLAN, headers={"If-None-Match": "*"}).ok(201)
    refused = admin.put(path, changed(name="Another name"), headers={"If-None-Match": "*"})
    assert refused.refused(412, "PRECONDITION_FAILED") and refused.etag == '"1"'
    admin.put(path, changed(name="Another name"), headers={"If-Match": '"1"'}).ok()
    admin.put(path, PLAN, headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")
    admin.delete(path, headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")
    admin.delete(path, headers={"If-Match": '"2"'}).ok()


def test_every_fault_is_named_with_its_place(admin, path):
    bad = {"numbering": "A1", "sections": [{"class": "economy", "rows": "1-3", "columns": "AB"},
                                           {"class": "Eco", "rows": "3,4", "columns": "ABA", "without": ["9Z"]}]}
    want = {"numbering", "sections[1].class", "sections[1].rows", "sections[1].columns", "sections[1].without[0]"}
    problem = admin.put(path, bad).refused(400, "INVALID_REQUEST")
    assert {fault["path"] for fault in problem["faults"]} == want and problem["field"] == problem["faults"][0]["path"]
    checked = admin.post("/api/admin/cabins/check", bad).ok()
    assert checked["faults"] == problem["faults"]
    assert [seat["seatNumber"] for seat in checked["seats"]] == ["1A", "1B", "2A", "2B", "3A", "3B", "4A", "4B"]
    admin.get(path).refused(404, "NOT_FOUND")
    assert admin.put(path, changed(id="another")).refused(400, "INVALID_REQUEST")["faults"][0]["path"] == "id"
    nameless = changed()
    del nameless["name"]
    assert admin.put(path, nameless).refused(400, "INVALID_REQUEST")["faults"][0]["path"] == "name"
    assert admin.post("/api/admin/cabins/check", nameless).ok()["faults"] == []


def test_a_check_draws_and_stores_nothing(stack, admin):
    name = uuid.uuid4().hex    # other tests store cabins meanwhile
    checked = admin.post("/api/admin/cabins/check", changed(name=name)).ok()
    assert (checked["seatCount"], checked["faults"]) == (31, [])
    assert checked["sections"][0] == {"class": "business", "rows": [1, 2], "columns": ["A", "C", None, "D", "F"]}
    seats = {seat["seatNumber"]: seat for seat in checked["seats"]}
    assert seats["4C"] == {"seatNumber": "4C", "row": 4, "column": "C", "class": "economy", "features": ["aisle", "exit"]}
    assert "7F" not in seats and not stack.query("SELECT 1 FROM cabins WHERE name = %s", name)


def test_a_cabin_that_a_flight_has_stays(stack, admin, flight, path):
    cabin = admin.put(path, PLAN).ok(201)["id"]
    stack.query("UPDATE flights SET cabin_id = %s, cabin_version = 1 WHERE flight_id = %s", cabin, flight)
    try:
        admin.delete(path).refused(409, "IN_USE")
        assert admin.put(path, changed(name="Another name")).ok()["flights"] == 1
        admin.delete(path).refused(409, "IN_USE")
        kept, = stack.query("SELECT cabin_version FROM flights WHERE flight_id = %s", flight)
        assert kept == {"cabin_version": 1}, "flights keep their version"
    finally:
        stack.query("UPDATE flights SET cabin_id = NULL, cabin_version = NULL WHERE flight_id = %s", flight)
    admin.delete(path).ok()
    assert list(stack.query("SELECT version FROM cabins WHERE cabin_id = %s", cabin)) == []


def test_each_change_is_audited(admin, path):
    cabin = path.split("/")[-1]
    admin.put(path, PLAN).ok(201)
    admin.put(path, PLAN).ok()
    admin.put(path, changed(name="Another name")).ok()
    admin.delete(path).ok()
    entries = admin.get(f"/api/admin/audit?object={cabin}").ok()["entries"]
    one, two = {"version": 1, "seatCount": 31}, {"version": 2, "seatCount": 31}
    assert [(e["action"], e["object"]["kind"], e["was"], e["became"]) for e in reversed(entries)] == [
        ("PUT_CABIN", "CABIN", None, one), ("PUT_CABIN", "CABIN", one, two), ("REMOVE_CABIN", "CABIN", two, None)]


def test_two_who_change_it_at_once_make_two_versions(admin, path):
    answers = []
    threads = [threading.Thread(target=lambda n=n: answers.append(admin.put(path, changed(name=f"Name {n}")))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert sorted(answer.json["version"] for answer in answers) == list(range(1, 9))


def test_an_id_that_cannot_be(admin):
    for name in ("x" * 51, "a%20b", "a%2Fb"):
        assert admin.put(f"/api/admin/cabins/{name}", PLAN).status == 404


def test_pages_of_the_list(stack, admin):
    made = {stack.new_cabin() for _ in range(3)}
    seen = [each["id"] for each in admin.listed("/api/admin/cabins?limit=2", "cabins")]
    assert made <= set(seen) and seen == sorted(seen) and len(seen) == len(set(seen))
    admin.get("/api/admin/cabins?cursor=a%20b").refused(400, "INVALID_REQUEST")
