"""Is the secret, or a token, where it must not be: the project's files, the build, the store, public and private.

Messages name the place, never what was found there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flashgen.doctor.context import DoctorContext
from flashgen.doctor.spellings import secret_in, spellings, tokens_in
from flashgen.errors import Refused
from flashgen.finding import Finding, Level
from flashgen.layout import private_folder
from flashgen.store import Entry, Store
from flashgen.unlock.pointer import Pointer, parse
from flashgen.unlock.state import State
from flashgen.unlock.token import TokenSigner

BODY_BYTES_MAX = 16 * 2**20
OBJECTS_MAX = 5_000
THREADS = 16
PLACES_SHOWN = 3

_ROTATE = "put a new key before the leaked one, take that away, and delete what holds it, with its old versions"
_VOID = "delete it, with its old versions; rolling back and going live anew makes another token"
_POINTER = re.compile(r"/unlock\.[a-z0-9]+\.js\Z")
_RULES = {".flashgen", ".flashgen/", "/.flashgen", "/.flashgen/", ".flashgen/*", ".flashgen/**", "/.flashgen/*"}


@dataclass(frozen=True, slots=True)
class Leak:
    """What was found, in words that hold nothing of it, and the fix."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `now` is in seconds since the epoch: a token that has expired is worth nothing."""

    keys: tuple[Mapping[bytes, str], ...]
    signer: TokenSigner
    now: float

    @classmethod
    def of(cls, subject: DoctorContext) -> Search:
        """For the keys of a subject."""
        return cls(tuple(spellings(key) for key in subject.keys), TokenSigner(subject.keys), subject.clock())

    def __call__(self, body: bytes, *, may_hold_token: bool = False) -> Leak | None:
        """The worst of what is in `body`."""
        if how := secret_in(body, self.keys):
            return Leak(f"the secret, {how}", _ROTATE)
        if not may_hold_token and any(self.now < one.expires for one in tokens_in(body, self.signer)):
            return Leak("an order token", _VOID)
        return None


def check_files(subject: DoctorContext) -> Iterator[Finding]:
    """What is committed, or lies about where it could be: settings, sales, saved plans, and the rule for git."""
    search, own = Search.of(subject), _own_file(subject)
    patterns = ("flashgen.yaml", "sale_configs/*.yaml", "*.plan", "*.json")
    paths = sorted(path for pattern in patterns for path in subject.root.glob(pattern) if path != own)
    found = [(path.relative_to(subject.root).as_posix(), search(_read(path))) for path in paths]
    yield from _report("files", found, f"{len(paths)} files of the project")
    yield from _ignored(subject.root)


def check_build(subject: DoctorContext) -> Iterator[Finding]:
    """Everything that pushes would publish."""
    search, folder = Search.of(subject), subject.build_folder
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [(f"{folder.name}/{path.relative_to(folder).as_posix()}", search(_read(path))) for path in paths]
    yield from _report("build", found, f"{len(paths):,} files")


def check_store(subject: DoctorContext) -> Iterator[Finding]:
    """Every object of the sales, private ones too, as it is there. Many at a time; a great many are not all read."""
    search = Search.of(subject)
    entries = [entry for sale in subject.sale_paths for entry in _entries(subject.store, sale.stem)]
    chosen = [entry for entry in entries if entry.body_bytes <= BODY_BYTES_MAX][:OBJECTS_MAX]
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(lambda entry: (entry.key, _look(search, subject.store, entry)), chosen))
    left = len(entries) - len(chosen)
    yield from _report("store", found, f"{len(chosen):,} objects" + (f" ({left:,} more not read)" if left else ""))


def _entries(store: Store, sale: str) -> Iterator[Entry]:
    """Private ones first: there are few, and they are the likeliest."""
    yield from store.list(private_folder(sale))
    yield from store.list(f"{sale}/")


def _look(search: Search, store: Store, entry: Entry) -> Leak | None:
    stored = store.get(entry.key)
    return search(stored.body, may_hold_token=_is_live(entry.key, stored.body)) if stored else None


def _is_live(key: str, body: bytes) -> bool:
    """Whether it is a pointer that gives a token to everybody, as it should."""
    if not _POINTER.search(key):
        return False
    try:
        pointer = parse(body, key)
    except Refused:
        return False
    return isinstance(pointer, Pointer) and pointer.state.state is State.LIVE


def _report(name: str, found: Sequence[tuple[str, Leak | None]], what: str) -> Iterator[Finding]:
    leaks = [(place, leak) for place, leak in found if leak]
    for place, leak in leaks[:PLACES_SHOWN]:
        yield Finding(Level.FAIL, name, f"{place} holds {leak.what}", leak.hint)
    if more := leaks[PLACES_SHOWN:]:
        yield Finding(Level.FAIL, name, f"and {len(more):,} more places hold such", more[0][1].hint)
    if not leaks:
        yield Finding(Level.PASS, name, f"no secret and no token in {what}")


def _ignored(root: Path) -> Iterator[Finding]:
    """`.flashgen/` holds the local secret, and a live pointer of the local store. Any .gitignore up to git's root."""
    if any(_RULES & set(_read(folder / ".gitignore").decode(errors="replace").split()) for folder in _in_git(root)):
        yield Finding(Level.PASS, "git", "ignores .flashgen/")
    else:
        message = ".gitignore does not cover .flashgen/, where the local secret is kept"
        yield Finding(Level.FAIL, "git", message, "echo .flashgen/ >> .gitignore")


def _in_git(root: Path) -> Iterator[Path]:
    """The folder, and those above it up to the top of its work tree."""
    for folder in (root, *root.parents):
        yield folder
        if (folder / ".git").exists():
            return


def _own_file(subject: DoctorContext) -> Path | None:
    """Where a secret kept in a file may stand."""
    scheme, _, name = subject.secret_source.partition(":")
    return subject.root / name if scheme == "file" else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(BODY_BYTES_MAX)
    except OSError:
        return b""
