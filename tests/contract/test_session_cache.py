"""What is remembered of sessions is never older than the last change that was told. (ID-05, ID-11)"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from redis.asyncio import Redis

from adapters.redis_line import RedisLine
from adapters.session_cache import LONGEST, CachedSessions
from domain.identity.permission import Audience, Role
from domain.ids import AcademyId, UserId
from fakes.clock import NOON
from fakes.http import person
from ports.academy import within
from ports.identity.queries import SignedIn

ME = msgspec.structs.replace(person(Audience.MAIN, Role.STUDENT), valid_until=NOON + timedelta(minutes=15))
TOKEN = ME.token_hash


class Stored:
    """PostgreSQL's part: counts how often it was asked; ``meanwhile`` happens while it answers."""

    def __init__(self) -> None:
        self.person: SignedIn | None = ME
        self.asked = 0
        self.meanwhile: Callable[[], object] | None = None

    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        self.asked += 1
        found = self.person
        if self.meanwhile is not None:
            await self.meanwhile()  # type: ignore[misc]
        return found


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(valkey_url)
    yield client
    await client.aclose()


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture(params=["pool", "line"])
def sessions(stored: Stored, redis: Redis, valkey_url: str, request: pytest.FixtureRequest) -> Iterator[CachedSessions]:
    line = RedisLine(valkey_url) if request.param == "line" else None
    yield CachedSessions(stored, redis, line)
    if line is not None:
        line.give_up()


async def test_postgresql_is_asked_once(sessions: CachedSessions, stored: Stored) -> None:
    found = [await sessions.find(TOKEN, now=NOON) for _ in range(5)]

    assert found == [ME] * 5
    assert stored.asked == 1


async def test_what_is_not_there_is_not_remembered(sessions: CachedSessions, stored: Stored) -> None:
    stored.person = None
    assert await sessions.find(TOKEN, now=NOON) is None

    stored.person = ME

    assert await sessions.find(TOKEN, now=NOON) == ME


async def test_a_change_is_felt_by_the_very_next_request(sessions: CachedSessions, stored: Stored) -> None:
    # ID-11
    await sessions.find(TOKEN, now=NOON)
    await sessions.find(b"another device", now=NOON)
    stored.person = None

    await sessions.forget(ME.user_id)

    assert await sessions.find(TOKEN, now=NOON) is None
    assert await sessions.find(b"another device", now=NOON) is None


async def test_others_are_remembered_through_it(sessions: CachedSessions, stored: Stored) -> None:
    await sessions.find(TOKEN, now=NOON)

    await sessions.forget(UserId(UUID(int=404)))
    await sessions.find(TOKEN, now=NOON)

    assert stored.asked == 1


async def test_what_was_read_before_a_change_is_not_kept_after_it(sessions: CachedSessions, stored: Stored) -> None:
    # ID-11: the block is committed and told while the old row is on its way from PostgreSQL
    async def blocked() -> None:
        stored.person, stored.meanwhile = None, None
        await sessions.forget(ME.user_id)

    stored.meanwhile = blocked
    await sessions.find(TOKEN, now=NOON)

    assert await sessions.find(TOKEN, now=NOON) is None


async def test_who_looks_through_other_eyes_is_forgotten_with_either_of_the_two(
    sessions: CachedSessions, stored: Stored
) -> None:
    # ID-20
    staff = UserId(UUID(int=9))
    stored.person = msgspec.structs.replace(ME, impersonator=staff)
    await sessions.find(TOKEN, now=NOON)
    stored.person = None

    await sessions.forget(staff)

    assert await sessions.find(TOKEN, now=NOON) is None


async def test_a_token_ends_on_time_although_it_is_remembered(sessions: CachedSessions, stored: Stored) -> None:
    # ID-04
    await sessions.find(TOKEN, now=NOON)

    assert await sessions.find(TOKEN, now=ME.valid_until) is None


async def test_nothing_is_remembered_for_longer_than_a_minute(sessions: CachedSessions, redis: Redis) -> None:
    await sessions.find(TOKEN, now=NOON)

    keys = [key async for key in redis.scan_iter("halaqa:session:*")]
    assert len(keys) == 1
    assert 0 < await redis.ttl(keys[0]) <= LONGEST.total_seconds()


async def test_a_session_of_one_academy_is_none_in_another(sessions: CachedSessions, stored: Stored) -> None:
    # ADM-10
    await sessions.find(TOKEN, now=NOON)
    stored.person = None

    with within(AcademyId(UUID(int=2))):
        assert await sessions.find(TOKEN, now=NOON) is None


async def test_what_another_release_has_written_is_read_anew(
    sessions: CachedSessions, stored: Stored, redis: Redis
) -> None:
    await sessions.find(TOKEN, now=NOON)
    for key in [key async for key in redis.scan_iter("halaqa:session:*")]:
        await redis.set(key, msgspec.msgpack.encode({"other": "shape"}))

    assert await sessions.find(TOKEN, now=NOON) == ME


@pytest.mark.parametrize("line", [None, RedisLine("redis://127.0.0.1:1/0")], ids=["pool", "line"])
async def test_without_redis_postgresql_answers(stored: Stored, line: RedisLine | None) -> None:
    # OPS-08
    client = Redis.from_url("redis://127.0.0.1:1/0")
    sessions = CachedSessions(stored, client, line)

    found = [await sessions.find(TOKEN, now=NOON) for _ in range(3)]
    await sessions.forget(ME.user_id)

    assert found == [ME] * 3
    assert stored.asked == 3
    await client.aclose()
