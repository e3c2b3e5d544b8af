"""Templates and sheets keep the house's rules; what a person would see in review is checked here every time."""

import re
from pathlib import Path

import pytest
from minijinja import Environment

from adapters.http.assets import STATIC, address, bundle
from adapters.http.formatting import FUNCTIONS
from adapters.http.templating import TEMPLATES
from adapters.http.text import _, ngettext

PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
SHEETS = sorted(STATIC.rglob("*.css"))
MODULES = sorted(STATIC.rglob("*.js"))
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right|top|bottom)"
    r"|(?:left|right|top|bottom|width|height|min-width|min-height|max-width|max-height)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right))"
)
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
SPOKEN = re.compile(r'\s(?:aria-label|placeholder|title|alt)="([^"{]*[A-Za-z]{2}[^"{]*)"')
NAMES = frozenset({"Halaqa", "English", "Hafs", "OK", "Google"})
ELSEWHERE = '<form method="post" action="{{ shown.form }}"'


@pytest.fixture(scope="module")
def environment() -> Environment:
    def load(name: str) -> str | None:
        path = TEMPLATES / name
        return path.read_text("utf-8") if path.is_file() else None

    known = {**FUNCTIONS, "_": _, "ngettext": ngettext, "asset": address, "first_faces": []}
    return Environment(loader=load, globals=known, trim_blocks=True, lstrip_blocks=True)


def source_of(page: str) -> str:
    return (TEMPLATES / page).read_text("utf-8")


def words_outside_calls(source: str) -> list[str]:
    """Text between tags that no ``_()`` gave. Attributes that a macro writes for a tag are no text."""
    without = re.sub(r"<(svg|script|style)\b.*?</\1>", "", EXPRESSION.sub("\0", source), flags=re.DOTALL)
    pieces = [piece.strip() for piece in re.split(r"<[^>]*>|\0|&\w+;", without)]
    words = [piece for piece in pieces if re.search(r"[A-Za-z]{2}", piece) and not re.search(r'[\w-]+="', piece)]
    return [text for text in words if text not in NAMES]


@pytest.mark.parametrize("page", PAGES)
def test_every_template_compiles(environment: Environment, page: str) -> None:
    environment.undeclared_variables_in_template(page)


@pytest.mark.parametrize("page", PAGES)
def test_all_words_go_through_the_catalog(page: str) -> None:
    source = source_of(page)

    assert words_outside_calls(source) == []
    assert [told for told in SPOKEN.findall(source) if told not in NAMES] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_on_a_page_needs_inline_style_or_script(page: str) -> None:
    """The Content-Security-Policy would refuse it."""
    source = EXPRESSION.sub("", source_of(page))

    assert not re.search(r"\sstyle\s*=|<style\b|\son[a-z]+\s*=|javascript:", source)
    # A block of data is not a script: nothing runs it, and the policy does not look at it.
    assert not re.search(r'<script\b(?![^>]*\bsrc=)(?! type="application/ld\+json")', source)


@pytest.mark.parametrize("page", PAGES)
def test_every_form_that_writes_proves_where_it_comes_from(page: str) -> None:
    """ID-05. Only what a payment provider takes on its own page cannot hold our proof."""
    forms = re.findall(r'<form\b[^>]*method="post".*?</form>', source_of(page), flags=re.DOTALL)

    assert [form[:80] for form in forms if "csrf" not in form and not form.startswith(ELSEWHERE)] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_sheets_know_no_left_and_right(sheet: Path) -> None:
    """So that right-to-left is the same stylesheet."""
    plain = re.sub(r"/\*.*?\*/|@media[^{]*", "", sheet.read_text("utf-8"), flags=re.DOTALL)

    assert PHYSICAL.findall(plain) == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_every_token_that_is_used_is_defined(sheet: Path) -> None:
    used = set(re.findall(r"var\(--([\w-]+)", sheet.read_text("utf-8")))
    defined = set(re.findall(r"--([\w-]+)\s*:", bundle()))

    assert used - defined == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_modules_load_nothing_from_elsewhere(module: Path) -> None:
    assert not re.search(r"https?://|\beval\(|innerHTML", module.read_text("utf-8"))


def test_the_first_visit_to_a_public_page_stays_small() -> None:
    """Sheet, module, icon and the two faces: below 150 KiB even uncompressed."""
    parts = [len(bundle().encode()), len((STATIC / "img" / "icon.svg").read_bytes())]
    parts += [len((STATIC / "js" / "halaqa.js").read_bytes())]
    parts += [
        path.stat().st_size for name in ("literata", "plex") if (path := STATIC / "fonts" / f"{name}.woff2").exists()
    ]

    assert sum(parts) < 150 * 1024


def test_an_address_changes_with_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    first = address("a.js", tmp_path)
    (tmp_path / "a.js").write_text("two")

    assert address("a.js", tmp_path) != first


def test_a_missing_font_is_left_out_of_the_bundle(tmp_path: Path) -> None:
    assert "@font-face" not in bundle(tmp_path)
