"""The forms of applications, between text fields and the domain. What is empty is not told yet."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from zoneinfo import available_timezones

from litestar.datastructures import FormMultiDict

from adapters.http.ayah import surah_names
from adapters.http.formatting import locale_of, week_starts_on
from adapters.http.terms import term
from adapters.http.text import _
from adapters.http.web.availability_forms import days_from, kept_rows, painted, rules_of, week_rows
from adapters.http.words import RIWAYAT, TAUGHT_IN, language_name, level_options, subject_options
from application.onboarding.own_application import DraftCommand, OwnApplication
from domain.errors import Invalid
from domain.identity.permission import Role
from domain.onboarding.forms import JUZ, Goal, LearnerForm, QariForm, Qualification, ReadingLevel
from domain.onboarding.national_id import national_id
from domain.onboarding.policy import DocumentKind
from domain.scheduling.qari import EVERYONE, Gender
from domain.scheduling.subject import Subject

ROWS: Final = 3
"""Lines for qualifications beyond those that are filled."""
MOST_ROWS: Final = 20
ZONES: Final = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV"))
)
Option = list[str]
Fields = dict[str, list[str]]
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "memorized_juz": ("juz",),
    "memorized_surahs": ("surahs",),
    "teaches_genders": ("teaches",),
    "qualifications": ("title", "by", "year"),
    "rules": ("h", "kept"),
    "week": ("h", "kept"),
    "id_country": ("id_country", "national_id"),
}
"""The inputs that a field of the domain is read from, where they are called otherwise; rows carry a number behind."""


def level_names() -> dict[str, str]:
    return {
        ReadingLevel.NEW.value: _("I do not know the letters yet"),
        ReadingLevel.LETTERS.value: _("I know the letters"),
        ReadingLevel.SLOWLY.value: _("I read slowly"),
        ReadingLevel.FLUENTLY.value: _("I read fluently"),
        ReadingLevel.WITH_TAJWID.value: _("I read with tajwid"),
    }


def heard_names() -> dict[str, str]:
    """The same, as a Qari says it of a learner."""
    return {
        ReadingLevel.NEW.value: _("does not know the letters yet"),
        ReadingLevel.LETTERS.value: _("knows the letters"),
        ReadingLevel.SLOWLY.value: _("reads slowly"),
        ReadingLevel.FLUENTLY.value: _("reads fluently"),
        ReadingLevel.WITH_TAJWID.value: _("reads with tajwid"),
    }


def goal_names() -> dict[str, str]:
    return {
        Goal.READ.value: _("learn to read"),
        Goal.TAJWID.value: _("correct my tajwid"),
        Goal.MEMORIZE.value: _("memorize ({term})", term=term("new")),
        Goal.REVISE.value: _("revise what I know ({term})", term=term("old")),
        Goal.IJAZAH.value: _("earn an ijazah"),
    }


def kind_names() -> dict[str, str]:
    return {
        DocumentKind.IDENTITY.value: _("identity card or passport"),
        DocumentKind.IJAZAH.value: _("ijazah"),
        DocumentKind.CERTIFICATE.value: _("certificate"),
        DocumentKind.OTHER.value: _("something else"),
    }


def gender_names() -> dict[str, str]:
    return {Gender.MALE.value: _("male"), Gender.FEMALE.value: _("female")}


def field_names() -> dict[str, str]:
    """What is missing, as the form calls it."""
    return {
        "name": _("Name"),
        "birth_date": _("Date of birth"),
        "gender": _("Gender"),
        "level": _("How well you read"),
        "goals": _("What you want to learn"),
        "language": _("Language of the lessons"),
        "zone": _("Time zone"),
        "country": _("Country"),
        "languages": _("Languages you teach in"),
        "riwayat": _("Riwayat you teach"),
        "qualifications": _("Qualifications"),
        "bio": _("About you"),
        "rules": _("Weekly hours"),
        "national_id": _("National id"),
        "documents.identity": _("Scan of your identity card or passport"),
        "documents.ijazah": _("Scan of your ijazah"),
        "documents.certificate": _("Scan of a certificate"),
        "documents.other": _("A document"),
    }


def options(names: Mapping[str, str]) -> list[Option]:
    return [[key, words] for key, words in names.items()]


def fields_in(form: FormMultiDict) -> Fields:
    """All values of all fields, as far as they are text."""
    return {name: [value for value in form.getall(name) if isinstance(value, str)] for name in form}


def draft_in(given: Fields, role: Role) -> tuple[DraftCommand, dict[str, Invalid]]:
    """What makes sense, and what was wrong with the rest, by field: one slip does not cost all the other answers."""
    fields, wrong = dict(given), dict[str, Invalid]()
    while True:
        try:
            return _draft(fields, role), wrong
        except Invalid as error:
            field = str(error.details.get("field", ""))
            if field in wrong:
                raise
            wrong[field] = error
            for name in list(fields):
                if name in SOURCES.get(field, (field,)) or name.rstrip("0123456789") in SOURCES.get(field, ()):
                    del fields[name]


def _draft(form: Fields, role: Role) -> DraftCommand:
    if role is not Role.QARI:
        return DraftCommand(form=_learner(form))
    country, number = _text(form, "id_country"), _text(form, "national_id")
    if number:
        national_id(country, number)
    return DraftCommand(form=_qari(form), id_country=country, national_id=number)


def _learner(form: Fields) -> LearnerForm:
    goals, wished = set(_many(form, "goals")), _text(form, "qari_gender")
    return LearnerForm(
        name=" ".join(_text(form, "name").split()),
        birth_date=_date(form, "birth_date"),
        gender=_gender(_text(form, "gender")),
        level=next((level for level in ReadingLevel if level.value == _text(form, "level")), None),
        goals=tuple(goal for goal in Goal if goal.value in goals),
        memorized_juz=_numbers(_many(form, "juz"), "memorized_juz"),
        memorized_surahs=_numbers(",".join(_many(form, "surahs")).replace("،", ",").split(","), "memorized_surahs"),
        language=_text(form, "language"),
        zone=_text(form, "zone"),
        qari_gender=_gender(wished),
        note=_text(form, "note"),
    )


def _qari(form: Fields) -> QariForm:
    readings, genders = set(_many(form, "riwayat")), {_gender(one) for one in _many(form, "teaches")}
    years = _text(form, "years_taught")
    return QariForm(
        name=" ".join(_text(form, "name").split()),
        birth_date=_date(form, "birth_date"),
        gender=_gender(_text(form, "gender")),
        country=_text(form, "country"),
        zone=_text(form, "zone"),
        languages=tuple(dict.fromkeys(_many(form, "languages"))),
        riwayat=tuple(riwayah for riwayah in RIWAYAT if riwayah.value in readings),
        subjects=tuple(one for one in Subject if one.value in set(_many(form, "subjects"))),
        levels=tuple(one for one in ReadingLevel if one.value in set(_many(form, "levels"))),
        teaches_genders=frozenset(one for one in genders if one is not None) or EVERYONE,
        qualifications=tuple(_qualifications(form)),
        years_taught=_number(years, "years_taught") if years else None,
        bio=_text(form, "bio"),
        rules=tuple(rules_of(_many(form, "h"), _many(form, "kept"))),
    )


def _qualifications(form: Fields) -> list[Qualification]:
    found = []
    for row in range(1, MOST_ROWS + 1):
        title, year = _text(form, f"title{row}"), _text(form, f"year{row}")
        if title:
            told = _number(year, "qualifications") if year else 0
            found.append(Qualification(title=title, by=_text(form, f"by{row}"), year=told))
    return found


def _text(form: Fields, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()[:4000]


def _many(form: Fields, name: str) -> list[str]:
    return list(form.get(name, ()))


def _date(form: Fields, name: str) -> date | None:
    text = _text(form, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("write a date as 2001-03-31", field=name) from None


def _gender(text: str) -> Gender | None:
    return next((gender for gender in Gender if gender.value == text), None)


def _number(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > 4:
        raise Invalid("write a whole number", field=field)
    return int(text)


def _numbers(texts: Sequence[str], field: str) -> tuple[int, ...]:
    return tuple(sorted({_number(text.strip(), field) for text in texts if text.strip()}))


def shown(own: OwnApplication, lang: str) -> dict[str, Any]:
    """What both pages of the form need."""
    names, form = field_names(), own.application.form
    known: dict[str, Any] = {
        "own": own,
        "application": own.application,
        "form": form,
        "missing": [names.get(field, field) for field in own.missing],
        "genders": options(gender_names()),
        "zones": ZONES,
        "spoken": languages(lang),
    }
    if isinstance(form, LearnerForm):
        return known | {
            "levels": options(level_names()),
            "goals": options(goal_names()),
            "juz": list(JUZ),
            "surahs": [[str(number), name] for number, name in surah_names(lang).items()],
        }
    cells, kept = painted(form.rules)
    filled = [{"title": one.title, "by": one.by, "year": one.year or ""} for one in form.qualifications]
    return known | {
        "countries": countries(lang),
        "riwayat": [[riwayah.value, _(words)] for riwayah, words in RIWAYAT.items()],
        "subjects": subject_options(),
        "levels": level_options(),
        "kinds": options(kind_names()),
        "kind_names": kind_names(),
        "rows": (filled + [{"title": "", "by": "", "year": ""}] * ROWS)[:MOST_ROWS],
        "week_order": days_from(week_starts_on(lang)),
        "parts": week_rows(cells, week_starts_on(lang)),
        "kept": kept_rows(kept),
        "open_hours": len(cells) / 2,
    }


def languages(lang: str) -> list[Option]:
    return [[code, language_name(code, lang)] for code in TAUGHT_IN]


def countries(lang: str) -> list[Option]:
    names = {code: name for code, name in locale_of(lang).territories.items() if len(code) == 2 and code.isalpha()}
    return sorted(([code, name] for code, name in names.items()), key=lambda pair: pair[1])
