# SPDX-License-Identifier: MIT
"""The recipes in docs/contributing.md fit the tree: the names in a step occur in the files that the step links."""

import re

import pytest

from stack import ROOT

TEXT = (ROOT / "docs/contributing.md").read_text()
RECIPES = {title: body for title, body in re.findall(r"^## (How to add .*)\n((?:(?!## ).*\n)+)", TEXT, re.M)}
NAME = re.compile(r"`([A-Za-z_][A-Za-z0-9_]*)`|`((?:struct|enum) \w+)`")


def steps(body):
    """A recipe's numbered steps, or its paragraphs, each as one line."""
    found = re.split(r"^\d+\. ", body, flags=re.M)[1:] or body.split("\n\n")
    return [re.sub(r"\s+", " ", step).strip() for step in found]


def test_there_are_recipes_for_what_newcomers_do_first():
    assert {"How to add an endpoint", "How to add a field to the flight list", "How to add a job kind", "How to add a migration",
            "How to add a setting", "How to add words to the page"} == set(RECIPES)


@pytest.mark.parametrize("title, step", [(title, step) for title, body in RECIPES.items() for step in steps(body)])
def test_a_step_names_what_is_there(title, step):
    files = [ROOT / "docs" / path for path in re.findall(r"\]\(([^)#]+)(?:#\w+)?\)", step)]
    files += [ROOT / path for path in re.findall(r"`((?:tests|html|sql|booking)/[\w./-]+)`", step)]
    assert all(file.exists() for file in files), title
    text = "\n".join(file.read_text() for file in files if file.is_file())
    for name in map("".join, NAME.findall(step)):
        assert not files or re.search(rf"(?<!\w){name}(?!\w)", text), f"{title}: {name} is in none of {[file.name for file in files]}"
