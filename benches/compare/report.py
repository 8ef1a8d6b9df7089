"""The report: from the results, as they were saved, to Markdown and a plot."""

import statistics

import cases
import plot
import sections
import servers

OURS, FLOOR = "Hardtack", "floor"
GROUPS = [
    ("Servers", ["floor", "Hardtack", "nginx", "h2o", "lighttpd", "Caddy", "Varnish", "static-web-server"]),
    ("Libraries", ["Hardtack", "rust-embed", "memory-serve", "ServeDir", "actix-files", "WhiteNoise"]),
]
LABELS = {case.key: case.label for case in cases.ALL}
SENDFILE = ["nginx", "h2o", "lighttpd"]
OTHERS = [kind.label for kind in servers.ALL if kind.label not in (OURS, FLOOR)]
# (cases, rivals, how many times Hardtack's CPU time theirs is at least). Of several rivals, the cheapest counts.
GOALS = [
    (["1k"], ["nginx"], 1.7),
    (["1k"], ["h2o"], 1.15),
    (["1k"], ["lighttpd"], 1.15),
    (["1k"], [FLOOR], 0.9),
    (["10k", "text"], ["nginx"], 1.3),
    (["10k", "text"], ["h2o"], 1.15),
    (["10k", "text"], [FLOOR], 0.85),
    (["304"], OTHERS, 1.1),
    (["100k", "1m", "10m"], SENDFILE, 1.0),
    (["fresh"], OTHERS, 1.0),
    (["h2"], ["h2o"], 1.0),
]


def write(results, folder):
    sections.replace(folder / "performance.md", "bench-compare", markdown(results))
    (folder / "performance.svg").write_text(plot.draw(results["one"], LABELS, OURS, [kind.label for kind in servers.ALL]))


def markdown(results):
    parts = [head(results), "![The CPU time of a request beside Hardtack's](performance.svg)\n", goals(results), losses(results["one"])]
    parts += [cost_tables(results["one"], "one core"), ratio_tables(results["one"]), rate_tables(results["one"])]
    parts += [arena(results), latency(results), memory(results), by_wrk(results), calls(results), wire(results["one"]), both(results["both"])]
    parts += [configuration(results), left_out(results)]
    return "\n".join(part for part in parts if part)


def head(results):
    machine, rounds = results["machine"], rounds_of(results["one"])
    return (
        f"{results['date']}, {rounds} round{'s' * (rounds != 1)} with turns of {results['seconds']} s. {machine['cores']} cores of {machine['model']}, "
        f"{machine['memory']}, {machine['kernel']}; load {machine['load']:.1f} at the start; "
        f"h2load {machine['h2load']}. The versions of the servers stand [below](#configuration).\n"
    )


def rounds_of(part):
    return max((len(turns) for table in part.values() for turns in table.values()), default=0)


def costs(table, label, what="cpu"):
    return [turn[what] for turn in table.get(label, []) if turn]


def ratios(table, label):
    """Of a server's CPU time to Hardtack's, round by round."""
    pairs = zip(table.get(label, []), table.get(OURS, []))
    return [theirs["cpu"] / ours["cpu"] for theirs, ours in pairs if theirs and ours]


def by_group(part, title, explanation, cell, bold=None):
    """A table for each group: a line a case, a column a server."""
    text = f"### {title}\n\n{explanation}\n\n"
    for name, labels in GROUPS:
        there = [label for label in labels if any(costs(table, label) for table in part.values())]
        if len(there) < 2:
            continue
        rows = []
        for key, table in part.items():
            cells = {label: cell(table, label) for label in there if costs(table, label)}
            best = bold(table, cells) if bold and cells else None
            shown = (f"**{cells[label]}**" if label == best else cells.get(label, "–") for label in there)
            rows.append([LABELS.get(key, key), *shown])
        text += sections.table([name, *there], rows) + "\n"
    return text if "|" in text else ""


def cost_tables(part, where):
    def cell(table, label):
        found = costs(table, label)
        return f"{number(min(found))} ({number(statistics.median(found))})"

    def cheapest(table, cells):
        return min((label for label in cells if label != FLOOR), key=lambda it: statistics.median(costs(table, it)), default=None)

    title = f"CPU time of a request, {where}"
    return by_group(part, title, "Microseconds of all processes of the server: minimum (median). The lowest median is bold.", cell, cheapest)


def ratio_tables(part):
    def cell(table, label):
        found = ratios(table, label)
        return f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})" if found else "–"

    explanation = (
        "A server's CPU time divided by Hardtack's in the same round: median of the rounds (lowest to highest). Above 1, "
        "Hardtack is cheaper; below 1, it loses."
    )
    return by_group(part, "Beside Hardtack, round by round", explanation, cell)


def rate_tables(part):
    def cell(table, label):
        return f"{statistics.median(costs(table, label, 'rate')):,.0f}"

    explanation = "Median, with one core for the server and another for the client."
    return by_group(part, "Requests a second", explanation, cell)


def both(part):
    text = cost_tables(part, "both cores")
    if not text:
        return ""

    def cell(table, label):
        return f"{statistics.median(costs(table, label, 'rate')):,.0f}"

    explanation = "Median. Server and client share both cores, so a rate is that of the two together; read the CPU times."
    return text + by_group(part, "Requests a second, both cores", explanation, cell)


def goals(results):
    rows = []
    for keys, rivals, goal in GOALS:
        for key in keys:
            rows += goal_line(results["one"].get(key, {}), key, rivals, goal)
    for key, latency in results["latency"].items():
        rows += latency_goal(key, latency["turns"])
    if not rows:
        return ""
    return "### Goals\n\nA rival's CPU time by Hardtack's; each goal holds for the minima and for the medians.\n\n" + sections.table(
        ["case", "beside", "goal", "minima", "medians", ""], rows
    )


def goal_line(table, key, rivals, goal):
    there = [label for label in rivals if costs(table, label)]
    if not there or not costs(table, OURS):
        return []
    reached = []
    for of in (min, statistics.median):
        reached.append(min(of(costs(table, label)) for label in there) / of(costs(table, OURS)))
    name = rivals[0] if len(rivals) == 1 else "the best of all" if rivals is OTHERS else "the best of " + ", ".join(rivals)
    met = "met" if min(reached) >= goal else "**missed**"
    return [[LABELS[key], name, f"≥ {goal}", *(f"{it:.2f}" for it in reached), met]]


def latency_goal(key, turns):
    ours, theirs = (turns.get(label) for label in (OURS, "nginx"))
    if not keeps_up(ours) or not keeps_up(theirs):
        return []
    reached = [of(turn["p99"] for turn in theirs) / of(turn["p99"] for turn in ours) for of in (min, statistics.median)]
    met = "met" if min(reached) >= 1 else "**missed**"
    return [[f"{LABELS[key]}, p99 at the fixed rate", "nginx", "≥ 1.0", *(f"{it:.2f}" for it in reached), met]]


def keeps_up(turns):
    return bool(turns) and None not in turns


def losses(part):
    lines = []
    for key, table in part.items():
        found = {label: ratios(table, label) for label in table if label not in (OURS, FLOOR)}
        medians = {label: statistics.median(them) for label, them in found.items() if them}
        better = sorted((ratio, label) for label, ratio in medians.items() if ratio < 1)
        if better:
            lines.append(f"- {LABELS.get(key, key)}: " + ", ".join(f"{label} takes {ratio:.2f} of it" for ratio, label in better))
    if not part:
        return ""
    text = "\n".join(lines) or "Nothing in this run."
    return f"### Where Hardtack loses\n\nOf Hardtack's CPU time a request, median of the rounds:\n\n{text}\n"


def arena(results):
    table = results["one"].get("arena", {})
    text = ""
    for kind, name in ((servers.DISK, "Production: files from disk at each request"), (servers.MEMORY, "Tuned: files in memory")):
        labels = [label for label, about in results["servers"].items() if about["from"] == kind and costs(table, label)]
        rates = sorted(((statistics.median(costs(table, label, "rate")), label) for label in labels if label != FLOOR), reverse=True)
        rows = [
            [label, f"{rate:,.0f}", number(statistics.median(costs(table, label))), f"{statistics.median(costs(table, label, 'bytes')):,.0f}"]
            for rate, label in rates
        ]
        if rows:
            text += sections.table([name, "requests/s", "CPU µs", "bytes a response"], rows) + "\n"
    explanation = (
        "The [static profile of HttpArena](https://www.http-arena.com/docs/test-profiles): 20 files in turn, of its lengths and about its "
        "lengths after Brotli, `br;q=1, gzip;q=0.8`, its lowest number of connections, 1,024; medians. Its machine, its load "
        "generator and its bytes are others, so compare the order, not the numbers.\n\n"
    )
    return f"### HttpArena, static files\n\n{explanation}{text}" if text else ""


def latency(results):
    part = results["latency"]
    labels = [label for label in results["servers"] if any(keeps_up(of["turns"].get(label)) for of in part.values())]
    if not labels:
        return ""

    def cell(turns):
        if not keeps_up(turns):
            return "–"
        return " / ".join(f"{statistics.median(turn[name] for turn in turns):,.0f}" for name in ("p50", "p99", "p999"))

    rows = [[label, *(cell(of["turns"].get(label)) for of in part.values())] for label in labels]
    explanation = (
        "p50 / p99 / p99.9 in microseconds from the moment at which a request was due, medians of the rounds. The requests come at random "
        "moments over 64 connections, at 70 % of the rate that nginx reaches with the case: see the heads. A server that does not keep up "
        "has no figure."
    )
    heads = [f"{LABELS[key]}, {of['rate']:,.0f}/s" for key, of in part.items()]
    return f"### Latency at a fixed rate\n\n{explanation}\n\n" + sections.table(["", *heads], rows)


def memory(results):
    rows = [
        [label, f"{taken['pss'] / 1e6:.1f}", f"{taken['anonymous'] / 1e6:.1f}", taken["processes"]]
        for label, taken in results["memory"].items()
    ]
    if not rows:
        return ""
    explanation = (
        "MB of all processes after the run: the proportional set size, and of it the anonymous pages, behind which there is no "
        "file. Whatever serves from memory has the site in one of the two; whatever serves from disk has it in the page cache."
    )
    return f"### Memory after the run\n\n{explanation}\n\n" + sections.table(["", "PSS", "anonymous", "processes"], rows)


def by_wrk(results):
    part = results.get("wrk", {})
    labels = [label for label in results["servers"] if any(costs(table, label) for table in part.values())]
    if not labels:
        return ""
    rows = []
    for label in labels:
        cells = [label]
        for table in part.values():
            found = costs(table, label)
            cells += [number(statistics.median(found)), f"{statistics.median(costs(table, label, 'rate')):,.0f}"] if found else ["–", "–"]
        rows.append(cells)
    head = [""] + [title for key in part for title in (f"{LABELS[key]}, CPU µs", "requests/s")]
    explanation = (
        "Two turns of a second by wrk, to see that the client above favours nobody. wrk reads 8 KB at a time, so large bodies "
        "wait for it; and the 64 connections are opened within the turn."
    )
    return f"### By wrk\n\n{explanation}\n\n" + sections.table(head, rows)


def calls(results):
    part = {key: table for key, table in results["calls"].items() if table}
    if not part:
        return ""
    labels = [label for label in results["servers"] if any(label in table for table in part.values())]
    rows = [[label, *(f"{table[label]:.2f}" if label in table else "–" for table in part.values())] for label in labels]
    explanation = (
        "By `strace`, as the difference of a short and a long turn. A traced server is slow, so it finds more work at each wake-up "
        "than in the other tables."
    )
    return f"### System calls of a request\n\n{explanation}\n\n" + sections.table(["", *(LABELS[key] for key in part)], rows)


def wire(part):
    wanted = {key: table for key, table in part.items() if key in ("1k", "text", "304", "range", "page", "arena", "h2")}

    def cell(table, label):
        return f"{statistics.median(costs(table, label, 'bytes')):,.0f}"

    explanation = "Of a response, header and body; with TLS, of its plain text."
    return by_group(wanted, "Bytes on the wire", explanation, cell)


def configuration(results):
    rows = [
        [label, about["version"] or "–", about["from"], about["twins"] or "–", about["configuration"]]
        for label, about in results["servers"].items()
    ]
    if not rows:
        return ""
    lines = ["| | version | bytes from | compressed bytes | configuration |\n|---|---|---|---|---|\n"]
    lines += [f"| {' | '.join(row)} |\n" for row in rows]
    return "### Configuration\n\n" + "".join(lines)


def left_out(results):
    lines = [f"- {server}{f', {case}' if case else ''}: {reason}\n" for server, case, reason in results["left_out"]]
    return "### Left out\n\n" + "".join(lines) if lines else ""


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
