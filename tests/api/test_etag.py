# SPDX-License-Identifier: MIT
"""An order's ETag is its version: 304 when the client has the current one, 412 when it acts on an older one."""

import pytest


def path(order):
    return f"/api/orders/{order['orderId']}"


def test_the_etag_is_the_version(api, flight):
    order = api.hold(flight, "A1")
    for suffix in ("", "/status"):
        answer = api.get(path(order) + suffix)
        assert answer.etag == f'"{order["version"]}"'
    changed = api.change(order, "B1")
    assert changed.etag == f'"{changed.json["version"]}"' != answer.etag
    assert api.get(path(order)).etag == changed.etag


@pytest.mark.parametrize("suffix", ["", "/status"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"77777", {}', "{} ,\"x\"", "*"])
def test_not_modified(api, flight, form, suffix):
    order = api.hold(flight, "A1")
    etag = api.get(path(order)).etag
    answer = api.get(path(order) + suffix, headers={"If-None-Match": form.format(etag)})
    assert (answer.status, answer.body, answer.etag) == (304, b"", etag)


def test_modified(api, flight):
    order = api.hold(flight, "A1")
    etag = api.get(path(order)).etag
    api.change(order, "B1").ok()
    assert api.get(path(order), headers={"If-None-Match": etag}).ok()["seats"] == ["B1"]
    assert api.get(path(order), headers={"If-None-Match": '"77777"'}).status == 200


def test_a_lapse_is_a_modification(stack, api, flight):
    """A client that polls for the end of a hold must not get 'not modified'."""
    order = api.hold(flight, "A1")
    etag = api.get(path(order)).etag
    stack.lapse(order)
    answer = api.get(path(order), headers={"If-None-Match": etag})
    assert answer.ok()["status"] == "EXPIRED" and answer.etag == f'"{order["version"] + 1}"'


CHANGES = {
    "change": lambda api, order, headers: api.change(order, "B1", headers=headers),
    "payment": lambda api, order, headers: api.pay(order, headers=headers),
    "pay": lambda api, order, headers: api.post(f"{path(order)}/pay", {"paymentCode": "99999"}, headers=headers),
    "cancel": lambda api, order, headers: api.cancel(order, headers=headers),
}


@pytest.mark.parametrize("change", CHANGES)
def test_if_match_of_an_older_version(stack, api, flight, change):
    order = api.hold(flight, "A1")
    api.change(order, "A2").ok()
    before = stack.everything(order)
    refused = CHANGES[change](api, order, {"If-Match": f'"{order["version"]}"'}).refused(412, "PRECONDITION_FAILED")
    assert (refused["order"]["orderId"], refused["order"]["seats"]) == (order["orderId"], ["A2"])
    assert refused["order"]["version"] == before["order"]["version"]
    assert stack.everything(order) == before


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", ["{}", "W/{}", "*", '"77777", {}'])
def test_if_none_match_of_what_is_there_changes_nothing(stack, api, flight, change, form):
    """RFC 9110, 13.1.2: methods other than GET and HEAD are refused."""
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    refused = CHANGES[change](api, order, {"If-None-Match": form.format(f'"{order["version"]}"')})
    assert refused.refused(412, "PRECONDITION_FAILED")["order"]["version"] == order["version"]
    assert stack.everything(order) == before


@pytest.mark.parametrize("change", CHANGES)
def test_if_none_match_of_another_version_is_met(api, flight, change):
    answer = CHANGES[change](api, api.hold(flight, "A1"), {"If-None-Match": '"77777"'})
    assert answer.status in (200, 202)


@pytest.mark.parametrize("suffix", ["", "/status"])
def test_if_match_when_reading(api, flight, suffix):
    order = api.hold(flight, "A1")
    etag = f'"{order["version"]}"'
    for met in (etag, "*", f'"77777", {etag}'):
        assert api.get(path(order) + suffix, headers={"If-Match": met}).ok()["version"] == order["version"]
    for unmet in ('"77777"', f"W/{etag}"):
        refused = api.get(path(order) + suffix, headers={"If-Match": unmet}).refused(412, "PRECONDITION_FAILED")
        assert refused["order"]["version"] == order["version"]
    api.get(path(order) + suffix, headers={"If-Match": "banana"}).refused(400, "INVALID_REQUEST")
    # If-Match is evaluated first (RFC 9110, 13.2.2).
    assert api.get(path(order) + suffix, headers={"If-Match": '"77777"', "If-None-Match": etag}).status == 412
    assert api.get(path(order) + suffix, headers={"If-Match": etag, "If-None-Match": etag}).status == 304


def test_an_order_is_kept_out_of_shared_caches(api, flight):
    """Knowing an order's id gives access to it, so no cache in between may show the order to others."""
    order = api.hold(flight, "A1")
    for answer in (api.get(path(order)), api.get(path(order), headers={"If-None-Match": f'"{order["version"]}"'})):
        assert "private" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", ["{}", "*", '"77777", {}'])
def test_if_match_of_the_current_version(api, flight, change, form):
    order = api.hold(flight, "A1")
    answer = CHANGES[change](api, order, {"If-Match": form.format(f'"{order["version"]}"')})
    assert answer.status in (200, 202)


@pytest.mark.parametrize("nonsense", ["1", "'1'", "\"1", "banana", '"-1"', '"1e0"', '"99999999999999999999999"'])
def test_if_match_of_nonsense_never_matches(stack, api, flight, nonsense):
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    answer = api.change(order, "B1", headers={"If-Match": nonsense})
    assert answer.status in (400, 412), answer
    assert stack.everything(order) == before


def test_a_weak_tag_never_satisfies_if_match(api, flight):
    """RFC 9110, 13.1.1: strong comparison."""
    order = api.hold(flight, "A1")
    api.change(order, "B1", headers={"If-Match": f'W/"{order["version"]}"'}).refused(412, "PRECONDITION_FAILED")


def test_of_two_changes_to_one_version_one_wins(api, flight):
    from concurrent.futures import ThreadPoolExecutor
    order = api.hold(flight, "A1")
    headers = {"If-Match": f'"{order["version"]}"'}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: api.change(order, f"B{n + 1}", headers=headers), range(6)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 5
    (winner,) = [answer.json for answer in answers if answer.status == 200]
    assert api.order(order)["seats"] == winner["seats"]


def test_an_order_is_never_compressed_so_that_its_etag_stays_strong(stack, api):
    """Tests the longest order, with nine seats. nginx would weaken the ETag of a compressed answer, and If-Match does
    not match a weak one."""
    flight = stack.new_flight(rows=9, price_cents=123456789012)
    stack.query("UPDATE flights SET origin_time_zone = 'America/Argentina/ComodRivadavia',"
                " destination_time_zone = 'America/North_Dakota/New_Salem' WHERE flight_id = %s", flight)
    gzip = {"Accept-Encoding": "gzip"}
    answer = api.post("/api/orders", {"flightId": flight, "userId": "Ж" * 50, "seats": [f"A{n}" for n in range(1, 10)]},
                      headers=gzip)
    order = answer.ok(201)
    assert len(answer.body) > 1024
    shown = api.get(f"/api/orders/{order['orderId']}", headers=gzip)
    assert answer.etag == shown.etag == f'"{order["version"]}"'
    api.cancel(order, headers={**gzip, "If-Match": shown.etag}).ok()
