# SPDX-License-Identifier: MIT
"""A browser tab on the booking page, used as a customer would use it."""

import base64
import re
import shutil
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "html/node_modules/axe-core/axe.min.js"

OPTIONS = """--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-sync
    --disable-background-networking --disable-component-update --disable-default-apps --disable-extensions
    --force-color-profile=srgb --hide-scrollbars --mute-audio --lang=en-GB""".split()

# Chromium's own message about a failed request, which the page has already handled.
ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")
UNREACHED = re.compile(r"Failed to load resource: net::ERR_(INTERNET_DISCONNECTED|CONNECTION_|NETWORK_)")


def start_browser():
    profile = tempfile.mkdtemp(prefix="booking-ui-")
    options = webdriver.ChromeOptions()
    for option in [*OPTIONS, f"--user-data-dir={profile}"]:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    driver.profile = profile
    return driver


def stop_browser(driver):
    driver.quit()
    shutil.rmtree(driver.profile, ignore_errors=True)


class Page:
    def __init__(self, driver, url):
        self.driver, self.url = driver, url
        self.expected = set()        # the statuses that a test provokes; "offline" for a cut connection
        self.scripts = []
        self.size(1280, 900)
        self.media()
        driver.get("about:blank")
        self.cdp("Storage.clearDataForOrigin", origin=url, storageTypes="all")
        driver.get_log("browser")

    def close(self):
        """Checks that the console has no complaints, and resets the tab for the next test."""
        try:
            self.quiet()
        finally:
            for script in self.scripts:
                self.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
            self.online()
            self.driver.get("about:blank")

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    # -- the setting ----------------------------------------------------------------------------

    def size(self, width, height, mobile=False, scale=1):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)

    def media(self, **features):
        names = {"scheme": "prefers-color-scheme", "motion": "prefers-reduced-motion"}
        self.cdp("Emulation.setEmulatedMedia", media="", features=[
            {"name": names[name], "value": value} for name, value in features.items()])

    def before_load(self, script):
        """Runs the script in every page from now on, before the page's own scripts."""
        self.scripts.append(self.cdp("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"])

    def offline(self, cut=True):
        self.cdp("Network.enable")
        self.cdp("Network.emulateNetworkConditions", offline=cut, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    def online(self):
        self.offline(False)

    # -- going and looking ----------------------------------------------------------------------

    def open(self, address="/"):
        self.driver.get(self.url + address)
        return self

    def reload(self):
        self.driver.refresh()

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, css):
        found = self.driver.find_elements(By.CSS_SELECTOR, css)
        return found[0] if found else None

    def text(self, css="#main"):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def value(self, css, attribute):
        return self.js("return document.querySelector(arguments[0])?.getAttribute(arguments[1])", css, attribute)

    def until(self, condition, what, seconds=8.0):
        end = time.monotonic() + seconds
        last = None
        while True:
            try:
                last = condition()
            except (JavascriptException, WebDriverException) as error:
                last = error
            if last and not isinstance(last, Exception):
                return last
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what} (last: {last!r}); the page says: {self.gist()}")
            time.sleep(0.04)

    def gist(self):
        shown = " | ".join(filter(None, (self.text(css) for css in ("#trouble", "#panel", "#polite", "#assertive"))))
        return re.sub(r"\s*\n\s*", "; ", shown or self.text())[:800]

    def see(self, text, css="#main", seconds=8.0):
        """Waits until the text shows."""
        self.until(lambda: text in self.text(css), f"{text!r} in {css}", seconds)

    def see_no(self, text, css="#main", seconds=8.0):
        self.until(lambda: text not in self.text(css), f"no {text!r} in {css}", seconds)

    def phase(self, name, seconds=8.0):
        self.until(lambda: self.value("#booking", "data-phase") == name, f"phase {name}", seconds)

    def spoken(self, text, region="assertive", seconds=4.0):
        self.see(text, f"#{region}", seconds)

    def flights(self, **filters):
        """Waits for the list of flights. A certain flight needs filters: the first part may be full of others."""
        for name, text in filters.items():
            self.type(f"#search input[name={name}]", text)
        if filters:
            self.click("#search button")
        self.until(lambda: self.find("#flights .flight"), "flights")

    # -- doing ----------------------------------------------------------------------------------

    def click(self, css):
        element = self.until(lambda: self.find(css), css)
        self.js("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def mouse(self, kind, css=None):
        """Moves, presses or releases the mouse in the middle of the element or, without one, where it is."""
        if css:
            self.at = self.js("const {left, right, top, bottom} = document.querySelector(arguments[0]).getBoundingClientRect();"
                              "return [(left + right) / 2, (top + bottom) / 2]", css)
        self.cdp("Input.dispatchMouseEvent", type=f"mouse{kind}", x=self.at[0], y=self.at[1], button="left", clickCount=1)

    def type(self, css, text):
        field = self.until(lambda: self.find(css), css)
        field.clear()
        field.send_keys(text)

    def keys(self, *keys):
        actions = ActionChains(self.driver, duration=0)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def paste(self, css, text):
        self.click(css)
        self.js("document.querySelector(arguments[0]).select()", css)
        self.cdp("Input.insertText", text=text)

    def tab(self, until_css, most=40):
        """Presses Tab until this element has the focus."""
        for _ in range(most):
            self.keys(Keys.TAB)
            if self.js("return document.activeElement.matches(arguments[0])", until_css):
                return
        raise AssertionError(f"{until_css} is not reached with the Tab key")

    def choose(self, *seats):
        self.until(lambda: self.find("#seats .seat"), "the cabin")
        for seat in seats:
            self.click(f"#seat-{seat}")

    def reserve(self, flight, *seats, user="Ann"):
        """Opens the flight's address, reserves these seats, and returns the order."""
        self.open(f"/?flight={flight}")
        self.choose(*seats)
        self.type("#user", user)
        self.click("#reserve-button")
        self.phase("held")
        return self.order()

    def order(self):
        return {"orderId": self.js("return new URLSearchParams(location.search).get('order')")}

    def find_paid(self, stack, flight, user, *seats):
        """Has a user book two seats for two passengers, and finds the ticket by its locator. Returns the order."""
        names = [{"givenName": "Ada", "familyName": "Lovelace"}, {"givenName": "Bob", "familyName": "Boole"}]
        order = stack.api().post("/api/orders", {"flightId": flight, "userId": user, "seats": seats, "passengers": names,
                                                 "contact": {"email": "ada@example.org"}, "consent": True}).ok(201)
        stack.api().pay(order).ok()
        order = stack.wait_status(order, "CONFIRMED")
        self.open(f"/?find={order['locator']}")
        self.type("#find-who", "Lovelace")
        self.click("#find-booking .button")
        self.phase("confirmed")
        return order

    def pay(self, code="99999"):
        self.type("#code", code)
        self.click("#pay-button")

    def seat(self, seat):
        return self.value(f"#seat-{seat}", "data-state")

    def seats(self, state):
        return self.js("return [...document.querySelectorAll(`#seats [data-state=${arguments[0]}]`)].map(e => e.dataset.seat)",
                       state)

    def in_sight(self, css):
        """Tells whether the element is on the screen and nothing covers it."""
        return self.js("""const e = document.querySelector(arguments[0]);
            if (!e?.checkVisibility()) return false;
            const {top, bottom, left, right} = e.getBoundingClientRect();
            const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
            return top >= 0 && bottom <= innerHeight && (e.contains(there) || there?.contains(e))""", css)

    def countdown(self):
        shown = self.until(lambda: self.text("#panel [data-countdown]"), "the countdown")
        minutes, seconds = shown.split(":")
        return int(minutes) * 60 + int(seconds)

    # -- judging --------------------------------------------------------------------------------

    def quiet(self):
        """Checks that the console has no error, warning or CSP report except those that the test expects."""
        bad = []
        for entry in self.driver.get_log("browser"):
            answered = ANSWERED.search(entry["message"])
            if answered and int(answered[1]) in self.expected:
                continue
            if "offline" in self.expected and UNREACHED.search(entry["message"]):
                continue
            if entry["level"] in ("WARNING", "SEVERE"):
                bad.append(f"{entry['level']} {entry['source']}: {entry['message']}")
        assert not bad, "the console says:\n" + "\n".join(bad)

    def accessible(self, what=""):
        """Checks that axe-core finds nothing."""
        self.js(AXE.read_text())
        report = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', "
            "'wcag22aa', 'best-practice'], resultTypes: ['violations']}).then(done)")
        found = [f"{v['id']} ({v['impact']}): {v['help']}\n    " +
                 "\n    ".join(f"{n['html'][:160]} {n['failureSummary'][:300]}" for n in v["nodes"][:3])
                 for v in report["violations"]]
        assert not found, f"axe-core, {what or self.driver.title}:\n" + "\n".join(found)

    def fits(self):
        """Checks that the page does not scroll sideways."""
        wide, there = self.js("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= there, f"{wide} px on a screen of {there} px"

    def requests(self, part):
        """(status, duration) of the page's requests whose address holds `part`, since the last forget_requests()."""
        return self.js("""return performance.getEntriesByType('resource').filter(e => e.name.includes(arguments[0]))
                       .map(e => [e.responseStatus, e.duration])""", part)

    def asked(self, part):
        """The addresses of those requests."""
        return self.js("return performance.getEntriesByType('resource').map(e => e.name).filter(name => name.includes(arguments[0]))", part)

    def forget_requests(self):
        self.js("performance.clearResourceTimings()")

    def screenshot(self, path, whole=False):
        shot = self.cdp("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))
