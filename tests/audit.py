#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks that seats, orders, jobs, history, payments and the gateway's charges agree with each other.

usage: tests/audit.py [--patience SECONDS] [--lease SECONDS]       (`make audit`)

It reads the booking database and the gateway's in one consistent snapshot, changes nothing, and reports every
contradiction. The exit status is 0 when there is none, 1 when there is one, and 2 when it cannot look.

It needs an account that may read both databases: AUDIT_DSN, or else the stack's own socket in RUN_DIR, which accepts
the operating system's account. The names of the databases come from DATABASE_DSN and GATEWAY_DATABASE_DSN.
"""

import argparse
import collections
import getpass
import os
import re
import sys
import time

import pymysql
import pymysql.cursors

Finding = collections.namedtuple("Finding", "kind about")

# An operator's reset frees booked seats, too; such an order keeps its state but not its seats.
LIVE = """(o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING') OR o.status = 'CONFIRMED' AND NOT EXISTS (
              SELECT 1 FROM {booking}.workflow_events e
               WHERE e.order_id = o.order_id AND e.type = 'SEATS_FREED_BY_ADMIN'))"""

# The age of a column's time, in seconds.
AGE = "TIMESTAMPDIFF(MICROSECOND, {column}, @now) / 1000000"

# All that a row of persons may hold of somebody; NULL once it is wiped. What is counted (kind, position) stays.
OF_A_PERSON = ("COALESCE(p.name, p.given_name, p.family_name, p.family_key, p.email, p.email_key, p.phone, p.language,"
               " p.assistance)")

SEATS = {
    "a seat sold twice": f"""
        SELECT s.flight_id, s.seat_number, COUNT(*) AS live_orders, GROUP_CONCAT(o.order_id) AS orders
          FROM {{booking}}.seats s
          JOIN {{booking}}.orders o ON o.flight_id = s.flight_id AND FIND_IN_SET(s.seat_number, o.seats)
         WHERE {LIVE} GROUP BY s.flight_id, s.seat_number HAVING live_orders > 1""",
    "a seat whose state contradicts its order": """
        SELECT s.flight_id, s.seat_number, s.status, o.order_id, o.status AS order_status, o.seats
          FROM {booking}.seats s LEFT JOIN {booking}.orders o ON o.order_id = s.reserved_by
         WHERE s.status <> 'AVAILABLE'
           AND (o.order_id IS NULL OR o.flight_id <> s.flight_id OR NOT FIND_IN_SET(s.seat_number, o.seats)
                OR (s.status = 'BOOKED') <> (o.status = 'CONFIRMED')
                OR (s.status = 'RESERVED') <> (o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING')))""",
    "a seat of no cabin": """
        SELECT s.flight_id, s.seat_number, f.cabin_id FROM {booking}.flights f JOIN {booking}.seats s ON s.flight_id = f.flight_id
         WHERE f.cabin_id IS NOT NULL AND s.cabin_class IS NULL""",
    "a free seat that names an owner": """
        SELECT flight_id, seat_number, reserved_by, user_id FROM {booking}.seats
         WHERE status = 'AVAILABLE' AND (reserved_by IS NOT NULL OR user_id IS NOT NULL)""",
    "an order that lacks a seat it holds": f"""
        SELECT o.order_id, o.status, o.seats, COUNT(s.seat_number) AS seats_found
          FROM {{booking}}.orders o LEFT JOIN {{booking}}.seats s ON s.reserved_by = o.order_id
         WHERE {LIVE} GROUP BY o.order_id, o.status, o.seats
        HAVING seats_found <> LENGTH(o.seats) - LENGTH(REPLACE(o.seats, ',', '')) + 1""",
}

ORDERS = {
    "a hold without an end, or an end without a hold": """
        SELECT order_id, status, expires_at FROM {booking}.orders
         WHERE (status = 'SEATS_RESERVED') <> (expires_at IS NOT NULL)""",
    "an order without the job its state needs": """
        SELECT o.order_id, o.status, 'EXPIRE_HOLD' AS lacks FROM {booking}.orders o
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'EXPIRE_HOLD'
         WHERE o.status = 'SEATS_RESERVED' AND j.job_id IS NULL
         UNION ALL
        SELECT o.order_id, o.status, 'PAYMENT_ATTEMPT' FROM {booking}.orders o
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'PAYMENT_ATTEMPT'
         WHERE o.status = 'PAYMENT_PENDING' AND j.job_id IS NULL
         UNION ALL
        SELECT o.order_id, o.status, 'SEND_CONFIRMATION' FROM {booking}.orders o
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'SEND_CONFIRMATION'
         WHERE o.status = 'CONFIRMED' AND j.job_id IS NULL AND NOT EXISTS (
               SELECT 1 FROM {booking}.workflow_events e WHERE e.order_id = o.order_id
                  AND e.type = 'CONFIRMATION_ATTEMPT' AND e.outcome IN ('SENT', 'NOT_CONFIGURED'))
         UNION ALL
        SELECT o.order_id, o.status, 'VOID_CHARGE' FROM {booking}.orders o
          JOIN {booking}.payments p ON p.order_id = o.order_id
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'VOID_CHARGE'
               AND j.subject_id = p.former_id
         WHERE (p.former_id <> '' AND p.attempts > 1
                OR p.former_id = '' AND o.status = 'FAILED' AND p.attempts > (CASE WHEN p.status = 'DECLINED' THEN 1 ELSE 0 END)
                OR p.former_id = '' AND o.status = 'CANCELLED' AND p.attempts > 0)
           AND p.status <> 'APPROVED' AND p.voided_at IS NULL AND j.job_id IS NULL""",
    # The walk over a cancelled flight ends these.
    "an order on a cancelled flight": """
        SELECT o.order_id, o.status, o.flight_id FROM {booking}.flights f JOIN {booking}.orders o ON o.flight_id = f.flight_id
         WHERE f.status = 'CANCELLED' AND o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED') AND NOT EXISTS (
               SELECT 1 FROM {booking}.workflow_jobs j WHERE j.kind = 'CANCEL_FLIGHT' AND j.flight_id = f.flight_id)""",
    # The version before confirmed orders without one, until the first was given.
    "a confirmed order without a locator": """
        SELECT o.order_id FROM {booking}.orders o
          JOIN {booking}.workflow_events e ON e.order_id = o.order_id AND e.type = 'ORDER_CONFIRMED'
         WHERE o.status = 'CONFIRMED' AND o.locator IS NULL
           AND e.created_at >= (SELECT MIN(created_at) FROM {booking}.locators)""",
    "a locator that is not its order's": """
        SELECT l.locator, l.order_id, o.locator AS has FROM {booking}.locators l
          LEFT JOIN {booking}.orders o ON o.order_id = l.order_id WHERE NOT o.locator <=> l.locator
         UNION ALL
        SELECT NULL, o.order_id, o.locator FROM {booking}.orders o
          LEFT JOIN {booking}.locators l ON l.locator = o.locator AND l.order_id = o.order_id
         WHERE o.locator IS NOT NULL AND l.locator IS NULL""",
    "a name in a forgotten order": f"""
        SELECT o.order_id, 'user' AS what FROM {{booking}}.orders o
         WHERE o.forgotten_at IS NOT NULL AND (o.user_id <> '' OR o.owner IS NOT NULL)
         UNION ALL
        SELECT o.order_id, 'seat' FROM {{booking}}.orders o JOIN {{booking}}.seats s ON s.reserved_by = o.order_id
         WHERE o.forgotten_at IS NOT NULL AND s.user_id IS NOT NULL
         UNION ALL
        SELECT o.order_id, 'person' FROM {{booking}}.orders o JOIN {{booking}}.persons p ON p.order_id = o.order_id
         WHERE o.forgotten_at IS NOT NULL AND (p.forgotten_at IS NULL OR {OF_A_PERSON} IS NOT NULL)
         UNION ALL
        SELECT o.order_id, 'token' FROM {{booking}}.orders o JOIN {{booking}}.order_tokens t ON t.order_id = o.order_id
         WHERE o.forgotten_at IS NOT NULL""",
    # Whoever leaves an order is wiped before the rest of it.
    "a name of somebody who left": f"""
        SELECT p.order_id, p.person_id FROM {{booking}}.persons p JOIN {{booking}}.orders o ON o.order_id = p.order_id
         WHERE o.forgotten_at IS NULL AND p.forgotten_at IS NOT NULL AND {OF_A_PERSON} IS NOT NULL
         UNION ALL
        SELECT p.order_id, p.person_id FROM {{booking}}.persons p
         WHERE p.kind = 'PASSENGER' AND p.position IS NULL AND p.forgotten_at IS NULL""",
    # A place that two have would show both in one seat.
    "two passengers with one place": """
        SELECT order_id, position, COUNT(*) AS passengers FROM {booking}.persons
         WHERE kind = 'PASSENGER' AND position IS NOT NULL GROUP BY order_id, position HAVING passengers > 1
         UNION ALL
        SELECT order_id, NULL, COUNT(*) FROM {booking}.persons
         WHERE kind = 'CONTACT' AND forgotten_at IS NULL GROUP BY order_id HAVING COUNT(*) > 1""",
    "a job whose order needs none": """
        SELECT j.job_id, j.kind, j.order_id, o.status FROM {booking}.workflow_jobs j
          LEFT JOIN {booking}.orders o ON o.order_id = j.order_id
         WHERE o.order_id IS NULL AND j.flight_id IS NULL AND j.kind NOT IN ('IMPORT_FLIGHTS', 'RECONCILE')
            OR j.kind = 'RECONCILE' AND NOT EXISTS (SELECT 1 FROM {booking}.reconciliations c
                 WHERE c.report_id = j.subject_id AND c.status = 'PENDING')
            OR j.kind = 'IMPORT_FLIGHTS' AND (j.flight_id IS NOT NULL
               OR NOT EXISTS (SELECT 1 FROM {booking}.imports i WHERE i.import_id = j.subject_id))
            OR j.kind = 'CANCEL_FLIGHT' AND (j.order_id <> '' OR NOT EXISTS (SELECT 1 FROM {booking}.flights f
                 WHERE f.flight_id = j.flight_id AND f.status = 'CANCELLED'))
            OR j.kind = 'VOID_CHARGE' AND EXISTS (SELECT 1 FROM {booking}.payments p
                 WHERE p.order_id = j.order_id AND p.former_id = j.subject_id AND p.status = 'APPROVED')
            OR j.kind = 'VOID_CHARGE' AND j.subject_id <> '' AND NOT EXISTS (SELECT 1 FROM {booking}.payments p
                 WHERE p.order_id = j.order_id AND p.former_id = j.subject_id)
            OR j.kind = 'EXPIRE_HOLD' AND o.status <> 'SEATS_RESERVED'
            OR j.kind = 'PAYMENT_ATTEMPT' AND o.status <> 'PAYMENT_PENDING'
            OR j.kind = 'SEND_CONFIRMATION' AND o.status <> 'CONFIRMED'
            OR j.kind = 'VOID_CHARGE' AND j.subject_id = '' AND o.status NOT IN ('FAILED', 'CANCELLED', 'EXPIRED')
            OR j.kind = 'REFUND_CHARGE' AND NOT EXISTS (SELECT 1 FROM {booking}.refunds r WHERE r.refund_id = j.subject_id
                 AND r.order_id = j.order_id AND r.status <> 'REFUNDED')
            OR j.kind NOT IN ('SEND_MAIL', 'VOID_CHARGE') AND (j.kind IN ('REFUND_CHARGE', 'CANCEL_FLIGHT', 'TELL_FLIGHT', 'IMPORT_FLIGHTS', 'RECONCILE')) <> (j.subject_id <> '')
            OR (j.kind IN ('CANCEL_FLIGHT', 'TELL_FLIGHT', 'IMPORT_FLIGHTS', 'RECONCILE')) <> (j.order_id = '')
            OR j.kind = 'SEND_MESSAGE' AND NOT EXISTS (SELECT 1 FROM {booking}.messages m WHERE m.order_id = j.order_id
                 AND m.channel = 'WEBHOOK' AND m.status = 'PENDING')
            OR j.kind = 'SEND_MAIL' AND NOT EXISTS (SELECT 1 FROM {booking}.messages m WHERE m.order_id = j.order_id
                 AND m.channel = 'MAIL' AND (j.subject_id = '' AND m.status = 'PENDING'
                                             OR j.subject_id = m.public_id AND m.status = 'FAILED'))
            OR j.kind NOT IN ('EXPIRE_HOLD', 'PAYMENT_ATTEMPT', 'SEND_CONFIRMATION', 'VOID_CHARGE', 'REFUND_CHARGE', 'SEND_MESSAGE',
                               'CANCEL_FLIGHT', 'SEND_MAIL', 'TELL_FLIGHT', 'IMPORT_FLIGHTS', 'RECONCILE')""",
    "a report without the job that makes it": """
        SELECT c.day, c.report_id FROM {booking}.reconciliations c
          LEFT JOIN {booking}.workflow_jobs j ON j.kind = 'RECONCILE' AND j.subject_id = c.report_id
         WHERE c.status = 'PENDING' AND j.job_id IS NULL""",
    "a message without the job that sends it": """
        SELECT m.order_id, m.message_id, m.type FROM {booking}.messages m
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = m.order_id AND j.subject_id = ''
               AND j.kind = CASE m.channel WHEN 'MAIL' THEN 'SEND_MAIL' ELSE 'SEND_MESSAGE' END
         WHERE m.status = 'PENDING' AND j.job_id IS NULL""",
    "a mail that failed and that no operator sees": """
        SELECT m.order_id, m.message_id, m.type FROM {booking}.messages m
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = m.order_id AND j.kind = 'SEND_MAIL' AND j.subject_id = m.public_id
         WHERE m.channel = 'MAIL' AND m.status = 'FAILED' AND j.job_id IS NULL""",
    "a mail about an order that nobody paid for": """
        SELECT m.order_id, m.message_id, m.type FROM {booking}.messages m
         WHERE m.channel = 'MAIL' AND NOT EXISTS (SELECT 1 FROM {booking}.payments p WHERE p.order_id = m.order_id
               AND p.status = 'APPROVED')""",
    "messages told out of order": """
        SELECT a.order_id, a.message_id, b.message_id AS later FROM {booking}.messages a
          JOIN {booking}.messages b ON b.order_id = a.order_id AND b.channel = a.channel AND b.message_id > a.message_id
         WHERE a.status = 'PENDING' AND b.status <> 'PENDING'""",
    "a job in a state that is none": """
        SELECT job_id, kind, order_id, status, run_at, locked_by, attempts FROM {booking}.workflow_jobs
         WHERE NOT (status = 'PENDING' AND run_at IS NOT NULL AND locked_by IS NULL
                 OR status = 'RUNNING' AND run_at IS NOT NULL AND locked_by IS NOT NULL AND attempts > 0
                 OR status = 'FAILED' AND run_at IS NULL AND locked_by IS NULL
                     AND (max_attempts > 0 OR failures > 0 OR kind = 'REFUND_CHARGE' OR last_error = 'Set aside by staff'))""",
}

# Every move of each order, with the state that the previous one led to. The last one must lead to the order's state.
MOVES = """
    SELECT order_id, event_id, type, from_status, to_status,
           LAG(to_status) OVER (PARTITION BY order_id ORDER BY event_id) AS came_from
      FROM {booking}.workflow_events WHERE to_status IS NOT NULL"""

# The attempts of an order's payments, and which payment each belongs to: attempts are counted anew for each. A late
# approval of a former payment has no number.
ATTEMPTS = """
    SELECT order_id, event_id, type, attempt, outcome, nth, MAX(nth) OVER (PARTITION BY order_id) AS last_nth
      FROM (SELECT e.*, SUM(e.type = 'PAYMENT_SUBMITTED') OVER (PARTITION BY e.order_id ORDER BY e.event_id) AS nth
              FROM {booking}.workflow_events e) numbered"""

HISTORY = {
    "an illegal transition": f"""
        SELECT order_id, event_id, type, came_from, from_status, to_status FROM ({MOVES}) m
         WHERE COALESCE(from_status, '') <> COALESCE(came_from, '')
            OR CONCAT(COALESCE(from_status, ''), '>', to_status, ' ', type) NOT IN (
               '>CREATED ORDER_CREATED', 'CREATED>SEATS_RESERVED SEATS_RESERVED',
               'SEATS_RESERVED>SEATS_RESERVED SEATS_CHANGED', 'SEATS_RESERVED>SEATS_RESERVED HOLD_EXTENDED',
               'SEATS_RESERVED>PAYMENT_PENDING PAYMENT_SUBMITTED',
               'SEATS_RESERVED>EXPIRED ORDER_EXPIRED', 'SEATS_RESERVED>CANCELLED ORDER_CANCELLED',
               'PAYMENT_PENDING>CONFIRMED ORDER_CONFIRMED', 'PAYMENT_PENDING>FAILED ORDER_FAILED',
               'PAYMENT_PENDING>SEATS_RESERVED PAYMENT_DECLINED',
               'PAYMENT_PENDING>CANCELLED ORDER_CANCELLED', 'CONFIRMED>CANCELLED ORDER_CANCELLED',
               'PAYMENT_PENDING>PAYMENT_PENDING SEATS_CHANGED', 'CONFIRMED>CONFIRMED SEATS_CHANGED')""",
    "a history that ends elsewhere than its order": """
        SELECT o.order_id, o.status, e.to_status AS last_told FROM {booking}.orders o
          LEFT JOIN (SELECT order_id, MAX(event_id) AS event_id FROM {booking}.workflow_events
                      WHERE to_status IS NOT NULL GROUP BY order_id) last ON last.order_id = o.order_id
          LEFT JOIN {booking}.workflow_events e ON e.event_id = last.event_id
         WHERE COALESCE(e.to_status, '') <> o.status""",
    "a history of no order": """
        SELECT DISTINCT e.order_id FROM {booking}.workflow_events e
          LEFT JOIN {booking}.orders o ON o.order_id = e.order_id WHERE o.order_id IS NULL""",
    # An approval that comes after its attempt was given up has an event of its own, and so has a pending answer.
    "an attempt counted twice": f"""
        SELECT order_id, type, attempt, COUNT(*) AS times, GROUP_CONCAT(outcome) AS outcomes
          FROM ({ATTEMPTS}) a WHERE type = 'PAYMENT_ATTEMPT' AND attempt IS NOT NULL
         GROUP BY order_id, type, nth, attempt, outcome = 'LATE_APPROVAL', outcome = 'PENDING' HAVING times > 1""",
    # The attempt in flight has no event yet. One that was in flight when its order was canceled may never get one.
    "an attempt missing": f"""
        SELECT o.order_id, o.status, o.payment_attempts, j.status AS job,
               COUNT(DISTINCT e.attempt) AS known, MAX(e.attempt) AS last
          FROM {{booking}}.orders o
          LEFT JOIN {{booking}}.workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'PAYMENT_ATTEMPT'
          LEFT JOIN ({ATTEMPTS}) e ON e.order_id = o.order_id AND e.type = 'PAYMENT_ATTEMPT' AND e.nth = e.last_nth
         GROUP BY o.order_id, o.status, o.payment_attempts, j.status
        HAVING COALESCE(last, 0) > o.payment_attempts
            OR known < o.payment_attempts - (CASE WHEN o.status = 'CANCELLED' OR job = 'RUNNING' THEN 1 ELSE 0 END)
            OR known < o.payment_attempts AND last = o.payment_attempts""",
}

PAYMENTS = {
    "a payment that contradicts its order": """
        SELECT o.order_id, o.status, p.status AS payment_status, p.attempts, o.payment_attempts
          FROM {booking}.orders o LEFT JOIN {booking}.payments p ON p.order_id = o.order_id AND p.former_id = ''
         WHERE NOT (o.status = 'PAYMENT_PENDING' AND p.status <=> 'PENDING'
                 OR o.status = 'CONFIRMED' AND p.status <=> 'APPROVED' AND p.transaction_id IS NOT NULL
                 OR o.status = 'FAILED' AND COALESCE(p.status, '') IN ('DECLINED', 'FAILED')
                 OR o.status = 'CANCELLED' AND COALESCE(p.status, 'CANCELLED') = 'CANCELLED'
                 OR o.status = 'CANCELLED' AND p.status = 'APPROVED' AND p.transaction_id IS NOT NULL AND EXISTS (SELECT 1
                      FROM {booking}.workflow_events e WHERE e.order_id = o.order_id AND e.type = 'ORDER_CONFIRMED')
                 OR o.status IN ('SEATS_RESERVED', 'EXPIRED') AND p.payment_id IS NULL)
            OR COALESCE(p.attempts, 0) > o.payment_attempts
            OR p.status = 'PENDING' AND p.pending_since IS NOT NULL AND p.attempts = 0""",
    "a former payment that still counts": """
        SELECT order_id, status, former_id FROM {booking}.payments
         WHERE former_id <> '' AND (former_id <> payment_id OR status <> 'DECLINED')""",
    "a payment code kept after the payment was settled": """
        SELECT order_id, status FROM {booking}.payments WHERE status <> 'PENDING' AND LENGTH(payment_code) > 2""",
}

# The books of the gateway programs, as one: the simulator's, and those of the one for Stripe. A void that gave money back
# there is no refund that anybody asked for.
CHARGES = """(SELECT idempotency_key, order_id, amount_cents, currency, status, transaction_id FROM {gateway}.charges UNION ALL
              SELECT idempotency_key, order_id, amount_cents, currency, status, COALESCE(payment_intent, 'nothing-to-pay')
                FROM {gateway}.stripe_charges)"""
CHARGE_REFUNDS = """(SELECT refund_key, idempotency_key, amount_cents FROM {gateway}.charge_refunds UNION ALL
                     SELECT refund_key, idempotency_key, amount_cents FROM {gateway}.stripe_refunds
                      WHERE status = 'REFUNDED' AND refund_key <> CONCAT('void-', idempotency_key))"""

# The tests give this name to charges that they make at the gateway directly, without an order.
WITHOUT_ORDER = "gateway-test-"

MONEY = {
    "a charge of no payment": f"""
        SELECT c.idempotency_key, c.order_id, c.amount_cents FROM {{charges}} c
          LEFT JOIN {{booking}}.payments p ON p.payment_id = c.idempotency_key
         WHERE c.status = 'APPROVED' AND c.order_id NOT LIKE '{WITHOUT_ORDER}%%'
           AND (p.payment_id IS NULL OR p.order_id <> c.order_id)""",
    "money kept for an order that is not confirmed": """
        SELECT o.order_id, o.status, c.amount_cents, c.transaction_id FROM {charges} c
          JOIN {booking}.payments p ON p.payment_id = c.idempotency_key
          JOIN {booking}.orders o ON o.order_id = p.order_id
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = o.order_id AND j.kind = 'VOID_CHARGE' AND j.subject_id = p.former_id
         WHERE c.status = 'APPROVED' AND p.status <> 'APPROVED'
           AND (p.former_id <> '' OR o.status NOT IN ('CONFIRMED', 'PAYMENT_PENDING'))
           AND j.job_id IS NULL""",
    # What failed was asked for, and an operator sees it.
    "a refund owed and not asked for": """
        SELECT o.order_id, p.amount_cents AS captured, o.fee_cents, COALESCE(SUM(r.amount_cents), 0) AS refunds
          FROM {booking}.orders o JOIN {booking}.payments p ON p.order_id = o.order_id AND p.status = 'APPROVED'
          LEFT JOIN {booking}.refunds r ON r.order_id = o.order_id
         WHERE o.status = 'CANCELLED' GROUP BY o.order_id, p.amount_cents, o.fee_cents
        HAVING refunds + o.fee_cents < captured""",
    "a refunded charge that was voided": """
        SELECT o.order_id, c.status AS charge_status FROM {booking}.orders o
          JOIN {booking}.payments p ON p.order_id = o.order_id AND p.status = 'APPROVED'
          LEFT JOIN {charges} c ON c.idempotency_key = p.payment_id
         WHERE o.status = 'CANCELLED' AND COALESCE(c.status, '') <> 'APPROVED'""",
    "a confirmed order nobody paid for": """
        SELECT o.order_id, c.status AS charge_status FROM {booking}.orders o
          LEFT JOIN {booking}.payments p ON p.order_id = o.order_id AND p.former_id = ''
          LEFT JOIN {charges} c ON c.idempotency_key = p.payment_id
         WHERE o.status = 'CONFIRMED' AND COALESCE(c.status, '') <> 'APPROVED'""",
    "a confirmed order paid for more than once": """
        SELECT o.order_id, COUNT(*) AS charges FROM {booking}.orders o
          JOIN {charges} c ON c.order_id = o.order_id
         WHERE o.status = 'CONFIRMED' AND c.status = 'APPROVED' AND NOT EXISTS (SELECT 1 FROM {booking}.workflow_jobs j
               WHERE j.order_id = o.order_id AND j.kind = 'VOID_CHARGE' AND j.subject_id = c.idempotency_key) GROUP BY o.order_id HAVING charges > 1""",
    "a refund without the job it needs": """
        SELECT r.refund_id, r.order_id, r.status FROM {booking}.refunds r
          LEFT JOIN {booking}.workflow_jobs j ON j.order_id = r.order_id AND j.kind = 'REFUND_CHARGE' AND j.subject_id = r.refund_id
         WHERE r.status <> 'REFUNDED' AND j.job_id IS NULL""",
    "more refunded than was captured": """
        SELECT r.order_id, SUM(r.amount_cents) AS refunds, p.amount_cents AS captured FROM {booking}.refunds r
          LEFT JOIN {booking}.payments p ON p.order_id = r.order_id AND p.status = 'APPROVED' AND p.payment_id = r.payment_id
         WHERE r.status <> 'FAILED' GROUP BY r.order_id, p.amount_cents HAVING NOT refunds <=> LEAST(refunds, captured)""",
    # While one is PENDING the gateway may have made it already. A FAILED one may be tried again by an operator.
    "a refund that the gateway's books contradict": """
        SELECT r.refund_id, r.order_id, r.status, r.amount_cents, g.amount_cents AS made FROM {booking}.refunds r
          LEFT JOIN {charge_refunds} g ON g.refund_key = r.refund_id
         WHERE r.status = 'REFUNDED' AND NOT (g.amount_cents <=> r.amount_cents AND g.idempotency_key <=> r.payment_id)
            OR r.status = 'FAILED' AND g.refund_key IS NOT NULL
         UNION ALL
        SELECT g.refund_key, NULL, NULL, NULL, g.amount_cents FROM {charge_refunds} g
          JOIN {booking}.payments p ON p.payment_id = g.idempotency_key
          LEFT JOIN {booking}.refunds r ON r.refund_id = g.refund_key WHERE r.refund_id IS NULL""",
    # What was captured for an order that has ended is the fee kept and what was asked to be given back. One that the
    # gateway refused may have been asked for once more.
    "more kept and given back than was captured": """
        SELECT o.order_id, p.amount_cents AS captured, o.fee_cents, COALESCE(SUM(r.amount_cents), 0) AS refunds
          FROM {booking}.orders o JOIN {booking}.payments p ON p.order_id = o.order_id AND p.status = 'APPROVED'
          LEFT JOIN {booking}.refunds r ON r.order_id = o.order_id AND r.status <> 'FAILED'
         WHERE o.status = 'CANCELLED' GROUP BY o.order_id, p.amount_cents, o.fee_cents
        HAVING refunds + o.fee_cents > captured""",
    # What was captured is the price of the seats, the fee kept, and what was asked to be given back; but for what staff
    # have given back without a seat or a price that fell, which the audit log knows.
    "a charge that differs from its order": """
        SELECT o.order_id, o.total_price_cents, o.currency, p.transaction_id, c.amount_cents AS charged,
               c.currency AS charged_in, c.transaction_id AS charged_as
          FROM {booking}.orders o
          JOIN {booking}.payments p ON p.order_id = o.order_id AND p.former_id = ''
          JOIN {charges} c ON c.idempotency_key = p.payment_id
         WHERE o.status = 'CONFIRMED' AND c.status = 'APPROVED'
           AND (c.amount_cents - o.total_price_cents - o.fee_cents NOT BETWEEN (
                   SELECT COALESCE(SUM(r.amount_cents), 0) FROM {booking}.refunds r WHERE r.order_id = o.order_id) - (
                   SELECT COALESCE(SUM(CAST(JSON_EXTRACT(a.became, '$.amountCents') AS SIGNED)), 0) FROM {booking}.audit_log a
                    WHERE a.object_kind = 'ORDER' AND a.object_id = o.order_id AND a.action = 'REFUND')
               AND (SELECT COALESCE(SUM(r.amount_cents), 0) FROM {booking}.refunds r WHERE r.order_id = o.order_id)
                OR c.currency <> o.currency
                OR NOT p.transaction_id <=> c.transaction_id)""",
}

# These compare with the clock, so they are meaningful only where sweepers are supposed to run.
CLOCK = {
    "a job that is due and not taken up": f"""
        SELECT job_id, kind, order_id, status, {AGE.format(column='run_at')} AS late_seconds
          FROM {{booking}}.workflow_jobs WHERE {AGE.format(column='run_at')} > @patience""",
    "a lease that is stuck": f"""
        SELECT job_id, kind, order_id, locked_by, -{AGE.format(column='run_at')} AS ends_in_seconds
          FROM {{booking}}.workflow_jobs
         WHERE status = 'RUNNING' AND -{AGE.format(column='run_at')} > GREATEST(@lease, 10) + 1""",
    # An earlier departure ends the hold for every reader, though its timer may still have the old time.
    "a timer that will not fire at the end of its hold": """
        SELECT j.job_id, o.order_id, o.expires_at, f.departure_time, j.run_at FROM {booking}.workflow_jobs j
          JOIN {booking}.orders o ON o.order_id = j.order_id JOIN {booking}.flights f ON f.flight_id = o.flight_id
         WHERE j.kind = 'EXPIRE_HOLD' AND j.status = 'PENDING' AND o.status = 'SEATS_RESERVED'
           AND j.run_at NOT BETWEEN LEAST(o.expires_at, f.departure_time) AND o.expires_at""",
}

# Every event that takes or releases seats, in the order in which the seats were locked: an event is written while its
# transaction holds the seats.
SEAT_MOVES = """
    SELECT e.event_id, e.order_id, o.flight_id, e.type, e.detail, e.change_id FROM {booking}.workflow_events e
      JOIN {booking}.orders o ON o.order_id = e.order_id
     WHERE e.type IN ('SEATS_RESERVED', 'SEATS_CHANGED', 'ORDER_EXPIRED', 'ORDER_FAILED', 'ORDER_CANCELLED',
                      'SEATS_FREED_BY_ADMIN') ORDER BY e.event_id"""


class Books:
    """Both databases, as of one moment."""

    def __init__(self, connection, booking="flight_booking", gateway="payment_gateway", patience=5.0, lease=15.0):
        self.connection = connection
        self.names = {"booking": booking, "gateway": gateway, "charges": CHARGES.format(gateway=gateway),
                      "charge_refunds": CHARGE_REFUNDS.format(gateway=gateway)}
        for statement in ("SET SESSION time_zone = '+00:00'",
                          "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                          "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"):
            self.rows(statement)
        self.rows("SET @now = UTC_TIMESTAMP(3), @patience = %s, @lease = %s", patience, lease)

    def rows(self, sql, *args):
        with self.connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall()

    def ask(self, queries):
        for kind, sql in queries.items():
            for row in self.rows(sql.format(**self.names)):
                yield Finding(kind, tuple((name, str(value)) for name, value in row.items()))

    def replay_seats(self):
        """Finds seats that had two holders at any time in the past, even if all is well now."""
        holder, held, had = {}, {}, {}

        def release(move):
            had[move["event_id"]] = held.pop(move["order_id"], ())
            for seat in had[move["event_id"]]:
                if holder.get((move["flight_id"], seat)) == move["order_id"]:
                    del holder[move["flight_id"], seat]

        moves = self.rows(SEAT_MOVES.format(**self.names))
        together = collections.defaultdict(list)
        for move in moves:
            together[move["change_id"]].append(move)
        for move in moves:
            order, flight = move["order_id"], move["flight_id"]
            # A swap of the cabin is one change of several orders, which give up all their seats first.
            for each in [move] if move["change_id"] is None else together.pop(move["change_id"], []):
                release(each)
            for seat in seats_taken(move, had[move["event_id"]]):
                other = holder.get((flight, seat))
                if other:
                    yield Finding("a seat that had two holders once", (
                        ("flight_id", flight), ("seat_number", seat), ("event_id", str(move["event_id"])),
                        ("taken_by", order), ("held_by", other)))
                holder[flight, seat] = order
                held.setdefault(order, []).append(seat)

    def add_up_prices(self):
        """Finds orders whose price is not the sum of its seats' prices, or a seat's not that of its fare and surcharges.
        An order of the version before has only a total."""
        for order in self.rows("SELECT order_id, seats, seat_prices, price_parts, total_price_cents AS total FROM"
                               " {booking}.orders WHERE seat_prices IS NOT NULL".format(**self.names)):
            prices = [int(price) for price in order["seat_prices"].split(",")]
            parts = order["price_parts"].split(",") if order["price_parts"] else [""] * len(prices)
            made = [sum(int(part.split("=")[1]) for part in each.split("+")) if each else price
                    for each, price in zip(parts, prices)]
            if sum(prices) != order["total"] or made != prices or not len(parts) == len(prices) == order["seats"].count(",") + 1:
                yield Finding("a price that does not add up", tuple((name, str(value)) for name, value in order.items()))

    def findings(self, punctual=True):
        found = [*self.ask(SEATS), *self.ask(ORDERS), *self.ask(HISTORY), *self.ask(PAYMENTS), *self.ask(MONEY),
                 *self.replay_seats(), *self.add_up_prices()]
        return found + list(self.ask(CLOCK)) if punctual else found

    def count(self):
        return {name: self.rows(f"SELECT COUNT(*) AS n FROM {where}".format(**self.names))[0]["n"] for name, where in (
            ("orders", "{booking}.orders"), ("events", "{booking}.workflow_events"), ("jobs", "{booking}.workflow_jobs"),
            ("payments", "{booking}.payments"), ("charges", "{charges} c"))}


def seats_taken(move, had):
    """The seats that the order holds after the event, whose detail is 'A1,A2' or, for a change, 'A1 -> B1,B2'. A change
    keeps what the order had; where an operator has freed its seats it has none, whatever the change leaves to it."""
    if move["type"] not in ("SEATS_RESERVED", "SEATS_CHANGED"):
        return []
    before, _, after = (move["detail"] or "").rpartition(" -> ")
    lost = set(before.split(",")) - set(had)
    return [seat for seat in after.split(",") if seat not in lost]


def findings(stack, **options):
    connection = stack.root_db()
    with connection:
        return set(Books(connection, **options.pop("books", {})).findings(**options))


def audit(stack, deadline=15, punctual=False):
    """Fails a test on any finding that persists from the first look to the deadline.

    Except for the clock, one look would be enough, but some tests plant a contradiction in a shared stack for a moment.
    """
    left = findings(stack, punctual=punctual)
    end = time.monotonic() + deadline
    while left and time.monotonic() < end:
        time.sleep(0.3)
        left &= findings(stack, punctual=punctual)
    assert not left, "\n" + report(left)


def report(found):
    return "\n".join(f"{each.kind}: " + " ".join(f"{name}={value}" for name, value in each.about)
                     for each in sorted(found))


# ---- the program ------------------------------------------------------------------------------------------

def seconds(text):
    """Reads a duration as the settings write it ('10s', '500ms', '1m'), or plain seconds."""
    m = re.fullmatch(r"([0-9.]+)(ms|s|m|)", text)
    if not m:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds")
    return float(m[1]) * {"ms": 0.001, "m": 60}.get(m[2], 1)


def connect():
    dsn = os.environ.get("AUDIT_DSN")
    options = {"autocommit": True, "charset": "utf8mb4", "connect_timeout": 5}
    if not dsn:
        return pymysql.connect(unix_socket=os.path.join(os.environ.get("RUN_DIR", "data/run"), "mysql.sock"),
                               user=getpass.getuser(), **options)
    m = re.fullmatch(r"([^:@]*)(?::(.*))?@(unix|tcp)\((.*?)\)/\w*", dsn)
    if not m:
        raise ValueError("AUDIT_DSN is not of the form user:password@tcp(host:port)/")
    user, password, kind, where = m.groups()
    host, _, port = where.rpartition(":")
    place = {"unix_socket": where} if kind == "unix" else {"host": host, "port": int(port)}
    return pymysql.connect(user=user, password=password or "", **place, **options)


def database_name(variable, default):
    m = re.search(r"/(\w+)(?:\?.*)?$", os.environ.get(variable, ""))
    return m[1] if m else default


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--patience", type=seconds, default=5.0, help="how late a due job may be (5)")
    parser.add_argument("--lease", type=seconds, help="how long a claim stands (PAYMENT_TIMEOUT + 5)")
    options = parser.parse_args()
    lease = options.lease or seconds(os.environ.get("PAYMENT_TIMEOUT") or "10s") + 5
    try:
        connection = connect()
        with connection:
            books = Books(connection, database_name("DATABASE_DSN", "flight_booking"),
                          database_name("GATEWAY_DATABASE_DSN", "payment_gateway"), options.patience, lease)
            counts, found = books.count(), books.findings()
    except (pymysql.MySQLError, ValueError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    print("audit: " + ", ".join(f"{n} {name}" for name, n in counts.items()))
    print(report(found) if found else "audit: everything agrees")
    if found:
        print(f"audit: {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
