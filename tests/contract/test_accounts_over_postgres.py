"""What PostgreSQL has to keep about accounts: locks, copies, erasures, times to keep data."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import Uuid
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.personal import all_personal_rows
from adapters.persistence.personal_rows import Fate
from adapters.persistence.retention import PURGES
from adapters.persistence.schema import whole_schema
from adapters.persistence.statement import driver
from adapters.system import new_id
from application.identity.change_roles import ChangeRoles, ChangeRolesCommand
from domain.billing.ledger import Account, Entry, Journal, JournalKind
from domain.errors import NotFound, StaleWrite
from domain.identity.account import LastOwner
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.identity.privacy import Erasure, ErasureUnderWay, Export
from domain.identity.retention import DataClass
from domain.identity.session import Verification, VerificationPurpose
from domain.identity.user import AccountStatus, User
from domain.ids import ErasureId, ExportId, JournalId
from domain.money import Money
from fakes.clock import NOON, FixedClock
from fakes.guardians import GUARDIAN, a_guardianship
from fakes.identity import MemorySessionCache, a_user
from ports.academy import FIRST_ACADEMY
from ports.identity.external import ExternalUser
from ports.identity.privacy import Ties
from ports.unit_of_work import NewUnit, UnitOfWork
from support.family import Family
from support.units import memory_units, postgres_units

NOBODYS = {
    "academies": "the schools",
    "alerts": "the machinery's own",
    "academy_hosts": "the schools' host names",
    "audit_head": "the end of the chain",
    "brand_images": "the school's own pictures",
    "idempotency_keys": "answers that are gone after days, see the class ``answers``",
    "identity_notices": "numbers of messages",
    "jobs": "the worker's own",
    "ledger_journals": "their lines say whose",
    "meeting_host_times": "their lessons say whose",
    "meeting_hosts": "the school's own accounts",
    "meeting_strays": "rooms that have to go",
    "meetings": "their lessons say whose",
    "message_progress": "go with their deliveries",
    "outbox_tasks": "go with their events",
    "proposals": "their lessons say whose",
    "provider_troubles": "the machinery's own",
    "qari_changes": "who has to be looked at anew; forgotten within hours",
    "session_tokens": "go with their sessions",
    "webhook_events": "what providers told; gone after a time, see the class ``provider_notices``",
}
"""Tables that are not about anybody, and why."""
THINGS = frozenset(
    {
        "id", "academy_id", "booking_id", "class_id", "connection_id", "event_id", "journal_id", "late_payment_id",
        "occurrence_id", "payment_id", "series_id", "taking",
    }
)  # fmt: skip
"""Columns that name things, not people."""


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> NewUnit:
    if request.param == "memory":
        return memory_units()
    return postgres_units(request.getfixturevalue("database"))


async def stored(units: NewUnit, **given: Any) -> User:
    user = a_user(id=new_id(), **given)
    async with units() as unit:
        await unit.users.add(user)
        await unit.commit()
    return user


def test_every_column_that_names_a_person_is_listed() -> None:
    # ID-20
    listed: dict[str, set[str]] = {}
    for rows in all_personal_rows():
        listed.setdefault(rows.table.name, set()).update(rows.about + rows.mentions)
    missing = [
        f"{table.name}.{column.name}"
        for table in whole_schema().sorted_tables
        for column in table.c
        if isinstance(column.type, Uuid)
        and table.name not in NOBODYS
        and column.name not in THINGS | listed.get(table.name, set())
    ]
    unlisted = {table.name for table in whole_schema().sorted_tables} - listed.keys() - NOBODYS.keys()

    assert missing == []
    assert unlisted == set()
    assert all(rows.why for rows in all_personal_rows() if rows.fate is not Fate.REMOVE)


async def test_of_two_owners_who_demote_each_other_one_stays(database: AsyncEngine) -> None:
    # ID-09
    units = postgres_units(database)
    owners = [await stored(units, number=n, roles=frozenset({Role.OWNER})) for n in (1, 2)]
    change = ChangeRoles(units, FixedClock(NOON), MemorySessionCache())
    commands = [ChangeRolesCommand(user_id=owner.id, roles=[Role.ADMIN], reason="a quarrel") for owner in owners]
    actors = [Actor(user_id=owner.id, role=Role.OWNER, audience=Audience.ADMIN) for owner in reversed(owners)]

    outcomes = await asyncio.gather(*map(change, actors, commands), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [LastOwner]
    async with units() as unit:
        assert len(await unit.users.holders(Role.OWNER)) == 1


async def test_holders_are_those_who_may_sign_in(units: NewUnit) -> None:
    owner = await stored(units, roles=frozenset({Role.OWNER, Role.ADMIN}))
    await stored(units, number=2, roles=frozenset({Role.OWNER}), status=AccountStatus.BLOCKED)
    await stored(units, number=3, roles=frozenset({Role.ADMIN}))

    async with units() as unit:
        assert await unit.users.holders(Role.OWNER) == [owner.id]


async def test_links_of_a_kind_are_voided_together(units: NewUnit) -> None:
    user = await stored(units)
    kinds = (VerificationPurpose.PASSWORD_RESET, VerificationPurpose.NEW_EMAIL, VerificationPurpose.EMAIL)
    links = [Verification.mint(f"t{n}", user.id, kind, at=NOON, address="a@b.org") for n, kind in enumerate(kinds)]
    async with units() as unit:
        for link in links:
            await unit.verifications.add(link)
        await unit.verifications.void(user.id, kinds[:2], at=NOON)
        await unit.commit()

    async with units() as unit:
        found = [await unit.verifications.get(link.token_hash) for link in links]
    assert [link.used_at for link in found] == [NOON, NOON, None]
    assert {link.address for link in found} == {"a@b.org"}


async def test_exports_keep_their_promises(units: NewUnit) -> None:
    # ID-20
    user = await stored(units)
    export = Export(id=ExportId(new_id()), user_id=user.id, requested_by=user.id, created_at=NOON)
    async with units() as unit:
        assert await unit.exports.add(export)
        assert not await unit.exports.add(msgspec.structs.replace(export, id=ExportId(new_id())))
        assert await unit.exports.waiting(5) == [export]
        await unit.commit()
    ready, _ = export.ready(b"PK", at=NOON)
    async with units() as unit:
        await unit.exports.save(ready)
        with pytest.raises(StaleWrite):
            await unit.exports.save(ready)
        await unit.commit()
    async with units() as unit:
        assert await unit.exports.get(export.id) == ready
        assert await unit.exports.latest_of(user.id) == ready
        assert await unit.exports.waiting(5) == []
        assert await unit.exports.run_out(NOON + timedelta(days=6), 5) == []
        assert await unit.exports.run_out(NOON + timedelta(days=7), 5) == [ready]
        with pytest.raises(NotFound):
            await unit.exports.get(ExportId(UUID(int=404)))


async def test_erasures_keep_their_promises(units: NewUnit) -> None:
    # ID-20
    user = await stored(units)
    erasure, _ = Erasure.schedule(ErasureId(new_id()), user.id, by=user.id, reason="own wish", at=NOON)
    async with units() as unit:
        await unit.erasures.add(erasure)
        await unit.commit()
    second = msgspec.structs.replace(erasure, id=ErasureId(new_id()))
    with pytest.raises(ErasureUnderWay):
        async with units() as unit:
            await unit.erasures.add(second)
    async with units() as unit:
        assert await unit.erasures.scheduled_of(user.id) == erasure
        assert await unit.erasures.due(NOON, 5) == []
        assert await unit.erasures.due(erasure.due_at, 5) == [erasure.id]
        assert not await unit.erasures.was_erased(user.id)
        done, _ = erasure.done(at=erasure.due_at)
        await unit.erasures.save(done)
        await unit.commit()
    async with units() as unit:
        assert await unit.erasures.get(erasure.id) == done
        assert await unit.erasures.was_erased(user.id)
        await unit.erasures.add(second)


async def test_people_of_another_system_keep_their_promises(units: NewUnit) -> None:
    # ID-13
    user = await stored(units)
    told = ExternalUser(subject="u_1", user_id=user.id, told_at=NOON)
    async with units() as unit:
        assert await unit.external_users.first_time("evt_1", at=NOON)
        await unit.external_users.put(told)
        await unit.commit()
    newer = msgspec.structs.replace(told, told_at=NOON + timedelta(hours=1))
    async with units() as unit:
        assert not await unit.external_users.first_time("evt_1", at=NOON)
        assert await unit.external_users.find("u_1") == told
        assert await unit.external_users.find("u_2") is None
        await unit.external_users.put(newer)
        await unit.commit()
    async with units() as unit:
        assert await unit.external_users.find("u_1") == newer


class Books:
    """Rows as they lie in the database, without the detour over everything that makes them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, table: str, **values: Any) -> None:
        values.setdefault("academy_id", FIRST_ACADEMY)
        columns = whole_schema().tables[table].c
        row = {name: value for name, value in values.items() if name in columns}
        names, marks = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
        async with driver(self._engine) as connection:
            await connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', *row.values())  # noqa: S608

    async def post(self, account: Account, minor: int) -> None:
        sides = ((account, minor), (Account("provider:x/y"), -minor))
        entries = tuple(Entry(account=side, amount=Money(amount, "USD")) for side, amount in sides)
        journal = Journal(id=JournalId(uuid4()), kind=JournalKind.CAPTURED, source=uuid4(), at=NOON, entries=entries)
        async with postgres_units(self._engine)() as unit:
            await unit.ledger.post(journal)
            await unit.commit()

    async def all(self, table: str) -> list[Mapping[str, Any]]:
        async with driver(self._engine) as connection:
            return [dict(row) for row in await connection.fetch(f'SELECT * FROM "{table}"')]  # noqa: S608


def a_booking(learner: UUID, **given: Any) -> dict[str, Any]:
    start = given.pop("starts_at", NOON + timedelta(days=1))
    return {
        "id": uuid4(),
        "learner_id": learner,
        "payer_id": learner,
        "qari_id": uuid4(),
        "starts_at": start,
        "ends_at": start + timedelta(minutes=30),
        "busy_from": start,
        "busy_until": start + timedelta(minutes=30),
        "buffer_before_min": 0,
        "buffer_after_min": 0,
        "occupies": False,
        "status": "completed",
        "kind": "regular",
        "price_minor": 1500,
        "currency": "USD",
        "policy_version": 0,
        "request_occupies": False,
        "moves": 0,
        "sequence": 0,
        "note": "my child stutters",
        "reason": "",
        "created_at": start,
        "version": 1,
    } | given


@pytest.fixture
def books(database: AsyncEngine) -> Books:
    return Books(database)


@pytest.mark.postgres
async def test_an_erasure_leaves_the_books_and_nobody_in_them(database: AsyncEngine, books: Books) -> None:
    # ID-20: erasure leaves ledger rows with a pseudonym
    units = postgres_units(database)
    gone = await stored(units, name="Maryam Khan", phone="+92 300 1234567", email_verified_at=NOON)
    stays = await stored(units, number=2, name="Yusuf Ali")
    for user in (gone, stays):
        await books.add("bookings", **a_booking(user.id))
        await books.post(Account(f"deferred:{user.id}"), -1500)
        await books.add("meeting_clicks", booking_id=uuid4(), user_id=user.id, at=NOON)
        payload = msgspec.json.encode({"type": "identity.password_changed", "user_id": user.id}).decode()
        event = {"id": uuid4(), "type": "identity.password_changed", "payload": payload, "occurred_at": NOON}
        await books.add("outbox_events", **event)
    ledger = await books.all("ledger_entries")

    async with units() as unit:
        told = await unit.personal.read(gone.id)
        assert await unit.personal.ties(gone.id, NOON) == Ties(balances=1)
        assert await unit.personal.files(gone.id) == []
        await unit.personal.erase(gone.id)
        await unit.commit()

    assert told["users"][0]["name"] == "Maryam Khan"
    assert "password_hash" not in told["users"][0]
    assert [entry["amount_minor"] for entry in told["ledger_entries"]] == [-1500]
    assert len(told["bookings"]) == len(told["meeting_clicks"]) == 1
    assert str(stays.id) not in str(told)
    assert await books.all("ledger_entries") == ledger
    by_id = {row["id"]: row for row in await books.all("users")}
    assert (by_id[gone.id]["name"], by_id[gone.id]["email"], by_id[gone.id]["phone"]) == ("(erased)", None, None)
    assert by_id[stays.id]["name"] == "Yusuf Ali"
    notes = {row["learner_id"]: row["note"] for row in await books.all("bookings")}
    assert notes == {gone.id: "", stays.id: "my child stutters"}
    assert [row["user_id"] for row in await books.all("meeting_clicks")] == [stays.id]
    assert [str(stays.id) in row["payload"] for row in await books.all("outbox_events")] == [True]
    everything = str([await books.all(table.name) for table in whole_schema().sorted_tables])
    for secret in ("Maryam", "maryam1", "1234567"):
        assert secret not in everything, secret


@pytest.mark.postgres
async def test_what_ties_somebody_to_the_school(database: AsyncEngine, books: Books) -> None:
    # ID-20
    units = postgres_units(database)
    user = await stored(units)
    await books.add("bookings", **a_booking(user.id, status="confirmed"))
    await books.add("bookings", **a_booking(user.id, status="cancelled"))
    await books.add("bookings", **a_booking(user.id, status="confirmed", starts_at=NOON - timedelta(days=1)))

    async with units() as unit:
        assert await unit.personal.ties(user.id, NOON) == Ties(lessons=1)
        assert await unit.personal.ties(a_user(number=9).id, NOON) == Ties()


@pytest.mark.postgres
async def test_a_child_is_not_left_without_a_guardian_of_record(database: AsyncEngine) -> None:  # ID-20, SAFE-01
    family = await Family(postgres_units(database)).settle()

    async with family.new_unit() as unit:
        assert await unit.personal.ties(GUARDIAN, NOON) == Ties(children=1)
        ended, _ = a_guardianship().revoke(at=NOON)
        await unit.guardianships.save(ended)
        assert await unit.personal.ties(GUARDIAN, NOON) == Ties()


def old_and_new(kind: DataClass, user: User) -> tuple[str, list[dict[str, Any]]]:
    """A table, a row of it that has been kept long enough, and one that has not."""
    moments = [NOON - timedelta(days=11), NOON - timedelta(days=9)]
    kinds: dict[DataClass, tuple[str, str, dict[str, Any]]] = {
        DataClass.LINKS: ("verifications", "expires_at", {"purpose": "email", "created_at": NOON, "user_id": user.id}),
        DataClass.MESSAGES: (
            "deliveries",
            "created_at",
            {"channel": "email", "topic": "welcome", "event": "{}", "status": "sent", "attempts": 1, "error": ""}
            | {"due_at": NOON, "recipient_id": user.id},
        ),
        DataClass.EVENTS: ("outbox_events", "occurred_at", {"type": "identity.email_verified", "payload": "{}"}),
        DataClass.PROVIDER_NOTICES: (
            "webhook_events",
            "received_at",
            {"provider": "x", "account": "y", "type": "t", "object_ref": "o", "raw": b"{}", "occurred_at": NOON}
            | {"due_at": NOON, "status": "done", "attempts": 1, "error": "", "settled_at": NOON},
        ),
        DataClass.IDENTITY_NOTICES: ("identity_notices", "received_at", {}),
        DataClass.JOIN_CLICKS: ("meeting_clicks", "at", {"user_id": user.id}),
        DataClass.LESSON_NOTES: ("bookings", "starts_at", {}),
        DataClass.EXPORTS: (
            "exports",
            "created_at",
            {"user_id": user.id, "requested_by": user.id, "status": "fetched", "version": 1},
        ),
    }
    table, at, rest = kinds[kind]
    rows: list[dict[str, Any]] = []
    for moment in moments:
        names = {"id": uuid4(), "token_hash": uuid4().bytes, "key": uuid4().hex, "event_id": uuid4().hex}
        row = names | {"booking_id": uuid4()} | rest | {at: moment}
        rows.append(a_booking(user.id, starts_at=moment) if kind is DataClass.LESSON_NOTES else row)
    return table, rows


@pytest.mark.postgres
@pytest.mark.parametrize("kind", list(PURGES))
async def test_what_was_kept_long_enough_goes_and_nothing_else(
    database: AsyncEngine, books: Books, kind: DataClass
) -> None:
    # OPS-19: a clock of its own for each class
    units = postgres_units(database)
    user = await stored(units)
    table, rows = old_and_new(kind, user)
    for row in rows:
        await books.add(table, **row)

    counts = [await _purged(units, kind, NOON - timedelta(days=10)) for _ in range(2)]

    assert counts == [1, 0]
    left = await books.all(table)
    if kind is DataClass.LESSON_NOTES:
        assert sorted(row["note"] for row in left) == ["", "my child stutters"]
    else:
        assert len(left) == 1
        assert (NOON - timedelta(days=9)) in left[0].values()


@pytest.mark.postgres
async def test_an_event_that_somebody_waits_for_is_kept(database: AsyncEngine, books: Books) -> None:
    # OPS-19
    units = postgres_units(database)
    event_id, at = uuid4(), datetime(2020, 1, 1, tzinfo=UTC)
    await books.add("outbox_events", id=event_id, type="x.y", payload="{}", occurred_at=at)
    await books.add("outbox_tasks", event_id=event_id, subscriber="somebody", due_at=at)

    assert await _purged(units, DataClass.EVENTS, NOON) == 0


async def _purged(units: NewUnit, kind: DataClass, before: datetime) -> int:
    async with units() as unit:
        count = await _purge(unit, kind, before)
        await unit.commit()
    return count


async def _purge(unit: UnitOfWork, kind: DataClass, before: datetime) -> int:
    return await unit.retention.purge(kind, before=before, limit=10)


def test_every_class_is_looked_after_somewhere() -> None:
    # OPS-19
    assert set(DataClass) - PURGES.keys() == {DataClass.SESSIONS, DataClass.ANSWERS}
