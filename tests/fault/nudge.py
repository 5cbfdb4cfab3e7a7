# SPDX-License-Identifier: MIT
"""Moves a job's time while sweepers are at work on it."""

import pymysql


def nudge(stack, sql, *args):
    """Runs an UPDATE that may lose against the programs' transactions. Callers repeat it until it has succeeded."""
    try:
        stack.query(sql, *args)
    except pymysql.OperationalError as error:
        if error.args[0] not in (1205, 1213):  # lock wait, deadlock
            raise
