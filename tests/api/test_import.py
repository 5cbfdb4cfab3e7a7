# SPDX-License-Identifier: MIT
"""POST /api/admin/flights/import, its progress, and GET /api/admin/flights/export."""

import csv
import io
import json
import os
import time
import uuid

import pytest

from stack import wait_for

COLUMNS = ("id", "flightNumber", "cabin", "origin", "destination", "departure", "arrival", "fares", "surcharges",
           "taxPercent", "currency", "salesOpens", "salesCloses", "refundRule", "status")
CABIN = {"name": "A small one", "numbering": "row-column",
         "sections": [{"class": "business", "rows": "1-2", "columns": "A C"},
                      {"class": "economy", "rows": "3-12", "columns": "AB CD", "features": {"exit": "5"}}]}
SEATS = 2 * 2 + 10 * 4
FINAL = ("CHECKED", "REFUSED", "PUBLISHED")


@pytest.fixture(scope="module")
def stack(own_stack):
    stack = own_stack(ADMIN_TOKEN="a-token-that-only-the-tests-have")
    admin = stack.admin()
    for code, name, zone in (("QBE", "Berlin", "Europe/Berlin"), ("QNY", "New York", "America/New_York")):
        answer = admin.put(f"/api/admin/places/{code}", {"name": f"{name} airport", "city": name, "timeZone": zone})
        assert answer.status in (200, 201), answer
    assert admin.put("/api/admin/cabins/small", CABIN).status in (200, 201)
    return stack


def new_id():
    return f"imp-{uuid.uuid4().hex[:12]}"


def flight(flight_id=None, **more):
    return {"id": flight_id or new_id(), "flightNumber": "QQ 1", "cabin": "small", "origin": "QBE", "destination": "QNY",
            "departure": "2027-05-03T07:30", "arrival": "2027-05-03T10:15", "fares": "economy=12900;business=39900",
            "currency": "EUR", **more}


def as_csv(*flights, columns=COLUMNS, delimiter=",", end="\r\n"):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator=end, restval="")
    writer.writeheader()
    writer.writerows(flights)
    return text.getvalue().encode()


def post(stack, body, query="", content_type="text/csv", **kw):
    body = body.encode() if isinstance(body, str) else body
    return stack.admin().request("POST", f"/api/admin/flights/import{query}", body=body,
                                 headers={"Content-Type": content_type, **kw.pop("headers", {})}, **kw)


def end_of(stack, answer, deadline=20):
    place = answer.headers["Location"]
    assert place == f"/api/admin/flights/imports/{answer.ok(202)['importId']}"
    return wait_for(lambda: (now := stack.admin().get(place).ok())["status"] in FINAL and now, deadline, "the import's end")


def imported(stack, body, query="", content_type="text/csv"):
    return end_of(stack, post(stack, body, query, content_type))


def published(stack, body, **kw):
    now = imported(stack, body, **kw)
    assert now["status"] == "PUBLISHED" and now["faults"] == [], now
    return now


def refused(stack, body, *faults, **kw):
    """The import must be refused for these reasons alone, (line, field, a part of the message), and have changed nothing."""
    before = everything(stack)
    now = imported(stack, body, **kw)
    assert now["status"] == "REFUSED" and (now["made"], now["changed"], now["unchanged"]) == (0, 0, 0), now
    assert [(each["line"], each["field"]) for each in now["faults"]] == [(line, field) for line, field, _ in faults], now
    for each, (_, _, words) in zip(now["faults"], faults):
        assert words in each["message"], each
    assert now["faultCount"] == len(faults)
    assert everything(stack) == before
    return now


def everything(stack):
    nothing_left(stack)
    return (stack.query("SELECT * FROM flights ORDER BY flight_id"),
            stack.query("SELECT flight_id, COUNT(*) FROM seats GROUP BY flight_id ORDER BY flight_id"))


def nothing_left(stack):
    """Neither drafts nor rows stay behind, nor the job."""
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE kind = 'IMPORT_FLIGHTS'"), 20, "the job's end")
    assert not stack.query("SELECT flight_id FROM flights WHERE status = 'DRAFT'")
    assert not stack.query("SELECT line FROM import_rows")


def get(stack, flight_id):
    return stack.admin().get(f"/api/admin/flights/{flight_id}").ok()


def test_a_file_becomes_flights(stack):
    one, two = flight(surcharges="exit=1500", taxPercent="7.5", salesOpens="8760h", salesCloses="1h",
                      refundRule="72h=10%;24h=50%+500"), flight(status="CLOSED")
    now = published(stack, as_csv(one, two))
    assert (now["lines"], now["flights"], now["made"], now["changed"], now["unchanged"]) == (3, 2, 2, 0, 0)
    made = get(stack, one["id"])
    assert made["fares"] == {"economy": 12900, "business": 39900} and made["surcharges"] == {"exit": 1500}
    assert made["departure"].startswith("2027-05-03T07:30") and made["departureTime"] == "2027-05-03T05:30:00.000Z"
    assert made["taxPercent"] == 7.5 and made["salesOpens"] == "8760h" and made["salesCloses"] == "1h"
    assert made["refundRule"] == [{"until": "72h", "feePercent": 10, "feeCents": 0},
                                  {"until": "24h", "feePercent": 50, "feeCents": 500}]
    assert (made["status"], get(stack, two["id"])["status"]) == ("ON_SALE", "CLOSED")
    for each in (one, two):
        assert len(stack.api().seats(each["id"])) == SEATS
    assert stack.query("SELECT seat_number, cabin_class, features, seat_row FROM seats WHERE flight_id = %s", one["id"]) == \
        stack.query("SELECT seat_number, cabin_class, features, seat_row FROM seats WHERE flight_id = %s", two["id"])
    stack.api().hold(one["id"], "5A")
    nothing_left(stack)


@pytest.mark.parametrize("sent", [dict(delimiter=";", end="\n"), dict(delimiter="\t")], ids=["semicolons", "tabs"])
def test_other_separators_and_a_mark(stack, sent):
    one = flight()
    published(stack, b"\xef\xbb\xbf" + as_csv(one, **sent))
    assert get(stack, one["id"])["flightNumber"] == "QQ 1"


def test_ndjson_is_the_api_s_flight(stack):
    one = {**flight(), "fares": {"economy": 100, "business": 200}, "cabin": {"id": "small", "version": 1}, "taxPercent": 19}
    published(stack, json.dumps(one) + "\n", content_type="application/x-ndjson")
    assert get(stack, one["id"])["taxPercent"] == 19


def test_a_second_time_changes_nothing(stack):
    body = as_csv(flight(), flight())
    published(stack, body)
    before = everything(stack)
    now = published(stack, body)
    assert (now["made"], now["changed"], now["unchanged"]) == (0, 0, 2)
    assert everything(stack) == before


def test_a_dry_run_makes_nothing(stack):
    old, new = flight(), flight()
    published(stack, as_csv(old))
    before = everything(stack)
    now = imported(stack, as_csv({**old, "fares": "economy=1;business=2"}, new), "?dryRun=true")
    assert (now["status"], now["dryRun"], now["made"], now["changed"]) == ("CHECKED", True, 1, 1)
    assert everything(stack) == before
    refused(stack, as_csv({**new, "origin": "QXX"}), (2, "origin", "no place QXX"), query="?dryRun=true")


def test_changes_are_made_with_all_that_a_put_does(stack):
    one, same, closed = flight(), flight(), flight()
    published(stack, as_csv(one, same, closed))
    order = stack.api().hold(one["id"], "5A")
    now = published(stack, as_csv({**one, "departure": "2027-05-04T07:30", "arrival": "2027-05-04T10:15", "fares": "economy=9900;business=1"},
                                  same, {**closed, "status": "CLOSED"}))
    assert (now["made"], now["changed"], now["unchanged"]) == (0, 2, 1)
    changed = get(stack, one["id"])
    assert changed["departureTime"] == "2027-05-04T05:30:00.000Z" and changed["version"] == 2
    assert changed["fares"] == {"economy": 9900, "business": 1}
    assert get(stack, closed["id"])["status"] == "CLOSED" and get(stack, same["id"])["version"] == 1
    assert stack.api().order(order)["totalPriceCents"] == order["totalPriceCents"], "a held seat keeps its price"
    wait_for(lambda: "FLIGHT_CHANGED" in [event["type"] for event in stack.api().events(order)], 10)
    rows = stack.admin().get(f"/api/admin/audit?object={one['id']}").ok()["entries"]
    assert [row["action"] for row in rows] == ["PUT_FLIGHT", "PUT_FLIGHT"]
    assert rows[0]["was"]["fares"]["economy"] == 12900 and rows[0]["became"]["fares"]["economy"] == 9900
    nothing_left(stack)


def test_the_upload_is_in_the_audit_log(stack):
    answer = post(stack, as_csv(flight()), "?dryRun=true")
    rows = stack.admin().get(f"/api/admin/audit?object={answer.ok(202)['importId']}").ok()["entries"]
    assert [(row["action"], row["object"]["kind"], row["became"]) for row in rows] == \
        [("IMPORT_FLIGHTS", "IMPORT", {"lines": 2, "flights": 1, "dryRun": True})]


# ── what an export writes ──

def test_an_export_imports_again_unchanged(stack):
    """Whatever its dates: flights of the past, without a cabin, cancelled, and of the demonstration."""
    past, cancelled = stack.new_flight(departs_in=-86400), stack.new_flight(status="CANCELLED", cancel_reason="a test")
    summer, formula = flight(departure="2027-10-31T02:30:00+02:00[Europe/Berlin]", arrival=""), flight(flightNumber="'=1+1")
    published(stack, as_csv(summer, formula))
    before = everything(stack)
    for query, kind in (("?format=csv", "text/csv"), ("?format=ndjson", "application/x-ndjson")):
        answer = stack.admin().get(f"/api/admin/flights/export{query}")
        assert answer.status == 200 and answer.headers["Content-Type"].split(";")[0] == kind
        for each in (past, cancelled, summer["id"], formula["id"]):
            assert each in answer.body.decode()
        now = published(stack, answer.body, content_type=kind)
        flights = stack.query("SELECT COUNT(*) AS n FROM flights")[0]["n"]
        assert (now["made"], now["changed"], now["unchanged"]) == (0, 0, flights)
    assert everything(stack) == before


def test_what_is_exported_and_how(stack):
    one = flight(flightNumber="'@1", departure="2031-01-01T10:00", arrival="", status="CLOSED")
    published(stack, as_csv(one, flight(departure="2031-01-02T10:00", arrival="")))
    query = "?from=2031-01-01&to=2031-02-01"
    text = stack.admin().get(f"/api/admin/flights/export{query}&status=CLOSED").body.decode()
    assert text.splitlines()[0] == ",".join(COLUMNS)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in rows] == [one["id"]]
    assert rows[0]["flightNumber"] == "'@1", "no spreadsheet takes it for a formula"
    assert rows[0]["cabin"] == "small@1" and rows[0]["fares"] in ("economy=12900;business=39900", "business=39900;economy=12900")
    lines = stack.admin().get(f"/api/admin/flights/export{query}", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["flightNumber"] for line in lines.body.decode().splitlines()] == ["@1", "QQ 1"]
    assert stack.admin().get(f"/api/admin/flights/export{query}&search={one['id']}").body.decode().count("\n") == 2
    for bad, field in (("format=xml", "format"), ("status=DRAFT", "status"), ("from=x", "from")):
        assert stack.admin().get(f"/api/admin/flights/export?{bad}").refused(400, "INVALID_REQUEST")["field"] == field


def test_a_long_export_is_whole(stack):
    flights = [flight(departure=f"2032-{1 + i // 28:02}-{1 + i % 28:02}T10:00", arrival="") for i in range(230)]
    published(stack, as_csv(*flights))
    text = stack.admin().get("/api/admin/flights/export?from=2032-01-01&to=2033-01-01").body.decode()
    assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == [each["id"] for each in flights]


# ── what is refused, with its place ──

FAULTS = {
    "a departure in the past": (dict(departure="2020-05-03T07:30", arrival=""), "departure", "over"),
    "an arrival before it": (dict(arrival="2027-05-03T01:00"), "arrival", "before it departs"),
    "a time that the clocks skip": (dict(departure="2027-03-28T02:30", arrival=""), "departure", "clock"),
    "a time that the clocks show twice": (dict(departure="2027-10-31T02:30", arrival=""), "departure", "twice"),
    "no time": (dict(departure="tomorrow", arrival=""), "departure", "written like"),
    "no such place": (dict(destination="QXX"), "destination", "no place QXX"),
    "no such cabin": (dict(cabin="large"), "cabin", "no such cabin"),
    "no such version": (dict(cabin="small@9"), "cabin", "no such cabin"),
    "a class without a fare": (dict(fares="economy=12900"), "fares.business", "costs"),
    "a fare for no class": (dict(fares="economy=1;business=2;first=3"), "fares.first", "no such class"),
    "a price with decimals": (dict(fares="economy=129.00;business=399.00"), "fares", "smallest unit"),
    "no such currency": (dict(currency="QQQ"), "currency", "no such currency"),
    "a percentage with a sign": (dict(taxPercent="19%"), "taxPercent", "percent"),
    "a sale that closes first": (dict(salesOpens="1h", salesCloses="2h"), "salesOpens", "after it closes"),
    "a status that is none": (dict(status="OPEN"), "status", "ON_SALE"),
    "a status that no file gives": (dict(status="CANCELLED"), "status", "cancel"),
    "no flight number": (dict(flightNumber=""), "flightNumber", "1 to 10"),
    "an id with a blank": (dict(id="a b"), "id", "letters"),
    "a formula": (dict(flightNumber="=1+1"), "flightNumber", "formula"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_line_and_field(stack, name):
    change, field, words = FAULTS[name]
    refused(stack, as_csv(flight(), flight(**change), flight()), (3, field, words))


def test_all_faults_are_named_together(stack):
    body = as_csv(flight(origin="QXX"), flight(), flight(currency="x", taxPercent="x"), flight(departure="2020-01-01T10:00"))
    now = imported(stack, body)
    assert {(each["line"], each["field"]) for each in now["faults"]} >= {(2, "origin"), (4, "taxPercent"), (5, "departure")}


def test_what_cannot_be_changed(stack):
    gone = stack.new_flight(departs_in=-86400)
    over, fixed = flight(), flight()
    published(stack, as_csv(over, fixed))
    stack.query("UPDATE flights SET status = 'CANCELLED' WHERE flight_id = %s", over["id"])
    stack.admin().put("/api/admin/cabins/other", CABIN)
    refused(stack, as_csv(flight(gone), {**over, "taxPercent": "5"}, {**fixed, "cabin": "other"}),
            (2, "id", "has left"), (3, "id", "cancelled"), (4, "cabin", "another cabin"))


HEADER = ",".join(COLUMNS) + "\n"
FILES = {
    "nothing": (b"", (1, None, "empty")),
    "a header alone": (HEADER.encode(), (1, None, "no flights")),
    "10 MB of nothing": (b"\0" * 10_000_000, (1, None, "64 KiB")),
    "10 MB of empty lines": (b"\n" * 10_000_000, (1, None, "empty")),
    "another coding": ("id,flightNumber\n".encode("utf-16"), (1, None, "UTF-16")),
    "a column too many": ((HEADER.strip() + ",price\n").encode(), (1, "price", "no column")),
    "a column twice": ((HEADER.strip() + ",id\n").encode(), (1, "id", "two columns")),
    "half a line": (HEADER.encode() + b"x,LH1,a3", (2, None, "3 cells")),
    "half a quoted cell": (HEADER.encode() + b'x,"LH1,a3', (2, None, "quoted cell")),
    "a quote out of place": (HEADER.encode() + b'x,L"H1,a3\n', (2, None, "quote")),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_none(stack, name):
    body, fault = FILES[name]
    refused(stack, body, fault)


def test_missing_columns(stack):
    refused(stack, as_csv({"id": "a"}, columns=("id", "flightNumber", "origin", "destination", "departure")),
            (1, "fares", "lacks"), (1, "currency", "lacks"))


def test_mixed_encodings(stack):
    body = as_csv(flight(), flight(flightNumber="QQQ")).replace(b"QQQ", "Zü".encode("latin-1"))
    refused(stack, body, (3, "flightNumber", "UTF-8"))


def test_an_id_twice(stack):
    one = flight()
    refused(stack, as_csv(one, flight(), one), (4, "id", "Line 2"))


def test_half_a_line_of_ndjson(stack):
    one = json.dumps({**flight(), "fares": {"economy": 1, "business": 2}})
    refused(stack, one + "\n" + one[:40], (2, None, "JSON"), content_type="application/x-ndjson")
    refused(stack, '{"id": "x", "price": 1}\n', *[(1, field, "") for field in
            ("price", "flightNumber", "origin", "destination", "departure", "currency", "cabin")],
            content_type="application/x-ndjson")


def test_only_the_first_faults_are_listed(stack):
    now = imported(stack, HEADER + "x,y\n" * 5000)
    assert now["status"] == "REFUSED" and len(now["faults"]) == 100 and now["faultCount"] == 5000


def test_a_bomb_of_rows(stack):
    body = b"".join(b'{"id":"bomb-%d"}\n' % i for i in range(20050))
    answer = post(stack, body, content_type="application/x-ndjson", timeout=60)
    now = end_of(stack, answer, 120)
    assert now["status"] == "REFUSED" and now["flights"] == 20000
    assert "20000 flights at most" in [each["message"] for each in now["faults"] if each["line"] == 20001][0]
    nothing_left(stack)


# ── the request ──

def test_only_this_path_takes_a_long_body(stack):
    long = b" " * (64 * 1024 + 1)
    assert post(stack, long).status == 202
    assert "16 MiB" in post(stack, b" " * (16 * 1024 * 1024 + 1)).refused(413, "PAYLOAD_TOO_LARGE")["detail"]
    for path in ("/api/orders", "/api/admin/flights/x/cancel", "/api/admin/flights/import/"):
        answer = stack.admin().request("POST", path, body=long, headers={"Content-Type": "text/csv"})
        assert "64 KiB" in answer.refused(413, "PAYLOAD_TOO_LARGE")["detail"]


def test_nobody_else_s_long_body_is_read(stack):
    answer = stack.api().request("POST", "/api/admin/flights/import", body=b"x" * 10_000_000, headers={"Content-Type": "text/csv"})
    answer.refused(401, "UNAUTHORIZED")
    assert stack.api().get("/api/flights").status == 200


def test_what_is_wrong_with_a_request(stack):
    post(stack, b"x", content_type="application/json").refused(415, "UNSUPPORTED_MEDIA_TYPE")
    post(stack, b"x", content_type="text/csv; charset=latin1").refused(415, "UNSUPPORTED_MEDIA_TYPE")
    post(stack, b"x", headers={"Content-Encoding": "gzip"}).refused(415, "UNSUPPORTED_MEDIA_TYPE")
    assert post(stack, b"x", "?dryRun=yes").refused(400, "INVALID_REQUEST")["field"] == "dryRun"
    stack.admin().get(f"/api/admin/flights/imports/{uuid.uuid4()}").refused(404, "NOT_FOUND")
    stack.admin().get("/api/admin/flights/imports/x").refused(404, "NOT_FOUND")


# ── others beside it ──

def test_two_at_once_make_each_flight_once(stack):
    flights = [flight() for _ in range(40)]
    answers = [post(stack, as_csv(*flights)) for _ in range(2)]
    ends = [end_of(stack, answer, 40) for answer in answers]
    assert "PUBLISHED" in [end["status"] for end in ends]
    for end in ends:
        assert end["status"] == "PUBLISHED" or {each["message"] for each in end["faults"]} == \
            {"Another import is making a flight of this id; wait for its end."}
    assert sum(end["made"] for end in ends) == 40
    for each in flights:
        assert stack.query("SELECT COUNT(*) AS n FROM seats WHERE flight_id = %s", each["id"])[0]["n"] == SEATS
    nothing_left(stack)


def test_a_flight_that_changes_meanwhile(stack):
    """The import looks again, and takes the flight as it is then."""
    old, new = flight(), flight()
    published(stack, as_csv(old))
    stack.admin().post("/api/admin/kinds/IMPORT_FLIGHTS/pause").ok()
    answer = post(stack, as_csv({**old, "fares": "economy=5;business=6"}, new))
    place = answer.headers["Location"]
    stack.query("UPDATE imports SET status = 'STAGING', changed = 1, made = 1, has_drafts = 1 WHERE import_id = %s", answer.ok(202)["importId"])
    stack.query("UPDATE import_rows SET action = 'CHANGE', version = 1, status = 'ON_SALE' WHERE flight_id = %s", old["id"])
    stack.query("UPDATE import_rows SET action = 'NEW', status = 'ON_SALE' WHERE flight_id = %s", new["id"])
    stack.admin().post(f"/api/admin/flights/{old['id']}/close", {"reason": "a test"}).ok()
    stack.admin().post("/api/admin/kinds/IMPORT_FLIGHTS/resume").ok()
    now = wait_for(lambda: (now := stack.admin().get(place).ok())["status"] in FINAL and now, 20)
    assert (now["status"], now["made"], now["changed"]) == ("PUBLISHED", 1, 1)
    assert get(stack, old["id"])["fares"]["economy"] == 5 and get(stack, old["id"])["status"] == "CLOSED"
    assert stack.query("SELECT tries FROM imports WHERE import_id = %s", now["importId"])[0]["tries"] == 1
    nothing_left(stack)


@pytest.mark.alone
def test_progress_is_shown_and_timers_are_on_time(stack):
    """Nobody sees a flight before the end, and a hold that lapses meanwhile is ended at once."""
    flights = [flight(departure=f"2028-{1 + i % 12:02}-{1 + i // 12 % 28:02}T10:{i // 336:02}", arrival="") for i in range(1200)]
    other = stack.new_flight()
    answer = post(stack, as_csv(*flights))
    seen, late = set(), 0
    while (now := stack.admin().get(answer.headers["Location"]).ok())["status"] not in FINAL:
        seen.add((now["status"], now["done"]))
        order = stack.api().hold(other, "A1")
        stack.fire_timer(order)
        began = time.monotonic()
        stack.wait_status(order, "EXPIRED")
        wait_for(lambda: not stack.has_job(order, "EXPIRE_HOLD"), 10)
        late = max(late, time.monotonic() - began)
        if now["status"] == "STAGING":
            seen_by_all = stack.query("SELECT COUNT(*) AS n FROM flights WHERE import_id = %s AND status <> 'DRAFT'", now["importId"])
            assert seen_by_all[0]["n"] in (0, 1200)
    assert now["status"] == "PUBLISHED" and now["made"] == 1200
    assert len(seen) > 2 and late < 2, (seen, late)
    assert stack.query("SELECT COUNT(*) AS n FROM seats s JOIN flights f USING (flight_id) WHERE f.import_id = %s",
                       now["importId"])[0]["n"] == 1200 * SEATS


def test_old_imports_are_forgotten(stack):
    now = published(stack, as_csv(flight()))
    sent = post(stack, HEADER + "x\n").ok(202)["importId"]
    nothing_left(stack)
    stack.query("UPDATE imports SET updated_at = updated_at - INTERVAL 8 DAY")
    half = str(uuid.uuid4())
    stack.query("INSERT INTO imports (import_id, dry_run, actor_id, actor_role, request_id, created_at, updated_at)"
                " SELECT %s, 0, actor_id, actor_role, 'x', created_at, updated_at FROM imports WHERE import_id = %s", half, now["importId"])
    stack.query("INSERT INTO import_rows (import_id, line, flight_id, flight) VALUES (%s, 1, 'x', '{}')", half)
    stack.stop_program("sweeper")
    stack.start_program("sweeper")
    wait_for(lambda: not stack.query("SELECT 1 FROM imports"), 20, "old imports to go")
    assert not stack.query("SELECT 1 FROM import_faults WHERE import_id = %s", sent)
    assert not stack.query("SELECT 1 FROM import_rows")


def test_a_season_takes_less_than_a_minute(stack):
    """SEASON_FLIGHTS=2000 is the whole one, 360,000 seats; docs/performance.md has the figure."""
    count = int(os.environ.get("SEASON_FLIGHTS", "100"))
    stack.admin().put("/api/admin/cabins/large", {"name": "A large one", "numbering": "row-column", "sections": [
        {"class": "business", "rows": "1-4", "columns": "ABC DEF"}, {"class": "economy", "rows": "5-30", "columns": "ABC DEF"}]})
    began = time.monotonic()
    answer = post(stack, as_csv(*(flight(cabin="large", departure=f"2033-{1 + i % 12:02}-{1 + i // 12 % 28:02}T10:{i // 336:02}", arrival="")
                                  for i in range(count))))
    seen = []
    while not seen or seen[-1]["status"] not in FINAL:
        seen.append(stack.admin().get(answer.headers["Location"]).ok())
        time.sleep(0.05)
    took = time.monotonic() - began
    print(f"{count} flights with 180 seats each were published after {took:.1f} s")
    assert seen[-1]["status"] == "PUBLISHED" and took < 60
    staged = [each["done"] for each in seen if each["status"] == "STAGING"]
    assert len(set(staged)) > 1 and staged == sorted(staged), "progress is shown"
    assert stack.query("SELECT COUNT(*) AS n FROM seats s JOIN flights f USING (flight_id) WHERE f.import_id = %s",
                       seen[-1]["importId"])[0]["n"] == count * 180
