"""A picture is downloaded within limits, and from the address that was checked."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.picture_server import HOST, PictureServer, picture_server
from support.projects import png
from support.tunnel_proxy import TunnelProxy, tunnel_proxy

from flashgen.fetch.download import Download
from flashgen.fetch.public_address import Unfetchable


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PictureServer]:
    """A shop's server."""
    with picture_server(tmp_path) as server:
        yield server


@pytest.fixture
def download(shop: PictureServer) -> Download:
    """A download that takes the shop's host for a public one."""

    def resolve(host: str, port: int) -> tuple[str, ...]:
        if host != HOST:
            raise Unfetchable(f"the host {host} is not public")
        return ("127.0.0.1",)

    return Download(resolve=resolve, tls=shop.tls)


def refusal(download: Download, url: str) -> str:
    """Why a URL's picture was not downloaded."""
    with pytest.raises(Unfetchable) as refused:
        download.picture(url)
    return refused.value.message


def test_a_picture_comes_from_the_checked_address(shop: PictureServer, download: Download) -> None:
    """The host is in the request and in the certificate, and is looked up by nobody else: no DNS knows it."""
    assert (".png", png()) == download.picture(shop.url("/a%20b/ü.png?v=1"))
    assert [(f"{HOST}:{shop.port}", "/a%20b/%C3%BC.png?v=1")] == shop.asked


def test_a_redirect_is_followed_and_checked(shop: PictureServer, download: Download) -> None:
    """Relative ones, too; the check is made for each."""
    shop.redirects = {"/a": "/b", "/b": shop.url("/c")}
    assert png() == download.picture(shop.url("/a"))[1]
    shop.redirects["/b"] = "https://metadata.internal/c"
    assert "the host metadata.internal is not public" == refusal(download, shop.url("/a"))
    shop.redirects["/b"] = f"http://{HOST}:{shop.port}/c"
    assert "it leads to http, and only https is fetched" == refusal(download, shop.url("/a"))


def test_redirects_without_end_are_given_up(shop: PictureServer, download: Download) -> None:
    """After five."""
    shop.redirects = {"/a": "/a"}
    assert "there are more than 5 redirects" == refusal(download, shop.url("/a"))
    assert 6 == len(shop.asked)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://cdn.shop.example/a.png", "it leads to http, and only https is fetched"),
        ("file:///etc/passwd", "it leads to file, and only https is fetched"),
        ("https:///a.png", "it names no host"),
        ("https://me:secret@cdn.shop.example/a.png", "it holds a user name"),
        ("https://[::1/a.png", "it is no valid URL"),
        ("https://cdn.shop.example:99999/a.png", "it is no valid URL"),
    ],
)
def test_other_urls_are_refused(shop: PictureServer, download: Download, url: str, message: str) -> None:
    """Before anything is sent."""
    assert message == refusal(download, url)
    assert [] == shop.asked


def test_loopback_is_refused_without_a_stand_in(shop: PictureServer) -> None:
    """As it is outside of tests."""
    message = refusal(Download(tls=shop.tls), f"https://127.0.0.1:{shop.port}/a.png")
    assert "which is not of the public internet" in message
    assert [] == shop.asked


def test_a_server_that_is_not_the_host_is_refused(shop: PictureServer, download: Download) -> None:
    """Its certificate is of another name, or of nobody that is trusted."""
    everybody = replace(download, resolve=lambda host, port: ("127.0.0.1",))
    assert "TLS with other.example failed" in refusal(everybody, f"https://other.example:{shop.port}/a.png")
    strict = replace(download, tls=ssl.create_default_context())
    assert f"TLS with {HOST} failed" in refusal(strict, shop.url("/a.png"))
    assert [] == shop.asked


def test_a_large_file_is_given_up(shop: PictureServer, download: Download) -> None:
    """While it comes: its end may never come."""
    shop.body = png() + bytes(3 * 2**20)
    assert "it has more than 1 MiB" == refusal(replace(download, max_bytes=2**20), shop.url("/a.png"))


def test_a_slow_file_is_given_up(shop: PictureServer, download: Download) -> None:
    """Also one that always sends a little."""
    shop.chunk_seconds, shop.body = 0.02, png() + bytes(1_000)
    began = time.monotonic()
    assert "it took more than 0 s" == refusal(replace(download, total_seconds=0.1), shop.url("/a.png"))
    assert time.monotonic() - began < 10


def test_headers_without_end_are_given_up(shop: PictureServer, download: Download) -> None:
    """They are never silent."""
    shop.endless_headers = True
    assert "it took more than 0 s" == refusal(replace(download, total_seconds=0.3), shop.url("/a.png"))
    shop.endless_headers = False


def test_silence_is_given_up(shop: PictureServer, download: Download) -> None:
    """With how long it was."""
    shop.chunk_seconds = 2.0
    assert f"{HOST} sent nothing for 0 s" == refusal(replace(download, silence_seconds=0.1), shop.url("/a.png"))


def test_no_connection_is_named(shop: PictureServer, download: Download) -> None:
    """By its host."""
    assert f"{HOST} does not accept connections" == refusal(download, f"https://{HOST}:1/a.png")


def test_what_is_no_picture_is_refused(shop: PictureServer, download: Download) -> None:
    """A page that says so, and an error."""
    shop.body = b"<html>not found</html>"
    assert "the server sent no picture" == refusal(download, shop.url("/a.png"))
    shop.status = 404
    assert "the server answered 404" == refusal(download, shop.url("/a.png"))


@pytest.fixture
def proxy(shop: PictureServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[TunnelProxy]:
    """The one that the environment names, with a user; there is no other way."""
    with tunnel_proxy(shop.port) as running:
        monkeypatch.setenv("HTTPS_PROXY", running.url.replace("://", "://ann:s%40crt@"))
        monkeypatch.delenv("NO_PROXY")
        yield running


def through_proxy(shop: PictureServer) -> Download:
    """A download that looks up nothing."""

    def resolve(host: str, port: int) -> tuple[str, ...]:
        raise Unfetchable(f"{host} was looked up here")

    return Download(resolve=resolve, tls=shop.tls)


def test_the_proxy_of_the_environment_looks_up_the_host(shop: PictureServer, proxy: TunnelProxy) -> None:
    """It is told who asks; the server is not, and proves itself to be the host."""
    shop.redirects = {"/a": "/b"}
    assert png() == through_proxy(shop).picture(shop.url("/a"))[1]
    assert [(f"{HOST}:{shop.port}", "Basic YW5uOnNAY3J0")] * 2 == proxy.asked
    assert [f"{HOST}:{shop.port}"] * 2 == [host for host, _ in shop.asked]
    assert "TLS with other.example failed" in refusal(through_proxy(shop), "https://other.example/a.png")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f000001", "[::1]", "169.254.169.254", "localhost", "intranet", "metadata.internal"],
)
def test_what_is_private_by_its_name_is_asked_of_no_proxy(shop: PictureServer, proxy: TunnelProxy, host: str) -> None:
    assert "not of the public internet" in refusal(through_proxy(shop), f"https://{host}/a.png")
    shop.redirects = {"/a": f"https://{host}/a.png"}
    assert "not of the public internet" in refusal(through_proxy(shop), shop.url("/a"))
    assert [f"{HOST}:{shop.port}"] == [asked for asked, _ in proxy.asked]


def test_a_proxy_that_refuses_or_is_gone_is_named_as_such(
    shop: PictureServer, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.refusal = 407
    message = refusal(through_proxy(shop), shop.url("/a"))
    assert message.startswith("no way through the proxy: Tunnel connection failed: 407")
    proxy.refusal, shop.body = 0, b"no picture"
    assert "the server sent no picture" == refusal(through_proxy(shop), shop.url("/a"))
    shop.endless_headers = True
    slow = replace(through_proxy(shop), total_seconds=0.5)
    assert refusal(slow, shop.url("/a")).startswith("it took more than ")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert refusal(through_proxy(shop), shop.url("/a")).startswith("no way through the proxy: ")


def test_no_proxy_is_direct_and_checked(
    shop: PictureServer, proxy: TunnelProxy, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", HOST)
    assert png() == download.picture(shop.url("/a"))[1]
    assert [] == proxy.asked
