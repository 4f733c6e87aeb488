"""Charts as SVG, written by hand: bars of ratios, and lines in log-log coordinates.

An image has no background, and its text takes the colour that suits the reader's light or dark scheme, so
that it can be shown on either.
"""

import math
from dataclasses import dataclass
from html import escape

STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.rule { stroke: #8b949e; stroke-opacity: 0.4; stroke-width: 1 }
.bound { stroke: #cf222e; stroke-width: 2 }
.aim { stroke: #8250df; stroke-width: 2; stroke-dasharray: 3 2 }
.bar { fill: #1a7f37 } .missed { fill: #bc4c00 } .other { fill: #8b949e; fill-opacity: 0.6 }
.s0 { stroke: #0969da; fill: #0969da } .s1 { stroke: #bc4c00; fill: #bc4c00 }
.s2 { stroke: #1a7f37; fill: #1a7f37 } .line { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .bound { stroke: #ff7b72 } .aim { stroke: #d2a8ff } .bar { fill: #3fb950 } .missed { fill: #f0883e }
  .s0 { stroke: #58a6ff; fill: #58a6ff } .s1 { stroke: #f0883e; fill: #f0883e }
  .s2 { stroke: #3fb950; fill: #3fb950 } .line { fill: none }
}
</style>"""


def text(x, y, words, name="", anchor="start"):
    of_class = f' class="{name}"' if name else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{of_class} text-anchor="{anchor}">{escape(words)}</text>'


def line(x, y, to_x, to_y, name):
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" class="{name}"/>'


def bar(x, y, width, height, name):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" class="{name}"/>'


def image(width, height, title, pieces):
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}">'
    )
    return "\n".join([opening, f"<title>{escape(title)}</title>", STYLE, *pieces, "</svg>"]) + "\n"


# ---- bars -----------------------------------------------------------------------------------------------


@dataclass
class Bar:
    name: str
    ratio: float
    other: float  # a second, thin bar: the ratio to something else; 0: none
    bound: float  # what is to be reached, and the aim
    aim: float


ROW, LEFT, WIDTH = 26, 170, 760


def bars(title, legend, other_legend, all_bars):
    """Ratios from 0 on, with the bound and the aim of each as marks."""
    most = max(max(one.ratio, one.other, one.aim) for one in all_bars)
    scale = (WIDTH - LEFT - 60) / most
    step = 10 ** math.floor(math.log10(most))
    step = step if most / step >= 3 else step / 2
    bottom = 50 + ROW * len(all_bars)
    pieces = [text(8, 20, title)]
    for number in range(int(most / step) + 1):
        x = LEFT + number * step * scale
        pieces += [
            line(x, 36, x, bottom, "rule"),
            text(x, bottom + 14, f"{number * step:g}x", "small", "middle"),
        ]
    for number, one in enumerate(all_bars):
        y = 44 + ROW * number
        name = "bar" if one.ratio >= one.bound else "missed"
        pieces += [
            text(LEFT - 8, y + 13, one.name, anchor="end"),
            bar(LEFT, y, one.ratio * scale, 12, name),
            text(LEFT + max(one.ratio, one.aim) * scale + 6, y + 12, f"{one.ratio:.1f}x"),
            bar(LEFT, y + 13, one.other * scale, 4, "other"),
            line(LEFT + one.bound * scale, y - 3, LEFT + one.bound * scale, y + 19, "bound"),
            line(LEFT + one.aim * scale, y - 3, LEFT + one.aim * scale, y + 19, "aim"),
        ]
    y = bottom + 34
    pieces += [bar(8, y - 10, 14, 12, "bar"), text(28, y, legend, "small")]
    pieces += [bar(300, y - 6, 14, 4, "other"), text(320, y, other_legend, "small")]
    pieces += [line(490, y - 10, 490, y + 4, "bound"), text(498, y, "at least", "small")]
    pieces += [line(570, y - 10, 570, y + 4, "aim"), text(578, y, "the aim", "small")]
    return image(WIDTH, bottom + 46, title, pieces)


# ---- lines, log-log -------------------------------------------------------------------------------------


@dataclass
class Series:
    name: str
    points: list  # of (x, y), both above 0
    colour: int  # 0 to 2
    dashed: bool


@dataclass
class Panel:
    title: str
    series: list


PANEL, GAP, HEIGHT, TOP = 270, 60, 260, 50


def decades(values):
    """The powers of ten that enclose all values."""
    least, most = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) - 0.03)
    return least, max(most, least + 1)


def short(power):
    value, prefix = power, ""
    for letter in ("K", "M", "G"):
        if value >= 3:
            value, prefix = value - 3, letter
    return f"{10**value:g}{prefix}"


def draw_panel(panel, left):
    points = [point for series in panel.series for point in series.points]
    (x_least, x_most), (y_least, y_most) = decades([x for x, _ in points]), decades([y for _, y in points])
    bottom = TOP + HEIGHT

    def place(x, y):
        return (
            left + PANEL * (math.log10(x) - x_least) / (x_most - x_least),
            bottom - HEIGHT * (math.log10(y) - y_least) / (y_most - y_least),
        )

    pieces = [text(left, TOP - 14, panel.title)]
    for power in range(x_least, x_most + 1):
        x, _ = place(10**power, 10**y_least)
        pieces += [line(x, TOP, x, bottom, "rule"), text(x, bottom + 16, short(power), "small", "middle")]
    for power in range(y_least, y_most + 1):
        _, y = place(10**x_least, 10**power)
        pieces += [
            line(left, y, left + PANEL, y, "rule"),
            text(left - 6, y + 4, short(power), "small", "end"),
        ]
    for series in panel.series:
        corners = [place(x, y) for x, y in series.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        name = f"s{series.colour} line" + " dashed" * series.dashed
        pieces.append(f'<polyline points="{path}" class="{name}"/>')
        pieces += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" class="s{series.colour}"/>' for x, y in corners
        ]
    return pieces


def lines(title, panels):
    """Panels side by side, with one legend: all of them have the series of the first."""
    width = GAP + len(panels) * (PANEL + GAP)
    pieces = []
    for number, panel in enumerate(panels):
        pieces += draw_panel(panel, GAP + number * (PANEL + GAP))
    y = TOP + HEIGHT + 26
    for number, series in enumerate(panels[0].series):
        x, y = GAP + number % 3 * (PANEL + GAP), y + (20 if number % 3 == 0 else 0)
        name = f"s{series.colour} line" + " dashed" * series.dashed
        pieces += [line(x, y - 4, x + 26, y - 4, name), text(x + 32, y, series.name, "small")]
    return image(width, y + 14, title, pieces)
