# SPDX-License-Identifier: MIT
"""Ids and seats may be written in several ways, and every way means the same thing everywhere."""

import uuid
from urllib.parse import quote

import pytest

from shapes import NO_ORDER


def name():
    return "zoë" + uuid.uuid4().hex[:8]


# -- user ids -------------------------------------------------------------------------------------

SPELLINGS = {
    "a blank in front": lambda n: "  " + n, "a blank behind": lambda n: n + " ", "a no-break space": lambda n: "\u00a0" + n,
    "a line end": lambda n: n + "\r\n", "a zero-width space": lambda n: n + "\u200b", "decomposed": lambda n: n.replace("ë", "e\u0308"),
    "an ideographic space": lambda n: "\u3000" + n + "\u3000",
}


def hold(api, flight, user, how="A"):
    if how == "A":
        return api.post(f"/api/flights/{flight}/orders", {"userId": user, "seats": ["A1"]})
    if how == "B":
        return api.post("/api/orders", {"flightId": flight, "userId": user, "seats": ["A1"]})
    return api.post("/api/orders", form={"flightId": flight, "userId": user, "seats": "A1"})


@pytest.mark.parametrize("how", ["A", "B", "form"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_user_id_is_one_however_it_is_typed(stack, api, spelling, how):
    user, flight = name(), stack.new_flight(rows=1)
    order = hold(api, flight, SPELLINGS[spelling](user), how).ok(201)
    assert order["userId"] == stack.row(order)["user_id"] == user
    for typed in (user, SPELLINGS[spelling](user)):
        assert [o["orderId"] for o in api.get(f"/api/orders?userId={quote(typed)}").ok()["orders"]] == [order["orderId"]]
        for what in ("userId", "q"):
            found = stack.admin().get(f"/api/admin/orders?{what}={quote(typed)}").ok()["orders"]
            assert [o["orderId"] for o in found] == [order["orderId"]]


def test_two_spellings_are_one_list(stack, api, flight):
    user = name()
    for seat, typed in (("A1", user), ("A2", user + " "), ("A3", "\t" + user)):
        assert api.hold(flight, seat, user=typed)["userId"] == user
    listed = api.get(f"/api/orders?userId={quote(user)}").ok()["orders"]
    assert ({o["userId"] for o in listed}, len(listed)) == ({user}, 3)


def test_blanks_within_a_name_are_one(stack, api, flight):
    user = name()
    order = api.hold(flight, "A1", user=f"Ada  \u00a0{user}")
    assert order["userId"] == f"Ada {user}"
    assert api.get(f"/api/orders?userId={quote('Ada ' + user)}").ok()["orders"][0]["orderId"] == order["orderId"]


@pytest.mark.parametrize("user", ["\u00a0", "\u200b", "\u2060\ufeff", "\u3164", "\u0301", "\u202egnp.ada", "ada\u2066", "a\u200fb",
                                  "a\nb", "a\u2028b", "x" * 51, "\u00e9" * 51])
@pytest.mark.parametrize("how", ["A", "B", "form", "list"])
def test_an_id_has_something_to_see_and_turns_nothing_around(api, flight, user, how):
    answer = api.get(f"/api/orders?userId={quote(user)}") if how == "list" else hold(api, flight, user, how)
    assert answer.refused(400, "INVALID_REQUEST")["field"] == "userId"


def test_fifty_characters_are_counted_once_composed(api, flight):
    assert api.hold(flight, "A1", user="e\u0301" * 50)["userId"] == "\u00e9" * 50


@pytest.mark.parametrize("typed", [" {}", "{}\u200b", "\u202e{}", "Zoe\u0308 {}"])
def test_an_id_of_the_previous_version_is_still_found(stack, api, flight, typed):
    """The previous version kept ids as they were sent. A client finds one by sending it so; the operator finds any."""
    old = typed.format(name())
    order = api.hold(flight, "A1")
    stack.query("UPDATE orders SET user_id = %s WHERE order_id = %s", old, order["orderId"])
    if "\u202e" not in old:
        found = api.get(f"/api/orders?userId={quote(old)}").ok()["orders"]
        assert [(o["orderId"], o["userId"]) for o in found] == [(order["orderId"], old)]
    found = stack.admin().get(f"/api/admin/orders?userId={quote(old)}&flightId={flight}").ok()["orders"]
    assert [o["orderId"] for o in found] == [order["orderId"]]


def test_old_and_new_spellings_page_together(stack, api, flight):
    user = name()
    orders = [api.hold(flight, f"A{n}", user=user) for n in range(1, 8)]
    for order in orders[::2]:
        stack.query("UPDATE orders SET user_id = %s WHERE order_id = %s", f" {user}", order["orderId"])
    seen = api.listed(f"/api/orders?userId={quote(' ' + user)}&limit=3", "orders")
    assert [order["orderId"] for order in seen] == [order["orderId"] for order in reversed(orders)]


# -- seats ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("row_first, written, seat", [
    (True, "012A", "12A"), (True, "0001a", "1A"), (True, " 12A ", "12A"), (True, "\u00a012a", "12A"),
    (False, "A01", "A1"), (False, "a0012", "A12"), (False, "A10", "A10"), (False, "\tA12\n", "A12"),
])
@pytest.mark.parametrize("how", ["json", "form", "change"])
def test_a_seat_however_it_is_written(stack, api, row_first, written, seat, how):
    flight = stack.new_flight(rows=12, row_first=row_first)
    if how == "change":
        order = api.change(api.hold(flight, "3B" if row_first else "B3"), written).ok()
    elif how == "form":
        order = api.post("/api/orders", form={"flightId": flight, "seats": written}).ok(201)
    else:
        order = api.post("/api/orders", {"flightId": flight, "seats": [written]}).ok(201)
    assert order["seats"] == [seat]
    assert {n for n, status in api.seats(flight).items() if status == "RESERVED"} == {seat}


def test_one_seat_written_in_two_ways_is_named_twice(api, flight):
    refused = api.post("/api/orders", {"flightId": flight, "seats": ["A1", "A01"]}).refused(400, "INVALID_SEATS")
    assert refused["field"] == "seats"


def test_a_kept_seat_is_kept_however_it_is_written(stack, api, flight):
    order = api.hold(flight, "A1")
    stack.query("UPDATE flights SET price_cents = 1 WHERE flight_id = %s", flight)
    changed = api.change(order, "a001", "A02").ok()
    assert (changed["seats"], changed["seatPrices"]) == (["A1", "A2"], [12900, 1])


def test_what_is_refused_is_named_as_the_flight_names_it(api, flight):
    api.hold(flight, "A1")
    assert api.post("/api/orders", {"flightId": flight, "seats": ["A001"]}).refused(409, "SEATS_UNAVAILABLE")["seats"] == ["A1"]
    assert api.post("/api/orders", {"flightId": flight, "seats": ["A099"]}).refused(400, "INVALID_SEATS")["seats"] == ["A099"]


def test_a_flight_whose_seats_were_loaded_with_zeros(stack, api):
    """Such seats are sold under the numbers they have, and so are plain ones on the same flight."""
    flight = stack.new_flight(rows=2, layout="AB")
    stack.query("UPDATE seats SET seat_number = CONCAT(seat_column, '0', seat_row) WHERE flight_id = %s AND seat_column = 'A'",
                flight)
    order = api.hold(flight, "a01", "B02")
    assert order["seats"] == ["A01", "B2"]
    assert api.change(order, "A01", "A02").ok()["seats"] == ["A01", "A02"]
    assert api.cancel(order).ok()["status"] == "CANCELLED"
    assert set(api.seats(flight).values()) == {"AVAILABLE"}


# -- orders and flights ---------------------------------------------------------------------------

@pytest.mark.parametrize("spelled", [str.upper, lambda i: f"%20{i}", lambda i: f"{i.upper()}%20", lambda i: f"{i}%C2%A0"])
def test_an_order_id_however_it_is_written(stack, api, flight, spelled):
    order = api.hold(flight, "A1")
    path = f"/api/orders/{spelled(order['orderId'])}"
    for what in ("", "/status"):
        assert api.get(path + what).ok()["orderId"] == order["orderId"]
    assert api.get(path + "/events").ok()["orderId"] == order["orderId"]
    assert len(api.get(path + "/events").ok()["events"]) == 2
    assert api.put(path + "/seats", {"seats": ["A2"]}).ok()["orderId"] == order["orderId"]
    jobs = stack.admin().get(f"/api/admin/jobs?orderId={spelled(order['orderId'])}").ok()["jobs"]
    assert [job["orderId"] for job in jobs] == [order["orderId"]]
    assert [o["orderId"] for o in stack.admin().get(f"/api/admin/orders?q={spelled(order['orderId'])}").ok()["orders"]] == [
        order["orderId"]]
    assert api.post(path + "/payment", {"paymentCode": "00000"}).ok()["orderId"] == order["orderId"]
    other = api.hold(flight, "B1")
    assert api.delete(f"/api/orders/{spelled(other['orderId'])}").ok()["orderId"] == other["orderId"]


def test_a_flight_id_is_exact_but_for_blanks_around_it(stack, api, flight):
    assert api.get(f"/api/flights/%20{flight}%20").ok()["id"] == flight
    assert api.get(f"/api/flights/{flight}%09/seats").ok()["flightId"] == flight
    assert api.post("/api/orders", {"flightId": f" {flight}\n", "seats": ["A1"]}).ok(201)["flightId"] == flight
    assert api.post(f"/api/flights/{flight}%20/orders", {"userId": "x", "seats": ["A2"]}).ok(201)["flightId"] == flight
    assert len(stack.admin().get(f"/api/admin/orders?flightId=%20{flight}").ok()["orders"]) == 2
    assert stack.admin().post("/api/admin/reset", {"flightId": f" {flight} "}).ok()["ordersEnded"] == 2
    api.get(f"/api/flights/{flight.upper()}").refused(404, "FLIGHT_NOT_FOUND")


@pytest.mark.parametrize("query, field", [("status=AAA", "status"), ("status=pending", "status"), ("kind=PAYMENT", "kind"),
                                          ("orderId=x", "orderId"), (f"orderId={NO_ORDER}x", "orderId")])
def test_jobs_are_not_searched_by_impossible_values(stack, query, field):
    assert stack.admin().get(f"/api/admin/jobs?{query}").refused(400, "INVALID_REQUEST")["field"] == field
