"""What runs inside Redis: one script a decision, so that nothing comes in between.

Scripts say with their flags what Redis checks before it runs them, instead of in the middle: memory, disk, the server's
role. (https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags)
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files

_FOLDER = files("flashgen.gate.storage") / "lua"


@dataclass(frozen=True, slots=True)
class Script:
    """Lua, and the name under which a server that has loaded it runs it: SHA-1 in hexadecimal digits."""

    text: str
    sha: str


def _script(name: str, before: str = "", flags: str = "") -> Script:
    """`name`.lua, behind what it shares with others. `flags` are Redis's."""
    parts = [_FOLDER.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (before, name) if part]
    text = "\n".join([f"#!lua flags={flags}" if flags else "#!lua", *parts])
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


ENTER = _script("enter", "slots")
BUY = _script("buy", "slots")
FIND = _script("find", "slots", "no-writes")
LEAVE = _script("leave", "slots", "allow-oom")
CLAIM = _script("claim", "outbox", "allow-oom")
SETTLE = _script("settle", "outbox", "allow-oom")
RETRY = _script("retry", "outbox", "allow-oom")
ELECT = _script("elect", "", "allow-oom")
"""Only the first two make more than there is: in a server whose memory is full, the others go on."""

ALL = (ENTER, BUY, FIND, LEAVE, CLAIM, SETTLE, RETRY, ELECT)

NOT_BEGUN, DONE, FULL, SOLD_OUT = range(4)
"""What scripts answer that neither find an order nor give a lease."""
