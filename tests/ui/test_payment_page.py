# SPDX-License-Identifier: MIT
"""A payment that the customer completes on the payment service's page: there and back, by whatever way."""

import pytest
from selenium.webdriver.common.by import By

from nudge import nudge
from stack import free_port


@pytest.fixture(scope="module")
def stack(own_stack):
    port = free_port()
    return own_stack(SERVER_PORT=str(port), PUBLIC_URL=f"http://127.0.0.1:{port}", PAYMENT_TIMEOUT="1s", SWEEPERS=1)


@pytest.fixture(autouse=True)
def no_icon(page, other):
    page.expected, other.expected = {404}, {404}      # the simulator's page has none


def there(page):
    page.until(lambda: page.driver.title == "Payment simulator", "the payment service's page")


def decide(page, what):
    page.driver.find_element(By.XPATH, f"//button[text()='{what}']").click()


def ask_now(stack, order):
    """The sweeper asks with growing pauses."""
    nudge(stack, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'PAYMENT_ATTEMPT' AND status = 'PENDING'",
          order["orderId"])


@pytest.fixture
def order(page, flight):
    order = page.reserve(flight, "A1")
    page.pay("20203")
    there(page)
    return order


@pytest.mark.parametrize("what, phase", [("Approve", "confirmed"), ("Decline", "over")])
def test_there_and_back(page, stack, order, what, phase):
    decide(page, what)
    page.until(lambda: page.find("#booking"), "the booking")
    ask_now(stack, order)
    page.phase(phase, 15)
    assert page.order() == order


def test_back_does_not_bounce(page, stack, order):
    page.driver.back()
    page.phase("paying")
    page.see("Please complete your payment", "#payment-message")
    page.accessible("the way to the payment service")
    page.reload()
    page.phase("paying")
    page.until(lambda: page.find("#pay-there"), "the way there")
    page.until(lambda: len(page.requests(f"/api/orders/{order['orderId']}")) > 3, "some polls")
    assert page.driver.title.startswith("Payment ·")
    page.click("#pay-there")
    there(page)
    decide(page, "Approve")
    page.until(lambda: page.find("#booking"), "the booking")
    ask_now(stack, order)
    page.phase("confirmed", 15)


def test_another_tab_goes_nowhere_by_itself_and_may_pay_all_the_same(page, other, stack, flight):
    order = page.reserve(flight, "A1")
    other.open(f"/?order={order['orderId']}")
    other.phase("held")
    page.pay("20203")
    there(page)
    other.phase("paying")
    other.until(lambda: other.find("#pay-there"), "the way there")
    page.open("/")      # the first tab has left
    other.click("#pay-there")
    there(other)
    decide(other, "Approve")
    other.until(lambda: other.find("#booking"), "the booking")
    ask_now(stack, order)
    other.phase("confirmed", 15)


def test_it_can_be_given_up(page, stack, order, api):
    page.driver.back()
    page.phase("paying")
    page.click("#cancel")
    page.click("#confirm-yes")
    page.phase("over")
    page.see("Booking cancelled")


class TestNoCode:
    """PAYMENT_CODE=none: the customer is asked at the payment service's, and nowhere else."""

    @pytest.fixture(scope="class")
    def stack(self, own_stack):
        port = free_port()
        return own_stack(SERVER_PORT=str(port), PUBLIC_URL=f"http://127.0.0.1:{port}", PAYMENT_CODE="none", PAYMENT_TIMEOUT="1s")

    @pytest.mark.parametrize("button, narrow", [("#pay-button", False), ("#bar-action", True)])
    def test_nobody_asks_for_digits(self, page, stack, flight, button, narrow):
        if narrow:
            page.size(390, 800, mobile=True)
        order = page.reserve(flight, "A1")
        page.until(lambda: page.find("#pay-button") and not page.find("#code") and not page.find("#demo"), "no field for digits")
        page.accessible("paying without digits")
        page.click(button)
        there(page)
        decide(page, "Approve")
        page.until(lambda: page.find("#booking"), "the booking")
        ask_now(stack, order)
        page.phase("confirmed", 15)


class TestKept:
    """KEEP_HOLD_AFTER_DECLINE=true"""

    @pytest.fixture(scope="class")
    def stack(self, own_stack):
        return own_stack(KEEP_HOLD_AFTER_DECLINE="true", PAYMENT_FAILURE_RATE="0")

    def test_a_decline_goes_back_to_the_hold_and_says_why(self, page, flight):
        page.reserve(flight, "A1")
        page.pay("00000")
        page.see("insufficient funds. Your seats are still held", "#notice")
        page.phase("held")
        page.spoken("insufficient funds")
        assert page.countdown() > 800 and page.js("return document.activeElement.textContent") == "Your seats are held"
        page.accessible("declined, and still held")
        page.reload()
        page.see("insufficient funds", "#notice")
        page.pay("99999")
        page.phase("confirmed")
        page.see_no("insufficient funds")
