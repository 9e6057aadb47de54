"""`flashgen doctor`: what would go wrong tonight, each with its fix."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sales_argument
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.doctor.context import DoctorContext
    from flashgen.doctor.examination import GroupedFinding

_NAME_WIDTH = 18


@command("doctor")
@sales_argument
@click.option(
    "--storage",
    default="",
    metavar="URL",
    envvar="FLASHGEN_STORAGE",
    help="The gate's, to look at the settings of Redis; also $FLASHGEN_STORAGE.",
)
def doctor(session: Session, sales: tuple[str, ...], storage: str) -> dict[str, Any]:
    """Examine target, sales, secret, gate and storage before a sale; say the fix.

    Nothing public is written. A line each: PASS, WARN (it works, or could not be looked at) or FAIL, which exits 1.
    """
    from dataclasses import asdict, replace

    from flashgen.cli.findings import FindingRow, counted, print_row, summary

    found: list[GroupedFinding] = []
    heading = ""
    for noted in _examined(session, sales, storage):
        found.append(noted)
        if session.quiet and noted.finding.level == "PASS":
            continue
        if noted.group != heading:
            heading = noted.group
            session.say(click.style(heading, bold=True))
        # Under its heading, the check is the place.
        print_row(session, FindingRow(_name(noted), replace(noted.finding, check="")), _NAME_WIDTH)
    counts = counted(noted.finding for noted in found)
    session.exit_code = 1 if counts["FAIL"] else 0
    session.say(summary(counts))
    _say_next(session, sales, found)
    return {"checks": [{"group": noted.group, **asdict(noted.finding)} for noted in found], "counts": counts}


def _name(noted: GroupedFinding) -> str:
    """The check's name without its heading."""
    return noted.finding.check.removeprefix(f"{noted.group}: ")


def _say_next(session: Session, sales: tuple[str, ...], found: list[GroupedFinding]) -> None:
    failed = dict.fromkeys(f"{noted.group}: {_name(noted)}" for noted in found if noted.finding.level == "FAIL")
    if failed:
        session.say(f"failed: {', '.join(failed)}")
        session.note("mend them from the top, as one may follow from another; then run this again")
    else:
        from flashgen.cli.release.push import next_step_of

        session.next_step(next_step_of(session, session.project.sale_paths(sales)[0].stem))


def _examined(session: Session, sales: tuple[str, ...], storage: str) -> Iterator[GroupedFinding]:
    """All checks; or the one reason why none can be made, such as a profile that AWS's settings do not have."""
    from flashgen.doctor.examination import GroupedFinding, examine
    from flashgen.errors import StoreError
    from flashgen.finding import Finding, Level

    try:
        context = _context(session, sales, storage)
    except StoreError as trouble:
        yield GroupedFinding("target", Finding(Level.FAIL, "credentials", trouble.message, trouble.hint))
    else:
        yield from examine(context)


def _context(session: Session, sales: tuple[str, ...], storage: str) -> DoctorContext:
    import time
    from datetime import timedelta

    from flashgen.cli.hooks import open_hook
    from flashgen.cli.runtime import new_nonce
    from flashgen.doctor.context import DoctorContext

    project = session.project
    name, target = project.target(session.target_name)
    freeze = project.settings.freeze
    return DoctorContext(
        root=project.root,
        build_folder=project.build_folder,
        site_url=project.site_url,
        trusted_themes=project.settings.trusted_themes,
        sale_paths=project.sale_paths(sales),
        store=project.store(name),
        secret=partial(project.secret, name),
        secret_source=project.settings.secret or "file:.flashgen/secret",
        nonce=new_nonce(),
        clock=time.time,
        sleep=time.sleep,
        pass_keys=partial(project.pass_keys, name),
        url=target.url,
        storage=storage,
        page_cache=project.page_cache(name),
        freeze_before=timedelta(seconds=freeze.before),
        freeze_after=timedelta(seconds=freeze.after),
        hooks={hook.name: partial(open_hook, session, hook) for hook in project.settings.hooks},
        **_amazon(session),
    )


def _amazon(session: Session) -> dict[str, Any]:
    """What only a target at AWS has."""
    from flashgen.addresses import BucketAddress
    from flashgen.aws.distribution import read_distribution
    from flashgen.aws.identity import read_identity
    from flashgen.store.s3.bucket import Bucket

    target = session.project.target(session.target_name)[1]
    address = target.address
    if not isinstance(address, BucketAddress):
        return {}
    account: dict[str, Any] = {
        "bucket": Bucket(address.bucket, address.prefix, target.region, target.endpoint_url),
        "identity": partial(read_identity, target.region, ask=target.endpoint_url is None),
    }
    if target.distribution:
        account["distribution"] = partial(read_distribution, target.distribution)
        account["distribution_id"] = target.distribution
        account["cdn"] = session.cdn
    return account
