# SPDX-License-Identifier: MIT
"""Plots as SVG, drawn with nothing but text."""

from xml.sax.saxutils import escape

WIDTH, LEFT, BAR, GAP = 760, 250, 20, 9
COLOURS = ["#2f6f9f", "#e08a2c", "#4f9d69", "#b5485d", "#7d6bb0", "#8a8f98", "#c2a83e"]
TRANSACTIONS = ["hold", "pay", "claim", "charge", "settle"]
STYLE = ("<style>text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:15px;font-weight:600}"
         ".s{fill:#57606a}.r{fill:none;stroke:#b5485d;stroke-width:2}.g{stroke:#d8dee4}</style>")


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def document(title, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
            f"<title>{escape(title)}</title>{STYLE}"
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
            f'<text class="t" x="16" y="26">{escape(title)}</text>{"".join(parts)}</svg>\n')


def bars(title, rows):
    """Rows of (label, value, target or None): one bar each, all to one scale; a target is a red line."""
    most = max(max(value, target or 0) for _, value, target in rows) or 1
    scale = (WIDTH - LEFT - 90) / most
    parts = []
    for i, (label, value, target) in enumerate(rows):
        y = 44 + i * (BAR + GAP)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>'
                     f'<rect x="{LEFT}" y="{y}" width="{max(1, value * scale):.1f}" height="{BAR}" fill="{COLOURS[0]}"/>')
        after = LEFT + value * scale
        if target is not None:
            x = LEFT + target * scale
            parts.append(f'<path class="r" d="M{x:.1f} {y - 3}v{BAR + 6}"/>')
            after = max(after, x) if x - after < 60 else after
        parts.append(f'<text x="{after + 7:.1f}" y="{y + 14}">{number(value)}</text>')
    if any(target is not None for _, _, target in rows):
        y = 44 + len(rows) * (BAR + GAP)
        parts.append(f'<path class="r" d="M{LEFT} {y + 2}v12"/><text class="s" x="{LEFT + 8}" y="{y + 13}">target</text>')
    return document(title, 44 + (len(rows) + 1) * (BAR + GAP), parts)


def stacks(title, rows, names=None):
    """Rows of (label, {part: value}): what each bar is made of; the parts by name, unless an order is given."""
    names = names or sorted({name for _, values in rows for name in values})
    colours = dict(zip(names, COLOURS, strict=False))
    scale = (WIDTH - LEFT - 90) / (max(sum(values.values()) for _, values in rows) or 1)
    parts = []
    for i, (label, values) in enumerate(rows):
        x, y = float(LEFT), 44 + i * (BAR + GAP)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>')
        for name in names:
            width = values.get(name, 0) * scale
            parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colours[name]}"/>')
            x += width
        parts.append(f'<text x="{x + 7:.1f}" y="{y + 14}">{number(sum(values.values()))}</text>')
    y = 50 + len(rows) * (BAR + GAP)
    for i, name in enumerate(names):
        x = 16 + i * 105
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colours[name]}"/>'
                     f'<text class="s" x="{x + 17}" y="{y + 11}">{escape(name)}</text>')
    return document(title, 80 + len(rows) * (BAR + GAP), parts)


def parts_of(figures, prefix):
    start = f"{prefix}_cpu_us_"
    return {name[len(start):]: value for name, value in figures.items() if name.startswith(start) and value >= 1}


def transactions(figures):
    """Rows of a stacked plot: what a booking costs each process, by transaction; and in all."""
    of = {name: parts_of(figures, name) for name in TRANSACTIONS}
    rows = [("in all", {name: sum(parts.values()) for name, parts in of.items()})]
    for group in ("database", "api", "sweeper", "gateway", "nginx"):
        rows.append((group, {name: parts[group] for name, parts in of.items() if group in parts}))
    return rows


def chosen(figures, *rows):
    """Rows of (label, value, target) for those figures that were measured."""
    return [(label, figures[name], target) for label, name, target in rows if figures.get(name) is not None]


def draw(medians):
    """All plots of a report: {name: SVG}."""
    plots = {}
    holds, sale, reads = (medians.get(name, {}) for name in ("holds", "sale", "reads"))
    flow, timers, queue = (medians.get(name, {}) for name in ("flow", "timers", "queue"))
    memory = medians.get("memory", {})
    if holds:
        plots["holds"] = bars("Two-seat holds a second", [
            ("through nginx", holds["http_per_s"], 0.95 * holds["bound_of_bare"] * holds["bare_per_s"]),
            ("bare SQL, same statements", holds["bare_per_s"], None),
            ("a single round trip", holds["one_trip_per_s"], None)])
    costs = [("a hold", parts_of(holds, "http")), ("by bare SQL", parts_of(holds, "bare")),
             ("in a single round trip", parts_of(holds, "one_trip")), ("a hold refused unseen", parts_of(holds, "refused")),
             ("an order poll", parts_of(reads, "poll")),
             ("a 304", parts_of(reads, "poll_304")), ("/live poll", parts_of(reads, "live_poll")),
             ("seat map, 180 seats", parts_of(reads, "seat_map"))]
    if any(values for _, values in costs):
        plots["cost"] = stacks("Processor time of an answer, µs, by process", [row for row in costs if row[1]])
    bookings = medians.get("bookings", {})
    if bookings:
        plots["booking"] = stacks("Processor time of a booking, µs, by process", [
            ("hold", parts_of(bookings, "hold")), ("pay", parts_of(bookings, "pay")),
            ("attempt, settle, confirm", parts_of(bookings, "drain")),
            ("all, in a closed loop", parts_of(bookings, "closed")),
            ("all, at 60 a second", parts_of(bookings, "fixed"))])
    if medians.get("transactions"):
        plots["transactions"] = stacks("Processor time of a booking, µs, by transaction: each at its own top rate",
                                       transactions(medians["transactions"]), TRANSACTIONS)
    sweepers, delays = medians.get("sweepers", {}), medians.get("delays", {})
    if sweepers:
        plots["sweepers"] = bars("A second, by the number of sweepers", [
            (f"{label}, {count}", sweepers[f"{name}_{count}_per_s"], None)
            for label, name in (("payments drained", "drain"), ("whole bookings", "closed")) for count in (1, 2, 4)])
    if delays:
        plots["delays"] = bars("Payments that one sweeper drains a second, by the gateway's delay", [
            (f"{delay} ms", delays[f"drain_{delay}_per_s"], None) for delay in (0, 100, 1000, 5000)])
        plots["added"] = bars("What is added to the gateway's delay at 40 bookings a second, p99, ms", chosen(
            delays, *((f"{delay} ms", f"added_{delay}_ms_p99", None) for delay in (0, 100, 1000, 5000))))
    if sale:
        plots["sale"] = bars("The on-sale: 200 customers, 450 seats; p99 of the answers, ms", [
            ("one flight", sale["hot_ms_p99"], 250), ("450 flights", sale["spread_ms_p99"], None)])
    if reads:
        plots["reads"] = bars("Reads a second", chosen(
            reads, ("order poll", "poll_per_s", 12_000), ("order poll, 304", "poll_304_per_s", None),
            ("order poll by /live", "live_poll_per_s", 25_000), ("seat map, 180 seats", "seat_map_per_s", None),
            ("the same by /live", "live_seat_map_per_s", None)))
    late = [*chosen(flow, ("submit to charge, p50", "submit_to_charge_ms_p50", 5),
                    ("submit to charge, p99", "submit_to_charge_ms_p99", 50),
                    ("submit to confirmed, p50", "submit_to_confirmed_ms_p50", None)),
            *chosen(timers, ("timer at 100/s, p50", "many_100_late_ms_p50", 10),
                    ("timer at 100/s, p99", "many_100_late_ms_p99", 100))]
    if late:
        plots["lateness"] = bars("How late, ms (timers: with a million others pending)", late)
    if timers:
        plots["burst"] = bars("10,000 timers of the same moment drained, seconds", chosen(
            timers, ("10,000 others pending", "few_burst_drained_s", None),
            ("a million others pending", "many_burst_drained_s", 3)))
    if queue:
        plots["queue"] = bars("Due no-op jobs drained a second", chosen(
            queue, ("1 sweeper", "jobs_per_s_1", 5_000), ("2 sweepers", "jobs_per_s_2", None),
            ("4 sweepers", "jobs_per_s_4", None), ("1, an old transaction open", "churn_jobs_per_s", None)))
    if memory:
        plots["memory"] = bars("Resident size, MiB: at the start, and after a million requests", [
            row for group in ("api", "sweeper", "nginx") for row in chosen(
                memory, (f"{group}, at the start", f"{group}_start_mib", None),
                (f"{group}, at the end", f"{group}_end_mib", None if group == "nginx" else 20))])
    return plots
