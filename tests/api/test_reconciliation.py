# SPDX-License-Identifier: MIT
"""GET /api/admin/reconciliation: a day of the gateway's books, compared with ours."""

import datetime
import json
import uuid

import pytest

from outside import Outside
from stack import wait_for


def today(stack):
    return str(stack.query("SELECT UTC_DATE() AS day")[0]["day"])


def report(stack, date, anew=False):
    """The report of the day, once it is made."""
    admin = stack.admin()
    if anew:
        admin.post("/api/admin/reconciliation", {"date": date}).ok(202)

    def made():
        answer = admin.get(f"/api/admin/reconciliation?date={date}")
        assert answer.status in (200, 202) and (answer.status == 202) == (answer.json["status"] == "PENDING")
        return answer.json if answer.status == 200 else None
    return wait_for(made, 15, "the report")


def found(made):
    return {(each["kind"], each["key"]): (each["orderId"], each["bookingCents"], each["gatewayCents"]) for each in made["findings"]}


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PAYMENT_TIMEOUT="2s", PAYMENT_GATEWAY_TOKEN="a-token-for-the-gateway")


def paid(stack, code="99999", **flight):
    order = stack.api().hold(stack.new_flight(**flight), "A1")
    stack.api().pay(order, code).ok()
    stack.wait_status(order, "CONFIRMED", "FAILED")
    return order, stack.everything(order)["payment"][0]["payment_id"]


def test_books_that_agree(stack):
    """Approved, declined, voided, refunded in part and whole: nothing to find."""
    paid(stack)
    paid(stack, "00000")
    paid(stack, "50300")
    for cents in (500, None):
        order, _ = paid(stack)
        asked = {"reason": "a test"} if cents is None else {"reason": "a test", "amountCents": cents}
        stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", asked).ok(202)
        wait_for(lambda: not stack.everything(order)["jobs"], 10)
    made = report(stack, today(stack), anew=True)
    assert (made["status"], made["findings"], made["findingCount"], made["lastError"]) == ("DONE", [], 0, None)
    assert made["charges"] >= 3 and made["payments"] == made["charges"]


def test_what_is_not_alike(stack):
    """Each kind of finding, planted in the gateway's books or in ours."""
    orders = {name: paid(stack) for name in ("gone", "amount", "voided", "refunded", "kept")}
    sql = {"gone": "DELETE FROM charges WHERE idempotency_key = %s",
           "amount": "UPDATE charges SET amount_cents = 1 WHERE idempotency_key = %s",
           "voided": "UPDATE charges SET status = 'VOIDED' WHERE idempotency_key = %s",
           "refunded": "INSERT INTO charge_refunds VALUES (UUID(), %s, 77, UTC_TIMESTAMP(3))"}
    kept = {name: stack.gateway_query("SELECT * FROM charges WHERE idempotency_key = %s", key)[0] for name, (_, key) in orders.items()}
    stray = f"stray-{uuid.uuid4().hex}"
    try:
        for name, statement in sql.items():
            stack.gateway_query(statement, orders[name][1])
        stack.query("UPDATE payments SET status = 'FAILED' WHERE payment_id = %s", orders["kept"][1])
        stack.gateway_query("INSERT INTO charges (idempotency_key, order_id, amount_cents, currency, status, transaction_id, captured_at, created_at)"
                            " VALUES (%s, 'elsewhere', 4200, 'USD', 'APPROVED', 't', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", stray)
        made = report(stack, today(stack), anew=True)
    finally:
        for row in kept.values():
            stack.gateway_query("REPLACE INTO charges VALUES (%s)" % ", ".join(["%s"] * len(row)), *row.values())
        stack.gateway_query("DELETE FROM charge_refunds WHERE amount_cents = 77")
        stack.gateway_query("DELETE FROM charges WHERE idempotency_key = %s", stray)
        stack.query("UPDATE payments SET status = 'APPROVED' WHERE payment_id = %s", orders["kept"][1])
    key = {name: each[1] for name, each in orders.items()}
    order = {name: each[0]["orderId"] for name, each in orders.items()}
    assert found(made) == {
        ("ONLY_GATEWAY", stray): ("elsewhere", None, 4200),
        ("ONLY_BOOKING", key["gone"]): (order["gone"], 12900, None),
        ("AMOUNT_DIFFERS", key["amount"]): (order["amount"], 12900, 1),
        ("STATE_DIFFERS", key["voided"]): (order["voided"], 12900, 0),
        ("STATE_DIFFERS", key["kept"]): (order["kept"], 0, 12900),
        ("REFUNDS_DIFFER", key["refunded"]): (order["refunded"], 0, 77)}
    assert (made["status"], made["findingCount"]) == ("DONE", 6)
    assert report(stack, today(stack), anew=True)["findings"] == []


def test_a_payment_of_nothing_is_no_business_of_a_gateways(stack):
    _, key = paid(stack, price_cents=0)
    (row,) = stack.gateway_query("SELECT * FROM charges WHERE idempotency_key = %s", key)
    stack.gateway_query("DELETE FROM charges WHERE idempotency_key = %s", key)
    made = report(stack, today(stack), anew=True)
    stack.gateway_query("INSERT INTO charges VALUES (%s)" % ", ".join(["%s"] * len(row)), *row.values())
    assert made["findings"] == []


def test_a_report_is_kept_until_it_is_made_anew(stack):
    date = "2026-02-01"
    first = report(stack, date)
    assert first["status"] == "DONE" and stack.admin().get(f"/api/admin/reconciliation?date={date}").ok() == first
    assert report(stack, date, anew=True)["updatedAt"] > first["updatedAt"]
    assert stack.query("SELECT COUNT(*) AS n FROM reconciliations WHERE day = %s", date)[0]["n"] == 1
    (row,) = stack.admin().get("/api/admin/audit?action=RECONCILE&limit=1").ok()["entries"]
    assert row["object"] == {"kind": "DAY", "id": date}


def test_many_pages(stack):
    """A hundred charges are a page of the simulator's."""
    day = datetime.date(2026, 3, 1)
    keys = [f"page-{number:03}" for number in range(250)]
    for key in keys:
        stack.gateway_query("INSERT INTO charges (idempotency_key, order_id, amount_cents, currency, status, transaction_id, captured_at, created_at)"
                            " VALUES (%s, 'gateway-test-page', 100, 'USD', 'APPROVED', 't', %s, UTC_TIMESTAMP(3))", key, day)
    made = report(stack, str(day))
    stack.gateway_query("DELETE FROM charges WHERE order_id = 'gateway-test-page'")
    assert (made["charges"], made["payments"], made["findingCount"]) == (250, 0, 250)
    assert [each["key"] for each in made["findings"]] == keys
    assert not stack.query("SELECT 1 FROM reconciliation_charges")


@pytest.mark.parametrize("date", ["", "yesterday", "2026-02-30", "2026-03-15T10:00:00Z"])
def test_no_such_day(stack, date):
    stack.admin().get(f"/api/admin/reconciliation?date={date}").refused(400, "INVALID_REQUEST")
    stack.admin().post("/api/admin/reconciliation", {"date": date}).refused(400, "INVALID_REQUEST")


# -- a gateway that is not the simulator --------------------------------------------------------------

@pytest.fixture(scope="module")
def gateway():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def foreign(gateway, own_stack):
    return own_stack(PAYMENT_GATEWAY_URL=gateway.url, PAYMENT_TIMEOUT="1s", PAYMENT_GATEWAY_TOKEN="a-token-for-the-gateway")


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_gateway_without_a_list(foreign, gateway, status):
    gateway.answer = lambda path, body: (status, b"{}")
    made = report(foreign, f"2026-04-0{status % 10}")
    assert (made["status"], made["lastError"], made["findings"]) == ("NO_LIST", "The payment gateway has no list of charges", [])


@pytest.mark.parametrize("status, day", [(400, "2026-05-01"), (401, "2026-05-02"), (422, "2026-05-03")])
def test_a_gateway_that_refuses(foreign, gateway, status, day):
    gateway.answer = lambda path, body: (status, b"{}")
    made = report(foreign, day)
    assert (made["status"], made["lastError"]) == ("FAILED", f"The payment gateway answered {status}")


def test_what_the_gateway_is_asked(foreign, gateway):
    """Page by page, and again after any trouble; a cursor comes back as it was."""
    pages = [(503, b""), (200, b"<html>"), (200, json.dumps({"charges": [], "nextCursor": "a+b&c=%"}).encode()), None,
             (200, b'{"charges": [], "nextCursor": null}')]
    gateway.calls.clear()
    gateway.answer = lambda path, body: pages.pop(0)

    def hurry():
        foreign.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE kind = 'RECONCILE' AND status = 'PENDING'")
        return foreign.admin().get("/api/admin/reconciliation?date=2026-06-01").status == 200
    wait_for(hurry, 15, "the report")
    assert report(foreign, "2026-06-01")["status"] == "DONE"
    paths = [call["path"] for call in gateway.calls]
    assert paths[0] == "/charges?from=2026-05-31T23:00:00.000Z&to=2026-06-02T01:15:00.000Z"
    assert paths[:3] == paths[:1] * 3 and paths[3:] == [paths[0] + "&cursor=a%2Bb%26c%3D%25"] * 2
    assert {call["headers"]["Authorization"] for call in gateway.calls} == {"Bearer a-token-for-the-gateway"}


def test_the_api_asks_nobody(foreign, gateway):
    """While no sweeper runs, a report is asked for, and waits."""
    gateway.answer = lambda path, body: (200, b'{"charges": []}')
    with foreign.without("sweeper"):
        calls = len(gateway.calls)
        for _ in range(2):
            asked = foreign.admin().get("/api/admin/reconciliation?date=2026-07-01")
            assert asked.ok(202)["status"] == "PENDING" and asked.headers["Retry-After"] == "1"
        assert foreign.admin().post("/api/admin/reconciliation", {"date": "2026-07-01"}).ok(202)["updatedAt"] == asked.json["updatedAt"]
        assert len(gateway.calls) == calls
    assert report(foreign, "2026-07-01")["status"] == "DONE"
