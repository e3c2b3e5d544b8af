"""Countries, as the Unicode CLDR knows them: which one a time zone lies in, and their names. (PAYM-01)"""

from functools import cache
from typing import Final

from babel.core import Locale, get_global

_NO_COUNTRIES: Final = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})


def country_of_zone(zone: str) -> str:
    """Two letters; an empty text where the zone is no country's ("UTC", "Etc/GMT+5")."""
    known = get_global("zone_territories")
    found = str(known.get(zone) or known.get(get_global("zone_aliases").get(zone, zone), ""))
    return found if len(found) == 2 and found.isalpha() and found not in _NO_COUNTRIES else ""


@cache
def countries(locale: str) -> tuple[tuple[str, str], ...]:
    """Two letters and the name in that language, ordered by name."""
    names = Locale.parse(locale).territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code not in _NO_COUNTRIES]
    return tuple(sorted(found, key=lambda pair: pair[1]))
