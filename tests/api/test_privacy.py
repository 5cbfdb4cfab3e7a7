# SPDX-License-Identifier: MIT
"""Payment codes are kept in the database no longer than needed, and never in logs."""

import random
import re

from stack import of_process, wait_for

# No other test uses these codes, and they are unlikely to turn up as other numbers.
CODES = random.sample(range(71000, 89999), 6)


def appears(code, text):
    """Tells whether the code stands by itself, not within a longer number or an id."""
    return re.search(rf"(?<![0-9a-fA-F.-]){code}(?![0-9a-fA-F.-])", text)


def test_codes_are_wiped_when_settled_and_never_logged(stack, api, flight):
    codes = [str(code) for code in CODES]
    paid, declined = api.hold(flight, "A1"), api.hold(flight, "A2")
    api.pay(paid, codes[0]).ok()
    stack.wait_status(paid, "CONFIRMED")
    api.pay(declined, "00000").ok()
    stack.wait_status(declined, "FAILED")
    assert stack.everything(paid)["payment"][0]["payment_code"] == codes[0][-2:]
    assert stack.everything(declined)["payment"][0]["payment_code"] == "00"

    # The code is sent in every way, and with every kind of mistake.
    held, cancelled = api.hold(flight, "B1"), api.hold(flight, "B2")
    api.post(f"/api/orders/{held['orderId']}/pay", form={"paymentCode": f"{codes[1]}0"}).refused(400, "INVALID_PAYMENT_CODE")
    api.post(f"/api/orders/{held['orderId']}/pay?paymentCode={codes[2]}", {}).refused(400, "INVALID_PAYMENT_CODE")
    api.post(f"/api/orders/{held['orderId']}/payment", body=b'{"paymentCode":"%s"' % codes[3].encode(),
             headers={"Content-Type": "application/json"}).refused(400, "INVALID_JSON")
    api.pay(paid, codes[4], headers={"Idempotency-Key": f"privacy-{codes[4]}-key"}).refused(409, "ORDER_CLOSED")
    api.pay(cancelled, "50400").ok()
    api.cancel(cancelled).ok()
    wait_for(lambda: not stack.everything(cancelled)["jobs"], 20)
    assert stack.everything(cancelled)["payment"][0]["payment_code"] == "00", "settled, too"

    # nginx writes its access log once a second.
    wait_for(lambda: held["orderId"] in (stack.data_dir / "logs/access.log").read_text(), 5)
    logs = stack.logs()
    for code in codes:
        assert not appears(code, logs), f"{code} was logged"
        for table in ("workflow_events", "workflow_jobs", "payments", "orders"):
            text = " ".join(str(value) for row in stack.query(f"SELECT * FROM {table}") for value in row.values()
                            if isinstance(value, str))
            assert not appears(code, text), f"{code} is kept in {table}"


def test_codes_are_never_shown(stack, api, flight):
    order = api.hold(flight, "A1")
    code = str(CODES[5])
    api.pay(order, code).ok()
    stack.wait_status(order, "CONFIRMED")
    for path in (f"/api/orders/{order['orderId']}", f"/api/orders/{order['orderId']}/events",
                 f"/api/admin/orders?flightId={flight}", "/api/admin/jobs"):
        assert not appears(code, api.get(path).body.decode())


def test_passwords_are_not_on_the_command_line_or_in_the_logs(stack):
    secrets = [stack.programs_environment()[name].split(":", 1)[1].split("@")[0]
               for name in ("DATABASE_DSN", "GATEWAY_DATABASE_DSN")]
    commands = " ".join(of_process(pid, "cmdline") for pid in stack.all_pids())
    logs = stack.logs()
    for secret in secrets:
        assert len(secret) > 10 and secret not in commands and secret not in logs
