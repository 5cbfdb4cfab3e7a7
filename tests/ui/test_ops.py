# SPDX-License-Identifier: MIT
"""The operations console, as an operator uses it."""

import json

import pytest

from console import confirm, open_order, plant_failed, saved, timeline
from stack import wait_for

TOKEN = "test-admin-token"


@pytest.fixture(scope="module")
def stack(own_stack):
    """A stack of its own, because tests pause it and stop its sweepers."""
    return own_stack(PAYMENT_TIMEOUT="4s")


# -- an order -----------------------------------------------------------------------------------

def test_a_payment_fails_and_is_tried_again(page, stack, flight, api):
    order = api.hold(flight, "A1", "A2", user="Ada")
    open_order(page, order)
    page.see("Held", "#order-status")
    page.see("the hold is ended and the seats become free", "#next")
    page.accessible("held")
    api.pay(order, "50302").ok()
    page.see("Paying", "#order-status")
    page.see("Confirmed", "#order-status", 12)
    page.see("Nothing: this order is done", "#next")
    page.see("Confirmation attempt", "#timeline")
    attempts = [line for line in timeline(page) if line.startswith("Payment attempt")]
    assert len(attempts) == 3
    for number, line in enumerate(attempts[:2], 1):
        assert line.startswith(f"Payment attempt {number} ERROR took ") and "answered 503" in line and " by " in line
    assert attempts[2].startswith("Payment attempt 3 APPROVED took ")
    page.accessible("confirmed")
    page.fits()


def test_what_happens_next_while_a_payment_hangs(page, stack, flight, api):
    order = api.hold(flight, "A1")
    open_order(page, order)
    api.pay(order, "50400").ok()
    page.see("Right now payment attempt 1 of 3 is made at the gateway, by ", "#next")
    page.see("Should that sweeper die, its lease ends in ", "#next")
    page.see("Lease ends")
    page.click("#order [id^=release-]")
    confirm(page)
    page.see("Job released by the operator", "#timeline")
    page.see("ABANDONED", "#timeline")
    page.see("Right now payment attempt 2 of 3", "#next")
    page.click("#cancel-order")
    confirm(page)
    page.see("Say why", "#reason-error")
    page.accessible("a reason is missing")
    confirm(page, "The customer telephoned")
    page.see("Cancelled", "#order-status")
    assert stack.query("SELECT reason FROM audit_log WHERE object_id = %s AND action = 'CANCEL_ORDER'", order["orderId"]) == [
        {"reason": "The customer telephoned"}]
    page.see("Order cancelled", "#timeline")
    wait_for(lambda: not api.get(f"/api/admin/jobs?orderId={order['orderId']}").ok()["jobs"], 15, "the void")


def test_the_flight_by_its_name_and_the_history_as_a_file(page, stack, api):
    flight = stack.new_flight(flight_number="NM7", origin_time_zone="Asia/Tokyo", departure_time="2031-12-07 18:02:00")
    order = api.hold(flight, "A1")
    open_order(page, order)
    for text in ("NM7 QQA to QQB", "2031-12-08 03:02 Tokyo", "2031-12-07 18:02 UTC"):
        page.see(text, "#order")
    assert page.value("#timeline time", "title").endswith(", your time")
    name, text = saved(page, lambda: page.click("#save-history"))
    assert name == f"order-{order['orderId']}.json"
    told = json.loads(text)
    assert told["order"]["orderId"] == order["orderId"] and [job["kind"] for job in told["jobs"]] == ["EXPIRE_HOLD"]
    assert [event["type"] for event in told["events"]] == ["ORDER_CREATED", "SEATS_RESERVED"]
    page.open(f"/ops?manifest={flight}")
    page.see("Passengers NM7, QQA to QQB")
    page.see("2031-12-08 03:02 Tokyo · 2031-12-07 18:02 UTC")


def test_a_job_is_set_aside_and_the_audit_says_why(page, stack, api, flight):
    order = api.hold(flight, "A1")
    open_order(page, order)
    page.click("#order [id^=rest-]")
    confirm(page, "Wait for the bank")
    page.see("is set aside", "#told")
    page.see("Out of tries or set aside: expire hold stays as it is until you retry it.", "#next")
    page.see("Job set aside", "#timeline")
    page.accessible("a job at rest")
    api.post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "Asked for by telephone"}).ok()
    page.see("Cancelled", "#order-status")
    page.js("[...document.querySelectorAll('#order a')].find(a => a.innerText === 'What staff changed').click()")
    page.see("Asked for by telephone", "#audit")
    page.open("/ops?audit&action=SET_ASIDE_JOB")
    page.see("Wait for the bank", "#audit")


def test_an_unknown_order(page):
    page.expected.add(404)
    page.open("/ops?order=01931f5c-0000-7c3e-9a4b-0123456789ab")
    page.see("No such order")
    page.accessible("missing")


# -- orders -------------------------------------------------------------------------------------

def test_orders_are_found(page, flight, api):
    ada, bob = api.hold(flight, "A1", user="Ada-ops"), api.hold(flight, "A2", user="Bob-ops")
    api.cancel(bob).ok()
    page.open(f"/ops?orders&flightId={flight}")
    page.see("Ada-ops", "#orders")
    page.see("Bob-ops", "#orders")
    page.accessible("orders")
    page.js("const s = document.querySelector('#status'); s.value = 'CANCELLED'; s.dispatchEvent(new Event('change', {bubbles: true}))")
    page.see_no("Ada-ops", "#orders")
    assert "status=CANCELLED" in page.driver.current_url
    page.reload()
    page.see("Bob-ops", "#orders")
    page.see_no("Ada-ops", "#orders")
    page.open("/ops?orders")
    page.type("#q", ada["orderId"][:24])
    page.click("#find .button")
    page.see("Ada-ops", "#orders")
    page.type("#q", bob["orderId"])
    page.click("#find .button")
    page.see("Cancelled", "#order-status")


def test_an_invalid_time_is_named(page, flight, api):
    page.expected.add(400)
    page.open("/ops?orders&from=yesterday")
    page.see("Say a date such as", "#told")


def test_older_orders(page, flight, api):
    orders = []
    for _ in range(51):
        orders.append(api.hold(flight, "A1", user="Many"))
        api.cancel(orders[-1]).ok()
    page.open(f"/ops?orders&flightId={flight}")
    page.until(lambda: page.find("#more-orders"), "more")
    assert orders[0]["orderId"][-6:] not in page.text("#orders")
    page.click("#more-orders")
    page.until(lambda: page.find(f"[id='order-{orders[0]['orderId']}']"), "the oldest")


# -- the queue ----------------------------------------------------------------------------------

def test_a_failed_job_is_retried(page, stack, flight, api):
    order = api.hold(flight, "A1")
    job = plant_failed(stack, order)
    page.open("/ops")
    page.see("the printer is on fire", "#failed")
    page.see("1", "#tile-failed")
    page.accessible("failed")
    page.click(f"#retry-{job}")
    page.see(f"Job {job} is due now", "#told")
    page.see("None. A job", "#failed")
    open_order(page, order)
    page.see("Job retried by the operator", "#timeline")


def test_a_kind_is_paused_and_resumed(page, stack, flight, api):
    page.open("/ops?queue")
    page.click("#pause-PAYMENT_ATTEMPT")
    page.see("Customers who pay wait", "#confirm-text")
    confirm(page)
    page.see("Payment attempt is paused", "#told")
    page.see("Paused: payment attempt.", "#queue-warning")
    page.accessible("paused")
    order = api.hold(flight, "A1")
    api.pay(order).ok()
    open_order(page, order)
    page.see("payment attempt has been paused since", "#next")
    assert api.order(order)["status"] == "PAYMENT_PENDING"
    page.click(".masthead .brand")
    page.click("#resume-PAYMENT_ATTEMPT")
    page.see("Payment attempt is resumed", "#told")
    stack.wait_status(order, "CONFIRMED")


def test_sweepers_and_what_they_hold(page, flight, api):
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    page.open("/ops")
    page.see("Alive", "#sweepers")
    page.see("Holds 1 job", "#sweepers")
    page.see(order["orderId"][-6:], "#sweepers")
    page.see("TST1 QQA to QQB", "#sweepers")
    page.accessible("sweepers")
    api.cancel(order).ok()


def test_without_a_sweeper(page, stack, flight, api):
    with stack.without("sweeper"):
        order = api.hold(flight, "A1")
        page.open("/ops")
        page.see("No sweeper is alive", "#queue-warning", 20)
        open_order(page, order)
        page.see("But no sweeper is running", "#next")


# -- accessibility ------------------------------------------------------------------------------

@pytest.mark.parametrize("width", [360, 768])
def test_it_fits_small_screens_and_dark(page, stack, flight, api, width):
    order = api.hold(flight, "A1", user="A name that goes on and on without an end")
    plant_failed(stack, order, "an error that goes on " * 8)
    page.media(scheme="dark")
    page.size(width, 740, mobile=width < 400)
    for address, text in (("/ops", "Failed jobs"), (f"/ops?orders&flightId={flight}", "A name"),
                          (f"/ops?order={order['orderId']}", "Out of tries")):
        page.open(address)
        page.see(text)
        page.fits()
        page.accessible(address)


def test_the_rules_are_strict_and_kept(stack):
    html = stack.api().get("/ops").body.decode()
    for forbidden in ("<script>", "style=", "onclick", "hx-on", "javascript:", "//cdn", "http://"):
        assert forbidden not in html


class TestToken:
    @pytest.fixture(scope="class")
    def stack(self, quick_stack):
        return quick_stack

    def test_it_is_asked_for_once(self, page, stack):
        page.expected.add(401)
        page.open("/ops")
        page.see("Enter the token")
        page.accessible("token")
        page.type("#token", "wrong")
        page.click("#token-form .button")
        page.see("does not know this token", "#token-error")
        page.type("#token", TOKEN)
        page.click("#token-form .button")
        page.see("Expire hold", "#queue")
        page.quiet()
        page.expected.clear()
        page.reload()
        page.see("Expire hold", "#queue")
        page.click("[data-nav=orders]")
        page.see("Orders", "h1")
        assert not page.js("return localStorage.length")
        page.click("#sign-out")
        page.see("Enter the token")
        assert not page.js("return sessionStorage.getItem('adminToken')")
