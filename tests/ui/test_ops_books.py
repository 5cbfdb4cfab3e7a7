# SPDX-License-Identifier: MIT
"""A day of the gateway's books, compared with ours, in the console: by visible words and roles only."""

import random
import string
import uuid

import pytest

from stack import wait_for
from words import Words


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack(PAYMENT_TIMEOUT="2s", PAYMENT_GATEWAY_TOKEN="a-token-for-the-gateway")


@pytest.fixture
def w(page):
    return Words(page)


def today(stack):
    return str(stack.query("SELECT UTC_DATE() AS day")[0]["day"])


def paid(stack):
    """A paid order, and the key of its charge."""
    order = stack.api().hold(stack.new_flight(), "A1")
    stack.api().pay(order).ok()
    stack.wait_status(order, "CONFIRMED")
    return order["orderId"], stack.everything(order)["payment"][0]["payment_id"]


def enter(page, stack, role):
    name = f"{role} {''.join(random.choices(string.ascii_lowercase, k=8))}"
    token = stack.admin().post("/api/admin/staff", {"name": name, "role": role}).ok(201)["token"]
    page.open("/ops")
    page.js("sessionStorage.setItem('adminToken', arguments[0])", token)


def pick(w, day):
    w.fill("Day, UTC", day)
    w.press("Show the report")


def plant(stack, day, status, error):
    """A report that ended without a comparison, as test_reconciliation.py has it from a gateway."""
    stack.query("INSERT INTO reconciliations (day, report_id, status, last_error, created_at, updated_at)"
                " VALUES (%s, UUID(), %s, %s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", day, status, error)


def test_a_viewer_picks_a_day_that_agrees(page, stack, w):
    paid(stack)
    enter(page, stack, "viewer")
    page.open("/ops")
    w.follow("Books")
    w.see("A day of the payment gateway's books, compared with ours.")
    assert w.value("Day, UTC") < today(stack) and not stack.query("SELECT 1 FROM reconciliations"), "nothing is asked for yet"
    pick(w, "")
    assert w.fault("Day, UTC") == "Say which day."
    page.accessible("no day")
    pick(w, today(stack))
    w.see("All agrees.", 15)
    page.spoken("All agrees.", "polite")
    w.see("Charges the gateway captured 1")
    w.see("Payments of ours, approved 1")
    w.see("This day was not over then")
    page.accessible("a day that agrees")
    assert not w.has("button", "Have it made anew")
    page.reload()
    w.see("All agrees.")
    assert w.value("Day, UTC") == today(stack)
    pick(w, "2026-02-01")
    w.see("Payments of ours, approved 0", 15)
    assert "This day was not over" not in page.text("main")


def test_what_is_not_alike_is_listed_with_its_orders(page, stack, w):
    (gone, gone_key), (amount, amount_key), stray = paid(stack), paid(stack), f"stray-{uuid.uuid4().hex}"
    stack.admin().post("/api/admin/reconciliation", {"date": today(stack)}).ok(202)
    wait_for(lambda: stack.admin().get(f"/api/admin/reconciliation?date={today(stack)}").status == 200, 15)
    kept = [stack.gateway_query("SELECT * FROM charges WHERE idempotency_key = %s", key)[0] for key in (gone_key, amount_key)]
    enter(page, stack, "operator")
    page.open(f"/ops?reconciliation={today(stack)}")
    w.see("All agrees.")
    try:
        stack.gateway_query("DELETE FROM charges WHERE idempotency_key = %s", gone_key)
        stack.gateway_query("UPDATE charges SET amount_cents = 1 WHERE idempotency_key = %s", amount_key)
        stack.gateway_query("INSERT INTO charges (idempotency_key, order_id, amount_cents, currency, status, transaction_id, captured_at, created_at)"
                            " VALUES (%s, 'elsewhere', 4200, 'USD', 'APPROVED', 't', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))", stray)
        page.reload()
        w.see("All agrees.")
        w.press("Have it made anew")
        w.see("3 charges are not alike in the two books.", 15)
    finally:
        stack.gateway_query("DELETE FROM charges WHERE idempotency_key IN (%s, %s)", stray, amount_key)
        for row in kept:
            stack.gateway_query("INSERT INTO charges VALUES (%s)" % ", ".join(["%s"] * len(row)), *row.values())
    for heading, row in (("Only the gateway knows these", f"{stray} elsewhere none $42.00"),
                         ("Only we know these", f"{gone_key} {gone} $129.00 none"),
                         ("The amounts differ", f"{amount_key} {amount} $129.00 $0.01")):
        assert w.has("heading", heading)
        w.see(row)
    assert not w.has("heading", "The refunds differ") and not w.has("link", "elsewhere")
    page.accessible("what is not alike")
    page.fits()
    w.follow(gone)
    w.see("What happens next")
    assert gone in page.driver.current_url


def test_a_report_that_is_being_made_comes_by_itself(page, stack, w):
    enter(page, stack, "operator")
    page.open("/ops?reconciliation")
    with stack.without("sweeper"):
        pick(w, "2026-02-02")
        w.see("The report is being made: a sweeper reads the gateway's list.")
        assert not w.has("button", "Have it made anew")
        page.accessible("being made")
    w.see("All agrees.", 20)
    assert w.has("button", "Have it made anew")


def test_a_list_that_is_not_there_or_cannot_be_read(page, stack, w):
    plant(stack, "2026-02-03", "NO_LIST", "The payment gateway has no list of charges")
    plant(stack, "2026-02-04", "FAILED", "The payment gateway answered 401")
    enter(page, stack, "operator")
    page.open("/ops?reconciliation=2026-02-03")
    w.see("The payment gateway has no list of its charges, so this day cannot be compared.")
    page.accessible("no list")
    pick(w, "2026-02-04")
    w.see("The gateway's list could not be read. The payment gateway answered 401.")
    assert "All agrees" not in page.text("main") and "Payments of ours" not in page.text("main")
    w.press("Have it made anew")
    w.see("All agrees.", 15)
    assert stack.admin().get("/api/admin/audit?action=RECONCILE&limit=1").ok()["entries"][0]["object"]["id"] == "2026-02-04"
    page.open("/ops?audit&action=RECONCILE")
    w.follow("2026-02-04")
    w.see("All agrees.")


@pytest.mark.parametrize("width", [360, 320])
def test_it_fits_a_phone(page, stack, w, width):
    page.size(width, 740, mobile=True)
    page.open("/ops?reconciliation=2026-02-05")
    w.see("All agrees.", 15)
    page.fits()
    page.accessible("a phone")
