# SPDX-License-Identifier: MIT
"""What the tests of the operations console share."""

import re


def open_order(page, order):
    page.open(f"/ops?order={order['orderId']}")
    page.see("History")


def timeline(page):
    return [re.sub(r"\s+", " ", text) for text in
            page.js("return [...document.querySelectorAll('#timeline li')].map(e => e.innerText)")]


def plant_failed(stack, order, error="the printer is on fire"):
    stack.query("""UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL, attempts = 10, max_attempts = 10, last_error = %s
                   WHERE order_id = %s""", error, order["orderId"])
    return stack.query("SELECT job_id FROM workflow_jobs WHERE order_id = %s", order["orderId"])[0]["job_id"]


def confirm(page, reason=None):
    page.until(lambda: page.js("return document.querySelector('#confirm').open"), "the question")
    if reason:
        page.type("#confirm-words", reason)
    page.click("#confirm-yes")


def saved(page, press):
    """Presses something that saves a file, and returns its name and its text, a mark of UTF-8 included."""
    page.js("""window.file = null;
        URL.createObjectURL = blob => { window.blob = blob; return '#'; };
        HTMLAnchorElement.prototype.click = function () { window.file = {name: this.download, blob: window.blob}; };""")
    press()
    page.until(lambda: page.js("return window.file !== null"), "a file")
    return page.driver.execute_async_script("""
        const done = arguments[0];
        window.file.blob.arrayBuffer().then(bytes => done([window.file.name, new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes)]))""")
