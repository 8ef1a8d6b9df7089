"""A plot as SVG: for each case a line, on it a dot for each server, by its CPU time beside ours, on a logarithmic axis."""

import html
import math
import statistics

WIDTH, LEFT, RIGHT, TOP, ROW, LEGEND = 860, 250, 24, 34, 26, 22
LOWEST, HIGHEST = 0.25, 16
TICKS = [0.25, 0.5, 1, 2, 4, 8, 16]
# Colours that both a light and a dark page show, and of which no two are told apart by red and green alone.
COLOURS = ["#888888", "#e69f00", "#0a8f6a", "#3b82d6", "#c0549b", "#d55e00", "#7a68d6", "#2aa5b8", "#8a7a1e", "#b0483a", "#5f8f2f", "#a0703c"]
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 12px; fill: #59636e }
.line { stroke: #d1d9e0 } .ours { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .small { fill: #9198a1 }
  .line { stroke: #3d444d } .ours { stroke: #f0f6fc }
}
"""


def draw(part, labels, ours, order):
    """`part` has the turns by case and server, as they were saved."""
    there = [label for label in order if label != ours and any(table.get(label) for table in part.values())]
    colour = dict(zip(there, COLOURS))
    lines = [line(number, key, table, labels, ours, colour) for number, (key, table) in enumerate(part.items())]
    bottom = TOP + ROW * len(part)
    height = bottom + LEGEND * (2 + math.ceil(len(there) / 5))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">\n'
        f"<title>CPU time of a request beside that of {html.escape(ours)}</title>\n<style>{STYLE}</style>\n"
        f"{axis(bottom, ours)}{''.join(lines)}{legend(bottom + 2 * LEGEND, colour)}</svg>\n"
    )


def axis(bottom, ours):
    text = ""
    for tick in TICKS:
        kind = "ours" if tick == 1 else "line"
        x = place(tick)
        text += f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}"/>\n'
        label = f"{html.escape(ours)} = 1" if tick == 1 else f"{tick:g} ×"
        text += f'<text class="small" x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">{label}</text>\n'
    middle = (LEFT + WIDTH - RIGHT) / 2
    return text + (
        f'<text class="small" x="{middle:.0f}" y="{bottom + 16}" text-anchor="middle">'
        f"CPU time of a request, median of the rounds: to the right of 1, {html.escape(ours)} is cheaper</text>\n"
    )


def line(number, key, table, labels, ours, colour):
    y = TOP + ROW * number + ROW / 2
    text = f'<text x="{LEFT - 14}" y="{y + 4:.1f}" text-anchor="end">{html.escape(labels.get(key, key))}</text>\n'
    text += f'<line class="line" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>\n'
    for label in colour:
        pairs = zip(table.get(label, []), table.get(ours, []))
        found = [theirs["cpu"] / mine["cpu"] for theirs, mine in pairs if theirs and mine]
        if found:
            ratio = statistics.median(found)
            title = f"<title>{html.escape(label)}: {ratio:.2f} ×</title>"
            text += f'<circle cx="{place(ratio):.1f}" cy="{y:.1f}" r="5" fill="{colour[label]}">{title}</circle>\n'
    return text


def place(ratio):
    """A ratio beyond the axis is at its end."""
    part = math.log(min(max(ratio, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return LEFT + part * (WIDTH - RIGHT - LEFT)


def legend(top, colour):
    text = ""
    for number, (label, fill) in enumerate(colour.items()):
        x, y = 30 + (number % 5) * 162, top + (number // 5) * LEGEND
        text += f'<circle cx="{x}" cy="{y}" r="5" fill="{fill}"/><text x="{x + 12}" y="{y + 4}">{html.escape(label)}</text>\n'
    return text
