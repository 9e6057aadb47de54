"""Pages of the gate: rendered by the theme at build, with marks where one buyer's page differs from another's.

So that no template engine runs in the gate, and one page serves any number of products.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

FORM = "form"
FORM_PICTURED = "form-pictured"
ORDER = "order"
ORDER_PICTURED = "order-pictured"
EARLY = "early"
NOBODY = "nobody"
UNAVAILABLE = "unavailable"
NAMES = (FORM, FORM_PICTURED, ORDER, ORDER_PICTURED, EARLY, NOBODY, UNAVAILABLE)
"""The buy form and the order that was placed, each without and with a picture. And notices: the sale has not opened
yet, the buyer cannot be told from others, the gate cannot answer now."""

EXPIRED = "pass-expired"
WITHDRAWN = "pass-withdrawn"
OTHER_SALE = "pass-other-sale"
UNREADABLE = "pass-unreadable"
REFUSALS = (EXPIRED, WITHDRAWN, OTHER_SALE, UNREADABLE)
"""Why a pass is not accepted. Only sales whose buyers have passes have these notices."""

LIMIT = "limit"
"""The buyer has as many units as one may have. Only sales with such a limit have this notice."""

CONTACT_FIELDS = ("email", "name", "address", "phone")
"""What a form may ask a guest for."""

FIELDS = (
    *("site", "name", "name_lang", "name_dir", "price", "image", "page", "lease", "remaining", "order_id"),
    *(f"{what}_{field}" for field in CONTACT_FIELDS for what in ("value", "fault")),
)
"""What a mark may stand for. `site` is the URL of the sale's folder, ending in `/`, against which all links resolve;
`name_lang` and `name_dir` are in pages of a language that may lack a name, which is shown in the sale's first one;
`remaining` is how long the buyer's place is kept, as `m:ss`. `value_email` is what a guest typed there, and
`fault_email` is `true` where that cannot be used, else empty."""

LANGUAGE_FIELD = "lang"
"""The field of an order URL that says in which language the page is, in a sale of several."""

SEEN_FIELD = "seen"
"""The field by which a form's picture says that the form was shown, with the value of its `lease`."""

AGAIN_PATH = "/again"
"""The path at a gate where a browser without JavaScript asks again for what it asked last."""

_MARK = re.compile("\ue000([a-z_]+)\ue001")


def mark(field: str) -> str:
    """What stands in a rendered page for a field: two characters of Unicode's private use, which no text of a sale has,
    around its name. Raises ValueError for an unknown field."""
    if field not in FIELDS:
        raise ValueError(f"no field `{field}`")
    return f"\ue000{field}\ue001"


@dataclass(frozen=True, slots=True)
class Form:
    """A page in pieces: `fixed` bytes, and between each two of them a field of `fields`."""

    fixed: tuple[bytes, ...]
    fields: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Form:
        """A page as the theme rendered it."""
        parts = _MARK.split(text)
        return cls(tuple(part.encode() for part in parts[::2]), tuple(parts[1::2]))

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The page for one buyer. Values are escaped, for text and quoted attributes alike."""
        filled = [escape(values[field]).encode() for field in self.fields]
        pieces = [piece for pair in zip(self.fixed, [*filled, b""], strict=True) for piece in pair]
        return b"".join(pieces)
