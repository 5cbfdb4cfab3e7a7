# SPDX-License-Identifier: MIT
"""Moves a job's time while sweepers are at work on it."""

import pymysql


def nudge(stack, sql, *args):
    """An UPDATE that the programs' transactions may be chosen over: those who nudge do it again and again."""
    try:
        stack.query(sql, *args)
    except pymysql.OperationalError as error:
        if error.args[0] not in (1205, 1213):  # lock wait, deadlock
            raise
