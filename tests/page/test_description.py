"""Descriptions: what marketing may write, and what must never reach a shopper's browser as code."""

from __future__ import annotations

import re

import pytest

from flashgen.page.description import omitted, to_html

REL = 'rel="noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        ("A *small* **lamp**", "<p>A <em>small</em> <strong>lamp</strong></p>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("~~old~~", "<p><del>old</del></p>\n"),
        ("[a](https://a.example/?b=1&c=2)", f'<p><a href="https://a.example/?b=1&amp;c=2" {REL}>a</a></p>\n'),
        ("a ![b](https://a.example/b.png) c", "<p>a  c</p>\n"),
        ("![b](b.png)", ""),
    ],
)
def test_markdown_becomes_html(text: str, expected: str) -> None:
    """CommonMark, and strikethrough."""
    assert expected == to_html(text)


def test_tables_are_on() -> None:
    """Sizes and the like."""
    assert "<th>Size</th>" in to_html("| Size | cm |\n|---|---|\n| S | 44 |\n")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div\nonclick=alert(1)>",
        "<!-- hidden -->",
        "&lt;script&gt;",
        "`<script>`",
        "```\n<script>\n```",
        '```"><script>\n```',
    ],
)
def test_raw_html_is_omitted(text: str) -> None:
    """No tag of the author's is a tag of the page; what is escaped or code is shown as text."""
    html = to_html(text)
    for tag in ("<script", "<img", "<div", "hidden"):
        assert tag not in html


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html;base64,PHNjcmlwdD4=",
    ],
)
@pytest.mark.parametrize("form", ["[a]({})", "![a]({})", "[a]\n\n[a]: {}", "<{}>"])
def test_unsafe_links_have_no_target(url: str, form: str) -> None:
    """In every spelling of a link."""
    html = to_html(form.format(url)).replace(' href=""', "").replace(' src=""', "")
    assert "href" not in html
    assert "src" not in html


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    '<p style="position:fixed" onclick="alert(1)" class="hero" id="main">a</p>',
    '<a href="javascript:alert(1)">a</a>',
    '<a href=" java\nscript:alert(1)">a</a>',
    '<a href="data:text/html,x">a</a>',
    '<iframe src="https://evil.example"></iframe>',
    "<form action=https://evil.example><input name=a><button>b</button></form>",
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    "<style>*{display:none}</style>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    "<p><!--><script>alert(1)</script>--></p>",
    "<table background=https://evil.example/x><tr><td background=x>a</td></tr></table>",
    "<h2><div<script>alert(1)</script>",
    "<div/onmouseover=alert(1)>a</div>",
]


@pytest.mark.parametrize("format", ["html", "markdown"])
@pytest.mark.parametrize("text", ATTACKS)
def test_nothing_of_html_can_run_load_or_style(text: str, format: str) -> None:
    """In a description in HTML, and in Markdown with HTML in it."""
    html = to_html(text, format).lower()
    tags = re.findall(r"<\s*/?([a-z0-9]+)((?:\s+[^>]*)?)>", html)
    allowed = {"p", "ul", "ol", "li", "b", "strong", "i", "em", "br", "a", "table", "thead", "tbody", "tr", "th", "td"}
    assert {name for name, _ in tags} <= allowed | {"h1", "h2", "h3", "code", "pre"}
    assert all(re.fullmatch(r'(\s+(rel="noopener noreferrer"|href="https:[^"]*"))*', given) for _, given in tags), html


def test_the_html_of_a_shop_keeps_its_text_and_structure() -> None:
    """Headings become h3, and blocks paragraphs, so that their texts stay apart."""
    text = (
        '<div class="d"><meta charset="utf-8"><span style="color:red"><h1>Lamp</h1><div>Warm &amp; <b>bright</b></div>'
        '<ul><li>oak</li></ul><a href="https://shop.example/a?b=1&c=2">more</a></span><br></div>'
    )
    assert to_html(text, "html") == (
        "<h3>Lamp</h3>\n<p>Warm &amp; <b>bright</b></p>\n<ul><li>oak</li>\n</ul>\n"
        '<a href="https://shop.example/a?b=1&amp;c=2" rel="noopener noreferrer">more</a>'
    )


def test_texts_of_blocks_stay_apart() -> None:
    """In the page, and in its summary for search engines, which is without tags."""
    text = "<div>one</div><div>two</div><table><tr><td colspan=2>three</td><td>four</td></tr></table>"
    assert "one two three four" == to_html(text, "html").striptags()
    assert 'colspan="2"' in to_html(text, "html")
    assert "<p>one</p><p>two</p>" in to_html(text)


@pytest.mark.parametrize("url", ["/more", "//evil.example/", "mailto:a@a.example", "http://a.example", "x.html"])
def test_html_has_links_to_https_only(url: str) -> None:
    """A shop's own paths lead nowhere on the sale's host. Markdown's links may be any that are safe."""
    text = f'<a href="{url}">a</a>'
    assert ("href" not in to_html(text, "html"), ("a link that is not https",)) == (True, omitted(text, "html"))
    assert (f'href="{url}"' in to_html(text), ()) == (True, omitted(text))


def test_html_inside_markdown_keeps_its_text() -> None:
    """Both may stand in one text."""
    html = to_html("**Bold** and <b>bold</b><br>\n\n<ul><li>one</li></ul>\n")
    assert html == "<p><strong>Bold</strong> and <b>bold</b><br></p>\n<ul><li>one</li></ul>\n"


@pytest.mark.parametrize(
    ("text", "format", "expected"),
    [
        ("plain **bold**", "markdown", ()),
        ("a <b>bold</b> word", "markdown", ()),
        ("a <font color=red>word</font>", "markdown", ("<font>",)),
        ("![a](a.png)", "markdown", ("an image",)),
        ("<i>a</i>\n\n|a|\n|-:|\n|1|\n\n3. b", "markdown", ()),
        ("<p align=right>a</p>", "markdown", ("align=",)),
        ("<div style='x'>a</div>", "markdown", ("style=",)),
        ("[a](javascript:x)", "markdown", ("a link that is not safe",)),
        ("[a](java&#115;cript:x)", "markdown", ("a link that is not safe",)),
        ("[a](ftp://a.example/b)", "markdown", ("a link that is not safe",)),
        ("[a](b.html) <mailto:a@a.example>", "markdown", ()),
        ("`<img>` <!-- <img> -->", "markdown", ()),
        ("<p>a</p><p>b", "html", ()),
        ("<a title='>'>a</a>", "html", ("title=",)),
        ("<p>a</p><h1>b</h1><div>c</div>", "html", ()),
        ('<p style="x" onclick="y"><span>a</span><img src="z"></p>', "html", ("<img>", "<span>", "onclick=", "style=")),
        ('<a href="http://a.example">a</a>', "html", ("a link that is not https",)),
        ("<p>Size <![L]> or <![endif]--></p>", "html", ()),
    ],
)
def test_what_is_left_out_is_named(text: str, format: str, expected: tuple[str, ...]) -> None:
    """Elements, attributes and links, as they are written."""
    assert expected == omitted(text, format)


@pytest.mark.parametrize("format", ["html", "markdown"])
@pytest.mark.parametrize("part", ["<br>", "<a ", "<a x=' ", "<!--", "</", "[a]( ", "<p><br>"])
def test_a_long_text_of_one_part_is_read_in_one_pass(part: str, format: str) -> None:
    """A million characters. If each part made the reader look at all that follow, this would take hours."""
    text = part * (1_000_000 // len(part))
    to_html(text + "a", format)
    omitted(text + "a", format)


def test_breaks_at_the_end_of_html_are_dropped() -> None:
    """Shops' editors leave them; those between words stay."""
    assert "a<br>\nb" == to_html("a<br>b <br>\n<br><br>", "html")
