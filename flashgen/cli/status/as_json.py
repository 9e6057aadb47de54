"""How a sale stands, for `--json`."""

from __future__ import annotations

from typing import Any

from flashgen import timestamps
from flashgen.cli.status.model import SaleStatus
from flashgen.cli.status.text import HISTORY_SHOWN
from flashgen.release.manifest import Claim
from flashgen.unlock.journal import Record
from flashgen.unlock.pointer import state_facts
from flashgen.unlock.visibility import EdgePointer


def facts(standing: SaleStatus) -> dict[str, Any]:
    """As JSON values. Each key is there for every sale, but `note` and `hint`, of those never pushed."""
    behind, step = standing.background, standing.next_step
    return {
        "sale": standing.header.id,
        "pointer": standing.key,
        "store": standing.store,
        **_state_facts(standing),
        "past_end": standing.is_over,
        "next": {"what": step.what, "at": timestamps.to_text(step.at)} if step else None,
        "edge": _shown_facts(standing.shown),
        "claim": _claim_facts(behind.claim) if behind.claim else None,
        "drift": list(standing.drift),
        "history": [_record_facts(record) for record in behind.history[:HISTORY_SHOWN]],
        "attempts": [{**_record_facts(one.record), "fate": one.fate.value} for one in behind.unelected],
    }


def _state_facts(standing: SaleStatus) -> dict[str, Any]:
    if standing.pointer is None:
        return _missing_facts(standing)
    state, decision = state_facts(standing.pointer.state), standing.decision
    return {
        **{key: value for key, value in state.items() if key != "token_nonce"},
        "revision": standing.pointer.revision,
        "who": decision.who if decision else None,
        "when": timestamps.to_text(decision.when) if decision else None,
    }


def _missing_facts(standing: SaleStatus) -> dict[str, Any]:
    header, missing = standing.header, standing.missing
    unknown = dict.fromkeys(("state", "revision", "who", "when", "opens_at"))
    return {
        **unknown,
        **{"epoch": 0, "closed": [], "sold": []},
        "starts_at": timestamps.to_text(header.starts_at),
        "ends_at": timestamps.to_text(header.ends_at),
        "note": missing.message if missing else "",
        "hint": missing.hint if missing else "",
    }


def _shown_facts(shown: EdgePointer) -> dict[str, Any]:
    return {
        "revision": shown.revision,
        "age": shown.age_seconds,
        "x_cache": shown.x_cache or None,
        "problem": ": ".join(filter(None, (shown.url, shown.problem))) if shown.problem else None,
    }


def _claim_facts(claim: Claim) -> dict[str, Any]:
    return {"who": claim.who, "when": timestamps.to_text(claim.when), "what": "prune" if claim.is_prune else "push"}


def _record_facts(record: Record) -> dict[str, Any]:
    return {
        "revision": record.revision,
        "verb": record.verb,
        "from": record.before,
        "to": record.state.state,
        "who": record.who,
        "when": timestamps.to_text(record.when),
    }
