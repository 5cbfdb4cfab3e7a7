# SPDX-License-Identifier: MIT
"""Mails as a reader sees them: sent over TLS with a password to a real mail server, mailpit, and read from its mailbox."""

import icalendar
import pytest

from mailpit import PROGRAM, Mailbox
from persons import add_person

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="make test-sso builds mailpit, which takes Go and a network")


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory):
    box = Mailbox(tmp_path_factory.mktemp("mailpit"))
    yield box
    box.stop()


@pytest.fixture(scope="module")
def stack(mailbox, own_stack):
    return own_stack(**mailbox.settings(), MAIL_FROM="Air Example <booking@air.example>", PUBLIC_URL="https://air.example", PAYMENT_TIMEOUT="1s")


def test_a_reader_sees_the_ticket_and_later_the_money(stack, mailbox):
    api = stack.api()
    stack.query("INSERT IGNORE INTO places (code, name, city, time_zone, name_key, city_key, updated_at) VALUES"
                " ('QQA', 'Bahía Söder', 'Bahía', 'UTC', 'bahia soder', 'bahia', UTC_TIMESTAMP(3))")
    order = api.hold(stack.new_flight(), "A1", "A2", "B1")
    address = f"{order['orderId']}@example.org"
    for n, name in enumerate(("Lovelace", "O'Hara <b>", "עדה"), 1):
        add_person(stack, order, name)
        stack.query("UPDATE persons SET position = %s WHERE order_id = %s AND position IS NULL", n, order["orderId"])
    add_person(stack, order, "Lovelace", address, kind="CONTACT")
    api.pay(order, "99999").ok()
    order = stack.wait_status(order, "CONFIRMED")

    (mail,) = mailbox.wait(address, 1)
    assert mail["From"] == {"Name": "Air Example", "Address": "booking@air.example"} and mail["To"][0]["Address"] == address
    assert order["locator"] in mail["Subject"] and "Bahía Söder (QQA)" in mail["Subject"]
    for shown in ("A1  Ada Lovelace", "A2  Ada O'Hara <b>", "B1  Ada עדה", order["locator"], "Price: 387.00 USD", "https://air.example"):
        assert shown in mail["Text"], mail["Text"]
    assert "O&#39;Hara &lt;b&gt;" in mail["HTML"] and "<bdi>Ada עדה</bdi>" in mail["HTML"]

    (image,) = mail["Inline"]
    assert image["ContentType"] == "image/png" and f"cid:{image['ContentID']}" in mail["HTML"]
    (entry,) = mail["Attachments"]
    assert (entry["FileName"], entry["ContentType"]) == ("flight.ics", "text/calendar")
    (event,) = icalendar.Calendar.from_ical(mailbox.get(f"api/v1/message/{mail['ID']}/part/{entry['PartID']}").content).walk("VEVENT")
    assert event["UID"] == order["orderId"] and "Bahía Söder" in event["LOCATION"]
    html = mailbox.get(f"api/v1/message/{mail['ID']}/html-check").json()
    assert html["Total"]["Unsupported"] < 10, html["Total"]

    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": 18000, "reason": "late"}).ok(202)
    told = mailbox.wait(address, 2)[1]
    assert "Money back" in told["Subject"] and "Sent back so far: 180.00 USD" in told["Text"]
