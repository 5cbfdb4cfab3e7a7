"""The containers' own files, run as closely as can be without an engine: their process manager's and their nginx's
configuration, with the build's programs, against a database of the tests. The images themselves are not built here."""

import os
import re
import shutil
import subprocess

import pytest

from client import Api
from stack import BUILD, ROOT, free_port, wait_for

DOCKER = ROOT / "docker"


@pytest.fixture(scope="module")
def containers(default_stack, tmp_path_factory):
    """The api and the web container, side by side on loopback; the Api of the latter."""
    place = tmp_path_factory.mktemp("containers")
    os.chmod(place, 0o755)
    pool_port, gateway_port, web_port, charges_port = (free_port() for _ in range(4))

    pool = (DOCKER / "pool.conf").read_text()
    pool = pool.replace("0.0.0.0:9000", f"127.0.0.1:{pool_port}").replace("/run/booking", str(place))
    pool = pool.replace("/usr/lib/booking", str(BUILD)).replace("/dev/stderr", str(place / "pool.log"))
    (place / "pool.conf").write_text(pool)

    web = (DOCKER / "nginx.conf").read_text()
    web = web.replace("api:9000", f"127.0.0.1:{pool_port}").replace("gateway:9000", f"127.0.0.1:{gateway_port}")
    web = web.replace("listen 8080", f"listen 127.0.0.1:{web_port}").replace("listen 8081", f"listen 127.0.0.1:{charges_port}")
    web = web.replace("/var/cache/booking", str(place / "cache")).replace("/dev/stdout", str(place / "access.log"))
    if os.getuid() == 0:
        web = "user root;\n" + web
    (place / "nginx.conf").write_text(web)
    (place / "cache").mkdir()
    (place / "booking").symlink_to(ROOT / "conf/nginx")
    (place / "html").symlink_to(ROOT / "html")

    environment = {**default_stack.programs_environment(), "POOL_PROGRAM": "booking-api", "POOL_SIZE": "3",
                   "METRICS_FILE": str(place / "metrics")}
    path = os.environ["PATH"] + ":/usr/sbin"
    running = [
        subprocess.Popen([shutil.which("supervisord", path=path), "-c", str(place / "pool.conf")], env=environment,
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        subprocess.Popen([shutil.which("nginx", path=path), "-c", str(place / "nginx.conf")], stdin=subprocess.DEVNULL),
    ]
    api = Api("127.0.0.1", web_port)

    def healthy():
        try:
            return api.get("/health").status == 200
        except OSError:
            return False
    try:
        wait_for(healthy, 20, "the containers' /health")
        yield api
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(20)


def test_a_seat_is_booked_through_them(containers, default_stack):
    flight = default_stack.new_flight()
    order = containers.post("/api/orders", {"flightId": flight, "seats": ["A1"]}).ok(201)
    containers.post(f"/api/orders/{order['orderId']}/pay", {"paymentCode": "99999"}).ok(202)
    default_stack.wait_status(order, "CONFIRMED")
    assert containers.get(f"/live/flights/{flight}/seats").json["available"] == 29


def test_the_page_is_there_and_errors_have_the_same_shape(containers):
    page = containers.get("/")
    assert page.status == 200 and "text/html" in page.headers["Content-Type"]
    containers.get("/no/such/page").refused(404, "NOT_FOUND")


def test_compose_names_what_exists():
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    assert set(services) == {"mysql", "migrate", "api", "gateway", "sweeper", "web"}
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / "conf/booking.env.example").read_text(), re.M))
    for name in ("api", "gateway", "sweeper", "migrate"):
        used = set(services[name].get("environment", {})) - {"POOL_PROGRAM", "POOL_SIZE"}
        assert used <= known, (name, used - known)
    stages = re.findall(r"^FROM \S+ AS (\w+)", (DOCKER / "Dockerfile").read_text(), re.M)
    assert {services[name]["build"]["target"] for name in services if "build" in services[name]} <= set(stages)


def test_everything_the_images_copy_exists():
    for line in (DOCKER / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from" not in line and line != "COPY . .":
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), line
