"""What a gate knows of a sale now: its settings, its pages and its pointer, read from the store every second.

A reading is trusted for TRUST_SECONDS. After that nobody knows whether the sale was paused or ended meanwhile, and the
gate admits nobody: it fails closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Generic, TypeVar

from flashgen.errors import FlashgenError, Refused
from flashgen.gate.forms import NAMES, Form
from flashgen.gate.settings import GateSettings
from flashgen.gate.settings import parse as parse_settings
from flashgen.layout import settings_key
from flashgen.store.protocol import Store
from flashgen.unlock.pointer import Forward, Pointer
from flashgen.unlock.pointer import parse as parse_pointer

T = TypeVar("T")

LOOK_SECONDS = 1.0
TRUST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SaleSnapshot:
    """A sale as it was at `taken_at`, in seconds of a clock that runs evenly. `forms` are by their name.

    `opens_at` and `ends_at` are the pointer's, in seconds since the Unix epoch; before its first go-live a sale never
    opens.
    """

    settings: GateSettings
    forms: Mapping[str, Form]
    pointer: Pointer
    taken_at: float
    opens_at: float = field(init=False)
    ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        state = self.pointer.state
        object.__setattr__(self, "opens_at", state.opens_at.timestamp() if state.opens_at else float("inf"))
        object.__setattr__(self, "ends_at", state.ends_at.timestamp())

    def is_fresh(self, even: float) -> bool:
        """Whether it can be trusted at `even`."""
        return even - self.taken_at <= TRUST_SECONDS


class Parsed(Generic[T]):
    """An object of a store, parsed again only when it changed."""

    def __init__(self, parse: Callable[[bytes, str], T]) -> None:
        self._parse = parse
        self._seen: tuple[str, str, T] | None = None

    def read(self, store: Store, key: str) -> T:
        """What lies at `key` now. Raises StoreError, and Refused when it is missing or damaged."""
        stored = store.get(key)
        if stored is None:
            raise Refused(f"{key} is not in {store.url}", "flashgen push puts it there")
        if self._seen is None or self._seen[:2] != (key, stored.etag):
            self._seen = (key, stored.etag, self._parse(stored.body, key))
        return self._seen[2]


class SaleReader:
    """Reads one sale in a thread of its own. `even` is a clock that runs evenly.

    `log` hears of trouble when it begins or becomes another, and None when it is over. `check` raises Refused for
    settings that this gate must not follow.
    """

    def __init__(
        self,
        store: Store,
        sale: str,
        even: Callable[[], float],
        log: Callable[[FlashgenError | None], None],
        check: Callable[[GateSettings], object] = lambda _: None,
    ) -> None:
        self.reading: SaleSnapshot | None = None
        self._store = store
        self._sale = sale
        self._even = even
        self._log = log
        self._check = check
        self._trouble = ""
        self._settings = Parsed(parse_settings)
        self._pointer = Parsed(parse_pointer)
        self._forms: Mapping[str, Form] = {}
        self._form_keys: Mapping[str, str] = {}
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"reader {sale}", daemon=True)

    def start(self) -> None:
        """Begin to read, every LOOK_SECONDS."""
        self._thread.start()

    def stop(self, limit_seconds: float) -> None:
        """End after what is under way; give up after `limit_seconds`."""
        self._stopping.set()
        self._thread.join(limit_seconds)

    def read(self) -> None:
        """Look once, for a new `reading`.

        Raises StoreError, and Refused for what is missing, damaged, another sale's, rotated away, older than it was,
        or not to be followed.
        """
        taken_at = self._even()
        key = settings_key(self._sale)
        settings = self._settings.read(self._store, key)
        if settings.sale != self._sale:
            raise Refused(f"{key} in the store is of {settings.sale}", f"flashgen push --refresh {self._sale}")
        self._check(settings)
        forms = self._read_forms(settings.forms)
        pointer = self._pointer.read(self._store, settings.pointer)
        if isinstance(pointer, Forward):
            raise Refused(f"{settings.pointer} leads on to {pointer.target}", f"flashgen push {self._sale}")
        self._check_order(settings, pointer)
        self.reading = SaleSnapshot(settings, forms, pointer, taken_at)

    def look(self) -> None:
        """Look once, and tell `log` of trouble instead of raising it."""
        try:
            self.read()
        except FlashgenError as error:
            self._tell(error)
        except Exception as error:  # noqa: BLE001 -- a thread that died of a surprise would never read again
            self._tell(Refused(f"{self._sale} cannot be read ({type(error).__name__})"))
        else:
            self._tell(None)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self.look()

    def _read_forms(self, keys: Mapping[str, str]) -> Mapping[str, Form]:
        """Pages have immutable names, so that none is read twice."""
        if keys != self._form_keys:
            missing = [name for name in NAMES if name not in keys]
            if missing:
                raise Refused(f"{settings_key(self._sale)} names no page `{missing[0]}`", "push it with this flashgen")
            self._forms = {name: Parsed(_form).read(self._store, key) for name, key in keys.items()}
            self._form_keys = keys
        return self._forms

    def _check_order(self, settings: GateSettings, pointer: Pointer) -> None:
        """A store may answer with an older pointer than it did before; a rotated one counts anew."""
        last = self.reading
        if last and last.settings.pointer == settings.pointer and pointer.revision < last.pointer.revision:
            raise Refused(
                f"{settings.pointer} went from revision {last.pointer.revision} back to {pointer.revision}",
                "if the store was restored on purpose, start the gate again",
            )

    def _tell(self, error: FlashgenError | None) -> None:
        trouble = error.message if error else ""
        if trouble != self._trouble:
            self._trouble = trouble
            self._log(error)


def _form(body: bytes, key: str) -> Form:
    try:
        return Form.parse(body.decode())
    except UnicodeDecodeError as error:
        raise Refused(f"{key} in the store is not what a build wrote", "flashgen push --refresh") from error
