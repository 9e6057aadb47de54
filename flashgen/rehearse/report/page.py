"""The report as one HTML page: the verdict, four numbers, and charts; light or dark as its reader's system is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from flashgen.rehearse.judge import Promise, is_passed, unlock_limit
from flashgen.rehearse.recording import Recording, quantile
from flashgen.rehearse.report.charts import Chart, Line, Point, svg

_STYLE = """
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --ink: #16191f; --soft: #5a6372; --rule: #e1e5eb;
  --seen: #2458d6; --said: #b4540a; --more: #0d7d63; --pass: #0b6e4f; --fail: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #0f1217; --card: #181d25; --ink: #eef1f6; --soft: #a3adbd;
  --rule: #2b323e; --seen: #8fb0ff; --said: #f2a65e; --more: #5fd0ae; --pass: #5fd0ae; --fail: #ff8f85; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
header p { margin: 0; color: var(--soft); flex-basis: 100%; }
h2 { font-size: 1.125rem; margin: 2rem 0 .75rem; } h3 { font-size: 1rem; margin: 0; }
.verdict { font-weight: 700; padding: .125rem .875rem; border-radius: 99px; color: var(--card); }
.passed { background: var(--pass); } .failed { background: var(--fail); }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 1rem; margin: 0; }
.numbers div, .promises, figure { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
.numbers div { padding: 1rem 1.25rem; } dt { color: var(--soft); font-size: .875rem; }
.numbers dd { margin: 0; font-size: 1.625rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.promises { list-style: none; margin: 0; padding: .25rem 1.25rem; }
.promises li { display: grid; grid-template-columns: 4.5rem 13rem 1fr; gap: 0 .75rem; padding: .75rem 0; }
.promises li + li { border-top: 1px solid var(--rule); }
.promises b { font-weight: 650; } .promises span:last-child { color: var(--soft); overflow-wrap: anywhere; }
.word { font-weight: 700; } .word.passed { color: var(--pass); background: none; }
.word.failed { color: var(--fail); background: none; } .word.open { color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 1rem; }
figure:first-child { grid-column: 1 / -1; } figure { margin: 0; padding: 1.125rem 1.25rem .75rem; }
figcaption p { margin: .125rem 0 0; color: var(--soft); font-size: .875rem; }
svg { width: 100%; height: auto; max-height: 320px; display: block; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 .25rem; padding: 0; }
.legend li { font-size: .875rem; } .legend li::before { content: ""; display: inline-block; width: 1.25rem;
  border-top: 3px solid var(--line); vertical-align: middle; margin-right: .5rem; }
.legend .said::before { border-top-style: dashed; }
.seen { --line: var(--seen); } .said { --line: var(--said); } .more { --line: var(--more); }
polyline { fill: none; stroke: var(--line); stroke-width: 2.5; stroke-linejoin: round; }
polyline.said { stroke-dasharray: 7 5; }
.grid { stroke: var(--rule); } .mark { stroke: var(--soft); stroke-dasharray: 2 3; }
.tick, text.unit { fill: var(--soft); font-size: 13px; } p.unit { margin: 0; color: var(--soft); font-size: .8125rem; }
@media (max-width: 640px) { .promises li { grid-template-columns: 4.5rem 1fr; }
  .promises span:last-child { grid-column: 1 / -1; }
  .tick, text.unit { font-size: 22px; } .numbers { grid-template-columns: 1fr 1fr; gap: .75rem; }
  .numbers div { padding: .75rem 1rem; } .numbers dd { font-size: 1.25rem; } }
"""

_TIME = "seconds after the start"


def html_report(recording: Recording, promises: Sequence[Promise], version: str) -> str:
    """The whole page. `version` is flashgen's."""
    passed = is_passed(tuple(promises))
    word, style = ("PASS", "passed") if passed else ("FAIL", "failed")
    trouble = f" with {', '.join(recording.troubles)}" if recording.troubles else ""
    title = f"Rehearsal of {recording.sale}"
    seconds = recording.ends - recording.begins
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: {word}</title><style>{_STYLE}</style></head><body><main>"
        f'<header><h1>{escape(title)}</h1><span class="verdict {style}">{word}</span>'
        f"<p>{recording.visitors:,} visitors in {seconds:.0f} s{escape(trouble)}; flashgen {escape(version)}</p>"
        "</header>"
        f'<dl class="numbers">{_numbers(recording)}</dl>'
        f'<h2>Promises</h2><ul class="promises">{"".join(map(_promise, promises))}</ul>'
        f'<h2>What happened</h2><div class="charts">{"".join(svg(chart) for chart in charts(recording))}</div>'
        "</main></body></html>\n"
    )


def charts(recording: Recording) -> tuple[Chart, ...]:
    """Time to unlock, requests at both tiers, decisions of buyers, and the stock."""
    return (_unlock(recording), _edge(recording), _origin(recording), _sold(recording), _slots(recording))


def _numbers(recording: Recording) -> str:
    times = recording.unlock_seconds
    edge, origin = recording.edge_requests(), recording.origin_requests
    rows = (
        ("99 % of pages open after", f"{quantile(times, 0.99):.2f} s"),
        ("requests at the edge", f"{edge:,}"),
        ("of them reached the store", f"{origin:,}"),
        ("orders", f"{len(recording.orders):,}"),
    )
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows)


def _promise(one: Promise) -> str:
    word, style = {True: ("PASS", "passed"), False: ("FAIL", "failed"), None: ("—", "open")}[one.kept]
    name, found = escape(one.name[0].upper() + one.name[1:]), escape(one.found)
    return f'<li><span class="word {style}">{word}</span><b>{name}</b><span>{found}</span></li>'


def _unlock(recording: Recording) -> Chart:
    times, limit = recording.unlock_seconds, unlock_limit(recording)
    seen = [(at, 100 * (index + 1) / len(times)) for index, at in enumerate(times)]
    end = max(limit, times[-1] if times else 0.0)
    text = f"Half of the pages are open after {quantile(times, 0.5):.2f} s, 99 % after {quantile(times, 0.99):.2f} s."
    line = Line("pages that are open", _thinned([(0.0, 0.0), *seen, (end, 100.0 if times else 0.0)]))
    return Chart("Time to unlock", text, (line,), "seconds", "% of pages", limit, "limit")


def _edge(recording: Recording) -> Chart:
    seen = _by_second(recording, ((at, n) for at, kind, _, n in recording.requests if kind != "order"))
    text = f"{recording.edge_requests():,} requests, {max((n for _, n in seen), default=0):,.0f} in the busiest second."
    lines = (Line("rehearsed", seen), Line("forecast", recording.expected.edge_by_second, "said"))
    return Chart("Requests at the edge", text, lines, _TIME, "requests/s", 0.0, "start")


def _origin(recording: Recording) -> Chart:
    seen = _by_second(recording, recording.origin)
    text = f"{recording.origin_requests:,} requests reached the store, whatever the crowd."
    lines = (Line("rehearsed", seen), Line("forecast", recording.expected.origin_by_second, "said"))
    return Chart("Requests at the store", text, lines, _TIME, "requests/s", 0.0, "start")


def _sold(recording: Recording) -> Chart:
    kept = sorted(one.at for one in recording.orders if one.is_kept)
    steps = [(recording.begins, 0.0)]
    for number, at in enumerate(kept):
        steps += [(at, float(number)), (at, number + 1.0)]
    steps.append((recording.ends, float(len(kept))))
    lines = [Line("sold", steps)]
    stocks = list(recording.stock.values())
    if None not in stocks:
        stock = float(sum(each or 0 for each in stocks))
        lines.append(Line("stock", [(recording.begins, stock), (recording.ends, stock)], "said"))
    last = f", the last {kept[-1]:.1f} s after the start" if kept else ""
    return Chart("Stock", f"{len(kept)} units were sold{last}.", tuple(lines), _TIME, "units", 0.0, "start")


def _slots(recording: Recording) -> Chart:
    orders = _by_second(recording, ((at, n) for at, kind, _, n in recording.requests if kind == "order"))
    results = Counter(one.result for one in recording.visits if one.sku)
    text = ", ".join(f"{count:,} {name}" for name, count in results.most_common()) or "Nobody pressed a button"
    bought = Counter(int(one.ordered // 1) for one in recording.visits if one.ordered is not None)
    lines = (Line("requests", orders), Line("orders shown", _by_second(recording, bought.items()), "more"))
    return Chart("Decisions of the gate", f"Buyers: {text}.", lines, _TIME, "per second", 0.0, "start")


def _by_second(recording: Recording, counts: Iterable[tuple[int, int]]) -> list[Point]:
    total: Counter[int] = Counter()
    for at, count in counts:
        total[at] += count
    return [(float(at), float(total[at])) for at in range(int(recording.begins), int(recording.ends))]


def _thinned(points: Sequence[Point], most: int = 400) -> list[Point]:
    step = max(1, len(points) // most)
    return [*points[::step], points[-1]]
