# SPDX-License-Identifier: MIT
"""Paying: every code of the gateway, the number of attempts it takes, and what customers see in the meantime.

On the quick stack an attempt may take 1 s, and the waits are 1 s and 1.5 s, give or take a tenth. When the module
starts, it pays with all codes at once; each test then waits for its own code.
"""

import datetime

import pytest

from shapes import NO_ORDER, seconds, when
from stack import wait_for

# code: final state, attempts, outcome of each attempt, charge at the gateway in the end
CODES = {
    "99999": ("CONFIRMED", ["APPROVED"], "APPROVED"),
    "12345": ("CONFIRMED", ["APPROVED"], "APPROVED"),
    "00000": ("FAILED", ["DECLINED"], "DECLINED"),
    "50300": ("FAILED", ["ERROR", "ERROR", "ERROR"], "VOIDED"),
    "50301": ("CONFIRMED", ["ERROR", "APPROVED"], "APPROVED"),
    "50302": ("CONFIRMED", ["ERROR", "ERROR", "APPROVED"], "APPROVED"),
    "50400": ("FAILED", ["TIMEOUT", "TIMEOUT", "TIMEOUT"], "VOIDED"),
    "50401": ("CONFIRMED", ["TIMEOUT", "APPROVED"], "APPROVED"),
    "50402": ("FAILED", ["TIMEOUT", "TIMEOUT", "TIMEOUT"], "VOIDED"),
    "40800": ("CONFIRMED", ["ERROR", "APPROVED"], "APPROVED"),
    "40900": ("CONFIRMED", ["ERROR", "APPROVED"], "APPROVED"),
    "42500": ("CONFIRMED", ["ERROR", "APPROVED"], "APPROVED"),
    "42900": ("CONFIRMED", ["ERROR", "APPROVED"], "APPROVED"),
    "20200": ("CONFIRMED", ["APPROVED"], "APPROVED"),
    "20202": ("FAILED", ["DECLINED"], "DECLINED"),
}
DECLINED = "Payment declined: insufficient funds"
NO_ANSWER = "The payment gateway did not answer in time"
ANSWERED_503 = "The payment gateway answered 503"
LAST_ERROR = {"00000": DECLINED, "20202": DECLINED, "50300": ANSWERED_503, "50400": NO_ANSWER, "50402": NO_ANSWER}

every_code = pytest.mark.parametrize("code", CODES)
confirmed_codes = pytest.mark.parametrize("code", [c for c in CODES if CODES[c][0] == "CONFIRMED"])
failed_codes = pytest.mark.parametrize("code", [c for c in CODES if CODES[c][0] == "FAILED"])


@pytest.fixture(scope="module")
def stack(quick_stack):
    return quick_stack


@pytest.fixture(scope="module")
def paid(stack):
    """Submits one payment for each code: {code: the order as /payment answered}."""
    api, orders = stack.api(), {}
    for code in CODES:
        flight = stack.new_flight()
        orders[code] = api.pay(api.hold(flight, "A1", "B2"), code).ok()
    return orders


@pytest.fixture
def settled(stack, paid, code):
    """The order that paid with this code, in its final state and with all its jobs done."""
    order = stack.wait_status(paid[code], "CONFIRMED", "FAILED", deadline=15)
    wait_for(lambda: not stack.everything(order)["jobs"], 10, "the jobs after the payment")
    return order


def attempts(api, order):
    """The attempts that have ended. A pending answer is an event of its own, and is left out."""
    return [event for event in api.events(order) if event["type"] == "PAYMENT_ATTEMPT" and event["outcome"] != "PENDING"]


@every_code
def test_submitting_answers_at_once_with_the_pending_order(paid, code):
    order = paid[code]
    assert order["status"] == "PAYMENT_PENDING"
    assert order["expiresAt"] is None, "the timer is gone"
    assert order["seats"] == ["A1", "B2"]


@every_code
def test_final_state_and_attempts(api, settled, code):
    status, outcomes, _ = CODES[code]
    assert settled["status"] == status
    assert settled["paymentAttempts"] == len(outcomes)
    shown = attempts(api, settled)
    assert [event["outcome"] for event in shown] == outcomes
    assert [event["attempt"] for event in shown] == list(range(1, len(outcomes) + 1))
    assert all(event["worker"] and event["durationMs"] >= 0 for event in shown)


@every_code
def test_the_gateways_record(stack, settled, code):
    expected = CODES[code][2]
    charge = stack.charge(settled)
    if charge is None:
        # A void that found no charge is stored under the payment's key, and names no order.
        key = stack.query("SELECT payment_id FROM payments WHERE order_id = %s", settled["orderId"])[0]["payment_id"]
        charge = stack.gateway_query("SELECT * FROM charges WHERE idempotency_key = %s", key)[0]
    assert charge["status"] == expected
    if code == "50402":
        assert charge["captured_at"] and charge["voided_at"], "captured once, and given back"
    if code in ("50300", "50400"):
        assert charge["captured_at"] is None


@confirmed_codes
def test_confirmed(stack, api, settled, code):
    assert settled["message"] == "Payment received. Your seats are booked."
    assert settled["expiresAt"] is None
    seats = api.seats(settled["flightId"])
    assert {n for n, s in seats.items() if s == "BOOKED"} == {"A1", "B2"}
    payment = stack.everything(settled)["payment"][0]
    charge = stack.charge(settled)
    assert payment["transaction_id"] == charge["transaction_id"]
    assert charge["amount_cents"] == settled["totalPriceCents"] and charge["currency"] == "USD"
    types = [event["type"] for event in api.events(settled)]
    assert "ORDER_CONFIRMED" in types and "VOID_REQUESTED" not in types
    (confirmation,) = [e for e in api.events(settled) if e["type"] == "CONFIRMATION_ATTEMPT"]
    assert confirmation["outcome"] == "NOT_CONFIGURED"
    # There is nobody to tell, which is known and written when the order is confirmed.
    assert len(stack.query("SELECT DISTINCT change_id FROM workflow_events WHERE order_id = %s AND type IN ('ORDER_CONFIRMED',"
                           " 'CONFIRMATION_ATTEMPT')", settled["orderId"])) == 1


@failed_codes
def test_failed(api, settled, code):
    assert settled["lastError"] == LAST_ERROR[code]
    assert settled["message"] == (
        f"{DECLINED}. Your seats have been released. Please try again." if LAST_ERROR[code] == DECLINED else
        "Payment validation failed after 3 attempts. Your seats have been released. Please try again.")
    assert set(api.seats(settled["flightId"]).values()) == {"AVAILABLE"}
    types = [event["type"] for event in api.events(settled)]
    assert "ORDER_FAILED" in types and "ORDER_CONFIRMED" not in types
    assert ("VOID_ATTEMPT" in types) == (LAST_ERROR[code] != DECLINED), "a decline leaves nothing to void"


@pytest.mark.parametrize("code, took_ms", [("50302", 0), ("50300", 0), ("50400", 1000)])
def test_waits_between_attempts(api, settled, code, took_ms):
    """The waits from one attempt's end to the next one's start are 1 s and 1.5 s, each give or take a tenth."""
    shown = attempts(api, settled)
    ends = [when(event["createdAt"]) for event in shown]
    for wait, end, (next_end, next_event) in zip((1.0, 1.5), ends, zip(ends[1:], shown[1:])):
        start = next_end - datetime.timedelta(milliseconds=next_event["durationMs"])
        gap = (start - end).total_seconds()
        assert wait * 0.9 - 0.05 <= gap <= wait * 1.1 + 0.5, f"waited {gap} s, not about {wait} s"
    for event in shown:
        assert took_ms - 20 <= event["durationMs"] <= took_ms + 700


@pytest.mark.parametrize("code", ["42900"])
def test_a_busy_gateway_is_left_alone_as_long_as_it_asks(api, settled, code):
    """The gateway sends Retry-After: 2, where the first wait would be one second."""
    first, second = attempts(api, settled)
    start = when(second["createdAt"]) - datetime.timedelta(milliseconds=second["durationMs"])
    assert 1.95 <= (start - when(first["createdAt"])).total_seconds() <= 4


@pytest.mark.parametrize("code", ["20200", "20202"])
def test_a_gateway_that_is_deciding_is_asked_until_it_has(stack, api, settled, code):
    told = [(e["attempt"], e["outcome"]) for e in api.events(settled) if e["type"] == "PAYMENT_ATTEMPT"]
    assert told == [(1, "PENDING"), (1, CODES[code][1][0])], "told once, however often it was asked"
    assert settled["paymentAttempts"] == 1
    key = stack.everything(settled)["payment"][0]["payment_id"]
    assert stack.gateway_query("SELECT calls FROM charge_calls WHERE idempotency_key = %s", key)[0]["calls"] == 3


def test_a_gateway_that_never_decides_is_given_its_time_and_then_told_to_forget_it(stack, api, flight):
    """PAYMENT_PENDING_TIMEOUT is 4 s here: longer than three attempts, and shorter than the test waits."""
    order = api.hold(flight, "A1")
    api.pay(order, "20201").ok()
    wait_for(lambda: any(event["outcome"] == "PENDING" for event in api.events(order)), 5)
    waiting = api.order(order)
    assert (waiting["status"], waiting["paymentAttempts"], waiting["lastError"]) == ("PAYMENT_PENDING", 1, None)
    failed = stack.wait_status(order, "FAILED", deadline=10)
    assert failed["lastError"] == "Your payment was not completed in time" and failed["paymentAttempts"] == 1
    assert failed["message"] == ("Your payment was not completed in time. Your seats have been released."
                                 " Please try again.")
    (submitted,) = [event for event in api.events(order) if event["type"] == "PAYMENT_SUBMITTED"]
    assert seconds(submitted["createdAt"], failed["updatedAt"]) >= 4
    assert api.seats(flight)["A1"] == "AVAILABLE"
    wait_for(lambda: not stack.has_job(order, "VOID_CHARGE"), 10, "the void")


@pytest.mark.parametrize("code", ["50302"])
def test_what_the_customer_sees_meanwhile(stack, api, flight, code):
    order = api.hold(flight, "A1")
    submitted = api.pay(order, code).ok()
    assert submitted["message"] == "Validating your payment…"
    seen = {}

    def watch():
        now = api.order(order)
        seen.setdefault(now["message"], now)
        return now["status"] != "PAYMENT_PENDING"
    wait_for(watch, 15)
    retrying = {n: seen.get(f"Payment validation failed. Retrying (attempt {n} of 3)") for n in (2, 3)}
    assert retrying[2] and retrying[3], f"messages seen: {list(seen)}"
    for shown in retrying.values():
        assert shown["lastError"] == ANSWERED_503 and shown["status"] == "PAYMENT_PENDING"
        assert shown["expiresAt"] is None


def test_contract_b_while_paying(stack, api, flight):
    order = api.hold(flight, "A1")
    answer = api.post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "50301"})
    assert answer.ok(202)["status"] == "PAYMENT_PROCESSING"
    assert api.get(f"/api/orders/{order['orderId']}/status").ok()["status"] == "PAYMENT_PROCESSING"
    assert api.order(order)["status"] == "PAYMENT_PENDING"
    stack.wait_status(order, "CONFIRMED")
    shown = api.get(f"/api/orders/{order['orderId']}/status").ok()
    assert (shown["status"], shown["paymentAttempts"]) == ("CONFIRMED", 2)


def test_all_attempts_carry_one_key(stack, settled_50302):
    calls = stack.gateway_query("SELECT idempotency_key, calls FROM charge_calls c WHERE idempotency_key = %s",
                                stack.everything(settled_50302)["payment"][0]["payment_id"])
    assert [row["calls"] for row in calls] == [3]


@pytest.fixture
def settled_50302(stack, paid):
    return stack.wait_status(paid["50302"], "CONFIRMED", deadline=15)


@pytest.mark.parametrize("code", [
    "1234", "123456", "", "abcde", "1234a", " 1234", "12345 ", "12 45", "１２３４５", "-1234", "+1234", "1e100", "12345\n",
    "12345\x00", "0x123", "1.234", "9" * 5000,
    12345, None, True, 1.5, ["12345"], {"code": "12345"},
])
@pytest.mark.parametrize("path", ["payment", "pay"])
def test_a_malformed_code_leaves_the_order_untouched(default_stack, held, path, code):
    before = default_stack.everything(held)
    refused = default_stack.api().post(f"/api/orders/{held['orderId']}/{path}", {"paymentCode": code}).refused(400, "INVALID_PAYMENT_CODE")
    assert refused["field"] == "paymentCode"
    assert default_stack.everything(held) == before


@pytest.mark.parametrize("path", ["payment", "pay"])
def test_a_missing_code(default_stack, held, path):
    default_stack.api().post(f"/api/orders/{held['orderId']}/{path}", {}).refused(400, "INVALID_PAYMENT_CODE")


@pytest.fixture
def held(default_stack):
    """A held order that does not lapse during the test."""
    return default_stack.api().hold(default_stack.new_flight(), "A1")


@pytest.mark.parametrize("path", ["payment", "pay"])
def test_unknown_order(api, path):
    api.post(f"/api/orders/{NO_ORDER}/{path}", {"paymentCode": "99999"}).refused(404, "ORDER_NOT_FOUND")
    api.post(f"/api/orders/{NO_ORDER}/{path}", {"paymentCode": "x"}).refused(400, "INVALID_PAYMENT_CODE")


def test_payment_moves_the_seats_out_of_the_timers_reach(stack, api, flight):
    """Seats cannot lapse during a payment. 50400 keeps the payment going past the hold's 3 s."""
    order = api.hold(flight, "A1")
    expired = when(order["expiresAt"])
    api.pay(order, "50400").ok()
    assert not stack.has_job(order, "EXPIRE_HOLD")

    def past_the_hold():
        now = api.order(order)
        assert now["status"] == "PAYMENT_PENDING"
        return when(now["serverTime"]) > expired + datetime.timedelta(milliseconds=500)
    wait_for(past_the_hold, 8)
    assert api.seats(flight)["A1"] == "RESERVED"
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).refused(409, "SEATS_UNAVAILABLE")
