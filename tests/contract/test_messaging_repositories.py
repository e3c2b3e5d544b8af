"""Messages, feeds, classes and jobs are kept alike in memory and in PostgreSQL."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from adapters.persistence.oversight.jobs import SqlJobBoard
from adapters.persistence.unit_of_work import SqlUnit
from domain.booking.events import BookingCancelled
from domain.errors import NotFound, StaleWrite
from domain.ids import DeliveryId, MeetingId
from domain.notification.delivery import Delivery, Status
from domain.notification.feed import Feed, hash_feed_token
from domain.notification.topic import Topic
from domain.scheduling.meeting import Click, Meeting
from domain.time import TimeSlot
from fakes.booking import LEARNER, a_booking, a_confirmed
from fakes.clock import NOON
from fakes.ids import SequentialIds
from fakes.news import LESSON, QARI, an_event
from fakes.notification import MemoryJobBoard
from fakes.unit import MemoryStore, MemoryUnit
from ports.jobs import JobBoard
from ports.unit_of_work import UnitOfWork

Units = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
LEASE = timedelta(minutes=2)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> Units:
    if request.param == "memory":
        store = MemoryStore()
        return lambda: MemoryUnit(store)
    engine, new_id = request.getfixturevalue("database"), SequentialIds()
    return lambda: cast("AbstractAsyncContextManager[UnitOfWork]", SqlUnit(engine, lambda _: (), new_id))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def board(request: pytest.FixtureRequest) -> JobBoard:
    return MemoryJobBoard() if request.param == "memory" else SqlJobBoard(request.getfixturevalue("database"))


def a_delivery(cause: str = "event:1", **changes: Any) -> Delivery:
    event = an_event(BookingCancelled, **changes)
    return Delivery.about(event, Topic.LESSON_CANCELLED, QARI, cause=cause, at=NOON, not_after=NOON + LEASE)


async def store(units: Units, delivery: Delivery) -> None:
    async with units() as unit:
        assert await unit.deliveries.add(delivery)
        await unit.commit()


async def claim(units: Units, *, now: Any = NOON, limit: int = 10) -> list[Delivery]:
    async with units() as unit:
        claimed = await unit.deliveries.claim(now=now, lease=LEASE, limit=limit)
        await unit.commit()
    return list(claimed)


async def test_a_message_comes_back_as_it_was_stored(units: Units) -> None:
    await store(units, a_delivery())

    async with units() as unit:
        assert await unit.deliveries.get(a_delivery().id) == a_delivery()
        with pytest.raises(NotFound):
            await unit.deliveries.get(DeliveryId(UUID(int=0)))


async def test_the_same_news_is_stored_once(units: Units) -> None:
    await store(units, a_delivery())

    async with units() as unit:
        assert not await unit.deliveries.add(a_delivery())
        assert await unit.deliveries.add(a_delivery("event:2"))
        await unit.commit()

    assert len(await claim(units)) == 2


async def test_a_claim_hides_counts_and_ends(units: Units) -> None:
    await store(units, a_delivery())

    (first,) = await claim(units)

    assert first.attempts == 1
    assert await claim(units) == []
    (again,) = await claim(units, now=NOON + LEASE)
    assert again.attempts == 2


async def test_who_lost_his_lease_does_not_overwrite_the_next_one(units: Units) -> None:
    await store(units, a_delivery())
    (first,) = await claim(units)
    (second,) = await claim(units, now=NOON + LEASE)

    async with units() as unit:
        with pytest.raises(StaleWrite):
            await unit.deliveries.save(first.postpone(until=NOON, error="late"))
    async with units() as unit:
        await unit.deliveries.save(second.sent(at=NOON))
        await unit.commit()

    async with units() as unit:
        kept = await unit.deliveries.get(first.id)
    assert (kept.status, kept.sent_at) == (Status.SENT, NOON)


async def test_a_parked_message_waits_for_a_person(units: Units) -> None:
    await store(units, a_delivery())
    (claimed,) = await claim(units)
    async with units() as unit:
        await unit.deliveries.save(claimed.bury(error="no such mailbox"))
        await unit.commit()

    assert await claim(units, now=NOON + timedelta(days=1)) == []
    async with units() as unit:
        dead = await unit.deliveries.get(claimed.id)
        await unit.deliveries.save(dead.revive(at=NOON))
        await unit.commit()
    assert [d.attempts for d in await claim(units)] == [1]


async def test_one_can_ask_what_was_told_of_a_lesson(units: Units) -> None:
    await store(units, a_delivery())

    async with units() as unit:
        assert await unit.deliveries.knows(LESSON, Topic.LESSON_CANCELLED)
        assert not await unit.deliveries.knows(LESSON, Topic.LESSON_CONFIRMED)


async def test_two_claimers_share_the_messages(units: Units) -> None:
    for number in range(20):
        await store(units, a_delivery(f"event:{number}"))

    taken = await asyncio.gather(*(claim(units, limit=10) for _ in range(2)))

    assert sorted(d.key for part in taken for d in part) == sorted(a_delivery(f"event:{n}").key for n in range(20))


async def test_a_new_feed_ends_the_old_one_and_a_revoked_one_is_not_found(units: Units) -> None:  # API-09
    first, first_token = Feed.open(LEARNER, at=NOON)
    second, second_token = Feed.open(LEARNER, at=NOON)
    for feed in (first, second):
        async with units() as unit:
            await unit.feeds.revoke(LEARNER, at=NOON)
            await unit.feeds.add(feed)
            await unit.commit()

    async with units() as unit:
        assert await unit.feeds.by_token(hash_feed_token(first_token)) is None
        assert await unit.feeds.by_token(hash_feed_token(second_token)) == second
        assert await unit.feeds.live_of(LEARNER) == second
        assert await unit.feeds.revoke(LEARNER, at=NOON) == 1
        assert await unit.feeds.live_of(LEARNER) is None


def a_meeting(number: int = 1) -> Meeting:
    return Meeting(id=MeetingId(UUID(int=number)), booking_id=a_booking(number=1).id, provider="fake", created_at=NOON)


async def test_a_lesson_has_one_meeting(units: Units) -> None:  # LIVE-03
    async with units() as unit:
        assert await unit.meetings.add(a_meeting(1))
        assert not await unit.meetings.add(a_meeting(2))
        await unit.commit()

    async with units() as unit:
        assert await unit.meetings.find(a_meeting().booking_id) == a_meeting(1)


async def test_of_two_writers_of_a_meeting_the_second_is_told(units: Units) -> None:
    ready = a_meeting().ready(b"sealed", at=NOON)
    async with units() as unit:
        await unit.meetings.add(a_meeting())
        await unit.meetings.save(ready)
        with pytest.raises(StaleWrite):
            await unit.meetings.save(ready)
        await unit.commit()

    async with units() as unit:
        assert await unit.meetings.find(ready.booking_id) == ready


async def test_the_sweep_sees_confirmed_lessons_without_a_class(units: Units) -> None:  # BOOK-08
    soon, held = a_confirmed(number=1), a_booking(number=2, start=NOON + timedelta(days=3))
    async with units() as unit:
        assert await unit.bookings.hold(soon)
        assert await unit.bookings.hold(held)
        await unit.commit()
    window = TimeSlot(NOON, NOON + timedelta(days=10))

    async with units() as unit:
        assert list(await unit.meetings.missing(window, 10)) == [soon.id]
        await unit.meetings.add(a_meeting())
        assert list(await unit.meetings.missing(window, 10)) == [soon.id]  # planned is not ready
        await unit.meetings.save(a_meeting().ready(b"sealed", at=NOON))
        assert list(await unit.meetings.missing(window, 10)) == []
        assert list(await unit.meetings.missing(TimeSlot(NOON, NOON + timedelta(hours=1)), 10)) == []


async def test_clicks_are_kept_in_order(units: Units) -> None:
    clicks = [Click(booking_id=LESSON, user_id=LEARNER, at=NOON + timedelta(minutes=n)) for n in range(3)]
    async with units() as unit:
        for click in clicks:
            await unit.meetings.record_click(click)
        await unit.commit()

    async with units() as unit:
        assert list(await unit.meetings.clicks(LESSON)) == clicks


async def begin(board: JobBoard, *, minute: float = 0, tick: float | None = None, worker: str = "one") -> bool:
    now = NOON + timedelta(minutes=minute)
    at = NOON + timedelta(minutes=minute if tick is None else tick)
    return await board.begin("sweep", tick=at, now=now, lease=LEASE, worker=worker)


async def test_one_of_many_workers_runs_a_tick(board: JobBoard) -> None:  # OPS-14
    turns = await asyncio.gather(*(begin(board, worker=str(number)) for number in range(6)))

    assert sorted(turns) == [False] * 5 + [True]


async def test_a_tick_that_was_run_is_not_run_again(board: JobBoard) -> None:
    assert await begin(board)
    await board.finish("sweep", worker="one", at=NOON, count=3)

    assert not await begin(board, minute=0.5, tick=0, worker="two")
    assert await begin(board, minute=5, worker="two")


async def test_a_runner_that_died_is_succeeded_when_its_lease_ends(board: JobBoard) -> None:
    assert await begin(board)

    assert not await begin(board, minute=1, worker="two")
    assert await begin(board, minute=2, worker="two")


async def test_a_clock_that_was_ahead_stops_nothing_once_it_is_right(board: JobBoard) -> None:  # OPS-14
    assert await begin(board, minute=24 * 60, worker="of the wrong day")

    assert await begin(board, minute=1, worker="two")
    assert not await begin(board, minute=1, worker="three")
    assert await begin(board, minute=5, worker="three")


async def test_the_board_tells_how_the_last_run_went(board: JobBoard) -> None:
    await begin(board)
    await board.finish("sweep", worker="one", at=NOON, count=3)
    (good,) = await board.states()
    await begin(board, minute=5)
    await board.finish("sweep", worker="one", at=NOON + timedelta(minutes=6), count=0, error="TimeoutError: slow")

    (bad,) = await board.states()

    assert (good.last_ok_at, good.last_count, good.failures_in_a_row, good.running_until) == (NOON, 3, 0, None)
    assert (bad.last_ok_at, bad.last_error, bad.failures_in_a_row) == (NOON, "TimeoutError: slow", 1)
