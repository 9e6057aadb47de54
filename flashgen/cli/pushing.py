"""Carrying out plans of `push`, with progress and a word on what is live when one stops."""

from __future__ import annotations

from dataclasses import replace

from flashgen.cli.operating import open_control, open_header
from flashgen.cli.progress import progress
from flashgen.cli.session import Session
from flashgen.release.plan import Plan
from flashgen.release.publish import Push


def publish(session: Session, plan: Plan, *, take_over: bool) -> None:
    """Carry out one plan in the chosen target."""
    # The YAML may have moved on since the build: what is pushed is the site, its pointer included.
    file, header = plan.site.pointer_file, open_header(session, plan.site.sale)
    control = replace(open_control(session, header), key=file.key, headers=file.headers, origins=plan.site.origins)
    with progress(session, plan.site.sale) as report:
        Push(plan, control, report).run(take_over=take_over)
