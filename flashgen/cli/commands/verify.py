"""`flashgen verify`: read a pushed sale back through the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.errors import Refused

if TYPE_CHECKING:
    from flashgen.cli.findings import FindingRow
    from flashgen.verify.observed import Observed


@command("verify")
@sale_argument
def verify(session: Session, sale: str) -> dict[str, Any]:
    """Read a pushed sale back through its public URL."""
    from flashgen.cli.findings import counted, show_findings, summary

    url = _public_url(session)
    session.project.sale_path(sale)
    found = _look(session, sale, url)
    show_findings(session, [_row(one) for one in found])
    counts = counted(one.finding for one in found)
    session.say(f"{sale} at {url}: {summary(counts)}")
    session.exit_code = 1 if counts["FAIL"] else 0
    if not counts["FAIL"]:
        session.next_step(f"flashgen doctor {sale}")
    return {"sale": sale, "url": url, "checks": [_facts(one, url) for one in found], "counts": counts}


def _public_url(session: Session) -> str:
    name, target = session.project.target(session.target_name)
    if not target.url:
        raise Refused(
            f"target `{name}` has no `url:`: nobody knows where the public sees it",
            "add `url: https://…` to the target in flashgen.yaml",
        )
    return target.url.rstrip("/")


def _look(session: Session, sale: str, url: str) -> tuple[Observed, ...]:
    import secrets
    import time

    from flashgen.cli.findings import counting
    from flashgen.edge.viewer import Viewer
    from flashgen.verify.observed import Front
    from flashgen.verify.verification import Verification

    target = session.project.target(session.target_name)[1]
    front = Front(url, target.distribution or "")
    store = session.project.store(session.target_name)
    with Viewer(url) as viewer, counting(session, f"{sale}: looked at") as report:
        return Verification(store, sale, viewer, front, time.sleep, lambda: secrets.token_hex(4), report).run()


def _row(one: Observed) -> FindingRow:
    from flashgen.cli.findings import FindingRow

    told = (f"Age {one.age:,} s" if one.age is not None else "", one.x_cache)
    return FindingRow(one.path, one.finding, ", ".join(word for word in told if word))


def _facts(one: Observed, url: str) -> dict[str, Any]:
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
