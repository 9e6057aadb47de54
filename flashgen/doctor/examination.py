"""The checks in their order. One that fails skips no other, except those that could only fail for the same reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial

from flashgen.doctor import clock, credentials, distribution, gate, hooks, leaks, public, sale, store
from flashgen.doctor.context import DoctorContext
from flashgen.errors import AccessDenied, FlashgenError, InvalidInput
from flashgen.finding import Finding, Level
from flashgen.gate.storage.redis.url import REDIS_SCHEMES
from flashgen.sale.model import Header
from flashgen.sale.order import VOUCHED

CheckFunction = Callable[[DoctorContext], Iterator[Finding]]

PROBLEMS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Check:
    """`run` yields findings, or raises.

    A check is skipped when one that it `needs`, by name, has failed, or when one in `proven` has not passed.
    """

    group: str
    name: str
    run: CheckFunction
    needs: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupedFinding:
    """A finding under the heading that it belongs to."""

    group: str
    finding: Finding


def examine(context: DoctorContext) -> Iterator[GroupedFinding]:
    """Run every check, and yield each finding as it is found."""
    failed: dict[str, str] = {}  # by name, the check that failed first
    passed: set[str] = set()
    for check in checks(context):
        if cause := _obstacle(check, failed, passed):
            failed[check.name] = cause
            yield GroupedFinding(check.group, Finding(Level.WARN, check.name, f"skipped, for `{cause}` did not pass"))
            continue
        for finding in guarded(check.name, check.run(context)):
            if finding.level is Level.FAIL and finding.check == check.name:
                failed[check.name] = check.name
            if finding.level is Level.PASS:
                passed.add(finding.check)
            yield GroupedFinding(check.group, finding)


def _obstacle(check: Check, failed: Mapping[str, str], passed: Set[str]) -> str:
    """The check because of which this one is skipped; empty if it is not."""
    causes = [failed[name] for name in (*check.needs, *check.proven) if name in failed]
    return next(iter((*causes, *(name for name in check.proven if name not in passed))), "")


def guarded(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The same findings; errors become findings too. A denied permission is a warning, not a failure."""
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


def checks(context: DoctorContext) -> Iterator[Check]:
    """All checks for this target, in order."""
    yield from _target_checks(context)
    yield Check("this machine", "clock", clock.check)
    yield Check("this machine", "secret", credentials.check_secret)
    yield Check("this machine", "strength", credentials.check_strength, ("secret",))
    if any(header.order and header.order.buyer == VOUCHED for header in context.headers):
        yield Check("this machine", "pass keys", credentials.check_pass_keys)
    for path in context.sale_paths:
        yield Check(path.stem, f"{path.stem}: yaml", partial(sale.check_yaml, path))
        yield from (check for header in context.headers if header.id == path.stem for check in _sale_checks(header))
    yield Check("shoppers", "public url", public.check)
    for header in context.headers:
        for server in header.order_origins:
            yield Check("order servers", server, partial(gate.check, header, server), ("secret",))
    if context.storage.startswith(REDIS_SCHEMES):
        yield Check("order servers", gate.STORAGE, gate.check_storage)
    for name in context.hooks:
        yield Check("hooks", name, partial(hooks.check, name))
    yield Check("leaks", "files", leaks.check_files, ("secret",))
    yield Check("leaks", "build", leaks.check_build, ("secret",))
    yield Check("leaks", "store", leaks.check_store, ("secret", "store"))


def _target_checks(context: DoctorContext) -> Iterator[Check]:
    if context.identity:
        yield Check("account", "credentials", credentials.check_account)
    yield Check("target", "store", store.check, ("credentials",))
    yield Check("target", "conditional writes", store.check_conditions, ("store",))
    yield Check("target", "may list", store.check_listing, ("store",))
    yield Check("target", "may write", store.check_writing, ("store",), proven=("conditional writes",))
    if context.bucket:
        yield Check("target", "privacy", store.check_privacy, ("store",))
        yield Check("target", "versions", store.check_versions, ("store",))
        yield Check("target", "region", store.check_region, ("store",))
    if context.distribution:
        yield Check("cdn", "distribution", distribution.check, ("credentials",))
        yield Check("cdn", "may invalidate", store.check_invalidating, ("credentials", "distribution"))


def _sale_checks(header: Header) -> Iterator[Check]:
    """Those that need the sale's header alone, whatever is wrong with its products."""
    name = header.id
    yield Check(name, f"{name}: times", partial(sale.check_times, header))
    yield Check(name, f"{name}: build", partial(sale.check_build, header))
    yield Check(name, f"{name}: push", partial(sale.check_push, header), ("store",))
    yield Check(name, f"{name}: pointer", partial(sale.check_pointer, header), ("store",))
    yield Check(name, f"{name}: freeze", partial(sale.check_freeze, header), ("store",))
