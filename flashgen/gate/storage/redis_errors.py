"""What a Redis server says when something is wrong, or the way to it, in our words: no password, no address."""

from __future__ import annotations

from redis import exceptions

_NOT_OURS = ("keys `flashgen:…` in it are not a gate's", "name a database of its own, such as `redis://HOST:PORT/1`")
_CUT_OFF = ("it is a replica that has lost its primary", "name the primary")

_BY_CLASS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((exceptions.TimeoutError,), "no answer in time", "see whether it is up, and near enough"),
    ((exceptions.BusyLoadingError,), "it is still reading its data", "it answers when it has"),
    (
        (exceptions.AuthenticationError, exceptions.AuthenticationWrongNumberOfArgsError),
        "it refuses the password",
        "give its password in `--storage`: `redis://:PASSWORD@HOST:PORT/DB`",
    ),
    (
        (exceptions.NoPermissionError,),
        "this user may not do what the gate needs",
        "`ACL SETUSER` with ~flashgen:* +@read +@write +@scripting +@connection +info +config|get",
    ),
    ((UnicodeDecodeError,), *_NOT_OURS),
    ((exceptions.ReadOnlyError,), "it is a replica, which cannot be written", "name its primary"),
    ((exceptions.OutOfMemoryError,), "its memory is full", "raise its `maxmemory`; orders go on by themselves"),
    ((exceptions.MasterDownError,), *_CUT_OFF),
    (
        (
            exceptions.AskError,
            exceptions.ClusterDownError,
            exceptions.TryAgainError,
            exceptions.ClusterCrossSlotError,
        ),
        "it is part of a cluster",
        "name a server that stands by itself",
    ),
)
_BY_CODE = {
    "WRONGTYPE": _NOT_OURS,
    "DAMAGED": ("orders in it are missing, or there twice", "see what else writes into it"),
    "MASTERDOWN": _CUT_OFF,
    "MISCONF": ("it cannot write to its disk", "see its log; orders go on by themselves"),
    "NOREPLICAS": ("it has too few replicas", "see its `min-replicas-to-write`"),
    "BUSY": ("it is busy with somebody's script", "see what else uses it"),
}
"""https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors: an error begins with its code."""


def explained(error: Exception) -> tuple[str, str]:
    """What was met, and a hint."""
    for classes, said, hint in _BY_CLASS:
        if isinstance(error, classes):
            return said, hint
    if isinstance(error, exceptions.ResponseError):
        text = str(error).partition(" script: ")[0].partition("\n")[0]
        return _BY_CODE.get(text.partition(" ")[0], (f"it answered with an error ({text})", ""))
    return f"no connection ({_reason(error)})", "see whether it is up, and whether this machine may connect to it"


def _reason(error: BaseException) -> str:
    at: BaseException | None = error
    while at:
        if isinstance(at, OSError) and at.strerror:
            return at.strerror.lower()
        at = at.__cause__ or at.__context__
    return "it hung up"
