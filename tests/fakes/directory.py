"""The directory of Qaris in memory, for use cases and pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.booking.needs import Needs
from domain.errors import NotFound
from domain.ids import BookingId, UserId
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import QariProfile
from domain.scheduling.slots import Busy, next_free
from domain.time import TimeSlot
from fakes.guardians import MemoryGuardianships
from fakes.scheduling import MemoryAvailability, MemoryQaris
from fakes.searchable import searchable
from ports.paging import Page
from ports.scheduling.queries import LessonAhead, QariCard, QariFilters, QariPage


class MemorySchool:
    """Profiles, calendars and lessons, with the repositories and the directory over them. Stands in for a unit of
    work too: what is saved is there at once, ``commits`` counts.
    """

    def __init__(self) -> None:
        self.profiles: dict[UserId, QariProfile] = {}
        self.calendars: dict[UserId, Calendar] = {}
        self.lessons: dict[UserId, list[tuple[BookingId, Busy]]] = {}
        self.qaris = MemoryQaris(self.profiles, self.calendars)
        self.availability = MemoryAvailability(self.profiles, self.calendars, self.lessons)
        self.guardianships = MemoryGuardianships({}, {})
        self.commits = 0

    def add(self, profile: QariProfile, calendar: Calendar) -> None:
        self.profiles[profile.user_id], self.calendars[profile.user_id] = profile, calendar

    def book(self, qari_id: UserId, booking_id: BookingId, slot: TimeSlot) -> None:
        self.lessons.setdefault(qari_id, []).append((booking_id, Busy.lesson(slot)))

    def new_unit(self) -> Any:
        return self

    async def __aenter__(self) -> "MemorySchool":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def commit(self) -> None:
        self.commits += 1


class MemoryDirectory:
    """Knows the filters that the screens use most; PostgreSQL is held to all of them by its contract test."""

    def __init__(self, school: MemorySchool) -> None:
        self._school = school

    async def search(
        self, filters: QariFilters, window: TimeSlot, *, now: datetime, cursor: str | None = None
    ) -> Page[QariCard]:
        fitting = [
            profile
            for profile in self._school.profiles.values()
            if profile.bookable
            and filters.gender in (None, profile.gender)
            and (filters.language is None or filters.language in profile.languages)
            and (filters.subject is None or not profile.subjects or filters.subject in profile.subjects)
            and (filters.level is None or not profile.levels or filters.level in profile.levels)
            and (filters.needs is None or self._suits(profile, filters.needs))
            and all(searchable(word) in searchable(f"{profile.name} {profile.bio}") for word in filters.text.split())
        ]
        return Page([await self._card(profile, window, now) for profile in fitting][: filters.limit])

    @staticmethod
    def _suits(profile: QariProfile, needs: Needs) -> bool:
        """All but the clearances, which this school does not keep."""
        return (
            (needs.learner_gender is None or needs.learner_gender in profile.teaches_genders)
            and (needs.qari_genders is None or profile.gender in needs.qari_genders)
            and (not needs.languages or bool(set(needs.languages) & set(profile.languages)))
        )

    async def listed(self) -> list[UserId]:
        return sorted(profile.user_id for profile in self._school.profiles.values() if profile.bookable)

    async def _card(self, profile: QariProfile, window: TimeSlot, now: datetime) -> QariCard:
        offer = profile.offers[0]
        calendar = await self._school.availability.get(profile.user_id)
        busy = await self._school.availability.busy(profile.user_id, window)
        row = msgspec.structs.asdict(profile)
        return QariCard(
            **{name: row[name] for name in QariCard.__struct_fields__ if name in row},
            minutes=offer.minutes,
            price=offer.price,
            trial_price=offer.trial_price,
            next_free=next_free(calendar, busy, window, offer.minutes, now),
        )

    async def page(self, qari_id: UserId, window: TimeSlot) -> QariPage:
        profile = await self._school.qaris.get(qari_id)
        if not profile.bookable:
            raise NotFound("there is no such Qari", qari_id=str(qari_id))
        row = msgspec.structs.asdict(profile)
        del row["approved"]
        return QariPage(
            **(row | {"teaches_genders": tuple(sorted(profile.teaches_genders))}),
            calendar=await self._school.availability.get(qari_id),
            busy=tuple(await self._school.availability.busy(qari_id, window)),
        )

    async def lessons(self, qari_id: UserId, window: TimeSlot) -> list[LessonAhead]:
        found: Sequence[tuple[BookingId, Busy]] = self._school.lessons.get(qari_id, [])
        ahead = [
            LessonAhead(booking_id=booking_id, slot=slot, status="confirmed")
            for booking_id, busy in found
            if (slot := busy.slot).overlaps(window)
        ]
        return sorted(ahead, key=lambda lesson: lesson.slot)
