"""The audit log on PostgreSQL: only ever added to, sealed row by row, read by its own academy. (ADM-05)"""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.oversight.audit_queries import SqlAuditQueries
from adapters.persistence.statement import driver
from application.oversight.audit import AuditReport, ExportAudit, SearchAudit, VerifyAudit
from domain.errors import NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import AcademyId, UserId
from domain.oversight.audit import Act
from ports.academy import within
from ports.oversight.audit import AuditFilter
from support.units import postgres_units

pytestmark = pytest.mark.slow

BOSS = Actor(user_id=UserId(UUID(int=1)), role=Role.ADMIN, audience=Audience.ADMIN)
SUPPORT = Actor(user_id=UserId(UUID(int=2)), role=Role.SUPPORT, audience=Audience.ADMIN)
ELSEWHERE = AcademyId(UUID(int=99))


def an_act(number: int = 1, action: str = "identity.block", actor: Actor | None = BOSS) -> Act:
    return Act(
        actor=actor,
        action=action,
        subject=("user", str(UUID(int=number))),
        before={"status": "active", "at": datetime(2026, 1, 1, tzinfo=UTC), "id": UUID(int=5)},
        after={"status": "blocked", "texts": ["a\0b", {"z": 1, "a": 1.5}]},
        reason=f"because {number}%",
    )


async def note(database: AsyncEngine, *acts: Act) -> None:
    async with postgres_units(database)() as unit:
        unit.note(*acts)
        await unit.commit()


async def verify(database: AsyncEngine) -> AuditReport:
    return await VerifyAudit(SqlAuditQueries(database))()


async def tamper(database: AsyncEngine, statement: str) -> None:
    """As somebody with the database password and time would: with the trigger out of the way."""
    async with driver(database) as connection:
        await connection.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only")
        await connection.execute(statement)


async def test_what_was_noted_is_read_newest_first_with_who_and_why(database: AsyncEngine) -> None:
    await note(database, an_act(1))
    await note(database, an_act(2), an_act(3, actor=None))

    page = await SqlAuditQueries(database).search(AuditFilter(), limit=2)
    rest = await SqlAuditQueries(database).search(AuditFilter(), cursor=page.next_cursor, limit=2)

    assert [entry.seq for entry in [*page.items, *rest.items]] == [3, 2, 1]
    assert [entry.role for entry in page.items] == [None, "admin"]
    assert page.items[0].after == {"status": "blocked", "texts": ["ab", {"z": 1, "a": 1.5}]}
    assert rest.items[0].reason == "because 1%"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(action="identity.block"), [1]),
        (AuditFilter(action="billing"), [2]),
        (AuditFilter(action="bill"), []),
        (AuditFilter(actor_id=SUPPORT.user_id), [2]),
        (AuditFilter(subject_kind="user", subject_id=str(UUID(int=1))), [1]),
        (AuditFilter(text="use 2%"), [2]),
        (AuditFilter(text=str(UUID(int=1))), [1]),
        (AuditFilter(since=datetime.now(UTC) + timedelta(days=1)), []),
        (AuditFilter(until=datetime.now(UTC) - timedelta(days=1)), []),
    ],
)
async def test_filters(database: AsyncEngine, wanted: AuditFilter, found: list[int]) -> None:
    await note(database, an_act(1), an_act(2, "billing.refund", SUPPORT))

    page = await SqlAuditQueries(database).search(wanted)

    assert [entry.seq for entry in page.items] == found
    assert await SqlAuditQueries(database).actions() == ["billing.refund", "identity.block"]


async def test_each_academy_reads_its_own_entries_of_the_one_chain(database: AsyncEngine) -> None:  # ADM-10
    async with driver(database) as connection:
        await connection.execute("INSERT INTO academies SELECT $1, 'Elsewhere', now(), 1", ELSEWHERE)
    await note(database, an_act(1))
    with within(ELSEWHERE):
        await note(database, an_act(2))
        theirs = await SqlAuditQueries(database).search(AuditFilter())
    ours = await SqlAuditQueries(database).search(AuditFilter())

    assert ([entry.seq for entry in ours.items], [entry.seq for entry in theirs.items]) == ([1], [2])
    assert (await verify(database)).rows == 2


async def test_writers_at_once_make_one_chain(database: AsyncEngine) -> None:
    await asyncio.gather(*(note(database, an_act(n), an_act(n)) for n in range(20)))

    report = await verify(database)

    assert (report.rows, report.broken) == (40, None)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET reason = ''", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
async def test_the_database_itself_refuses_to_change_it(database: AsyncEngine, statement: str) -> None:
    await note(database, an_act())

    async with driver(database) as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only added to"):
            await connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE audit_log SET reason = 'another' WHERE seq = 3", 3),
        ("""UPDATE audit_log SET after = after || '{"status": "active"}' WHERE seq = 2""", 2),
        ("UPDATE audit_log SET at = at + interval '1 microsecond' WHERE seq = 5", 5),
        ("UPDATE audit_log SET actor_id = NULL WHERE seq = 1", 1),
        ("DELETE FROM audit_log WHERE seq = 4", 4),
        ("DELETE FROM audit_log WHERE seq = 1", 1),
        ("DELETE FROM audit_log WHERE seq >= 4", 4),
        ("DELETE FROM audit_log", 1),
        ("UPDATE audit_log SET seq = 9 WHERE seq = 2; UPDATE audit_log SET seq = seq - 1 WHERE seq IN (3)", 2),
        (
            "UPDATE audit_log SET seq = -1 WHERE seq = 2; UPDATE audit_log SET seq = 2 WHERE seq = 3;"
            "UPDATE audit_log SET seq = 3 WHERE seq = -1",
            2,
        ),
        ("UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit_log WHERE seq = 3)", 4),
    ],
)
async def test_verify_names_the_first_row_that_is_not_as_it_was_written(
    database: AsyncEngine, statement: str, row: int
) -> None:
    await note(database, *(an_act(n) for n in range(1, 6)))
    assert (await verify(database)).broken is None

    await tamper(database, statement)

    broken = (await verify(database)).broken
    assert broken is not None
    assert broken.seq == row


async def test_a_head_that_was_kept_elsewhere_shows_a_log_written_anew(database: AsyncEngine) -> None:
    await note(database, an_act(1), an_act(2))
    kept = (await verify(database)).head
    await note(database, an_act(3))
    assert (await VerifyAudit(SqlAuditQueries(database))(kept)).broken is None

    await tamper(
        database, "DELETE FROM audit_log; UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')"
    )
    await note(database, an_act(1), an_act(1), an_act(3))

    assert (await verify(database)).broken is None
    broken = (await VerifyAudit(SqlAuditQueries(database))(kept)).broken
    assert broken is not None
    assert broken.seq == 2


async def test_taking_the_log_away_is_an_act_too(database: AsyncEngine) -> None:
    await note(database, an_act(1), an_act(2, "billing.refund"))
    export = ExportAudit(postgres_units(database), SqlAuditQueries(database))

    pages = await export(BOSS, AuditFilter(action="identity"))
    taken = [entry.action async for entries in pages for entry in entries]

    assert taken == ["identity.block"]
    [newest, *_] = (await SqlAuditQueries(database).search(AuditFilter())).items
    assert (newest.action, newest.after) == ("oversight.export_audit", {"action": "identity"})


async def test_support_reads_no_audit_log(database: AsyncEngine) -> None:
    queries = SqlAuditQueries(database)

    with pytest.raises(NotPermitted):
        await SearchAudit(queries)(SUPPORT, AuditFilter())
    with pytest.raises(NotPermitted):
        await ExportAudit(postgres_units(database), queries)(SUPPORT, AuditFilter())
