"""What the rest counts on of accounts, sessions and links, kept in memory and in PostgreSQL alike."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.queries import SqlDevices, SqlPeople, SqlSessionQueries
from adapters.persistence.identity.repositories import SqlUsers, SqlVerifications
from adapters.persistence.identity.sessions import SqlSessions
from adapters.persistence.statement import driver
from domain.errors import NotFound, StaleWrite
from domain.identity.permission import Audience, Role
from domain.identity.session import (
    Ending,
    Factor,
    Issued,
    Session,
    Verification,
    VerificationPurpose,
    hash_token,
)
from domain.identity.user import AccountStatus, EmailTaken, Onboarding, User
from domain.ids import SessionId, UserId
from fakes.identity import (
    IdentityStore,
    MemoryDevices,
    MemoryPeople,
    MemorySessionQueries,
    MemorySessions,
    MemoryUsers,
    MemoryVerifications,
    a_user,
)
from ports.identity.queries import DeviceQueries, PeopleQueries, SessionQueries, SignedIn
from ports.identity.repositories import SessionRepository, UserRepository, VerificationRepository
from ports.paging import BadCursor

AT = datetime(2026, 7, 15, 12, 0, 0, 123456, tzinfo=UTC)


class Floor(msgspec.Struct):
    """One unit's repositories, committed on leaving."""

    users: UserRepository
    sessions: SessionRepository
    verifications: VerificationRepository


class House(msgspec.Struct):
    floor: Callable[[], AbstractAsyncContextManager[Floor]]
    session_queries: SessionQueries
    devices: DeviceQueries
    people: PeopleQueries


@pytest.fixture
def memory_house() -> House:
    store = IdentityStore()

    @asynccontextmanager
    async def floor() -> AsyncIterator[Floor]:
        yield Floor(MemoryUsers(store), MemorySessions(store), MemoryVerifications(store))

    return House(floor, MemorySessionQueries(store), MemoryDevices(store), MemoryPeople(store))


@pytest.fixture
def postgres_house(database: AsyncEngine) -> House:
    @asynccontextmanager
    async def floor() -> AsyncIterator[Floor]:
        async with driver(database) as connection, connection.transaction():
            yield Floor(SqlUsers(connection), SqlSessions(connection), SqlVerifications(connection))

    return House(floor, SqlSessionQueries(database), SqlDevices(database), SqlPeople(database))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest) -> House:
    found: House = request.getfixturevalue(f"{request.param}_house")
    return found


async def test_an_account_comes_back_as_it_went_in(house: House) -> None:
    user = a_user(
        roles=frozenset({Role.QARI, Role.GUARDIAN}), phone="+92 300 1234567", email_verified_at=AT, created_at=AT
    )
    async with house.floor() as floor:
        await floor.users.add(user)

    async with house.floor() as floor:
        assert await floor.users.get(user.id) == user
        assert await floor.users.by_email("MARYAM1@example.org") == user
        assert await floor.users.by_email("nobody@example.org") is None
        with pytest.raises(NotFound):
            await floor.users.get(UserId(UUID(int=404)))


async def test_one_address_one_account(house: House) -> None:
    # ID-01
    async with house.floor() as floor:
        await floor.users.add(a_user(email="Maryam@Example.org"))

    with pytest.raises(EmailTaken):
        async with house.floor() as floor:
            await floor.users.add(a_user(number=2, email="maryam@example.ORG"))


async def test_the_second_of_two_writers_is_told(house: House) -> None:
    user = a_user()
    async with house.floor() as floor:
        await floor.users.add(user)
        verified, _ = user.verify_email(at=AT)
        await floor.users.save(verified)
        with pytest.raises(StaleWrite):
            await floor.users.save(verified)

    async with house.floor() as floor:
        assert await floor.users.get(user.id) == verified


async def test_roles_change_with_the_account(house: House) -> None:
    user = a_user(roles=frozenset({Role.STUDENT, Role.GUARDIAN}))
    changed = msgspec.structs.replace(user, roles=frozenset({Role.STUDENT, Role.QARI}), version=2)
    async with house.floor() as floor:
        await floor.users.add(user)
        await floor.users.save(changed)

    async with house.floor() as floor:
        assert (await floor.users.get(user.id)).roles == {Role.STUDENT, Role.QARI}


def a_session(user: User, number: int = 1, **given: Any) -> tuple[Session, Issued]:
    fields: dict[str, Any] = {"audience": Audience.MAIN, "role": Role.STUDENT, "at": AT} | given
    return Session.open(SessionId(UUID(int=0x01980000_0000_7000_9000_000000000000 + number)), user.id, **fields)


async def test_a_session_is_found_while_everything_about_it_holds(house: House) -> None:
    # ID-05, ID-11
    user = a_user(
        roles=frozenset({Role.STUDENT, Role.GUARDIAN}),
        email_verified_at=AT,
        onboarding={Role.GUARDIAN: Onboarding.DRAFT},
    )
    session, issued = a_session(user, role=Role.GUARDIAN, device="Firefox · Linux")
    async with house.floor() as floor:
        await floor.users.add(user)
        await floor.sessions.add(session, issued.tokens)

    async def find(token: str | None = issued.access, now: datetime = AT) -> SignedIn | None:
        return await house.session_queries.find(hash_token(token or ""), now=now)

    found = await find()

    assert found is not None
    assert (found.user_id, found.role, found.audience) == (user.id, Role.GUARDIAN, Audience.MAIN)
    assert found.roles == (Role.GUARDIAN, Role.STUDENT)
    assert (found.email_verified, found.zone) == (True, "Asia/Karachi")
    assert (found.session_id, found.valid_until) == (session.id, issued.expires_at)
    assert not found.actor().onboarded
    assert await find("hm_other") is None
    assert await find(issued.refresh) is None
    assert await find(now=issued.expires_at) is None
    async with house.floor() as floor:
        await floor.sessions.save(session.act_as(Role.STUDENT, held=user.roles))
    found = await find()
    assert found is not None
    assert (found.role, found.actor().onboarded) == (Role.STUDENT, True)
    async with house.floor() as floor:
        await floor.sessions.save(session)

    student = msgspec.structs.replace(user, roles=frozenset({Role.STUDENT}), onboarding={}, version=2)
    async with house.floor() as floor:
        await floor.users.save(student)
    demoted = await find()
    assert demoted is not None
    assert demoted.role is Role.STUDENT  # ID-09

    blocked = msgspec.structs.replace(user, status=AccountStatus.BLOCKED, version=3)
    async with house.floor() as floor:
        await floor.users.save(blocked)
    assert await find() is None


async def test_who_looks_through_other_eyes_sees_no_more_once_he_is_blocked_himself(house: House) -> None:
    # ID-20
    user, staff = a_user(), a_user(number=2, roles=frozenset({Role.ADMIN}))
    session, issued = a_session(user, impersonator=staff.id)
    async with house.floor() as floor:
        await floor.users.add(user)
        await floor.users.add(staff)
        await floor.sessions.add(session, issued.tokens)

    found = await house.session_queries.find(hash_token(issued.access), now=AT)
    assert found is not None
    assert found.actor().impersonator == staff.id
    assert await house.devices.of(user.id, now=AT) == []
    async with house.floor() as floor:
        await floor.users.save(msgspec.structs.replace(staff, status=AccountStatus.BLOCKED, version=2))
    assert await house.session_queries.find(hash_token(issued.access), now=AT) is None


async def test_a_session_remembers_every_few_minutes_that_it_was_seen(
    postgres_house: House, database: AsyncEngine
) -> None:
    # ID-11
    user = a_user()
    session, issued = a_session(user)
    async with postgres_house.floor() as floor:
        await floor.users.add(user)
        await floor.sessions.add(session, issued.tokens)
    seen = []

    for minutes in (1, 4, 5, 6, 14, 13):
        await postgres_house.session_queries.find(hash_token(issued.access), now=AT + timedelta(minutes=minutes))
        async with driver(database) as connection:
            seen.append((await connection.fetchval("SELECT last_seen_at FROM sessions") - AT) // timedelta(minutes=1))

    assert seen == [0, 0, 5, 5, 14, 14]


async def test_a_token_leads_to_its_session_and_to_the_next_pair(house: House) -> None:
    # ID-04
    user = a_user()
    session, issued = a_session(user, factors=(Factor.PASSWORD, Factor.TOTP))
    refresh = str(issued.refresh)
    async with house.floor() as floor:
        await floor.users.add(user)
        await floor.sessions.add(session, issued.tokens)
    async with house.floor() as floor:
        assert await floor.sessions.get(session.id) == session
        assert await floor.sessions.by_token(hash_token(refresh)) == (session, issued.tokens[1])
        longer, used, following = session.renew(issued.tokens[1], refresh, "secret", at=AT + timedelta(hours=1))
        await floor.sessions.save(longer)
        await floor.sessions.rotate(used, following.tokens)
        await floor.sessions.rotate(used, following.tokens)

    async with house.floor() as floor:
        assert await floor.sessions.by_token(hash_token(refresh)) == (longer, used)
        assert await floor.sessions.by_token(hash_token(following.access)) == (longer, following.tokens[0])
        with pytest.raises(NotFound):
            await floor.sessions.by_token(b"unknown")
        with pytest.raises(NotFound):
            await floor.sessions.get(SessionId(UUID(int=404)))


async def test_sessions_end_one_by_one_or_all_at_once(house: House) -> None:
    # ID-18
    user = a_user()
    made = [a_session(user, number, device=f"Device {number}") for number in range(1, 5)]
    async with house.floor() as floor:
        await floor.users.add(user)
        for session, issued in made:
            await floor.sessions.add(session, issued.tokens)
        await floor.sessions.save(made[0][0].end(Ending.SIGNED_OUT, at=AT))
    devices = await house.devices.of(user.id, now=AT)
    async with house.floor() as floor:
        assert (
            await floor.sessions.end_all(user.id, because=Ending.PASSWORD, at=AT, but=made[3][0].id),
            await floor.sessions.end_all(user.id, because=Ending.PASSWORD, at=AT),
            await floor.sessions.end_all(user.id, because=Ending.PASSWORD, at=AT),
        ) == (2, 1, 0)

    assert sorted(device.label for device in devices) == ["Device 2", "Device 3", "Device 4"]
    assert await house.devices.of(user.id, now=AT) == []
    for _, issued in made:
        assert await house.session_queries.find(hash_token(issued.access), now=AT) is None
    async with house.floor() as floor:
        assert (await floor.sessions.get(made[0][0].id)).ended_because is Ending.SIGNED_OUT
        assert (await floor.sessions.get(made[1][0].id)).ended_because is Ending.PASSWORD


async def test_sessions_with_one_proof_end_where_the_school_asks_for_two(house: House) -> None:
    # ID-10
    teacher, student = a_user(number=1, roles=frozenset({Role.QARI})), a_user(number=2)
    weak, _ = a_session(teacher, 1)
    strong, _ = a_session(teacher, 2, factors=(Factor.PASSWORD, Factor.TOTP))
    looked_through, _ = a_session(teacher, 3, impersonator=student.id)
    elsewhere, _ = a_session(teacher, 4, audience=Audience.ADMIN)
    other, _ = a_session(student, 5)
    async with house.floor() as floor:
        for user in (teacher, student):
            await floor.users.add(user)
        for session in (weak, strong, looked_through, elsewhere, other):
            await floor.sessions.add(session, [])

    async with house.floor() as floor:
        assert list(await floor.sessions.end_weak({Role.QARI}, Audience.MAIN, at=AT)) == [teacher.id]
        assert list(await floor.sessions.end_weak({Role.QARI}, Audience.MAIN, at=AT)) == []
        assert (await floor.sessions.get(weak.id)).ended_because is Ending.WEAK
        for session in (strong, looked_through, elsewhere, other):
            assert (await floor.sessions.get(session.id)).ended_at is None


async def test_eyes_that_staff_looked_through_too_long_are_found(house: House) -> None:
    # ID-20
    user, staff = a_user(number=1), a_user(number=2)
    looking, _ = a_session(user, 1, impersonator=staff.id)
    own, _ = a_session(user, 2)
    async with house.floor() as floor:
        for each in (user, staff):
            await floor.users.add(each)
        for session in (looking, own):
            await floor.sessions.add(session, [])
        assert list(await floor.sessions.looked_through(until=AT, limit=9)) == []
        found = await floor.sessions.looked_through(until=AT + timedelta(days=60), limit=9)
        assert [session.id for session in found] == [looking.id]
        await floor.sessions.save(looking.end(Ending.RAN_OUT, at=looking.expires_at))
        assert list(await floor.sessions.looked_through(until=AT + timedelta(days=60), limit=9)) == []


async def test_sessions_that_ended_by_themselves_are_forgotten(house: House) -> None:
    user = a_user()
    (old, first), (new, second) = a_session(user, audience=Audience.ADMIN), a_session(user, 2)
    async with house.floor() as floor:
        await floor.users.add(user)
        await floor.sessions.add(old, first.tokens)
        await floor.sessions.add(new, second.tokens)
        assert await floor.sessions.forget(expired_before=AT + timedelta(days=1)) == 1

    async with house.floor() as floor:
        assert (await floor.sessions.by_token(hash_token(str(second.refresh))))[0] == new
        for gone in (first.access, str(first.refresh), second.access):
            with pytest.raises(NotFound):
                await floor.sessions.by_token(hash_token(gone))


async def test_a_link_is_added_once_and_remembers_its_use(house: House) -> None:
    user = a_user()
    link = Verification(
        token_hash=hash_token("link"),
        user_id=user.id,
        purpose=VerificationPurpose.EMAIL,
        created_at=AT,
        expires_at=AT + timedelta(days=3),
    )
    async with house.floor() as floor:
        await floor.users.add(user)
        await floor.verifications.add(link)
        await floor.verifications.save(link.use(at=AT))
        await floor.verifications.add(link)

    async with house.floor() as floor:
        assert await floor.verifications.get(link.token_hash) == msgspec.structs.replace(link, used_at=AT)
        with pytest.raises(NotFound):
            await floor.verifications.get(b"other")


async def test_people_are_found_by_part_of_name_or_address_and_paged(house: House) -> None:
    people = [a_user(number=n, name=f"Bilal {n}") for n in range(1, 6)]
    people.append(a_user(number=6, name="Zaynab 100%", roles=frozenset({Role.QARI})))
    async with house.floor() as floor:
        for person in people:
            await floor.users.add(person)

    first = await house.people.search("bilal", limit=2)
    second = await house.people.search("bilal", cursor=first.next_cursor, limit=2)
    last = await house.people.search("bilal", cursor=second.next_cursor, limit=2)

    names = [view.name for page in (first, second, last) for view in page.items]
    assert names == [f"Bilal {n}" for n in (5, 4, 3, 2, 1)]
    assert last.next_cursor is None
    assert [view.name for view in (await house.people.search("MARYAM6@")).items] == ["Zaynab 100%"]
    assert [view.name for view in (await house.people.search("%")).items] == ["Zaynab 100%"]
    assert [view.name for view in (await house.people.search("", role=Role.QARI)).items] == ["Zaynab 100%"]
    found = await house.people.by_ids([people[0].id, UserId(UUID(int=404))])
    assert [view.user_id for view in found] == [people[0].id]
    with pytest.raises(BadCursor):
        await house.people.search("", cursor="not-ours")
