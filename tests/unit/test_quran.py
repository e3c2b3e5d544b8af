"""The text of the Quran is the one that was checked, and pages show it to the code point. (L10N-03)"""

import hashlib
import re
import unicodedata
from html import unescape
from typing import Any, cast

import pytest
from fontTools.ttLib import TTFont

from adapters.http.assets import FACES
from adapters.http.templating import Renderer
from adapters.quran import AlteredText, end_of_ayah, mushaf, read, source
from domain.errors import NotFound
from entrypoints.assets import SOURCES, characters, source_of
from fakes.http import StandingClock

LETTERS = "4959e268777b139828b29b9dbfd188b497163297fb69b9e384dab17a79bd9f83"
"""Of all ayahs without their marks, as Tanzil's Uthmani 1.1 has them too."""


def bare(text: str) -> str:
    """Letters alone; what the two editions write with one sign or another is made one."""
    letters = "".join(one for one in unicodedata.normalize("NFD", text) if unicodedata.category(one) == "Lo")
    return letters.replace("\u064a", "\u0649").replace("\u0671", "\u0627").replace("\u0621", "")


def test_its_letters_are_those_of_a_second_edition() -> None:
    ayahs = mushaf().ayahs

    assert (len(mushaf().surahs), len(ayahs)) == (114, 6236)
    assert hashlib.sha256("\n".join(map(bare, ayahs)).encode()).hexdigest() == LETTERS


def test_it_is_what_the_package_prints() -> None:
    """Its own reader is asked, which puts the pause marks in by another way."""
    package = pytest.importorskip("quran_text").Mushaf.from_json(source())

    assert mushaf().ayahs == tuple(ayah.render(marks=True) for ayah in package.ayahs)


def test_an_altered_text_is_not_read() -> None:
    data = source()
    with pytest.raises(AlteredText):
        read(data.replace("بِسۡمِ".encode(), "بسم".encode(), 1))


@pytest.mark.parametrize(("surah", "number"), [(0, 1), (115, 1), (1, 0), (1, 8)])
def test_there_is_no_other_ayah(surah: int, number: int) -> None:
    with pytest.raises(NotFound):
        mushaf().ayah(surah, number)


@pytest.mark.parametrize(("surah", "number"), [(54, 17), (2, 255), (7, 206), (36, 1), (114, 6)])
def test_a_page_shows_it_to_the_code_point(surah: int, number: int) -> None:
    renderer = Renderer(StandingClock(), development=True)
    page = renderer._environment.render_str(
        '{% from "components/ayah.html" import figure %}{{ figure(ayah(surah, number, "en")) }}',
        name="a.html", surah=surah, number=number,
    )  # fmt: skip

    shown = re.search(r'<blockquote lang="ar" dir="rtl" translate="no"><p>(.*?) <span[^>]*>(.*?)</span>', page)
    assert shown is not None
    assert unescape(shown[1]) == mushaf().ayah(surah, number)
    assert unescape(shown[2]) == end_of_ayah(number)
    assert "in the riwayah of Hafs" in page


def test_the_face_has_every_sign() -> None:
    file = "amiri-400.woff2"
    package, name, _ = SOURCES[file.removesuffix(".woff2")]
    path = source_of(package, name)
    if path is None:
        pytest.skip("the typeface is not installed")
    needed = {ord(sign) for ayah in mushaf().ayahs for sign in ayah} | {ord(sign) for sign in end_of_ayah(1234567890)}

    font = cast(Any, TTFont(path))
    assert needed - set(font.getBestCmap()) == set()
    assert needed - {ord(" ")} <= characters(next(face[3] for face in FACES if face[0] == file))
