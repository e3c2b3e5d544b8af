"""Hosts and meetings are kept alike in memory and PostgreSQL; nobody holds two classes at once. (LIVE-03, LIVE-10)"""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import NotFound
from domain.ids import BookingId, MeetingHostId, MeetingId, StrayId, UserId
from domain.scheduling.meeting import Meeting, Sighting, Stray
from domain.scheduling.meeting_host import MeetingHost
from domain.scheduling.meeting_server import Service
from domain.time import TimeSlot
from fakes.booking import a_confirmed
from fakes.clock import NOON
from ports.unit_of_work import NewUnit
from support.units import memory_units, postgres_units

SPAN = TimeSlot.lasting(NOON, 60)
LATER = TimeSlot.lasting(NOON + timedelta(minutes=60), 60)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> NewUnit:
    if request.param == "memory":
        return memory_units()
    return postgres_units(request.getfixturevalue("database"))


def a_host(number: int = 1, *, active: bool = True) -> MeetingHost:
    return MeetingHost(
        id=MeetingHostId(UUID(int=number)),
        provider=Service.ZOOM,
        account="school",
        address=f"host-{number}@school.example",
        active=active,
        created_at=NOON + timedelta(minutes=number),
    )


async def put(units: NewUnit, *hosts: MeetingHost) -> None:
    async with units() as unit:
        for host in hosts:
            assert await unit.meeting_hosts.add(host)
        await unit.commit()


async def taken(units: NewUnit, number: int, span: TimeSlot = SPAN) -> MeetingHost | None:
    async with units() as unit:
        host = await unit.meeting_hosts.occupy(Service.ZOOM, BookingId(UUID(int=1000 + number)), span)
        await unit.commit()
    return host


async def test_a_host_comes_back_and_is_there_once(units: NewUnit) -> None:
    await put(units, a_host(2), a_host(1))

    async with units() as unit:
        assert not await unit.meeting_hosts.add(
            MeetingHost(**{**{f: getattr(a_host(1), f) for f in a_host(1).__struct_fields__}, "id": UUID(int=9)})
        )
        assert list(await unit.meeting_hosts.all()) == [a_host(1), a_host(2)]
        await unit.meeting_hosts.save(a_host(1, active=False))
        assert not (await unit.meeting_hosts.get(a_host(1).id)).active
        with pytest.raises(NotFound):
            await unit.meeting_hosts.get(MeetingHostId(UUID(int=99)))


async def test_whoever_is_free_takes_the_lesson_and_nobody_takes_two(units: NewUnit) -> None:
    await put(units, a_host(1), a_host(2), a_host(3, active=False))

    hosts = [await taken(units, number) for number in range(3)]

    assert {host.id for host in hosts if host} == {a_host(1).id, a_host(2).id}
    assert hosts[2] is None
    assert await taken(units, 3, LATER) is not None


async def test_a_lesson_keeps_its_host_where_it_can(units: NewUnit) -> None:
    await put(units, a_host(1), a_host(2))
    first = await taken(units, 1)
    other = await taken(units, 2, LATER)
    assert first is not None
    assert other is not None
    assert first.id != other.id  # the one with fewer classes that day

    assert await taken(units, 1, TimeSlot.lasting(NOON - timedelta(minutes=30), 60)) == first
    moved = await taken(units, 2, SPAN)

    assert moved == other
    async with units() as unit:
        assert await unit.meeting_hosts.load(TimeSlot(NOON, NOON + timedelta(hours=2))) == {other.id: 1}
        await unit.meeting_hosts.free(BookingId(UUID(int=1002)))
        assert await unit.meeting_hosts.load(TimeSlot(NOON, NOON + timedelta(hours=2))) == {}


@pytest.mark.postgres
async def test_of_twenty_lessons_at_once_each_has_a_host_of_its_own(database: AsyncEngine) -> None:  # LIVE-10
    units = postgres_units(database)
    await put(units, *(a_host(number) for number in range(1, 9)))

    hosts = await asyncio.gather(*(taken(units, number) for number in range(20)))

    found = [host.id for host in hosts if host is not None]
    assert len(found) == len(set(found)) == 8


async def test_what_else_is_kept_of_meetings(units: NewUnit) -> None:
    lesson = a_confirmed()
    planned = Meeting(id=MeetingId(UUID(int=5)), booking_id=lesson.id, provider="zoom", created_at=NOON)
    claimed = planned.claim(provider="zoom", host_id=a_host().id, slot=lesson.slot, until=NOON + timedelta(minutes=3))
    ready = claimed.ready(b"sealed", at=NOON, reference="school:81")
    stray = Stray(
        id=StrayId(UUID(int=6)), booking_id=lesson.id, provider="zoom", host_id=None, slot=SPAN, noted_at=NOON
    )
    seen = Sighting(booking_id=lesson.id, key="k", name="Amina", came=True, at=NOON)
    qari = UserId(UUID(int=7))

    async with units() as unit:
        for version in (claimed, ready):
            if version is claimed:
                await unit.meetings.add(planned)
            await unit.meetings.save(version)
            assert await unit.meetings.find(lesson.id) == version
        found = await unit.meetings.by_reference("zoom", "school:81")
        assert found is not None
        assert found[1] == lesson.id
        assert await unit.meetings.by_reference("zoom", "") is None
        await unit.meetings.leave(stray)
        assert list(await unit.meetings.strays(10)) == [stray]
        await unit.meetings.settle(stray)
        assert list(await unit.meetings.strays(10)) == []
        assert await unit.meetings.saw(seen)
        assert not await unit.meetings.saw(seen)
        assert list(await unit.meetings.sightings(lesson.id)) == [seen]
        await unit.meetings.choose(qari, Service.ZOOM)
        await unit.meetings.choose(qari, Service.JITSI)
        assert await unit.meetings.choices() == {qari: Service.JITSI}
        await unit.meetings.choose(qari, None)
        assert await unit.meetings.choice(qari) is None


async def test_a_lesson_whose_class_is_for_another_time_is_found(units: NewUnit) -> None:
    lesson = a_confirmed()
    window = TimeSlot(lesson.slot.start - timedelta(hours=1), lesson.slot.start + timedelta(hours=1))
    planned = Meeting(id=MeetingId(UUID(int=5)), booking_id=lesson.id, provider="zoom", created_at=NOON)
    until = NOON + timedelta(minutes=3)

    async with units() as unit:
        await unit.bookings.hold(lesson)
        await unit.meetings.add(planned)
        claimed = planned.claim(provider="zoom", host_id=None, slot=SPAN, until=until)
        await unit.meetings.save(claimed)
        ready = claimed.ready(b"sealed", at=NOON)
        await unit.meetings.save(ready)
        assert list(await unit.meetings.moved(window, 10)) == ([lesson.id] if lesson.slot.start != SPAN.start else [])
        await unit.meetings.save(ready.moved(lesson.slot))
        assert list(await unit.meetings.moved(window, 10)) == []
