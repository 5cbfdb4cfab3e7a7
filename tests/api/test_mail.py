# SPDX-License-Identifier: MIT
"""What happens to an order that was paid is told to its customer by mail: at least once, in order, and to nobody else."""

import contextlib
import re
import threading
import time
from datetime import datetime, timezone

import icalendar
import pymysql
import pytest

from outside import Outside
from persons import add_person
from post_office import PostOffice, make_certificate
from stack import wait_for

SENDER = "Air Exämple <booking@air.example>"


@pytest.fixture(scope="module")
def office():
    service = PostOffice()
    yield service
    service.close()


@pytest.fixture(scope="module")
def receiver():
    service = Outside()
    yield service
    service.close()


@pytest.fixture(scope="module")
def stack(office, receiver, own_stack):
    return own_stack(PASSENGERS="optional", SMTP_URL=f"smtp://127.0.0.1:{office.port}", SMTP_TLS="off", MAIL_FROM=SENDER, PUBLIC_URL="https://air.example",
                     WEBHOOK_URL=receiver.url, WEBHOOK_SECRET="a-secret-of-the-tests", PAYMENT_TIMEOUT="1s")


@pytest.fixture
def api(stack):
    return stack.api()


@pytest.fixture(autouse=True)
def willing(stack, office, receiver):
    """No mail of one test is left for the next."""
    office.answer = lambda command, argument, office: ...
    receiver.answer = lambda path, body: (200, b"")
    yield
    office.answer = lambda command, argument, office: ...
    waiting = "SELECT order_id AS orderId FROM workflow_jobs WHERE kind = 'SEND_MAIL' AND status <> 'FAILED'"
    wait_for(lambda: not [hurry(stack, order) for order in stack.query(waiting)], 15)


def contact(stack, order, address="ada@example.org", language=None):
    add_person(stack, order, "Lovelace", address, kind="CONTACT")
    stack.query("UPDATE persons SET language = %s WHERE order_id = %s AND kind = 'CONTACT'", language, order["orderId"])


def hold(stack, flight, *seats, address="ada@example.org", language=None):
    order = stack.api().hold(flight, *(seats or ("A1",)))
    contact(stack, order, address, language)
    return order


def paid(stack, flight, *seats, status="CONFIRMED", code="99999", **person):
    order = hold(stack, flight, *seats, **person)
    stack.api().pay(order, code).ok()
    return stack.wait_status(order, status)


def refund(stack, order, cents=5):
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/refunds", {"amountCents": cents, "reason": "late"}).ok(202)


def subjects(office, order):
    return [str(mail.message["Subject"]) for mail in office.about(order)]


def mails(office, order, count=1):
    wait_for(lambda: len(office.about(order)) >= count, 10, f"{count} mails")
    assert len(office.about(order)) == count
    return office.about(order)


def rows(stack, order):
    return [row["status"] for row in stack.query(
        "SELECT status FROM messages WHERE order_id = %s AND channel = 'MAIL' ORDER BY message_id", order["orderId"])]


def done(stack, order):
    wait_for(lambda: not stack.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND kind = 'SEND_MAIL' AND status <> 'FAILED'",
                                     order["orderId"]), 10)
    return rows(stack, order)


def hurry(stack, order):
    with contextlib.suppress(pymysql.err.OperationalError):     # a sweeper has the row
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'SEND_MAIL'"
                    " AND status = 'PENDING' AND run_at > UTC_TIMESTAMP(3) + INTERVAL 200000 MICROSECOND", order["orderId"])
    return True


def failed_jobs(stack, order):
    return [job for job in stack.admin().get(f"/api/admin/jobs?status=FAILED&kind=SEND_MAIL&orderId={order['orderId']}").ok()["jobs"]]


def events(stack, order):
    return [e for e in stack.api().events(order) if e["type"] == "MAIL_ATTEMPT"]


# -- what a mail is ------------------------------------------------------------------------------

def test_a_paid_order_is_told_to_its_customer(stack, office, flight):
    order = paid(stack, flight, "A1", "A2")
    (mail,) = mails(office, order)
    message = mail.message
    assert mail.sender == "booking@air.example" and mail.recipients == ["ada@example.org"]
    assert message["From"] == SENDER and message["To"] == "ada@example.org"
    assert order["locator"] in message["Subject"] and not message.defects
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "text/calendar"]
    for kind in ("text/plain", "text/html"):
        text = mail.text(kind)
        assert order["locator"] in text and "A1, A2" in text and "https://air.example" in text and "{{" not in text
    assert done(stack, order) == ["SENT"]
    assert [e["outcome"] for e in events(stack, order)] == ["SENT"]


def test_every_line_of_a_mail_is_short_and_ends_with_cr_lf(stack, office, flight):
    (mail,) = mails(office, paid(stack, flight))
    assert all(line.endswith(b"\r\n") and len(line) <= 1000 and max(line) < 0x80 for line in mail.data.splitlines(keepends=True))
    assert b"\n" not in mail.data.replace(b"\r\n", b"") and b"\r" not in mail.data.replace(b"\r\n", b"")
    head = mail.data.split(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 or line.startswith(b"Content-Type") for line in head.split(b"\r\n")), head


def test_the_html_shows_the_qr_code_that_is_in_the_mail(stack, office, flight):
    order = paid(stack, flight)
    (mail,) = mails(office, order)
    image = mail.part("image/png")
    assert image.get_content().startswith(b"\x89PNG\r\n") and image.get_content_disposition() == "inline"
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in mail.text("text/html")


def test_the_calendar_entry_is_read_by_others(stack, office, flight):
    order = paid(stack, flight, "A1", "A2")
    (mail,) = mails(office, order)
    part = mail.part("text/calendar")
    assert part.get_filename() == "flight.ics" and part.get_param("method") == "PUBLISH"
    data = part.get_payload(decode=True)
    assert all(len(line) <= 75 for line in data.split(b"\r\n")), "RFC 5545 folds at 75 octets"
    calendar = icalendar.Calendar.from_ical(data)
    (event,) = calendar.walk("VEVENT")
    departure = datetime.fromisoformat(order["flight"]["departureTime"].replace("Z", "+00:00"))
    assert calendar["METHOD"] == "PUBLISH" and event["UID"] == order["orderId"] and event["STATUS"] == "CONFIRMED"
    assert event["DTSTART"].dt == departure.replace(microsecond=0) and event["DTSTAMP"].dt <= datetime.now(timezone.utc)
    assert order["locator"] in event["DESCRIPTION"] and "A1, A2" in event["DESCRIPTION"]
    assert order["flight"]["flightNumber"] in event["SUMMARY"]


def test_a_later_calendar_entry_takes_the_place_of_an_earlier_one(stack, office, flight):
    order = paid(stack, flight)
    mails(office, order)
    time.sleep(1.1)
    refund(stack, order)
    first, second = (icalendar.Calendar.from_ical(mail.part("text/calendar").get_payload(decode=True)).walk("VEVENT")[0]
                     for mail in mails(office, order, 2))
    assert first["UID"] == second["UID"] and first["SEQUENCE"] < second["SEQUENCE"]


def test_a_cancelled_flight_leaves_the_calendar(stack, office, flight):
    order = paid(stack, flight)
    mails(office, order)
    time.sleep(1.1)
    stack.admin().post(f"/api/admin/flights/{flight}/cancel", {"reason": "snow"}).ok(202)
    wait_for(lambda: len(office.about(order)) >= 3, 15, "the flight's end, and the money")
    told = {str(mail.message["Subject"]).split(":")[0]: mail for mail in office.about(order)}
    cancelled = told[f"Your flight {order['flight']['flightNumber']} is cancelled"]
    entries = [icalendar.Calendar.from_ical(mail.part("text/calendar").get_payload(decode=True)).walk("VEVENT")[0]
               for mail in (office.about(order)[0], cancelled)]
    assert [entry["STATUS"] for entry in entries] == ["CONFIRMED", "CANCELLED"] and entries[0]["UID"] == entries[1]["UID"]
    assert entries[0]["SEQUENCE"] < entries[1]["SEQUENCE"]
    assert cancelled.part("image/png") is None and "Your flight is cancelled" in cancelled.text()
    assert any("Money back" in subject for subject in told)


def test_a_server_that_hangs_holds_up_no_stop(stack, office, flight):
    """Nor anything else: a booking goes on while the mail server says nothing."""
    asleep = threading.Event()
    office.answer = lambda command, argument, office: asleep.wait(30) and None if command in (".", "RCPT") else ...
    order = paid(stack, flight, "A1")
    wait_for(lambda: any(line.startswith("RCPT") for line in office.commands[-2:]), 10)
    begun = time.monotonic()
    paid(stack, flight, "A2")
    assert time.monotonic() - begun < 3
    begun = time.monotonic()
    with stack.without("sweeper"):
        assert time.monotonic() - begun < 5
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE kind = 'SEND_MAIL' AND status = 'RUNNING'")
    asleep.set()
    office.answer = lambda command, argument, office: ...
    wait_for(lambda: office.about(order), 20, "the mail, by the next sweeper")


@pytest.mark.parametrize("language, word", [("de", "Sie haben gebucht"), ("de-AT", "Sie haben gebucht"), ("fr", "confirmée"),
                                            ("es", "está confirmada"), ("tlh", "You are booked"), (None, "You are booked")])
def test_a_mail_is_in_the_customers_language(stack, office, flight, language, word):
    (mail,) = mails(office, paid(stack, flight, language=language))
    assert word in mail.text() and word in mail.text("text/html")


def test_times_are_local_and_money_is_written_out(stack, office, api):
    flight = stack.new_flight()
    stack.query("UPDATE flights SET departure_time = '2031-07-04 22:30:00', origin_time_zone = 'Asia/Kolkata', currency = 'KWD',"
                " price_cents = 1234567 WHERE flight_id = %s", flight)
    (mail,) = mails(office, paid(stack, flight))
    assert "Saturday, 5 July 2031, 04:00 (UTC+05:30)" in mail.text() and "1234.567 KWD" in mail.text()


# -- who gets one --------------------------------------------------------------------------------

def test_only_who_has_paid_is_written_to(stack, office, api, flight):
    """So nobody can make us write to strangers."""
    cancelled, failed, expired = hold(stack, flight, "A1"), paid(stack, flight, "A2", status="FAILED", code="00000"), hold(stack, flight, "B1")
    api.cancel(cancelled).ok()
    stack.lapse(expired)
    stack.fire_timer(expired)
    nobody = stack.api().hold(flight, "B2")
    api.pay(nobody, "99999").ok()
    stack.wait_status(nobody, "CONFIRMED")
    for order in (cancelled, failed, expired, nobody):
        assert rows(stack, order) == [] and not stack.has_job(order, "SEND_MAIL")


def test_a_forgotten_customer_gets_no_mail(stack, office, flight):
    office.answer = lambda command, argument, office: "451 later" if command == "RCPT" else ...
    order = paid(stack, flight)
    wait_for(lambda: events(stack, order), 10)
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/forget", {"reason": "asked for"}).ok()
    office.answer = lambda command, argument, office: ...
    wait_for(lambda: hurry(stack, order) and not stack.has_job(order, "SEND_MAIL"), 10)
    assert done(stack, order) == ["NO_ADDRESS"] and office.about(order) == []


@pytest.mark.parametrize("address", ["ada@example.org\r\nBcc: x@example.org", "ada lovelace@example.org", "ada@", "a@b@c", "<ada@example.org>",
                                     "a" * 65 + "@example.org", '"a b"@example.org', "ada@-example.org", "ada@example..org"])
def test_what_is_no_address_gets_no_mail(stack, office, flight, address):
    before = len(office.commands)
    order = paid(stack, flight, address=address)
    assert done(stack, order) == ["FAILED"]
    (job,) = failed_jobs(stack, order)
    assert "address" in job["lastError"] and address not in job["lastError"]
    assert not any("Bcc" in line or address in line for line in office.commands[before:])


NASTY = ["Ada\r\nBcc: eve@example.org", 'O"Hara \\', "Zoë 🛫👩‍👩‍👧", "עדה לאבלייס", "<script>alert(1)</script>", "{{locator}} {{>text}}",
         "\x1b[31mred", "a" * 100, "=?UTF-8?B?QQ==?="]


@pytest.mark.parametrize("name", NASTY)
def test_no_name_can_write_headers_or_markup(stack, office, flight, name):
    order = hold(stack, flight, "A1")
    add_person(stack, order, name, given_name="Ada")
    stack.query("UPDATE flights SET flight_number = %s WHERE flight_id = %s", re.sub(r"[\x00-\x1f]", "", f"X{name[:8]}"), flight)
    stack.api().pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    (mail,) = mails(office, order)
    assert sorted(mail.message.keys()) == sorted(["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Mime-Version", "Content-Type"])
    shown = re.sub(r"[\x00-\x1f]", " ", name)
    assert f"Ada {shown}" in mail.text()
    assert "<script" not in mail.text("text/html") and not mail.message.defects
    icalendar.Calendar.from_ical(mail.part("text/calendar").get_payload(decode=True))


def test_the_contact_of_the_order_is_written_to(stack, office, flight):
    """Nobody else: a passenger has no address, and who left is not mentioned."""
    ada, ida = {"givenName": "Ada", "familyName": "Lovelace"}, {"familyName": "Lovelace-Byron", "kind": "infant"}
    order = stack.api().post("/api/orders", {"flightId": flight, "seats": ["A1", "A2"], "passengers": [ada, ida, {"familyName": "Boole"}],
                                             "contact": {"email": "ada@example.org", "language": "de-AT"}}).ok(201)
    stack.api().put(f"/api/orders/{order['orderId']}/passengers", {"passengers": [ada, ida]}).ok()
    stack.api().pay(order, "99999").ok()
    stack.wait_status(order, "CONFIRMED")
    (mail,) = mails(office, order)
    text = mail.text()
    assert mail.message["To"] == "ada@example.org" and "Sie haben gebucht" in text
    assert "Ada Lovelace" in text and "Lovelace-Byron" in text and "   Lovelace-Byron" not in text and "Boole" not in text


# -- a server that is not well -------------------------------------------------------------------

def refusing(stage, line, times=10 ** 6):
    left = [times]

    def answer(command, argument, office):
        if command != stage or left[0] == 0:
            return ...
        left[0] -= 1
        return line
    return answer


@pytest.mark.parametrize("stage, line", [("CONNECT", "421 busy"), ("CONNECT", "554 not you"), ("MAIL", "452 full"),
                                         ("MAIL", "550 5.7.1 who are you"), ("RCPT", "450 greylisted"), ("DATA", "451 later"),
                                         (".", "452 full"), (".", None), ("RCPT", None), ("CONNECT", None), ("RCPT", "530 sign in")])
def test_a_mail_that_was_not_taken_is_sent_again_under_the_same_id(stack, office, flight, stage, line):
    seen = []
    office.hang_up()
    refuse = refusing(stage, line, times=2)

    def answer(command, argument, office):
        if command == ".":
            seen.append(argument.message["Message-ID"])
        return refuse(command, argument, office)
    office.answer = answer
    order = paid(stack, flight)
    wait_for(lambda: hurry(stack, order) and office.about(order), 15)
    (mail,) = mails(office, order)
    assert done(stack, order) == ["SENT"]
    outcomes = [e["outcome"] for e in events(stack, order)]
    assert outcomes == ["ERROR", "ERROR", "SENT"]
    assert set(seen) == {mail.message["Message-ID"]}
    assert re.fullmatch(r"<[0-9a-f-]{36}@air\.example>", mail.message["Message-ID"])


def test_pauses_between_the_tries_grow(stack, office, flight):
    office.answer = refusing("RCPT", "450 greylisted")
    order = paid(stack, flight)
    pauses = []
    for tries in range(1, 5):
        (job,) = wait_for(lambda tries=tries: len(events(stack, order)) == tries and stack.query(
            "SELECT TIMESTAMPDIFF(MICROSECOND, updated_at, run_at) / 1e6 AS s FROM workflow_jobs WHERE order_id = %s"
            " AND kind = 'SEND_MAIL' AND status = 'PENDING'", order["orderId"]), 10)
        pauses.append(float(job["s"]))
        stack.query("UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind = 'SEND_MAIL' AND attempts = %s",
                    order["orderId"], tries)
        wait_for(lambda tries=tries: len(events(stack, order)) > tries, 10)
    assert all(0.85 * 2 ** n <= pause <= 1.15 * 2 ** n for n, pause in enumerate(pauses)), pauses


@pytest.mark.parametrize("stage, line", [("RCPT", "550 5.1.1 <ada@example.org>: no such user"), ("DATA", "554 no"), (".", "552 too much")])
def test_a_refused_mail_is_a_failed_job_and_the_next_goes_on(stack, office, flight, stage, line):
    office.answer = refusing(stage, line, times=1)
    order = paid(stack, flight)
    wait_for(lambda: rows(stack, order) == ["FAILED"], 10)
    (job,) = failed_jobs(stack, order)
    assert "refused" in job["lastError"] and line[:3] in job["lastError"] and "@" not in job["lastError"]
    assert all("@" not in (e["detail"] or "") for e in events(stack, order))
    refund(stack, order)
    (mail,) = mails(office, order)
    assert "Money back" in mail.message["Subject"] and done(stack, order) == ["FAILED", "SENT"]
    # The operator has it tried again, and it is the mail that it was.
    stack.admin().post(f"/api/admin/jobs/{job['id']}/retry", {"reason": "the address works now"}).ok()
    again = mails(office, order, 2)[1]
    assert order["locator"] in again.message["Subject"] and "You are booked" in again.text()
    assert done(stack, order) == ["SENT", "SENT"] and failed_jobs(stack, order) == []


def test_a_mail_that_is_refused_again_stays_failed(stack, office, flight):
    office.answer = refusing("RCPT", "550 no such user")
    order = paid(stack, flight)
    wait_for(lambda: rows(stack, order) == ["FAILED"], 10)
    (job,) = failed_jobs(stack, order)
    stack.admin().post(f"/api/admin/jobs/{job['id']}/retry", {"reason": "perhaps"}).ok()
    wait_for(lambda: len(events(stack, order)) == 2 and failed_jobs(stack, order), 10)
    assert rows(stack, order) == ["FAILED"]


def test_a_later_mail_waits_for_an_earlier_one(stack, office, flight):
    office.answer = refusing("RCPT", "450 later")
    order = paid(stack, flight)
    refund(stack, order)
    wait_for(lambda: rows(stack, order) == ["PENDING"] * 2, 10)
    office.answer = lambda command, argument, office: ...
    wait_for(lambda: hurry(stack, order) and done(stack, order) == ["SENT"] * 2, 10)
    first, second = subjects(office, order)
    assert "Your booking" in first and "Money back" in second


def test_no_channel_waits_for_the_other(stack, office, receiver, flight):
    office.answer = refusing("RCPT", "450 later")
    order = paid(stack, flight)
    wait_for(lambda: any((call["json"] or {}).get("data", {}).get("orderId") == order["orderId"] for call in receiver.calls), 10)
    assert rows(stack, order) == ["PENDING"]
    office.answer = lambda command, argument, office: ...
    receiver.answer = lambda path, body: (503, b"")
    other = paid(stack, flight, "B1")
    mails(office, other)
    assert stack.has_job(other, "SEND_MESSAGE")


def test_no_mail_is_sent_that_is_a_day_old(stack, office, flight):
    """As after a backup was restored, whose mails somebody may have got long ago."""
    office.answer = refusing("RCPT", "450 later")
    order, tried = paid(stack, flight, "A1"), paid(stack, flight, "A2")
    wait_for(lambda: events(stack, order) and events(stack, tried), 10)
    stack.query("UPDATE messages SET created_at = created_at - INTERVAL 25 HOUR, tries = 0 WHERE order_id = %s", order["orderId"])
    stack.query("UPDATE messages SET created_at = created_at - INTERVAL 25 HOUR WHERE order_id = %s", tried["orderId"])
    office.answer = lambda command, argument, office: ...
    for each in (order, tried):
        wait_for(lambda each=each: hurry(stack, each) and done(stack, each), 10)
    assert done(stack, order) == ["TOO_OLD"] and failed_jobs(stack, order) == []
    assert done(stack, tried) == ["FAILED"] and len(failed_jobs(stack, tried)) == 1
    assert office.about(order) == office.about(tried) == []


def test_connections_are_used_again(stack, office, flight):
    before = office.sessions
    orders = [paid(stack, flight, f"C{n}") for n in range(1, 7)]
    for order in orders:
        mails(office, order)
    assert office.sessions - before <= 3


# -- the ways to a server ------------------------------------------------------------------------

@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("post"))


WAYS = {
    "smtps": ({"implicit_tls": True}, "smtps://{at}", {}, True),
    "starttls": ({"starttls": True}, "smtp://{at}", {}, True),
    "starttls that is not offered": ({}, "smtp://{at}", {}, False),
    "opportunistic, and there is none": ({}, "smtp://{at}", {"SMTP_TLS": "opportunistic"}, True),
    "opportunistic, and there is": ({"starttls": True}, "smtp://{at}", {"SMTP_TLS": "opportunistic"}, True),
    "signed in": ({"starttls": True, "user": "ada@air", "password": "p:a/s s"}, "smtp://ada%40air:p%3Aa%2Fs%20s@{at}", {}, True),
    "signed in wrongly": ({"starttls": True, "user": "ada", "password": "right"}, "smtp://ada:wrong@{at}", {}, False),
    "not signed in": ({"starttls": True, "user": "ada", "password": "right"}, "smtp://{at}", {}, False),
    "a certificate nobody knows": ({"starttls": True}, "smtp://{at}", {"SMTP_CA": ""}, False),
}


def once(stack, **settings):
    """Runs a sweeper with other settings until nothing is due."""
    sweeper = stack.popen("sweeper", "--once", **{name: str(value) for name, value in settings.items()})
    out, err = sweeper.communicate(timeout=60)
    assert sweeper.returncode == 0, err
    return out + err


@pytest.mark.parametrize("way", WAYS)
def test_the_way_to_a_mail_server(stack, certificate, way):
    kind, url, settings, arrives = WAYS[way]
    office = PostOffice(certificate=certificate, **kind)
    try:
        with stack.without("sweeper"):
            order = hold(stack, stack.new_flight(), "A1")
            stack.api().pay(order, "99999").ok()
            said = once(stack, **{"SMTP_URL": url.format(at=f"127.0.0.1:{office.port}"), "SMTP_TLS": "required",
                                  "SMTP_CA": certificate[1], **settings})
            if arrives:
                (mail,) = office.mails
                assert mail.session["tls"] == (way != "opportunistic, and there is none") and mail.session["user"] == kind.get("user")
            else:
                assert office.mails == [] and rows(stack, order) == ["PENDING"], "it is not the mail that is wrong"
            assert "right" not in said and "wrong" not in said and "p:a/s" not in said
    finally:
        office.close()


@pytest.mark.parametrize("offered", [True, False])
def test_an_address_beyond_ascii_needs_a_server_that_takes_it(stack, offered):
    office = PostOffice(extensions=["SMTPUTF8", "8BITMIME"] if offered else [])
    if not offered:
        office.answer = lambda command, argument, office: "553 5.6.7 no" if command == "RCPT" and not argument.isascii() else ...
    try:
        with stack.without("sweeper"):
            order = hold(stack, stack.new_flight(), "A1", address="zoë@example.org")
            stack.api().pay(order, "99999").ok()
            once(stack, SMTP_URL=f"smtp://127.0.0.1:{office.port}")
            assert rows(stack, order) == (["SENT"] if offered else ["FAILED"])
            assert any("SMTPUTF8" in line for line in office.commands if line.startswith("MAIL")) == offered
    finally:
        office.close()


def test_without_settings_no_mail_is_written(default_stack):
    order = paid(default_stack, default_stack.new_flight())
    assert rows(default_stack, order) == [] and not default_stack.has_job(order, "SEND_MAIL")
