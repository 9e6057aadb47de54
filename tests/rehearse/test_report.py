"""The report: one file that loads nothing, says the verdict in words, and has a text and units for each chart."""

from __future__ import annotations

import re
from dataclasses import replace

from rehearse.test_judge import RECORDING

from flashgen.rehearse.judge import judge
from flashgen.rehearse.recording import Recording
from flashgen.rehearse.report.page import charts, html_report


def page(recording: Recording = RECORDING) -> str:
    """The report on it."""
    return html_report(recording, judge(recording), "1.0")


def test_it_needs_nothing_else() -> None:
    """No script, no font, no picture from anywhere."""
    assert not re.findall(r"(?:src|href)=|url\(|@import|<script", page())


def test_the_verdict_is_in_words() -> None:
    """Not in colour alone."""
    assert ">PASS</span>" in page()
    assert ">FAIL</span>" in page(replace(RECORDING, received={}))
    assert "Each order once" in page()


def test_each_chart_has_a_text_and_units() -> None:
    """For those who cannot see it."""
    assert len(charts(RECORDING)) == len(re.findall(r'<svg viewBox="[^"]+" role="img" aria-label="[^"]+"', page()))
    assert all(chart.text and chart.x_unit and chart.y_unit for chart in charts(RECORDING))


def test_a_rehearsal_in_which_nothing_happened_can_be_shown() -> None:
    """Nobody came, and nothing was asked."""
    empty = replace(RECORDING, visits=(), requests=(), origin=(), orders=(), received={})
    assert "never" in page(empty) or "FAIL" in page(empty)


def test_names_are_escaped() -> None:
    """A SKU may have any character."""
    assert "<b>x" not in page(replace(RECORDING, stock={"<b>x": 1}))
