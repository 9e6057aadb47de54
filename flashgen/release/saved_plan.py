"""A plan in a file: a push does exactly what was reviewed, or nothing.

The file holds digests of what the plan was made on and of what it leads to, but no page and no token. It is carried out
only if both are unchanged: another manifest, or another build, makes another plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Literal

from flashgen import __version__, timestamps
from flashgen.errors import LostRace, Refused
from flashgen.hint import Hint, command_line
from flashgen.page.site import Site
from flashgen.release.manifest import Manifest, StoredManifest, manifest_digest, render_manifest
from flashgen.release.plan import Change, Plan, make_plan
from flashgen.typed_json import Damaged, Instant, JsonReader, Line, Newer, Text

KIND = "flashgen plan"
MAX_BYTES = 256 * 1024 * 1024

FORMAT = 1
"""Increased when an older file would be misread."""


@dataclass(frozen=True, slots=True)
class SavedSale:
    """One sale's part. `etag` and `base` identify the manifest: as it was read, and by its content without a claim.

    `target` is the digest of what the store has afterwards.
    """

    sale: Line
    etag: Line | None
    base: Line
    target: Line
    changes: tuple[Change, ...]
    drift: Mapping[Line, Text]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """Plans of some sales, with who made them and when. `target` is a target's name, `store` its URL."""

    target: Line
    store: Line
    who: Line
    when: Instant
    sales: tuple[SavedSale, ...]


def make_saved_plan(plans: Iterable[Plan], target: str, store: str, who: str, when: datetime) -> SavedPlan:
    """The part of some plans that is kept in the file. `when` loses its fraction of a second."""
    sales = (
        SavedSale(
            plan.site.sale, plan.base.etag, _content(plan.base.manifest), plan.target, plan.changes, dict(plan.drift)
        )
        for plan in plans
    )
    return SavedPlan(target, store, who, when.replace(microsecond=0), tuple(sales))


def render_plan(saved: SavedPlan) -> bytes:
    """The file's bytes: JSON, for people and for `parse_plan`."""
    row = {"kind": KIND, "format": FORMAT, "flashgen": __version__, **asdict(saved)}
    return (json.dumps(row, indent=1, ensure_ascii=False, default=timestamps.to_text) + "\n").encode()


def parse_plan(body: bytes, name: str) -> SavedPlan:
    """The inverse of `render_plan`; `name` is the file's. Raises Damaged for anything else, Newer for later formats."""
    _KINDS.read(body, name, _instead(name))
    return _READER.read(body, name, _instead(name))


def _instead(name: str) -> str:
    """A hint. It does not suggest `-o NAME`, because that file is something else."""
    if name.endswith((".yaml", ".yml")):
        return Hint("push a sale by its id: ", command_line(f"push {PurePath(name).stem}"))
    return Hint("make one, under another name: ", command_line("plan -o tonight.json"))


def is_plan(body: bytes) -> bool:
    """Whether a file holds a plan, and another plan may replace it."""
    try:
        _KINDS.read(body, "", "")
    except Damaged:
        return False
    except Newer:
        return True
    return True


def is_carried_out(saved: SavedSale, made_at: datetime, current: StoredManifest) -> bool:
    """Whether a push since then has done what the plan says: there is nothing left to do."""
    manifest = current.manifest
    if current.etag == saved.etag or manifest.claim or manifest_digest(manifest) != saved.target:
        return False
    return all(manifest.objects[key].since >= made_at for key in saved.drift if key in manifest.objects)


def plan_again(saved: SavedSale, site: Site, current: StoredManifest, name: str) -> Plan:
    """The plan of the file `name`, on the `current` manifest and the `site` in build/.

    An unfinished push of it is resumed. Raises LostRace when the manifest has changed since the plan was made, Refused
    when the site has.
    """
    if current.etag != saved.etag and not _is_same(saved, current.manifest):
        raise _outdated(saved.sale, current.manifest, name)
    plan = make_plan(site, current, saved.drift)
    if plan.target != saved.target:
        raise Refused(
            f"build/ is not what {name} was made for: {saved.sale} was built again since, and differently",
            Hint("plan it again: ", command_line(f"plan {saved.sale} -o {name}")),
        )
    is_resumed = current.etag != saved.etag and current.manifest.claim
    if plan.changes != saved.changes and not is_resumed:
        raise Refused(
            f"{name} holds other changes of {saved.sale} than this flashgen would make: it was edited, or another "
            "version made it",
            Hint("plan it again: ", command_line(f"plan {saved.sale} -o {name}")),
        )
    return plan


def _is_same(saved: SavedSale, manifest: Manifest) -> bool:
    """Whether the manifest differs at most by the claim of an unfinished push of this plan."""
    is_ours = manifest.claim is None or manifest.claim.target == saved.target
    return is_ours and _content(manifest) == saved.base


def _outdated(sale: str, manifest: Manifest, name: str) -> LostRace:
    hint = Hint("see what is left to do: ", command_line(f"plan {sale} -o {name}"))
    if claim := manifest.claim:
        doing = f"{'prune' if claim.is_prune else 'push'} {sale} at {timestamps.to_text(claim.when)}"
        return LostRace(f"{name} is out of date: {claim.who} began to {doing}", hint, claim.who)
    if manifest.when is None:
        return LostRace(f"{name} is out of date: the manifest of {sale} is gone from the store", hint)
    pushed = f"{sale} is as {manifest.who} pushed it at {timestamps.to_text(manifest.when)}, or was pruned since"
    return LostRace(f"{name} is out of date: {pushed}", hint, manifest.who)


def _content(manifest: Manifest) -> str:
    return hashlib.sha256(render_manifest(replace(manifest, claim=None))).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: Literal["flashgen plan"]


_KINDS = JsonReader(_Kind, "a plan of flashgen", MAX_BYTES, FORMAT)
_READER = JsonReader(SavedPlan, "a plan of flashgen", MAX_BYTES, FORMAT)
