# SPDX-License-Identifier: MIT
"""The containers' own files, as far as they can be tested without an engine: this machine's nginx runs the site's
configuration in front of a test stack, and the files must agree with each other. `make test-docker` runs the images."""

import os
import re
import shutil
import subprocess

import pytest

from client import Api
from stack import ROOT, free_port, wait_for

DOCKER = ROOT / "docker"


def configuration(stack, place, web_port, charges_port):
    """docker/nginx.conf with the stack's pool, ports and paths instead of the containers'."""
    text = (DOCKER / "nginx.conf").read_text()
    # Only nginx 1.27.3 or later looks up names again, and there are no names to look up here.
    text = re.sub(r"^ *resolver .*\n", "", text, flags=re.M)
    text, pools = re.subn(r"server (api|watch|gateway):9000 resolve;", rf"server unix:{stack.data_dir}/run/\1.sock;", text)
    assert pools == 4
    for there, here in {
        "listen 8080": f"listen 127.0.0.1:{web_port}", "listen 8081": f"listen 127.0.0.1:{charges_port}",
        "/var/cache/booking": str(place / "cache"), "/dev/stdout": str(place / "access.log"),
        "/usr/share/booking/html": f'"{ROOT}/html"',
    }.items():
        assert there in text
        text = text.replace(there, here)
    return ("user root;\n" if os.getuid() == 0 else "") + text


@pytest.fixture(scope="module")
def site(default_stack, tmp_path_factory):
    """The web container's configuration of nginx in front of the stack's API."""
    place = tmp_path_factory.mktemp("containers")
    web_port, charges_port = free_port(), free_port()
    (place / "nginx.conf").write_text(configuration(default_stack, place, web_port, charges_port))
    (place / "cache").mkdir()
    (place / "booking").symlink_to(ROOT / "conf/nginx")
    clients = {"PATH": os.environ["PATH"], "RATE_LIMIT_EXEMPT": re.search("^ENV RATE_LIMIT_EXEMPT=(.*)$", (DOCKER / "Dockerfile").read_text(), re.M)[1]}
    subprocess.run([ROOT / "conf/host/nginx-clients", place / "cache"], env=clients, check=True)
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    running = subprocess.Popen([nginx, "-c", str(place / "nginx.conf")], stdin=subprocess.DEVNULL)
    api = Api("127.0.0.1", web_port)

    def healthy():
        try:
            return api.get("/health").status == 200
        except OSError:
            return False
    try:
        wait_for(healthy, 20, "the site's /health")
        yield api
    finally:
        running.terminate()
        running.wait(20)


def test_a_seat_is_booked_through_it(site, default_stack):
    flight = default_stack.new_flight()
    order = site.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    site.post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "99999"}).ok(202)
    default_stack.wait_status(order, "CONFIRMED")
    assert site.get(f"/live/flights/{flight}/seats").json["available"] == 29


def test_our_page_is_there_and_errors_have_the_same_shape(site):
    page = site.get("/")
    assert page.status == 200 and "text/html" in page.headers["Content-Type"]
    assert b"/js/main.js" in page.body
    site.get("/no/such/page").refused(404, "NOT_FOUND")


def test_compose_names_what_exists():
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    assert set(services) == {"mysql", "migrate", "api", "watch", "gateway", "sweeper", "web"}
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / "conf/booking.env.example").read_text(), re.M))
    for name in ("api", "watch", "gateway", "sweeper", "migrate"):
        used = set(services[name].get("environment", {}))
        assert used <= known, (name, used - known)
    stages = re.findall(r"^FROM \S+ AS (\w+)", (DOCKER / "Dockerfile").read_text(), re.M)
    assert {services[name]["build"]["target"] for name in services if "build" in services[name]} <= set(stages)


def test_the_pools_have_as_many_processes_as_they_say_and_as_elsewhere():
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    assert services["api"]["command"] == ["pool", "booking-api"] and services["gateway"]["command"] == ["pool", "payment-gateway"]
    assert "API_WORKERS" in services["api"]["environment"] and "GATEWAY_WORKERS" in services["gateway"]["environment"]
    watch = (ROOT / "tools/stack/supervisor/watch.conf.template").read_text()
    assert services["watch"]["command"] == ["pool", "booking-watch", re.search("^numprocs=(.*)$", watch, re.M)[1]]


def test_all_that_counts_counts_in_the_same_memory():
    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    counting = {name: one for name, one in compose["services"].items() if "DATABASE_DSN" in one.get("environment", {})}
    assert set(counting) == {"api", "watch", "sweeper"}
    for name, one in counting.items():
        volume, _, place = one["volumes"][0].partition(":")
        assert compose["volumes"][volume]["driver_opts"]["type"] == "tmpfs", name
        assert os.path.dirname(one["environment"]["METRICS_FILE"]) == place, name
        assert one["environment"]["SWEEPER_WAKE_DIR"] == place, name
    others = [one for name, one in compose["services"].items() if name not in counting]
    assert not any("shared:" in place for one in others for place in one.get("volumes", []))


def copied():
    """The files that the images are made from."""
    for line in (DOCKER / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            yield from line.split()[1:-1]


def test_everything_the_images_copy_exists_and_is_let_in():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(source == place or source.startswith(place + "/") for place in allowed), source


def test_sources_have_the_same_paths_in_the_build_stage():
    """The images use the same Makefile, so their sources must have the same paths."""
    stage = re.search(r"^FROM \S+ AS build$(.*?)^FROM ", (DOCKER / "Dockerfile").read_text(), re.M | re.S)[1]
    for line in re.findall("^COPY (.*)$", stage, re.M):
        *sources, target = line.split()
        for source in sources:
            there = os.path.join(target, os.path.basename(source)) if target.endswith("/") else target
            assert os.path.normpath(there) == source, line


@pytest.mark.skipif(not shutil.which("hadolint"), reason="hadolint is not installed")
def test_hadolint_finds_nothing():
    found = subprocess.run(["hadolint", "--no-color", str(DOCKER / "Dockerfile")], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
