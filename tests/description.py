# SPDX-License-Identifier: MIT
"""The API's description, and the check that an answer fits it."""

import functools
import gzip
import json
import posixpath
import re
import urllib.parse
from pathlib import Path

import jsonschema

FILE = Path(__file__).resolve().parents[1] / "html/api/openapi.json"
# Ubuntu 22.04 has a jsonschema older than draft 2020-12. Draft 7 has everything that is used here, too.
Validator = getattr(jsonschema, "Draft202012Validator", jsonschema.Draft7Validator)
METHODS = ("get", "put", "post", "delete")


def strict(node):
    """Returns the same schemas, except that an object may have no fields beyond those described."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: strict(item) for name, item in node.items()}
    if node.get("type") == "object" and "properties" in node:
        node.setdefault("additionalProperties", False)
    return node


@functools.cache
def description():
    return json.loads(FILE.read_text())


@functools.cache
def resolver():
    return jsonschema.RefResolver("", strict(description()))


def follow(node):
    while "$ref" in node:
        node = functools.reduce(lambda at, name: at[name], node["$ref"].removeprefix("#/").split("/"), description())
    return node


@functools.cache
def validator(pointer):
    """A validator for the schema at this place in the description: its keys, joined by newlines."""
    schema = functools.reduce(lambda at, name: at[name], pointer.split("\n"), resolver().referrer)
    return Validator(schema, resolver=resolver())


def complaint(value, *pointer):
    """Says how a value violates the schema at this place, or returns None."""
    error = jsonschema.exceptions.best_match(validator("\n".join(pointer)).iter_errors(value))
    return error and f"{'.'.join(map(str, ['$', *error.absolute_path]))}: {error.message[:300]}"


@functools.cache
def paths():
    """All paths as (pattern, path), those without parameters first."""
    found = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in description()["paths"]]
    return sorted(found, key=lambda each: "{" in each[1])


def path_of(target):
    """The described path that this target matches, or None. An encoded slash does not separate; encoded dots go up."""
    target = target.split("?")[0]
    plain = urllib.parse.unquote(target)
    if posixpath.normpath(plain) != plain:
        return None
    target = "/".join(urllib.parse.unquote(part).replace("/", "%2F") for part in target.split("/"))
    return next((path for pattern, path in paths() if pattern.fullmatch(target)), None)


def operations():
    """All described operations as (path, method, operation)."""
    return [(path, method, item[method]) for path, item in description()["paths"].items()
            for method in METHODS if method in item]


def response_of(operation, status):
    """(key, response, where it is) for a status. An operation's `default` covers answers of nginx and of failures."""
    key = str(status) if str(status) in operation["responses"] else "default"
    response = operation["responses"][key]
    return key, follow(response), response.get("$ref")


def media_pointer(path, method, key, ref, media):
    at = ref.removeprefix("#/").split("/") if ref else ["paths", path, method, "responses", key]
    return (*at, "content", media, "schema")


def undescribed(method, target, status, headers, body):
    """Says how an answer differs from the description, or returns None."""
    path = path_of(target)
    if path is None:
        is_file = not target.startswith(("/api", "/live", "/health", "/metrics"))
        return None if status >= 400 or is_file else f"{target} is answered {status}, but not described"
    item = description()["paths"][path]
    name = "get" if method == "HEAD" else method.lower()
    if name not in item:
        return undescribed_method(path, item, method, status, headers)
    key, response, ref = response_of(item[name], status)
    if key == "default" and status < 400:
        return f"{method} {path} may not be answered {status}"
    for header, promised in response.get("headers", {}).items():
        promised = follow(promised)
        if promised.get("required") and header not in headers:
            return f"{method} {path} {status} lacks {header}"
    if method == "HEAD" or status in (204, 304):
        return None
    media = (headers["Content-Type"] or "").split(";")[0]
    if media not in response["content"]:
        return f"{method} {path} {status} may not be {media}"
    pointer = media_pointer(path, name, key, ref, media)
    if headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    value = json.loads(body) if media.endswith("json") and not media.endswith("ndjson") else body.decode()
    wrong = complaint(value, *pointer)
    return wrong and f"{method} {path} {status}: {wrong}"


def undescribed_method(path, item, method, status, headers):
    if status in (400, 413, 414, 431, 429, 500, 502, 503, 504):
        return None
    expected = 204 if method == "OPTIONS" else 405
    if status != expected:
        return f"{method} {path} is answered {status}, but not described"
    known = {name.upper() for name in item} & {name.upper() for name in METHODS}
    allowed = set((headers["Allow"] or "").split(", ")) - {"HEAD", "OPTIONS"}
    return None if allowed == known else f"{path} allows {sorted(allowed)}, described are {sorted(known)}"
