# SPDX-License-Identifier: MIT
"""The Debian package on its own machine: it is installed, used over TLS, upgraded, removed and purged.

The tests of this file are one story, in this order, on one machine, which has only loopback and the packages that its
apt has fetched before."""

import json
import os
import re
import subprocess

import pytest
from machine import Machine
from stack import ROOT, wait_for

SITE = "/etc/nginx/sites-available/booking"
ENABLED = "/etc/nginx/sites-enabled/booking"
CURL = "curl -sS --max-time 10 --cacert /etc/booking/tls/certificate.pem"
SCHEMAS = "('flight_booking', 'payment_gateway')"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Builds the package from the current tree. lintian must find no errors."""
    place = tmp_path_factory.mktemp("package") / "deb"
    done = subprocess.run([ROOT / "tools/build-deb", place], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return next(place.glob("*.deb"))


@pytest.fixture(scope="module")
def next_package(package, tmp_path_factory):
    """The next version of the package, with one more migration."""
    place = tmp_path_factory.mktemp("next")
    tree = place / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: (.*)$", r"Version: \1+next", control.read_text(), flags=re.M))
    migration = tree / "usr/share/booking/sql/9999_next.sql"
    migration.write_text("CREATE TABLE next_version (x INT) ENGINE=InnoDB;\n")
    migration.chmod(0o644)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, place / "next.deb"], check=True, stdout=subprocess.DEVNULL)
    return place / "next.deb"


@pytest.fixture(scope="module")
def machine(package, next_package):
    with Machine("package") as machine:
        machine.create()
        machine.copy(package, "/srv/this.deb")
        machine.copy(next_package, "/srv/next.deb")
        machine.run("apt-get -qy --download-only install /srv/this.deb mariadb-server curl", timeout=600)
        yield machine.boot()


def apt(machine, words):
    return machine.run(f"apt-get -qy {words}", timeout=300).stdout


def sql(machine, statement):
    return machine.run(["mariadb", "-N", "-e", statement]).stdout.split()


def services(machine, pattern="booking-*"):
    """{service: its main process}"""
    listed = machine.run(f"systemctl show --property=Id,MainPID,ActiveState '{pattern}.service'").stdout.split("\n\n")
    units = [dict(line.split("=", 1) for line in unit.strip().splitlines()) for unit in listed if unit.strip()]
    return {unit["Id"]: unit["MainPID"] for unit in units if unit["ActiveState"] == "active"}


def get(machine, path):
    return json.loads(machine.run(f"{CURL} 'https://localhost{path}'").stdout)


def post(machine, path, body):
    return json.loads(machine.run([*CURL.split(), "-H", "Content-Type: application/json", "-d", json.dumps(body),
                                   f"https://localhost{path}"]).stdout)


def wait_healthy(machine):
    def healthy():
        answer = machine.run(f"{CURL} https://localhost/health", check=False).stdout
        return '"status":"ok"' in answer and '"sweeper":"ok"' in answer
    wait_for(healthy, 20, "/health over TLS", interval=0.2)


def wait_closed(machine):
    wait_for(lambda: machine.run(f"{CURL} https://localhost/health", check=False).returncode == 7, 10, "a closed port")


def book(machine, seat):
    order = post(machine, "/api/flights/FL123/orders", {"userId": "alice", "seats": [seat]})["orderId"]
    post(machine, f"/api/orders/{order}/payment", {"paymentCode": "99999"})
    wait_for(lambda: status(machine, order) == "CONFIRMED", 20, "CONFIRMED", interval=0.2)
    return order


def status(machine, order):
    return get(machine, f"/api/orders/{order}/status")["status"]


@pytest.fixture(scope="module")
def order(machine):
    """The order of the whole story. The first test that uses it is the one that books over TLS."""
    machine.run("booking-setup --demo-flights")
    return book(machine, "A1")


# ---- installed -------------------------------------------------------------------------------------------------

def test_one_run_of_apt_brings_everything(machine):
    printed = apt(machine, "install /srv/this.deb mariadb-server curl")
    wait_healthy(machine)
    running = services(machine)
    assert {f"booking-api@{i}.service" for i in range(1, 17)} <= set(running), printed
    assert {"booking-gateway@1.service", "booking-sweeper.service"} <= set(running) and len(running) == 16 + 3 + 1 + 1
    assert machine.run("systemctl --failed --no-legend").stdout == ""
    assert machine.run("systemctl is-enabled booking.target").stdout == "enabled\n"


def test_files_are_readable_only_where_needed(machine):
    modes = machine.run("stat -c '%a %U %G %n' /etc/booking /etc/booking/*.env /etc/booking/tls/key.pem /run/booking/*").stdout
    assert modes.splitlines() == [
        "750 root booking /etc/booking", "640 root booking /etc/booking/booking.env", "600 root root /etc/booking/migration.env",
        "600 root root /etc/booking/tls/key.pem", "660 booking www-data /run/booking/api.sock",
        "660 booking www-data /run/booking/gateway.sock", "750 booking booking /run/booking/state",
        "660 booking www-data /run/booking/watch.sock"]


def test_programs_know_only_the_secrets_they_need(machine):
    settings = machine.path("/etc/booking/booking.env").read_text() + machine.path("/etc/booking/migration.env").read_text()
    secret = dict(re.findall(r"^(\w+)='?(?:\w+:)?([0-9a-f]{48})", settings, re.M))
    assert len(secret) == 5 and len(set(secret.values())) == 5
    for pattern, may in (("booking-api@1", {"DATABASE_DSN", "ADMIN_TOKEN"}), ("booking-sweeper", {"DATABASE_DSN"}),
                         ("booking-gateway@1", {"GATEWAY_DATABASE_DSN"})):
        [pid] = services(machine, pattern).values()
        environment = machine.run(["cat", f"/proc/{pid}/environ"]).stdout
        assert {name for name, value in secret.items() if value in environment} == may, pattern


def test_the_programs_may_not_change_tables(machine):
    [password] = re.findall(r"booking_app:(\w+)@", machine.path("/etc/booking/booking.env").read_text())
    done = machine.run(f"mariadb -ubooking_app -p{password} flight_booking -e 'CREATE TABLE x (y INT)'", check=False)
    assert "command denied" in done.stderr


def test_a_seat_is_booked_over_tls(machine, order):
    assert status(machine, order) == "CONFIRMED"
    assert "<title>" in machine.run(f"{CURL} https://localhost/").stdout
    for version in ("tls1_2", "tls1_3"):
        assert "Verification: OK" in machine.run(f"openssl s_client -connect localhost:443 -{version} "
                                                 "-CAfile /etc/booking/tls/certificate.pem </dev/null").stdout


def test_plain_http_is_redirected_and_other_sites_stay(machine):
    answer = machine.run("curl -sSi 'http://package/api/flights?x=y'").stdout
    assert answer.startswith("HTTP/1.1 301") and "Location: https://package/api/flights?x=y" in answer
    assert "Welcome to nginx" in machine.run("curl -sS http://localhost/").stdout


def test_the_operator_needs_the_token(machine):
    [token] = re.findall(r"^ADMIN_TOKEN=(\w+)", machine.path("/etc/booking/booking.env").read_text(), re.M)
    code = f"{CURL} -o /dev/null -w '%{{http_code}}' https://localhost/api/admin/queue"
    assert machine.run(code).stdout == "401"
    assert machine.run(f"{code} -H 'Authorization: Bearer {token}'").stdout == "200"


def test_staff_get_their_tokens_from_root(machine):
    """From booking-admin, with the host's settings and the programs' rights; the audit log names the system's account."""
    token = machine.run("booking-admin add 'Ada Lovelace' operator").stdout
    assert re.fullmatch("bks_[0-9a-f]{40}\n", token)
    code = f"{CURL} -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer {token.strip()}' https://localhost/api/admin/"
    assert machine.run(code + "audit").stdout == "200" and machine.run(code + "staff").stdout == "403"
    assert "Ada Lovelace" in machine.run("booking-admin list").stdout
    assert machine.run("SUDO_USER=grace booking-admin revoke 'Ada Lovelace'").stdout == ""
    assert machine.run(code + "audit").stdout == "401"
    told = machine.run("booking-admin audit").stdout.splitlines()
    assert "grace (admin" in told[0] and "REVOKE_TOKEN" in told[0] and "root (admin" in told[1] and "ADD_STAFF" in told[1]
    done = machine.run("setpriv --reuid=www-data --regid=www-data --clear-groups booking-admin list", check=False)
    assert done.returncode == 1 and "root" in done.stderr and done.stdout == ""
    assert machine.path("/usr/share/man/man8/booking-admin.8.gz").exists()


def test_the_pools_follow_the_settings(machine, order):
    settings = machine.path("/etc/booking/booking.env")
    before = settings.read_text()
    settings.write_text(before.replace("SIMULATOR=true", "SIMULATOR=false") + "API_WORKERS=3\n")
    machine.run("booking-restart")
    assert set(services(machine)) == {
        *(f"booking-api@{i}.service" for i in (1, 2, 3)), "booking-watch@1.service", "booking-watch@2.service", "booking-watch@3.service", "booking-sweeper.service"}
    assert get(machine, "/health")["settings"]["paymentSimulator"] is False
    settings.write_text(before + "API_WORKERS=5\n")
    machine.run("booking-restart")
    assert len(services(machine)) == 5 + 3 + 1 + 1


def test_limits_and_proxies_are_settings_like_others(machine):
    settings = machine.path("/etc/booking/booking.env")
    before = settings.read_text()
    assert "rate=10r/s" in machine.path("/etc/booking/clients.conf").read_text()
    settings.write_text(before + "RATE_LIMIT_HOLDS=7r/s\nTRUSTED_PROXIES=10.0.0.0/8\n")
    machine.run("booking-restart")
    in_force = machine.run("nginx -T 2>/dev/null").stdout
    assert "zone=booking_holds:4m rate=7r/s;" in in_force and "set_real_ip_from 10.0.0.0/8;" in in_force
    settings.write_text(before)
    machine.run("booking-restart")


def test_people_sign_in(machine):
    """The steps of docs/operations.md, "With passwords"; then the settings for oauth2-proxy."""
    settings = machine.path("/etc/booking/booking.env")
    before = settings.read_text()
    machine.run("""printf 'ann:%s\\n' "$(openssl passwd -apr1 a-long-one)" >> /etc/nginx/booking.passwords
                   chgrp www-data /etc/nginx/booking.passwords && chmod 640 /etc/nginx/booking.passwords
                   echo 'desk: ann bob' > /etc/nginx/booking.groups""")
    settings.write_text(before + "SIGN_ON=basic\nBASIC_AUTH_FILE=/etc/nginx/booking.passwords\nBASIC_AUTH_GROUPS=/etc/nginx/booking.groups\n"
                                 "TRUST_REMOTE_USER=true\nROLE_GROUPS=agent:desk\n")
    machine.run("booking-restart")
    me = json.loads(machine.run(f"{CURL} -u ann:a-long-one https://localhost/api/me").stdout)
    assert (me["user"], me["role"]) == ("ann", "agent")
    assert machine.run(f"{CURL} -o /dev/null -w '%{{http_code}}' -u ann:another https://localhost/api/me").stdout == "401"
    settings.write_text(before + "SIGN_ON=oauth2-proxy\nOAUTH2_PROXY_URL=http://127.0.0.1:4999\n")
    machine.run("booking-restart")
    assert "server 127.0.0.1:4999;" in machine.run("nginx -T 2>/dev/null").stdout
    settings.write_text(before)
    machine.run("booking-restart")
    assert json.loads(machine.run(f"{CURL} -u ann:a-long-one https://localhost/api/me").stdout)["user"] is None
    machine.run("rm /etc/nginx/booking.passwords /etc/nginx/booking.groups")


def test_a_wrong_setting_is_told_and_stops_nothing(machine, order):
    settings = machine.path("/etc/booking/booking.env")
    before = settings.read_text()
    settings.write_text(before + "RESERVATION_TIMEOUT=soon\n")
    done = machine.run("booking-restart", check=False)
    assert done.returncode == 1 and "RESERVATION_TIMEOUT" in done.stderr and "nothing was restarted" in done.stderr
    assert status(machine, order) == "CONFIRMED"
    assert len(services(machine)) == 5 + 1 + 3 + 1
    settings.write_text(before)
    machine.run("booking-restart")
    assert len(services(machine)) == 5 + 1 + 3 + 1


def test_it_is_back_after_a_reboot(machine, order):
    machine.stop()
    machine.boot()
    wait_healthy(machine)
    assert len(services(machine)) == 5 + 1 + 3 + 1 and status(machine, order) == "CONFIRMED"
    assert machine.run("systemctl --failed --no-legend").stdout == ""


# ---- upgraded --------------------------------------------------------------------------------------------------

@pytest.fixture
def customers(machine):
    """One customer reads and one books, in turn and without a pause. Returns a function for the statuses so far."""
    machine.run("rm -f /srv/enough /srv/codes")
    body = '{"userId": "bob", "seats": ["C4"]}'
    loop = f"""while [ ! -e /srv/enough ]; do
        {CURL} -o /dev/null -w '%{{http_code}}\\n' https://localhost/api/flights/FL123/seats
        {CURL} -o /dev/null -w '%{{http_code}}\\n' -H 'Content-Type: application/json' -d '{body}' \
            https://localhost/api/flights/FL123/orders
        done > /srv/codes 2>&1"""
    process = subprocess.Popen([*machine.enter("--all"), "sh", "-c", loop])
    try:
        yield lambda: machine.path("/srv/codes").read_text().split()
    finally:
        machine.run("touch /srv/enough")
        process.wait(20)


def test_an_upgrade_migrates_and_refuses_nobody(machine, order, customers):
    with open(machine.path(SITE), "a") as site:
        site.write("# the administrator's\n")
    settings = machine.path("/etc/booking/booking.env").read_text()
    before = services(machine)
    socket = machine.run("systemctl show --property=ActiveEnterTimestampMonotonic booking-api.socket").stdout
    wait_for(lambda: len(customers()) > 10, 10, "customers")
    printed = apt(machine, "install /srv/next.deb")
    served = len(customers())
    wait_for(lambda: len(customers()) > served + 10, 10, "more customers")

    assert "applied /usr/share/booking/sql/9999_next.sql" in printed
    assert sql(machine, "SELECT COUNT(*) FROM flight_booking.schema_migrations WHERE name = '9999_next.sql'") == ["1"]
    after = services(machine)
    assert set(after) == set(before) and not set(after.values()) & set(before.values())
    assert machine.run("systemctl show --property=ActiveEnterTimestampMonotonic booking-api.socket").stdout == socket
    assert set(customers()) <= {"200", "201", "409"} and "200" in customers(), set(customers())
    assert status(machine, order) == "CONFIRMED"
    book(machine, "A2")
    assert machine.path("/etc/booking/booking.env").read_text() == settings
    assert machine.path(SITE).read_text().endswith("# the administrator's\n")


def test_a_site_that_was_switched_off_stays_off(machine):
    machine.run(f"rm {ENABLED}")
    apt(machine, "install --reinstall /srv/next.deb")
    wait_closed(machine)
    machine.run(f"ln -s ../sites-available/booking {ENABLED} && systemctl reload nginx")
    wait_healthy(machine)


# ---- removed ---------------------------------------------------------------------------------------------------

def test_removing_stops_it_and_keeps_what_was_booked(machine, order):
    apt(machine, "remove booking")
    assert services(machine) == {} and machine.run("pgrep -u booking", check=False).stdout == ""
    machine.run("nginx -t")
    wait_closed(machine)
    assert "Welcome to nginx" in machine.run("curl -sS http://localhost/").stdout
    assert machine.path("/etc/booking/booking.env").exists()

    apt(machine, "install /srv/next.deb")
    wait_healthy(machine)
    assert status(machine, order) == "CONFIRMED"
    assert len(services(machine)) == 5 + 1 + 3 + 1


def left_behind(machine):
    """The files with our name or our owner, except those that the test brought and those in apt's records."""
    found = machine.run(r"find / -xdev \( -path /proc -o -path /sys -o -path /srv -o -path /tmp \) -prune -o "
                        r"\( -iname '*booking*' -o -nouser -o -nogroup \) -print").stdout.split()
    found += machine.run("find /run -iname '*booking*'").stdout.split()
    return [path for path in found if not re.match(r"/var/(cache/apt|lib/apt|log/apt)/|/var/backups/booking-purged-", path)]


def test_purging_leaves_nothing_but_a_last_dump(machine, order):
    # Other files stay, and so does a database with a similar name.
    sql(machine, "CREATE DATABASE flight_booking_of_others; CREATE USER booking_of_others@localhost")
    printed = apt(machine, "purge booking")
    assert left_behind(machine) == ["/var/lib/mysql/flight_booking_of_others"], printed
    assert sql(machine, f"SELECT schema_name FROM information_schema.schemata WHERE schema_name IN {SCHEMAS}") == []
    assert sql(machine, "SELECT user FROM mysql.user WHERE user LIKE 'booking%' OR user LIKE 'gateway%'") == ["booking_of_others"]
    sql(machine, "DROP DATABASE flight_booking_of_others; DROP USER booking_of_others@localhost")
    assert machine.run("getent passwd booking; getent group booking", check=False).stdout == ""
    assert machine.run("systemctl --failed --no-legend; systemctl list-unit-files --no-legend 'booking*'", check=False).stdout == ""
    machine.run("nginx -t")
    assert machine.run("stat -c '%a %U' /var/backups/booking-purged-*").stdout == "600 root\n"
    assert order in machine.run("zcat /var/backups/booking-purged-*").stdout


# ---- without a database ----------------------------------------------------------------------------------------

def test_without_a_database_it_installs_and_waits_for_one(machine):
    machine.run("rm /var/backups/booking-purged-*; systemctl stop mariadb")
    printed = apt(machine, "install /srv/this.deb")
    assert printed.count("run booking-setup again when there is one") == 1
    answer = machine.run(f"{CURL} -w '%{{http_code}}' https://localhost/health").stdout
    assert answer.endswith("503") and "database-unavailable" in answer
    machine.run("systemctl start mariadb")
    machine.run("booking-setup --demo-flights")
    wait_healthy(machine)
    book(machine, "A1")


def test_purging_without_a_database_says_what_stays(machine):
    machine.run("systemctl stop mariadb")
    printed = apt(machine, "purge booking")
    assert "DATABASE flight_booking" in printed and left_behind(machine) == ["/var/lib/mysql/flight_booking"]
    assert machine.run("ls /var/backups").stdout.count("booking") == 0
    machine.run("systemctl start mariadb")
    assert len(sql(machine, f"SELECT schema_name FROM information_schema.schemata WHERE schema_name IN {SCHEMAS}")) == 2
