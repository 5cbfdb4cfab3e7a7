# SPDX-License-Identifier: MIT
"""A browser signs in with a password (SIGN_ON=basic)."""

import subprocess

import pytest


@pytest.fixture(scope="module")
def stack(tmp_path_factory, own_stack):
    place = tmp_path_factory.mktemp("passwords")
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "a-long-one"], capture_output=True, text=True, check=True).stdout
    (place / "passwords").write_text(f"ann:{hashed}zoe:{hashed}")
    (place / "groups").write_text("desk: ann\n")
    return own_stack(SIGN_ON="basic", BASIC_AUTH_FILE=place / "passwords", BASIC_AUTH_GROUPS=place / "groups", TRUST_REMOTE_USER="true",
                     ROLE_GROUPS="agent:desk", ADMIN_TOKEN="the-operator-s-own-token")


def asked(page, path):
    """The status and the JSON of an answer, as a script of the page gets it."""
    return page.driver.execute_async_script("""const [path, done] = arguments;
        fetch(path).then(async answer => done([answer.status, await answer.json()]))""", path)


def sign_in(page, user, password):
    """Answers the browser's question for a name and a password. (A page could ask for nothing with them in its address.)"""
    page.expected |= {404}      # an image alone has no icon
    page.driver.get(page.url.replace("://", f"://{user}:{password}@") + "/sign-in?rd=/img/favicon.svg")
    return page.open("/docs")


def test_a_browser_is_asked_only_where_one_signs_in(page):
    page.expected |= {401}
    page.open("/docs")
    assert asked(page, "/api/me")[1]["user"] is None
    status, problem = asked(page, "/api/admin/orders")
    assert (status, problem["error"]) == (401, "UNAUTHORIZED")


def test_a_browser_signs_in_works_and_signs_out(page):
    page.expected |= {401}
    sign_in(page, "ann", "a-long-one")
    me = asked(page, "/api/me")[1]
    assert (me["user"], me["role"]) == ("ann", "agent")
    assert asked(page, "/api/admin/orders")[0] == 200
    page.driver.get(page.url + "/sign-out")
    page.open("/docs")
    assert asked(page, "/api/me")[1]["user"] is None
    assert asked(page, "/api/admin/orders")[0] == 401


def test_a_wrong_password_leads_nowhere(page):
    page.expected |= {401}
    page.driver.get(page.url.replace("://", "://ann:wrong@") + "/sign-in?rd=/img/favicon.svg")
    assert "favicon" not in page.driver.current_url.split("?")[0]
    page.open("/docs")
    assert asked(page, "/api/me")[1]["user"] is None


@pytest.mark.parametrize("address", ["/sign-in", "/sign-out"])
def test_people_without_a_password_see_a_page(page, address):
    """The browser shows it once its question has been canceled, which no driver can do: so a script asks, without it."""
    page.expected |= {401}
    page.open("/docs")
    page.driver.execute_async_script("""const [address, done] = arguments;
        fetch(address, {credentials: 'omit', headers: {Accept: 'text/html'}}).then(async answer => {
            const asked = new DOMParser().parseFromString(await answer.text(), 'text/html');
            document.documentElement.lang = asked.documentElement.lang;
            document.head.replaceWith(document.adoptNode(asked.head));
            document.body.replaceWith(document.adoptNode(asked.body));
            done();
        })""", address)
    page.see("You are not signed in")
    page.accessible("not signed in")
    page.fits()
    page.click("main a[href='/']")
    page.flights()


def test_another_user_takes_over(page):
    page.expected |= {401, 403}
    sign_in(page, "zoe", "a-long-one")
    assert asked(page, "/api/me")[1]["user"] == "zoe" and asked(page, "/api/admin/orders")[0] == 403
    page.driver.get(page.url + "/sign-out")
    sign_in(page, "ann", "a-long-one")
    assert asked(page, "/api/me")[1]["user"] == "ann"
    page.driver.get(page.url + "/sign-out")
