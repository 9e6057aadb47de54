"""`flashgen doctor`: what would go wrong tonight, each with its fix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.cli.findings import FindingRow
    from flashgen.doctor.context import DoctorContext
    from flashgen.doctor.examination import GroupedFinding

_NAME_WIDTH = 18


@command("doctor")
@sales_argument
def doctor(session: Session, sales: tuple[str, ...]) -> dict[str, Any]:
    """Examine target, sales, secret and gate before a sale; say the fix.

    Nothing public is written. A line each: PASS, WARN (it works, or could not be looked at) or FAIL, which exits 1.
    """
    from flashgen.cli.findings import counted, show_row, summary

    found: list[GroupedFinding] = []
    heading = ""
    for noted in _examined(session, sales):
        found.append(noted)
        if session.quiet and noted.finding.level == "PASS":
            continue
        if noted.group != heading:
            heading = noted.group
            session.say(click.style(heading, bold=True))
        show_row(session, _row(noted), _NAME_WIDTH)
    counts = counted(noted.finding for noted in found)
    session.exit_code = 1 if counts["FAIL"] else 0
    session.say(summary(counts))
    _say_next(session, sales, found)
    return {"checks": [_facts(noted) for noted in found], "counts": counts}


def _facts(noted: GroupedFinding) -> dict[str, str]:
    finding = noted.finding
    return {
        "group": noted.group,
        "level": finding.level.value,
        "check": finding.check,
        "message": finding.message,
        "hint": finding.hint,
    }


def _row(noted: GroupedFinding) -> FindingRow:
    """Under its heading, the check is the place."""
    from dataclasses import replace

    from flashgen.cli.findings import FindingRow

    return FindingRow(_name(noted), replace(noted.finding, check=""))


def _name(noted: GroupedFinding) -> str:
    """The check, without the heading that it stands under."""
    return noted.finding.check.removeprefix(f"{noted.group}: ")


def _say_next(session: Session, sales: tuple[str, ...], found: list[GroupedFinding]) -> None:
    failed = dict.fromkeys(f"{noted.group}: {_name(noted)}" for noted in found if noted.finding.level == "FAIL")
    if failed:
        session.say(f"failed: {', '.join(failed)}")
        session.note("mend them from the top, as one may follow from another; then run this again")
    else:
        from flashgen.cli.release.push import step_from_here

        session.next_step(step_from_here(session, session.project.sale_paths(sales)[0].stem))


def _examined(session: Session, sales: tuple[str, ...]) -> Iterator[GroupedFinding]:
    """All checks; or the one reason why none can be made, such as a profile that AWS's settings do not have."""
    from flashgen.doctor.examination import GroupedFinding, examine
    from flashgen.errors import StoreError
    from flashgen.finding import Finding, Level

    try:
        subject = _subject(session, sales)
    except StoreError as trouble:
        yield GroupedFinding("target", Finding(Level.FAIL, "credentials", trouble.message, trouble.hint))
    else:
        yield from examine(subject)


def _subject(session: Session, sales: tuple[str, ...]) -> DoctorContext:
    import time
    from datetime import timedelta

    from flashgen.cli.runtime import new_nonce
    from flashgen.doctor.context import DoctorContext
    from flashgen.store.s3.bucket import open_bucket

    project = session.project
    name, target = project.target(session.target_name)
    freeze = project.settings.freeze
    return DoctorContext(
        root=project.root,
        build_folder=project.build_folder,
        sale_paths=project.sale_paths(sales),
        store=project.store(name),
        secret=partial(project.secret, name),
        secret_source=project.settings.secret or "file:.flashgen/secret",
        nonce=new_nonce(),
        clock=time.time,
        sleep=time.sleep,
        url=target.url,
        bucket=open_bucket(target.store, region=target.region, endpoint_url=target.endpoint_url),
        page_cache=project.page_cache(name),
        freeze_before=timedelta(seconds=freeze.before),
        freeze_after=timedelta(seconds=freeze.after),
        **_amazon(session),
    )


def _amazon(session: Session) -> dict[str, Any]:
    """What only a target at AWS has."""
    from flashgen.aws.distribution_reader import read_distribution
    from flashgen.aws.identity import read_identity

    target = session.project.target(session.target_name)[1]
    if not target.store.startswith("s3:"):
        return {}
    account: dict[str, Any] = {"identity": partial(read_identity, target.region, ask=target.endpoint_url is None)}
    if target.distribution:
        account["distribution"] = partial(read_distribution, target.distribution)
        account["distribution_id"] = target.distribution
        account["cdn"] = session.project.cdn(session.target_name)
    return account
