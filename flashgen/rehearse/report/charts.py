"""Charts as inline SVG: lines and steps over time, with axes, units and a text for those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 14, 16, 54
_TICKS = 4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One series. `style` is a class of the report's stylesheet: `seen`, `said` (dashed) or `more`."""

    label: str
    points: Sequence[Point]
    style: str = "seen"


@dataclass(frozen=True, slots=True)
class Chart:
    """`x_unit` and `y_unit` are written at the axes; `mark` is a time to mark, such as the start."""

    title: str
    text: str
    lines: tuple[Line, ...]
    x_unit: str
    y_unit: str
    mark: float | None = None
    mark_label: str = ""


def svg(chart: Chart) -> str:
    """The chart as a figure; `text` says in a sentence what it shows."""
    points = [point for line in chart.lines for point in line.points] or [(0.0, 0.0)]
    low, high = min(x for x, _ in points), max(x for x, _ in points)
    scale = _Scale(low, high if high > low else low + 1, _round_up(max(y for _, y in points)))
    parts = [*_grid(scale), *_mark(chart, scale), *(_path(line, scale) for line in chart.lines)]
    axes = f'<text class="unit" x="{_LEFT}" y="{HEIGHT - 5}">{escape(chart.x_unit)}</text>'
    legend = "".join(f'<li class="{line.style}">{escape(line.label)}</li>' for line in chart.lines)
    return (
        f"<figure><figcaption><h3>{escape(chart.title)}</h3><p>{escape(chart.text)}</p></figcaption>"
        f'<ul class="legend">{legend}</ul><p class="unit">{escape(chart.y_unit)}</p>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.title)}: {escape(chart.text)}">'
        f"{''.join(parts)}{axes}</svg></figure>"
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    top: float

    def x(self, value: float) -> float:
        return round(_LEFT + (value - self.low) / (self.high - self.low) * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - _BOTTOM - value / self.top * (HEIGHT - _TOP - _BOTTOM), 1)


def _grid(scale: _Scale) -> list[str]:
    parts = []
    for index in range(_TICKS + 1):
        value = scale.top * index / _TICKS
        y = scale.y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{_number(value)}</text>')
    step = _round_up((scale.high - scale.low) / 8)
    at = ceil(scale.low / step) * step
    while at <= scale.high + 1e-9:
        label = f"{at:+g}" if scale.low < 0 and abs(at) > 1e-9 else f"{at:g}"
        parts.append(f'<text class="tick" x="{scale.x(at)}" y="{HEIGHT - 32}" text-anchor="middle">{label}</text>')
        at += step
    return parts


def _mark(chart: Chart, scale: _Scale) -> list[str]:
    if chart.mark is None or not scale.low <= chart.mark <= scale.high:
        return []
    x = scale.x(chart.mark)
    side, anchor = (5, "start") if x < WIDTH * 0.8 else (-5, "end")
    return [
        f'<line class="mark" x1="{x}" x2="{x}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>',
        f'<text class="tick" x="{x + side}" y="{_TOP + 14}" text-anchor="{anchor}">{escape(chart.mark_label)}</text>',
    ]


def _path(line: Line, scale: _Scale) -> str:
    points = " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in line.points)
    return f'<polyline class="{line.style}" points="{points}"/>'


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    if value <= 0:
        return 1.0
    size = 10.0 ** floor(log10(value))
    return next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= value * 0.999)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
