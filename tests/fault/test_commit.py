# SPDX-License-Identifier: MIT
"""The connection dies during a COMMIT: the answer is the truth or a retryable 503, and one key has one outcome."""

import json
import signal
import uuid

import pytest

import audit
from database_proxy import DatabaseProxy
from nudge import nudge
from stack import Stack, wait_for
from together import answered_together

FATES = ("before", "after", "during")
SETTINGS = {"PAYMENT_TIMEOUT": "1s", "RESERVATION_TIMEOUT": "10m", "GATEWAY_WORKERS": 4}


@pytest.fixture(scope="module")
def base(own_stack):
    """The database and the gateway, without a sweeper except those that the tests run."""
    return own_stack(API_WORKERS=1, SWEEPERS=0, **SETTINGS)


@pytest.fixture(scope="module")
def lines(base):
    """Two proxies to the database: one for the API and one for the sweeper."""
    socket = base.data_dir / "run/mysql.sock"
    lines = {name: DatabaseProxy(base.data_dir / f"run/{name}-database.sock", socket) for name in ("api", "sweeper")}
    yield lines
    for line in lines.values():
        line.close()


@pytest.fixture(scope="module")
def stack(base, lines, broken_stack):
    """A second API on the same database, through the proxy."""
    environment = base.programs_environment()
    password = json.loads((base.data_dir / "credentials").read_text())["booking_owner"]
    stack = broken_stack(DATABASE_DSN=lines["api"].dsn(environment["DATABASE_DSN"]), API_WORKERS=4, SWEEPERS=0, **SETTINGS,
                         MIGRATION_DSN=f"booking_owner:{password}@unix({base.data_dir}/run/mysql.sock)/flight_booking",
                         PAYMENT_GATEWAY_URL=environment["PAYMENT_GATEWAY_URL"], PAYMENT_SIMULATOR="false")
    # The tests' own queries go straight to the database.
    stack.db, stack.root_db = base.db, base.root_db
    return stack


@pytest.fixture(autouse=True)
def line(lines, stack):
    line = lines["api"]
    line.plan, line.away_after_cut, line.away_until, line.cuts = [], 0.0, 0.0, 0
    yield line
    line.plan, line.away_until = [], 0.0
    audit.audit(stack, deadline=5)


# The requests, by the event that shows that they were done.
def ask_hold(api, order, flight, **kw):
    return api.post("/api/orders", {"flightId": flight, "seats": ["B1", "B2"], "userId": "commit"}, **kw)


def ask_change(api, order, flight, **kw):
    return api.change(order, "B1", **kw)


ASKS = {"ORDER_CREATED": ask_hold, "SEATS_CHANGED": ask_change, "PAYMENT_SUBMITTED": lambda api, order, _, **kw: api.pay(order, **kw),
        "ORDER_CANCELLED": lambda api, order, _, **kw: api.cancel(order, **kw)}


def times_done(stack, flight, event):
    done = stack.query("SELECT e.order_id FROM workflow_events e JOIN orders o ON o.order_id = e.order_id"
                       " WHERE o.flight_id = %s AND e.type = %s", flight, event)
    return len(done) - (event == "ORDER_CREATED")  # the first order is the test's own


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])
@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("event", ASKS)
def test_the_truth_is_found_out(stack, line, api, flight, event, fate, keyed):
    """While the database can be reached, one lost connection must not make a request fail."""
    order = api.hold(flight, "A1")
    headers = {"Idempotency-Key": uuid.uuid4().hex} if keyed else {}
    line.plan = [fate]
    answer = ASKS[event](api, order, flight, headers=headers)
    assert answer.status in (200, 201), answer
    assert line.cuts == 1, "no COMMIT was lost"
    assert times_done(stack, flight, event) == 1
    now = api.order(answer.json)
    assert (now["version"], now["status"], now["seats"]) == tuple(answer.json[f] for f in ("version", "status", "seats"))
    if keyed:
        again = ASKS[event](api, order, flight, headers=headers)
        assert again.json == answer.json and again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("event", ASKS)
def test_with_the_database_away_503_and_then_one_outcome(stack, line, api, flight, event, fate):
    order = api.hold(flight, "A1")
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    line.plan, line.away_after_cut = [fate], 3.0
    answer = ASKS[event](api, order, flight, headers=headers)
    assert answer.refused(503, "DATABASE_UNAVAILABLE") and int(answer.headers["Retry-After"]) >= 1
    line.away_until = 0.0
    line.away_after_cut = 0.0

    def answered():
        # The lost request keeps its claim of the key for half a minute; the test does not wait that long.
        nudge(stack, "UPDATE idempotency_keys SET locked_until = UTC_TIMESTAMP(3) WHERE status IS NULL")
        again = ASKS[event](api, order, flight, headers=headers)
        return again if again.status in (200, 201) else again.refused(409, "REQUEST_IN_PROGRESS") and None
    again = wait_for(answered, 10, "the key to be free", interval=0.3)
    assert times_done(stack, flight, event) == 1
    assert fate == "during" or (again.headers["Idempotency-Replayed"] == "true") == (fate == "after")
    assert ASKS[event](api, order, flight, headers=headers).json == again.json


@pytest.mark.parametrize("event", ASKS)
def test_every_commit_lost_is_a_503_and_nothing_done(stack, line, api, flight, event):
    order = api.hold(flight, "A1")
    before = stack.everything(order)
    line.plan = ["before"] * 50
    ASKS[event](api, order, flight).refused(503, "DATABASE_UNAVAILABLE")
    line.plan = []
    assert stack.everything(order) == before and times_done(stack, flight, event) == 0
    assert ASKS[event](api, order, flight).status in (200, 201)
    assert times_done(stack, flight, event) == 1


# -- the sweeper's commits ---------------------------------------------------------------------------

def sweep(base, **settings):
    sweeper = base.popen("sweeper", "--once", **settings)
    sweeper.communicate(timeout=60)


def drain(base, order):
    """Lets other sweepers take over, without waiting for leases and pauses."""
    def done():
        nudge(base, "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3) WHERE order_id = %s AND kind <> 'EXPIRE_HOLD'", order["orderId"])
        sweep(base)
        return not base.query("SELECT 1 FROM workflow_jobs WHERE order_id = %s AND kind <> 'EXPIRE_HOLD'", order["orderId"])
    wait_for(done, 30, "nothing to be left to do")


@pytest.mark.parametrize("code, status, commits", [("99999", "CONFIRMED", 2), ("50300", "FAILED", 4), ("00000", "FAILED", 2)])
@pytest.mark.parametrize("fate", FATES)
def test_each_commit_of_the_sweeper(base, stack, lines, api, flight, code, status, commits, fate):
    """Each COMMIT is lost in turn: claim and announcement, settlement, and those after. There is one charge and one outcome."""
    line = lines["sweeper"]
    dsn = line.dsn(base.programs_environment()["DATABASE_DSN"])
    for number in range(commits):
        order = api.hold(flight, f"A{number + 1}")
        api.pay(order, code).ok()
        line.plan, line.cuts = ["pass"] * number + [fate], 0
        sweep(base, DATABASE_DSN=dsn)
        assert line.cuts == 1 or number >= 2, f"there was no commit number {number + 1}"
        line.plan = []
        drain(base, order)
        assert api.order(order)["status"] == status
        charge = stack.charge(order)
        # A decline does not tell whether an earlier attempt with unknown outcome took money, so that is voided.
        declined = "DECLINED" if len(attempts(api, order)) == 1 else "VOIDED"
        assert (charge and charge["status"]) == {"99999": "APPROVED", "00000": declined}.get(code, None), number
        audit.audit(stack, deadline=3)


@pytest.mark.parametrize("code, status, told", [
    ("99999", "CONFIRMED", [(1, "APPROVED")]), ("00000", "FAILED", [(1, "DECLINED")]),
    ("50300", "FAILED", [(1, "ERROR"), (2, "ERROR"), (3, "ERROR")])])
@pytest.mark.parametrize("fate", FATES)
def test_settled_again_after_an_outage(base, stack, lines, api, flight, code, status, told, fate):
    """The sweeper cannot find out whether it has settled the attempt, and settles it once more."""
    line = lines["sweeper"]
    order = api.hold(flight, "A1")
    api.pay(order, code).ok()
    line.plan, line.cuts, line.away_after_cut = ["pass", fate], 0, 2.5
    sweep(base, DATABASE_DSN=line.dsn(base.programs_environment()["DATABASE_DSN"]))
    assert line.cuts == 1
    line.plan, line.away_after_cut = [], 0.0
    drain(base, order)
    assert api.order(order)["status"] == status
    assert attempts(api, order) == told


@pytest.mark.parametrize("fate", FATES)
def test_settled_again_though_the_order_has_ended(base, stack, lines, api, flight, fate):
    line = lines["sweeper"]
    order = api.hold(flight, "A1")
    api.pay(order, "50400").ok()
    sweeper = base.popen("sweeper", "--once", DATABASE_DSN=line.dsn(base.programs_environment()["DATABASE_DSN"]))
    wait_for(lambda: stack.everything(order)["payment"][0]["attempts"] == 1, 5, "the attempt to be in flight")
    api.cancel(order).ok()
    wait_for(lambda: not stack.everything(order)["jobs"], 1, "the void to be done before the attempt times out")
    line.plan, line.cuts, line.away_after_cut = [fate], 0, 2.5
    sweeper.communicate(timeout=60)
    line.plan, line.away_after_cut = [], 0.0
    drain(base, order)
    assert line.cuts == 1 and attempts(api, order) == [(1, "TIMEOUT")]


def attempts(api, order):
    return [(e["attempt"], e["outcome"]) for e in api.events(order) if e["type"] == "PAYMENT_ATTEMPT"]


@pytest.mark.parametrize("away", [0.0, 2.5], ids=["there", "away"])
@pytest.mark.parametrize("fate", FATES)
def test_the_lost_commit_of_a_batch(base, stack, lines, api, flight, fate, away):
    """Several approvals are settled in one transaction. None is settled twice, and none is lost."""
    line, sweepers = lines["sweeper"], []
    orders = [api.hold(flight, f"A{n}") for n in range(1, 6)]
    with answered_together(base, lambda: [sweepers[0].pid], orders):
        for order in orders:
            api.pay(order).ok()
        sweepers.append(base.popen("sweeper", "--once", DATABASE_DSN=line.dsn(base.programs_environment()["DATABASE_DSN"])))
    line.plan, line.cuts, line.away_after_cut = [fate], 0, away
    sweepers[0].send_signal(signal.SIGCONT)
    sweepers[0].communicate(timeout=60)
    line.plan, line.away_after_cut, line.away_until = [], 0.0, 0.0
    assert line.cuts == 1
    for order in orders:
        drain(base, order)
        assert attempts(api, order) == [(1, "APPROVED")] and api.order(order)["status"] == "CONFIRMED"
        assert [e["type"] for e in api.events(order)].count("ORDER_CONFIRMED") == 1
    changes = {row["change_id"] for row in base.query(
        "SELECT change_id FROM workflow_events WHERE type = 'ORDER_CONFIRMED' AND order_id IN (SELECT order_id FROM orders"
        " WHERE flight_id = %s)", flight)}
    assert away or len(changes) == 1, "it was not settled as one batch"


# -- after the sale ----------------------------------------------------------------------------------

AFTER = {"whole": ("cancel", {}, "ORDER_CANCELLED"), "part": ("cancel", {"seats": ["A1"]}, "SEATS_CHANGED"),
         "seats": ("seats", {"seats": ["B1", "C1"]}, "SEATS_CHANGED"), "refund": ("refunds", {"amountCents": 100}, "REFUND_REQUESTED")}


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("deed", AFTER)
def test_what_is_paid_is_changed_once(base, stack, line, api, deed, fate):
    """One COMMIT is lost: there is one answer, one change, and one refund at most."""
    verb, body, event = AFTER[deed]
    flight = base.new_flight(refund_rule="0:5000:0")
    order = api.hold(flight, "A1", "B1")
    api.pay(order).ok()
    drain(base, order)
    line.plan, line.cuts = [fate], 0
    answer = stack.admin().post(f"/api/admin/orders/{order['orderId']}/{verb}", {"reason": "a test", **body},
                                headers={"Idempotency-Key": uuid.uuid4().hex})
    assert answer.status in (200, 202) and line.cuts == 1, answer
    line.plan = []
    assert times_done(stack, flight, event) == 1
    assert len(base.query("SELECT 1 FROM refunds WHERE order_id = %s", order["orderId"])) == (deed != "seats")
    drain(base, order)
    assert base.charge(order)["status"] == "APPROVED"


@pytest.mark.parametrize("fate", FATES)
def test_settled_again_though_seats_were_given_up(base, stack, lines, api, fate):
    """Whether the settlement was done is in doubt; the order is confirmed by then, and a seat is given back. The repeated
    settlement voids nothing."""
    line = lines["sweeper"]
    flight = base.new_flight(refund_rule="0:5000:0")
    order = api.hold(flight, "A1", "B1")
    api.pay(order).ok()
    line.plan, line.cuts, line.away_after_cut = ["pass", fate], 0, 2.5
    sweep(base, DATABASE_DSN=line.dsn(base.programs_environment()["DATABASE_DSN"]))
    line.plan, line.away_after_cut = [], 0.0
    assert line.cuts == 1
    if fate == "before":
        drain(base, order)
    assert api.order(order)["status"] == "CONFIRMED"
    stack.admin().post(f"/api/admin/orders/{order['orderId']}/cancel", {"reason": "a test", "seats": ["A1"]}).ok()
    drain(base, order)
    types = [e["type"] for e in api.events(order)]
    assert "VOID_REQUESTED" not in types and types.count("ORDER_CONFIRMED") == 1
    assert base.charge(order)["status"] == "APPROVED"
    assert [row["status"] for row in base.query("SELECT status FROM refunds WHERE order_id = %s", order["orderId"])] == ["REFUNDED"]
