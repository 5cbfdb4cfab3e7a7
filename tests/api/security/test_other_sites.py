# SPDX-License-Identifier: MIT
"""Pages of other sites in a visitor's browser: forms need no preflight, so the server has to refuse what they send."""

import json

import pytest

EVIL = [{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
SHOP = "https://shop.example"


def requests(api, flight, headers):
    order = api.hold(flight, "A1")
    path = f"/api/orders/{order['orderId']}"
    yield lambda: api.post("/api/orders", form={"flightId": flight, "seats": "B1"}, headers=headers)
    yield lambda: api.post(f"/api/flights/{flight}/orders", form={"userId": "x", "seats": "B2"}, headers=headers)
    yield lambda: api.post(f"{path}/seats", form={"seats": "A2"}, headers=headers)
    yield lambda: api.put(f"{path}/seats", {"seats": ["A2"]}, headers=headers)
    yield lambda: api.post(f"{path}/payment", form={"paymentCode": "99999"}, headers=headers)
    yield lambda: api.post(f"{path}/pay", form={"paymentCode": "99999"}, headers=headers)
    yield lambda: api.delete(path, headers=headers)


@pytest.mark.parametrize("headers", EVIL)
def test_other_sites_change_nothing(stack, api, headers):
    flight = stack.new_flight()
    for request in requests(api, flight, headers):
        request().refused(403, "FORBIDDEN")
    assert [order["version"] for order in stack.query("SELECT version FROM orders WHERE flight_id = %s", flight)] == [1]


def test_other_sites_are_no_operators(stack, api):
    """This holds even where loopback needs no token, because a developer's browser is on loopback."""
    for headers in EVIL:
        for path in ("reset", "jobs/1/retry", "kinds/SEND_CONFIRMATION/pause"):
            api.post(f"/api/admin/{path}", headers=headers).refused(403, "FORBIDDEN")


def test_this_site_and_programs_may(stack, api, flight):
    own = f"http://127.0.0.1:{stack.port}"
    for seat, headers in enumerate([{}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Origin": own}, {"Sec-Fetch-Site": "none"}]):
        api.post("/api/orders", {"flightId": flight, "seats": [f"A{seat + 1}"]}, headers=headers).ok(201)


def test_the_allowed_origin_may(quick_stack):
    api, flight = quick_stack.api(), quick_stack.new_flight()
    headers = {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"}
    api.post("/api/orders", {"flightId": flight, "seats": ["A1"]}, headers=headers).ok(201)
    quick_stack.admin().post("/api/admin/kinds/SEND_CONFIRMATION/resume", headers=headers).ok()
    for other in EVIL:
        api.post("/api/orders", {"flightId": flight, "seats": ["A2"]}, headers=other).refused(403, "FORBIDDEN")


@pytest.mark.parametrize("headers", EVIL)
def test_reading_is_for_all(api, flight, headers):
    answer = api.get(f"/api/flights/{flight}", headers=headers)
    assert answer.ok() and "Access-Control-Allow-Origin" not in answer.headers
    assert json.loads(api.get("/live/flights", headers=headers).body)["flights"]
