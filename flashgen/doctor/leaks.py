"""Is the secret, or a token, where it must not be: the project's files, the build, the store's objects.

Messages name the place, never what was found there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flashgen.doctor.context import DoctorContext
from flashgen.errors import Refused
from flashgen.finding import Finding, Level
from flashgen.layout import private_folder
from flashgen.store import Entry
from flashgen.unlock.pointer import Pointer, parse
from flashgen.unlock.state import State
from flashgen.unlock.token import BadToken, Claims, TokenSigner

BODY_BYTES_MAX = 16 * 2**20
OBJECTS_MAX = 5_000
THREADS = 16
PLACES_SHOWN = 3

_ROTATE = "put a new key before the leaked one, take that away, and delete what holds it, with its old versions"
_VOID = "delete it, with its old versions; rolling back and going live again makes another token"
_POINTER = re.compile(r"/unlock\.[a-z0-9]+\.js\Z")
_RULES = {".flashgen", ".flashgen/", "/.flashgen", "/.flashgen/", ".flashgen/*", ".flashgen/**", "/.flashgen/*"}


@dataclass(frozen=True, slots=True)
class Leak:
    """What was found, in words that quote nothing of it, and the fix."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Search:
    """Finds secrets and tokens in a body. `now` is in seconds since the epoch: an expired token is no leak."""

    keys: tuple[Mapping[bytes, str], ...]
    signer: TokenSigner
    now: float

    @classmethod
    def of(cls, context: DoctorContext) -> Search:
        """For the keys of a context."""
        return cls(tuple(spellings(key) for key in context.keys), TokenSigner(context.keys), context.clock())

    def __call__(self, body: bytes, *, may_hold_token: bool = False) -> Leak | None:
        """The worst of what is in `body`."""
        if how := secret_in(body, self.keys):
            return Leak(f"the secret, {how}", _ROTATE)
        if not may_hold_token and any(self.now < one.expires for one in tokens_in(body, self.signer)):
            return Leak("an order token", _VOID)
        return None


def check_files(context: DoctorContext) -> Iterator[Finding]:
    """What is committed, or could be by accident: settings, sales, saved plans; and the rule for git."""
    scheme, _, name = context.secret_source.partition(":")
    search, own = Search.of(context), context.root / name if scheme == "file" else None  # a secret may be kept there
    patterns = ("flashgen.y*ml", "sale_configs/*.y*ml", "*.plan", "*.json")
    paths = sorted(path for pattern in patterns for path in context.root.glob(pattern) if path != own)
    found = [(path.relative_to(context.root).as_posix(), search(_read(path))) for path in paths]
    yield from _report("files", found, f"{len(paths)} files of the project")
    yield from _ignored(context.root)


def check_build(context: DoctorContext) -> Iterator[Finding]:
    """Everything that pushes would publish."""
    search, folder = Search.of(context), context.build_folder
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [(f"{folder.name}/{path.relative_to(folder).as_posix()}", search(_read(path))) for path in paths]
    yield from _report("build", found, f"{len(paths):,} files")


def check_store(context: DoctorContext) -> Iterator[Finding]:
    """Every object of the sales, private ones too, many at a time; `OBJECTS_MAX` at the most."""
    search, store = Search.of(context), context.store
    # Private ones first: there are few, and they are the likeliest to hold a secret.
    starts = (start for sale in context.sale_paths for start in (private_folder(sale.stem), f"{sale.stem}/"))
    entries = [entry for start in starts for entry in store.list(start)]
    chosen = [entry for entry in entries if entry.body_bytes <= BODY_BYTES_MAX][:OBJECTS_MAX]

    def search_object(entry: Entry) -> tuple[str, Leak | None]:
        stored = store.get(entry.key)
        leak = search(stored.body, may_hold_token=_is_live(entry.key, stored.body)) if stored else None
        return entry.key, leak

    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(search_object, chosen))
    left = len(entries) - len(chosen)
    yield from _report("store", found, f"{len(chosen):,} objects" + (f" ({left:,} more not read)" if left else ""))


def _is_live(key: str, body: bytes) -> bool:
    """Whether it is a live pointer, which gives everybody the token."""
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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(BODY_BYTES_MAX)
    except OSError:
        return b""


_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIGNATURE = re.compile(rb"\.[\w-]{43}(?![\w-])")
"""The end of a token: 32 bytes in base64url. Searching from there, and back, takes linear time in any text."""

_PAYLOAD_BYTES_MAX = 1024

_URL_SAFE, _STANDARD = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")

_BYTES_MIN = 16
"""What decodes to less is not searched for: it would be found by coincidence."""


def spellings(key: bytes) -> Mapping[bytes, str]:
    """Text to search for → how it spells the key. A key that is hex or base64 itself is searched for decoded too."""
    found: dict[bytes, str] = {}
    for meant in (key, *_decoded(key)):
        spelled = {meant: "as it is", meant.hex().encode(): "in hex", meant.hex().upper().encode(): "in hex"}
        for piece in _in_base64(meant):
            spelled |= dict.fromkeys((piece, piece.translate(_URL_SAFE)), "in base64")
        found = spelled | found
    return found


def secret_in(body: bytes, keys: Sequence[Mapping[bytes, str]]) -> str:
    """How the first key in `body` is spelled; empty if there is none. `keys` are the spellings of each."""
    return next((how for key in keys for text, how in key.items() if text in body), "")


def tokens_in(body: bytes, signer: TokenSigner) -> Iterator[Claims]:
    """The claims of the order tokens in `body` that one of our keys signed."""
    for signature in _SIGNATURE.finditer(body):
        before = body[max(0, signature.start() - _PAYLOAD_BYTES_MAX) : signature.start()]
        payload = before[len(before.rstrip(_ALPHABET)) :]
        try:
            yield signer.read((payload + signature.group()).decode("ascii"))
        except BadToken:
            continue


def _decoded(key: bytes) -> Iterator[bytes]:
    with suppress(ValueError):
        yield from _long(bytes.fromhex(key.decode("ascii")))
    with suppress(binascii.Error):
        standard = key.translate(_STANDARD)
        yield from _long(base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True))


def _long(found: bytes) -> Iterator[bytes]:
    if len(found) >= _BYTES_MIN:
        yield found


def _in_base64(meant: bytes) -> Iterator[bytes]:
    """Its base64 inside that of a longer text, where it may begin at any of three places of a group of bytes.

    What the neighbours have a part in is cut off: a character for each begun group, at both ends.
    """
    for skipped in range(3):
        encoded = base64.b64encode(bytes(skipped) + meant).rstrip(b"=")
        first = (0, 2, 3)[skipped]
        last = len(encoded) - (1 if (skipped + len(meant)) % 3 else 0)
        yield encoded[first:last]
