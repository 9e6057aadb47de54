"""A sale with a brand, built: what its pages show, and what is refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from support.fonts import LETTERS, truetype
from support.projects import png, write_sale

from flashgen.errors import InvalidInput, Problem
from flashgen.page.build import Built, build_sale
from flashgen.sale.load import load_sale

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path d="M0 0h120v40z" fill="{}"/></svg>'
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><path d="M0 0h40v40z" fill="#0b6e4f"/></svg>'

BRAND = """\
brand:
  name: Aurore
  colours:
    accent: "#0b6e4f"
    text: {light: "#10201a", dark: "#e8f5ef"}
  logo: {light: logo.svg, dark: logo-dark.svg}
  fonts:
    text: Text.ttf
    display: [Title.ttf]
  links:
    imprint: {en: https://aurore.example/imprint, de: https://aurore.example/impressum}
    terms: ../terms.html
  note: {en: Prices include VAT., de: Alle Preise inkl. MwSt.}
  texts:
    buy: {de: Jetzt sichern}
"""


def write(root: Path, brand: str = BRAND, **fields: str) -> Path:
    """A sale with a brand, and the files that BRAND names."""
    path = write_sale(root, **fields)
    path.write_text(path.read_text() + brand)
    folder = path.parent
    (folder / "logo.svg").write_text(LOGO.format("#111"))
    (folder / "logo-dark.svg").write_text(LOGO.format("#eee"))
    (folder / "square.svg").write_text(SQUARE)
    (folder / "Text.ttf").write_bytes(truetype())
    (folder / "Title.ttf").write_bytes(truetype(weight=700, advance=500))
    return path


def build(root: Path, brand: str = BRAND, **fields: str) -> Built:
    """That sale, built."""
    return build_sale(write(root, brand, **fields), root, root / "build", 1)


def problems(root: Path, brand: str) -> list[Problem]:
    """What is wrong with a brand."""
    with pytest.raises(InvalidInput) as caught:
        build(root, brand)
    return list(caught.value.problems)


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Every page of the sale and of its gate: its path and its text."""
    for path in sorted((root / "build").rglob("*.html")):
        yield path.relative_to(root / "build").as_posix(), path.read_text()


def asset(root: Path, pattern: str) -> bytes:
    """The one asset of that name."""
    (path,) = (root / "build" / "night" / "assets").glob(pattern)
    return path.read_bytes()


@pytest.fixture(scope="module")
def branded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the whole BRAND, in two languages."""
    root = tmp_path_factory.mktemp("branded")
    build(root, locales="[en, de]", title="{en: Night, de: Nacht}")
    return root


@pytest.mark.parametrize("theme", ["spotlight", "plain"])
def test_every_page_has_the_logo_and_the_footer(tmp_path: Path, theme: str) -> None:
    """Those of the gate and the one for an ended sale, too."""
    build(tmp_path, theme=theme)
    for name, text in pages(tmp_path):
        assert 1 == text.count('class="logo"'), name
        assert 1 == text.count("Prices include VAT."), name
        assert 'href="https://aurore.example/imprint">Legal notice</a>' in text, name
        assert 'alt="Aurore"' in text, name


def test_dark_pages_have_a_logo_of_their_own(branded: Path) -> None:
    """The light one is what browsers take otherwise; also in the gate's pages."""
    colours = {"#111": "light", "#eee": "dark"}
    for name, text in pages(branded):
        logo = re.search('class="logo".*?</a>', text, re.DOTALL)
        assert logo, name
        dark, light = re.findall(r'srcset="[^"]*/([^"/]+)"|src="[^"]*/([^"/]+)"', logo[0])
        assert '<source media="(prefers-color-scheme: dark)"' in logo[0], name
        drawn = [asset(branded, "".join(one)).decode() for one in (light, dark)]
        assert ["light", "dark"] == [colours[re.search('fill="([^"]+)"', one)[1]] for one in drawn]  # type: ignore[index]


def test_texts_are_those_of_the_language(branded: Path) -> None:
    """A text that is replaced in German stays the theme's in English."""
    found = dict(pages(branded))
    english, german = found["night/en/index.html"], found["night/de/index.html"]
    assert ('data-label-live="Buy now"', 'data-label-live="Jetzt sichern"') == tuple(
        re.search('data-label-live="[^"]+"', text)[0]  # type: ignore[index]
        for text in (english, german)
    )
    assert "Alle Preise inkl. MwSt." in german
    assert "https://aurore.example/impressum" in german


def test_relative_links_lead_from_the_sale_s_page(branded: Path) -> None:
    """From a product's page in a language two folders more, and from the gate to the sale's address."""
    found = dict(pages(branded))
    gate = next(text for name, text in found.items() if name.startswith("_flashgen/night/gate/order"))
    assert 'href="../../../terms.html"' in found["night/en/lamp/index.html"]
    assert 'href="\ue000site\ue001../terms.html"' in gate


def test_pages_load_fonts_first(branded: Path) -> None:
    """Those of the gate, too."""
    for name, text in pages(branded):
        preloads = re.findall(r'<link rel="preload" href="([^"]+\.woff2)" as="font"[^>]* crossorigin>', text)
        assert 2 == len(preloads), name
        assert all(re.search(r"assets/t(ext|itle)\.[0-9a-f]{12}\.woff2$", url) for url in preloads)


def test_a_font_holds_the_characters_of_the_pages_alone(tmp_path: Path) -> None:
    """Digits in any case, because the countdown needs them; nothing that no page shows."""
    write(tmp_path)
    (tmp_path / "sale_configs" / "Text.ttf").write_bytes(truetype(LETTERS + "ЖЩ漢"))
    build_sale(tmp_path / "sale_configs" / "night.yaml", tmp_path, tmp_path / "build", 1)
    cmap = TTFont(io.BytesIO(asset(tmp_path, "text.*.woff2"))).getBestCmap()
    assert set("0123456789Night–") <= set(map(chr, cmap))
    assert not set("ЖЩ漢") & set(map(chr, cmap))


def test_missing_characters_are_warned_of(tmp_path: Path) -> None:
    """They are shown in another font."""
    path = write(tmp_path, title="Ночь")
    built = build_sale(path, tmp_path, tmp_path / "build", 1)
    messages = [warning.message for warning in built.warnings if "Title.ttf" in warning.message]
    assert len(messages) == 1
    assert messages[0].startswith("`Title.ttf` lacks ")
    assert "Н" in messages[0]


def test_a_local_font_takes_the_place_of_one_that_loads(branded: Path) -> None:
    """As wide: each of our letters has 600 units, where Arial's digits have 556. As high: 900 units above the line."""
    css = sheets(branded)[0]
    face = re.search(r'@font-face\{font-family:"brand text Arial";[^}]*\}', css)
    assert face
    values = {name: float(value) for name, value in re.findall(r"([a-z-]+):([0-9.]+)%", face[0])}
    assert 105 < values["size-adjust"] < 150
    assert values["ascent-override"] == pytest.approx(90 / values["size-adjust"] * 100, abs=0.02)
    assert values["descent-override"] == pytest.approx(30 / values["size-adjust"] * 100, abs=0.02)
    assert "--display-weight:700;" in css
    assert css.count("font-display:swap") == 2


def sheets(root: Path) -> list[str]:
    """The brand's stylesheets, the one with fonts first."""
    found = [path.read_text() for path in (root / "build" / "night" / "assets").glob("brand.*.css")]
    return sorted(
        (text for text in found if text.startswith(("@font-face", ":root{color-scheme"))), key=len, reverse=True
    )


def test_colours_are_those_of_the_brand(branded: Path) -> None:
    """In light and dark; a dark one that is not written is made."""
    light, dark = sheets(branded)[0].split("@media (prefers-color-scheme:dark)")
    assert "color-scheme:light;" in light
    assert "--accent:#0b6e4f;" in light
    assert "--text:#10201a;" in light
    assert "color-scheme:dark;" in dark
    assert "--text:#e8f5ef;" in dark
    assert "--accent:#0b6e4f;" not in dark


def test_without_a_brand_nothing_is_added(tmp_path: Path) -> None:
    """No stylesheet, no logo, no footer."""
    build_sale(write_sale(tmp_path), tmp_path, tmp_path / "build", 1)
    assert [] == [name for name, text in pages(tmp_path) if re.search('class="logo"|class="foot"|rel="preload"', text)]


def test_the_same_brand_gives_the_same_bytes(tmp_path: Path) -> None:
    """Fonts and icons, too."""
    sites = [build(tmp_path / name).site for name in ("one", "two")]
    assert [file.sha256 for file in sites[0].files] == [file.sha256 for file in sites[1].files]


@pytest.mark.parametrize("name", ["logo.svg", "logo-dark.svg", "Text.ttf"])
def test_a_changed_file_is_built_again(tmp_path: Path, name: str) -> None:
    """An unchanged build reads nothing, so it has to know of every file."""
    path = write(tmp_path)
    build_sale(path, tmp_path, tmp_path / "build", 1)
    assert 0 == build_sale(path, tmp_path, tmp_path / "build", 1).written
    changed = LOGO.format("#222").encode() if name.endswith(".svg") else truetype(advance=550)
    (path.parent / name).write_bytes(changed)
    assert build_sale(path, tmp_path, tmp_path / "build", 1).written


def test_a_brand_that_is_added_to_the_settings_is_built(tmp_path: Path) -> None:
    """flashgen.yaml was not there before."""
    path = write_sale(tmp_path)
    build_sale(path, tmp_path, tmp_path / "build", 1)
    (tmp_path / "flashgen.yaml").write_text('brand: {colours: {accent: "#0b6e4f"}}\n')
    assert build_sale(path, tmp_path, tmp_path / "build", 1).written


def test_settings_that_are_no_part_of_a_page_are_no_reason_to_build(tmp_path: Path) -> None:
    """A target is added, and then the brand changes. Nothing is loaded for the one; the other is built."""
    path, settings = write_sale(tmp_path), tmp_path / "flashgen.yaml"
    brand = 'brand: {colours: {accent: "#0b6e4f"}}\n'
    settings.write_text(brand)
    assert build_sale(path, tmp_path, tmp_path / "build", 1).loaded
    settings.write_text(f"# staging\ntargets: {{here: {{store: dir:store}}}}\n{brand}")
    assert build_sale(path, tmp_path, tmp_path / "build", 1).loaded is None
    settings.write_text(brand.replace("0b6e4f", "004a7a"))
    assert build_sale(path, tmp_path, tmp_path / "build", 1).loaded


def test_a_theme_that_is_not_trusted_any_more_is_rendered_again(tmp_path: Path) -> None:
    """In the sandbox, which may refuse it."""
    path = write_sale(tmp_path)
    assert build_sale(path, tmp_path, tmp_path / "build", 1, trusted_themes=True).loaded
    assert build_sale(path, tmp_path, tmp_path / "build", 1).loaded


def test_the_sale_s_brand_goes_before_the_project_s(tmp_path: Path) -> None:
    """Key by key; files lie beside the YAML that names them."""
    (tmp_path / "shared.svg").write_text(LOGO.format("#123"))
    shared = 'brand:\n  logo: shared.svg\n  note: shared\n  colours: {accent: "#7a0000", text: "#111111"}\n'
    (tmp_path / "flashgen.yaml").write_text(shared)
    build(tmp_path, 'brand:\n  note: own\n  colours: {accent: "#004a7a"}\n')
    css = "".join(sheets(tmp_path))
    assert "--accent:#004a7a" in css
    assert "--text:#111111" in css
    assert b"#123" in asset(tmp_path, "shared.*.svg")
    assert all("own" in text and "shared</p>" not in text for _, text in pages(tmp_path))


def test_a_colour_that_cannot_be_read_has_its_line_and_the_nearest_that_can(tmp_path: Path) -> None:
    """Its message has the pair, the ratio and what is needed."""
    (problem,) = problems(tmp_path, 'brand:\n  colours:\n    background: "#ffffff"\n    accent: "#8fd3ae"\n')
    assert '    accent: "#8fd3ae"' == problem.quote
    assert (
        "`accent` #8fd3ae on the light background #ffffff has a contrast of 1.73:1, and text needs 4.5:1 "
        "(WCAG 2.2, 1.4.3)"
    ) == problem.message
    suggested = re.match("(#[0-9a-f]{6}) is the nearest of its hue that passes", problem.hint)
    assert suggested
    build(tmp_path / "mended", f'brand:\n  colours: {{background: "#ffffff", accent: "{suggested[1]}"}}\n')


def test_a_dark_colour_that_cannot_be_read_has_its_own_line(tmp_path: Path) -> None:
    """Light ones may be right."""
    brand = 'brand:\n  colours:\n    text:\n      light: "#111111"\n      dark: "#333333"\n'
    (problem,) = problems(tmp_path, brand)
    assert '      dark: "#333333"' == problem.quote
    assert "`text` #333333 on the dark background" in problem.message


def test_a_colour_without_quotes_is_no_colour(tmp_path: Path) -> None:
    """YAML takes it for a comment, and the key for one without a value."""
    (problem,) = problems(tmp_path, "brand:\n  colours:\n    accent: #0b6e4f\n")
    assert "`accent` is empty: YAML takes what begins with # for a comment" == problem.message
    assert "    accent: #0b6e4f" == problem.quote


def test_an_unknown_text_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    """The theme knows which texts there are."""
    (problem,) = problems(tmp_path, "brand:\n  texts:\n    buyy: Now\n")
    assert ("unknown key `buyy`: theme `spotlight` has no such text", "did you mean `buy`?") == (
        problem.message,
        problem.hint,
    )
    assert "    buyy: Now" == problem.quote


def test_a_text_keeps_the_places_of_the_theme_s(tmp_path: Path) -> None:
    """Else buyers would not see for how long their place is kept."""
    (problem,) = problems(tmp_path, "brand:\n  texts:\n    kept: Hurry up\n")
    assert "`kept` must contain {time}" in problem.message


UNSAFE = {
    "a script": "<script>alert(1)</script>",
    "a handler": '<path onload="alert(1)"/>',
    "html": '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
    "a link": '<a href="https://example.com"><path/></a>',
    "another file": '<image href="https://example.com/a.png"/>',
    "another file by its old name": '<image xmlns:x="http://www.w3.org/1999/xlink" x:href="a.png"/>',
    "a reference in css": "<style>path{fill:url(https://example.com/a.svg#b)}</style>",
    "an import": '<style>@import "a.css";</style>',
    "a hidden reference": "<style>path{fill:u\\72l(https://example.com/a)}</style>",
    "an animated link": '<set attributeName="href" to="javascript:alert(1)"/>',
}


@pytest.mark.parametrize("inside", UNSAFE.values(), ids=UNSAFE)
def test_a_drawing_that_does_more_than_draw_is_refused(tmp_path: Path, inside: str) -> None:
    """At the line of the YAML that names it."""
    path = write(tmp_path, "brand: {logo: logo.svg}\n")
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inside}</svg>'
    (path.parent / "logo.svg").write_text(drawing)
    with pytest.raises(InvalidInput) as caught:
        build_sale(path, tmp_path, tmp_path / "build", 1)
    (problem,) = caught.value.problems
    assert problem.message.endswith("in line 1, and a logo may only draw")
    assert "brand: {logo: logo.svg}" == problem.quote


def test_entities_and_instructions_are_refused(tmp_path: Path) -> None:
    """They bring in what is not in the drawing."""
    path = write(tmp_path, "brand: {logo: logo.svg}\n")
    for before in ('<!DOCTYPE svg [<!ENTITY a "b">]>', '<?xml-stylesheet href="a.css"?>'):
        (path.parent / "logo.svg").write_text(before + LOGO.format("#111"))
        with pytest.raises(InvalidInput):
            build_sale(path, tmp_path, tmp_path / "build", 1)


def test_a_drawing_with_gradients_and_styles_is_taken(tmp_path: Path) -> None:
    """As drawing programs write them: with their own namespaces, and references inside the file."""
    path = write(tmp_path, "brand: {logo: logo.svg}\n")
    (path.parent / "logo.svg").write_text(
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://www.inkscape.org/n" width="9px" '
        'height="9"><i:view zoom="1"/><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs>'
        '<style>.a{fill:url(#g)}</style><path class="a" d="M0 0h9v9z" style="fill:url(\'#g\')"/></svg>'
    )
    assert build_sale(path, tmp_path, tmp_path / "build", 1).written


@pytest.mark.parametrize(
    "brand",
    [
        "logo: square.svg",
        "icon: square.svg",
        "icon: square.png",
        'name: "Aurore"',
        "name: 夜",
        'colours: {accent: "#0b6e4f"}',
    ],
)
def test_icons_come_from_the_brand(tmp_path: Path, brand: str) -> None:
    """From a square logo, from the icon, or from the first letter of the name."""
    path = write(tmp_path, f"brand: {{{brand}}}\n")
    (path.parent / "square.png").write_bytes(png(64, 64))
    loaded = load_sale(path, tmp_path)
    icons = made_icons(loaded, tmp_path)
    ico, touch = Image.open(io.BytesIO(icons["favicon.ico"])), Image.open(io.BytesIO(icons["apple-touch-icon.png"]))
    assert {(16, 16), (32, 32), (48, 48)} == ico.info["sizes"]
    assert ((180, 180), "RGB") == (touch.size, touch.mode)
    assert len(touch.getcolors(1 << 16) or ()) > 1
    assert icons["icon.svg"].startswith(b"<svg ")


@pytest.mark.parametrize("key", ["logo", "icon"])
@pytest.mark.parametrize(("file", "colour"), [("square.svg", (11, 110, 79)), ("square.png", (16, 128, 32))])
def test_icons_show_the_square_picture(tmp_path: Path, key: str, file: str, colour: tuple[int, int, int]) -> None:
    """Not the letter: on home screens, in tabs, and, where it is a drawing, as the drawing that it is."""
    path = write(tmp_path, f"brand: {{{key}: {file}, name: Aurore}}\n")
    (path.parent / "square.png").write_bytes(png(64, 64))
    icons = made_icons(load_sale(path, tmp_path), tmp_path)
    assert colour == pixel(icons["apple-touch-icon.png"], 120, 60)
    assert colour == pixel(icons["favicon.ico"], 36, 12)
    assert (SQUARE.encode() == icons["icon.svg"]) is file.endswith(".svg")


def test_a_letter_is_drawn_on_the_accent(tmp_path: Path) -> None:
    """In the colour of texts on it: the other way round it would be no icon of the brand."""
    path = write(tmp_path, 'brand: {name: Ilse, colours: {accent: "#0b6e4f"}}\n')
    icons = made_icons(load_sale(path, tmp_path), tmp_path)
    for name, side in (("apple-touch-icon.png", 180), ("favicon.ico", 48)):
        assert (11, 110, 79) == pixel(icons[name], side // 4, side // 4), name
        assert (255, 255, 255) == pixel(icons[name], side // 2, side // 2), name
    assert b'<rect width="32" height="32" rx="8" fill="#0b6e4f"/>' in icons["icon.svg"]


def pixel(body: bytes, x: int, y: int) -> object:
    """A pixel of an icon's largest picture."""
    return Image.open(io.BytesIO(body)).convert("RGB").getpixel((x, y))


def made_icons(loaded: object, root: Path) -> dict[str, bytes]:
    """The icons of a loaded sale, by their names in the theme."""
    from flashgen.page.brand.brand import make_brand
    from flashgen.page.theme import find_theme

    brand = make_brand(loaded, find_theme("plain", root / "themes"), root)  # type: ignore[arg-type]
    assert brand
    return {name: each.body for name, each in brand.icons.items()}


@pytest.mark.parametrize(
    ("brand", "message"),
    [
        ("logo: missing.svg", "`logo`: `missing.svg` does not exist"),
        ("logo: night.yaml", "`logo`: `night.yaml` must be one of .svg, .png, .webp, .jpg, .jpeg"),
        ("fonts: {text: logo.svg}", "`fonts`: `logo.svg` must be one of .woff2, .woff, .ttf, .otf"),
        ("fonts: {text: broken.woff2}", "`fonts`: `broken.woff2` is not a font that can be read"),
        ("logo: broken.png", "`logo`: `broken.png` is not a picture that can be read"),
        ("logo: ../../outside.svg", "`logo`: `outside.svg` lies outside the project"),
        ("colours: {accent: green}", "`accent` must be a colour such as #0b6e4f, found green"),
        ("links: {terms: /terms}", "`terms` must be an https URL, or relative to the sale's page, found /terms"),
        ("links: {terms: 'javascript:alert(1)'}", "`terms` must be an https URL"),
        ("links: {imprnt: https://a.example}", "unknown key `imprnt`"),
        ("colors: {}", "unknown key `colors`"),
    ],
)
def test_what_cannot_be_used_is_one_problem(tmp_path: Path, brand: str, message: str) -> None:
    """With the key, what was found and where."""
    root = tmp_path / "project"
    (root / "sale_configs").mkdir(parents=True)
    (tmp_path / "outside.svg").write_text(SQUARE)
    (root / "sale_configs" / "broken.woff2").write_bytes(b"wOF2 broken")
    (root / "sale_configs" / "broken.png").write_bytes(b"\x89PNG broken")
    (problem,) = problems(root, f"brand: {{{brand}}}\n")
    assert problem.message.startswith(message)
    assert brand in problem.quote


def test_the_brand_of_the_docs_is_built(tmp_path: Path) -> None:
    """Whoever copies it gets these pages."""
    text = (Path(__file__).parents[3] / "docs" / "brand.md").read_text(encoding="utf-8")
    brand = text.partition("```yaml\n")[2].partition("```")[0]
    folder = write(tmp_path, "", locales="[en, de]", title="{en: Night, de: Nacht}").parent
    for name in ("aurore.svg", "aurore-dark.svg"):
        (folder / name).write_text(LOGO.format("#221c14"))
    for name in ("Text-Regular.woff2", "Title-Medium.woff2"):
        (folder / name).write_bytes(truetype())
    built = build(tmp_path, brand, locales="[en, de]", title="{en: Night, de: Nacht}")
    assert built.pages
    assert "Reserve yours" in dict(pages(tmp_path))["night/en/index.html"]


def test_the_mistake_of_the_docs_has_its_message(tmp_path: Path) -> None:
    """As it is printed."""
    text = (Path(__file__).parents[3] / "docs" / "brand.md").read_text(encoding="utf-8")
    (problem,) = problems(tmp_path, 'brand: {colours: {accent: "#3fbf7f"}}\n')
    assert problem.message in " ".join(text.split())
