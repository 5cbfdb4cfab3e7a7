# SPDX-License-Identifier: MIT
"""Times, and the exact fields of the API's objects."""

import datetime
import re

ORDER_FIELDS = {
    "orderId", "flightId", "flight", "userId", "status", "actions", "seats", "seatPrices", "locator", "workflowId", "reservedAt", "expiresAt", "timerRemaining",
    "serverTime", "paymentAttempts", "maxPaymentAttempts", "lastError", "message", "totalPriceCents", "currency", "priceLines",
    "version", "createdAt", "updatedAt",
}
ORDER_FLIGHT_FIELDS = {"flightNumber", "origin", "destination", "departureTime", "arrivalTime", "originTimeZone", "destinationTimeZone"}
FLIGHT_FIELDS = {
    "id", "flightNumber", "origin", "destination", "departureTime", "totalSeats", "availableSeats", "priceCents",
    "currency",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

NO_ORDER = "00000000-0000-7000-8000-000000000000"


def when(text):
    """Parses RFC 3339 in UTC with milliseconds into a datetime; anything else fails."""
    assert TIME.fullmatch(text), f"not RFC 3339 UTC with milliseconds: {text!r}"
    return datetime.datetime.fromisoformat(text)


def seconds(earlier, later):
    return (when(later) - when(earlier)).total_seconds()
