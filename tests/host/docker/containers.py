# SPDX-License-Identifier: MIT
"""Tests docker/ with a real Docker engine: it builds the images and runs docker/compose.yaml. `make test-docker`
(tests/host/docker/run) starts the engine and these tests. Stand-ins may replace the base images."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from concurrent import futures

import pytest
import requests

from stack import ROOT, wait_for

DOCKER = ROOT / "docker"
URL = "http://127.0.0.1:8080"
SERVICES = {"mysql", "api", "watch", "gateway", "sweeper", "web"}
SETTINGS = {"PAYMENT_FAILURE_RATE": "0", "PAYMENT_MAX_DELAY": "4s", "ADMIN_TOKEN": "test-admin-token"}


def docker(*arguments, check=True):
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    assert not check or done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()


def inspect(thing):
    return json.loads(docker("inspect", thing))[0]


class Project:
    """The project that compose.yaml describes, run by whichever version of compose is installed."""

    def __init__(self, place):
        file = DOCKER / "compose.yaml"
        if os.environ.get("COMPOSE"):
            self.command = os.environ["COMPOSE"].split()
        elif subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
            self.command = ["docker", "compose"]
        else:
            # Debian 12's compose is older than the Compose Specification and refuses a name in the file.
            self.command = [shutil.which("docker-compose")]
            file = place / "compose.yaml"
            file.write_text((DOCKER / "compose.yaml").read_text().replace("\nname: booking\n", "\n"))
        self.command += ["--project-name", "booking", "--project-directory", str(DOCKER), "--file", str(file)]
        self.environment = {**os.environ, **SETTINGS}

    def __call__(self, *arguments):
        done = subprocess.run([*self.command, *arguments], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    def attached(self):
        return subprocess.Popen([*self.command, "up"], env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def ids(self, service):
        return docker("ps", "-aq", "--filter", "label=com.docker.compose.project=booking",
                      "--filter", f"label=com.docker.compose.service={service}").split()

    def id(self, service):
        only, = self.ids(service)
        return only

    def health(self, service):
        """The results of its containers' health checks; for a stopped container, the last result."""
        states = [inspect(one)["State"] for one in self.ids(service)]
        return {state["Health"]["Status"] if state["Running"] else "stopped" for state in states}

    def wait_healthy(self, *services):
        for service in services or sorted(SERVICES):
            wait_for(lambda: self.health(service) == {"healthy"}, 60, f"{service} to be healthy")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("compose"))
    project("down", "--volumes")
    project("build")
    project("up", "-d")
    try:
        project.wait_healthy()
        yield project
    finally:
        for service in SERVICES:
            for one in project.ids(service):
                print(f"---- {service}\n{docker('logs', '--tail', '20', one, check=False)}")
        project("down", "--volumes")


def get(path):
    return requests.get(URL + path, timeout=10)


def answers(path, status):
    try:
        return get(path).status_code == status
    except requests.ConnectionError:
        return False


def free_seats(count):
    seats = get("/api/flights/fl-101/seats?status=AVAILABLE").json()["seats"]
    return [seat["seatNumber"] for seat in seats[:count]]


def pay(code, seat):
    """Creates an order with that seat, starts its payment, and returns the order's id."""
    order = requests.post(URL + "/api/orders", json={"flightId": "fl-101", "seats": [seat]}, timeout=10)
    assert order.status_code == 201, order.text
    order_id = order.json()["orderId"]
    asked = requests.post(f"{URL}/api/orders/{order_id}/pay", json={"paymentCode": code}, timeout=10)
    assert asked.status_code == 202, asked.text
    return order_id


def status_of(order_id):
    return get(f"/api/orders/{order_id}/status").json()["status"]


def payments_waiting():
    """The number of payments that no sweeper has begun."""
    jobs = requests.get(URL + "/api/admin/jobs?kind=PAYMENT_ATTEMPT&status=PENDING", timeout=10,
                        headers={"Authorization": f"Bearer {SETTINGS['ADMIN_TOKEN']}"})
    return len(jobs.json()["jobs"])


def book():
    order_id = pay("99999", free_seats(1)[0])
    try:
        wait_for(lambda: status_of(order_id) == "CONFIRMED", 15, "the order to be confirmed")
    except AssertionError:
        pytest.fail(get(f"/api/orders/{order_id}/events").text)
    return order_id


def ended_well(one):
    """Tells whether the container stopped on request and in time: not killed (137), and not by an error."""
    state = inspect(one)["State"]
    return not state["Running"] and state["ExitCode"] == 0


# -- the images ---------------------------------------------------------------------------------------------


def test_the_images_are_small_and_hold_no_compiler(project):
    base = inspect("debian:12-slim")["Size"]
    assert inspect("booking-app")["Size"] - base < 40e6
    assert inspect("booking-web")["Size"] - inspect("nginx:stable")["Size"] < 1e6
    found = docker("run", "--rm", "booking-app", "sh", "-c", "command -v gcc cc make npm python3; true")
    assert found == ""


def test_nothing_else_of_this_directory_gets_into_them(project):
    assert docker("run", "--rm", "booking-web", "ls", "-A", "/usr/share/booking/html").split() == sorted(
        ["api", "css", "docs.html", "img", "index.html", "js", "missing.html", "not-signed-in.html", "ops.html", "vendor"])
    assert docker("run", "--rm", "booking-app", "ls", "-A", "/usr/share/booking").split() == ["mail", "sql"]
    assert docker("run", "--rm", "booking-app", "ls", "-A", "/usr/lib/booking").split() == sorted(
        ["booking-admin", "booking-api", "booking-watch", "healthy", "migrate", "payment-gateway", "pool", "stripe-gateway", "sweeper"])


def test_a_mistake_in_a_setting_is_told(project):
    done = subprocess.run(["docker", "run", "--rm", "-e", "PAYMENT_TIMEOUT=soon", "booking-app", "sweeper"],
                          capture_output=True, text=True)
    assert done.returncode == 2 and "PAYMENT_TIMEOUT" in done.stderr


# -- the containers -----------------------------------------------------------------------------------------


def test_the_page_is_there_and_a_seat_can_be_booked(project):
    assert "/js/main.js" in get("/").text
    assert get("/vendor/htmx.js").status_code == 200 and get("/ops").status_code == 200
    book()


@pytest.mark.parametrize("service", ["api", "watch", "gateway", "sweeper", "web"])
def test_they_may_do_nothing_they_need_not(project, service):
    one = project.id(service)
    assert docker("exec", one, "id", "-u") != "0"
    assert "CapEff:\t0000000000000000" in docker("exec", one, "cat", "/proc/1/status")
    refused = subprocess.run(["docker", "exec", "--user", "0", one, "touch", "/usr/here"],
                             capture_output=True, text=True)
    assert "Read-only file system" in refused.stderr


def test_only_this_machine_reaches_only_the_site(project):
    ports = {service: inspect(project.id(service))["NetworkSettings"]["Ports"] for service in SERVICES}
    published = {(service, port): [where["HostIp"] for where in hosts]
                 for service in ports for port, hosts in ports[service].items() if hosts}
    assert published == {("web", "8080/tcp"): ["127.0.0.1"]}


def test_a_process_that_dies_is_replaced(project):
    api = project.id("api")
    before = docker("exec", api, "sh", "-c", "grep -l '^Name:.*booking-api' /proc/[0-9]*/status").split()
    victim = before[0].split("/")[2]
    docker("exec", api, "sh", "-c", f"kill -KILL {victim}")

    def replaced():
        after = docker("exec", api, "sh", "-c", "grep -l '^Name:.*booking-api' /proc/[0-9]*/status 2>/dev/null").split()
        return len(after) == len(before) and after != before
    wait_for(replaced, 10, "another process")
    assert inspect(api)["RestartCount"] == 0
    book()


def test_containers_that_hang_are_unhealthy(project):
    hanging = ("api", "watch", "gateway", "sweeper", "web")
    processes = [int(line.split()[1]) for service in hanging
                 for line in docker("top", project.id(service), "-eo", "user,pid").splitlines()[1:]]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        for service in hanging:
            wait_for(lambda: project.health(service) == {"unhealthy"}, 60, f"{service} to be unhealthy")
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    project.wait_healthy()


# -- metrics and wake-ups -----------------------------------------------------------------------------------


def measured():
    """Every series of /metrics as {name{labels}: value}."""
    answer = get("/metrics")
    assert answer.status_code == 200
    lines = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
    assert len({series for series, _ in lines}) == len(lines), answer.text
    return {series: float(value) for series, value in lines}


def living(program):
    """The number of processes of that name that report their memory."""
    return sum(series.startswith(f'booking_process_resident_bytes{{program="{program}"') and value > 0
               for series, value in measured().items())


def wake_sockets(project):
    return [name for name in docker("exec", project.id("api"), "ls", "/run/booking/shared").split()
            if name.startswith("sweeper.")]


def test_what_each_container_counts_is_told_together(project):
    counted_by = {
        'booking_order_transitions_total{to="CREATED"}': "the API",
        'booking_payment_attempts_total{outcome="approved"}': "the sweeper",
        'booking_jobs_claimed_total{kind="PAYMENT_ATTEMPT"}': "the sweeper",
        "booking_gateway_latency_seconds_count": "the sweeper",
    }
    before = measured()
    book()
    after = measured()
    for series, counts in counted_by.items():
        assert after[series] > before[series], (series, counts)
    assert {program: living(program) for program in ("booking-api", "booking-watch", "sweeper")} == {
        "booking-api": 16, "booking-watch": 3, "sweeper": 1}


def test_the_sweeper_is_woken(project):
    """Without the wake-up the sweeper looks once a second, and these payments would take several seconds."""
    claimed = 'booking_jobs_claimed_total{kind="PAYMENT_ATTEMPT"}'
    waited = 0
    for seat in free_seats(8):
        before = measured()[claimed]
        pay("99999", seat)
        asked = time.monotonic()
        wait_for(lambda: measured()[claimed] > before, 10, "the payment to be begun")
        waited += time.monotonic() - asked
    assert waited < 2, waited
    assert len(wake_sockets(project)) == 1


def test_monitoring_is_answered_while_the_api_hangs(project):
    project("pause", "api")
    try:
        assert get("/health/live").json()["status"] == "ok"
        # The hanging processes are alive, and still report their memory.
        assert living("booking-api") == 16 and get("/health").status_code == 200
        assert measured()["booking_database_up"] == 1
    finally:
        project("unpause", "api")
    book()


def test_monitoring_is_answered_while_the_database_holds_all_of_the_api(project):
    def ask(path):
        with contextlib.suppress(requests.RequestException):
            get(path)
    order_id = book()
    project("pause", "mysql")
    try:
        with futures.ThreadPoolExecutor(32) as customers:
            for _ in range(32):
                customers.submit(ask, f"/api/orders/{order_id}")
            wait_for(lambda: measured()["booking_api_busy_processes"] >= 16, 10, "no process of the API to be free")
            assert get("/health/live").json()["status"] == "ok" and get("/health").status_code == 503
            assert measured()["booking_database_up"] == 0
    finally:
        project("unpause", "mysql")
    project.wait_healthy()
    book()


def test_more_sweepers_and_each_finishes_what_it_has_begun(project):
    project("up", "-d", "--no-recreate", "--scale", "sweeper=3")
    wait_for(lambda: get("/health").json()["sweepers"] == 3, 30, "three sweepers")
    # In each container the sweeper is process 1.
    wait_for(lambda: living("sweeper") == 3, 10, "three sweepers that count")
    assert len(wake_sockets(project)) == 3
    orders = [pay("12345", seat) for seat in free_seats(12)]
    wait_for(lambda: payments_waiting() == 0, 10, "all payments to be asked for")
    assert any(status_of(order) != "CONFIRMED" for order in orders)

    docker("stop", "--time", "30", *project.ids("sweeper"))
    assert all(inspect(one)["State"]["ExitCode"] == 0 for one in project.ids("sweeper"))
    assert {status_of(order) for order in orders} == {"CONFIRMED"}
    assert get("/health").json()["sweeper"] == "down"
    assert living("sweeper") == 0 and wake_sockets(project) == []

    project("up", "-d", "--no-recreate", "--scale", "sweeper=1")
    wait_for(lambda: get("/health").json()["sweeper"] == "ok", 30, "a sweeper")
    book()


def test_a_backup_is_brought_back(project):
    before = book()
    backup = project("exec", "-T", "mysql", "sh", "-c", "MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysqldump -uroot"
                     " --single-transaction --set-gtid-purged=OFF --databases flight_booking payment_gateway")
    after = book()
    project("stop", "sweeper", "web", "watch", "api", "gateway")
    subprocess.run(["docker", "exec", "-i", project.id("mysql"),
                    "sh", "-c", "MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql -uroot"], input=backup, text=True, check=True)
    project("up", "-d")
    project.wait_healthy()
    assert status_of(before) == "CONFIRMED" and get(f"/api/orders/{after}").status_code == 404


# -- replaced containers ------------------------------------------------------------------------------------


def address(one):
    return inspect(one)["NetworkSettings"]["Networks"]["booking_default"]["IPAddress"]


@pytest.mark.parametrize("service", ["api", "watch", "gateway"])
def test_a_container_made_anew_is_found_at_its_new_address(project, service):
    before = address(project.id(service))
    project("rm", "--stop", "--force", service)
    # Another container takes the address that became free.
    holders = []
    while not any(address(one) == before for one in holders):
        holders.append(docker("run", "-d", "--network", "booking_default", "booking-web", "sleep", "600"))
    try:
        project("up", "-d", "--no-recreate", service)
        assert address(project.id(service)) != before
        project.wait_healthy(service)
        wait_for(lambda: answers("/health", 200) and answers("/api/flights", 200), 15, "the new address")
        book()
    finally:
        docker("rm", "-f", *holders)


def test_the_site_starts_without_the_api(project):
    project("stop", "api")
    assert ended_well(project.id("api"))
    project("restart", "web")
    wait_for(lambda: answers("/", 200), 15, "the page")
    wait_for(lambda: answers("/api/flights", 502), 15, "the site to say that there is no API")
    assert get("/api/flights").json()["error"] == "UNAVAILABLE"
    wait_for(lambda: answers("/health", 503), 15, "monitoring to say that there is no API")
    assert "No process of the API is running" in get("/health").text
    project("start", "api")
    wait_for(lambda: answers("/health", 200) and answers("/api/flights", 200), 30, "the API")
    project.wait_healthy()


def test_everything_comes_back_with_its_data(project):
    """Ctrl-C ends everything in order, and the bookings are there after the next start."""
    order_id = book()
    project("stop")
    killed = [service for service in SERVICES if not all(ended_well(one) for one in project.ids(service))]
    assert killed == []

    running = project.attached()
    try:
        wait_for(lambda: answers("/health", 200) and answers("/api/flights", 200), 60, "the API")
        project.wait_healthy()
        assert status_of(order_id) == "CONFIRMED"
        pending = pay("12345", free_seats(1)[0])
        wait_for(lambda: payments_waiting() == 0, 10, "the payment to be asked for")
        running.send_signal(signal.SIGINT)
        running.wait(60)
    finally:
        running.kill()
    killed = [service for service in SERVICES if not all(ended_well(one) for one in project.ids(service))]
    assert killed == []

    project("up", "-d")
    project.wait_healthy()
    assert status_of(pending) == "CONFIRMED"
    events = get(f"/api/orders/{pending}/events").json()["events"]
    assert "ABANDONED" not in json.dumps(events)


def test_down_leaves_nothing(project):
    project("down", "--volumes")
    mine = ("--filter", "label=com.docker.compose.project=booking")
    assert docker("ps", "-aq", *mine) == "" and docker("volume", "ls", "-q", *mine) == ""
    assert docker("network", "ls", "-q", *mine) == ""
