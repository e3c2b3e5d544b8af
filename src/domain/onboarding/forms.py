"""What applicants tell of themselves. A draft may be incomplete, what is written has to make sense. (ONB-01, ONB-02)"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.identity.permission import Role
from domain.ids import UserId
from domain.scheduling.calendar import Calendar, WeeklyRule
from domain.scheduling.qari import EVERYONE, Gender, Riwayah
from domain.scheduling.subject import ReadingLevel as ReadingLevel
from domain.scheduling.subject import Subject
from domain.time import zone_of

ADULT_YEARS: Final = 18
JUZ: Final = range(1, 31)
SURAHS: Final = range(1, 115)
NOBODY: Final = UserId(UUID(int=0))
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


Goal = Subject


class Qualification(msgspec.Struct, frozen=True, kw_only=True):
    """An ijazah, a degree, a certificate. ``year`` 0 where it is not told."""

    title: str
    by: str = ""
    year: int = 0

    def __post_init__(self) -> None:
        _text("qualifications", self.title, 120)
        _text("qualifications", self.by, 120)
        if not self.title.strip() or (self.year and not 1900 <= self.year <= 2100):
            raise Invalid("a qualification has a title, and a year of four digits if any", field="qualifications")


class LearnerForm(msgspec.Struct, frozen=True, kw_only=True):
    """Short on purpose. ``memorized_juz`` and ``memorized_surahs`` by their numbers. What is preferred of a Qari
    (``qari_gender``, ``language``, ``zone``) starts the search for one. A guardian tells of himself: name, birth date,
    language, zone. (ONB-07)
    """

    name: str = ""
    birth_date: date | None = None
    gender: Gender | None = None
    level: ReadingLevel | None = None
    goals: tuple[Goal, ...] = ()
    memorized_juz: tuple[int, ...] = ()
    memorized_surahs: tuple[int, ...] = ()
    language: str = ""
    zone: str = ""
    qari_gender: Gender | None = None
    note: str = ""

    def __post_init__(self) -> None:
        _person(self.name, self.birth_date, self.zone)
        _language("language", self.language)
        _text("note", self.note, 1000)
        _numbers("memorized_juz", self.memorized_juz, JUZ)
        _numbers("memorized_surahs", self.memorized_surahs, SURAHS)

    def missing(self, role: Role) -> Iterator[str]:
        needed: tuple[str, ...] = ("name", "birth_date", "language", "zone")
        if role is Role.STUDENT:
            needed = (*needed, "gender", "level", "goals")
        return (field for field in needed if not getattr(self, field))


class QariForm(msgspec.Struct, frozen=True, kw_only=True):
    """``rules`` are his weekly hours in ``zone``; approved, they become his calendar unchanged. No ``subjects``, no
    ``levels``: all of them. (ONB-02)
    """

    name: str = ""
    birth_date: date | None = None
    gender: Gender | None = None
    country: str = ""
    zone: str = ""
    languages: tuple[str, ...] = ()
    riwayat: tuple[Riwayah, ...] = ()
    subjects: tuple[Subject, ...] = ()
    levels: tuple[ReadingLevel, ...] = ()
    teaches_genders: frozenset[Gender] = EVERYONE
    qualifications: tuple[Qualification, ...] = ()
    years_taught: int | None = None
    bio: str = ""
    rules: tuple[WeeklyRule, ...] = ()

    def __post_init__(self) -> None:
        _person(self.name, self.birth_date, self.zone)
        _text("bio", self.bio, 2000)
        for code in self.languages:
            _language("languages", code)
        if self.country and _COUNTRY.fullmatch(self.country) is None:
            raise Invalid("a country is written as two letters, such as PK", field="country")
        if not self.teaches_genders:
            raise Invalid("a Qari teaches somebody", field="teaches_genders")
        if self.years_taught is not None and not 0 <= self.years_taught <= 80:
            raise Invalid("years of teaching are between 0 and 80", field="years_taught")
        if len(self.qualifications) > 20:
            raise Invalid("tell of at most 20 qualifications", field="qualifications")
        Calendar(qari_id=NOBODY, zone="UTC").with_rules(self.rules)

    def missing(self, role: Role) -> Iterator[str]:
        del role
        needed = (
            "name", "birth_date", "gender", "country", "zone", "languages", "riwayat", "qualifications", "bio", "rules",
        )  # fmt: skip
        return (field for field in needed if not getattr(self, field))


Form = LearnerForm | QariForm


def empty_form(role: Role, *, name: str, zone: str, language: str) -> Form:
    """What a draft starts with: what the account says already."""
    if role is Role.QARI:
        return QariForm(name=name, zone=zone)
    return LearnerForm(name=name, zone=zone, language=language)


def _person(name: str, birth_date: date | None, zone: str) -> None:
    if len(name) > 120 or not name.isprintable():
        raise Invalid("a name has between 1 and 120 characters", field="name")
    if birth_date is not None and birth_date.year < 1900:
        raise Invalid("this birth date is too long ago", field="birth_date")
    if zone:
        zone_of(zone)


def _text(field: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Invalid("this text has at most {most} characters", field=field, most=most)


def _language(field: str, code: str) -> None:
    if code and _LANGUAGE.fullmatch(code) is None:
        raise Invalid("a language is an ISO 639 code such as ur", field=field)


def _numbers(field: str, numbers: tuple[int, ...], known: range) -> None:
    if any(number not in known for number in numbers) or len(set(numbers)) != len(numbers):
        raise Invalid("numbers are from 1 to {last}, each once", field=field, last=known[-1])
