"""`flashgen pause`, `resume`, `sold-out`, `end`: one transition each, with the same flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument
from flashgen.cli.session import Session
from flashgen.cli.transition_options import Asked, transition_options
from flashgen.errors import InvalidInput, Refused

if TYPE_CHECKING:
    from flashgen.unlock.verbs import Verb

_sku_option = click.option("--sku", "skus", multiple=True, metavar="SKU", help="This one only; may be repeated.")


@command("pause")
@sale_argument
@transition_options
def pause(session: Session, sale: str, asked: Asked) -> dict[str, Any]:
    """Close the button for a while; buyers on their way finish."""
    from flashgen.unlock import verbs

    return _transition(session, sale, asked, verbs.pause, f"flashgen resume {sale}")


@command("resume")
@sale_argument
@transition_options
@_sku_option
def resume(session: Session, sale: str, asked: Asked, skus: tuple[str, ...]) -> dict[str, Any]:
    """Open again what was paused, or SKUs that were closed."""
    from flashgen.unlock import verbs

    def verb() -> Verb:
        if not skus:
            return verbs.resume()
        every = _all_skus(session, sale)
        return verbs.reopen(_known_skus(skus, every), every or frozenset())

    return _transition(session, sale, asked, verb)


@command("sold-out")
@sale_argument
@transition_options
@_sku_option
def sold_out(session: Session, sale: str, asked: Asked, skus: tuple[str, ...]) -> dict[str, Any]:
    """Close SKUs, or the whole range."""
    from flashgen.unlock import verbs
    from flashgen.unlock.state import EVERY_SKU

    def verb() -> Verb:
        return verbs.close(_known_skus(skus, _all_skus(session, sale)) if skus else EVERY_SKU)

    reopen = " ".join(f"--sku {sku}" for sku in skus)
    return _transition(session, sale, asked, verb, f"flashgen resume {sale} {reopen}".rstrip())


@command("end")
@sale_argument
@transition_options
def end(session: Session, sale: str, asked: Asked) -> dict[str, Any]:
    """End the sale."""
    from flashgen.unlock import verbs

    return _transition(session, sale, asked, verbs.end)


def _transition(session: Session, sale: str, asked: Asked, verb: Callable[[], Verb], undo: str = "") -> dict[str, Any]:
    from flashgen.cli.operating import open_control, open_header
    from flashgen.cli.transitioning import Order, carry_out, moment_of

    header = open_header(session, sale)
    order = Order(header, verb(), asked, moment_of(asked, header), undo)
    return carry_out(session, open_control(session, header), order)


def _all_skus(session: Session, sale: str) -> frozenset[str] | None:
    """The SKUs of the YAML; None if its products have mistakes, which must not stand in the way now."""
    from flashgen.sale.load import load_sale

    try:
        loaded = load_sale(session.project.sale_path(sale), session.project.root)
    except InvalidInput as invalid:
        session.note(f"{invalid}: SKUs cannot be checked, and are taken as they are typed")
        return None
    return frozenset(product.sku for product in loaded.sale.products)


def _known_skus(skus: tuple[str, ...], every: frozenset[str] | None) -> frozenset[str]:
    from difflib import get_close_matches

    if every is None:
        return frozenset(skus)
    for sku in skus:
        if sku not in every:
            close = get_close_matches(sku.casefold(), by_case := {one.casefold(): one for one in every}, n=1)
            hint = f"did you mean `{by_case[close[0]]}`?" if close else f"the sale has {len(every):,} products"
            raise Refused(f"no product has the SKU `{sku}`", hint)
    return frozenset(skus)
