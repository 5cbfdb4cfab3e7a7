# SPDX-License-Identifier: MIT
"""Who somebody is, as nginx finds it out (SIGN_ON), and that no client can make itself anybody. The site's nginx runs in
front of a program that answers with all it was told, so these tests see what any program could believe."""

import base64
import contextlib
import http.server
import re
import subprocess
import threading

import pytest

from echo import Site
from stack import ROOT, free_port
from wire import heads, speak, status

SOMEBODYS = ["/api/flights", "/api", "/api/", "/api/me", "/api/admin/orders", "/api/flights/../orders", "/api/%6frders"]
NOBODYS = ["/api/openapi.json", "/live/flights/FL123", "/live/orders/x", "/live", "/live/x", "/health", "/health/live", "/metrics",
           "/", "/ops", "/docs", "/css/base.css", "/nothing", "/missing", "/node_modules/x", "/.sign-on", "/.problem/other",
           "/.problem/page", "/.problem/nobody", "/not-signed-in", "/%zz"]
SIGNING = ["/sign-in", "/sign-out", "/oauth2/auth", "/oauth2/userinfo"]

NAMES = ["Remote-User", "REMOTE-USER", "REMOTE_USER", "Remote_User", "remote_user", "HTTP_REMOTE_USER", "Remote-Groups", "REMOTE_GROUPS",
         "X-Remote-User", "X-Remote-Groups", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username",
         "X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups", "X_AUTH_REQUEST_EMAIL", "Auth-Type", "AUTH_TYPE",
         "Proxy-User", "Proxy-Authorization", "Proxy-Remote-User", "X-User", "X-WebAuth-User", "From", "Booking-User", "booking_user",
         "X-Accel-Redirect", "X-Original-URL"]
MALLORY = "mallory"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextlib.contextmanager
def site(place, **settings):
    running = Site(place, **settings)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def off(tmp_path_factory):
    with site(tmp_path_factory.mktemp("off")) as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    place = tmp_path_factory.mktemp("passwords")
    hashed = {user: subprocess.run(["openssl", "passwd", "-apr1", f"{user}'s own"], capture_output=True, text=True, check=True).stdout
              for user in ("ann", "Ann", "bob.lee", "zoe")}
    (place / "passwords").write_text("# staff\n" + "".join(f"{user}:{hash_}" for user, hash_ in hashed.items()))
    (place / "groups").write_text("# groups\n\ndesk: ann bob.lee\nops: ann\nempty:\n")
    return {"SIGN_ON": "basic", "BASIC_AUTH_FILE": place / "passwords", "BASIC_AUTH_GROUPS": place / "groups"}


@pytest.fixture(scope="module")
def passwords(files, tmp_path_factory):
    with site(tmp_path_factory.mktemp("basic"), **files) as running:
        yield running


class ProxyStandIn(http.server.BaseHTTPRequestHandler):
    """Knows the session "good", and writes down what reaches it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers))
        good = "_oauth2_proxy=good" in (self.headers["Cookie"] or "")
        self.send_response(202 if good else 401)
        # What counts only in an answer of 202.
        self.send_header("X-Auth-Request-Email", "ann@airline.example" if good else MALLORY)
        self.send_header("X-Auth-Request-Groups", "desk,ops" if good else MALLORY)
        for cookie in self.server.cookies:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def proxy():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), ProxyStandIn)
    server.asked, server.cookies = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def sessions(proxy, tmp_path_factory):
    with site(tmp_path_factory.mktemp("sessions"), SIGN_ON="oauth2-proxy",
              OAUTH2_PROXY_URL=f"http://127.0.0.1:{proxy.server_address[1]}") as running:
        yield running


@pytest.fixture(params=["off", "passwords", "sessions"])
def each(request):
    return request.getfixturevalue(request.param)


def users(all_told):
    """(user, groups) of each request. Each must have been told once."""
    found = []
    for told in all_told:
        named = [name for name, _ in told if name.startswith("REMOTE_") and name != "REMOTE_ADDR"]
        assert sorted(named) == ["REMOTE_GROUPS", "REMOTE_USER"], named
        found.append((dict(told)["REMOTE_USER"], dict(told)["REMOTE_GROUPS"]))
    return found


# -- nobody becomes somebody --------------------------------------------------------------------

FORMS = {
    "plain": "GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n",
    "HTTP/1.0": "GET {path} HTTP/1.0\r\n{headers}\r\n",
    "an absolute target": "GET http://x{path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n",
    "a change": "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n{headers}Connection: close\r\n\r\n{{}}",
    "a bare address": "OPTIONS {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_no_header_makes_anybody_somebody(each, form):
    """Every header that some product takes for a user's name, at every address, alone and doubled."""
    headers = "".join(f"{name}: {MALLORY}\r\n" * 2 for name in NAMES)
    each.told()
    for path in SOMEBODYS + NOBODYS + SIGNING:
        answer = speak(each, FORMS[form].format(path=path, headers=headers).encode())
        assert answer, path
        if path in SOMEBODYS:
            assert status(heads(answer.replace(b"HTTP/1.0", b"HTTP/1.1"))[0]) == 200, (path, answer)
    told = each.told()
    for name, value in (pair for one in told for pair in one):
        assert MALLORY not in value or name.startswith("HTTP_") or name == "REQUEST_URI", (name, value)
    assert set(users(told)) == {("", "")}


@pytest.mark.parametrize("header", [basic(MALLORY, "x"), basic("ann", "wrong"), basic("ann", ""), basic("zoe", "ann's own"), basic("", "ann's own"),
                                    "Basic", "Basic ", "Basic !", "Basic YW5u", "basic " + basic("ann", "x")[6:], "Digest username=\"ann\"", "ann:x",
                                    "Bearer", "Negotiate YW5u"])
def test_no_clients_own_password_makes_it_somebody(each, header):
    each.told()
    for path in SOMEBODYS + NOBODYS:
        answer = each.api().get(path, headers={"Authorization": header})
        if path in SOMEBODYS:
            assert answer.status == (200 if "basic.conf" not in (each.place / "proxies.conf").read_text() else 401)
        else:
            assert answer.status in (200, 400, 404)
    told = each.told()
    assert not [one for one in told if "HTTP_AUTHORIZATION" in dict(one)]
    assert set(users(told)) <= {("", "")}


@pytest.mark.parametrize("first, second, right", [
    ("Bearer some-token", basic("ann", "ann's own"), ["", "Bearer some-token"]),
    (basic("ann", "ann's own"), "Bearer some-token", ["ann", None]),
    (basic("zoe", "zoe's own"), basic("ann", "ann's own"), ["zoe", None]),
    (basic("zoe", "wrong"), basic("ann", "ann's own"), None),
    ("", basic("ann", "ann's own"), ["", None]),
    (basic("ann", "wrong"), "", None)])
def test_of_two_authorizations_one_counts_for_all(passwords, first, second, right):
    """nginx before 1.23 takes the first; later versions refuse such a request."""
    passwords.told()
    answer = speak(passwords, f"GET /api/x HTTP/1.1\r\nHost: x\r\nAuthorization: {first}\r\nAuthorization: {second}\r\n"
                              "Connection: close\r\n\r\n".encode())
    told = passwords.told()
    assert status(heads(answer)[0]) in ([200, 400] if right else [400, 401])
    for one in told:
        assert len([name for name, _ in one if name == "HTTP_AUTHORIZATION"]) <= 1
        assert [dict(one)["REMOTE_USER"], dict(one).get("HTTP_AUTHORIZATION")] == right


def test_the_gateway_knows_nobody(each):
    each.told()
    api = each.api()
    api.port = each.gateway_port
    api.get("/charges/x", headers={"Remote-User": MALLORY, "Authorization": basic("ann", "ann's own"), "Cookie": "_oauth2_proxy=good"})
    assert users(each.told()) == [("", "")]


def test_every_location_says_whether_it_knows_anybody():
    """A location that says neither would ask who somebody is, and tell no one."""
    known = 0
    for path in (ROOT / "conf/nginx").glob("*.conf"):
        for location, block in re.findall(r"^location ([^{]*) \{\n(.*?)^\}", path.read_text(), re.M | re.S):
            if path.name in ("gateway.conf", "sign-on-basic.conf", "sign-on-oauth2-proxy.conf"):
                continue
            says = [name for name in ("somebody", "nobody") if f"include booking/{name}.conf;" in block]
            says += ["nobody"] * len(re.findall("include booking/(?:watch|live).conf;", block))
            assert len(says) == 1, f"{path.name}: {location}: {says}"
            known += 1
    assert known > 10


# -- a name and a password ----------------------------------------------------------------------

ANN = {"Authorization": basic("ann", "ann's own")}


@pytest.mark.parametrize("user, groups", [("ann", "desk,ops"), ("bob.lee", "desk"), ("zoe", ""), ("Ann", "")])
def test_a_password_makes_somebody(passwords, user, groups):
    """Names differ by case, and so do groups' members."""
    passwords.told()
    for path in SOMEBODYS:
        assert passwords.api(Authorization=basic(user, f"{user}'s own")).get(path).status == 200
    told = passwords.told()
    assert not [one for one in told if user in str([pair for pair in one if pair[0] != "REMOTE_USER"])]
    assert set(users(told)) == {(user, groups)}


def test_an_allowed_address_needs_the_password_too(files, tmp_path):
    with site(tmp_path, more="satisfy any; allow all;", **files) as running:
        assert running.api(Authorization=basic("ann", "wrong")).get("/api/flights").status == 401 and not running.told()


def test_a_wrong_password_is_a_problem_document(passwords):
    answer = passwords.api().get("/api/flights", headers={"Authorization": basic("ann", "wrong")})
    answer.refused(401, "UNAUTHORIZED")
    assert answer.headers.get_all("WWW-Authenticate") == ['Basic realm="Booking"']
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Content-Security-Policy"]


def test_people_get_a_page_and_programs_a_problem_document(passwords):
    for path, kind in (("/sign-in", "text/html"), ("/sign-out?x", "text/html"), ("/api/flights", "application/problem+json")):
        answer = passwords.api().get(path, headers={"Authorization": basic("ann", "wrong"), "Accept": "text/html,*/*"})
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (401, kind)
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="Booking"' and answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "Accept" and answer.headers["X-Frame-Options"] == "DENY"


def test_what_the_proxy_says_in_two_headers_is_passed_on_in_two(proxy, sessions):
    """As nginx from 1.23 on tells it: all of them in one text, with commas between them and within the dates."""
    date = "; Path=/; Expires=Thu, 26 Nov 2026 16:00:00 GMT; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
    for told, passed in (
            ([f"_oauth2_proxy_0=a=={date}, _oauth2_proxy_1=b{date}"], [f"_oauth2_proxy_0=a=={date}"]),
            ([f"_oauth2_proxy_0=a{date}", f"_oauth2_proxy_1=b{date}"], [f"_oauth2_proxy_0=a{date}", f"_oauth2_proxy_1=b{date}"]),
            ([f"_oauth2_proxy=c{date}"], [f"_oauth2_proxy=c{date}"]), (["other=x; Path=/"], None), (["_oauth2_proxy=; Max-Age=0"], None)):
        proxy.cookies = told
        assert sessions.api(**GOOD).get("/api/me").headers.get_all("Set-Cookie") == passed
    proxy.cookies = []


def test_signing_in_needs_the_password(passwords):
    for headers in ({}, {"Authorization": basic("ann", "wrong")}, {"Authorization": "Bearer x"}):
        answer = passwords.api().get("/sign-in?rd=/ops", headers=headers)
        answer.refused(401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] and not answer.headers["Location"]
    assert passwords.api(**ANN).get("/sign-in?rd=/ops").headers["Location"] == "/ops"


def test_signing_out_refuses_every_password(passwords):
    answer = passwords.api(**ANN).get("/sign-out")
    answer.refused(401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Booking"'


RETURNS = {
    "": "/", "?rd=": "/", "?rd=/": "/", "?rd=/ops": "/ops", "?rd=/ops?order=1&flight=2%20x": "/ops?order=1&flight=2%20x",
    "?rd=//evil.example": "/", "?rd=/\\evil.example": "/", "?rd=\\\\evil.example": "/", "?rd=https://evil.example": "/",
    "?rd=evil.example": "/", "?rd=%2F%2Fevil.example": "/", "?rd=/%2Fevil.example": "/%2Fevil.example", "?rd=@evil.example": "/",
    "?rd=/a\\b": "/", "?x=1&rd=/ops": "/", "?rd=javascript:alert(1)": "/", "?rd=/%0d%0aSet-Cookie:x": "/%0d%0aSet-Cookie:x",
    "?rd=/.//evil.example": "/.//evil.example"}


@pytest.mark.parametrize("query", RETURNS)
def test_signing_in_leads_to_this_site_only(passwords, sessions, proxy, query):
    assert passwords.api(**ANN).get(f"/sign-in{query}").headers["Location"] == RETURNS[query]
    proxy.asked.clear()
    sessions.api().get(f"/sign-in{query}")
    [(path, headers)] = proxy.asked
    assert path == "/oauth2/start" and headers.get_all("X-Auth-Request-Redirect") == [RETURNS[query]]


def test_passwords_are_limited(files, tmp_path):
    with site(tmp_path, **files, RATE_LIMIT_EXEMPT="none", RATE_LIMIT_ADMIN="6r/m") as running:
        guesses = [running.api(Authorization=basic("ann", f"guess {n}")).get(path).status
                   for n in range(15) for path in ("/api/flights", "/sign-in")]
        assert guesses[:21] == [401] * 21 and guesses[21:] == [429] * 9
        # Those who send none are not.
        assert {running.api().get("/api/flights").status for _ in range(30)} == {200}
        assert {running.api(**ANN).get("/css/base.css").status for _ in range(30)} == {200}


# -- a session of oauth2-proxy ------------------------------------------------------------------

GOOD = {"Cookie": "a=b; _oauth2_proxy=good; c=d"}


def test_a_session_makes_somebody(sessions):
    sessions.told()
    for path in SOMEBODYS:
        assert sessions.api(**GOOD).get(path).status == 200
        assert sessions.api(**GOOD).post(path, {"a": 1}).status == 200
    told = sessions.told()
    assert not [one for one in told if "good" in str(one)], "the API has no use for a session"
    assert set(users(told)) == {("ann@airline.example", "desk,ops")}


def test_a_session_beats_all_headers(sessions):
    sessions.told()
    sessions.api(**GOOD, **{name: MALLORY for name in NAMES}).get("/api/me")
    assert users(sessions.told()) == [("ann@airline.example", "desk,ops")]


def test_the_proxy_sees_cookies_and_no_other_header_of_a_clients(sessions, proxy):
    for path in ("/api/me", "/oauth2/callback", "/sign-in", "/sign-out"):
        proxy.asked.clear()
        sessions.api(**GOOD, **{name: MALLORY for name in NAMES}, **{"X-Forwarded-Proto": MALLORY, "X-Forwarded-Host": MALLORY,
                     "X-Forwarded-Uri": MALLORY, "X-Auth-Request-Redirect": MALLORY, "Authorization": MALLORY}).get(path)
        [(_, headers)] = proxy.asked
        assert MALLORY not in str(headers) and headers["Cookie"] == GOOD["Cookie"]


@pytest.mark.parametrize("cookie", ["_oauth2_proxy=old", "_oauth2_proxy_0=old; _oauth2_proxy_1=x", "_oauth2_proxy="])
def test_a_session_that_is_over_keeps_nobody_out(sessions, cookie):
    sessions.told()
    assert sessions.api(Cookie=cookie).get("/api/flights").status == 200
    assert users(sessions.told()) == [("", "")]


@pytest.mark.parametrize("headers", [{}, {"Cookie": "a=b"}, {"Cookie": "_oauth2_proxy_csrf=x"}, {"Cookie": "x_oauth2_proxy=good"},
                                     {"Authorization": "Bearer x"}])
def test_those_without_a_session_cost_no_call(sessions, proxy, headers):
    proxy.asked.clear()
    assert sessions.api(**headers).get("/api/flights").status == 200
    assert not proxy.asked


def test_addresses_that_know_nobody_cost_no_call(sessions, proxy):
    proxy.asked.clear()
    for path in NOBODYS:
        assert sessions.api(**GOOD).get(path).status in (200, 400, 404)
    assert not proxy.asked


def test_a_proxy_that_is_away_matters_to_sessions_alone(tmp_path):
    with site(tmp_path, SIGN_ON="oauth2-proxy", OAUTH2_PROXY_URL=f"http://127.0.0.1:{free_port()}") as running:
        answer = running.api(**GOOD).get("/api/flights")
        answer.refused(503, "UNAVAILABLE")
        assert answer.headers["Retry-After"] == "1" and not running.told()
        assert running.api().get("/api/flights").status == 200
        running.api().get("/sign-in").refused(502, "UNAVAILABLE")


def test_another_sites_page_signs_nobody_out(sessions, proxy):
    for site, asked in (("cross-site", 0), ("same-site", 0), ("same-origin", 1), ("none", 1)):
        proxy.asked.clear()
        sessions.api(**GOOD).get("/sign-out", headers={"Sec-Fetch-Site": site})
        assert len(proxy.asked) == asked, site


def test_sign_ins_are_limited(proxy, tmp_path):
    with site(tmp_path, SIGN_ON="oauth2-proxy", OAUTH2_PROXY_URL=f"http://127.0.0.1:{proxy.server_address[1]}",
              RATE_LIMIT_EXEMPT="none", RATE_LIMIT_ADMIN="6r/m") as running:
        tries = [running.api().get(path).status for _ in range(10) for path in ("/sign-in", "/oauth2/callback?code=x", "/sign-out")]
        assert 429 not in tries[:21] and tries[21:] == [429] * 9
        assert {running.api(**GOOD).get("/api/flights").status for _ in range(30)} == {200}


# -- nobody learns who somebody is --------------------------------------------------------------

@pytest.mark.parametrize("path", NOBODYS)
def test_pages_and_shared_answers_hear_of_nobody(passwords, sessions, path):
    for running, headers in ((passwords, ANN), (sessions, GOOD)):
        running.told()
        answer = running.api(**headers).get(path)
        told = running.told()
        assert not [one for one in told if {"ann", "ann@airline.example"} & {value for _, value in one} or "good" in str(one)]
        assert "ann" not in str(answer.headers.items()) and b"airline" not in answer.body and not answer.headers["Set-Cookie"]
        assert set(users(told)) <= {("", "")}


def test_the_cache_is_nobodys(passwords):
    """What one client's poll left there is what all clients would have got."""
    path = "/live/flights/shared"
    first, second = passwords.api(**ANN).get(path).json["told"], passwords.api().get(path).json["told"]
    assert first == second and ["REMOTE_USER", ""] in first


# -- the settings -------------------------------------------------------------------------------

@pytest.mark.parametrize("name, value, says", [
    ("SIGN_ON", "yes", "'yes' is none of"), ("SIGN_ON", "none\nbasic", "is none of"),
    ("OAUTH2_PROXY_URL", "127.0.0.1:4180", "is not an address"), ("OAUTH2_PROXY_URL", "http://a; }", "is not an address"),
    ("OAUTH2_PROXY_URL", "http://a\nhttp://b", "is not an address"), ("OAUTH2_PROXY_URL", "http://a/path", "is not an address"),
    ("BASIC_AUTH_FILE", "", "needs this file"), ("BASIC_AUTH_FILE", "passwords", "does not begin with /"),
    ("BASIC_AUTH_FILE", "/no/such/file", "is not a file"), ("BASIC_AUTH_FILE", "/tmp", "is not a file"),
    ("BASIC_AUTH_FILE", "/tmp/$x", "other characters"), ("BASIC_AUTH_FILE", "/tmp/x;y", "other characters"),
    ("BASIC_AUTH_GROUPS", "/no/such/file", "is not a file")])
def test_a_bad_setting_is_named(files, name, value, says):
    way = {} if name == "SIGN_ON" else {"SIGN_ON": "oauth2-proxy"} if "URL" in name else files
    run = subprocess.run([ROOT / "conf/host/nginx-clients"], env={**way, name: value, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith(f"{name}: ") and says in run.stderr


@pytest.mark.parametrize("name, text, line", [
    ("BASIC_AUTH_FILE", "ann:x\nsecret\n", 2), ("BASIC_AUTH_FILE", "ann:x\nbob: x\n", 2), ("BASIC_AUTH_FILE", ":secret\n", 1),
    ("BASIC_AUTH_GROUPS", "desk ann\n", 1), ("BASIC_AUTH_GROUPS", "# x\n\ndesk: ann\nops: \"; }\n", 4),
    ("BASIC_AUTH_GROUPS", "de$k: ann\n", 1), ("BASIC_AUTH_GROUPS", "desk: ann,bob\n", 1)])
def test_a_bad_line_is_numbered_and_not_shown(files, tmp_path, name, text, line):
    (tmp_path / "file").write_text(text)
    run = subprocess.run([ROOT / "conf/host/nginx-clients"], env={**files, name: tmp_path / "file", "PATH": "/usr/bin:/bin"},
                         capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith(f"{name}: line {line} of ") and "secret" not in run.stderr


# -- all of it ----------------------------------------------------------------------------------

SETTINGS = {"TRUST_REMOTE_USER": "yes", "ROLE_GROUPS": "viewer:readers,agent:desk,operator:ops", "ADMIN_TOKEN": "the-operator-s-own-token"}


def test_a_trusting_api_believes_no_client(own_stack):
    """The API trusts nginx, which asks nobody who they are: so nobody is anybody, with any header."""
    stack = own_stack(**SETTINGS, SIGN_ON="none")
    for headers in (dict.fromkeys(NAMES, "ops"), {"Authorization": basic("ops", "x")}, GOOD):
        for path in ("/api/me", "/api/me?x"):
            me = stack.api(**headers).get(path)
            assert (me.ok()["user"], me.json["role"]) == (None, None)
        stack.api(**headers).get("/api/admin/orders").refused(401, "UNAUTHORIZED")


def test_a_password_opens_what_its_groups_may(own_stack, files):
    stack = own_stack(**SETTINGS, **files)
    for user, role in (("ann", "operator"), ("bob.lee", "agent"), ("zoe", None)):
        api = stack.api(Authorization=basic(user, f"{user}'s own"))
        me = api.get("/api/me")
        assert (me.ok()["user"], me.json["role"], me.json["signOut"]) == (user, role, "/sign-out")
        assert {"no-store", "private"} & set(re.split(", *", me.headers["Cache-Control"])), me
        api.plain = True
        assert api.get("/api/admin/orders").status == (200 if role else 403)
        assert user not in stack.api().get("/health").body.decode() and user not in api.get("/metrics").body.decode()
    assert stack.api().get("/api/me").ok()["user"] is None
    assert stack.api(Authorization="Bearer the-operator-s-own-token").get("/api/me").ok()["role"] == "admin"
    assert "s own" not in stack.logs() and not re.search("ann|bob.lee", (stack.data_dir / "logs/access.log").read_text())
