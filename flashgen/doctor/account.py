"""The credentials: are there any, whose are they, will they last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from flashgen import timestamps
from flashgen.doctor.subject import Subject
from flashgen.finding import Finding, Level
from flashgen.store.identity import Identity

CHECK = "credentials"
SOON = timedelta(hours=1)


def check(subject: Subject) -> Iterator[Finding]:
    """Whose they are. They should outlive the hour, and the start of every sale of the coming day."""
    assert subject.identity  # noqa: S101  the check is made only then
    identity = subject.identity()
    yield Finding(Level.PASS, CHECK, _who(identity))
    needed = _needed_until(subject)
    if identity.expires_at and identity.expires_at < needed:
        yield Finding(
            Level.WARN,
            CHECK,
            f"they expire at {timestamps.to_text(identity.expires_at)}, and are needed until "
            f"{timestamps.to_text(needed)} at least",
            "get new ones before the sale, with `aws sso login` for instance",
        )


def _who(identity: Identity) -> str:
    who = f"{identity.arn}, account {identity.account}" if identity.arn else "found"
    return f"{who} (from {identity.source})"


def _needed_until(subject: Subject) -> datetime:
    now = subject.now
    starts = (header.starts_at for header in subject.headers if now < header.starts_at < now + timedelta(days=1))
    return max((now + SOON, *starts))
