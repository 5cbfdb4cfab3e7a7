# SPDX-License-Identifier: MIT
"""Uses a page by what a person sees or hears of it: roles and visible words, and no ids or classes."""

import time

from selenium.webdriver.common.keys import Keys

# The elements of a role whose accessible name is these words, and that are shown. The name is computed as far as the
# console needs it: aria-label, aria-labelledby, the label of a field, or the text.
FIND = r"""
    const [role, name, within] = arguments;
    const ROLES = {button: 'button', link: 'a[href]', field: 'input:not([type=hidden]), select, textarea', heading: 'h1, h2, h3',
        seat: '[role=gridcell]', option: 'option', region: 'nav, section, [role=region], fieldset, form, dialog, tr, li'};
    const squeeze = text => (text || '').replace(/\s+/g, ' ').trim();
    const spoken = e => e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean)
        .map(id => document.getElementById(id)?.innerText).join(' ')
        || [...(e.labels || [])].map(l => l.querySelector('span')?.innerText || l.innerText).join(' ')
        || (e.matches('fieldset') ? e.querySelector('legend')?.innerText : '') || (e.matches('tr, li') ? '' : e.innerText || e.textContent);
    const regions = within ? [...document.querySelectorAll(ROLES.region)].filter(e => e.checkVisibility()) : [];
    const around = within ? regions.find(e => squeeze(spoken(e)) === within)
        || regions.findLast(e => e.matches('tr, li') && squeeze(e.innerText).includes(within)) : document;
    if (!around) return [];
    return [...around.querySelectorAll(ROLES[role])].filter(e => (role === 'option' || e.checkVisibility())
        && squeeze(spoken(e)) === name);
"""


class Words:
    def __init__(self, page):
        self.page = page

    def all(self, role, name, within=None):
        return self.page.js(FIND, role, name, within)

    def one(self, role, name, within=None):
        found = self.page.until(lambda: self.all(role, name, within), f"{role} {name!r}{f' in {within!r}' if within else ''}")
        assert len(found) == 1, f"{len(found)} times {role} {name!r}"
        return found[0]

    def has(self, role, name, within=None):
        return bool(self.all(role, name, within))

    # -- doing ----------------------------------------------------------------------------------

    def _click(self, role, name, within):
        # A screen that polls may replace the element between the look and the click.
        for _ in range(20):
            element = self.one(role, name, within)
            self.page.js("arguments[0].scrollIntoView({block: 'center'})", element)
            try:
                element.click()
                return
            except Exception as error:      # noqa: BLE001
                last = error
                time.sleep(0.05)
        raise last

    def press(self, name, within=None):
        self._click("button", name, within)

    def follow(self, name, within=None):
        self._click("link", name, within)

    def seat(self, number):
        """Chooses the seat, whose name begins with its number."""
        element = self.page.until(lambda: self.page.js("""return [...document.querySelectorAll('[role=gridcell]')]
            .find(e => e.getAttribute('aria-label').startsWith(arguments[0] + ','))""", number), f"seat {number}")
        self.page.js("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def name_of_seat(self, number):
        return self.page.js("""return [...document.querySelectorAll('[role=gridcell]')].map(e => e.getAttribute('aria-label'))
            .find(name => name.startsWith(arguments[0] + ','))""", number)

    def fill(self, name, text, within=None):
        """Types into the field, picks the option, or ticks the box."""
        field = self.one("field", name, within)
        self.page.js("arguments[0].scrollIntoView({block: 'center'})", field)
        if field.tag_name == "select":
            self.pick(field, text)
        elif field.get_attribute("type") in ("date", "time"):
            # The browser's own widget, whose parts depend on the language.
            self.page.js("arguments[0].focus(); arguments[0].value = arguments[1];"
                         "for (const kind of ['input', 'change']) arguments[0].dispatchEvent(new Event(kind, {bubbles: true}))", field, text)
        else:
            if field.get_attribute("type") != "file":
                field.send_keys(Keys.CONTROL, "a")
                field.send_keys(Keys.DELETE)
            field.send_keys(text)

    def pick(self, field, text):
        option = self.page.until(lambda: self.page.js("return [...arguments[0].options].find(o => o.text.includes(arguments[1]))", field, text),
                                 f"the choice {text!r}")
        self.page.js("""arguments[1].selected = true;
            for (const kind of ['input', 'change']) arguments[0].dispatchEvent(new Event(kind, {bubbles: true}))""", field, option)

    def tick(self, name, on=True):
        field = self.one("field", name)
        if field.is_selected() != on:
            field.click()

    def value(self, name, within=None):
        return self.page.js("return arguments[0].value", self.one("field", name, within))

    def fault(self, name, within=None):
        """What is said to be wrong with the field, to those who see it and to those who hear it."""
        return self.page.js("""const field = arguments[0];
            return (field.getAttribute('aria-describedby') || '').split(' ').map(id => document.getElementById(id))
                .filter(line => line?.checkVisibility() && line.matches('.error')).map(line => line.innerText).join(' ')""", self.one("field", name, within))

    def answer(self, button, reason=None):
        """Answers the question that is asked: gives the reason, and presses the button."""
        self.page.until(lambda: self.page.js("return document.querySelector('dialog').open"), "the question")
        if reason:
            self.fill("Reason", reason)
        self.page.until(lambda: self.all("button", button), button)
        dialog = [element for element in self.all("button", button) if self.page.js("return Boolean(arguments[0].closest('dialog'))", element)]
        dialog[0].click()

    def see(self, text, seconds=8.0):
        self.page.until(lambda: text in self.page.js("return document.body.innerText.replace(/\\s+/g, ' ')"), f"{text!r}", seconds)
