# SPDX-License-Identifier: MIT
"""Passwords, tokens and payment codes: other accounts cannot read them, and they are not logged or kept."""

import contextlib
import os
import re
import stat
import subprocess
import uuid

import pytest

from stack import ROOT, descriptors, of_process, wait_for

TOKEN = "token-nobody-may-see-4711"
GATEWAY_TOKEN = "token-of-the-gateway-alone"
CODE = "83917"
PERSON = "Ada-Personal-Name"


@pytest.fixture(scope="module")
def stack(own_stack):
    """A stack with a past: orders, payments, wrong passwords, and outages of parts."""
    stack = own_stack(ADMIN_TOKEN=TOKEN, PAYMENT_GATEWAY_TOKEN=GATEWAY_TOKEN, LOG_LEVEL="debug", PAYMENT_TIMEOUT="1s")
    api, flight = stack.api(), stack.new_flight()
    orders = [api.hold(flight, f"A{n}", user=PERSON) for n in range(1, 4)]
    query = f"?paymentCode={CODE}&userId={PERSON}&token={TOKEN}"
    api.post(f"/api/orders/{orders[0]['orderId']}/pay{query}", {"paymentCode": CODE},
             headers={"Idempotency-Key": f"key-{CODE}", "Referer": f"http://x/{query}", "Cookie": f"code={CODE}"}).ok(202)
    api.get(f"/api/admin/orders{query}", headers={"Authorization": f"Bearer {TOKEN}"}).ok()
    api.get(f"/api/admin/orders{query}", headers={"Authorization": f"Bearer {TOKEN}x"}).refused(401, "UNAUTHORIZED")
    for path in ("/nothing", "/%zz", "/live/nothing", "/api/orders/x/payment"):
        api.request("POST", path + query, body=CODE.encode())
    with stack.without("gateway"):
        api.pay(orders[1], CODE).ok()
        wait_for(lambda: api.order(orders[1])["lastError"], 10)
    with stack.without("mariadb"):
        for order in orders:
            api.post(f"/api/orders/{order['orderId']}/payment{query}", {"paymentCode": CODE}).refused(503, "DATABASE_UNAVAILABLE")
            api.get(f"/api/orders{query}").refused(503, "DATABASE_UNAVAILABLE")
    with stack.without("api"):
        api.get(f"/api/orders{query}").refused(502, "UNAVAILABLE")
    stack.wait_status(orders[0], "CONFIRMED", "FAILED", deadline=30)
    return stack


def secrets_of(stack):
    """The values that must not appear: the token and every password."""
    passwords = re.findall(r'": "([0-9a-f]{20,})"', (stack.data_dir / "credentials").read_text())
    assert len(passwords) == 4
    return [TOKEN, GATEWAY_TOKEN, *passwords]


def standing_alone(code, text):
    return re.search(rf"(?<![0-9a-fA-F.-]){code}(?![0-9a-fA-F.-])", text)


def test_the_logs_hold_no_secret_no_code_and_no_query(stack):
    wait_for(lambda: "/nothing" in (stack.data_dir / "logs/access.log").read_text(), 5)
    logs = stack.logs()
    assert len(logs) > 10_000, "the logs are not empty"
    for secret in secrets_of(stack):
        assert secret not in logs
    assert not standing_alone(CODE, logs), standing_alone(CODE, logs)
    lines = [line for line in logs.splitlines() if PERSON in line]
    assert not lines, lines[:3]


def test_command_lines_hold_no_secret(stack):
    pids = stack.all_pids()
    assert len(pids) > 20
    listing = subprocess.run(["ps", "-ww", "-o", "args=", "-p", ",".join(map(str, pids))], capture_output=True, text=True)
    for secret in (*secrets_of(stack), CODE):
        assert secret not in listing.stdout


def test_programs_know_only_the_secrets_they_need(stack):
    """nginx and the database know no secret, only the API knows the token, and no program the owners' passwords."""
    app, owner = (re.search(rf'"booking_{role}": "(\w+)"', (stack.data_dir / "credentials").read_text())[1]
                  for role in ("app", "owner"))
    for program, may in (("nginx", []), ("mariadbd", []), ("sweeper", [app, GATEWAY_TOKEN]), ("booking-api", [app, TOKEN]),
                         ("payment-gateway", [GATEWAY_TOKEN])):
        for pid in stack.pids(program):
            environment = open(f"/proc/{pid}/environ", "rb").read().decode(errors="replace")
            assert owner not in environment
            for secret in {app, TOKEN, GATEWAY_TOKEN} - set(may):
                assert secret not in environment, f"{program} knows a secret that it does not need"


def test_answers_hold_no_secret(stack):
    api = stack.admin()
    flight = api.get("/api/flights").ok()["flights"][0]["id"]
    for path in ("/health", "/metrics", "/api/admin/orders", "/api/admin/jobs", f"/api/flights/{flight}", "/nothing", "/api/orders"):
        text = api.get(path).body.decode()
        assert not standing_alone(CODE, text)
        for secret in secrets_of(stack):
            assert secret not in text
    assert PERSON not in stack.api().get("/metrics").body.decode()


def test_check_config_masks_every_secret(stack):
    for program in ("booking-api", "sweeper", "payment-gateway"):
        run = stack.popen(program, "--check-config", ADMIN_TOKEN=TOKEN)
        out, err = run.communicate(timeout=10)
        assert run.returncode == 0 and "ADMIN_TOKEN=****" in out
        for secret in secrets_of(stack):
            assert secret not in out + err


def test_a_bad_setting_does_not_show_the_secret(stack):
    for name, value in (("DATABASE_DSN", "user:pass-geheim@nowhere"), ("ADMIN_TOKEN", "geheim\x07"), ("MIGRATION_DSN", "geheim")):
        run = stack.popen("booking-api", "--check-config", **{name: value})
        out, err = run.communicate(timeout=10)
        assert run.returncode == 2 and name in err and "geheim" not in out + err


def test_the_database_keeps_no_code_of_a_settled_payment_and_no_key(stack):
    dump = "".join(str(row) for table in ("orders", "workflow_events", "workflow_jobs", "idempotency_keys")
                   for row in stack.query(f"SELECT * FROM {table}"))
    assert not standing_alone(CODE, dump) and f"key-{CODE}" not in dump
    for payment in stack.query("SELECT * FROM payments WHERE status <> 'PENDING'"):
        assert payment["payment_code"] == CODE[-2:]


def things_below(top):
    """Yields each path with its state and its directory's. It skips files that the database removes in the meantime."""
    for directory, _, names in os.walk(top):
        for path in (directory, *(os.path.join(directory, name) for name in names)):
            with contextlib.suppress(FileNotFoundError):
                yield path, os.lstat(path), os.stat(os.path.dirname(path))


def test_nothing_in_the_data_directory_is_for_others(stack):
    looked_at = 0
    for top in (stack.data_dir, os.path.realpath(stack.data_dir / "run")):
        for path, state, directory in things_below(top):
            if stat.S_ISLNK(state.st_mode):      # the mode of a link means nothing
                continue
            # In a private directory the database's own files may have a wider mode: no other account gets there.
            inside = not stat.S_ISDIR(state.st_mode) and not directory.st_mode & 0o077
            assert not state.st_mode & 0o077 or inside, f"{path}: {stat.filemode(state.st_mode)}"
            assert not state.st_mode & 0o002 or stat.S_ISSOCK(state.st_mode) and inside, path
            looked_at += 1
    assert looked_at > 100


def test_sockets_are_for_their_owner(stack):
    sockets = {path: directory for path, state, directory in things_below(os.path.realpath(stack.data_dir / "run"))
               if stat.S_ISSOCK(state.st_mode)}
    assert {"api.sock", "gateway.sock", "mysql.sock", "supervisor.sock"} <= {os.path.basename(path) for path in sockets}
    for path, directory in sockets.items():
        assert not directory.st_mode & 0o077 and directory.st_uid == os.getuid(), path


def test_the_database_has_no_network_port_and_the_gateway_only_loopback(stack):
    pids = stack.all_pids()
    inodes = set()
    for pid in pids:
        inodes.update(target.removeprefix("socket:[").removesuffix("]") for target in descriptors(pid))
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in open(f"/proc/net/{table}").readlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.add(fields[1])
    assert listening == {f"0100007F:{port:04X}" for port in (stack.port, int(stack.settings["GATEWAY_PORT"]))}


def test_no_process_dumps_core(stack):
    for pid in stack.all_pids():
        limits = of_process(pid, "limits")
        assert re.search(r"Max core file size +0 +0 ", limits) or not limits, pid


def test_no_secret_is_in_the_repository():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a clone")
    for name in tracked.stdout.split("\n"):
        assert not re.search(r"(^|/)(credentials|booking\.env|.*\.(pem|key|p12))$", name), name


@pytest.mark.parametrize("authorization", [None, "Bearer", f"Bearer {GATEWAY_TOKEN}x", f"Bearer {GATEWAY_TOKEN[:-1]}", f"Bearer {TOKEN}",
                                           f"Basic {GATEWAY_TOKEN}"])
def test_the_simulator_charges_only_for_its_token(stack, authorization):
    key, gateway = str(uuid.uuid4()), stack.gateway()
    body = {"orderId": "a-stranger-s", "paymentCode": "99999", "amountCents": 100, "currency": "USD"}
    headers = {"Authorization": authorization} if authorization else {}
    for call in (lambda more: gateway.post("/charges", body, headers={"Idempotency-Key": key, **more}),
                 lambda more: gateway.get(f"/charges/{key}", headers=more),
                 lambda more: gateway.post(f"/charges/{key}/void", {}, headers=more)):
        assert call(headers).status == 401
    assert not stack.gateway_query("SELECT 1 FROM charges WHERE idempotency_key = %s", key)
