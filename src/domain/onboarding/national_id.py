"""Numbers of national identity cards: one rule per country, more by ``register``. (ONB-03)

A number is kept in one form (``35202-1234567-1``), sealed; what is shown are its last four signs.
"""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Final

import msgspec

from domain.errors import Invalid

Reading = Callable[[str], str | None]
"""From the bare signs (upper case, no spaces or dashes) to the number's one form; None when it is not one."""
_SEPARATORS: Final = re.compile(r"[\s.\-/\u2010-\u2015]+")


class BadNationalId(Invalid):
    code = "bad_national_id"


class IdRule(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` as the country calls the card, ``example`` of no living person."""

    name: str
    example: str
    read: Reading


class NationalId(msgspec.Struct, frozen=True):
    """``country`` is ISO 3166; ``number`` is in the country's one form. It never leaves the use cases unsealed."""

    country: str
    number: str

    @property
    def tail(self) -> str:
        """All that is shown of it."""
        return re.sub(r"\W", "", self.number)[-4:]

    def __repr__(self) -> str:
        return f"NationalId({self.country!r}, …{self.tail})"


RULES: Final[dict[str, IdRule]] = {}


def register(country: str, rule: IdRule) -> None:
    """The plug-in point: another country's rule replaces what held for it before."""
    RULES[country.upper()] = rule


def national_id(country: str, text: str) -> NationalId:
    """In any spelling, with the digits of any script. Raises BadNationalId."""
    country = country.strip().upper()
    if re.fullmatch(r"[A-Z]{2}", country) is None:
        raise BadNationalId("say which country issued it", field="id_country")
    bare = _SEPARATORS.sub("", "".join(_plain(sign) for sign in text)).upper()
    rule = RULES.get(country, ANYWHERE)
    number = rule.read(bare) if bare.isascii() else None
    if number is None:
        raise BadNationalId(
            "this is not a number of the {card}; it looks like {example}",
            field="national_id",
            card=rule.name,
            example=rule.example,
        )
    return NationalId(country, number)


def _plain(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)


def _digits(bare: str, count: int) -> bool:
    return len(bare) == count and bare.isdecimal()


def _is_date(year: int, month: int, day: int) -> bool:
    with suppress(ValueError):
        return date(year, month, day).year == year
    return False


def cnic(bare: str) -> str | None:
    """Pakistan: 5-7-1 digits; the first names a province and is never 0. Source: NADRA, "CNIC number format"."""
    if not _digits(bare, 13) or bare[0] == "0":
        return None
    return f"{bare[:5]}-{bare[5:12]}-{bare[12]}"


def egyptian(bare: str) -> str | None:
    """Century (2: 1900s, 3: 2000s), date of birth, governorate, serial, check digit."""
    if not _digits(bare, 14) or bare[0] not in "23":
        return None
    year = (1900 if bare[0] == "2" else 2000) + int(bare[1:3])
    return bare if _is_date(year, int(bare[3:5]), int(bare[5:7])) else None


def saudi(bare: str) -> str | None:
    """1 for citizens, 2 for residents; the last digit by Luhn."""
    if not _digits(bare, 10) or bare[0] not in "12":
        return None
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(bare))
    return bare if total % 10 == 0 else None


def turkish(bare: str) -> str | None:
    """Two check digits at the end."""
    if not _digits(bare, 11) or bare[0] == "0":
        return None
    n = [int(digit) for digit in bare]
    tenth = (sum(n[0:9:2]) * 7 - sum(n[1:8:2])) % 10
    return bare if (tenth, sum(n[:10]) % 10) == (n[9], n[10]) else None


def malaysian(bare: str) -> str | None:
    """Date of birth without the century, place, serial."""
    if not _digits(bare, 12):
        return None
    month, day = int(bare[2:4]), int(bare[4:6])
    if not any(_is_date(century + int(bare[:2]), month, day) for century in (1900, 2000)):
        return None
    return f"{bare[:6]}-{bare[6:8]}-{bare[8:]}"


_D: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_P: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


def aadhaar(bare: str) -> str | None:
    """India: the last digit by Verhoeff's scheme; never starts with 0 or 1."""
    if not _digits(bare, 12) or bare[0] in "01":
        return None
    check = 0
    for at, digit in enumerate(reversed(bare)):
        check = _D[check][_P[at % 8][int(digit)]]
    return f"{bare[:4]} {bare[4:8]} {bare[8:]}" if check == 0 else None


def anywhere(bare: str) -> str | None:
    """Countries without a rule of their own: a card's or passport's number."""
    return bare if re.fullmatch(r"(?=.*\d)[A-Z0-9]{5,20}", bare) else None


ANYWHERE: Final = IdRule(name="identity card or passport", example="AB1234567", read=anywhere)
register("PK", IdRule(name="CNIC", example="35202-1234567-1", read=cnic))
register("EG", IdRule(name="national identity card", example="29001011234567", read=egyptian))
register("SA", IdRule(name="national identity or iqama", example="1000000008", read=saudi))
register("TR", IdRule(name="T.C. kimlik", example="10000000146", read=turkish))
register("MY", IdRule(name="MyKad", example="900101-14-5678", read=malaysian))
register("IN", IdRule(name="Aadhaar", example="2345 6789 0124", read=aadhaar))
