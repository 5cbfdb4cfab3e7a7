# SPDX-License-Identifier: MIT
"""Puts persons into the database, where the API takes none (PASSENGERS=off)."""

import random
import unicodedata

ALPHABET = "23456789CDFHJKMNPRTVWX"


def key(name):
    """The key of a name of plain letters and accents (booking/core/name_key.h)."""
    apart = unicodedata.normalize("NFKD", name)
    return "".join(c for c in apart.casefold() if c.isalnum())


def add_person(stack, order, family_name, email=None, given_name="Ada", kind="PASSENGER"):
    (row,) = stack.query("SELECT COUNT(*) AS n FROM persons WHERE order_id = %s AND kind = 'PASSENGER'", order["orderId"])
    stack.query("INSERT INTO persons (kind, order_id, position, given_name, family_name, family_key, email, email_key, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(3))", kind, order["orderId"],
                row["n"] + 1 if kind == "PASSENGER" else None, given_name, family_name, family_name and key(family_name), email,
                email and email.lower())


def give_locator(stack, order):
    """Gives an order a locator before it is confirmed, unless it has one."""
    had = stack.row(order)["locator"]
    if had:
        return had
    locator = "".join(random.choices(ALPHABET, k=6))
    stack.query("INSERT INTO locators VALUES (%s, %s, UTC_TIMESTAMP(3))", locator, order["orderId"])
    stack.query("UPDATE orders SET locator = %s WHERE order_id = %s", locator, order["orderId"])
    return locator


def name_in(stack, order, family_name, email=None, **person):
    """Adds a person to an order that can be found by its locator, which is returned."""
    add_person(stack, order, family_name, email, **person)
    return give_locator(stack, order)
