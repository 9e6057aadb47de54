"""What it takes to change a sale's pointer: its file, an actor, and the order URL of a live state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flashgen.errors import Refused
from flashgen.store import Headers
from flashgen.store.conditional_write import put_settled
from flashgen.unlock import journal
from flashgen.unlock.pointer import Forward, OrderUrl, Pointer, render
from flashgen.unlock.pointer_file import PointerFile
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.token import TokenSigner, claims_of


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for the journal, and by which clock.

    `now` returns an aware datetime, `new_nonce` a fresh random name, `sleep` waits for some seconds.
    """

    who: str
    now: Callable[[], datetime]
    new_nonce: Callable[[], str]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class OrderUrls:
    """Makes the order URL of a live state. `origins` are the order servers.

    `signer` returns what signs tokens, and raises Refused when there is none. Without it, as in the gate, a token can
    only be copied from the pointer before.
    """

    origins: tuple[str, ...] = ()
    signer: Callable[[], TokenSigner] | None = None

    def url(self, sale: str, before: Pointer, wanted: SaleState) -> OrderUrl | None:
        """The order URL of `wanted`, None unless it is live. Raises Refused if it needs a token that cannot be signed.

        The token of `before` is kept as long as it says the same.
        """
        if wanted.state is not State.LIVE:
            return None
        if before.order and not self._needs_token(sale, before, wanted):
            # Pages refuse servers that are not baked into them: older pages know the old ones, newer pages the new.
            return OrderUrl(before.order.path, tuple(dict.fromkeys((*before.order.origins, *self.origins))))
        try:
            return OrderUrl(f"/o/{self._signer().sign(claims_of(sale, wanted))}", self.origins)
        except Refused as refused:
            raise _about_times(before, refused) from refused

    def check(self, sale: str, before: Pointer, wanted: SaleState) -> None:
        """Raises Refused as `url` would, without signing anything."""
        if wanted.state is State.LIVE and self._needs_token(sale, before, wanted):
            try:
                self._signer()
            except Refused as refused:
                raise _about_times(before, refused) from refused

    def _needs_token(self, sale: str, before: Pointer, wanted: SaleState) -> bool:
        return before.order is None or claims_of(sale, before.state) != claims_of(sale, wanted)

    def _signer(self) -> TokenSigner:
        if self.signer is None:
            raise Refused(
                "the order token has to be signed again, and this command has no secret",
                "configure `secret` in flashgen.yaml, or pause the sale first",
            )
        return self.signer()


def _about_times(before: Pointer, refused: Refused) -> Refused:
    """A live sale's token can only become void by new times: say so."""
    if before.order is None:
        return refused
    return Refused(f"a live sale's new times need a new order token: {refused.message}", refused.hint)


@dataclass(frozen=True, slots=True)
class PointerWriter:
    """What it takes to change the pointer in `file`; `headers` are those that it is put with."""

    file: PointerFile
    actor: Actor
    headers: Headers
    orders: OrderUrls = field(default_factory=OrderUrls)

    def order_url(self, before: Pointer, wanted: SaleState) -> OrderUrl | None:
        """See `OrderUrls.url`."""
        return self.orders.url(self.file.sale, before, wanted)

    def record(self, verb: str, base: Pointer | None, after: Pointer) -> None:
        """Journal that `after` is about to be put in place of `base`."""
        record = journal.Record(
            nonce=after.nonce,
            parent=base.nonce if base else None,
            revision=after.revision,
            verb=verb,
            who=self.actor.who,
            when=self.actor.now(),
            before=base.state.state if base else None,
            state=after.state,
        )
        journal.write(self.file.store, self.file.sale, record)

    def put(self, pointer: Pointer | Forward, *, if_match: str | None, key: str = "") -> None:
        """Put it in place of the object with this etag, or where there is none. `key` is another pointer's.

        Raises Conflict when something else is there, NoAnswer when nobody knows.
        """
        put_settled(
            self.file.store,
            key or self.file.key,
            render(pointer),
            self.headers,
            if_match=if_match,
            sleep=self.actor.sleep,
        )
