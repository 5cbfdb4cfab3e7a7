# SPDX-License-Identifier: MIT
"""/health, as monitors and the page read it. test_outages.py and test_sweeper.py test what it says in trouble."""

from shapes import when


def test_health(api):
    health = api.get("/health").ok()
    assert {k: health[k] for k in ("status", "database", "sweeper", "sweepers")} == {
        "status": "ok", "database": "ok", "sweeper": "ok", "sweepers": 1}
    when(health["serverTime"])
    assert health["version"]
    assert health["settings"] == {"reservationTimeoutSeconds": 900, "maxSeatsPerOrder": 9, "maxPaymentAttempts": 3,
                                  "paymentCode": "required", "paymentSimulator": True, "paymentFailureRate": 0}


def test_settings_are_those_in_force(quick_stack):
    health = quick_stack.api().get("/health").ok()
    assert health["sweepers"] == 2
    assert health["settings"]["reservationTimeoutSeconds"] == 3 and health["settings"]["maxSeatsPerOrder"] == 4


def test_the_limit_of_seats_is_the_one_configured(quick_stack):
    api, flight = quick_stack.api(), quick_stack.new_flight()
    api.post("/api/orders", {"flightId": flight, "seats": ["A1", "A2", "A3", "A4", "A5"]}).refused(400, "INVALID_SEATS")
    api.hold(flight, "A1", "A2", "A3", "A4")


def test_live(api):
    assert api.get("/health/live").ok() == {"status": "ok"}


def test_health_is_never_cached(api):
    assert "no-store" in api.get("/health").headers["Cache-Control"]
