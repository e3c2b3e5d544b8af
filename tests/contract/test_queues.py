"""ADM-03: what waits for a person is found in PostgreSQL, oldest first, with whoever has taken it on."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.cache import MemoryCache
from adapters.persistence.oversight.queues import SqlQueues
from application.oversight.queues import ClaimItem, CountQueues, ListQueue, ReleaseItem, TakenOn
from domain.booking.booking import Status
from domain.errors import NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import ConnectionId, UserId
from domain.oversight.queues import Queue
from domain.scheduling.connection import Connection, Source
from domain.time import TimeSlot
from fakes.booking import a_booking
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.scheduling import a_qari
from support.units import postgres_units

pytestmark = pytest.mark.postgres


class House:
    def __init__(self, engine: AsyncEngine) -> None:
        self.new_unit, self.clock = postgres_units(engine), FixedClock()
        self.queries = queries = SqlQueues(engine)
        self.count = CountQueues(queries, self.clock)
        self.list = ListQueue(queries, self.clock)
        self.claim = ClaimItem(self.new_unit, self.clock, queries)
        self.release = ReleaseItem(self.new_unit)
        self.admin = self._acting(Role.ADMIN, 41)
        self.other = self._acting(Role.ADMIN, 42)
        self.support = self._acting(Role.SUPPORT, 43)

    @staticmethod
    def _acting(role: Role, number: int) -> Actor:
        return Actor(user_id=a_user(number=number).id, role=role, audience=Audience.ADMIN)

    async def fill(self) -> None:
        """One request since an hour, one since two; one lesson that ended an hour ago."""
        async with self.new_unit() as unit:
            for number, name in ((41, "Amina"), (42, "Harun"), (43, "Sumayya"), (51, "Maryam"), (52, "Yusuf")):
                await unit.users.add(a_user(number=number, name=name))
            learner, qari = a_user(number=51).id, a_user(number=52).id
            for place, (status, starts_in_h, asked_h) in enumerate(
                [(Status.REQUESTED, 30, 1), (Status.REQUESTED, 40, 2), (Status.CONFIRMED, -2, 50)]
            ):
                start = NOON + timedelta(hours=starts_in_h)
                booking = a_booking(
                    id=UUID(int=0x9000 + place),
                    learner_id=learner,
                    payer_id=learner,
                    qari_id=qari,
                    slot=TimeSlot(start, start + timedelta(hours=1)),
                    status=status,
                    created_at=NOON - timedelta(hours=asked_h),
                )
                assert await unit.bookings.hold(booking)
            await unit.commit()


@pytest.fixture
async def house(database: AsyncEngine) -> House:
    found = House(database)
    await found.fill()
    return found


async def test_queues_are_counted_with_the_age_of_their_oldest(house: House) -> None:
    lengths = (await house.count(house.support)).value

    assert (lengths[Queue.REQUESTS].waiting, lengths[Queue.REQUESTS].oldest) == (2, NOON - timedelta(hours=2))
    assert (lengths[Queue.OUTCOMES].waiting, lengths[Queue.OUTCOMES].oldest) == (1, NOON - timedelta(hours=1))
    assert {queue for queue, length in lengths.items() if not length.waiting} == (
        set(Queue) - {Queue.REQUESTS, Queue.OUTCOMES}
    )


async def test_the_oldest_comes_first_and_pages_go_on(house: House) -> None:
    first = await house.list(house.support, Queue.REQUESTS, limit=1)
    second = await house.list(house.support, Queue.REQUESTS, limit=1, cursor=first.next_cursor)

    assert [item.item for item in (*first.items, *second.items)] == [str(UUID(int=0x9001)), str(UUID(int=0x9000))]
    assert first.items[0].about == "Maryam · Yusuf"
    assert (first.items[0].owner_id, second.next_cursor) == (None, None)


async def test_an_item_has_one_owner_until_it_is_given_back(house: House) -> None:
    item = str(UUID(int=0x9000))

    await house.claim(house.admin, Queue.REQUESTS, item)
    await house.claim(house.admin, Queue.REQUESTS, item)
    with pytest.raises(TakenOn):
        await house.claim(house.other, Queue.REQUESTS, item)
    assert await _owner(house, item) == (house.admin.user_id, "Amina")

    await house.claim(house.other, Queue.REQUESTS, item, over=True)
    assert await _owner(house, item) == (house.other.user_id, "Harun")

    await house.release(house.other, Queue.REQUESTS, item)
    assert await _owner(house, item) == (None, None)


async def test_only_who_can_settle_it_owns_it_and_only_what_waits(house: House) -> None:
    with pytest.raises(NotPermitted):
        await house.claim(house.support, Queue.REQUESTS, str(UUID(int=0x9000)))
    for queue, item in ((Queue.REQUESTS, str(UUID(int=1))), (Queue.OUTCOMES, "nonsense"), (Queue.APPLICATIONS, "x")):
        with pytest.raises(NotFound):
            await house.claim(house.admin, queue, item)


@pytest.mark.parametrize("queue", list(Queue))
async def test_every_queue_can_be_read(house: House, queue: Queue) -> None:
    page = await house.list(house.admin, queue)

    assert len(page.items) == {Queue.REQUESTS: 2, Queue.OUTCOMES: 1}.get(queue, 0)


async def _owner(house: House, item: str) -> tuple[UserId | None, str | None]:
    page = await house.list(house.admin, Queue.REQUESTS)
    return next((each.owner_id, each.owner_name) for each in page.items if each.item == item)


async def test_a_calendar_waits_from_when_its_qari_was_told_until_it_is_read_or_removed(house: House) -> None:
    # DISC-06
    qari = a_user(number=52).id
    fine, lost, slow = (
        Connection(
            id=ConnectionId(UUID(int=0xC000 + number)),
            qari_id=qari,
            source=Source.ICS,
            label="private",
            sealed=b"x",
            created_at=NOON,
            next_read_at=NOON,
        )
        for number in range(3)
    )
    later = NOON + timedelta(hours=1)
    async with house.new_unit() as unit:
        await unit.qaris.add(a_qari(user_id=qari))
        for one in (fine, lost, slow):
            await unit.connections.add(one)
        lost, _ = lost.refused("invalid_grant", at=later, final=True)
        slow, _ = slow.failed("no_answer", at=later + timedelta(hours=1))
        await unit.connections.save(lost)
        await unit.connections.save(slow)
        await unit.commit()

    page = await house.list(house.admin, Queue.CALENDARS)
    assert [(item.item, item.subject, item.about) for item in page.items] == [
        (str(lost.id), str(qari), "Yusuf"),
        (str(slow.id), str(qari), "Yusuf"),
    ]
    await house.claim(house.admin, Queue.CALENDARS, str(lost.id))

    async with house.new_unit() as unit:
        await unit.connections.save(lost.removed())
        await unit.connections.save(slow.read(at=later, cursor="", whole=True))
        await unit.commit()
    assert not (await house.list(house.admin, Queue.CALENDARS)).items


async def test_they_are_counted_once_in_half_a_minute_for_everybody(house: House) -> None:
    # ADM-01
    cache = MemoryCache(lambda: house.clock.now().timestamp())
    count, elsewhere = (CountQueues(house.queries, house.clock, cache) for _ in range(2))
    first = await count(house.support)
    house.clock.advance(timedelta(seconds=20))

    remembered = await elsewhere(house.support)
    house.clock.advance(timedelta(seconds=20))
    anew = await count(house.support)

    assert remembered == first
    assert (first.at, anew.at) == (house.clock.now() - timedelta(seconds=40), house.clock.now())
