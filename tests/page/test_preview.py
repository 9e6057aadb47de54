"""A built site as a store for previews: its pages, and a pointer in any state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.projects import write_sale

from flashgen.errors import Refused
from flashgen.page.build import build_sale
from flashgen.page.headers import page_headers
from flashgen.page.preview import ONE_SOLD_OUT, SOLD_OUT, STATES, PreviewStore, pointer_in
from flashgen.page.site import Role, Site
from flashgen.unlock.pointer import OrderUrl, Pointer, parse
from flashgen.unlock.state import EVERY_SKU, State

FOOTER = '<script src="/reload.js"></script>'
ORDER = OrderUrl("/o/preview", ("https://order.example.com",))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Three products, in the plain theme."""
    root = tmp_path_factory.mktemp("preview")
    return build_sale(write_sale(root, theme="plain"), root, root / "build", 1).site


@pytest.fixture
def store(site: Site) -> PreviewStore:
    """With the pointer of the build."""
    return PreviewStore([site], lambda site: None, FOOTER)


def test_every_file_is_served_as_it_was_built(site: Site, store: PreviewStore) -> None:
    """With its headers; pages, and only they, end with the footer."""
    for file in site.files:
        stored = store.get(file.key)
        assert stored is not None
        body = site.body(file)
        expected = body.replace(b"</body>", FOOTER.encode() + b"</body>") if file.role is Role.PAGE else body
        assert (expected, file.headers) == (stored.body, stored.headers)
        assert (expected != body) == file.key.endswith("index.html")


def test_the_root_is_that_of_a_push(store: PreviewStore) -> None:
    """One sale: it leads there."""
    index = store.get("index.html")
    assert index is not None
    assert b'content="0; url=night/"' in index.body
    assert page_headers() == index.headers


def test_other_keys_are_missing(store: PreviewStore) -> None:
    """Nor the build's private record."""
    assert [None, None] == [store.get("night/no.html"), store.get("_flashgen/night/site.json")]


def test_another_pointer_can_be_shown(site: Site) -> None:
    """In place of the one that was built, with an etag of its own."""
    store = PreviewStore([site], lambda site: b"flashgen({})")
    plain = PreviewStore([site], lambda site: None)
    key = site.pointer_file.key
    shown, built = store.get(key), plain.get(key)
    assert shown is not None
    assert built is not None
    assert (b"flashgen({})", site.body(site.pointer_file)) == (shown.body, built.body)
    assert shown.etag != built.etag


def test_a_new_build_replaces_the_old(site: Site, store: PreviewStore) -> None:
    """At once, and completely."""
    assert sorted(file.key for file in site.files) == [entry.key for entry in store.list("")]
    store.show([site], "<b>new</b>")
    page = store.get("night/index.html")
    assert page is not None
    assert b"<b>new</b></body>" in page.body
    assert FOOTER.encode() not in page.body
    store.show([])
    assert (None, []) == (store.get("night/index.html"), list(store.list("")))


def test_a_listing_agrees_with_get(site: Site, store: PreviewStore) -> None:
    """The same etags and sizes."""
    for entry in store.list(""):
        stored = store.get(entry.key)
        assert stored is not None
        assert (stored.etag, len(stored.body)) == (entry.etag, entry.body_bytes)


def test_writes_are_refused(site: Site, store: PreviewStore) -> None:
    """A preview changes nothing."""
    with pytest.raises(Refused, match="a preview is not written to"):
        store.put("night/index.html", b"", page_headers())
    with pytest.raises(Refused, match="a preview is not written to"):
        store.delete(["night/index.html"])


@pytest.mark.parametrize("state", STATES)
def test_each_state_can_be_shown(site: Site, state: str) -> None:
    """A live sale has an order URL and opened at its start. Sold out is a live sale with nothing left."""
    pointer = parse(pointer_in(state, site, ORDER), "pointer")
    assert isinstance(pointer, Pointer)
    sale = pointer.state
    is_live = state in (State.LIVE, SOLD_OUT)
    assert (State.LIVE if is_live else State(state)) is sale.state
    assert (ORDER if is_live else None) == pointer.order
    assert (EVERY_SKU if state == SOLD_OUT else frozenset()) == sale.sold
    assert sale.starts_at == sale.opens_at


def test_one_product_can_be_gone(site: Site) -> None:
    """The others are on sale."""
    pointer = parse(pointer_in(ONE_SOLD_OUT, site, ORDER, sku="MUG"), "pointer")
    assert isinstance(pointer, Pointer)
    assert (State.LIVE, frozenset({"MUG"}), ORDER) == (pointer.state.state, pointer.state.sold, pointer.order)


def test_a_sale_can_have_opened_earlier(site: Site) -> None:
    """With a revision that pages take for a newer one."""
    opens_at = datetime(2027, 11, 1, tzinfo=UTC)
    pointer = parse(pointer_in("live", site, ORDER, revision=12, opens_at=opens_at), "pointer")
    assert isinstance(pointer, Pointer)
    assert (12, opens_at) == (pointer.revision, pointer.state.opens_at)
