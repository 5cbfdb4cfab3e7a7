# SPDX-License-Identifier: MIT
"""Firefox, driven by the protocol that it speaks itself (Marionette: JSON over TCP), so that nothing beside Debian's
firefox-esr is needed. A page in it is used like one in Chromium, as far as that needs no commands of Chromium's own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from page import Page
from selenium.common.exceptions import WebDriverException
from stack import free_port

BINARY = shutil.which("firefox-esr") or shutil.which("firefox")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"       # how WebDriver names an element in JSON

PREFERENCES = {
    "marionette.port": None, "browser.shell.checkDefaultBrowser": False, "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.reportingpolicy.firstRun": False, "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False, "browser.safebrowsing.phishing.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "extensions.update.enabled": False, "app.normandy.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/", "browser.aboutwelcome.enabled": False, "intl.accept_languages": "en-GB,en",
}


class Refused(WebDriverException):
    """What Firefox answered instead."""


class Element:
    def __init__(self, driver, name):
        self.driver, self.name = driver, name

    def click(self):
        self.driver.ask("WebDriver:ElementClick", id=self.name)

    def clear(self):
        self.driver.ask("WebDriver:ElementClear", id=self.name)

    def send_keys(self, text):
        self.driver.ask("WebDriver:ElementSendKeys", id=self.name, text=text)


class Firefox:
    """A browser with one tab; the methods are those of Selenium's driver that Page uses."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="booking-firefox-")
        port = free_port()
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(port if value is None else value)});" for name, value in PREFERENCES.items()]
        Path(self.profile, "user.js").write_text("\n".join(lines))
        self.process = subprocess.Popen([BINARY, "--headless", "--marionette", "--no-remote", "--profile", self.profile], start_new_session=True,
                                        env={**os.environ, "MOZ_HEADLESS_WIDTH": "1280", "MOZ_HEADLESS_HEIGHT": "900", "HOME": self.profile},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket, self.number = self.connect(port), 0
        self.reader = self.socket.makefile("rb")
        self.read()                                    # it greets
        self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})

    def connect(self, port):
        end = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "Firefox does not start"
                time.sleep(0.1)

    def read(self):
        length = b""
        while (byte := self.reader.read(1)) != b":":
            assert byte, "Firefox hung up"
            length += byte
        return json.loads(self.reader.read(int(length)))

    def ask(self, command, **parameters):
        self.number += 1
        message = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, number, error, result = self.read()
        assert number == self.number
        if error:
            raise Refused(f"{error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def given(self, value):
        return {ELEMENT: value.name} if isinstance(value, Element) else value

    def made(self, value):
        if isinstance(value, list):
            return [self.made(each) for each in value]
        return Element(self, value[ELEMENT]) if isinstance(value, dict) and ELEMENT in value else value

    def get(self, url):
        self.ask("WebDriver:Navigate", url=url)

    def refresh(self):
        self.ask("WebDriver:Refresh")

    def back(self):
        self.ask("WebDriver:Back")

    def execute_script(self, script, *arguments):
        return self.made(self.ask("WebDriver:ExecuteScript", script=script, args=[self.given(each) for each in arguments], sandbox=None))

    def execute_async_script(self, script, *arguments):
        return self.made(self.ask("WebDriver:ExecuteAsyncScript", script=script, args=[self.given(each) for each in arguments], sandbox=None))

    def find_elements(self, _, css):
        return self.made(self.ask("WebDriver:FindElements", using="css selector", value=css))

    def press(self, keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    @property
    def title(self):
        return self.execute_script("return document.title")

    @property
    def current_url(self):
        return self.execute_script("return location.href")

    def quit(self):
        self.socket.close()
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class FirefoxPage(Page):
    def __init__(self, driver, url):
        self.driver, self.url, self.expected = driver, url, set()
        self.size(1280, 900)
        driver.get(url + "/img/favicon.svg")           # of the site, and without a script
        self.js("localStorage.clear(); sessionStorage.clear()")

    def close(self):
        self.driver.get("about:blank")

    def cdp(self, command, **arguments):
        raise AssertionError(f"only Chromium knows {command}")

    def size(self, width, height, mobile=False, scale=1):
        self.driver.ask("WebDriver:SetWindowRect", width=width, height=height)

    def keys(self, *keys):
        self.driver.press("".join(keys))

    def quiet(self):
        """Marionette tells nothing of the console."""
