# SPDX-License-Identifier: MIT
"""An order contains facts about its flight, so that a list of bookings takes one request."""

from shapes import ORDER_FLIGHT_FIELDS


def test_every_answer_with_an_order_has_its_flight(stack, api):
    flight = stack.new_flight(origin="LAX", destination="FRA", flight_number="QZ 17")
    stack.query("UPDATE flights SET origin_time_zone = 'America/Los_Angeles', destination_time_zone = 'Europe/Berlin'"
                " WHERE flight_id = %s", flight)
    shown = api.get(f"/api/flights/{flight}").ok()
    facts = {name: shown.get(name) for name in ORDER_FLIGHT_FIELDS}
    assert facts["originTimeZone"] == "America/Los_Angeles"
    order = api.hold(flight, "A1", "A2", user="facts of " + flight[:20])
    path = f"/api/orders/{order['orderId']}"
    for answer in (order, api.change(order, "A2").ok(), api.order(order), api.get(path + "/status").ok(),
                   api.get(f"/api/orders?userId={order['userId'].replace(' ', '%20')}").ok()["orders"][0],
                   stack.admin().get(f"/api/admin/orders?flightId={flight}").ok()["orders"][0],
                   api.pay(order).ok(), stack.wait_status(order, "CONFIRMED")):
        assert answer["flight"] == facts
    assert api.delete(path, headers={"If-Match": '"999"'}).refused(412, "PRECONDITION_FAILED")["order"]["flight"] == facts


def test_the_facts_are_those_of_now(stack, api, flight):
    order = api.hold(flight, "A1")
    stack.query("UPDATE flights SET departure_time = departure_time + INTERVAL 1 DAY, flight_number = 'NEW 1'"
                " WHERE flight_id = %s", flight)
    now = api.order(order)["flight"]
    assert now["flightNumber"] == "NEW 1"
    assert now["departureTime"] == api.get(f"/api/flights/{flight}").ok()["departureTime"] > order["flight"]["departureTime"]


def test_only_a_flight_with_a_rule_says_that_it_can_be_cancelled(stack, api, flight):
    assert api.hold(stack.new_flight(refund_rule="0:0:0"), "A1")["flight"]["cancellable"] is True
    assert "cancellable" not in api.hold(flight, "A1")["flight"]
