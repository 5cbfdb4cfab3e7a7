# SPDX-License-Identifier: MIT
"""`make install` into a directory. tests/host/package installs on a machine and runs the installation."""

import json
import os
import re
import subprocess

import pytest

from stack import BUILD, ROOT


VARIABLES = ("MAKEFLAGS", "MAKELEVEL", "BUILD", "PREFIX", "BOOKING_COMMIT")


def make(*words, at=ROOT):
    """Runs make with an unusual umask, and with the programs in build/ only."""
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(["make", "--no-print-directory", *words], cwd=at, env=clean, umask=0o077, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def product_version():
    [version] = re.findall(r'BOOKING_VERSION "(.*)"', (ROOT / "booking/config.h").read_text())
    return version


def told_by(program):
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


def files_below(place):
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir() or path.is_symlink())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    place = tmp_path_factory.mktemp("installed")
    make("install", f"DESTDIR={place}", "PREFIX=/opt/booking")
    return place


def test_everything_is_where_its_users_look(installed):
    found = files_below(installed)
    for name in ("lib/booking/booking-api", "lib/booking/payment-gateway", "lib/booking/stripe-gateway", "lib/booking/sweeper", "lib/booking/migrate",
                 "lib/booking/booking-admin", "sbin/booking-admin",
                 "sbin/booking-setup", "share/booking/html/index.html", "share/booking/html/vendor/htmx.js",
                 "share/booking/sql/0001_booking.sql", "share/booking/sql/demo/flights.sql", "share/booking/nginx/site.conf", "share/booking/mail/en.words",
                 *(f"share/man/man8/booking-{page}.8" for page in ("admin", "api", "gateway", "migrate", "restart", "setup", "stripe", "sweeper")),
                 "lib/systemd/system/booking-api@.service", "lib/systemd/system-generators/booking-generator",
                 "share/doc/booking/docs/operations.md", "share/doc/booking/conf/booking.env.example"):
        assert f"opt/booking/{name}" in found
    assert os.readlink(installed / "etc/nginx/booking") == "/opt/booking/share/booking/nginx"
    odd = [name for name in found if re.search(r"node_modules|/\.|package.*\.json$|\.template$|\.[ch]$|html/install$", name)]
    assert not odd, "not a part of an installation"


@pytest.mark.parametrize("line, status, told", [
    ("ADMIN_TOKEN=short", 1, "ADMIN_TOKEN: expected at least 16 visible ASCII characters"),
    ("ADMIN_TOKEN='sixteen-or-more-of-them'\nRESERVATION_TIMEOUT=15", 1, "RESERVATION_TIMEOUT"),
    ("# ADMIN_TOKEN=short\nADMIN_TOKEN=", 0, "there is no ADMIN_TOKEN"),
    ("ADMIN_TOKEN=\"sixteen-or-more-of-them\"", 0, "")])
def test_settings_that_the_programs_do_not_take_are_told_before_a_restart(installed, tmp_path, line, status, told):
    """An older installation may have a token that is too short for this version."""
    settings, setup = tmp_path / "booking.env", installed / "opt/booking/sbin/booking-setup"
    settings.write_text(line + "\n")
    script = setup.read_text().replace("/etc/booking/booking.env", str(settings)).replace("/opt/booking", f"{installed}/opt/booking")
    done = subprocess.run(["sh", "-c", script, "booking-setup", "--check"], capture_output=True, text=True)
    assert done.returncode == status and told in done.stdout + done.stderr
    assert bool(told) == bool(done.stdout + done.stderr)
    restart = (installed / "opt/booking/sbin/booking-restart").read_text()
    assert 0 < restart.index("/opt/booking/sbin/booking-setup --check") < restart.index("systemctl daemon-reload")


def test_all_may_read_it_and_it_knows_where_it_is(installed):
    for path in installed.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o755 in ((0o755,) if path.is_dir() else (0o644, 0o755)), path
        if path.is_file() and "share/doc" not in str(path) and path.parent.name != "booking":
            text = path.read_text(errors="replace")
            assert "@PREFIX@" not in text and "@UNITDIR@" not in text and str(installed) not in text, path


def test_again_builds_nothing_and_keeps_what_the_administrator_changed(installed):
    site = installed / "etc/nginx/sites-available/booking"
    site.write_text("mine\n")
    stale = installed / "opt/booking/share/booking/sql/0000_stale.sql"
    stale.write_text("")
    printed = make("install", f"DESTDIR={installed}", "PREFIX=/opt/booking")
    assert not re.search(r"^  (CC|AR|LINK) ", printed, re.M)
    assert site.read_text() == "mine\n" and not stale.exists()


def test_uninstalling_leaves_only_what_is_the_administrators(installed):
    make("uninstall", f"DESTDIR={installed}", "PREFIX=/opt/booking")
    assert files_below(installed) == ["etc/nginx/sites-available/booking"]


def generated(installed, tmp_path, settings):
    """The files that the generator makes from these settings."""
    place = tmp_path / "generated"
    place.mkdir()
    (tmp_path / "booking.env").write_text(settings)
    script = (ROOT / "conf/host/booking-generator").read_text().replace("/etc/booking/booking.env", str(tmp_path / "booking.env"))
    script = script.replace("@PREFIX@/lib/booking/booking-api", str(BUILD / "booking-api"))
    subprocess.run(["sh", "-c", script, "booking-generator", place, place, place], check=True)
    return [os.path.basename(path) for path in files_below(place) if not path.endswith(".conf")]


@pytest.mark.parametrize("settings, seconds", [("", "10s 65s"), ("PAYMENT_TIMEOUT=2m30s\n", "2m30s 65s"), ("PAYMENT_TIMEOUT=$(reboot)\n", "10s 65s")])
def test_a_sweeper_has_time_to_finish(installed, tmp_path, settings, seconds):
    generated(installed, tmp_path, settings)
    file = tmp_path / "generated/booking-sweeper.service.d/timeout.conf"
    assert file.read_text() == f"[Service]\nTimeoutStopSec={seconds}\n"


@pytest.mark.parametrize("settings, wanted", [
    ("API_WORKERS=2\nSWEEPERS=0\n", ["booking-api.socket", "booking-api@1.service", "booking-api@2.service"]),
    ("API_WORKERS=9\nAPI_WORKERS='1'\n", ["booking-api.socket", "booking-api@1.service", "booking-sweeper.service"]),
    ("API_WORKERS=1\nGATEWAY_WORKERS=\"1\"\nPAYMENT_SIMULATOR=true\n",
     ["booking-api.socket", "booking-api@1.service", "booking-gateway.socket", "booking-gateway@1.service",
      "booking-sweeper.service"]),
    ("API_WORKERS=1\nGATEWAY_WORKERS=1\nPAYMENT_SIMULATOR=true\nPAYMENT_GATEWAY=stripe\n",
     ["booking-api.socket", "booking-api@1.service", "booking-gateway.socket", "booking-gateway@1.service",
      "booking-sweeper.service"]),
    ("API_WORKERS=1\nPAYMENT_SIMULATOR=true\nPAYMENT_GATEWAY=https://pay.example\n",
     ["booking-api.socket", "booking-api@1.service", "booking-sweeper.service"]),
    ("#API_WORKERS=2\n", ["booking-api.socket", *sorted(f"booking-api@{i}.service" for i in range(1, 17)),
                          "booking-sweeper.service"]),
    ("API_WORKERS=1000\n", ["booking-api.socket", *sorted(f"booking-api@{i}.service" for i in range(1, 1001)),
                            "booking-sweeper.service"]),
    ("API_WORKERS=$(reboot)\n", ["booking-api.socket", *sorted(f"booking-api@{i}.service" for i in range(1, 17)),
                                 "booking-sweeper.service"]),
], ids=["small", "last counts", "simulator", "stripe", "another gateway", "defaults", "as many as there may be", "nonsense"])
def test_the_target_wants_what_the_settings_say(installed, tmp_path, settings, wanted):
    watch = ["booking-watch.socket", "booking-watch@1.service", "booking-watch@2.service", "booking-watch@3.service"]
    assert generated(installed, tmp_path, settings) == sorted([*wanted, *watch])


@pytest.mark.parametrize("gateway, program", [("stripe", "stripe-gateway"), ("simulator", None), ("", None)])
def test_one_unit_runs_either_gateway_program(installed, tmp_path, gateway, program):
    generated(installed, tmp_path, f"PAYMENT_SIMULATOR=true\nPAYMENT_GATEWAY={gateway}\n")
    file = tmp_path / "generated/booking-gateway@.service.d/stripe.conf"
    assert file.exists() == bool(program)
    if program:
        assert re.findall(r"^ExecStart=(.*)$", file.read_text(), re.M) == ["", f"@PREFIX@/lib/booking/{program}"]
        assert "STRIPE" not in file.read_text(), "it keeps the secrets"


PAGES = {"booking-api": "booking-api", "booking-gateway": "payment-gateway", "booking-stripe": "stripe-gateway", "booking-sweeper": "sweeper",
         "booking-migrate": "migrate", "booking-admin": "booking-admin"}


@pytest.mark.parametrize("page", PAGES)
def test_a_manual_names_the_options_its_program_has(page):
    manual = (ROOT / f"conf/host/{page}.8").read_text()
    usage = subprocess.run([BUILD / PAGES[page], "--help"], capture_output=True, text=True, check=True).stdout
    everywhere = {"--help", "--version", "--check-config"}
    assert {f"-{option}" for option in re.findall(r"^\.It Fl (-[a-z-]+)", manual, re.M)} \
        == everywhere | set(re.findall(r"--[a-z-]+", usage.splitlines()[0]))


def test_one_version_everywhere():
    version = product_version()
    assert json.loads((ROOT / "html/api/openapi.json").read_text())["info"]["version"] == version
    assert (ROOT / "debian/changelog").read_text().startswith(f"booking ({version}) ")
    assert re.search(rf"^## .*{re.escape(version)}", (ROOT / "CHANGELOG.md").read_text(), re.M)


def test_a_tarball_builds_without_git_and_a_commit_links_only_the_programs(tmp_path):
    version = product_version()
    make("dist", f"BUILD={tmp_path}")
    subprocess.run(["tar", "-xf", tmp_path / f"dist/booking-{version}.tar.gz"], cwd=tmp_path, check=True)
    tree = tmp_path / f"booking-{version}"
    make("programs", "-j2", at=tree)
    told = {name: told_by(tree / "build" / name) for name in PAGES.values()}
    assert told == {name: f"{name} {version}\n" for name in PAGES.values()}

    printed = make("programs", "BOOKING_COMMIT=abc1234", at=tree)
    assert sorted(printed.split()) == sorted(word for name in PAGES.values() for word in ("LINK", f"build/{name}"))
    assert told_by(tree / "build/sweeper") == f"sweeper {version} (abc1234)\n"
