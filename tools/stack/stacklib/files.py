# SPDX-License-Identifier: MIT
"""The data directory, the run directory, and the configuration generated into it."""

import os
import pwd
import shutil
import string
import subprocess
import sys

from stacklib.settings import ROOT, STACK, Failure, in_url, open_files_limit, say

LOG_LIMIT_BYTES = 20 << 20
# What only the gateway program for Stripe is told.
FORGET_STRIPE = "-u STRIPE_SECRET_KEY -u STRIPE_WEBHOOK_SECRET -u STRIPE_WEBHOOK_SECRET_BEFORE"


def private_directory(path):
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = path.lstat()
    if path.is_symlink() or state.st_uid != os.getuid():
        raise Failure(f"{path} belongs to another user")
    path.chmod(0o700)


def link(path, target):
    """Makes `path` a symbolic link to `target`, in one step."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)


def write_private(path, text):
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def prepare_directories(settings):
    if settings.data_dir.exists() and settings.data_dir.stat().st_uid != os.getuid():
        raise Failure(f"{settings.data_dir} belongs to another user; run as that user or choose another DATA_DIR")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.data_dir.chmod(0o700)
    run = settings.run_dir
    private_directory(run)
    if run != settings.data_dir / "run":
        link(settings.data_dir / "run", run)
    (settings.data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    link(run / "logs", settings.data_dir / "logs")
    for name in ("tmp", "wake"):
        shutil.rmtree(run / name, ignore_errors=True)
        private_directory(run / name)
    link(run / "bin", settings.build_dir)
    link(run / "booking-watch", settings.build_dir / "booking-api")
    link(run / "tools", STACK)
    link(run / "booking", ROOT / "conf/nginx")


def make_page(settings):
    """The page as it is served; with HASHED_ASSETS=no the sources themselves, for those who work on them."""
    page = settings.run_dir / "html"
    if page.is_symlink():
        page.unlink()
    if settings.environment.get("HASHED_ASSETS") == "no":
        shutil.rmtree(page, ignore_errors=True)
        link(page, ROOT / "html")
        return
    run = subprocess.run([ROOT / "conf/host/hash-assets", ROOT / "html", page], env={**os.environ, "ASSETS_UMASK": "077"},
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if run.returncode:
        raise Failure(f"The page could not be made:\n{run.stdout}")


def remove_foreign_run_dir(settings):
    """Nothing in a run directory is worth keeping, and in /tmp it would be litter."""
    if settings.run_dir.parent != settings.data_dir:
        shutil.rmtree(settings.run_dir, ignore_errors=True)


def rotate_logs(settings):
    """The programs append to their logs themselves; what grew too long is set aside at the next start."""
    for log in (settings.data_dir / "logs").glob("*.log"):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))


def show_logs(settings):
    """The end of each program's log, the one that was written to last at the bottom."""
    for log in sorted((settings.data_dir / "logs").glob("*.log"), key=lambda log: log.stat().st_mtime):
        if log.name in ("access.log", "supervisord.log"):
            continue
        lines = log.read_text(errors="replace").splitlines()[-8:]
        if lines:
            say(f"--- the end of {log}", *lines, sep="\n", file=sys.stderr)


# ---- generated configuration ------------------------------------------------------------------------------

def fill_template(name, values):
    return string.Template((STACK / name).read_text()).substitute(values)


def describe_clients(settings, *directory):
    """What nginx is to know of its clients; without a directory, whether the settings can be understood."""
    run = subprocess.run([ROOT / "conf/host/nginx-clients", *directory], env=settings.environment, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if run.returncode:
        raise Failure(run.stdout.strip())


def generate_configuration(settings, groups):
    # An idle connection that nginx keeps holds one API process: all its workers together keep half as
    # many as there are, which leaves the others to those who wait to be accepted.
    nginx_workers = max(1, min(len(os.sched_getaffinity(0)), 4, settings.api_workers // 2))
    kept = settings.api_workers // 2 // nginx_workers
    files = open_files_limit()
    user = pwd.getpwuid(os.getuid()).pw_name
    values = {
        "run_dir": settings.run_dir,
        "user": user,
        # nginx started by root would run its workers as nobody, who cannot read a clone below /root.
        "user_directive": f"user {user};" if os.getuid() == 0 else "",
        "nginx_workers": nginx_workers,
        "keepalive": f"keepalive {kept};" if kept else "",
        "nginx_files": files,
        # Each may need a second descriptor, for the API or a file; most are idle.
        "nginx_connections": max(512, files * 3 // 4),
        "listen": f"{in_url(settings.address)}:{settings.port}",
        "gateway_port": settings.gateway_port,
        "api_workers": settings.api_workers,
        "gateway_workers": settings.gateway_workers,
        "gateway_program": settings.gateway_program,
        "stripe_secrets": FORGET_STRIPE,
        # The program for Stripe tells the API of news; the simulator tells of none.
        "gateway_keeps": "" if settings.gateway_program == "stripe-gateway" else f"-u PAYMENT_NOTIFY_SECRET {FORGET_STRIPE}",
        # Its own database it is told by a name of its own, or by the bookings'.
        "gateway_forgets": "-u DATABASE_DSN -u DATABASE_URL" if settings.knows_gateway_database else "",
        "sweepers": settings.sweepers,
        "max_connections": settings.api_workers + settings.gateway_workers + 8 * settings.sweepers + 60,
    }
    write = settings.run_dir.joinpath
    write_private(write("supervisord.conf"), "\n".join(
        fill_template(f"supervisor/{name}.conf.template", values) for name in ["main", *groups]))
    if "mariadb" in groups:
        write_private(write("administrator.sql"), f"CREATE USER IF NOT EXISTS `{user}`@localhost IDENTIFIED VIA unix_socket;\n"
                                                  f"GRANT ALL ON *.* TO `{user}`@localhost WITH GRANT OPTION;\n")
        write_private(write("mariadb.cnf"), fill_template("mariadb.cnf.template", values))
    if "nginx" in groups:
        simulator = fill_template("simulator.conf.template", values) if settings.gateway_program else ""
        write_private(write("simulator.conf"), simulator)
        describe_clients(settings, settings.run_dir)
        write_private(write("nginx.conf"), fill_template("nginx.conf.template", values))


def wanted_groups(settings):
    groups = {"mariadb": settings.own_database, "disk": settings.own_database, "gateway": bool(settings.gateway_program), "api": True,
              "watch": True, "nginx": True, "sweeper": settings.sweepers > 0}
    return [name for name, wanted in groups.items() if wanted]
