# SPDX-License-Identifier: MIT
"""The figures to reach, and which measurement they belong to."""

# measurement, figure, relation, value, what it says
TARGETS = [
    ("holds", "http_of_bound", ">=", 0.95, "holds through nginx, as a share of what bare SQL and HTTP allow"),
    ("sale", "hot_of_spread", ">=", 0.5, "one hot flight, as a share of the same seats spread"),
    ("sale", "hot_ms_p99", "<=", 250, "on-sale answers, p99 ms"),
    ("sale", "hot_5xx", "<=", 0, "on-sale answers 5xx"),
    ("sale", "hot_answers_least", ">=", 1, "fewest answers to any customer, hot flight"),
    ("reads", "poll_per_s", ">=", 12_000, "order polls a second"),
    ("reads", "quick_poll_per_s", ">=", 25_000, "304s or /live polls a second, whichever are more"),
    ("pages", "calm_core_percent", "<=", 7, "percent of a core for 5,000 open pages, five changes a second"),
    ("flow", "submit_to_charge_ms_p50", "<=", 5, "submit to charge, p50 ms"),
    ("flow", "submit_to_charge_ms_p99", "<=", 50, "submit to charge, p99 ms"),
    ("flow", "submit_to_confirmed_ms_p99", "<=", 5, "submit to confirmed at 40/s, p99 ms"),
    ("flow", "half_submit_to_confirmed_ms_p99", "<=", 50, "the same at half the top rate, p99 ms"),
    ("bookings", "parts_of_hold", "<=", 2.7, "processor time of a booking by parts, in holds"),
    ("bookings", "bookings_of_holds", ">=", 0.27, "bookings per hold, closed loop"),
    ("bookings", "fixed_cpu_us", "<=", 3500, "microseconds per booking at 60 a second"),
    ("slow_disk", "http_of_bound", ">=", 0.95, "on a slow disk: holds, as a share of what bare SQL and HTTP allow"),
    ("slow_disk", "parts_of_hold", "<=", 2.7, "on a slow disk: processor time of a booking by parts, in holds"),
    ("slow_disk", "bookings_of_holds", ">=", 0.27, "on a slow disk: bookings per hold, closed loop"),
    ("slow_disk", "fixed_cpu_us", "<=", 3500, "on a slow disk: microseconds per booking at 60 a second"),
    ("payments_due", "decided_s", "<=", 15, "10,000 payments due at once decided, s"),
    ("payments_due", "sweeper_mib", "<=", 64, "MiB of the sweeper during that"),
    ("payments_due", "abandoned", "<=", 0, "attempts abandoned during that"),
    ("payments_due", "timers_late_ms_p99", "<=", 100, "timers late during that, p99 ms"),
    ("timers", "many_100_earliest_ms", ">=", 0, "earliest timer, ms after it was due"),
    ("timers", "many_100_late_ms_p50", "<=", 10, "timers late at 100/s, p50 ms"),
    ("timers", "many_100_late_ms_p99", "<=", 100, "timers late at 100/s, p99 ms"),
    ("timers", "many_burst_drained_s", "<=", 3, "10,000 timers of one second drained, s"),
    ("timers", "idle_statements_per_s", "<=", 2, "statements a second while idle"),
    ("timers", "idle_core_percent", "<=", 0.5, "percent of a core while idle"),
    ("queue", "jobs_per_s_1", ">=", 5_000, "due no-op jobs a second, one sweeper"),
    ("queue", "claim_rows_read_most", "<=", 2 * 64 + 10, "rows read by a claim of 64, SELECT and UPDATE"),
    ("queue", "claim_after_churn_rows_read_most", "<=", 2 * 64 + 10, "the same after churn, an old transaction open"),
    ("in_flight", "sweeper_mib", "<=", 64, "MiB of a sweeper with 2,000 payments in flight"),
    ("in_flight", "open_at_once", ">=", 1_900, "payments in flight at once"),
    ("mails", "mails_per_s", ">=", 400, "10,000 mails due at a server that takes 20 ms each, mails a second"),
    ("mails", "sweeper_us", "<=", 1500, "microseconds of the sweeper for a mail"),
    ("told", "with_of_without", ">=", 0.5, "bookings with passengers, webhook and mails, of those without"),
    ("told", "queue_growth", "<=", 0.05, "orders that wait to be told of: growth, as a share of the messages"),
    ("stripe", "first_adds_ms", "<=", 2, "the program for Stripe adds to the first attempt, p50 ms"),
    ("stripe", "later_adds_ms", "<=", 2, "to a later one, p50 ms"),
    ("stripe", "gateway_mib", "<=", 32, "MiB of all its processes, 2,000 payments under way"),
    ("begin", "first_booking_s", "<=", 1.0, "from make start until a first booking is confirmed, s"),
    ("begin", "processes", "<=", 30, "processes of the idle system"),
    ("begin", "idle_mib", "<=", 80, "MiB of the idle system, without its database"),
    ("memory", "api_grown_mib", "<=", 0.5, "MiB an API process grows in a million requests"),
    ("memory", "nginx_grown_mib", "<=", 0.5, "MiB an nginx worker grows"),
    ("memory", "sweeper_grown_mib", "<=", 0.5, "MiB the sweeper grows"),
    ("memory", "api_end_mib", "<=", 20, "MiB of an API process"),
    ("memory", "sweeper_end_mib", "<=", 20, "MiB of the sweeper"),
]


def check(report):
    """(text, relation, wanted, median, reached) for each target that was measured."""
    for measurement, figure, relation, wanted, text in TARGETS:
        value = report["medians"].get(measurement, {}).get(figure)
        if value is not None:
            yield text, relation, wanted, value, value >= wanted if relation == ">=" else value <= wanted
