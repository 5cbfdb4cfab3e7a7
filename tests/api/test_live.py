# SPDX-License-Identifier: MIT
"""/live is /api for clients that poll: the same answers, at most a second old, however many clients there are."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shapes import ORDER_FIELDS
from stack import wait_for


def test_the_same_answers(api, flight):
    order = api.hold(flight, "A1")
    for path in (f"orders/{order['orderId']}", f"orders/{order['orderId']}/status", f"flights/{flight}",
                 f"flights/{flight}/seats", f"flights/{flight}/seats?status=AVAILABLE"):
        live, direct = api.get(f"/live/{path}").ok(), api.get(f"/api/{path}").ok()
        for moving in ("serverTime", "timerRemaining"):
            live.pop(moving, None), direct.pop(moving, None)
        assert live == direct
    assert set(api.get(f"/live/orders/{order['orderId']}").ok()) == ORDER_FIELDS


def test_an_answer_is_shared_for_a_second_and_no_longer(api, flight):
    path = f"/live/flights/{flight}/seats"
    before = api.get(path)
    api.hold(flight, "A1")
    changed_at = time.monotonic()

    def shows_it():
        return api.get(path).ok()["available"] == 29
    wait_for(shows_it, 2.5)
    assert time.monotonic() - changed_at < 2.2
    assert before.ok()["available"] == 30


def test_calm_answers_are_the_same_and_may_be_three_seconds_old(api, flight):
    for path in (f"flights/{flight}", f"flights/{flight}/seats?status=AVAILABLE"):
        assert api.get(f"/live/calm/{path}").ok() == api.get(f"/live/{path}").ok()
    path = f"/live/calm/flights/{flight}/seats"
    assert api.get(path).ok()["available"] == 30
    api.hold(flight, "A1")
    assert api.get(f"/live/calm/flights/{flight}/seats").ok()["available"] == 30
    wait_for(lambda: api.get(path).ok()["available"] == 29, 4.5)
    etag = api.get(path).etag
    assert etag == api.get(f"/live/flights/{flight}/seats").etag
    assert api.get(path, headers={"If-None-Match": etag}).status == 304
    order = api.hold(flight, "B1")
    for elsewhere in (f"/live/calm/orders/{order['orderId']}", "/live/calm", "/live/calm/admin/orders"):
        api.get(elsewhere).refused(404, "NOT_FOUND")
    api.post(f"/live/calm/flights/{flight}/orders", {"seats": ["C1"]}).refused(405, "METHOD_NOT_ALLOWED")


def test_each_answer_has_its_own_request_id(api, flight):
    path = f"/live/flights/{flight}"
    assert len({api.get(path).headers["X-Request-Id"] for _ in range(4)}) == 4


def test_queries_are_kept_apart(api, flight):
    api.hold(flight, "A1")
    assert len(api.get(f"/live/flights/{flight}/seats?status=AVAILABLE").ok()["seats"]) == 29
    assert len(api.get(f"/live/flights/{flight}/seats?status=RESERVED").ok()["seats"]) == 1


def test_many_pollers_ask_the_pool_about_once_a_second(stack, api, flight):
    """A hundred polls in a burst rarely make more than a few requests to the pool."""
    path = f"/live/flights/{flight}/seats"
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: api.get(path), range(200)))
    assert {answer.status for answer in answers} == {200}
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    log = "".join(f.read_text(errors="replace") for f in (stack.data_dir / "logs").glob("api*"))
    reached = sum(1 for id_ in ids if id_ in log)
    assert reached <= 10, f"{reached} of 200 reached the pool"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_for_reading(stack, api, flight, method):
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    api.request(method, f"/live/orders/{order['orderId']}").refused(405, "METHOD_NOT_ALLOWED")
    api.post("/live/orders", {"flightId": flight, "seats": ["B1"]}).refused(405, "METHOD_NOT_ALLOWED")
    assert stack.everything(order) == before


def test_unknown_things(api):
    api.get("/live/flights/nowhere").refused(404, "FLIGHT_NOT_FOUND")
    api.get("/live/nothing").refused(404, "NOT_FOUND")


def test_not_modified_through_the_cache(api, flight):
    order = api.hold(flight, "A1")
    path = f"/live/orders/{order['orderId']}"
    etag = api.get(path).etag
    assert etag == f'"{order["version"]}"'
    answer = api.get(path, headers={"If-None-Match": etag})
    assert answer.status in (200, 304)


def test_admin_is_not_live(quick_stack):
    """An answer that needs the token must never come from a cache."""
    assert quick_stack.admin().get("/live/admin/orders").status in (200, 404)
    assert quick_stack.api().get("/live/admin/orders").status in (401, 404)
