# SPDX-License-Identifier: MIT
"""The units under a real systemd: they are hardened and still keep their promises."""

import json
import os
import re

import pytest
from service import Service

from stack import wait_for

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="machines need root")


@pytest.fixture(scope="module")
def service():
    with Service("service") as service:
        service.install(API_WORKERS=3, GATEWAY_WORKERS=3, PAYMENT_MAX_DELAY="300ms")
        with service.machine.network():
            wait_for(service.healthy, 20, "/health")
            yield service


@pytest.fixture(autouse=True)
def all_is_well(service):
    """Checks after each test that everything runs again, and that the books agree."""
    yield
    wait_for(lambda: set(service.units().values()) == {"active"}, 20, "all units to be active")
    with service.machine.network():
        wait_for(service.healthy, 10, "/health")
    assert service.systemctl("is-system-running", check=False) == "running"
    assert not service.audit()


def buy(service, code="99999"):
    order = service.api().hold(service.new_flight(), "A1", "A2")
    service.api().pay(order, code).ok()
    return order


def test_the_target_starts_what_the_settings_ask_for(service):
    pool = [f"booking-api@{i}.service" for i in (1, 2, 3)]
    assert service.units() == dict.fromkeys(
        [*pool, "booking-gateway@1.service", "booking-watch@1.service", "booking-watch@2.service", "booking-watch@3.service", "booking-api.socket", "booking-gateway.socket",
         "booking-watch.socket", "booking-sweeper.service", "booking.target"], "active")


def test_a_booking_is_paid_and_confirmed(service):
    service.wait_status(buy(service, code="12345"), "CONFIRMED", deadline=5)


def test_the_api_wakes_the_sweeper(service):
    """The API's unit sends the sweeper's a datagram. Without it the sweeper looks once a second: few would be fast."""
    orders = [buy(service)["orderId"] for _ in range(8)]
    waited = wait_for(lambda: told(service, orders), 20, "eight attempts")
    assert sorted(waited)[5] < 200, f"ms from submitting to the attempt: {waited}"


def told(service, orders):
    found = service.query("""
        SELECT TIMESTAMPDIFF(MICROSECOND, s.created_at, a.created_at) / 1000 - a.duration_ms AS waited
          FROM workflow_events s JOIN workflow_events a ON a.order_id = s.order_id AND a.type = 'PAYMENT_ATTEMPT'
         WHERE s.type = 'PAYMENT_SUBMITTED' AND FIND_IN_SET(s.order_id, %s)""", ",".join(orders))
    return [float(row["waited"]) for row in found] if len(found) == len(orders) else None


def test_processes_of_several_units_count_together(service):
    def holds():
        text = service.api().get("/metrics").body.decode()
        return sum(float(n) for n in re.findall(r'^booking_http_requests_total.*status="201".* (\S+)$', text, re.M))
    before = holds()
    flight = service.new_flight()
    for i in range(1, 10):
        service.api().hold(flight, f"A{i}")
    wait_for(lambda: holds() == before + 9, 5, "nine holds to be counted")
    assert 'booking_payment_attempts_total{outcome="approved"}' in service.api().get("/metrics").body.decode()


@pytest.mark.parametrize("unit", ["booking-api@1.service", "booking-gateway@1.service", "booking-sweeper.service",
                                  "booking-sweep.service"])
def test_systemd_finds_it_hardened(service, unit):
    told = service.machine.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
    assert float(re.search(r"exposure level for \S+: ([0-9.]+)", told)[1]) <= 2.0, told


def test_systemd_finds_nothing_wrong(service):
    units = sorted(path.name.replace("@.", "@1.") for path in service.machine.path("lib/systemd/system").glob("booking*")
                   if path.is_file())
    assert len(units) >= 8
    told = service.machine.run(["systemd-analyze", "verify", *units], check=False)
    ours = [line for line in (told.stdout + told.stderr).splitlines() if "booking" in line]
    assert (told.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", ["booking-api@2.service", "booking-gateway@1.service", "booking-sweeper.service"])
def test_what_is_killed_comes_back(service, unit):
    before = service.show(unit, "MainPID")
    service.systemctl("kill", "--signal=KILL", unit)
    service.wait_active(unit, other_than=before)
    service.wait_status(buy(service), "CONFIRMED", deadline=15)


def test_the_watchdog_replaces_a_sweeper_that_stands_still(service):
    unit = "booking-sweeper.service"
    assert service.show(unit, "WatchdogUSec") == "1min"
    service.drop_in(unit, "[Service]\nWatchdogSec=2s\n")
    try:
        service.systemctl("restart", unit)
        before = service.show(unit, "MainPID")
        service.systemctl("kill", "--signal=STOP", unit)
        assert service.wait_active(unit, other_than=before, deadline=30)
        service.wait_status(buy(service), "CONFIRMED", deadline=15)
        assert any("Watchdog timeout" in line for line in service.journal("--unit", unit))
    finally:
        service.drop_in(unit, None)
        service.systemctl("restart", unit)


def test_the_timer_takes_the_daemons_place(service):
    service.set(SWEEPERS=0)
    service.machine.run("systemctl enable booking-sweep.timer && booking-restart")
    try:
        assert "booking-sweeper.service" not in service.services()
        service.wait_status(buy(service), "CONFIRMED", deadline=40)
        assert service.show("booking-sweep.service", "Result") == "success"
    finally:
        service.set(SWEEPERS=1)
        service.machine.run("systemctl disable --now booking-sweep.timer && booking-restart")


def test_a_pool_grows_and_shrinks_with_its_setting(service):
    try:
        service.set(API_WORKERS=5)
        service.machine.run("booking-restart")
        assert len(service.services("booking-api@*")) == 5
    finally:
        service.set(API_WORKERS=3)
        service.machine.run("booking-restart")
    assert len(service.services("booking-api@*")) == 3


def test_a_wrong_setting_stops_a_restart_before_the_first_process(service):
    pids = {unit: service.show(unit, "MainPID") for unit in service.services()}
    try:
        service.set(RESERVATION_TIMEOUT="soon")
        restart = service.machine.run("booking-restart", check=False)
        assert restart.returncode != 0 and "RESERVATION_TIMEOUT" in restart.stderr
        unchanged = [unit for unit, pid in pids.items() if service.show(unit, "MainPID") == pid]
        assert len(unchanged) == len(pids)
        service.api().hold(service.new_flight(), "A1")
    finally:
        service.set(RESERVATION_TIMEOUT="15m")
        service.machine.run("booking-restart")


def test_stopping_the_target_stops_everything_and_starting_it_starts_everything(service):
    service.systemctl("stop", "booking.target")
    assert service.api().get("/health").status == 502
    assert "active" not in service.units().values()
    service.systemctl("start", "booking.target")
    assert service.healthy()


def test_the_journal_has_the_programs_lines_of_json(service):
    order = buy(service, code="12345")
    service.wait_status(order, "CONFIRMED", deadline=5)
    lines = service.journal("-t", "booking-api", "-t", "sweeper", "-t", "payment-gateway")
    # The only other line is the one that a wrong setting ends with.
    told = [json.loads(line) for line in lines if "RESERVATION_TIMEOUT" not in line]
    assert {"start", "stop"} <= {line["event"] for line in told}
    assert any(line.get("order") == order["orderId"] for line in told)


def test_no_secret_is_shown(service):
    secrets = [service.setting(name) for name in ("ADMIN_TOKEN", "DATABASE_DSN", "GATEWAY_DATABASE_DSN")]
    secrets = [re.sub(r"^\w+:(.*)@unix.*", r"\1", secret) for secret in secrets] + ["12345"]
    assert all(len(secret) > 20 for secret in secrets[:3])
    shown = service.machine.run("systemctl show 'booking*' && systemctl cat 'booking*' &&"
                                "setpriv --reuid=nobody --regid=nogroup --clear-groups ps axeww").stdout
    journal = service.machine.run("journalctl --no-pager --output=json -t booking-api -t sweeper -t payment-gateway").stdout
    journal = "\n".join(json.loads(line)["MESSAGE"] for line in journal.splitlines())
    for secret in secrets:
        assert secret not in shown and not re.search(rf"\b{secret}\b", journal)



def test_after_the_host_was_switched_off_all_is_as_it_was(service):
    order = service.api().hold(service.new_flight(), "A1")
    service.machine.stop()
    service.machine.boot()
    with service.machine.network():
        wait_for(service.healthy, 20, "/health")
        assert service.api().order(order)["status"] == "SEATS_RESERVED"
        service.wait_status(buy(service), "CONFIRMED", deadline=10)
