"""What a gate knows of a sale now: its settings, its pages and its pointer, read from the store every second.

A reading is trusted for TRUST_SECONDS. After that the sale may have been paused or ended, and the gate admits nobody:
it fails closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flashgen.errors import FlashgenError, Refused
from flashgen.gate.background import BackgroundThread
from flashgen.gate.clocks import Clocks
from flashgen.gate.forms import NAMES, Form
from flashgen.gate.settings import VOUCHED, GateSettings
from flashgen.gate.settings import parse as parse_settings
from flashgen.hint import Hint, command_line
from flashgen.layout import passes_key, settings_key
from flashgen.passes import NOTHING, Withdrawn, parse_withdrawn
from flashgen.store.protocol import Store
from flashgen.unlock.pointer import Forward, Pointer
from flashgen.unlock.pointer import parse as parse_pointer

T = TypeVar("T")

POLL_SECONDS = 1.0
TRUST_SECONDS = 10.0

READERS = 8
"""How many of a push's new pages are read at the same time: a sale in 50 languages has 300 of them."""


@dataclass(frozen=True, slots=True)
class SaleSnapshot:
    """A sale as it was at `taken_at`, in seconds of a monotonic clock: that is when its pointer was asked for.

    `forms` are by their name; `forms_by_language` are those of each language of a sale with several.

    `opens_at` and `ends_at` are the pointer's, in seconds since the Unix epoch; before its first go-live a sale never
    opens.
    """

    settings: GateSettings
    forms: Mapping[str, Form]
    pointer: Pointer
    taken_at: float
    forms_by_language: Mapping[str, Mapping[str, Form]] = field(default_factory=dict)
    withdrawn: Withdrawn = NOTHING
    opens_at: float = field(init=False)
    ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        state = self.pointer.state
        object.__setattr__(self, "opens_at", state.opens_at.timestamp() if state.opens_at else float("inf"))
        object.__setattr__(self, "ends_at", state.ends_at.timestamp())

    def is_fresh(self, monotonic: float) -> bool:
        """Whether it can be trusted at `monotonic` seconds."""
        return monotonic - self.taken_at <= TRUST_SECONDS


class Parsed(Generic[T]):
    """An object of a store, parsed again only when it changed. `answered_at` is that of its `Stored` when last read."""

    def __init__(self, parse: Callable[[bytes, str], T]) -> None:
        self._parse = parse
        self.answered_at: float | None = None
        self._seen: tuple[str, str, T] | None = None

    def read(self, store: Store, key: str) -> T:
        """What lies at `key` now. Raises StoreError, and Refused when it is missing or damaged."""
        found = self.find(store, key)
        if found is None:
            raise Refused(f"{key} is not in {store.url}", Hint(command_line("push"), " puts it there"))
        return found

    def find(self, store: Store, key: str) -> T | None:
        """The same, or None when it is missing."""
        stored = store.get(key)
        if stored is None:
            return None
        self.answered_at = stored.answered_at
        if self._seen is None or self._seen[:2] != (key, stored.etag):
            self._seen = (key, stored.etag, self._parse(stored.body, key))
        return self._seen[2]


class SaleReader:
    """Reads one sale in a thread of its own. `monotonic` is a monotonic clock in seconds.

    `log` gets an error when trouble begins or changes, and None when it is over. `check` raises Refused for settings
    that this gate must not follow. `clocks` hear what time it is in the store.
    """

    def __init__(
        self,
        store: Store,
        sale: str,
        monotonic: Callable[[], float],
        log: Callable[[FlashgenError | None], None],
        check: Callable[[GateSettings], object] = lambda _: None,
        clocks: Clocks | None = None,
    ) -> None:
        self.reading: SaleSnapshot | None = None
        self._store = store
        self._sale = sale
        self._monotonic = monotonic
        self._log = log
        self._check = check
        self._clocks = clocks
        self._trouble = ""
        self._settings = Parsed(parse_settings)
        self._pointer = Parsed(parse_pointer)
        self._withdrawn = Parsed(parse_withdrawn)
        self._forms: dict[str, Form] = {}
        self._thread = BackgroundThread(f"reader {sale}", self._run)

    def start(self) -> None:
        """Begin to read, every POLL_SECONDS."""
        self._thread.start()

    def stop(self, limit_seconds: float) -> None:
        """End after what is under way; give up after `limit_seconds`."""
        self._thread.request_stop()
        self._thread.join(limit_seconds)

    def read(self) -> None:
        """Read once, for a new `reading`.

        Raises StoreError, and Refused for what is missing, damaged, another sale's, rotated away, older than it was,
        or not to be followed.
        """
        key = settings_key(self._sale)
        settings = self._settings.read(self._store, key)
        if settings.sale != self._sale:
            raise Refused(f"{key} in the store is of {settings.sale}", command_line(f"push --refresh {self._sale}"))
        self._check(settings)
        self._read_forms(settings)
        withdrawn = self._withdrawn.find(self._store, passes_key(self._sale)) if settings.buyer == VOUCHED else None
        taken_at = self._monotonic()
        pointer = self._read_pointer(settings)
        if isinstance(pointer, Forward):
            raise Refused(f"{settings.pointer} leads on to {pointer.target}", command_line(f"push {self._sale}"))
        self._check_order(settings, pointer)
        by_language = {tag: self._named(language.forms) for tag, language in settings.languages.items()}
        forms = self._named(settings.forms)
        self.reading = SaleSnapshot(settings, forms, pointer, taken_at, by_language, withdrawn or NOTHING)

    def poll(self) -> None:
        """Read once, and report trouble to `log` instead of raising it."""
        try:
            self.read()
        except FlashgenError as error:
            self._report(error)
        except Exception as error:  # noqa: BLE001 -- a thread that died of a surprise would never read again
            self._report(Refused(f"{self._sale} cannot be read ({type(error).__name__})"))
        else:
            self._report(None)

    def _run(self) -> None:
        while not self._thread.pause(POLL_SECONDS):
            self.poll()

    def _read_forms(self, settings: GateSettings) -> None:
        """Read the pages that are new, several at a time. Their keys name their content, so that none is read twice;
        what was read before a failure is kept for the next try."""
        by_name = [settings.forms, *(language.forms for language in settings.languages.values())]
        missing = [name for name in NAMES for keys in by_name if name not in keys]
        if missing:
            raise Refused(f"{settings_key(self._sale)} names no page `{missing[0]}`", "push it with this flashgen")
        wanted = {key for keys in by_name for key in keys.values()}
        self._forms = {key: form for key, form in self._forms.items() if key in wanted}
        if new := sorted(wanted - self._forms.keys()):
            with ThreadPoolExecutor(READERS, f"pages {self._sale}") as readers:
                list(readers.map(self._read_form, new))

    def _read_pointer(self, settings: GateSettings) -> Pointer | Forward:
        sent = self._clocks.now() if self._clocks else 0.0
        pointer = self._pointer.read(self._store, settings.pointer)
        if self._clocks and self._pointer.answered_at is not None:
            self._clocks.note_store(sent, self._pointer.answered_at)
        return pointer

    def _read_form(self, key: str) -> None:
        self._forms[key] = Parsed(_form).read(self._store, key)

    def _named(self, keys: Mapping[str, str]) -> Mapping[str, Form]:
        return {name: self._forms[key] for name, key in keys.items()}

    def _check_order(self, settings: GateSettings, pointer: Pointer) -> None:
        """A store may answer with an older pointer than it did before; a rotated one starts over."""
        last = self.reading
        if last and last.settings.pointer == settings.pointer and pointer.revision < last.pointer.revision:
            raise Refused(
                f"{settings.pointer} went from revision {last.pointer.revision} back to {pointer.revision}",
                "if the store was restored on purpose, start the gate again",
            )

    def _report(self, error: FlashgenError | None) -> None:
        trouble = error.message if error else ""
        if trouble != self._trouble:
            self._trouble = trouble
            self._log(error)


def _form(body: bytes, key: str) -> Form:
    try:
        return Form.parse(body.decode())
    except UnicodeDecodeError as error:
        raise Refused(f"{key} in the store is not what a build wrote", command_line("push --refresh")) from error
