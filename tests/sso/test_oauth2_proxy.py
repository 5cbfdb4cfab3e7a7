# SPDX-License-Identifier: MIT
"""Signing in with the real oauth2-proxy, with the settings that we ship for it, and a mock OpenID provider."""

import time

import pytest
import requests

from client import Api
from echo import Site
from page import Page, start_browser, stop_browser
from sign_on import PROGRAMS, SECRET, Provider, Proxy
from stack import free_port, wait_for

pytestmark = pytest.mark.skipif(not (PROGRAMS / "oauth2-proxy").exists() or not (PROGRAMS / "provider").exists(),
                                reason="make test-sso builds oauth2-proxy and the provider, which takes Go, a network and two minutes")


@pytest.fixture(scope="module")
def provider():
    running = Provider().start()
    yield running
    running.stop()


@pytest.fixture
def begin(provider, tmp_path):
    """Starts a site that shows what the API is told, with an oauth2-proxy of its own."""
    started = []

    def start(**settings):
        port = free_port()
        site = Site(tmp_path, SIGN_ON="oauth2-proxy", OAUTH2_PROXY_URL=f"http://127.0.0.1:{port}")
        started.append(site)
        proxy = Proxy(tmp_path, provider, site.api(), port, **settings)
        started.append(proxy)
        proxy.start()
        return site, proxy
    yield start
    for one in reversed(started):
        one.stop()


class Visitor:
    """A browser without a screen: it keeps cookies and follows redirects."""

    def __init__(self, site):
        self.site, self.session = site, requests.Session()

    def get(self, path, **more):
        self.site.told()
        return self.session.get(f"http://127.0.0.1:{self.site.port}{path}", timeout=20, **more)

    def is_now(self, path="/api/me", status=200):
        """(user, groups) as the API is told."""
        assert self.get(path).status_code == status
        [told] = self.site.told()
        return dict(told)["REMOTE_USER"], dict(told)["REMOTE_GROUPS"]

    def sign_in(self, path="/"):
        answer = self.get(f"/sign-in?rd={path}")
        assert answer.status_code == 200 and answer.url.endswith(path), answer.url
        return answer


def test_somebody_signs_in_and_out(begin, provider):
    site, _ = begin()
    ann, other = Visitor(site), Visitor(site)
    assert ann.is_now() == ("", "")
    provider.next("ann@airline.example", "desk", "ops")
    ann.sign_in("/api/me?a=b&c=d%20e")
    assert ann.is_now() == ("ann@airline.example", "desk,ops")
    assert other.is_now() == ("", "")
    assert ann.get("/sign-out").url.endswith(f":{site.port}/")
    assert ann.is_now() == ("", "")
    provider.next("zoe@elsewhere.example")
    ann.sign_in()
    assert ann.is_now() == ("zoe@elsewhere.example", "")


def test_the_cookie_is_small_and_the_pages_cannot_read_it(begin, provider):
    site, _ = begin(cookie_secure=None)      # as shipped
    provider.next("ann@airline.example", *(f"group-{n}" for n in range(40)))
    # By hand, since a client without TLS sends no such cookie.
    start = site.api().get("/sign-in")
    there = requests.get(start.headers["Location"], allow_redirects=False, timeout=20).headers["Location"]
    back = site.api(Cookie=start.headers["Set-Cookie"].split(";")[0]).get(there[there.index("/oauth2/"):])
    [cookie] = [one for one in back.headers.get_all("Set-Cookie") if one.startswith("_oauth2_proxy=")]
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")) and "Domain" not in cookie
    assert len(cookie) < 2048 and back.headers["Cache-Control"] == "no-store"


def test_a_long_session_comes_in_two_parts_and_is_renewed_in_two(begin, provider):
    """With tokens in the session, and so many groups that it does not fit into one cookie."""
    site, _ = begin(session_cookie_minimal=None, cookie_refresh="1s")
    groups = [f"{n:04x}-{n * 7919 % 65536:04x}-{n * 104729 % 65536:04x}" for n in range(70)]
    provider.next("ann@airline.example", *groups)
    ann = Visitor(site)
    ann.sign_in()
    before = ann.session.cookies.get_dict()
    assert set(before) == {"_oauth2_proxy_0", "_oauth2_proxy_1"} and sum(map(len, before.values())) < 8000
    time.sleep(2.5)
    assert ann.is_now() == ("ann@airline.example", ",".join(groups))
    after = ann.session.cookies.get_dict()
    assert set(after) == set(before) and all(after[name] != before[name] for name in before)
    assert all(cookie.has_nonstandard_attr("HttpOnly") and cookie.expires > time.time() + 3600 for cookie in ann.session.cookies)
    assert ann.is_now() == ("ann@airline.example", ",".join(groups))


def test_a_session_is_renewed(begin, provider):
    site, _ = begin(session_cookie_minimal=None, cookie_refresh="1s")
    provider.next("ann@airline.example", "desk")
    ann = Visitor(site)
    ann.sign_in()
    before = ann.session.cookies.get_dict()
    time.sleep(2.5)
    # An address that knows nobody renews nothing.
    assert "Set-Cookie" not in ann.get("/live/flights/x").headers and "Set-Cookie" not in ann.get("/").headers
    assert ann.is_now() == ("ann@airline.example", "desk")
    after = ann.session.cookies.get_dict()
    assert set(after) == set(before) == {"_oauth2_proxy"} and after != before


def test_a_session_that_is_over_is_nobodys(begin, provider):
    site, _ = begin(cookie_expire="2s")
    provider.next("ann@airline.example", "ops")
    ann = Visitor(site)
    ann.sign_in()
    # A browser would forget the cookie by itself.
    cookie = "; ".join(f"{name}={value}" for name, value in ann.session.cookies.items())
    assert site.api(Cookie=cookie).get("/api/me").status == 200 and dict(site.told()[-1])["REMOTE_USER"] == "ann@airline.example"
    time.sleep(3)
    assert site.api(Cookie=cookie).get("/api/me").status == 200 and dict(site.told()[-1])["REMOTE_USER"] == ""


@pytest.mark.parametrize("damage", [lambda c: c[:-1] + ("A" if c[-1] != "A" else "B"), lambda c: "x" + c, lambda c: c.split("|")[0], lambda c: ""])
def test_a_session_cannot_be_made_up(begin, provider, damage):
    site, _ = begin()
    provider.next("ann@airline.example", "ops")
    ann = Visitor(site)
    ann.sign_in()
    [cookie] = ann.session.cookies.values()
    assert site.api(Cookie=f"_oauth2_proxy={damage(cookie)}").get("/api/me").status == 200
    assert dict(site.told()[-1])["REMOTE_USER"] == ""


def test_while_the_provider_is_away_sessions_last(begin, provider):
    site, _ = begin()
    provider.next("ann@airline.example", "ops")
    ann, other = Visitor(site), Visitor(site)
    ann.sign_in()
    provider.stop()
    try:
        assert ann.is_now() == ("ann@airline.example", "ops")
        assert other.is_now() == ("", "")
        with pytest.raises(requests.ConnectionError):
            other.get("/sign-in")       # the browser is sent to a provider that is not there
    finally:
        provider.start()
    provider.next("bob@airline.example")
    other.sign_in()
    assert other.is_now() == ("bob@airline.example", "")


def test_while_the_proxy_is_away_those_without_a_session_are_served(begin, provider):
    site, proxy = begin()
    provider.next("ann@airline.example", "ops")
    ann, other = Visitor(site), Visitor(site)
    ann.sign_in()
    proxy.stop()
    assert ann.get("/api/me").status_code == 503 and not site.told()
    assert ann.get("/").status_code == 200 and ann.get("/live/flights/x").status_code == 200
    assert other.is_now() == ("", "")
    assert other.get("/sign-in").status_code == 502
    proxy.start()
    assert ann.is_now() == ("ann@airline.example", "ops")


@pytest.mark.parametrize("path", ["/oauth2/start?rd=https://evil.example", "/oauth2/start?rd=//evil.example", "/oauth2/sign_in?rd=/%09/evil.example",
                                  "/sign-in?rd=//evil.example", "/oauth2/start?rd=/\\evil.example"])
def test_signing_in_leads_to_no_other_site(begin, provider, path):
    site, _ = begin()
    provider.next("ann@airline.example")
    visitor = Visitor(site)
    answer = visitor.get(path)
    assert answer.url.startswith(f"http://127.0.0.1:{site.port}/"), answer.url
    assert answer.status_code in (200, 404)


# -- in a browser -------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def stack(provider, tmp_path_factory, own_stack):
    port = free_port()
    stack = own_stack(SIGN_ON="oauth2-proxy", OAUTH2_PROXY_URL=f"http://127.0.0.1:{port}", TRUST_REMOTE_USER="true",
                      ROLE_GROUPS="viewer:readers,agent:desk,operator:ops", ADMIN_TOKEN="the-operator-s-own-token", CUSTOMERS="signed-in")
    proxy = Proxy(tmp_path_factory.mktemp("proxy"), provider, stack.api(), port)
    try:
        proxy.start()
        yield stack
    finally:
        proxy.stop()


@pytest.fixture
def page(stack):
    driver = start_browser()
    try:
        opened = Page(driver, stack.url)
        yield opened
        opened.close()
    finally:
        stop_browser(driver)


def asked(page, path):
    """The status and the JSON of an answer, as a script of the page gets it."""
    return page.driver.execute_async_script("""const [path, done] = arguments;
        fetch(path).then(async answer => done([answer.status, await answer.json()]))""", path)


def test_a_browser_signs_in_works_and_signs_out(page, stack, provider):
    page.expected |= {401, 403}
    page.open("/")
    assert asked(page, "/api/me")[1]["user"] is None
    assert asked(page, "/api/admin/orders")[0] == 401
    provider.next("ann@airline.example", "ops")
    page.open("/sign-in?rd=/ops?queue")
    assert page.driver.current_url == f"{stack.url}/ops?queue"
    status, me = asked(page, "/api/me")
    assert (me["user"], me["role"], me["signOut"]) == ("ann@airline.example", "operator", "/sign-out")
    assert asked(page, "/api/admin/orders")[0] == 200
    page.open("/sign-out")
    assert page.driver.current_url == f"{stack.url}/"
    assert asked(page, "/api/me")[1]["user"] is None and asked(page, "/api/admin/orders")[0] == 401


def test_two_customers_in_a_browser_see_their_own_orders(page, stack, provider, flight):
    page.expected |= {401, 403, 404}
    book = """const [flight, seat, done] = arguments;
        fetch('/api/orders', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({flightId: flight, seats: [seat]})})
            .then(async answer => done([answer.status, await answer.json()]))"""
    orders = {}
    for name, seat in (("ann@airline.example", "A1"), ("zoe@elsewhere.example", "A2")):
        provider.next(name)
        page.open("/sign-in?rd=/")
        status, order = page.driver.execute_async_script(book, flight, seat)
        assert status == 201, order
        orders[name] = order["orderId"]
        assert asked(page, f"/api/orders/{order['orderId']}")[0] == 200
    # Zoe is still here.
    assert asked(page, f"/api/orders/{orders['ann@airline.example']}")[0] == 404
    assert asked(page, "/api/admin/orders")[0] == 403
    page.open("/sign-out")
    assert asked(page, f"/api/orders/{orders['zoe@elsewhere.example']}")[0] == 401


def test_the_logs_tell_no_secret_and_no_name(stack):
    assert SECRET not in stack.logs()
    assert "airline.example" not in (stack.data_dir / "logs/access.log").read_text()
