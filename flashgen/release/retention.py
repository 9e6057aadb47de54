"""How long what left a site stays in the store.

An object is kept until it has been dropped for longer than a page may be cached (LONGEST_PAGE_LIFE of page/headers.py),
and an asset besides for as long as a dropped page that may name it is in the store. Whenever such a page ends, since it
is deleted or another is put in its place, the clocks of the assets that it may name start again, because it may have
been cached that very moment. The gate's pages wait for time alone: gate.json, which names them, is cached nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from flashgen.layout import forms_folder, settings_key
from flashgen.release.manifest import Manifest, is_pointer, is_public


def due_keys(manifest: Manifest, dropped_before: datetime) -> tuple[str, ...]:
    """The dropped keys that may be deleted; sorted. Only pages, assets and the gate's pages that are not in use."""
    return tuple(key for key in _waiting(manifest) if manifest.dropped[key] <= dropped_before)


def next_due_at(manifest: Manifest, older_than: timedelta) -> datetime | None:
    """When the first of the dropped keys may be deleted; None if nothing waits for that."""
    return min((manifest.dropped[key] + older_than for key in _waiting(manifest)), default=None)


def dropped_after_push(
    before: Manifest, in_site: Collection[str], dropping: Iterable[str], now: datetime
) -> dict[str, datetime]:
    """What is dropped once a push has put the keys `in_site` and dropped others.

    A dropped page that comes back, or that a push which died may have brought back, has ended as it was. Times never go
    backwards, whatever clocks pushes have: a page names no asset that was dropped before it.
    """
    at = max([now, *before.dropped.values()])
    newly = dict.fromkeys(dropping, at)
    ended = [key for key in before.dropped if key in in_site or key in newly]
    kept = {**_restarted(before, ended, at), **newly}
    return {key: when for key, when in kept.items() if key not in in_site and not is_pointer(before.sale, key)}


def dropped_after_prune(before: Manifest, deleted: Collection[str], now: datetime) -> dict[str, datetime]:
    """What is still dropped once `deleted` are gone."""
    kept = _restarted(before, deleted, max([now, *before.dropped.values()]))
    return {key: when for key, when in kept.items() if key not in deleted}


def _waiting(manifest: Manifest) -> list[str]:
    """Dropped keys that wait for nothing but time."""
    first_page = min((when for key, when in manifest.dropped.items() if _is_page(manifest, key)), default=None)
    return sorted(
        key
        for key, when in manifest.dropped.items()
        if _is_deletable(manifest, key) and not (first_page and _is_asset(manifest, key) and when >= first_page)
    )


def _restarted(before: Manifest, ended: Iterable[str], at: datetime) -> Mapping[str, datetime]:
    """Assets that were dropped with one of the pages that `ended`, or later, are dropped as of now."""
    first = min((before.dropped[key] for key in ended if _is_page(before, key)), default=None)
    if first is None:
        return before.dropped
    return {key: at if _is_asset(before, key) and when >= first else when for key, when in before.dropped.items()}


def _is_deletable(manifest: Manifest, key: str) -> bool:
    may_go = _is_form(manifest, key) or _is_asset(manifest, key) or _is_page(manifest, key)
    return may_go and key not in manifest.objects


def _is_form(manifest: Manifest, key: str) -> bool:
    """Unless the sale takes no orders any more: the gate.json of before stays, and names some."""
    return key.startswith(forms_folder(manifest.sale)) and settings_key(manifest.sale) in manifest.objects


def _is_asset(manifest: Manifest, key: str) -> bool:
    return key.startswith(f"{manifest.sale}/assets/")


def _is_page(manifest: Manifest, key: str) -> bool:
    """All else that is public may name some, but for pointers: these are never dropped, whatever a manifest says."""
    sale = manifest.sale
    return is_public(sale, key) and not _is_asset(manifest, key) and not is_pointer(sale, key)
