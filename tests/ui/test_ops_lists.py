# SPDX-License-Identifier: MIT
"""The console's lists: what they are found by and sorted by, as a file, and what is done to several at once."""

import csv
import datetime
import io
import uuid

import pytest

from console import plant_failed, saved
from words import Words


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack()


@pytest.fixture
def w(page):
    return Words(page)


def column(page, nth, table="orders"):
    return page.js("return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map(row => row.cells[arguments[1]].innerText)", table, nth)


def shown(page, expected, nth=6, table="orders"):
    """Waits until the cells of this column are these; by default orders' users."""
    page.until(lambda: column(page, nth, table) == expected, expected)


def test_orders_are_sorted_and_a_link_shows_the_same(page, stack, api, w):
    number = f"S{uuid.uuid4().hex[:6]}"
    flight = stack.new_flight(flight_number=number)
    for user, seats in (("bert", ["A1", "A2"]), ("Ada", ["B1"]), ("=cle", ["C1", "C2", "C3"])):
        api.hold(flight, *seats, user=user)
    page.open("/ops?orders")
    w.fill("Search", f"{number[1:]} qqb")
    w.press("Find")
    shown(page, ["=cle", "Ada", "bert"])
    w.press("Created, UTC")
    shown(page, ["bert", "Ada", "=cle"])
    assert "sort=oldest" in page.driver.current_url
    w.press("Total")
    shown(page, ["Ada", "bert", "=cle"])
    w.press("Total")
    shown(page, ["=cle", "bert", "Ada"])
    assert page.js("return [...document.querySelectorAll('#orders [aria-sort=descending]')].map(th => th.innerText)") == ["Total"]
    address = page.driver.current_url.removeprefix(stack.url)
    page.open("/ops?queue")
    page.open(address)
    shown(page, ["=cle", "bert", "Ada"])
    page.accessible("sorted orders")

    name, text = saved(page, lambda: w.press("Save the list as CSV"))
    assert name == "orders.csv" and text.startswith("\ufeff") and text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text[1:])))
    assert [row["User"] for row in rows] == ["'=cle", "bert", "Ada"], "a formula is defused"
    assert (rows[0]["Total"], rows[0]["Currency"], rows[0]["Seats"], rows[0]["Flight"], rows[0]["Route"]) == ("387", "USD", "C1 C2 C3", number, "QQA to QQB")


def test_a_flight_is_chosen_by_its_number(page, stack, api, w):
    number = f"F{uuid.uuid4().hex[:6]}"
    flight = stack.new_flight(flight_number=number)
    page.open("/ops?orders")
    w.fill("Flight", number[2:])
    page.until(lambda: page.js("return [...document.querySelectorAll('#flight-offers option')].map(o => [o.value, o.text.split(',')[0]])") == [
        [flight, f"{number} QQA to QQB"]], "the offer")


def test_places_and_cabins_sort_and_stay_in_the_address(page, stack, w):
    first, second = sorted((stack.new_place(), stack.new_place()))
    page.open("/ops?places")
    w.fill("Search", first)
    w.press("Find")
    shown(page, [first], 0, "places")
    assert page.driver.current_url.endswith(f"/ops?places&q={first}")
    page.reload()
    shown(page, [first], 0, "places")
    cabins = {stack.new_cabin() for _ in range(2)}
    page.open("/ops?cabins&by=-id")
    page.until(lambda: cabins <= set(column(page, 1, "cabins")), "the cabins")
    ids = column(page, 1, "cabins")
    w.press("Id")
    page.until(lambda: column(page, 1, "cabins") == ids[::-1], "the other way round")
    assert ids.index("cabin-abc-def-ghj-50") < ids.index("cabin-abc-def-20") < ids.index("cabin-a-bc-10")


def test_all_pages_are_saved(page, stack, api, w):
    flight = stack.new_flight(rows=30)
    for _ in range(103):
        api.cancel(api.hold(flight, "A1", user="Many")).ok()
    page.open(f"/ops?orders&flightId={flight}&sort=oldest")
    page.until(lambda: len(column(page, 6)) == 50, "the first part")
    w.press("State")
    page.see("Sorted among the 50 orders shown. There are more.")
    _, text = saved(page, lambda: w.press("Save the list as CSV"))
    assert len(list(csv.DictReader(io.StringIO(text)))) == 103
    page.see("103 orders saved.", "#told")


def pick(page, *ids):
    for each in ids:
        page.click(f"[data-pick='{each}']")


def test_several_orders_are_cancelled(page, stack, api, w):
    flight = stack.new_flight(refund_rule="86400:3000:0,0:5000:0", departs_in=30 * 3600)
    held, paid, gone, late = [api.hold(flight, seat) for seat in ("A1", "A2", "B1", "B2")]
    api.pay(paid).ok()
    stack.wait_status(paid, "CONFIRMED")
    api.cancel(gone).ok()
    page.open(f"/ops?orders&flightId={flight}")
    page.until(lambda: len(column(page, 1)) == 4, "the orders")
    pick(page, held["orderId"], paid["orderId"])
    page.see("2 orders chosen", "#chosen-orders")
    page.click("[data-pick-all]")
    page.see("4 orders chosen", "#chosen-orders")
    page.accessible("chosen")
    w.press("Cancel")
    page.see("2 orders: held now; will be ended, seats become free", "#bulk")
    page.see("1 order: paid; will be ended, seats become free, and by the rule of the flight this is given back: $90.30 in all.", "#bulk")
    page.see("1 order cannot: cancelled", "#bulk")
    page.accessible("preview")
    w.press("Cancel: 3 orders")
    page.see("Say why", "#bulk-reason-error")
    page.expected.add(412)
    api.cancel(late).ok()
    w.fill("Reason, for all of them", "A storm")
    w.press("Cancel: 3 orders")
    page.see("2 orders done, 1 failed", "#bulk-outcome", 15)
    page.see(late["orderId"][-6:], "#bulk")
    page.accessible("outcome")
    w.press("Close")
    page.see("Cancel: 2 orders done, 1 failed.", "#told")
    page.until(lambda: {text.strip() for text in column(page, 4)} == {"Cancelled"}, "all cancelled")
    assert [row["n"] for row in stack.query("SELECT COUNT(*) AS n FROM audit_log WHERE action = 'CANCEL_ORDER' AND reason = 'A storm'")] == [2]


def test_several_orders_are_held_longer(page, stack, api, w):
    flight = stack.new_flight()
    one, two = api.hold(flight, "A1"), api.hold(flight, "A2")
    page.open(f"/ops?orders&flightId={flight}")
    page.until(lambda: len(column(page, 1)) == 2, "the orders")
    pick(page, one["orderId"], two["orderId"])
    w.press("Hold longer")
    until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y-%m-%d 10:00")
    w.fill("Hold until, UTC", until)
    w.fill("Reason, for all of them", "A group")
    w.press("Hold longer: 2 orders")
    page.see("2 orders done", "#bulk-outcome", 15)
    ends = {api.get(f"/api/orders/{order['orderId']}").ok()["expiresAt"] for order in (one, two)}
    assert ends == {f"{until.replace(' ', 'T')}:00.000Z"}


def test_several_flights_are_closed_and_opened(page, stack, api, w):
    number = f"C{uuid.uuid4().hex[:6]}"
    flights = [stack.new_flight(flight_number=number, rows=1, departs_in=(n + 1) * 86400) for n in range(3)]
    stack.query("UPDATE flights SET status = 'CLOSED' WHERE flight_id = %s", flights[1])
    page.open(f"/ops?flights&search={number[2:]}&sort=latest")
    page.until(lambda: [text.split(" ")[-1] for text in column(page, 2, "flights")] == flights[::-1], "the flights, the latest first")
    page.click("[data-pick-all]")
    w.press("Close the sale")
    page.see("2 flights: on sale now", "#bulk")
    page.see("1 flight cannot: closed", "#bulk")
    w.fill("Reason, for all of them", "A strike")
    w.press("Close the sale: 2 flights")
    page.see("2 flights done", "#bulk-outcome", 15)
    w.press("Close")
    page.until(lambda: {text.strip() for text in column(page, 4, "flights")} == {"Closed"}, "all closed")
    page.size(390, 844)
    page.fits()


def test_several_jobs_are_set_aside_and_run(page, stack, api, w):
    flight = stack.new_flight()
    orders = [api.hold(flight, seat) for seat in ("A1", "A2", "B1")]
    jobs = [api.get(f"/api/admin/jobs?orderId={order['orderId']}").ok()["jobs"][0]["id"] for order in orders]
    plant_failed(stack, orders[2])
    page.open("/ops?jobs&kind=EXPIRE_HOLD")
    page.see("the printer is on fire", "#jobs")
    pick(page, *map(str, jobs))
    w.press("Set aside")
    page.see("2 jobs: waiting; rests from now on", "#bulk")
    page.see("1 job cannot: at rest already", "#bulk")
    w.fill("Reason, for all of them", "Wait for the bank")
    w.press("Set aside: 2 jobs")
    page.see("2 jobs done", "#bulk-outcome", 15)
    w.press("Close")
    page.open("/ops?queue")
    w.follow("3 failed: Expire hold")
    page.until(lambda: page.text("#jobs").count("Set aside by staff") == 2, "both at rest")
    page.accessible("jobs")
    pick(page, *map(str, jobs))
    w.press("Cancel their orders")
    page.see("3 jobs: held now; will be ended", "#bulk")
    w.press("Back")
    w.press("Run now")
    page.see("3 jobs: at rest; due at once, with fresh tries", "#bulk")
    w.press("Run now: 3 jobs")
    page.see("3 jobs done", "#bulk-outcome", 15)
    w.press("Close")
    page.see("No jobs match.", "#jobs")
    types = [event["type"] for event in api.events(orders[0])]
    assert types.index("JOB_SET_ASIDE") < types.index("JOB_RETRIED")
