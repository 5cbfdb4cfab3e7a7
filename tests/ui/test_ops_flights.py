# SPDX-License-Identifier: MIT
"""An operator's own flights in the console, by visible words and roles only: no test here knows an id of the page."""

import json
import datetime
import random
import string
import time

import pytest

from page import Keys
from words import Words

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
FIRST, LAST = TODAY + datetime.timedelta(days=20), TODAY + datetime.timedelta(days=33)
WHOLE_CABIN = [("business", "1-3", "AC DF", None), ("premium", "4-6", "ABC DEF", None), ("economy", "7-20", "ABC DEF", ("exit", "12"))]
SHORT_CABIN = [("business", "1-3", "AC DF", None), ("premium", "4-6", "ABC DEF", None), ("economy", "7-15", "ABC DEF", ("exit", "10"))]


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack()


@pytest.fixture
def w(page):
    return Words(page)


def code(kind=string.ascii_uppercase):
    return "".join(random.choices(kind, k=3))


@pytest.fixture
def route(stack):
    """Two places."""
    codes = ["X" + code()[:2], "Y" + code()[:2]]
    for place, zone in zip(codes, ("Europe/Berlin", "Europe/London")):
        stack.admin().put(f"/api/admin/places/{place}", {"name": f"Field {place}", "city": f"Town {place}", "timeZone": zone})
    return codes


def plan_of(sections):
    return {"name": "Test cabin", "numbering": "row-column", "sections": [
        {"class": name, "rows": rows, "columns": columns, **({"features": {feature[0]: feature[1]}} if feature else {})}
        for name, rows, columns, feature in sections]}


@pytest.fixture
def cabin(stack):
    name = f"t{code(string.ascii_lowercase)}{code(string.digits)}"
    stack.admin().put(f"/api/admin/cabins/{name}", plan_of(WHOLE_CABIN)).ok(201)
    return name


@pytest.fixture
def made(stack, route, cabin):
    """Makes a flight, and returns its id."""
    def make(**more):
        flight = f"T{code()}-{random.randrange(10**6)}"
        stack.admin().put(f"/api/admin/flights/{flight}", {
            "flightNumber": "TS12", "cabin": cabin, "origin": route[0], "destination": route[1],
            "departure": f"{FIRST}T07:30", "arrival": f"{FIRST}T09:00", "currency": "EUR",
            "fares": {"business": 39900, "premium": 19900, "economy": 12900}, "surcharges": {"exit": 1500}, **more}).ok(201)
        return flight
    return make


def make_cabin(w, name, cabin, sections):
    w.follow("Cabins", "Main")
    w.follow("New cabin")
    w.fill("Name", name)
    w.fill("Id, in files and addresses", cabin)
    for at, (kind, rows, columns, feature) in enumerate(sections, 1):
        if at > 1:
            w.press("Another section")
        section = f"Section {at}"
        w.fill("Class", kind, section)
        w.fill("Rows, such as 1-4,6", rows, section)
        w.fill("Columns, with a blank for an aisle", columns, section)
        if feature:
            w.fill("Feature, such as exit", feature[0], section)
            w.fill("Rows that have it", feature[1], section)


# -- everything, as docs/operations.md tells it ---------------------------------------------------

def test_from_nothing_to_a_season(page, stack, w):
    begun = time.monotonic()
    here, there = "X" + code()[:2], "Y" + code()[:2]
    number, large, small = f"Q{code(string.digits)}", f"l{code(string.ascii_lowercase)}", f"s{code(string.ascii_lowercase)}"
    page.open("/ops")
    # A place, and another one.
    w.follow("Places", "Main")
    for place, name, city, zone in ((here, "Old Field", "Oldtown", "Europe/Berlin"), (there, "New Field", "Newtown", "America/New_York")):
        w.fill("Code, three letters or digits", place)
        w.fill("Name", name)
        w.fill("City", city)
        w.fill("Time zone", zone)
        w.press("Save the place")
        w.see(f"{place} is saved.")
    # A cabin, and a shorter one to swap to.
    make_cabin(w, "Long one", large, WHOLE_CABIN)
    w.see("114 seats: Business 12, Premium 18 and Economy 84.")
    w.press("Save the cabin")
    w.see("Long one is made, as version 1.")
    make_cabin(w, "Short one", small, SHORT_CABIN)
    w.see("84 seats")
    w.press("Save the cabin")
    w.see("Short one is made, as version 1.")
    # A season with three fares.
    w.follow("Flights", "Main")
    w.follow("Season")
    w.fill("Flight number", number)
    w.fill("Cabin", "Long one")
    w.fill("From, code of a place", here)
    w.fill("To, code of a place", there)
    w.fill("First day", str(FIRST))
    w.fill("Last day", str(LAST))
    w.tick("Saturday", False)
    w.tick("Sunday", False)
    w.fill("Departure, time", "07:30")
    w.fill("Arrival, time", "10:15")
    w.fill("Fare, Business", "399")
    w.fill("Fare, Premium", "199.50")
    w.fill("Fare, Economy", "129.00")
    w.fill("Surcharge, Exit", "15")
    w.press("Preview")
    w.see("10 flights would be made")
    w.press("Make 10 flights")
    w.see("10 flights made.")
    days = [day for day in (FIRST + datetime.timedelta(days=n) for n in range(14)) if day.isoweekday() < 6]
    flight, other = (f"{number}-{day}" for day in days[:2])
    # A row for the crew.
    w.follow(flight)
    w.see("114 free")
    w.fill("Seats or whole rows", "20")
    w.press("Choose")
    w.fill("Why they are not for sale", "Crew rest")
    w.press("Block 20A, 20B, 20C, 20D, 20E and 20F")
    w.see("are blocked, and not for sale")
    w.see("6 blocked")
    # Customers buy.
    page.open(f"/?flight={flight}")
    for seat in ("12A", "19A"):
        w.seat(seat)
    w.see("€273.00")
    w.fill("Your name or user ID", "Ann")
    w.tick("That is so for all who will sit there.")
    w.press("Reserve 2 seats")
    w.fill("Payment code", "99999")
    w.press("Pay €273.00")
    w.see("You are booked")
    stack.api().hold(other, "7A", user="Bob")
    # Another aircraft: 19A is not in it.
    page.open("/ops?flights")
    w.fill("Search", number)
    w.press("Find")
    w.follow(number, flight)
    w.see("2 sold")
    w.press("Swap the aircraft")
    w.fill("New cabin", "Short one")
    w.press("See what happens")
    w.see("1 seat moves to another place, and the customers are told.")
    w.fill("Reason", "The long one is broken")
    w.press("Swap the aircraft now")
    w.see(f"flies with {small} now.")
    w.see("2 sold")
    # And one flight does not fly.
    w.follow("Flights", "Main")
    w.fill("Search", number)
    w.press("Find")
    w.follow(number, other)
    w.see("1 held")
    w.press("Cancel the flight")
    w.see("1 hold will end.")
    w.fill("Reason, kept with the flight", "Strike")
    w.press("Cancel the flight for good")
    w.see("Cancelled because")
    took = time.monotonic() - begun
    print(f"\nthe script took {took:.0f} s")
    assert took < 120
    assert stack.query("SELECT COUNT(*) AS n FROM flights WHERE flight_number = %s", number)[0]["n"] == 10


# -- what the form offers -------------------------------------------------------------------------

def test_more_places_than_one_answer_holds_are_offered_as_they_are_typed(page, stack, w, route):
    crowd = [f"{a}{b}{c}" for a in "AB" for b in "ABCDEFGHI" for c in string.digits][:101]
    stack.query("INSERT INTO places (code, name, city, time_zone, name_key, city_key, updated_at) VALUES "
                + ", ".join(["(%s, 'Crowd', 'Crowd', 'UTC', 'crowd', 'crowd', NOW(3))"] * len(crowd)), *crowd)
    try:
        page.open("/ops?make-flight")
        fields = [w.one("field", name) for name in ("From, code of a place", "To, code of a place")]
        offered = "return [...arguments[0].list.options].map(option => option.value)"
        page.until(lambda: crowd[0] in page.js(offered, fields[0]), "the first answer")
        assert not {*route} & {*page.js(offered, fields[0])}
        page.js("""for (const [field, text] of arguments[0].map((field, at) => [field, arguments[1][at]])) {
            field.value = text;
            field.dispatchEvent(new Event('input', {bubbles: true}));
        }""", fields, route)
        page.until(lambda: {*route} <= {*page.js(offered, fields[0])}, "both places")
    finally:
        stack.query(f"DELETE FROM places WHERE code IN ({', '.join(['%s'] * len(crowd))})", *crowd)


# -- faults at their places ----------------------------------------------------------------------

def test_the_faults_of_a_flight_are_at_their_fields(page, stack, w, route, cabin):
    page.expected.add(400)
    page.open("/ops?make-flight")
    w.press("Put it on sale")
    assert w.fault("Flight number").startswith("Enter the number") and w.fault("Cabin").startswith("Choose a cabin")
    w.fill("Flight number", "TS12")
    w.fill("Cabin", cabin)
    w.fill("From, code of a place", route[0])
    w.fill("To, code of a place", "QQ9")
    w.fill("Departure, day", "2020-01-01")
    w.fill("Departure, time", "07:30")
    for name, amount in (("Business", "399.001"), ("Premium", "1,5"), ("Economy", "-1")):
        w.fill(f"Fare, {name}", amount)
    w.press("Put it on sale")
    assert "such as 129.00" in w.fault("Fare, Business") and not w.fault("Fare, Premium") and "such as 129.00" in w.fault("Fare, Economy")
    page.accessible("faults of a flight")
    w.fill("Fare, Business", "399.00")
    w.fill("Fare, Economy", "129")
    w.press("Put it on sale")
    page.until(lambda: w.fault("To, code of a place"), "the server's fault")
    w.fill("To, code of a place", route[1])
    w.press("Put it on sale")
    page.until(lambda: w.fault("Departure, day"), "the fault of the departure")
    w.fill("Departure, day", str(FIRST))
    flight = w.value("Id, in addresses and files")
    assert flight == f"TS12-{FIRST}"
    w.press("Put it on sale")
    w.see("TS12 is saved.")
    fares = stack.admin().get(f"/api/admin/flights/{flight}").ok()["fares"]
    assert fares == {"business": 39900, "premium": 150, "economy": 12900}


@pytest.mark.parametrize("currency, typed, minor", [("JPY", "12900", 12900), ("KWD", "12.9", 12900), ("EUR", "0.29", 29), ("EUR", "1000000.01", 100000001)])
def test_amounts_are_minor_units(page, stack, w, made, currency, typed, minor):
    flight = made(currency=currency)
    page.open(f"/ops?change-flight={flight}")
    page.until(lambda: w.has("field", "Fare, Economy") and w.value("Fare, Economy"), "the fares")
    w.fill("Fare, Economy", typed)
    w.press("Save")
    w.see("TS12 is saved.")
    assert stack.admin().get(f"/api/admin/flights/{flight}").ok()["fares"]["economy"] == minor


# -- two at once ---------------------------------------------------------------------------------

def test_two_operators_at_once(page, stack, w, made):
    page.expected.add(412)
    bob = stack.admin().post("/api/admin/staff", {"name": f"Bob {code()}", "role": "operator"}).ok(201)
    flight = made()
    page.open(f"/ops?change-flight={flight}")
    page.until(lambda: w.has("field", "Fare, Economy") and w.value("Fare, Economy") == "129.00", "the fares")
    w.fill("Fare, Economy", "140")
    first = stack.api(Authorization=f"Bearer {bob['token']}")
    known = first.get(f"/api/admin/flights/{flight}").ok()
    facts = {name: known[name] for name in ("flightNumber", "cabin", "origin", "destination", "departure", "arrival", "currency", "surcharges")}
    first.put(f"/api/admin/flights/{flight}", {**facts, "fares": {**known["fares"], "business": 45000}}).ok()
    w.press("Save")
    w.see(f"{bob['name']} was first")
    page.until(lambda: w.value("Fare, Business") == "450.00", "the new state")
    assert w.value("Fare, Economy") == "129.00" and w.fault("Fare, Economy") == "You had entered: 140" and not w.fault("Fare, Business")
    page.accessible("somebody was first")
    w.fill("Fare, Economy", "140")
    w.press("Save")
    w.see("TS12 is saved.")
    assert stack.admin().get(f"/api/admin/flights/{flight}").ok()["fares"] == {"business": 45000, "premium": 19900, "economy": 14000}


# -- the seat map --------------------------------------------------------------------------------

def test_who_holds_what(page, stack, w, made):
    flight = made()
    order = stack.api().hold(flight, "7A", "7B", user="Ann")
    page.open(f"/ops?flight={flight}")
    page.until(lambda: w.name_of_seat("7A") and "held" in w.name_of_seat("7A"), "the hold")
    w.seat("7A")
    w.see("7A is held or sold: such a seat cannot be blocked.")
    page.accessible("a flight")
    # What happens meanwhile shows by itself.
    stack.api().cancel(order).ok()
    page.until(lambda: "free" in w.name_of_seat("7A"), "the seat to be free")
    other = stack.api().hold(flight, "8A", user="Bob")
    page.until(lambda: "held" in w.name_of_seat("8A"), "the other hold")
    w.press("Choose none")
    w.seat("8A")
    w.follow("Order of 8A")
    w.see(other["orderId"])


def test_somebody_moves_and_seats_are_canceled(page, stack, w, made):
    flight = made(refundRule=[{"until": "0h", "feePercent": 50}])
    api = stack.api()
    paid, held = api.hold(flight, "7A", "7B", user="Ann"), api.hold(flight, "8A", "8B", user="Bob")
    api.pay(paid).ok()
    stack.wait_status(paid, "CONFIRMED")
    page.open(f"/ops?flight={flight}")
    page.until(lambda: w.name_of_seat("7B") and "sold" in w.name_of_seat("7B"), "the sale")
    w.seat("7B")
    assert not w.has("button", "Move 7B to 10C")
    w.seat("10C")
    w.press("Move 7B to 10C")
    page.see("moves from 7B to 10C; 7B becomes free", "#bulk")
    page.accessible("a move")
    w.fill("Reason, for all of them", "Broken belt")
    w.press("Move: 1 passenger")
    page.see("1 passenger done", "#bulk-outcome", 15)
    w.press("Close")
    page.until(lambda: "sold" in w.name_of_seat("10C") and "free" in w.name_of_seat("7B"), "the move")
    assert api.order(paid)["seats"] == ["7A", "10C"]

    for seat in ("10C", "8A"):
        w.seat(seat)
    w.press("Cancel 8A and 10C")
    page.see("1 order: paid; 10C becomes free, 7A stays, and by the rule of the flight this is given back: \u20ac64.50 in all.", "#bulk")
    page.see("1 order cannot: not paid yet, so it ends as a whole: choose 8B, too", "#bulk")
    w.press("Back")
    w.seat("8B")
    w.press("Cancel 8A, 8B and 10C")
    w.fill("Reason, for all of them", "Asked for")
    w.press("Cancel: 2 orders")
    page.see("2 orders done", "#bulk-outcome", 15)
    w.press("Close")
    page.until(lambda: all("free" in w.name_of_seat(seat) for seat in ("8A", "8B", "10C")), "all free")
    assert api.order(paid)["seats"] == ["7A"] and api.order(held)["status"] == "CANCELLED"


def test_the_seat_map_with_the_keyboard(page, stack, w, made):
    flight = made()
    page.open(f"/ops?flight={flight}")
    page.until(lambda: w.name_of_seat("1A"), "the seats")
    page.tab("[role=gridcell]", 60)
    page.keys(Keys.ARROW_DOWN, Keys.SPACE)
    w.see("1 seat: 2A")
    page.keys(Keys.ARROW_RIGHT, Keys.ENTER)
    w.see("2 seats: 2A and 2C")
    w.fill("Why they are not for sale", "Broken")
    page.keys(Keys.ENTER)
    page.until(lambda: "blocked, Broken" in w.name_of_seat("2C"), "the block")
    w.seat("2C")
    w.press("Unblock 2C")
    w.answer("Unblock")
    page.until(lambda: "free" in w.name_of_seat("2C"), "the seat to be free")


# -- roles ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("role", ["viewer", "agent", "operator"])
def test_each_role_sees_what_it_may_do(page, stack, w, made, role):
    flight = made()
    token = stack.admin().post("/api/admin/staff", {"name": f"{role} {code()}", "role": role}).ok(201)["token"]
    page.open("/ops")
    page.js("sessionStorage.setItem('adminToken', arguments[0])", token)
    is_operator, is_agent = role == "operator", role != "viewer"
    page.open(f"/ops?flight={flight}")
    page.until(lambda: w.name_of_seat("1A"), "the seats")
    for name in ("Close the sale", "Swap the aircraft", "Cancel the flight", "Remove"):
        assert w.has("button", name) == is_operator, name
    assert w.has("link", "Change facts and fares") == is_operator and w.has("link", "Boarding") == w.has("link", "Passengers") == is_agent
    w.seat("1A")
    assert w.has("field", "Why they are not for sale") == is_operator
    page.open("/ops?flights")
    w.see("Export CSV")
    assert w.has("link", "New flight") == w.has("link", "Import") == is_operator
    page.open("/ops?cabins")
    w.see("A cabin is a plan of seats")
    assert w.has("link", "New cabin") == is_operator
    page.open("/ops?places")
    w.see("Europe/Berlin")
    assert w.has("button", "Save the place") == is_operator


# -- a phone -------------------------------------------------------------------------------------

@pytest.mark.parametrize("width", [360, 320])
def test_it_fits_a_phone(page, stack, w, made, cabin, width):
    flight = made()
    page.size(width, 740, mobile=True)
    for address, seen in ((f"flight={flight}", "Cancel the flight"), (f"change-flight={flight}", "Refund rule 1"), ("season", "Days of the week"),
                          (f"cabin={cabin}", "114 seats"), ("flights", "Load"), ("places", "Time zone"), ("import", "Check the file"), (f"boarding={flight}", "Nobody has paid")):
        page.open(f"/ops?{address}")
        w.see(seen)
        page.fits()
        page.accessible(address)


# -- what is done to a flight ---------------------------------------------------------------------

def test_the_sale_is_closed_and_opened(page, stack, w, made):
    flight = made()
    page.open(f"/ops?flight={flight}")
    w.press("Close the sale")
    w.answer("Close the sale", "A storm is coming")
    w.see("A hold that was made in time may still be paid.")
    page.until(lambda: w.has("button", "Open the sale"), "the other button")
    stack.api().post("/api/orders", {"flightId": flight, "seats": ["7A"]}).refused(409, "FLIGHT_CLOSED")
    w.press("Open the sale")
    w.answer("Open the sale", "It has passed")
    w.see("The flight is on sale.")
    stack.api().hold(flight, "7A")
    actions = stack.query("SELECT reason FROM audit_log WHERE object_id = %s ORDER BY audit_id", flight)
    assert [row["reason"] for row in actions if row["reason"]] == ["A storm is coming", "It has passed"]


def test_what_a_cancellation_gives_back(page, stack, w, made):
    flight = made()
    order = stack.api().hold(flight, "7A", "12B", user="Ann")
    stack.api().pay(order, "99999").ok()
    page.until(lambda: stack.api().order(order)["status"] == "CONFIRMED", "the payment")
    page.open(f"/ops?flight={flight}")
    w.press("Cancel the flight")
    w.see("1 paid order will be cancelled, and €273.00 refunded.")
    w.fill("Reason, kept with the flight", "Strike")
    w.press("Cancel the flight for good")
    w.see("Cancelled because")
    page.until(lambda: [refund["amountCents"] for refund in stack.api().get(f"/api/orders/{order['orderId']}/refunds").ok()["refunds"]] == [27300],
               "the refund")


def test_a_flight_is_copied_and_removed(page, stack, w, made):
    flight = made()
    page.open(f"/ops?flight={flight}")
    w.follow("Copy")
    page.until(lambda: w.has("field", "Fare, Economy") and w.value("Fare, Economy") == "129.00", "the fares")
    assert w.value("Departure, day") == "" and w.value("Flight number") == "TS12"
    w.fill("Id, in addresses and files", f"{flight}-copy")
    w.fill("Departure, day", str(LAST))
    w.fill("Departure, time", "21:00")
    w.press("Put it on sale")
    w.see("TS12 is saved.")
    copy = stack.admin().get(f"/api/admin/flights/{flight}-copy").ok()
    assert copy["departure"].startswith(f"{LAST}T21:00") and copy["surcharges"] == {"exit": 1500}
    w.press("Remove")
    w.answer("Remove the flight")
    w.see("TS12 is removed.")
    assert stack.admin().get(f"/api/admin/flights/{flight}-copy").status == 404


def test_boarding_with_the_keyboard(page, stack, w, made):
    flight = made()
    api = stack.api()
    order = api.hold(flight, "7A", user="Ann")
    api.pay(order)
    stack.wait_status(order, "CONFIRMED")
    locator = stack.query("SELECT locator FROM orders WHERE order_id = %s", order["orderId"])[0]["locator"]
    page.open(f"/ops?boarding={flight}")
    w.see("0 of 1 passenger boarded.")
    page.accessible("boarding")
    page.expected |= {404, 409}
    page.keys("QQQQQQ", Keys.ENTER)
    page.until(lambda: page.js("return document.querySelector('.notice.bad')"), "the refusal")
    page.keys(locator.lower(), Keys.ENTER)
    w.see("is on board, seat 7A.")
    w.see("1 of 1 passenger boarded.")
    page.open(f"/ops?manifest={flight}")
    w.see("boarded")
    page.accessible("passengers")


def test_a_file_is_checked_and_imported(page, stack, w, made, tmp_path):
    flight = made()
    line = stack.admin().get(f"/api/admin/flights/{flight}").ok()
    row = {name: line[name] for name in ("flightNumber", "cabin", "origin", "destination", "departure", "arrival", "currency", "fares", "surcharges")}
    file = tmp_path / "flights.ndjson"
    rows = [{**row, "id": flight}, {**row, "id": f"{flight}-b", "origin": "QQ9"}]
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    page.open("/ops?import")
    w.press("Check the file")
    w.see("Choose a file")
    w.fill("File", str(file))
    w.press("Check the file")
    w.see("The file has faults. Nothing was changed.", 20)
    w.see("1 fault")
    page.accessible("faults of a file")
    rows[1]["origin"] = row["origin"]
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    w.fill("File", str(file))
    w.press("Check the file")
    w.see("The file is in order. Nothing was changed.", 20)
    assert stack.admin().get(f"/api/admin/flights/{flight}-b").status == 404
    w.press("Import 1 flight")
    w.see("The flights are there.", 20)
    assert stack.admin().get(f"/api/admin/flights/{flight}-b").ok()["fares"] == row["fares"]
