"""How Hijri dates are said, on pages and in messages. (L10N-02)"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from adapters.languages import language
from adapters.languages.text import N_, digits
from domain.hijri import hijri_of
from domain.time import zone_of

MONTHS: Final = (
    N_("Muharram"),
    N_("Safar"),
    N_("Rabi al-Awwal"),
    N_("Rabi al-Thani"),
    N_("Jumada al-Ula"),
    N_("Jumada al-Akhira"),
    N_("Rajab"),
    N_("Shaban"),
    N_("Ramadan"),
    N_("Shawwal"),
    N_("Dhu al-Qada"),
    N_("Dhu al-Hijja"),
)
DATE: Final = N_("{day} {month} {year} AH")


def hijri_for(moment: datetime, zone: str, lang: str, say: Callable[[str], str], offset_days: int = 0) -> str:
    """``14 Ramadan 1447 AH`` for a reader elsewhere; empty where the calendar ends."""
    found = hijri_of(moment.astimezone(zone_of(zone)).date(), offset_days)
    if found is None:
        return ""
    text = say(DATE).format(day=found.day, month=say(MONTHS[found.month - 1]), year=found.year)
    return digits(text, language(lang).numerals)
