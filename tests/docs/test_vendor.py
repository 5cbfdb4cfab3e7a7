# SPDX-License-Identifier: MIT
"""The page's two libraries in the repository are those that npm's lock file pins, so that the page needs no npm."""

import json

import pytest

from stack import ROOT

PINNED = {"vendor/htmx.js": "node_modules/htmx.org/dist/htmx.esm.min.js", "vendor/mustache.js": "node_modules/mustache/mustache.min.js"}


@pytest.mark.parametrize("ours", PINNED)
def test_a_library_is_what_npm_has(ours):
    """Compares with node_modules, whose content npm has checked by its hash."""
    assert (ROOT / "html" / ours).read_bytes() == (ROOT / "html" / PINNED[ours]).read_bytes()


def test_the_licenses_name_the_versions():
    pinned = json.loads((ROOT / "html/package.json").read_text())["dependencies"]
    licenses = (ROOT / "html/vendor/LICENSES.txt").read_text()
    assert f"htmx {pinned['htmx.org']}" in licenses and f"mustache.js {pinned['mustache']}" in licenses
