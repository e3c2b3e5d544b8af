"""What the component ``ayah`` of the pages needs: the text as the mushaf has it, and where it stands. (L10N-03)"""

from typing import Any

from adapters.http.text import _
from adapters.http.words import RIWAYAT
from adapters.quran import RIWAYAH, end_of_ayah, mushaf
from domain.scheduling.qari import Riwayah


def ayah(surah: int, number: int, lang: str) -> dict[str, Any]:
    """``text`` is set as it is, ``end`` is the sign with the number of the ayah."""
    found = mushaf()
    return {
        "text": found.ayah(surah, number),
        "end": end_of_ayah(number),
        "surah": found.surah(surah).name(lang),
        "surah_number": surah,
        "number": number,
        "riwayah": _(RIWAYAT[Riwayah(RIWAYAH)]),
    }


def surah_names(lang: str) -> dict[int, str]:
    return {surah.number: surah.name(lang) for surah in mushaf().surahs}
