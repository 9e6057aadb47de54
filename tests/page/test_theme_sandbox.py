"""A theme of the project is code of somebody else's: its templates reach nothing but what they are given."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Flashgen
from support.projects import write_sale, write_theme

from flashgen.errors import InvalidInput, Problem
from flashgen.page.build import build_sale

SETTINGS = "trusted_themes: true\n"


def page_of(root: Path, template: str, *, trusted_themes: bool = False) -> str:
    """The page of a product by a theme with this template."""
    write_theme(root, "mine", {"product.html": f"<p>one</p>\n{template}\n"})
    build_sale(write_sale(root, theme="mine"), root, root / "build", 1, trusted_themes=trusted_themes)
    return (root / "build/night/lamp/index.html").read_text(encoding="utf-8")


def problem_of(root: Path, template: str) -> Problem:
    """The only problem of that build."""
    with pytest.raises(InvalidInput) as invalid:
        page_of(root, template)
    (problem,) = invalid.value.problems
    return problem


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__']['__mro__'] }}",
        "{{ ''|attr('__class__') }}",
        "{{ [product]|map(attribute='__class__')|map(attribute='__mro__')|list }}",
        "{{ '{0.__class__.__mro__}'.format(product) }}",
        "{{ '{p.__class__.__mro__}'.format_map({'p': product}) }}",
        "{{ ('{0.__class__.__mro__}'|attr('format'))(product) }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ joiner.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ asset.__globals__ }}",
        "{{ asset.__closure__[0].cell_contents }}",
        "{{ self.__init__.__globals__ }}",
        "{{ self._TemplateReference__context.environment }}",
        "{{ product._product.name }}",
        "{% set names = [] %}{{ names.append(1) }}",
        "{{ {}.update(a=1) }}",
        "{% for n in range(100001) %}{% endfor %}",
        "{{ 'x' * 100001 }}",
        "{{ 100001 * [1] }}",
        "{{ 10 ** 10 ** 10 }}",
    ],
)
def test_the_sandbox_refuses_a_way_out_with_one_error(tmp_path: Path, template: str) -> None:
    """It names the file, the line, the reason and the fix."""
    problem = problem_of(tmp_path, template)
    assert (tmp_path / "themes/mine/product.html", 2) == (problem.where.file, problem.where.line)
    assert template == problem.quote
    assert problem.message.startswith("the sandbox refuses this: ")
    assert not (tmp_path / "build/night").exists()


def test_a_trusted_theme_runs_without_a_sandbox(tmp_path: Path) -> None:
    """Then the same template is rendered."""
    template = (
        "{{ ''.__class__.__name__ }} {% for n in range(100001) %}{% if loop.last %}{{ n }}{% endif %}{% endfor %}"
    )
    assert "<p>one</p>\nstr 100000" == page_of(tmp_path, template, trusted_themes=True)


def test_what_themes_need_works_in_the_sandbox(tmp_path: Path) -> None:
    """Filters, loops, formatting and products of plain numbers; nothing here is a way out."""
    template = (
        "{% for n in range(3) %}{{ loop.index }}{% endfor %} {{ '{:>4}|'.format('ab') }} {{ 4 * 1024 }} {{ 2 ** 10 }} "
        "{{ '-' * 3 }} {{ t.limit.replace('{count}', '7') }} {{ product.name|upper }}"
    )
    assert "<p>one</p>\n123   ab| 4096 1024 --- Limited quantity: 7 LAMP" == page_of(tmp_path, template)


@pytest.mark.parametrize("parent", ["plain", "spotlight", "catalogue"])
def test_a_sandboxed_child_gives_the_pages_of_its_parent(tmp_path: Path, parent: str) -> None:
    """Every template of every packaged theme runs in the sandbox, and makes the same bytes."""
    write_theme(tmp_path, "mine", {"theme.yaml": f"extends: {parent}\n"})
    pages = []
    for theme in (parent, "mine"):
        path = write_sale(tmp_path, theme=theme, locales="[en, ar]")
        folder = tmp_path / theme
        build_sale(path, tmp_path, folder, 1)
        pages.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.html")})
    assert len(pages[0]) > 20
    assert pages[0] == pages[1]


@pytest.mark.parametrize("name", ["leak.html", "assets/leak.css", "messages/de.yaml", ".hidden.html"])
def test_a_link_that_leads_out_of_a_theme_is_refused(tmp_path: Path, name: str) -> None:
    """A template could include it, and a page publish it. A link inside the theme is a file like others."""
    (tmp_path / "secret").write_text("0123", encoding="utf-8")
    folder = write_theme(
        tmp_path, "mine", {"ended.html": "x", "assets/a.css": "a{color:red}", "messages/en.yaml": "a: b\n"}
    )
    (folder / "product.html").symlink_to("ended.html")
    path = write_sale(tmp_path, theme="mine")
    build_sale(path, tmp_path, tmp_path / "build", 1)
    (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(InvalidInput) as invalid:
        build_sale(path, tmp_path, tmp_path / "again", 1)
    (problem,) = invalid.value.problems
    assert folder / name == problem.where.file
    assert problem.message == f"links to {tmp_path / 'secret'}, outside of the theme"


def test_a_template_cannot_name_a_file_outside_of_its_theme(tmp_path: Path) -> None:
    """Wherever it starts from."""
    (tmp_path / "flashgen.yaml").write_text("secret: env:X\n", encoding="utf-8")
    for name in ("../../flashgen.yaml", f"{tmp_path}/flashgen.yaml", "assets/../../../flashgen.yaml"):
        assert "needs a template" in problem_of(tmp_path, f'{{% include "{name}" %}}').message


def test_the_project_says_that_its_themes_are_trusted(flashgen: Flashgen, project: Path) -> None:
    """In flashgen.yaml; each of the commands that render follows it, and says so when it refuses."""
    write_theme(project, "mine", {"product.html": "{{ ''.__class__.__name__ }}"})
    write_sale(project, theme="mine")
    for command in ("check", "build"):
        refused = flashgen(command)
        assert refused.exit_code == 1
        assert "themes/mine/product.html:1: the sandbox refuses this: access to attribute '__class__'" in refused.err
        assert "`trusted_themes: true` in flashgen.yaml" in refused.err
    (project / "flashgen.yaml").write_text(SETTINGS, encoding="utf-8")
    for command in ("check", "build"):
        assert flashgen(command).exit_code == 0
    assert (project / "build/night/lamp/index.html").read_text(encoding="utf-8") == "str"
