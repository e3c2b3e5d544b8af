"""A calendar feed: secret, revocable, honest about what is cancelled. (API-09)"""

from datetime import time, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar

from adapters.messaging.calendar import CalendarWriter
from application.notification.feeds import OpenFeed, ReadFeed, RevokeFeed, ShowFeed
from domain.errors import NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import BookingId, GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import GroupClass, Member, Occurrence
from domain.scheduling.subject import Subject
from domain.time import TimeSlot
from fakes.clock import NOON, FixedClock
from fakes.group_classes import MemoryClassQueries
from fakes.guardians import MemoryGuardianQueries
from fakes.news import LEARNER, LESSON, QARI, STARTS, a_lesson
from fakes.notification import MemoryNotificationQueries
from fakes.unit import MemoryStore, MemoryUnit

AMINA = Actor(user_id=LEARNER, role=Role.STUDENT, audience=Audience.MAIN)
BILAL = Actor(user_id=QARI, role=Role.QARI, audience=Audience.MAIN)

OTHER = Actor(user_id=UserId(UUID(int=404)), role=Role.STUDENT, audience=Audience.MAIN)


class World:
    def __init__(self) -> None:
        self.store, self.clock, self.queries = MemoryStore(), FixedClock(NOON), MemoryNotificationQueries()
        self.queries.put(a_lesson())
        writer = CalendarWriter(base_url="https://school.example", organizer="no-reply@school.example", school="Halaqa")
        self.open, self.revoke = OpenFeed(self.unit, self.clock), RevokeFeed(self.unit, self.clock)
        self.show, self.read = (
            ShowFeed(self.unit),
            ReadFeed(
                self.unit,
                self.clock,
                self.queries,
                writer,
                MemoryClassQueries(self.store.shelf),
                MemoryGuardianQueries(self.store),
            ),
        )

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def entries(self, token: str) -> dict[str, tuple[str, int]]:
        calendar = Calendar.from_ical((await self.read(token)).body)
        return {str(e["uid"]).split("@")[0]: (str(e["status"]), int(str(e["sequence"]))) for e in calendar.events}


async def test_the_feed_holds_the_lessons_of_its_owner_whatever_his_side() -> None:
    world = World()
    other = a_lesson(booking_id=BookingId(UUID(int=11)), learner=a_lesson().qari, payer_id=QARI)
    world.queries.put(other)

    assert set(await world.entries(await world.open(AMINA))) == {str(LESSON)}
    assert set(await world.entries(await world.open(BILAL))) == {str(LESSON), str(other.booking_id)}


async def test_a_change_appears_at_the_next_fetch_and_with_it_another_tag() -> None:
    world = World()
    token = await world.open(AMINA)
    before = await world.read(token)
    assert await world.read(token) == before
    world.clock.advance(hours=1)
    assert (await world.read(token)).etag == before.etag

    world.queries.put(a_lesson(starts_at=STARTS + timedelta(hours=1), ends_at=STARTS + timedelta(hours=2), sequence=1))

    assert (await world.read(token)).etag != before.etag
    assert await world.entries(token) == {str(LESSON): ("CONFIRMED", 1)}


async def test_a_cancelled_lesson_is_marked() -> None:
    world = World()
    world.queries.put(a_lesson(status="cancelled", sequence=1))

    assert await world.entries(await world.open(AMINA)) == {str(LESSON): ("CANCELLED", 1)}


async def test_each_time_of_a_class_is_in_it_moved_and_cancelled_as_lessons_are() -> None:
    # LIVE-13
    world = World()
    it = GroupClass(
        id=GroupClassId(UUID(int=7)),
        qari_id=QARI,
        title="Tajwid for beginners",
        subject=Subject.TAJWID,
        zone="Europe/London",
        first_date=STARTS.date(),
        wall=time(18, 0),
        weekdays=(STARTS.weekday(),),
        weeks=1,
        minutes=45,
        capacity=3,
        created_at=NOON,
    )
    once = Occurrence(id=OccurrenceId(UUID(int=8)), class_id=it.id, qari_id=QARI, index=0, slot=it.planned()[0])
    member = Member(class_id=it.id, learner_id=LEARNER, payer_id=LEARNER, added_by=QARI, added_at=NOON)
    world.store.shelf("classes")[it.id], world.store.shelf("class_occurrences")[once.id] = it, once
    world.store.shelf("class_members")[it.id, LEARNER] = member

    for reader in (AMINA, BILAL):
        token = await world.open(reader)
        world.store.shelf("class_occurrences")[once.id] = once
        assert (await world.entries(token))[str(once.id)] == ("CONFIRMED", 0)
        moved = once.move(TimeSlot.lasting(once.slot.start + timedelta(hours=2), 45), at=NOON)
        world.store.shelf("class_occurrences")[once.id] = moved
        assert (await world.entries(token))[str(once.id)] == ("CONFIRMED", 1)
        (entry,) = (
            e for e in Calendar.from_ical((await world.read(token)).body).events if "Tajwid" in str(e["summary"])
        )
        assert entry.start == moved.slot.start
        assert entry["url"] == f"https://school.example/classes/{it.id}"
        world.store.shelf("class_occurrences")[once.id] = moved.cancel("ill", at=NOON)
        assert (await world.entries(token))[str(once.id)] == ("CANCELLED", 2)

    assert str(once.id) not in await world.entries(await world.open(OTHER))


async def test_holds_that_never_became_lessons_are_not_in_it() -> None:
    world = World()
    for number, status in enumerate(("held", "pending_payment", "requested", "expired", "cancelled")):
        world.queries.put(a_lesson(booking_id=BookingId(UUID(int=40 + number)), status=status))

    assert set(await world.entries(await world.open(AMINA))) == {str(LESSON)}


async def test_a_new_feed_and_a_revocation_end_the_old_one() -> None:
    world = World()
    first = await world.open(AMINA)
    second = await world.open(AMINA)
    with pytest.raises(NotFound):
        await world.read(first)
    assert await world.show(AMINA) is not None

    await world.revoke(AMINA)

    with pytest.raises(NotFound):
        await world.read(second)
    assert await world.show(AMINA) is None


async def test_the_secret_is_not_kept() -> None:
    world = World()

    token = await world.open(AMINA)

    assert token not in str(world.store.shelf("feeds"))
    assert len(token) >= 40


async def test_the_class_is_not_in_it() -> None:  # LIVE-11
    world = World()

    body = (await world.read(await world.open(AMINA))).body

    assert b"https://school.example/lessons/" in body
    assert b"meet" not in body


async def test_staff_have_no_feed_of_their_own() -> None:
    with pytest.raises(NotPermitted):
        await World().open(Actor(user_id=LEARNER, role=Role.ADMIN, audience=Audience.ADMIN))
