# SPDX-License-Identifier: MIT
"""Places and cabins in the console, by visible words and roles only."""

import random
import string

import pytest

from words import Words

PLAN = {"name": "Test cabin", "numbering": "row-column", "sections": [
    {"class": "business", "rows": "1-3", "columns": "AC DF"},
    {"class": "economy", "rows": "4-20", "columns": "ABC DEF", "features": {"exit": "12"}}]}


@pytest.fixture(scope="module")
def stack(own_stack):
    return own_stack()


@pytest.fixture
def w(page):
    return Words(page)


def fresh(length, kind=string.ascii_lowercase):
    return "".join(random.choices(kind, k=length))


@pytest.fixture
def cabin(stack):
    name = f"t{fresh(8)}"
    stack.admin().put(f"/api/admin/cabins/{name}", PLAN).ok(201)
    return name


def staff(stack, role):
    return stack.admin().post("/api/admin/staff", {"name": f"{role} {fresh(8)}", "role": role}).ok(201)


# -- places --------------------------------------------------------------------------------------

def test_the_life_of_a_place(page, stack, w):
    page.expected |= {400, 412}
    code = f"X{fresh(2, string.ascii_uppercase)}"
    page.open("/ops?places")
    w.press("Save the place")
    assert w.fault("Code, three letters or digits") == "A code has three letters or digits."
    w.fill("Code, three letters or digits", code.lower())
    w.fill("Name", "Old Field")
    w.fill("City", f"Town {code}")
    w.fill("Time zone", "Europe/Nowhere")
    w.press("Save the place")
    page.until(lambda: "a zone that this host knows" in w.fault("Time zone"), "the fault of the zone")
    assert not w.fault("Name")
    page.accessible("a fault of a place")
    w.fill("Time zone", "Europe/Berlin")
    assert not w.fault("Time zone")
    w.press("Save the place")
    w.see(f"{code} is saved.")
    w.fill("Code, three letters or digits", code)
    for name in ("Name", "City", "Time zone"):
        w.fill(name, "Europe/Berlin")
    w.press("Save the place")
    page.until(lambda: w.fault("Code, three letters or digits").startswith("There is a place with this code already"), "the refusal")
    w.fill("Search", code)
    w.press("Find")
    w.press(f"Change {code}")
    page.until(lambda: w.has("field", "Name") and w.value("Name") == "Old Field", "the place")
    w.fill("Name", "New Field")
    w.press("Save the place")
    w.see("New Field")
    assert stack.admin().get(f"/api/admin/places/{code}").ok()["name"] == "New Field"
    w.press(f"Change {code}")
    w.press(f"Remove {code}")
    w.answer("Remove the place")
    w.see(f"{code} is removed.")
    assert stack.admin().get(f"/api/admin/places/{code}").status == 404


# -- cabins --------------------------------------------------------------------------------------

def section(w, at, kind, rows, columns):
    w.fill("Class", kind, f"Section {at}")
    w.fill("Rows, such as 1-4,6", rows, f"Section {at}")
    w.fill("Columns, with a blank for an aisle", columns, f"Section {at}")


def test_a_plan_is_checked_while_it_is_typed(page, stack, w):
    name = f"f{fresh(8)}"
    page.open("/ops?cabins")
    w.follow("New cabin")
    w.fill("Name", "Faulty")
    section(w, 1, "business", "1-4", "AC DF")
    w.press("Another section")
    section(w, 2, "economy", "4-9", "ABC DEF")
    page.until(lambda: w.fault("Rows, such as 1-4,6", "Section 2") == "These rows are in two sections: 4.", "the fault of section 2")
    assert not w.fault("Rows, such as 1-4,6", "Section 1")
    w.see("46 seats: Business 16 and Economy 30. The plan has faults")
    page.accessible("faults of a plan")
    w.fill("Rows, such as 1-4,6", "5-9", "Section 2")
    page.until(lambda: not w.fault("Rows, such as 1-4,6", "Section 2"), "the fault to go")
    w.fill("Feature, such as exit", "extra legroom", "Section 2")
    w.fill("Rows that have it", "5,12", "Section 2")
    page.until(lambda: w.fault("Rows that have it", "Section 2") == "These rows are not in this section: 12.", "the fault of the feature")
    w.fill("Rows that have it", "5", "Section 2")
    w.fill("Seats that are missing", "9f", "Section 2")
    w.see("45 seats: Business 16 and Economy 29.")
    page.until(lambda: "extra-legroom" in w.name_of_seat("5A"), "the feature")
    w.press("Another section")
    w.press("Remove section 3")
    w.press("Save the cabin")
    assert w.fault("Id, in files and addresses").startswith("An id has up to 50 letters")
    w.fill("Id, in files and addresses", name)
    w.press("Save the cabin")
    w.see("Faulty is made, as version 1.")
    made = stack.admin().get(f"/api/admin/cabins/{name}").ok()
    assert made["sections"][1] == {"class": "economy", "rows": "5-9", "columns": "ABC DEF", "without": ["9F"], "features": {"extra-legroom": "5"}}
    page.accessible("a plan")


def test_a_changed_plan_is_a_new_version(page, stack, w, cabin):
    page.open(f"/ops?cabin={cabin}")
    w.see("A changed plan becomes version 2.")
    w.see("114 seats")
    w.press("Save the cabin")
    w.see("The plan is as it was, so there is no new version.")
    w.fill("Seats that are missing", "20F", "Section 2")
    w.see("113 seats")
    w.press("Save the cabin")
    w.see("The changed plan is version 2. Flights keep theirs.")
    w.press("Remove the cabin")
    w.answer("Remove the cabin")
    w.see("Test cabin is removed.")
    assert stack.admin().get(f"/api/admin/cabins/{cabin}").status == 404


def test_the_second_of_two_is_told(page, stack, w, cabin):
    page.expected.add(412)
    bob = staff(stack, "operator")
    page.open(f"/ops?cabin={cabin}")
    w.see("114 seats")
    w.fill("Rows, such as 1-4,6", "4-25", "Section 2")
    stack.api(Authorization=f"Bearer {bob['token']}").put(f"/api/admin/cabins/{cabin}", {**PLAN, "name": "Renamed"}).ok()
    w.press("Save the cabin")
    w.see(f"{bob['name']} was first")
    page.until(lambda: w.value("Name") == "Renamed", "the new state")
    assert w.value("Rows, such as 1-4,6", "Section 2") == "4-20"
    page.until(lambda: w.fault("Rows, such as 1-4,6", "Section 2") == "You had entered: 4-25", "what was entered")
    assert not w.fault("Name")
    page.accessible("somebody was first")
    w.fill("Rows, such as 1-4,6", "4-25", "Section 2")
    w.press("Save the cabin")
    w.see("The changed plan is version 3.")
    assert stack.admin().get(f"/api/admin/cabins/{cabin}").ok()["name"] == "Renamed"


# -- roles and small screens -----------------------------------------------------------------------

@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_each_role_sees_what_it_may_do(page, stack, w, cabin, role):
    page.open("/ops")
    page.js("sessionStorage.setItem('adminToken', arguments[0])", staff(stack, role)["token"])
    may = role == "operator"
    page.open("/ops?places")
    w.see("Time zone")
    assert w.has("button", "Save the place") == may
    page.open("/ops?cabins")
    w.see("Test cabin")
    assert w.has("link", "New cabin") == may
    page.open(f"/ops?cabin={cabin}")
    w.see("114 seats")
    assert w.has("button", "Save the cabin") == may


@pytest.mark.parametrize("width", [360, 320])
def test_it_fits_a_phone(page, w, cabin, width):
    page.size(width, 740, mobile=True)
    for address, seen in ((f"cabin={cabin}", "114 seats"), ("cabins", "Test cabin"), ("places", "Time zone")):
        page.open(f"/ops?{address}")
        w.see(seen)
        page.fits()
        page.accessible(address)
