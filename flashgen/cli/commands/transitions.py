"""`flashgen pause`, `resume`, `sold-out`, `end`: one transition each, with the same flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.cli.transition.options import TransitionOptions, transition_options
from flashgen.errors import InvalidInput, Refused
from flashgen.hint import command_line

if TYPE_CHECKING:
    from flashgen.cli.transition.outcome import Undo
    from flashgen.unlock.verbs import Verb

_sku_option = click.option("--sku", "skus", multiple=True, metavar="SKU", help="This one only; may be repeated.")

_FEW = 10
"""So many SKUs fit into a hint."""


@command("pause")
@sale_argument
@transition_options
def pause(session: Session, sale: str, asked: TransitionOptions) -> dict[str, Any]:
    """Close the button for a while; buyers on their way finish."""
    from flashgen.cli.transition.outcome import Undo
    from flashgen.unlock import verbs

    undo = Undo(command_line(f"resume {sale}"), verbs.resume())
    return _transition(session, sale, asked, lambda: (verbs.pause(), undo))


@command("resume")
@sale_argument
@transition_options
@_sku_option
def resume(session: Session, sale: str, asked: TransitionOptions, skus: tuple[str, ...]) -> dict[str, Any]:
    """Open again what was paused, or SKUs that were closed."""
    from flashgen.unlock import verbs

    def verb() -> tuple[Verb, None]:
        if not skus:
            return verbs.resume(), None
        every = _all_skus(session, sale)
        return verbs.reopen(_known_skus(skus, every), every), None

    result = _transition(session, sale, asked, verb)
    if result["to"] == "scheduled":
        session.next_step(command_line(f"go-live {sale} --at start"))
    return result


@command("sold-out")
@sale_argument
@transition_options
@_sku_option
def sold_out(session: Session, sale: str, asked: TransitionOptions, skus: tuple[str, ...]) -> dict[str, Any]:
    """Close SKUs, or the whole range."""
    from flashgen.cli.transition.outcome import Undo
    from flashgen.unlock import verbs
    from flashgen.unlock.state import EVERY_SKU

    def verb() -> tuple[Verb, Undo]:
        if not skus:
            return verbs.close(EVERY_SKU), Undo(command_line(f"resume {sale}"), verbs.resume())
        every = _all_skus(session, sale)
        known = _known_skus(skus, every)
        back = " ".join(f"--sku {sku}" for sku in skus)
        return verbs.close(known), Undo(command_line(f"resume {sale} {back}"), verbs.reopen(known, every))

    return _transition(session, sale, asked, verb)


@command("end")
@sale_argument
@transition_options
def end(session: Session, sale: str, asked: TransitionOptions) -> dict[str, Any]:
    """End the sale."""
    from flashgen.unlock import verbs

    return _transition(session, sale, asked, lambda: (verbs.end(), None))


def _transition(
    session: Session, sale: str, asked: TransitionOptions, verb_and_undo: Callable[[], tuple[Verb, Undo | None]]
) -> dict[str, Any]:
    from flashgen.cli.runtime import open_header, pointer_writer
    from flashgen.cli.transition.flow import carry_out, moment_of, restart_after_rotation
    from flashgen.cli.transition.options import VerbRequest

    def begin(asked: TransitionOptions) -> dict[str, Any]:
        header = open_header(session, sale)
        verb, undo = verb_and_undo()
        request = VerbRequest(header, verb, asked, moment_of(asked, header), undo)
        return carry_out(session, pointer_writer(session, header), request)

    return restart_after_rotation(session, asked, begin)


def _all_skus(session: Session, sale: str) -> frozenset[str] | None:
    """The SKUs of the YAML; None if its products have mistakes, which must not stop an operator now."""
    from flashgen.sale.load import load_sale

    try:
        loaded = load_sale(session.project.sale_path(sale), session.project.root)
    except InvalidInput as invalid:
        session.note(f"{invalid}: SKUs cannot be checked, and are taken as they are typed")
        return None
    return frozenset(product.sku for product in loaded.sale.products)


def _known_skus(skus: tuple[str, ...], every: frozenset[str] | None) -> frozenset[str]:
    for sku in skus:
        if every is not None and sku not in every:
            raise Refused(f"no product has the SKU `{sku}`", _meant(sku, every))
    return frozenset(skus)


def _meant(sku: str, every: frozenset[str]) -> str:
    from difflib import get_close_matches

    by_case = {one.casefold(): one for one in every}
    if close := get_close_matches(sku.casefold(), by_case, n=1):
        return f"did you mean `{by_case[close[0]]}`?"
    few = len(every) <= _FEW
    return f"the sale has {', '.join(sorted(every))}" if few else f"the sale has {len(every):,} products"
