"""The only place that lays out a chart, as SVG. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape as escaped

from slmdesk.base.documents import Chart, ChartKind, plain
from slmdesk.base.record import Record
from slmdesk.base.texts import cut, grouped


class Look(Record):
    """Colours of a chart."""

    ink: str = "#1b1f24"
    quiet: str = "#59636e"
    line: str = "#c9ced6"
    ground: str = "#ffffff"
    colours: tuple[str, ...] = ("#2f6fb3", "#d1711f", "#3f8f5b", "#a8569a", "#8a7a1f", "#4fa3b8", "#b5484e", "#6b6f76")
    font: str = "sans-serif"


PRINTED = Look()
DARK_COLOURS = ("#6ea8e6", "#eda05c", "#72c091", "#d38fc7", "#cdbb5c", "#7fcbdc", "#e68489", "#a4a9b1")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 4", "1 4", "14 3 3 3")
"""Lines differ in more than their colour."""
WIDTH, BAR, GAP, TEXT, PAD = 720, 22, 10, 13, 16
LETTER = 0.56
"""Mean width of a letter, of its size."""
PLOT = 240
MOST_LABEL = 26


def escape(words: str) -> str:
    """Return words as XML can hold them."""
    return escaped(plain(words))


def height_of(chart: Chart, width: int = WIDTH) -> int:
    rows = len(chart.categories) * (BAR + GAP) if chart.kind is ChartKind.BARS else PLOT + 2 * TEXT
    return _top(chart, width) + rows + 2 * PAD - 8


def svg(chart: Chart, look: Look = PRINTED, width: int = WIDTH) -> str:
    """Return the chart as an SVG picture with its words. Nothing in it is loaded or run."""
    height = height_of(chart, width)
    body = [
        f'<rect width="{width}" height="{height}" fill="{look.ground}"/>',
        _text(PAD, PAD + TEXT, chart.title, look.ink, weight="bold"),
        *_legend(chart, look, width),
        *(_bars(chart, look, width) if chart.kind is ChartKind.BARS else _lines(chart, look, width)),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{escape(look.font)}" font-size="{TEXT}">\n<title>{escape(chart.title)}</title>\n'
        f"<desc>{escape(chart.words)}</desc>\n" + "\n".join(body) + "\n</svg>\n"
    )


def _bars(chart: Chart, look: Look, width: int) -> Iterator[str]:
    top = _top(chart, width)
    left = PAD + int(min(MOST_LABEL, max(map(len, chart.categories), default=1)) * TEXT * LETTER) + 8
    sums = [sum(series.values[at] for series in chart.series) for at in range(len(chart.categories))]
    room = width - left - 2 * PAD - int(max((len(grouped(total)) for total in sums), default=1) * TEXT * LETTER) - 8
    scale = room / max([*sums, 1])
    for at, name in enumerate(chart.categories):
        y = top + at * (BAR + GAP)
        yield _text(left - 8, y + BAR - 6, cut(name, MOST_LABEL), look.ink, anchor="end")
        x = float(left)
        for number, series in enumerate(chart.series):
            long = series.values[at] * scale
            if long > 0:
                title = escape(f"{series.name}, {name}: {grouped(series.values[at])}")
                yield (
                    f'<rect x="{x:.1f}" y="{y}" width="{max(1.0, long - 1):.1f}" height="{BAR}" '
                    f'fill="{_colour(look, number)}"><title>{title}</title></rect>'
                )
            x += long
        yield _text(x + 6, y + BAR - 6, grouped(sums[at]), look.quiet)


def _lines(chart: Chart, look: Look, width: int) -> Iterator[str]:
    top = _top(chart, width)
    most = max((value for series in chart.series for value in series.values), default=1)
    step = _step(most)
    highest = step * max(1, math.ceil(most / step))
    left = PAD + int(len(grouped(highest)) * TEXT * LETTER) + 8
    room, bottom = width - left - 2 * PAD, top + PLOT
    for mark in range(highest // step + 1):
        y = bottom - PLOT * mark * step / highest
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{width - PAD}" y2="{y:.1f}" stroke="{look.line}"/>'
        yield _text(left - 6, y + 4, grouped(mark * step), look.quiet, anchor="end")
    count = len(chart.categories)
    xs = [left + PAD + (room - PAD) * (at + 0.5) / max(1, count) for at in range(count)]
    longest = max(map(len, chart.categories), default=1) * TEXT * LETTER + 10
    every = max(1, math.ceil(count * longest / max(1, room)))
    for at in range(0, count, every):
        yield _text(xs[at], bottom + TEXT + 6, chart.categories[at], look.quiet, anchor="middle")
    for number, series in enumerate(chart.series):
        points = [(x, bottom - PLOT * value / highest) for x, value in zip(xs, series.values, strict=True)]
        colour, dash = _colour(look, number), DASHES[number % len(DASHES)]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        yield f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        for at, (x, y) in enumerate(points):
            title = escape(f"{series.name}, {chart.categories[at]}: {grouped(series.values[at])}")
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{title}</title></circle>'


def _legend(chart: Chart, look: Look, width: int) -> Iterator[str]:
    for number, x, line in _legend_places(chart, width):
        y = 2 * PAD + TEXT + line * (TEXT + 8)
        yield f'<rect x="{x}" y="{y}" width="{TEXT}" height="{TEXT}" fill="{_colour(look, number)}"/>'
        yield _text(x + TEXT + 6, y + TEXT - 2, cut(chart.series[number].name, MOST_LABEL), look.ink)


def _legend_places(chart: Chart, width: int) -> Iterator[tuple[int, int, int]]:
    x, line = PAD, 0
    for number, series in enumerate(chart.series if len(chart.series) > 1 else ()):
        long = TEXT + 22 + int(min(MOST_LABEL, len(series.name)) * TEXT * LETTER)
        if x > PAD and x + long > width - PAD:
            x, line = PAD, line + 1
        yield number, x, line
        x += long


def _top(chart: Chart, width: int) -> int:
    """Return where what is drawn begins, below the title and the lines of the legend."""
    lines = max((line + 1 for __, __, line in _legend_places(chart, width)), default=0)
    return 2 * PAD + TEXT + lines * (TEXT + 8) + 8


def _step(most: int) -> int:
    rough = max(1.0, most / 5)
    size = int(10 ** math.floor(math.log10(rough)))
    return next(part * size for part in (1, 2, 5, 10) if part * size >= rough)


def _colour(look: Look, number: int) -> str:
    return look.colours[number % len(look.colours)]


def _text(x: float, y: float, words: str, colour: str, *, anchor: str = "start", weight: str = "normal") -> str:
    look = f'fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(words)}</text>'
