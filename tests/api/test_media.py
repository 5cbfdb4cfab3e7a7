# SPDX-License-Identifier: MIT
"""Bodies that the API cannot parse are refused, not read as something else (RFC 9110, 15.5.16)."""

import gzip
import json

import pytest


def post(api, flight, encode, headers, form=False):
    text = f"flightId={flight}&userId=u&seats=A1" if form else json.dumps({"flightId": flight, "userId": "u", "seats": ["A1"]})
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    return api.post("/api/orders", body=encode(text.encode()), headers={"Content-Type": kind, **headers})


@pytest.mark.parametrize("coding, encode", [("gzip", gzip.compress), ("gzip", bytes), ("br", bytes), ("deflate, gzip", bytes),
                                            ("x-gzip", gzip.compress)])
@pytest.mark.parametrize("form", [False, True])
def test_a_compressed_body_is_not_read(api, flight, coding, encode, form):
    post(api, flight, encode, {"Content-Encoding": coding}, form).refused(415, "UNSUPPORTED_MEDIA_TYPE")
    assert set(api.seats(flight).values()) == {"AVAILABLE"}


@pytest.mark.parametrize("charset", ["iso-8859-1", '"iso-8859-1"', "utf-16", "windows-1252", "us-ascii"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_in_another_character_set_is_not_read(api, flight, charset, kind):
    answer = post(api, flight, bytes, {"Content-Type": f"{kind}; charset={charset}"}, kind.endswith("urlencoded"))
    answer.refused(415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("headers", [
    {"Content-Encoding": "identity"}, {"Content-Encoding": ""}, {"Content-Type": "application/json; charset=utf-8"},
    {"Content-Type": "application/json;charset=UTF-8"}, {"Content-Type": 'application/json; charset="utf-8"'},
    {"Content-Type": "application/json; profile=x; charset=Utf8"},
])
def test_supported_encodings_are_read(api, flight, headers):
    post(api, flight, bytes, headers).ok(201)
