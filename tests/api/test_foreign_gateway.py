# SPDX-License-Identifier: MIT
"""A payment gateway that is not the simulator. Only its URL is known, and its answers are not always sensible."""

import json
import threading

import pytest

from nudge import nudge
from outside import Outside
from stack import wait_for


TOKEN = "a-token-for-the-gateway"


@pytest.fixture(scope="module")
def gateway():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(gateway, own_stack):
    return own_stack(PAYMENT_GATEWAY_URL=gateway.url, PAYMENT_TIMEOUT="1s", PAYMENT_GATEWAY_TOKEN=TOKEN)


def charges(answer):
    """Gives this answer to charges, and the proper one to voids."""
    return lambda path, body: (200, b"{}") if path.endswith("/void") else answer


def approved(transaction="tx-1"):
    return 200, json.dumps({"transactionId": transaction, "status": "APPROVED"}).encode()


def paid(stack, api, flight, *final):
    order = api.hold(flight, "A1", "A2")
    api.pay(order, "12345").ok()
    return stack.wait_status(order, *final, deadline=15)


def voids(gateway, key):
    return [call for call in list(gateway.calls) if call["path"] == f"/charges/{key}/void"]


def test_what_it_is_asked(stack, api, flight, gateway):
    gateway.answer = charges(approved())
    order = paid(stack, api, flight, "CONFIRMED")
    (call,) = gateway.about(order)
    assert call["path"] == "/charges" and call["headers"]["Content-Type"].startswith("application/json")
    assert call["json"] == {"orderId": order["orderId"], "paymentCode": "12345", "amountCents": 25800, "currency": "USD"}
    (payment,) = stack.everything(order)["payment"]
    assert call["headers"]["Idempotency-Key"] == payment["payment_id"]
    assert call["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert payment["transaction_id"] == "tx-1"
    assert api.get("/health").ok()["settings"]["paymentSimulator"] is False


def test_a_final_refusal_is_not_repeated(stack, api, flight, gateway):
    """A final 4xx ends the attempts. The charge is voided all the same, as the gateway may have taken the money."""
    gateway.answer = charges((422, b'{"error":"no"}'))
    order = paid(stack, api, flight, "FAILED")
    (call,) = gateway.about(order)
    assert order["paymentAttempts"] == 1
    wait_for(lambda: voids(gateway, call["headers"]["Idempotency-Key"]), 5)
    assert voids(gateway, call["headers"]["Idempotency-Key"])[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"


def in_turn(*answers):
    """Gives these answers to charges in turn, and the last one to all further charges."""
    left = list(answers)
    return lambda path, body: (200, b"{}") if path.endswith("/void") else left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 599])
def test_not_now_is_not_no(stack, api, flight, gateway, status):
    gateway.answer = in_turn((status, b"{}", {"Retry-After": "1"}), approved())
    assert paid(stack, api, flight, "CONFIRMED")["paymentAttempts"] == 2


@pytest.mark.parametrize("wanted, least, most", [("3", 2.9, 3.1), ("86400", 59.9, 60.1), ("soon", 0.8, 1.2), ("-5", 0.8, 1.2)])
def test_the_pause_a_gateway_asks_for(stack, api, flight, gateway, wanted, least, most):
    """The pause is never shorter than the sweeper's own, and never longer than a minute."""
    gateway.answer = in_turn((429, b"{}", {"Retry-After": wanted}), approved())
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()

    def postponed():
        job = stack.query("SELECT TIMESTAMPDIFF(MICROSECOND, updated_at, run_at) / 1000000 AS pause FROM workflow_jobs"
                          " WHERE order_id = %s AND status = 'PENDING' AND last_error IS NOT NULL", order["orderId"])
        return job or api.order(order)["status"] == "CONFIRMED"
    (job,) = wait_for(postponed, 5, interval=0.01)
    assert least <= job["pause"] <= most
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'PAYMENT_ATTEMPT'",
          order["orderId"])
    stack.wait_status(order, "CONFIRMED")


PENDING = (202, b'{"transactionId":"t","status":"PENDING","redirectUrl":"https://bank.example/3ds"}')


@pytest.mark.parametrize("meanwhile", [PENDING, (503, b""), (429, b""), (200, b"<html>"), None],
                         ids=["pending", "503", "429", "nonsense", "hangs up"])
def test_a_pending_charge_is_followed_whatever_comes_between(stack, api, flight, gateway, meanwhile):
    """After the first answer come four that decide nothing. If they counted, three would use up all attempts."""
    gateway.answer = in_turn(PENDING, meanwhile, meanwhile, meanwhile, meanwhile, approved())
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    seen = set()

    def confirmed():
        now = api.order(order)
        seen.add((now["status"], now["paymentAttempts"], now["lastError"]))
        nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'PAYMENT_ATTEMPT'"
                     " AND status = 'PENDING'", order["orderId"])
        return now["status"] == "CONFIRMED"
    wait_for(confirmed, 15, interval=0.1)
    assert seen <= {("PAYMENT_PENDING", n, None) for n in (0, 1)} | {("CONFIRMED", 1, None)}
    assert len({call["headers"]["Idempotency-Key"] for call in gateway.about(order)}) == 1
    told = [(e["attempt"], e["outcome"]) for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"]
    assert told == [(1, "PENDING"), (1, "APPROVED")]


def page(url):
    return 202, json.dumps({"status": "PENDING", "redirectUrl": url}).encode()


def test_the_page_is_what_the_latest_pending_answer_says(stack, api, flight, gateway):
    """An answer that decides nothing leaves it as it was, and a PENDING without one ends it."""
    answers = [page("https://bank.example/1"), (503, b""), page("https://bank.example/2"), (202, b'{"status":"PENDING"}')]
    gateway.answer = in_turn(*answers, approved())
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    seen = []
    for calls in range(1, len(answers) + 1):
        wait_for(lambda: len(gateway.about(order)) >= calls and stack.query(
            "SELECT 1 FROM workflow_jobs WHERE order_id = %s AND status = 'PENDING' AND run_at > UTC_TIMESTAMP(3)",
            order["orderId"]), 5)
        seen.append(api.order(order).get("paymentUrl"))
        nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND status = 'PENDING'",
              order["orderId"])
    assert seen == ["https://bank.example/1", "https://bank.example/1", "https://bank.example/2", None]
    assert "paymentUrl" not in stack.wait_status(order, "CONFIRMED")


def test_whoever_polls_is_told_of_the_page(stack, api, flight, gateway):
    """It comes with a new version of the order, so that If-None-Match does not hide it; questions without news do not."""
    go = threading.Event()

    def slow(path, body):
        go.wait(0.8)
        gateway.answer = charges(page("https://bank.example/1"))
        return page("https://bank.example/1")
    gateway.answer = slow
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: gateway.about(order), 5)
    asked = api.get(f"/api/orders/{order['orderId']}")
    assert asked.json["paymentAttempts"] == 1 and "paymentUrl" not in asked.json
    go.set()
    poll = {"If-None-Match": asked.etag}
    told = wait_for(lambda: next((a for a in [api.get(f"/api/orders/{order['orderId']}", headers=poll)] if a.status == 200), None), 3)
    assert told.json["paymentUrl"] == "https://bank.example/1"
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND status = 'PENDING'", order["orderId"])
    wait_for(lambda: len(gateway.about(order)) >= 2, 5)
    assert api.get(f"/api/orders/{order['orderId']}", headers={"If-None-Match": told.etag}).status == 304
    api.cancel(order).ok()


@pytest.mark.parametrize("url", ["http://bank.example/", "javascript:alert(1)", "https://bank.example/\"><script>", 7])
def test_a_page_that_no_customer_must_be_sent_to(stack, api, flight, gateway, url):
    gateway.answer = in_turn(page(url), approved())
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()

    def confirmed():
        now = api.order(order)
        assert "paymentUrl" not in now
        return now["status"] == "CONFIRMED" and now
    assert wait_for(confirmed, 10)["paymentAttempts"] == 2, "tried again, as after any nonsense"


@pytest.mark.parametrize("final, message", [((402, b'{"status":"DECLINED"}'), "Payment declined"),
                                            ((404, b""), "The payment gateway answered 404")])
def test_pending_and_then_no(stack, api, flight, gateway, final, message):
    gateway.answer = in_turn(PENDING, final)
    order = paid(stack, api, flight, "FAILED")
    assert (order["paymentAttempts"], order["lastError"]) == (1, message)


def test_cancelled_while_the_gateway_decides(stack, api, flight, gateway):
    gateway.answer = charges(PENDING)
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: stack.everything(order)["payment"][0]["pending_since"], 5)
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    wait_for(lambda: voids(gateway, gateway.about(order)[0]["headers"]["Idempotency-Key"]), 5)
    wait_for(lambda: not stack.everything(order)["jobs"], 5)


def depart(stack, flight):
    stack.query("UPDATE flights SET departure_time = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE flight_id = %s", flight)


@pytest.mark.parametrize("answer", [PENDING, (503, b"")], ids=["pending", "503"])
def test_no_one_is_charged_for_a_flight_that_has_left(stack, api, flight, gateway, answer):
    gateway.answer = in_turn(answer, approved())
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: stack.everything(order)["jobs"][0]["last_error"], 5)
    depart(stack, flight)
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s", order["orderId"])
    failed = stack.wait_status(order, "FAILED", deadline=5)
    assert failed["lastError"] == "Your flight has departed"
    assert failed["message"] == "Your flight has departed. Your seats have been released."
    wait_for(lambda: not stack.everything(order)["jobs"], 5)
    (call,) = gateway.about(order)
    assert voids(gateway, call["headers"]["Idempotency-Key"]), "the money may have been taken"


def test_a_payment_is_not_begun_after_departure(stack, api, flight, gateway):
    gateway.answer = charges(approved())
    order = api.hold(flight, "A1")
    api.post("/api/admin/kinds/PAYMENT_ATTEMPT/pause").ok()
    try:
        api.pay(order, "12345").ok()
        depart(stack, flight)
    finally:
        api.post("/api/admin/kinds/PAYMENT_ATTEMPT/resume").ok()
    failed = stack.wait_status(order, "FAILED", deadline=5)
    assert (failed["paymentAttempts"], failed["lastError"]) == (0, "Your flight has departed")
    assert not gateway.about(order) and not stack.everything(order)["jobs"], "nothing asked for, nothing to void"


def test_a_decline_says_nothing_of_the_attempt_before_it(stack, api, flight, gateway):
    """The gateway hung up on the first attempt, and the second one's decline does not tell whether that took money."""
    gateway.answer = in_turn(None, (402, b'{"status":"DECLINED","reason":"insufficient funds"}'))
    order = paid(stack, api, flight, "FAILED")
    assert (order["paymentAttempts"], order["lastError"]) == (2, "Payment declined: insufficient funds")
    wait_for(lambda: voids(gateway, gateway.about(order)[0]["headers"]["Idempotency-Key"]), 5)


def test_seats_that_are_gone_are_not_paid_for(stack, api, flight, gateway):
    """SQL frees the seats while the gateway decides. The order ends, and the approved charge is given back."""
    gateway.answer = in_turn(PENDING, approved())
    order = api.hold(flight, "A1", "A2")
    api.pay(order, "12345").ok()
    wait_for(lambda: stack.everything(order)["payment"][0]["pending_since"], 5)
    stack.query("UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL"
                " WHERE flight_id = %s AND seat_number = 'A2'", flight)
    failed = stack.wait_status(order, "FAILED", deadline=10)
    assert failed["lastError"] == "Your seats were not held any more"
    assert set(api.seats(flight).values()) == {"AVAILABLE"}
    wait_for(lambda: voids(gateway, gateway.about(order)[0]["headers"]["Idempotency-Key"]), 5)
    assert [e["outcome"] for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"] == ["PENDING", "APPROVED"]


def test_a_decline_in_its_own_words(stack, api, flight, gateway):
    gateway.answer = charges((402, json.dumps({"status": "DECLINED", "reason": "carte volée"}).encode()))
    order = paid(stack, api, flight, "FAILED")
    assert (order["paymentAttempts"], order["lastError"]) == (1, "Payment declined: carte volée")
    assert not voids(gateway, gateway.about(order)[0]["headers"]["Idempotency-Key"])


NONSENSE = [
    (500, b""), (302, b""), (200, b""), (200, b"<html>sign in to the hotel's network</html>"), (200, b"[]"), (200, b"{}"),
    (200, b'{"status":"APPROVED"}'), (200, b'{"transactionId":"t"}'),
    (200, b'{"status":"APPROVED","transactionId":7}'), (200, b'{"status":"APPROVED","transactionId":""}'),
    (200, b'{"status":"APPROVED","transactionId":"' + b"t" * 101 + b'"}'),
    # These answers contradict themselves.
    (402, b'{"status":"APPROVED","transactionId":"t"}'), (202, b'{"status":"APPROVED","transactionId":"t"}'),
    (200, b'{"status":"DECLINED","transactionId":"t"}'), (402, b'{"status":"PENDING"}'), (202, b"<html>"),
    (200, b'{"status":"DECLINED","transactionId":"t","status":"APPROVED"}'),
    (200, b'{"status":"APPROVED","transactionId":"\xff"}'), (200, b"[" * 100000), (200, b"x" * 2_000_000), (204, b""), None,
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda a: "hangs up" if a is None else f"{a[0]} {a[1][:36]!r}")
def test_an_answer_that_makes_no_sense_is_no_approval(stack, gateway, nonsense_orders, answer):
    """The money may have been taken, so the same key is tried again, and voided in the end."""
    order = nonsense_orders[answer]
    failed = stack.wait_status(order, "FAILED", deadline=20)
    assert failed["paymentAttempts"] == 3 and failed["lastError"]
    calls = gateway.about(order)
    keys = {call["headers"]["Idempotency-Key"] for call in calls}
    assert (len(calls), len(keys)) == (3, 1)
    wait_for(lambda: voids(gateway, *keys), 10, "a void")


@pytest.fixture(scope="module")
def nonsense_orders(stack, gateway):
    """Starts all the nonsense at once, at the first use, so that the waits between attempts overlap."""
    api, answers, orders = stack.api(), {}, {}

    def answer(path, body):
        return (200, b"{}") if path.endswith("/void") else answers[body["orderId"]]

    for each in NONSENSE:
        orders[each] = api.hold(stack.new_flight(rows=1, layout="A"), "A1")
        answers[orders[each]["orderId"]] = each
    gateway.answer = answer
    for order in orders.values():
        api.pay(order, "12345").ok()
    return orders


def test_a_void_is_repeated_until_it_is_answered(stack, api, flight, gateway):
    answers = iter([(500, b""), None, (404, b""), (200, b"{}")])
    gateway.answer = lambda path, body: next(answers, (200, b"{}")) if path.endswith("/void") else (500, b"")
    order = paid(stack, api, flight, "FAILED")
    key = gateway.about(order)[0]["headers"]["Idempotency-Key"]

    def done():
        for job in stack.everything(order)["jobs"]:  # without the waits between
            api.post(f"/api/admin/jobs/{job['job_id']}/retry")
        return not stack.has_job(order, "VOID_CHARGE")
    wait_for(done, 15, "the void to be answered", interval=0.1)
    outcomes = [event["outcome"] for event in api.events(order) if event["type"] == "VOID_ATTEMPT"]
    assert outcomes[-1] == "VOIDED" and len(outcomes) >= 3
    assert len(voids(gateway, key)) >= len(outcomes)


def test_an_unreachable_gateway(stack, api, flight, gateway):
    """An order can be canceled while the gateway cannot be reached; the customer need not wait for it."""
    gateway.answer = lambda path, body: None
    order = api.hold(flight, "A1")
    api.pay(order, "12345").ok()
    wait_for(lambda: gateway.about(order), 5)
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    gateway.answer = charges(approved())
    for job in stack.everything(order)["jobs"]:
        api.post(f"/api/admin/jobs/{job['job_id']}/retry")
    wait_for(lambda: not stack.everything(order)["jobs"], 15, "the void")
