"""What collects and checks the catalogs. (L10N-01)"""

import ast
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from adapters.languages.catalogs import TRANSLATED, compiled, source_of
from entrypoints import catalogs
from entrypoints.extraction import Found, Unclear, from_python, from_templates, template, words

pytestmark = pytest.mark.slow


@cache
def in_templates() -> list[Found]:
    return list(from_templates())


@cache
def in_python() -> tuple[list[Found], list[Unclear]]:
    return from_python()


def test_sentences_are_found_in_pages_in_python_and_in_refusals() -> None:
    pages, (python, _unclear) = {found.one for found in in_templates()}, in_python()
    sentences = {found.one for found in python}

    assert {"Find a Qari", "With {name}.", "Pay"} - (pages | sentences) == set()
    assert "the hold runs until {until}" in sentences
    assert "no show student" in {found.one for found in words()}


def test_a_sentence_that_counts_is_found_with_both_forms() -> None:
    assert Found("adapters/http/templates/lessons/cancel.html", "Cancel {n} lesson?", "Cancel {n} lessons?") in (
        in_templates()
    )


def test_no_refusal_is_put_together_before_it_is_translated() -> None:
    assert in_python()[1] == []


@pytest.mark.parametrize("lang", TRANSLATED)
def test_catalogs_are_written_as_update_writes_them(lang: str, tmp_path: Path) -> None:
    again = tmp_path / "again.po"

    catalogs.write(again, catalogs.read(source_of(lang), lang))

    assert again.read_text("utf-8") == source_of(lang).read_text("utf-8")
    assert compiled(lang).startswith(b"\xde\x12\x04\x95")


def _trouble(message: str | tuple[str, str], string: str | tuple[str, ...], *flags: str) -> list[str]:
    wanted, catalog = Catalog(), Catalog(locale="ur")
    wanted.add(message)
    if string:
        catalog.add(message, string, flags=flags)
    found = wanted.get(message if isinstance(message, str) else message[0])
    assert found is not None
    return list(catalogs._troubles(found, catalog))


def test_what_is_wrong_with_a_translation_is_named() -> None:
    assert _trouble("With {name}", "{name} کے ساتھ") == []
    assert _trouble("With {name}", "") == ["missing"]
    assert _trouble("With {name}", "کے ساتھ") == ["placeholders differ (name)"]
    assert _trouble("With {name}", "{nom} کے ساتھ") == ["placeholders differ (name, nom)"]
    assert _trouble("Save", "محفوظ", "fuzzy") == ["fuzzy"]
    assert _trouble(("{n} lesson", "{n} lessons"), ("ایک کلاس", "{n} کلاسیں")) == []
    assert _trouble(("{n} lesson", "{n} lessons"), ("ایک کلاس", "")) == ["missing"]


def test_what_one_language_lacks_goes_out_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, theirs = tmp_path / "mine.po", tmp_path / "theirs.po"
    catalog = Catalog(locale="ur", domain="halaqa")
    catalog.add("Save", "محفوظ", locations=[("a.html", 0)])
    catalog.add("With {name}", locations=[("b.html", 0)])
    catalogs.write(mine, catalog)
    monkeypatch.setattr(catalogs, "source_of", lambda lang: mine)

    catalogs.missing("ur", theirs)
    asked = catalogs.read(theirs, "ur")
    assert [message.id for message in asked if message.id] == ["With {name}"]
    message = asked.get("With {name}")
    assert message is not None
    message.string = "{name} کے ساتھ"
    catalogs.write(theirs, asked)
    catalogs.merge("ur", theirs)

    merged = catalogs.read(mine, "ur")
    assert [message.string for message in merged if message.id] == ["محفوظ", "{name} کے ساتھ"]


@pytest.mark.slow
def test_the_template_has_each_sentence_once() -> None:
    ids = [message.id if isinstance(message.id, str) else message.id[0] for message in template() if message.id]

    assert len(ids) == len(set(ids))
    assert ast.literal_eval(repr(ids)) == ids


def test_arabic_counts_from_eleven_on_in_the_accusative_and_hundreds_in_the_genitive() -> None:  # L10N-01
    with source_of("ar").open("rb") as source:
        catalog = read_po(source, locale="ar")
    assert "n%100>=0 && n%100<=2 ? 4 : 5" in str(catalog.plural_expr)
    forms = {one.id[0]: tuple(one.string or ()) for one in catalog if isinstance(one.id, tuple)}
    differing = {said: (said_of[4], said_of[5]) for said, said_of in forms.items() if said_of[4] != said_of[5]}

    assert len(differing) >= 16
    assert {said for said, (few, many) in differing.items() if many.count("\u064b") <= few.count("\u064b")} == set()
