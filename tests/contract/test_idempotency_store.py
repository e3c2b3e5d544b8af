"""One key, one request, one answer: in memory and in PostgreSQL. (API-07)"""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.idempotency import SqlIdempotency
from fakes.clock import NOON
from fakes.idempotency import MemoryIdempotency
from ports.idempotency import IdempotencyStore, KeptAnswer, KeyReused, StillAtWork

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def memory_store() -> IdempotencyStore:
    return MemoryIdempotency()


@pytest.fixture
def postgres_store(database: AsyncEngine) -> IdempotencyStore:
    return SqlIdempotency(database)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> IdempotencyStore:
    found: IdempotencyStore = request.getfixturevalue(f"{request.param}_store")
    return found


async def test_the_answer_is_kept_for_the_same_request_alone(store: IdempotencyStore) -> None:
    assert await store.begin("amina /a", "k", b"1", now=NOON, locked_until=LATER) is None
    await store.keep("amina /a", "k", KeptAnswer(201, b'{"id":1}'))

    assert await store.begin("amina /a", "k", b"1", now=NOON, locked_until=LATER) == KeptAnswer(201, b'{"id":1}')
    with pytest.raises(KeyReused):
        await store.begin("amina /a", "k", b"2", now=NOON, locked_until=LATER)
    assert await store.begin("bilal /a", "k", b"2", now=NOON, locked_until=LATER) is None
    assert await store.begin("amina /b", "k", b"2", now=NOON, locked_until=LATER) is None


async def test_one_of_many_at_once_does_the_work(store: IdempotencyStore) -> None:
    tries = [store.begin("amina /a", "k", b"1", now=NOON, locked_until=LATER) for _ in range(8)]

    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, StillAtWork) for outcome in outcomes) == 7


async def test_work_that_was_abandoned_or_refused_may_be_taken_up(store: IdempotencyStore) -> None:
    assert await store.begin("amina /a", "k", b"1", now=NOON, locked_until=LATER) is None
    assert await store.begin("amina /a", "k", b"1", now=LATER, locked_until=LATER + timedelta(minutes=1)) is None
    with pytest.raises(StillAtWork):
        await store.begin("amina /a", "k", b"1", now=LATER, locked_until=LATER)

    await store.release("amina /a", "k")

    assert await store.begin("amina /a", "k", b"2", now=NOON, locked_until=LATER) is None


async def test_old_keys_are_forgotten(store: IdempotencyStore) -> None:
    await store.begin("amina /a", "old", b"1", now=NOON - timedelta(days=2), locked_until=NOON)
    await store.begin("amina /a", "new", b"1", now=NOON, locked_until=LATER)

    assert await store.purge(before=NOON - timedelta(days=1)) == 1
