# SPDX-License-Identifier: MIT
"""An operator makes flights, changes them, opens and closes their sale, and removes them."""

import datetime
import re
import uuid

import pytest

from stack import wait_for

CABIN = {"name": "Little", "numbering": "row-column", "sections": [
    {"class": "business", "rows": "1", "columns": "A C"},
    {"class": "economy", "rows": "2-4", "columns": "AB CD", "features": {"exit": "3"}}]}


@pytest.fixture(scope="module")
def admin(default_stack):
    admin = default_stack.admin()
    for code, zone in (("QBE", "Europe/Berlin"), ("QNY", "America/New_York"), ("QLH", "Australia/Lord_Howe")):
        assert admin.put(f"/api/admin/places/{code}", {"name": f"Field {code}", "city": "Town", "timeZone": zone}).status in (200, 201)
    assert admin.put("/api/admin/cabins/little", CABIN).status in (200, 201)
    return admin


def in_days(days, clock="07:30"):
    return f"{datetime.date.today() + datetime.timedelta(days)}T{clock}"


def plan(**other):
    flight = {"flightNumber": "OF 1", "cabin": "little", "origin": "QBE", "destination": "QNY", "departure": in_days(40),
              "arrival": in_days(40, "10:15"), "fares": {"business": 39900, "economy": 12900}, "surcharges": {"exit": 1500},
              "taxPercent": 19, "currency": "EUR", "salesOpens": "8760h", "salesCloses": "45m",
              "refundRule": [{"until": "168h", "feePercent": 0}, {"until": "24h", "feePercent": 50, "feeCents": 500}]}
    flight.update(other)
    return {name: value for name, value in flight.items() if value is not ...}


def new_id():
    return f"own-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def flight(admin):
    flight = new_id()
    admin.put(f"/api/admin/flights/{flight}", plan()).ok(201)
    return flight


def url(flight):
    return f"/api/admin/flights/{flight}"


def faults(answer):
    return {fault["path"]: fault["message"] for fault in answer.refused(400, "INVALID_REQUEST")["faults"]}


# -- making ---------------------------------------------------------------------------------------

def test_a_flight_is_made_and_sold(default_stack, admin, flight):
    made = admin.get(url(flight)).ok()
    assert made["cabin"] == {"id": "little", "version": 1} and made["status"] == "ON_SALE" and made["version"] == 1
    assert made["fares"] == {"business": 39900, "economy": 12900} and made["surcharges"] == {"exit": 1500}
    assert made["taxPercent"] == 19 and made["salesOpens"] == "8760h" and made["salesCloses"] == "45m"
    assert made["refundRule"][1] == {"until": "24h", "feePercent": 50, "feeCents": 500}
    assert made["departure"] == in_days(40) + ":00[Europe/Berlin]" and made["free"] == 14
    api = default_stack.api()
    seats = {seat["seatNumber"]: seat for seat in api.get(f"/api/flights/{flight}/seats").ok()["seats"]}
    assert len(seats) == 14 and seats["3A"]["features"] == ["exit", "window"] and seats["1C"]["class"] == "business"
    order = api.post("/api/orders", {"flightId": flight, "seats": ["1A", "3B"]}).ok(201)
    assert order["seatPrices"] == [39900, 14400] and order["currency"] == "EUR"
    after = admin.get(url(flight)).ok()
    assert (after["held"], after["free"], after["sold"]) == (2, 12, 0)


@pytest.mark.parametrize("rows, columns, count", [("1-30", "ABC DEF", 180), ("1-64", "A", 64), ("1-200", "ABC DEFG HJK", 2000)])
def test_cabins_of_every_size(default_stack, admin, rows, columns, count):
    cabin = f"size-{count}"
    sections = [{"class": "economy", "rows": rows, "columns": columns}]
    assert admin.put(f"/api/admin/cabins/{cabin}", {**CABIN, "sections": sections}).status in (200, 201)
    flight = new_id()
    admin.put(url(flight), plan(cabin=cabin, fares={"economy": 100}, surcharges={})).ok(201)
    numbers = {row["seat_number"] for row in default_stack.query("SELECT seat_number FROM seats WHERE flight_id = %s", flight)}
    assert len(numbers) == count == admin.get(url(flight)).ok()["free"]


def test_what_was_got_can_be_put_again_and_changes_nothing(admin, flight):
    got = admin.get(url(flight)).ok()
    again = admin.put(url(flight), got).ok(200)
    assert again["did"] == {"made": False, "changed": False, "holdsMoved": 0, "ordersTold": 0} and again["version"] == 1


def test_a_flight_that_sql_has_moved_can_be_put_as_it_is(default_stack, admin, flight):
    default_stack.query("UPDATE flights SET departure_time = '2036-10-26 00:30:00', arrival_time = '2036-10-26 12:00:00', arrival_said = ''"
                        " WHERE flight_id = %s", flight)
    got = admin.get(url(flight)).ok()
    assert got["departure"] == "2036-10-26T02:30:00+02:00[Europe/Berlin]" and got["arrival"] == "2036-10-26T08:00:00[America/New_York]"
    assert admin.put(url(flight), got).ok()["did"]["changed"] is False
    did = admin.put(url(flight), {**got, "taxPercent": 7}).ok()["did"]
    assert did["changed"] is True and admin.get(url(flight)).ok()["departureTime"] == got["departureTime"]


def test_an_unchanged_flight_is_accepted_whatever_its_date(default_stack, admin, flight):
    got = admin.get(url(flight)).ok()
    default_stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) - INTERVAL 1 DAY, departure_said = %s,"
                        " version = version + 1 WHERE flight_id = %s", "2020-01-01T07:30:00[Europe/Berlin]", flight)
    default_stack.query("UPDATE flights SET departure_time = '2020-01-01 06:30', arrival_time = '2020-01-01 15:15', arrival_said ="
                        " '2020-01-01T10:15:00[America/New_York]', departure_day = '2020-01-01', version = version + 1"
                        " WHERE flight_id = %s", flight)
    past = {**got, "departure": "2020-01-01T07:30:00[Europe/Berlin]", "arrival": "2020-01-01T10:15:00[America/New_York]"}
    assert admin.put(url(flight), past).ok()["did"]["changed"] is False
    admin.put(url(flight), {**past, "fares": {"business": 1, "economy": 1}}).refused(409, "FLIGHT_DEPARTED")


@pytest.mark.parametrize("wrong, path, words", [
    ({"origin": "XQX"}, "origin", "no place"), ({"origin": ...}, "origin", "code"), ({"destination": "QBE"}, "destination", "comes from"),
    ({"cabin": "no-such"}, "cabin", "no such cabin"), ({"cabin": ...}, "cabin", "which cabin"), ({"cabin": 5}, "cabin", "named by"),
    ({"fares": {"economy": 1}}, "fares.business", "costs"), ({"fares": {"economy": 1, "business": 2, "first": 3}}, "fares.first", "no such class"),
    ({"fares": {"economy": -1, "business": 2}}, "fares.economy", "whole number"), ({"fares": {"economy": 1.5, "business": 2}}, "fares.economy", "whole number"),
    ({"fares": {"economy": 10**18, "business": 2}}, "fares.economy", "whole number"), ({"fares": []}, "fares", "object"),
    ({"currency": "EURO"}, "currency", "ISO 4217"), ({"currency": "XXX"}, "currency", "ISO 4217"), ({"currency": ...}, "currency", "ISO 4217"),
    ({"departure": "2020-01-01T07:30", "arrival": ...}, "departure", "over"), ({"departure": ...}, "departure", "when"),
    ({"departure": "tomorrow"}, "departure", "written"), ({"arrival": in_days(39)}, "arrival", "before"),
    ({"departure": "2028-03-26T02:30"}, "departure", "skip"), ({"departure": "2028-10-29T02:30"}, "departure", "twice"),
    ({"departure": "2028-07-01T02:30+05:00"}, "departure", "offset"), ({"departure": "2028-07-01T02:30[No/Zone]"}, "departure", "time zone"),
    ({"salesOpens": "1h", "salesCloses": "2h"}, "salesOpens", "after it closes"), ({"salesCloses": "soon"}, "salesCloses", "how long"),
    ({"taxPercent": 101}, "taxPercent", "0 to 100"), ({"taxPercent": "19"}, "taxPercent", "0 to 100"), ({"taxPercent": 7.125}, "taxPercent", "two decimals"),
    ({"refundRule": [{"until": "24h"}, {"until": "48h"}]}, "refundRule[1]", "longest"), ({"refundRule": [{}]}, "refundRule[0]", "until"),
    ({"refundRule": {}}, "refundRule", "list"), ({"flightNumber": ""}, "flightNumber", "1 to 10"), ({"flightNumber": "x" * 11}, "flightNumber", "1 to 10"),
    ({"flightNumber": "A\nB"}, "flightNumber", "1 to 10"), ({"fare": {}}, "fare", "no such field"), ({"id": "other"}, "id", "another flight")])
def test_each_fault_is_named_with_its_place(default_stack, admin, wrong, path, words):
    flight = new_id()
    found = faults(admin.put(url(flight), plan(**wrong)))
    assert words in found[path], found
    assert not default_stack.query("SELECT 1 FROM flights WHERE flight_id = %s", flight)


@pytest.mark.parametrize("flight", ["FL%C3%9C", "a%20b", "x" * 51, "import", "%2e%2e", "a%2fb"])
def test_what_is_no_id(admin, flight):
    assert "id" in faults(admin.put("/api/admin/flights/" + flight, plan()))


def test_all_faults_are_told_at_once(admin):
    found = faults(admin.put(url(new_id()), plan(currency="X", origin="XQX", arrival="never")))
    assert {"currency", "origin", "arrival"} <= set(found)


def test_a_repeated_hour_is_told_apart_by_its_offset(admin):
    first, second = new_id(), new_id()
    one = admin.put(url(first), plan(departure="2028-10-29T02:30+02:00", arrival=...)).ok(201)
    two = admin.put(url(second), plan(departure="2028-10-29T02:30+01:00", arrival=...)).ok(201)
    assert one["departureTime"] == "2028-10-29T00:30:00.000Z" and two["departureTime"] == "2028-10-29T01:30:00.000Z"
    assert one["departure"] == "2028-10-29T02:30:00+02:00[Europe/Berlin]"


# -- changing -------------------------------------------------------------------------------------

def test_two_operators_at_once(admin, flight):
    admin.put(url(flight), plan(taxPercent=7), headers={"If-Match": '"1"'}).ok()
    refused = admin.put(url(flight), plan(taxPercent=20), headers={"If-Match": '"1"'})
    refused.refused(412, "PRECONDITION_FAILED")
    assert admin.get(url(flight)).ok()["taxPercent"] == 7
    admin.put(url(flight), plan(), headers={"If-None-Match": "*"}).refused(412, "PRECONDITION_FAILED")
    admin.put(url(new_id()), plan(), headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")
    admin.put(url(new_id()), plan(), headers={"If-None-Match": "*"}).ok(201)


def test_sql_and_the_console_know_of_each_other(default_stack, admin, flight):
    default_stack.query("UPDATE flights SET price_cents = 9900 WHERE flight_id = %s", flight)
    now = admin.get(url(flight)).ok()
    assert now["fares"] == {"business": 39900, "economy": 9900} and now["version"] == 2
    admin.put(url(flight), plan(), headers={"If-Match": '"1"'}).refused(412, "PRECONDITION_FAILED")


def test_a_price_changes_for_those_who_come_later(default_stack, admin, flight):
    order = default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["2A"]}).ok(201)
    admin.put(url(flight), plan(fares={"business": 50000, "economy": 20000})).ok()
    later = default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["2B"]}).ok(201)
    assert (order["seatPrices"], later["seatPrices"]) == ([12900], [20000])
    assert default_stack.api().order(order)["seatPrices"] == [12900]


def test_a_new_departure_moves_holds_and_tells(default_stack, admin, flight):
    api = default_stack.api()
    order = api.post("/api/orders", {"flightId": flight, "seats": ["2A"]}).ok(201)
    soon = (datetime.datetime.utcnow() + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M")
    did = admin.put(url(flight), plan(departure=f"{soon}+00:00[UTC]", arrival=...)).ok()["did"]
    assert did == {"made": False, "changed": True, "holdsMoved": 1, "ordersTold": 1}
    assert api.order(order)["expiresAt"] < order["expiresAt"]
    wait_for(lambda: not default_stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'TELL_FLIGHT' AND flight_id = %s", flight), 10)
    (job,) = default_stack.query("SELECT run_at FROM workflow_jobs WHERE order_id = %s", order["orderId"])
    assert job["run_at"].isoformat()[:19] == api.order(order)["expiresAt"][:19]
    assert [e["type"] for e in api.events(order)].count("FLIGHT_CHANGED") == 1


def test_another_cabin_only_before_anything_was_ordered(default_stack, admin, flight):
    wide = {**CABIN, "name": "Wide", "sections": [{"class": "economy", "rows": "1-2", "columns": "ABC DEF"}]}
    assert admin.put("/api/admin/cabins/wide", wide).status in (200, 201)
    changed = admin.put(url(flight), plan(cabin="wide", fares={"economy": 100}, surcharges={})).ok()
    assert changed["cabin"]["id"] == "wide" and admin.get(url(flight)).ok()["free"] == 12
    order = default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["1F"]}).ok(201)
    default_stack.api().cancel(order).ok()
    admin.put(url(flight), plan()).refused(409, "IN_USE")
    assert admin.get(url(flight)).ok()["cabin"]["id"] == "wide"


def test_a_flight_keeps_its_version_of_a_cabin(admin, flight):
    admin.put("/api/admin/cabins/little", {**CABIN, "name": "Little, again"}).ok()
    try:
        assert admin.put(url(flight), plan(taxPercent=5)).ok()["cabin"] == {"id": "little", "version": 1}
    finally:
        admin.put("/api/admin/cabins/little", CABIN).ok()


# -- sale and end ---------------------------------------------------------------------------------

def test_a_sale_is_closed_and_opened(default_stack, admin, flight):
    closed = admin.post(url(flight) + "/close", {"reason": "training"}).ok()
    assert closed["status"] == "CLOSED" and closed["version"] == 2
    assert admin.post(url(flight) + "/close").ok()["version"] == 2
    default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["2A"]}).refused(409, "FLIGHT_CLOSED")
    assert admin.post(url(flight) + "/open", headers={"If-Match": '"2"'}).ok()["status"] == "ON_SALE"
    default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["2A"]}).ok(201)
    admin.post(url(flight) + "/close", headers={"If-Match": '"2"'}).refused(412, "PRECONDITION_FAILED")
    admin.post(url(flight) + "/cancel", {"reason": "storm"}).ok(202)
    admin.post(url(flight) + "/open").refused(409, "FLIGHT_CANCELLED")
    admin.put(url(flight), plan(taxPercent=3)).refused(409, "FLIGHT_CANCELLED")


def test_only_what_was_never_ordered_is_removed(default_stack, admin, flight):
    other = new_id()
    admin.put(url(other), plan()).ok(201)
    admin.delete(url(other)).ok()
    admin.get(url(other)).refused(404, "FLIGHT_NOT_FOUND")
    assert not default_stack.query("SELECT 1 FROM seats WHERE flight_id = %s", other)
    order = default_stack.api().post("/api/orders", {"flightId": flight, "seats": ["2A"]}).ok(201)
    default_stack.api().cancel(order).ok()
    admin.delete(url(flight)).refused(409, "IN_USE")


def test_a_draft_is_no_flight_to_an_operator(default_stack, admin, flight):
    asked = {"reason": "a test"}
    default_stack.query("UPDATE flights SET status = 'DRAFT' WHERE flight_id = %s", flight)
    answers = [admin.get(url(flight)), admin.post(url(flight) + "/close"), admin.post(url(flight) + "/open"), admin.delete(url(flight)),
               admin.post(url(flight) + "/cancel", asked), admin.post(url(flight) + "/cancel", {"dryRun": True}),
               admin.post(url(flight) + "/cabin", {"cabin": "little", **asked})]
    default_stack.query("UPDATE flights SET status = 'ON_SALE' WHERE flight_id = %s", flight)
    for answer in answers:
        answer.refused(404, "FLIGHT_NOT_FOUND")
    assert [e["action"] for e in admin.get(f"/api/admin/audit?object={flight}").ok()["entries"]] == ["PUT_FLIGHT"]


def test_each_change_is_in_the_audit_log(admin, flight):
    admin.put(url(flight), plan(taxPercent=7)).ok()
    admin.post(url(flight) + "/close", {"reason": "storm"}).ok()
    entries = admin.get(f"/api/admin/audit?object={flight}").ok()["entries"]
    assert [e["action"] for e in entries] == ["CLOSE_FLIGHT", "PUT_FLIGHT", "PUT_FLIGHT"]
    assert entries[0]["reason"] == "storm"
    assert (entries[1]["was"]["taxPercent"], entries[1]["became"]["taxPercent"]) == (19, 7)


def test_the_operators_list(admin, flight):
    listed = admin.get(f"/api/admin/flights?search={flight}").ok()["flights"]
    assert [f["id"] for f in listed] == [flight] and listed[0]["free"] == 14
    assert admin.get("/api/admin/flights?search=QBE&status=ON_SALE&limit=1").ok()["nextCursor"] is not None
    assert admin.get("/api/admin/flights?search=%25").ok()["flights"] == []
    assert flight in [row["id"] for row in admin.get(f"/api/admin/flights?search={flight[2:-1]}").ok()["flights"]]
    first, latest = [[row["id"] for row in admin.get(f"/api/admin/flights?search=QBE&sort={sort}").ok()["flights"]] for sort in ("first", "latest")]
    assert len(first) > 1 and latest == first[::-1]
    cursor = admin.get("/api/admin/flights?search=QBE&sort=latest&limit=1").ok()["nextCursor"]
    assert admin.get(f"/api/admin/flights?search=QBE&sort=latest&limit=1&cursor={cursor}").ok()["flights"][0]["id"] == latest[1]
    assert admin.get("/api/admin/flights?sort=load").refused(400, "INVALID_REQUEST")["field"] == "sort"
    admin.get("/api/admin/flights?status=DRAFT").refused(400, "INVALID_REQUEST")


# -- a season -------------------------------------------------------------------------------------

def season(**other):
    template = {name: value for name, value in plan().items() if name not in ("departure", "arrival")}
    return {"template": template, "id": f"S{uuid.uuid4().hex[:6]}-{{date}}", "from": in_days(30)[:10], "to": in_days(50)[:10],
            "weekdays": [1, 3, 5], "departure": "07:30", "arrival": "10:15", **other}


def test_a_season_is_made_once(default_stack, admin):
    asked = season()
    seen = admin.post("/api/admin/flights/schedule", {**asked, "dryRun": True}).ok()
    assert seen["made"] == 9 and seen["dryRun"] is True
    prefix = asked["id"][:7]
    assert not default_stack.query("SELECT 1 FROM flights WHERE flight_id LIKE %s", prefix + "-%")
    made = admin.post("/api/admin/flights/schedule", asked).ok()
    assert (made["made"], made["unchanged"]) == (9, 0)
    days = [datetime.date.fromisoformat(re.search(r"\d{4}-\d\d-\d\d", f["id"])[0]) for f in made["flights"]]
    assert all(day.isoweekday() in (1, 3, 5) for day in days)
    assert all(f["departure"].startswith(f"{day}T07:30:00[") for day, f in zip(days, made["flights"]))
    again = admin.post("/api/admin/flights/schedule", asked).ok()
    assert (again["made"], again["unchanged"]) == (0, 9)
    assert len(default_stack.query("SELECT 1 FROM flights WHERE flight_id LIKE %s", prefix + "-%")) == 9


def test_a_day_that_cannot_be_is_named_and_nothing_is_made(default_stack, admin):
    asked = season(**{"from": "2028-03-24", "to": "2028-03-28", "weekdays": [1, 2, 3, 4, 5, 6, 7], "departure": "02:30", "arrival": "09:00"})
    refused = admin.post("/api/admin/flights/schedule", asked)
    assert faults(refused) == {"departure": "2028-03-26: The clocks are put forward that night and skip this time."}
    assert not default_stack.query("SELECT 1 FROM flights WHERE flight_id LIKE %s", asked["id"][:7] + "-%")


@pytest.mark.parametrize("wrong, path", [
    ({"weekdays": []}, "weekdays"), ({"weekdays": [8]}, "weekdays"), ({"id": "no date"}, "id"), ({"from": "x"}, "from"),
    ({"to": "2020-01-01"}, "to"), ({"departure": "25:00"}, "departure"), ({"arrivalDay": 9}, "arrivalDay"), ({"template": {}}, "template.currency")])
def test_each_fault_of_a_season_is_named(admin, wrong, path):
    assert path in faults(admin.post("/api/admin/flights/schedule", season(**wrong)))
