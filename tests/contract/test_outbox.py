"""What the outbox promises, in memory and on PostgreSQL."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from domain.booking.events import BookingHeld
from domain.errors import NotFound
from domain.events import Event
from fakes.booking import a_booking
from fakes.clock import NOON
from ports.outbox import OutboxTask
from ports.unit_of_work import NewUnit
from support.units import memory_units, postgres_units

LEASE = timedelta(seconds=60)


def two(kind: type[Event]) -> tuple[str, ...]:
    return ("notification.mail", "scheduling.meeting") if kind is BookingHeld else ()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_unit(request: pytest.FixtureRequest) -> NewUnit:
    if request.param == "memory":
        return memory_units(subscribers=two)
    return postgres_units(request.getfixturevalue("database"), subscribers=two)


async def record(new_unit: NewUnit, *events: Event) -> None:
    async with new_unit() as unit:
        unit.record(*events)
        await unit.commit()


async def claim(new_unit: NewUnit, minutes: float = 0, limit: int = 10) -> Sequence[OutboxTask]:
    async with new_unit() as unit:
        tasks = await unit.outbox.claim(now=NOON + timedelta(minutes=minutes), lease=LEASE, limit=limit)
        await unit.commit()
    return tasks


async def test_every_subscriber_gets_the_event_as_it_was(new_unit: NewUnit) -> None:
    held = a_booking().held()
    await record(new_unit, held)

    tasks = await claim(new_unit)

    assert [(task.subscriber, task.event, task.attempts) for task in tasks] == [
        ("notification.mail", held, 1),
        ("scheduling.meeting", held, 1),
    ]
    assert len({task.event_id for task in tasks}) == 1


async def test_an_event_without_commit_or_subscriber_leaves_no_task(new_unit: NewUnit) -> None:
    async with new_unit() as unit:
        unit.record(a_booking().held())
    await record(new_unit, a_booking().requested())

    assert await claim(new_unit) == []


async def test_a_claimed_task_is_hidden_until_its_lease_ends(new_unit: NewUnit) -> None:
    await record(new_unit, a_booking().held())
    await claim(new_unit)

    assert await claim(new_unit, 0.9) == []
    assert [task.attempts for task in await claim(new_unit, 1)] == [2, 2]


async def test_many_workers_never_claim_the_same_task(new_unit: NewUnit) -> None:
    await record(new_unit, *(a_booking(number=n).held() for n in range(1, 21)))

    claims = await asyncio.gather(*(claim(new_unit, limit=7) for _ in range(8)))

    keys = [(task.event_id, task.subscriber) for tasks in claims for task in tasks]
    assert len(keys) == len(set(keys))
    assert len(keys) + len(await claim(new_unit, limit=100)) == 40


async def test_done_is_done(new_unit: NewUnit) -> None:
    await record(new_unit, a_booking().held())
    for task in await claim(new_unit):
        async with new_unit() as unit:
            await unit.outbox.done((task.event_id, task.subscriber), at=NOON)
            await unit.outbox.retry(task.event_id, task.subscriber, due=NOON, error="late news")
            await unit.commit()

    assert await claim(new_unit, 60) == []


async def test_a_failed_task_comes_back_when_it_is_due(new_unit: NewUnit) -> None:
    await record(new_unit, a_booking().held())
    first, _ = await claim(new_unit)
    async with new_unit() as unit:
        await unit.outbox.retry(first.event_id, first.subscriber, due=NOON + timedelta(minutes=30), error="no answer")
        await unit.commit()

    assert [task.subscriber for task in await claim(new_unit, 29)] == ["scheduling.meeting"]
    assert first.subscriber in [task.subscriber for task in await claim(new_unit, 30)]


async def test_a_buried_task_rests_until_it_is_revived(new_unit: NewUnit) -> None:
    await record(new_unit, a_booking().held())
    first, second = await claim(new_unit)
    async with new_unit() as unit:
        await unit.outbox.bury(first.event_id, first.subscriber, at=NOON, error="refused")
        await unit.outbox.done((second.event_id, second.subscriber), at=NOON)
        await unit.commit()
    assert await claim(new_unit, 600) == []

    async with new_unit() as unit:
        await unit.outbox.revive(first.event_id, first.subscriber, at=NOON + timedelta(minutes=600))
        with pytest.raises(NotFound):
            await unit.outbox.revive(second.event_id, second.subscriber, at=NOON)
        await unit.commit()

    assert [(task.subscriber, task.attempts) for task in await claim(new_unit, 600)] == [(first.subscriber, 1)]
