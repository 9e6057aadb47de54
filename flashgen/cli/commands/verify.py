"""`flashgen verify`: read a pushed sale back through the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.errors import Refused
from flashgen.hint import command_line

if TYPE_CHECKING:
    from flashgen.verify.model import Observed


@command("verify")
@sale_argument
def verify(session: Session, sale: str) -> dict[str, Any]:
    """Read a pushed sale back through its public URL."""
    from flashgen.cli.findings import FindingRow, counted, print_findings, summary

    url = _public_url(session)
    session.project.sale_path(sale)
    found = _verify(session, sale, url)
    print_findings(session, [FindingRow(one.path, one.finding, _copy(one)) for one in found])
    counts = counted(one.finding for one in found)
    session.say(f"{sale} at {url}: {summary(counts)}")
    session.exit_code = 1 if counts["FAIL"] else 0
    if not counts["FAIL"]:
        session.next_step(command_line(f"doctor {sale}"))
    return {"sale": sale, "url": url, "checks": [_to_json(one, url) for one in found], "counts": counts}


def _public_url(session: Session) -> str:
    name, target = session.project.target(session.target_name)
    if not target.url:
        raise Refused(
            f"target `{name}` has no `url:`: nobody knows where the public sees it",
            "add `url: https://…` to the target in flashgen.yaml",
        )
    return target.url.rstrip("/")


def _verify(session: Session, sale: str, url: str) -> tuple[Observed, ...]:
    import secrets
    import time

    from flashgen.cli.progress import count_progress
    from flashgen.verify.model import EdgeConfig
    from flashgen.verify.verification import Verification
    from flashgen.verify.viewer import Viewer

    target = session.project.target(session.target_name)[1]
    edge = EdgeConfig(url, target.distribution or "")
    store = session.store
    with Viewer(url) as viewer, count_progress(session, f"{sale}: looked at") as report:
        return Verification(store, sale, viewer, edge, time.sleep, lambda: secrets.token_hex(4), report).run()


def _copy(one: Observed) -> str:
    """What the edge says about its copy."""
    return ", ".join(filter(None, (f"Age {one.age:,} s" if one.age is not None else "", one.x_cache)))


def _to_json(one: Observed, url: str) -> dict[str, Any]:
    finding = one.finding
    return {
        "level": finding.level.value,
        "check": finding.check,
        "url": url + one.path,
        "message": finding.message,
        "hint": finding.hint or None,
        "age": one.age,
        "x_cache": one.x_cache or None,
    }
