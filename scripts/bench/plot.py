"""Line plots on logarithmic axes as SVG."""

import math
from html import escape

PANEL_WIDTH, HEIGHT = 460, 360
LEFT, RIGHT, TOP, BOTTOM = 72, 18, 84, 56
COLOURS = ["#c8402f", "#1f5fa8", "#2f8a4c"]
MARKS = ["circle", "square", "diamond"]
STYLE = "text{font:13px sans-serif;fill:#222}.title{font-weight:bold;font-size:15px}.small{font-size:12px;fill:#444}"


def figure(title, x_label, panels):
    """An SVG with one panel beside the other: each (y label, {name: [(x, y), …]}), x and y above 0.

    A name has one colour in all panels; the legend stands once, below the title.
    """
    names = list(dict.fromkeys(name for _, lines in panels for name in lines))
    width = PANEL_WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        f'role="img"><title>{escape(title)}</title><style>{STYLE}</style>',
        f'<rect width="{width}" height="{HEIGHT}" rx="6" fill="#fff"/>',
        text(LEFT, 26, title, "start", "title"),
    ]
    left = LEFT
    for name in names:
        parts += [f'<path d="M{left} 46h26" stroke="{colour(names, name)}" stroke-width="2"/>', mark(names, name, left + 13, 46)]
        parts.append(text(left + 32, 50, name))
        left += 54 + 7.5 * len(name)
    for n, (y_label, lines) in enumerate(panels):
        parts.append(f'<g transform="translate({n * PANEL_WIDTH} 0)">{panel(x_label, y_label, lines, names)}</g>')
    return "\n".join(parts) + "\n</svg>\n"


def panel(x_label, y_label, lines, names):
    """Axes, grid, curves."""
    points = [point for line in lines.values() for point in line]
    x_ticks = sorted({x for x, _ in points})
    y_ticks = round_numbers(min(y for _, y in points), max(y for _, y in points))
    across = scale(x_ticks[0], x_ticks[-1], LEFT + 12, PANEL_WIDTH - RIGHT - 12)
    up = scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = [text(LEFT, TOP - 12, y_label, "start", "small")]
    parts.append(text((LEFT + PANEL_WIDTH - RIGHT) / 2, HEIGHT - 14, x_label, "middle", "small"))
    for y in y_ticks:
        parts.append(f'<path d="M{LEFT} {up(y):.1f}H{PANEL_WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 8, up(y) + 4, f"{y:,.10g}", "end", "small"))
    for x in x_ticks:
        parts.append(f'<path d="M{across(x):.1f} {HEIGHT - BOTTOM}v5" stroke="#444"/>')
        parts.append(text(across(x), HEIGHT - BOTTOM + 20, f"{x:,}", "middle", "small"))
    parts.append(f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{PANEL_WIDTH - RIGHT}" fill="none" stroke="#444"/>')
    for name, line in lines.items():
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour(names, name)}" stroke-width="2"/>')
        parts += [mark(names, name, across(x), up(y)) for x, y in line]
    return "\n".join(parts)


def scale(low, high, start, end):
    """From a number to a place; one number alone stands in the middle."""
    if low == high:
        return lambda _: (start + end) / 2
    return lambda x: start + (end - start) * math.log(x / low) / math.log(high / low)


def round_numbers(low, high):
    """1, 2, 5, 10, …: from the last at or below `low` to the first at or above `high`; two of them at least."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1
    all_ = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    start = max(n for n, tick in enumerate(all_) if tick <= low)
    end = min(n for n, tick in enumerate(all_) if tick >= high and n > start)
    ticks = all_[start : end + 1]
    if len(ticks) <= 9:
        return ticks
    return [10.0**power for power in range(first, last + 1) if 10.0 ** (power - 1) < high and 10.0 ** (power + 1) > low]


def text(x, y, words, anchor="start", kind=""):
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'


def colour(names, name):
    return COLOURS[names.index(name) % len(COLOURS)]


def mark(names, name, x, y):
    """What tells a curve without its colour."""
    fill = f'fill="{colour(names, name)}"'
    shape = MARKS[names.index(name) % len(MARKS)]
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {fill}/>'
    turn = f' transform="rotate(45 {x:.1f} {y:.1f})"' if shape == "diamond" else ""
    return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" {fill}{turn}/>'
