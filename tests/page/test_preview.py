"""A built site as a store to look at: its pages as they are, and a pointer that says what is asked for."""

from __future__ import annotations

import pytest
from support.projects import write_sale

from flashgen.errors import Refused
from flashgen.page.build import build_sale
from flashgen.page.headers import page_headers
from flashgen.page.preview import SOLD_OUT, STATES, PreviewStore, pointer_in
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
    """Nothing is pretended."""
    return PreviewStore([site], lambda site: None, FOOTER)


def test_every_file_is_there_as_it_was_built(site: Site, store: PreviewStore) -> None:
    """With its headers; pages, and only they, end with the footer."""
    for file in site.files:
        stored = store.get(file.key)
        assert stored is not None
        body = site.body(file)
        expected = body.replace(b"</body>", FOOTER.encode() + b"</body>") if file.role is Role.PAGE else body
        assert (expected, file.headers) == (stored.body, stored.headers)
        assert (expected != body) == (file.role is Role.PAGE)


def test_the_front_page_lists_the_sales(store: PreviewStore) -> None:
    """A link to each."""
    index = store.get("index.html")
    assert index is not None
    assert b'<a href="night/">night</a>' in index.body
    assert page_headers() == index.headers


def test_what_was_not_built_is_not_there(store: PreviewStore) -> None:
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


def test_a_new_build_takes_the_place_of_the_old(site: Site, store: PreviewStore) -> None:
    """At once, and wholly."""
    assert sorted(file.key for file in site.files) == [entry.key for entry in store.list("")]
    store.show([])
    assert (None, []) == (store.get("night/index.html"), list(store.list("")))


def test_a_listing_is_of_what_a_get_answers(site: Site, store: PreviewStore) -> None:
    """The same etags and sizes."""
    for entry in store.list(""):
        stored = store.get(entry.key)
        assert stored is not None
        assert (stored.etag, len(stored.body)) == (entry.etag, entry.body_bytes)


def test_it_is_not_written_to(site: Site, store: PreviewStore) -> None:
    """A preview changes nothing."""
    with pytest.raises(Refused, match="a preview is not written to"):
        store.put("night/index.html", b"", page_headers())
    with pytest.raises(Refused, match="a preview is not written to"):
        store.delete(["night/index.html"])


@pytest.mark.parametrize("state", STATES)
def test_each_state_can_be_shown(site: Site, state: str) -> None:
    """A live sale has an order URL and opened at its start; sold out is a live one of which nothing is left."""
    pointer = parse(pointer_in(state, site, ORDER), "pointer")
    assert isinstance(pointer, Pointer)
    facts = pointer.state
    is_live = state in (State.LIVE, SOLD_OUT)
    assert (State.LIVE if is_live else State(state)) is facts.state
    assert (ORDER if is_live else None) == pointer.order
    assert (EVERY_SKU if state == SOLD_OUT else frozenset()) == facts.sold
    assert facts.starts_at == facts.opens_at
