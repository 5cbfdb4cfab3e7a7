# SPDX-License-Identifier: MIT
"""All units are restarted, one by one and all at once, while customers are at work. No customer notices."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from crowd import Crowd
from service import Service

from stack import wait_for

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="machines need root")
ROUNDS = int(os.environ.get("RESTART_ROUNDS") or 3)


@pytest.fixture(scope="module")
def service():
    with Service("restart") as service:
        service.install(keepalive=2, API_WORKERS=8, GATEWAY_WORKERS=8, PAYMENT_MAX_DELAY="200ms")
        with service.machine.network():
            wait_for(service.healthy, 20, "/health")
            yield service


@pytest.fixture
def crowd(service):
    """Customers at work during the test. Afterwards all requests must have been served, and the books must agree."""
    crowd = Crowd(service, count=8)
    with crowd.at_work():
        some_answers(crowd)
        yield crowd
        some_answers(crowd)
    assert not crowd.failures, f"{len(crowd.failures)} of {crowd.answers}:\n" + "\n".join(crowd.failures[:20])
    assert crowd.confirmed
    assert not service.audit()
    assert service.query("SELECT outcome, attempt, COUNT(*) AS n FROM workflow_events WHERE type = 'PAYMENT_ATTEMPT' "
                         "AND (outcome <> 'APPROVED' OR attempt <> 1) GROUP BY outcome, attempt") == []


def some_answers(crowd, count=100):
    """Waits for some answers, so that every process has work in progress."""
    before = crowd.answers
    wait_for(lambda: crowd.answers >= before + count or crowd.failures, 20, "customers to be answered")


def test_unit_after_unit(service, crowd):
    units = service.services()
    assert len(units) == 8 + 1 + 3 + 1
    before = {unit: service.show(unit, "MainPID") for unit in units}
    for _ in range(ROUNDS):
        for unit in units:
            pid = service.show(unit, "MainPID")
            service.systemctl("restart", unit)
            service.wait_active(unit, other_than=pid)
            some_answers(crowd, 5)
    assert all(service.show(unit, "MainPID") != pid for unit, pid in before.items())
    assert crowd.made_again == 0    # nginx has closed no customer's connection


def test_by_the_command_that_upgrades_use(service, crowd):
    for _ in range(ROUNDS):
        service.machine.run("booking-restart")
        some_answers(crowd)


def test_nginx_takes_new_settings(service, crowd):
    for _ in range(ROUNDS * 3):
        service.systemctl("reload", "nginx")
        some_answers(crowd)


def test_all_at_once(service, crowd):
    """The sockets stay open, so requests that arrive in the meantime wait for a moment."""
    for _ in range(ROUNDS):
        service.systemctl("restart", "booking.target")
        some_answers(crowd)


def test_a_request_that_takes_long_is_finished(service):
    """A request waits for a row that another transaction has locked, while every process is being restarted."""
    flight = service.new_flight()
    locker = service.db()
    with locker, locker.cursor() as cursor, ThreadPoolExecutor() as others:
        cursor.execute("START TRANSACTION")
        cursor.execute("SELECT * FROM seats WHERE flight_id = %s FOR UPDATE", flight)
        answer = others.submit(service.api().hold, flight, "A1")
        # InnoDB renews this table only if it has not been read for a tenth of a second.
        wait_for(lambda: service.query("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"), 5,
                 "the request to wait", interval=0.2)
        service.systemctl("restart", "--no-block", "booking-api@*.service")
        wait_for(lambda: [service.show(unit, "ActiveState") for unit in service.services("booking-api@*")].count("active") == 7,
                 10, "all but one process to be another")
        assert not answer.done()
        cursor.execute("COMMIT")
        assert answer.result()["status"] == "SEATS_RESERVED"
    wait_for(lambda: list(service.units("booking-api@*").values()) == ["active"] * 8, 10, "all processes")


@pytest.mark.parametrize("harm", ["kill --signal=KILL booking-api@*.service", "restart booking-api.socket"])
def test_customers_would_have_noticed(service, harm):
    """Customers notice when processes are killed or a socket is closed, so the tests above mean something."""
    crowd = Crowd(service, count=8)

    def noticed():
        service.systemctl(*harm.split())
        return crowd.failures
    with crowd.at_work():
        wait_for(noticed, 30, "a failure", interval=0.3)
    wait_for(lambda: len(service.services("booking-api@*")) == 8 and service.healthy(), 20, "all to be well again")
    assert any("502" in failure for failure in crowd.failures), crowd.failures[:5]
