# SPDX-License-Identifier: MIT
"""Who may do what in the console, and what it shows of that: roles, the staff, the audit."""

import re

import pytest

from console import confirm, open_order, plant_failed, timeline
from signing_in import Signing
from stack import wait_for

TOKEN = "test-admin-token"
ROLES = ("viewer", "agent", "operator", "admin")


@pytest.fixture(scope="module")
def signing():
    running = Signing()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def stack(signing, own_stack):
    return own_stack(ADMIN_TOKEN=TOKEN, **signing.settings)


@pytest.fixture(autouse=True)
def nobody_yet(page):
    """The browser keeps cookies for a host, whatever its port."""
    page.cdp("Network.clearBrowserCookies")
    yield
    page.cdp("Network.clearBrowserCookies")


@pytest.fixture
def member(stack):
    """Adds a member of staff, and returns the answer with the token."""
    def add(name, role):
        return stack.admin().post("/api/admin/staff", {"name": name, "role": role}).ok(201)
    return add


def enter(page, token, address="/ops"):
    page.open(address)
    page.type("#token", token)
    page.click("#token-form .button")
    page.until(lambda: page.text("#who"), "the console")


def has(page, css):
    return page.find(css) is not None


# -- roles --------------------------------------------------------------------------------------

@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_it_may_do(page, stack, member, flight, role):
    rank = ROLES.index(role)
    held, failed = stack.api().hold(flight, "A1"), stack.api().hold(flight, "A2")
    job = plant_failed(stack, failed)
    name = f"{role} of {flight}"
    enter(page, member(name, role)["token"])
    assert page.text("#who") == f"{name}, {role}"
    page.see("Expire hold", "#queue")
    page.see("the printer is on fire", "#failed")
    assert has(page, f"#retry-{job}") == has(page, "#pause-PAYMENT_ATTEMPT") == (rank >= 2)
    assert page.js("return document.querySelector('[data-nav=staff]').checkVisibility()") == (rank == 3)
    page.accessible(role)
    open_order(page, held)
    page.see("the hold is ended", "#next")
    assert has(page, "#cancel-order") == (rank >= 1)
    assert has(page, "#order [id^=retry-]") == (rank >= 2)
    page.accessible(f"{role}, an order")
    page.open("/ops?audit")
    page.see("Added staff", "#audit")
    if rank < 3:
        page.expected.add(403)
    page.open("/ops?staff")
    page.see("Has this token since" if rank == 3 else "Only staff with the role admin")
    page.accessible(f"{role}, the staff")


def test_what_the_server_refuses_is_said(page, stack, member, flight):
    """The role is lowered while the screen shows more."""
    page.expected.add(403)
    order = stack.api().hold(flight, "A1")
    ada = member(f"Ada {flight}", "operator")
    enter(page, ada["token"], f"/ops?order={order['orderId']}")
    page.until(lambda: page.find("#cancel-order"), "the button")
    stack.admin().post(f"/api/admin/staff/{ada['id']}/role", {"role": "viewer"}).ok()
    page.click("#cancel-order")
    confirm(page, "It is too late for this")
    page.see("Only staff with the role agent", "#told")
    page.until(lambda: not page.find("#cancel-order"), "the button to go")
    assert page.text("#who") == f"Ada {flight}, viewer"
    assert stack.api().order(order)["status"] == "SEATS_RESERVED"


def test_a_token_that_is_revoked_opens_nothing_more(page, stack, member, flight):
    page.expected.add(401)
    ada = member(f"Ada {flight}", "viewer")
    enter(page, ada["token"])
    page.see("Expire hold", "#queue")
    stack.admin().delete(f"/api/admin/staff/{ada['id']}").ok()
    page.see("does not know this token any more", "#token-error")
    assert not page.js("return sessionStorage.getItem('adminToken')") and not page.in_sight("#sign-out")
    page.reload()
    page.see("Enter the token")


def test_a_tab_has_its_own_token(page, stack, member, flight):
    page.expected.add(401)
    enter(page, member(f"Ada {flight}", "viewer")["token"])
    page.reload()
    page.see("Expire hold", "#queue")
    page.driver.switch_to.new_window("tab")
    try:
        page.open("/ops")
        page.see("Enter the token")
    finally:
        page.driver.close()
        page.driver.switch_to.window(page.driver.window_handles[0])


def test_signed_in_staff_need_no_token(page, stack, signing, flight):
    page.open("/ops?orders")
    page.see("Enter the token")
    page.accessible("sign in, or a token")
    signing.next("ann@airline.example", "desk")
    page.click("#sign-in")
    page.see("Orders", "h1")
    assert page.text("#who") == "ann@airline.example, agent"
    order = stack.api().hold(flight, "A1")
    page.open(f"/ops?order={order['orderId']}")
    page.click("#cancel-order")
    confirm(page, "The customer asked for it")
    page.see("by ann@airline.example (staff)", "#timeline")
    page.expected.add(401)
    signing.end_sessions()
    page.see("Your session has ended", "#token-error")
    page.click("#sign-in")
    page.see("by ann@airline.example (staff)", "#timeline")
    page.click("#sign-out")
    page.open("/ops")
    page.see("Enter the token")
    signing.next("carl@example.com")
    page.click("#sign-in")
    page.see("You are signed in as carl@example.com, an account without a role here.")
    page.accessible("an account without a role")


def test_the_history_says_who_did_it(page, stack, member, flight):
    order = stack.api().hold(flight, "A1")
    enter(page, member(f"Ada {flight}", "agent")["token"], f"/ops?order={order['orderId']}")
    page.see("Seats held", "#timeline")
    assert " by the customer" in timeline(page)[0]
    page.click("#cancel-order")
    confirm(page, "A double booking")
    page.see("Order cancelled", "#timeline")
    assert any(re.search(rf"^Order cancelled .*by Ada {flight} \(staff\)", line) for line in timeline(page))
    other = stack.api().hold(flight, "A2")
    stack.api().pay(other).ok()
    stack.wait_status(other, "CONFIRMED")
    open_order(page, other)
    page.see("by the sweeper", "#timeline")


def test_the_console_has_a_word_for_everything(page, stack):
    described = stack.api().get("/api/openapi.json").ok()["components"]["schemas"]
    enter(page, TOKEN)
    without = page.driver.execute_async_script("""
        const [actions, events, kinds, findings, done] = arguments;
        import('/js/ops-words.js').then(({ACTIONS, FINDINGS, KINDS, eventView}) => done([
            ...actions.filter(name => !(name in ACTIONS)), ...kinds.filter(name => !(name in KINDS)), ...findings.filter(name => !(name in FINDINGS)),
            ...events.filter(type => eventView({type, createdAt: '2026-01-01T00:00:00Z'}).title === type)]))""",
        described["Action"]["enum"], described["Event"]["properties"]["type"]["enum"], described["Job"]["properties"]["kind"]["enum"],
        described["ReconciliationReport"]["properties"]["findings"]["items"]["properties"]["kind"]["enum"])
    assert not without


# -- the staff ----------------------------------------------------------------------------------

def test_the_life_of_a_token(page, stack, flight):
    name = f"Ada {flight}"

    def may(token):
        return stack.api(Authorization=f"Bearer {token}").get("/api/admin/queue").status == 200

    def fresh():
        return page.until(lambda: page.value("#fresh-token", "value"), "the token")
    enter(page, TOKEN, "/ops?staff")
    page.click("#add-staff-button")
    page.see("Enter the name", "#name-error")
    page.type("#staff-name", name)
    page.js("document.querySelector('#staff-role').value = 'agent'")
    page.click("#add-staff-button")
    first = fresh()
    assert may(first)
    page.see("It is shown here once", "#fresh")
    page.accessible("a new token")
    page.cdp("Browser.grantPermissions", origin=stack.url, permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.click("#copy-token")
    page.see("Copied.", "#copied")
    assert page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])") == first
    page.click("#hide-token")
    page.until(lambda: first not in page.driver.page_source, "the token to be gone")

    page.expected.add(409)
    page.type("#staff-name", name)
    page.click("#add-staff-button")
    page.see("has this name", "#name-error")

    row = page.js("return [...document.querySelectorAll('#staff-list > li')].find(e => e.innerText.includes(arguments[0])).id", name)
    who = row.removeprefix("staff-")
    page.see("agent", f"#{row} .badge")
    page.js("const s = document.querySelector(arguments[0]); s.value = 'operator'; s.dispatchEvent(new Event('change', {bubbles: true}))",
            f"#role-{who}")
    page.click(f"#change-role-{who}")
    page.see(f"{name} may cancel orders, and pause, retry and release jobs", "#confirm-text")
    page.accessible("a question")
    confirm(page)
    page.see(f"{name} is an operator now", "#told")
    page.see("operator", f"#{row} .badge")

    page.click(f"#rotate-{who}")
    page.see("refused from the next request on", "#confirm-text")
    confirm(page)
    second = fresh()
    assert second != first and may(second) and not may(first)
    page.click("[data-nav=queue]")
    page.click("[data-nav=staff]")
    page.until(lambda: page.find(f"#revoke-{who}"), "the staff again")
    assert second not in page.driver.page_source

    page.click(f"#revoke-{who}")
    page.see("refused from the next request on", "#confirm-text")
    confirm(page)
    page.see("revoked", f"#{row} .badge")
    page.until(lambda: not page.find(f"#revoke-{who}"), "the buttons to go")
    assert not may(second)
    page.accessible("somebody is revoked")
    actions = stack.query("SELECT action FROM audit_log WHERE object_kind = 'STAFF' AND object_id = %s ORDER BY audit_id", who)
    assert [row["action"] for row in actions] == ["ADD_STAFF", "SET_ROLE", "ROTATE_TOKEN", "REVOKE_TOKEN"]


# -- the audit ----------------------------------------------------------------------------------

def test_the_audit_is_filtered(page, stack, member, flight):
    ada, bob = member(f"Ada {flight}", "agent"), member(f"Bob {flight}", "operator")
    order, other = stack.api().hold(flight, "A1"), stack.api().hold(flight, "A2")
    for one, reason in ((order, "A first reason"), (other, "A second reason")):
        stack.api(Authorization=f"Bearer {ada['token']}").post(f"/api/admin/orders/{one['orderId']}/cancel", {"reason": reason}).ok()
    stack.admin().post(f"/api/admin/staff/{bob['id']}/role", {"role": "viewer"}).ok()
    enter(page, member(f"Viewer {flight}", "viewer")["token"], "/ops?audit")
    page.see("Reason: A second reason", "#audit")
    rows = page.js("return [...document.querySelectorAll('#audit tbody tr')].map(e => e.innerText)")
    assert next(i for i, row in enumerate(rows) if "A second" in row) < next(i for i, row in enumerate(rows) if "A first" in row)
    assert any("Changed a role" in row and re.search(r"role\s+operator\s+→\s+viewer", row) for row in rows)
    page.accessible("audit")
    page.fits()

    page.type("#object", order["orderId"])
    page.click("#find-audit .button")
    page.see_no("A second reason", "#audit")
    page.see("A first reason", "#audit")
    assert f"object={order['orderId']}" in page.driver.current_url
    page.reload()
    page.see("A first reason", "#audit")
    page.click("#audit tbody td a")
    page.see("A second reason", "#audit")
    assert f"actor={ada['id']}" in page.driver.current_url
    page.see_no("Changed a role", "#audit")
    page.js("const s = document.querySelector('#action'); s.value = 'SET_ROLE'; s.dispatchEvent(new Event('change', {bubbles: true}))")
    page.see("No changes match", "#audit")
    page.expected.add(400)
    page.type("#find-audit [name=from]", "yesterday")
    page.click("#find-audit .button")
    page.see("Say a date such as", "#told")


def test_older_changes(page, stack, member, flight):
    ada = member(f"Ada {flight}", "viewer")
    for i in range(52):
        stack.admin().post(f"/api/admin/staff/{ada['id']}/role", {"role": ROLES[i % 2]}).ok()
    enter(page, TOKEN, f"/ops?audit&object={ada['id']}")
    page.until(lambda: page.find("#more-audit"), "more")
    page.see_no("Added staff", "#audit")
    page.click("#more-audit")
    page.see("Added staff", "#audit")
    wait_for(lambda: "shown=53" in page.driver.current_url, 4, "the address to say how much is shown")


@pytest.mark.parametrize("width", [360, 768])
def test_it_fits_small_screens_and_dark(page, stack, member, flight, width):
    long = f"Somebody whose name goes on and on {flight}@department.airline.example"
    member(long, "operator")
    page.media(scheme="dark")
    page.size(width, 740, mobile=width < 400)
    enter(page, TOKEN, "/ops?staff")
    for address, text in (("/ops?staff", long), ("/ops?audit", "Added staff")):
        page.open(address)
        page.see(text)
        page.fits()
        page.accessible(address)
    page.open("/ops?staff")
    page.click("#staff-list [id^=rotate-]")
    confirm(page)
    page.until(lambda: page.find("#fresh-token"), "the token")
    page.fits()
    page.accessible("a new token")
