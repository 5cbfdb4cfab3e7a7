# SPDX-License-Identifier: MIT
"""/metrics is well-formed and counts all processes, even dead ones; alerts and dashboard use names that exist."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from stack import ROOT, wait_for

LINE = re.compile(r'^(?P<name>[a-z_]+)(?:\{(?P<labels>[a-zA-Z_]+="[^"\\]*"(?:,[a-zA-Z_]+="[^"\\]*")*)\})? (?P<value>[0-9.e+-]+)$')


def scrape(stack):
    """Checks the format, and returns every series as {name{labels}: value}."""
    answer = stack.api().get("/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    series, typed = {}, set()
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            name = line.split()[2]
            assert name not in typed, f"{name} is typed twice"
            typed.add(name)
        elif not line.startswith("# HELP "):
            match = LINE.match(line)
            assert match, line
            family = re.sub(r"_(bucket|sum|count)$", "", match["name"])
            assert match["name"] in typed or family in typed, f"{line}: no TYPE"
            key = line.rsplit(" ", 1)[0]
            assert key not in series, f"{key} appears twice"
            series[key] = float(match["value"])
    return series


def moved(stack, state):
    return scrape(stack)[f'booking_order_transitions_total{{to="{state}"}}']


@pytest.fixture
def stack(default_stack):
    return default_stack


def test_buckets_grow_and_end_with_the_count(stack):
    series = scrape(stack)
    for key in [key for key in series if "_count" in key]:
        base, _, labels = key.partition("_count")
        inner = labels.strip("{}")
        buckets = [value for name, value in series.items()
                   if name.startswith(f"{base}_bucket{{" + (inner + "," if inner else "") + 'le="')]
        assert buckets and buckets == sorted(buckets) and buckets[-1] == series[key], key


def test_every_process_counts_and_a_dead_one_is_not_forgotten(stack):
    before, flight = moved(stack, "CREATED"), stack.new_flight()
    for number in range(1, 10):
        stack.api().post("/api/orders", {"flightId": flight, "seats": [f"A{number}"]}).ok(201)
    pids = set(stack.pids("booking-api"))  # now: other tests end processes of the pool, too
    for pid in sorted(pids)[:4]:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(stack.pids("booking-api")) == len(pids), 10, "the pool whole again")
    # Other tests may count, too, so at least our requests must be there, whichever process answers.
    for _ in range(8):
        assert moved(stack, "CREATED") >= before + 9


def test_a_payment_is_counted_by_the_sweeper(stack):
    key = 'booking_payment_attempts_total{outcome="approved"}'
    before, flight = scrape(stack), stack.new_flight()
    order = stack.api().post("/api/orders", {"flightId": flight, "seats": ["B1"]}).ok(201)
    stack.api().post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "99999"}).ok(202)
    stack.wait_status(order, "CONFIRMED")
    after = scrape(stack)
    assert after[key] > before[key]
    took = 'booking_payment_attempt_seconds_count{outcome="approved"}'
    assert after[took] > before[took]
    assert after["booking_gateway_latency_seconds_count"] > before["booking_gateway_latency_seconds_count"]
    assert after["booking_sweepers_alive"] >= 1 and after["booking_database_up"] == 1


def test_a_paused_kind_is_told(own_stack):
    """This test has its own stack, because the pause would delay other tests' confirmations."""
    stack = own_stack()
    key = 'booking_job_kind_paused{kind="SEND_CONFIRMATION"}'
    assert scrape(stack)[key] == 0
    stack.api().post("/api/admin/kinds/SEND_CONFIRMATION/pause").ok()
    assert scrape(stack)[key] == 1
    stack.api().post("/api/admin/kinds/SEND_CONFIRMATION/resume").ok()
    assert scrape(stack)[key] == 0


def names_in(text):
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bbooking_[a-z_]+", text)}


@pytest.mark.parametrize("file", ["conf/prometheus/booking.rules.yml", "conf/grafana/booking.json"])
def test_alerts_and_dashboard_name_what_exists(stack, file):
    known = {re.sub(r"_(bucket|sum|count)$", "", key.partition("{")[0]) for key in scrape(stack)}
    assert names_in((ROOT / file).read_text()) <= known


def test_the_dashboard_is_one(stack):
    dashboard = json.loads((ROOT / "conf/grafana/booking.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]) >= 10


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (package prometheus) is not installed")
def test_promtool_agrees(stack):
    rules = subprocess.run(["promtool", "check", "rules", str(ROOT / "conf/prometheus/booking.rules.yml")],
                           capture_output=True, text=True)
    assert rules.returncode == 0, rules.stdout + rules.stderr
    alerts = subprocess.run(["promtool", "test", "rules", str(ROOT / "tests/host/service/alerts.yml")],
                            capture_output=True, text=True)
    assert alerts.returncode == 0, alerts.stdout + alerts.stderr
    metrics = subprocess.run(["promtool", "check", "metrics"], input=stack.api().get("/metrics").body.decode(),
                             capture_output=True, text=True)
    assert metrics.returncode == 0, metrics.stdout + metrics.stderr
