# SPDX-License-Identifier: MIT
"""The operator's token: the first start makes it, every client needs it, and a wrong one is logged."""

import json
import os
import shutil
import socket
import subprocess

import pytest

from client import Api
from stack import ROOT, free_port, wait_for
from wire import connect, heads, status

PATHS = [("GET", "/api/admin/orders"), ("GET", "/api/admin/jobs"), ("GET", "/api/admin/queue"), ("POST", "/api/admin/reset")]


@pytest.fixture(scope="module")
def stack(own_stack):
    """The settings of `make start`, but without the reset."""
    return own_stack(ADMIN_TOKEN="", ALLOW_RESET="false")


@pytest.fixture(scope="module")
def token(stack):
    return json.loads((stack.data_dir / "credentials").read_text())["admin_token"]


def test_the_first_start_makes_a_token_for_its_owner_alone(stack, token):
    assert len(token) >= 32 and (stack.data_dir / "credentials").stat().st_mode & 0o077 == 0
    run = subprocess.run([ROOT / "conf/stack", "token"], env=stack.environment(), capture_output=True, text=True, timeout=30)
    assert run.stdout == token + "\n"
    stack.api(Authorization=f"Bearer {token}").get("/api/admin/orders").ok()


@pytest.mark.parametrize("method, path", PATHS)
def test_loopback_is_not_enough(stack, method, path):
    stack.api().request(method, path).refused(401, "UNAUTHORIZED")


def test_a_wrong_token_is_logged_with_the_address_and_without_itself(stack):
    stack.api(Authorization="Bearer guessed-by-a-stranger").get("/api/admin/orders", headers={
        "X-Request-Id": "guess-1"}).refused(401, "UNAUTHORIZED")
    line = wait_for(lambda: [line for line in stack.logs().splitlines() if "operator_refused" in line and "guess-1" in line])[0]
    assert json.loads(line)["client"] == "127.0.0.1" and json.loads(line)["token"] == "wrong"
    assert "guessed-by-a-stranger" not in stack.logs()


def test_reset_is_for_those_who_allow_it(stack, token):
    problem = stack.api(Authorization=f"Bearer {token}").post("/api/admin/reset").refused(403, "FORBIDDEN")
    assert "ALLOW_RESET" in problem["detail"]


@pytest.mark.parametrize("request_line, right", [
    ("GET /api/admin/orders HTTP/1.1", 200),
    ("GET /api/admin/orders HTTP/1.0", 403),
    ("GET http://elsewhere.example/api/admin/orders HTTP/1.1", 403),
    ("GET http://127.0.0.1/api/admin/orders HTTP/1.1", 200)])
def test_a_hidden_proxy_is_recognized(default_stack, request_line, right):
    """Without a token (ADMIN_TOKEN=none), two requests reveal a proxy: nginx's plain proxy_pass speaks HTTP/1.0, and
    the name in an absolute target counts, whatever Host says."""
    with connect(default_stack) as s:
        s.sendall(f"{request_line}\r\nHost: 127.0.0.1:{default_stack.port}\r\nConnection: close\r\n\r\n".encode())
        (head,) = heads(s.recv(65536))
    assert status(head) == right


@pytest.fixture
def proxied(tmp_path):
    """Starts another nginx in front of a stack, like the first example of its manual. Returns the API behind it."""
    running = []

    def start(stack):
        port, place = free_port(), tmp_path / str(len(running))
        place.mkdir()
        temporary = "".join(f"{name}_temp_path {place}/{name}; " for name in ("client_body", "fastcgi", "proxy", "uwsgi", "scgi"))
        (place / "nginx.conf").write_text(
            f"daemon off; pid {place}/pid; events {{}} http {{ {temporary} access_log off; server {{ listen 127.0.0.1:{port};"
            f" location / {{ proxy_pass {stack.url}; }} }} }}")
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        running.append(subprocess.Popen([nginx, "-c", place / "nginx.conf", "-e", place / "error.log"], stdin=subprocess.DEVNULL))

        def answers():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0
        wait_for(answers, 10, "the proxy")
        return Api("127.0.0.1", port)
    yield start
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("method, path", PATHS)
def test_the_world_behind_the_plainest_proxy_is_no_operator(stack, default_stack, proxied, method, path):
    for behind, status in ((proxied(stack), 401), (proxied(default_stack), 403)):
        assert behind.request(method, path).status == status
        assert behind.request(method, path, headers={"Host": "localhost"}).status == status
