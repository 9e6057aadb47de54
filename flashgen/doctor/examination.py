"""The checks in their order. One that fails hides no other, except those that could only fail for the same reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial

from flashgen.doctor import (
    clock,
    credentials,
    distribution,
    gate,
    leaks,
    permissions,
    public,
    pushed,
    sale,
    store,
)
from flashgen.doctor.context import DoctorContext
from flashgen.errors import AccessDenied, FlashgenError, InvalidInput
from flashgen.finding import Finding, Level
from flashgen.sale.model import Header

Look = Callable[[DoctorContext], Iterator[Finding]]

PROBLEMS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Check:
    """`look` yields what it finds, or raises.

    It is not made when a check that it `needs`, by name, has failed, nor when one of `proven` could not be made.
    """

    group: str
    name: str
    look: Look
    needs: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupedFinding:
    """A finding under the heading that it belongs to."""

    group: str
    finding: Finding


def examine(subject: DoctorContext) -> Iterator[GroupedFinding]:
    """Make every check, and yield what each finds as it is found."""
    failed: dict[str, str] = {}  # by name, what was the first to fail
    passed: set[str] = set()
    for check in checks(subject):
        if cause := _obstacle(check, failed, passed):
            failed[check.name] = cause
            yield GroupedFinding(check.group, Finding(Level.WARN, check.name, f"skipped, for `{cause}` did not pass"))
            continue
        for finding in guarded(check.name, check.look(subject)):
            if finding.level is Level.FAIL and finding.check == check.name:
                failed[check.name] = check.name
            if finding.level is Level.PASS:
                passed.add(finding.check)
            yield GroupedFinding(check.group, finding)


def _obstacle(check: Check, failed: Mapping[str, str], passed: Set[str]) -> str:
    """What keeps a check from being made; empty if nothing does."""
    causes = [failed[name] for name in (*check.needs, *check.proven) if name in failed]
    return next(iter((*causes, *(name for name in check.proven if name not in passed))), "")


def guarded(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The same, with what is raised turned into findings: to be kept from looking is no failure."""
    try:
        yield from findings
    except AccessDenied as denied:
        yield Finding(Level.WARN, name, f"cannot be looked at: {denied.message}", denied.hint)
    except InvalidInput as invalid:
        for problem in invalid.problems[:PROBLEMS_SHOWN]:
            yield Finding(Level.FAIL, name, f"{problem.where}: {problem.message}", problem.hint)
        if invalid.problems[PROBLEMS_SHOWN:]:
            more = len(invalid.problems) - PROBLEMS_SHOWN
            yield Finding(Level.FAIL, name, f"and {more} more in the same files", "flashgen check shows all")
    except FlashgenError as error:
        yield Finding(Level.FAIL, name, error.message, error.hint)


def checks(subject: DoctorContext) -> Iterator[Check]:
    """All that can be looked at in this target, in order."""
    yield from _of_the_store(subject)
    yield Check("this machine", "clock", clock.check)
    yield Check("this machine", "secret", credentials.check_secret)
    yield Check("this machine", "strength", credentials.check_strength, ("secret",))
    for path in subject.sale_paths:
        yield Check(path.stem, f"{path.stem}: yaml", partial(sale.check, path))
        yield from (check for header in subject.headers if header.id == path.stem for check in _of_a_sale(header))
    yield Check("shoppers", "public url", public.check)
    for header in subject.headers:
        for server in header.order_origins:
            yield Check("order servers", server, partial(gate.check, header, server), ("secret",))
    yield Check("leaks", "files", leaks.check_files, ("secret",))
    yield Check("leaks", "build", leaks.check_build, ("secret",))
    yield Check("leaks", "store", leaks.check_store, ("secret", "store"))


def _of_the_store(subject: DoctorContext) -> Iterator[Check]:
    if subject.identity:
        yield Check("account", "credentials", credentials.check_account)
    yield Check("target", "store", store.check, ("credentials",))
    yield Check("target", "conditional writes", store.check_conditions, ("store",))
    yield Check("target", "may list", permissions.check_listing, ("store",))
    yield Check("target", "may write", permissions.check_writing, ("store",), proven=("conditional writes",))
    if subject.bucket:
        yield Check("target", "privacy", store.check_privacy, ("store",))
        yield Check("target", "versions", store.check_versions, ("store",))
        yield Check("target", "region", store.check_region, ("store",))
    if subject.distribution:
        yield Check("cdn", "distribution", distribution.check, ("credentials",))
        yield Check("cdn", "may invalidate", permissions.check_invalidating, ("credentials", "distribution"))


def _of_a_sale(header: Header) -> Iterator[Check]:
    """What can be looked at where the YAML can be read, whatever its products are like."""
    name = header.id
    yield Check(name, f"{name}: times", partial(sale.check_times, header))
    yield Check(name, f"{name}: build", partial(sale.check_build, header))
    yield Check(name, f"{name}: push", partial(pushed.check, header), ("store",))
    yield Check(name, f"{name}: pointer", partial(sale.check_pointer, header), ("store",))
    yield Check(name, f"{name}: freeze", partial(pushed.check_freeze, header), ("store",))
