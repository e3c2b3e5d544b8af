"""Accounts of the demo school: staff, Qaris with their calendars, students. The same number gives the same people."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

import msgspec

from domain.identity.permission import Role
from domain.identity.user import Onboarding, User
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar, Limits, TimeOff, WallRange, WeeklyRule
from domain.scheduling.qari import BookingMode, Gender, LessonOffer, QariProfile, Riwayah
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import TimeSlot
from entrypoints.seed import accounts
from entrypoints.seed.accounts import DemoAccount
from entrypoints.seed.places import PLACES, QARIS_FROM, STUDENTS_FROM, Place

_READINGS: Final[dict[str, tuple[tuple[Riwayah, ...], ...]]] = {
    "MA": ((Riwayah.WARSH,), (Riwayah.WARSH, Riwayah.HAFS)),
    "TN": ((Riwayah.QALUN,), (Riwayah.QALUN, Riwayah.HAFS)),
    "SD": ((Riwayah.DURI_ABU_AMR, Riwayah.HAFS), (Riwayah.DURI_ABU_AMR,)),
    "NG": ((Riwayah.WARSH, Riwayah.HAFS), (Riwayah.WARSH,)),
    "EG": ((Riwayah.HAFS,), (Riwayah.HAFS, Riwayah.SHUBAH), (Riwayah.HAFS, Riwayah.WARSH, Riwayah.QALUN)),
}
_HOURS: Final = (("05:30", "11:00"), ("08:00", "12:30"), ("13:30", "18:00"), ("15:00", "20:30"), ("16:00", "22:30"))
_NIGHT: Final = ("21:00", "02:30")
_ABOUT: Final = (
    "Teaches tajwid from the first letter to fluent reading, with patience and a lot of repetition.",
    "Works with those who memorize: new verses in the morning, revision in every lesson.",
    "Has taught children for many years and keeps lessons short, lively and kind.",
    "Specializes in adults who start late, and in correcting what was learned by ear.",
    "Prepares students for an ijazah, one careful page at a time.",
)
_TEACHES: Final = (
    ((Subject.READ, Subject.TAJWID), ()),
    ((Subject.MEMORIZE, Subject.REVISE), (ReadingLevel.FLUENTLY, ReadingLevel.WITH_TAJWID)),
    ((Subject.READ, Subject.TAJWID, Subject.MEMORIZE), (ReadingLevel.NEW, ReadingLevel.LETTERS, ReadingLevel.SLOWLY)),
    ((Subject.READ, Subject.TAJWID), (ReadingLevel.NEW, ReadingLevel.LETTERS, ReadingLevel.SLOWLY)),
    ((Subject.TAJWID, Subject.REVISE, Subject.IJAZAH), (ReadingLevel.FLUENTLY, ReadingLevel.WITH_TAJWID)),
)
"""In the order of ``_ABOUT``."""
_TAKEN: Final = (
    "Holds an ijazah with a connected chain.",
    "Studied at the local institute of Quranic readings.",
    "Memorized the Quran at the age of twelve.",
    "Leads the tarawih prayers of the neighbourhood mosque.",
)


class Ids:
    """Shaped like version 7: sorted by the moment they are about, the rest drawn from the seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __call__(self, at: datetime) -> UUID:
        milliseconds = int(at.timestamp() * 1000) << 80
        return UUID(
            int=milliseconds | 0x7 << 76 | self._random.getrandbits(12) << 64 | 2 << 62 | self._random.getrandbits(62)
        )


class Teacher(msgspec.Struct, frozen=True):
    user: User
    profile: QariProfile
    calendar: Calendar


class Student(msgspec.Struct, frozen=True):
    """``guardian``: of a child; he pays."""

    user: User
    gender: Gender
    languages: tuple[str, ...]
    guardian: User | None = None

    @property
    def payer(self) -> User:
        return self.guardian or self.user


class People(msgspec.Struct, frozen=True):
    staff: list[User]
    teachers: list[Teacher]
    students: list[Student]

    @property
    def users(self) -> list[User]:
        return [*self.staff, *(t.user for t in self.teachers), *(s.user for s in self.students)]


class Census:
    """Draws people. ``now`` is when the school opens its doors today; accounts are some months old."""

    def __init__(self, random: Random, ids: Ids, now: datetime, password_hash: str) -> None:
        self._random, self._ids, self._now, self._hash = random, ids, now, password_hash
        self._seen: dict[str, int] = {}

    def people(self) -> People:
        return People(list(self._staff()), list(self._teachers()), list(self._students()))

    def _staff(self) -> Iterator[User]:
        roles = {
            accounts.ADMIN: ("Yusra Haddad", Role.ADMIN),
            accounts.FINANCE: ("Daniel Okafor", Role.FINANCE),
            accounts.SUPPORT: ("Nadia Rahman", Role.SUPPORT),
            accounts.LEAD: ("Sheikh Idris Bashir", Role.TEACHING_LEAD),
        }
        for account, (name, role) in roles.items():
            yield self._user(name, role, "Europe/London", email=account.email)

    def _teachers(self) -> Iterator[Teacher]:
        lahore, casablanca = PLACES["PK"], PLACES["MA"]
        every_day = [(day, hours) for day in range(7) for hours in (("07:00", "12:30"), ("14:00", "23:00"))]
        yield self._teacher(
            lahore,
            Gender.MALE,
            demo=accounts.QARI,
            name="Qari Abdullah Qureshi",
            mode=BookingMode.INSTANT,
            week=every_day,
        )
        yield self._teacher(
            casablanca, Gender.FEMALE, demo=accounts.QARIA, name="Qaria Safiya Benali", mode=BookingMode.REQUEST
        )
        left = dict(QARIS_FROM) | {"PK": QARIS_FROM["PK"] - 1, "MA": QARIS_FROM["MA"] - 1}
        for country, count in left.items():
            for number in range(count):
                gender = Gender.FEMALE if (number + len(country)) % 5 in (1, 3) else Gender.MALE
                yield self._teacher(PLACES[country], gender)

    def _teacher(
        self,
        place: Place,
        gender: Gender,
        *,
        demo: DemoAccount | None = None,
        name: str = "",
        mode: BookingMode | None = None,
        week: list[tuple[int, tuple[str, str]]] | None = None,
    ) -> Teacher:
        random, title = self._random, "Qari" if gender is Gender.MALE else "Qaria"
        plain = name.removeprefix(f"{title} ") or self._name(place, gender)
        user = self._user(f"{title} {plain}", Role.QARI, random.choice(place.zones), email=demo.email if demo else "")
        user = msgspec.structs.replace(user, locale=place.locale, onboarding={Role.QARI: Onboarding.APPROVED})
        only_women = gender is Gender.FEMALE and random.random() < 0.6 and demo is None
        spoken = random.randint(1, len(place.languages)) if demo is None else len(place.languages)
        about = random.choice(_ABOUT)
        subjects, levels = _TEACHES[_ABOUT.index(about)] if demo is None else ((), ())
        profile = QariProfile(
            user_id=user.id,
            name=user.name,
            gender=gender,
            zone=user.zone,
            country=place.country,
            languages=tuple(dict.fromkeys((*place.languages[:spoken], *(("en",) if random.random() < 0.55 else ())))),
            riwayat=random.choice(_READINGS.get(place.country, ((Riwayah.HAFS,), (Riwayah.HAFS, Riwayah.WARSH)))),
            subjects=subjects,
            levels=levels,
            teaches_genders=frozenset({Gender.FEMALE}) if only_women else frozenset(Gender),
            bio=f"{about} {random.choice(_TAKEN)}",
            approved=True,
            booking_mode=mode or (BookingMode.REQUEST if random.random() < 0.25 else BookingMode.INSTANT),
            request_holds_slot=random.random() < 0.5,
            offers=self._offers(place),
        )
        return Teacher(user, profile, self._calendar(profile, week))

    def _offers(self, place: Place) -> tuple[LessonOffer, ...]:
        """Prices as people write them: round, and a little dearer by the minute when the lesson is short."""
        hour = place.hour_price * self._random.choice((80, 90, 100, 110, 130)) // 100
        step = 10 ** max(1, len(str(hour)) - 2)
        offers = []
        for minutes, percent in ((30, 56), (45, 80), (60, 100)):
            price = Money(max(step, round(hour * percent / 100 / step) * step), place.currency)
            trial = None
            if minutes == 30:
                trial = self._random.choice((Money.zero(place.currency), price.percent(50), None))
            offers.append(LessonOffer(minutes, price, trial))
        return tuple(offers if self._random.random() < 0.6 else offers[::2])

    def _calendar(self, profile: QariProfile, week: list[tuple[int, tuple[str, str]]] | None) -> Calendar:
        random = self._random
        if week is None:
            days = sorted(random.sample(range(7), random.choice((4, 5, 5, 6))))
            night = random.random() < 0.12
            shifts = [random.choice(_HOURS[:2]), _NIGHT if night else random.choice(_HOURS[2:])]
            kept = shifts if random.random() < 0.7 else shifts[1:]
            week = [(day, hours) for day in days for hours in kept]
        limits = Limits(
            buffer_before_min=random.choice((0, 0, 5)),
            buffer_after_min=random.choice((0, 5, 10)),
            min_notice_min=random.choice((60, 120, 240, 720)),
            horizon_days=random.choice((30, 60, 60, 90)),
            daily_cap=random.choice((None, 8, 10)),
            weekly_cap=random.choice((None, None, 40)),
            step_min=random.choice((15, 30, 30)),
        )
        if week and len(week) == 14:
            limits = Limits(buffer_after_min=5, min_notice_min=60, step_min=30)
        calendar = Calendar(qari_id=profile.user_id, zone=profile.zone, limits=limits)
        calendar = calendar.with_rules(WeeklyRule(day, WallRange.of(*hours)) for day, hours in week)
        if random.random() < 0.25:
            start = (self._now + timedelta(days=random.randint(5, 30))).replace(hour=0, minute=0)
            slot = TimeSlot(start, start + timedelta(days=random.randint(1, 5)))
            calendar = calendar.with_time_off(TimeOff(id=self._ids(self._now), slot=slot, note="Travelling"))
        if random.random() < 0.3:
            day = (self._now + timedelta(days=random.randint(2, 20))).date()
            calendar = calendar.with_override(day, random.choice(([], [WallRange.of("09:00", "12:00")])))
        return calendar

    def _students(self) -> Iterator[Student]:
        maryam = self._user("Maryam Hussain", Role.STUDENT, "Europe/London", email=accounts.STUDENT.email)
        yield Student(_let_in(maryam), Gender.FEMALE, ("en", "ur"))
        for country, count in (STUDENTS_FROM | {"GB": STUDENTS_FROM["GB"] - 1}).items():
            place = PLACES[country]
            for _ in range(count):
                gender = self._random.choice(tuple(Gender))
                user = self._user(self._name(place, gender), Role.STUDENT, self._random.choice(place.zones))
                locale = place.locale if self._random.random() < 0.6 else "en"
                spoken = (place.languages[0], *(one for one in place.languages[1:] if self._random.random() < 0.5))
                yield Student(_let_in(msgspec.structs.replace(user, locale=locale)), gender, spoken)

    def _name(self, place: Place, gender: Gender) -> str:
        firsts = place.men if gender is Gender.MALE else place.women
        return f"{self._random.choice(firsts)} {self._random.choice(place.families)}"

    def _user(self, name: str, role: Role, zone: str, *, email: str = "") -> User:
        created = self._now - timedelta(days=self._random.randint(100, 320), minutes=self._random.randint(0, 1440))
        return User(
            id=UserId(self._ids(created)),
            email=email or self._address(name),
            name=name,
            password_hash=self._hash,
            roles=frozenset({role}),
            zone=zone,
            email_verified_at=created + timedelta(minutes=self._random.randint(1, 60)),
            created_at=created,
        )

    def _address(self, name: str) -> str:
        plain = "".join(c if c.isalnum() else "." for c in name.removeprefix("Qari ").removeprefix("Qaria ").lower())
        self._seen[plain] = number = self._seen.get(plain, 0) + 1
        return f"{plain}{number if number > 1 else ''}@demo.example"


def _let_in(user: User) -> User:
    """Grown up, and approved as a student."""
    born = date(1964 + user.id.int % 41, 1 + user.id.int % 12, 1 + user.id.int % 28)
    return msgspec.structs.replace(user, birth_date=born, onboarding={Role.STUDENT: Onboarding.APPROVED})
