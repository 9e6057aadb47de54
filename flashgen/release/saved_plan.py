"""A plan in a file: what somebody reviewed is what is pushed, or nothing.

The file holds what the plan was made on and what it leads to, as digests; no page, no token. It is carried out only
where both are as they were: another manifest, or another build, makes another plan.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from flashgen import __version__, timestamps
from flashgen.errors import LostRace, Refused
from flashgen.page.site import Site
from flashgen.release.manifest import Manifest, StoredManifest, manifest_digest, render_manifest
from flashgen.release.plan import Change, Op, Plan, Wave, make_plan

KIND = "flashgen plan"
FORMAT = 1
"""Raised when a file of before would be misread."""


@dataclass(frozen=True, slots=True)
class SavedSale:
    """One sale's part. `etag` and `base` say of which manifest: as it was read, and by its content but for a claim.

    `target` is the digest of what the store has afterwards.
    """

    sale: str
    etag: str | None
    base: str
    target: str
    changes: tuple[Change, ...]
    drift: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """Where it leads, who made it and when; `target` is a target's name."""

    target: str
    store: str
    who: str
    when: datetime
    sales: tuple[SavedSale, ...]


def save(plans: Iterable[Plan], target: str, store: str, who: str, when: datetime) -> SavedPlan:
    """What of some plans has to be kept. `when` loses its fraction of a second."""
    sales = (
        SavedSale(
            plan.site.sale, plan.base.etag, _content(plan.base.manifest), plan.target, plan.changes, dict(plan.drift)
        )
        for plan in plans
    )
    return SavedPlan(target, store, who, when.replace(microsecond=0), tuple(sales))


def render_plan(saved: SavedPlan) -> bytes:
    """The file's bytes: JSON for people to read and for `parse_plan`."""
    facts = {
        "kind": KIND,
        "format": FORMAT,
        "flashgen": __version__,
        "target": saved.target,
        "store": saved.store,
        "who": saved.who,
        "when": timestamps.to_text(saved.when),
        "sales": [_sale_facts(sale) for sale in saved.sales],
    }
    return (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode()


def parse_plan(body: bytes, name: str) -> SavedPlan:
    """The inverse of `render_plan`. Raises Refused, naming the file, for anything else."""
    try:
        facts = json.loads(body)
        if facts["kind"] != KIND:
            raise ValueError(f"kind {facts['kind']!r}")
        if facts["format"] != FORMAT:
            raise Refused(
                f"{name} is a plan of format {facts['format']}, by flashgen {facts['flashgen']}; this flashgen reads "
                f"format {FORMAT}",
                f"make it again: flashgen plan -o {name}",
            )
        if not all(isinstance(facts[field], str) for field in ("target", "store", "who")):
            raise TypeError("text expected")
        sales = tuple(_parse_sale(sale) for sale in facts["sales"])
        return SavedPlan(facts["target"], facts["store"], facts["who"], timestamps.from_text(facts["when"]), sales)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"{name} is not a plan of flashgen", _instead(name)) from error


def _instead(name: str) -> str:
    """Not `-o NAME`: that file is something else, and somebody's."""
    if name.endswith(".yaml"):
        return f"push a sale by its id: flashgen push {PurePath(name).stem}"
    return "make one, under another name: flashgen plan -o tonight.json"


def is_plan(body: bytes) -> bool:
    """Whether a file may be written over by another plan."""
    try:
        return bool(json.loads(body)["kind"] == KIND)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def is_carried_out(saved: SavedSale, made_at: datetime, current: StoredManifest) -> bool:
    """Whether a push since has brought about what the plan leads to: then there is nothing left to do."""
    manifest = current.manifest
    if current.etag == saved.etag or manifest.claim or manifest_digest(manifest) != saved.target:
        return False
    return all(manifest.objects[key].since >= made_at for key in saved.drift if key in manifest.objects)


def plan_again(saved: SavedSale, site: Site, current: StoredManifest, name: str) -> Plan:
    """The plan of the file `name`, on the manifest as it is `current`ly and the `site` as it is in build/.

    A push of it that did not finish is resumed. Raises LostRace when the manifest has moved since the plan was made,
    Refused when the site is another one.
    """
    if current.etag != saved.etag and not _is_same(saved, current.manifest):
        raise _stale(saved.sale, current.manifest, name)
    plan = make_plan(site, current, saved.drift)
    if plan.target != saved.target:
        raise Refused(
            f"build/ is not what {name} was made for: {saved.sale} was built anew since, and differently",
            f"plan it again: flashgen plan {saved.sale} -o {name}",
        )
    is_resumed = current.etag != saved.etag and current.manifest.claim
    if plan.changes != saved.changes and not is_resumed:
        raise Refused(
            f"{name} holds other changes of {saved.sale} than this flashgen would make: it was edited, or another "
            "version made it",
            f"plan it again: flashgen plan {saved.sale} -o {name}",
        )
    return plan


def _is_same(saved: SavedSale, manifest: Manifest) -> bool:
    """A push of this plan has claimed the manifest, or has given it back as it was."""
    is_ours = manifest.claim is None or manifest.claim.target == saved.target
    return is_ours and _content(manifest) == saved.base


def _stale(sale: str, manifest: Manifest, name: str) -> LostRace:
    hint = f"look at what is left to do: flashgen plan {sale} -o {name}"
    if claim := manifest.claim:
        doing = f"{'prune' if claim.is_prune else 'push'} {sale} at {timestamps.to_text(claim.when)}"
        return LostRace(f"{name} is out of date: {claim.who} began to {doing}", hint, claim.who)
    if manifest.when is None:
        return LostRace(f"{name} is out of date: the manifest of {sale} is gone from the store", hint)
    pushed = f"{sale} is as {manifest.who} pushed it at {timestamps.to_text(manifest.when)}, or was pruned since"
    return LostRace(f"{name} is out of date: {pushed}", hint, manifest.who)


def _content(manifest: Manifest) -> str:
    return hashlib.sha256(render_manifest(replace(manifest, claim=None))).hexdigest()[:16]


def _sale_facts(sale: SavedSale) -> dict[str, Any]:
    return {
        "sale": sale.sale,
        "etag": sale.etag,
        "base": sale.base,
        "target": sale.target,
        "changes": [
            {"op": one.op.value, "key": one.key, "reason": one.reason, "wave": one.wave.value} for one in sale.changes
        ],
        "drift": dict(sale.drift),
    }


def _parse_sale(facts: dict[str, Any]) -> SavedSale:
    changes = tuple(Change(Op(one["op"]), one["key"], one["reason"], Wave(one["wave"])) for one in facts["changes"])
    return SavedSale(facts["sale"], facts["etag"], facts["base"], facts["target"], changes, dict(facts["drift"]))
