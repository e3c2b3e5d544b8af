"""Between rows and the calendars and profiles that they hold."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from domain.ids import UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar, Limits, TimeOff, WallRange, WeeklyRule
from domain.scheduling.qari import BookingMode, Gender, LessonOffer, QariProfile, Riwayah
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import TimeSlot

Row: TypeAlias = "asyncpg.Record | Mapping[str, Any]"
LIMITS: Final = Limits.__struct_fields__
_RULES: Final = msgspec.json.Decoder(list[tuple[int, int, int]])
_HOURS: Final = msgspec.json.Decoder(list[tuple[int, int]])


def rules_json(rules: Iterable[WeeklyRule]) -> str:
    packed = [(rule.weekday, rule.hours.start_min, rule.hours.end_min) for rule in rules]
    return msgspec.json.encode(packed).decode()


def hours_json(hours: Iterable[WallRange]) -> str:
    return msgspec.json.encode([(one.start_min, one.end_min) for one in hours]).decode()


def limits_row(limits: Limits) -> dict[str, Any]:
    return msgspec.structs.asdict(limits)


def profile_row(profile: QariProfile) -> dict[str, Any]:
    row = msgspec.structs.asdict(profile)
    del row["offers"]
    return row | {
        "gender": profile.gender.value,
        "languages": list(profile.languages),
        "riwayat": [one.value for one in profile.riwayat],
        "subjects": [one.value for one in profile.subjects],
        "levels": [one.value for one in profile.levels],
        "teaches_genders": sorted(one.value for one in profile.teaches_genders),
        "booking_mode": profile.booking_mode.value,
    }


def offer_of(row: Row) -> LessonOffer:
    trial, currency = row["trial_minor"], row["currency"]
    return LessonOffer(
        row["minutes"],
        Money(row["price_minor"], currency),
        None if trial is None else Money(trial, currency),
    )


def profile_of(row: Row, offers: Sequence[Row]) -> QariProfile:
    return QariProfile(
        user_id=UserId(row["user_id"]),
        name=row["name"],
        gender=Gender(row["gender"]),
        zone=row["zone"],
        country=row["country"],
        languages=tuple(row["languages"]),
        riwayat=tuple(Riwayah(one) for one in row["riwayat"]),
        subjects=tuple(Subject(one) for one in row["subjects"]),
        levels=tuple(ReadingLevel(one) for one in row["levels"]),
        teaches_genders=frozenset(Gender(one) for one in row["teaches_genders"]),
        bio=row["bio"],
        approved=row["approved"],
        booking_mode=BookingMode(row["booking_mode"]),
        request_holds_slot=row["request_holds_slot"],
        offers=tuple(offer_of(offer) for offer in offers),
    )


def calendar_of(
    row: Row,
    overrides: Iterable[tuple[date, str | bytes]],
    time_off: Iterable[Row],
) -> Calendar:
    """``row`` holds the columns of ``calendars`` and the zone of the profile."""
    return Calendar(
        qari_id=UserId(row["qari_id"]),
        zone=row["zone"],
        rules=tuple(WeeklyRule(day, WallRange(start, end)) for day, start, end in _RULES.decode(row["rules"])),
        overrides={day: tuple(WallRange(*one) for one in _HOURS.decode(hours)) for day, hours in overrides},
        time_off=tuple(
            TimeOff(id=UUID(int=off["id"].int), slot=TimeSlot(off["starts_at"], off["ends_at"]), note=off["note"])
            for off in time_off
        ),
        limits=Limits(**{name: row[name] for name in LIMITS}),
    )
