"""Somebody else, with a row in every table that has walls, made from the tables themselves: in a second academy, or
next door in the first one.

Nobody is meant to read these rows, so they hardly need to make sense to the domain, only to the database; and a table
that is added tomorrow has its row here tomorrow.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import ARRAY, Column, Table, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.academy_tables import academies
from adapters.persistence.metadata import WALL
from adapters.persistence.schema import whole_schema
from domain.ids import AcademyId

ELSEWHERE: Final = AcademyId(UUID(int=0xE15E))
PARENT: Final = UUID(int=0x9A9A)
MARK: Final = "zz-elsewhere-zz"
"""In every text over there: where it shows over here, a wall has a hole."""


def id_of(table: str) -> UUID:
    return uuid5(ELSEWHERE, table)


PEOPLE: Final = frozenset({"user_id", "learner_id", "payer_id", "qari_id", "recipient_id", "guardian_id", "child_id"})
NAMED: Final = {
    "booking_id": "bookings",
    "browser_id": "push_browsers",
    "calendar_id": "calendar_connections",
    "payment_id": "payments",
    "series_id": "series",
    "class_id": "group_classes",
    "occurrence_id": "class_occurrences",
    "application_id": "applications",
    "document_id": "application_documents",
    "proposal_id": "proposals",
    "session_id": "sessions",
    "event_id": "outbox_events",
    "webhook_id": "webhook_events",
    "host_id": "meeting_hosts",
    "refund_id": "refunds",
    "finding_id": "book_findings",
    "delivery_id": "deliveries",
    "export_id": "exports",
    "passkey_id": "passkeys",
}
NOON: Final = datetime(2099, 6, 1, 12, 0, tzinfo=UTC)
CHOSEN: Final[Mapping[str, Mapping[str, Any]]] = {
    "users": {"status": "active", "zone": "UTC", "email": f"{MARK}@example.org"},
    "qaris": {"zone": "UTC", "gender": "male", "booking_mode": "instant", "approved": True, "languages": ["en"]},
    "group_classes": {"status": "open", "subject": "tajwid", "zone": "UTC", "weekdays": [0], "weeks": 1, "minutes": 30},
    "class_occurrences": {
        "status": "planned",
        "busy_from": NOON + timedelta(days=1),
        "starts_at": NOON + timedelta(days=1),
        "ends_at": NOON + timedelta(days=1, minutes=30),
        "busy_until": NOON + timedelta(days=1, hours=1),
    },
    "class_attendance": {"attendance": "present"},
    "learners": {"gender": "male", "qari_gender": None},
    "bookings": {
        "status": "confirmed",
        "kind": "regular",
        "busy_until": NOON + timedelta(hours=1),
        "ends_at": NOON + timedelta(minutes=30),
        "currency": "USD",
        "occupies": True,
        "qari_id": UUID(int=0x0AB1),
        "series_index": 1,
    },
    "proposals": {"status": "open", "by": "learner", "scope": "one", "ends_at": NOON + timedelta(hours=1)},
    "payments": {
        "status": "captured",
        "currency": "USD",
        "refunded_minor": 0,
        "captured_at": NOON,
        "terms": dict.fromkeys(("description", "payer_email", "success_url", "cancel_url"), MARK),
    },
    "disputes": {"currency": "USD"},
    "meetings": {"status": "planned"},
    "meeting_hosts": {"provider": "zoom"},
    "meeting_choices": {"provider": "zoom"},
    "meeting_host_times": {"busy_until": NOON + timedelta(hours=1)},
    "meeting_strays": {"ends_at": NOON + timedelta(hours=1)},
    "refunds": {"status": "succeeded", "currency": "USD", "cause": "staff"},
    "guardianships": {"status": "pending", "rights": ["see"], "guardian_id": PARENT},
    "applications": {"status": "draft", "role": "student", "form": {}},
    "application_documents": {"kind": "other"},
    "calendar_connections": {"status": "connected", "source": "ics"},
    "exports": {"status": "ready", "expires_at": NOON, "archive": MARK.encode()},
    "erasures": {"status": "scheduled"},
    "deliveries": {"status": "dead"},
    "outbox_tasks": {"dead_at": NOON},
    "webhook_events": {"status": "dead"},
    "whatsapp_contacts": {"status": "active", "number": "+15550001111"},
    "whatsapp_consents": {"way": "code", "number": "+15550001111"},
    "series": {"minutes": 30, "count": 4, "zone": "UTC"},
    "sessions": {"audience": "main", "role": "student", "factors": ["password"]},
}
UNBALANCED: Final = frozenset({"ledger_journals", "ledger_entries"})
"""Written together: a journal comes to zero."""


def value_for(table: Table, column: "Column[Any]", academy: AcademyId = ELSEWHERE) -> Any:
    chosen = CHOSEN.get(table.name, {})
    if column.name in chosen:
        return chosen[column.name]
    if column.name == WALL:
        return academy
    for key in column.foreign_keys:
        return value_for(key.column.table, key.column, academy)
    if column.name in PEOPLE:
        return id_of("users")
    if column.name in NAMED and column.type.python_type is UUID:
        return id_of(NAMED[column.name])
    if column.nullable and not column.primary_key:
        return None
    return _of_type(table, column)


def _of_type(table: Table, column: "Column[Any]") -> Any:
    if isinstance(column.type, JSONB):
        return {"mark": MARK}
    if isinstance(column.type, ARRAY):
        return [MARK] if column.type.item_type.python_type is str else []
    samples: dict[type, Any] = {
        UUID: id_of(table.name),
        str: MARK,
        bytes: f"{MARK} {table.name} {column.name}".encode(),
        bool: False,
        int: 1,
        datetime: NOON,
        date: NOON.date(),
        time: NOON.time(),
    }
    return samples[column.type.python_type]


async def furnish(engine: AsyncEngine, academy: AcademyId = ELSEWHERE) -> None:
    """A row in every table, academies with their hosts left out."""

    def row(table: Table) -> dict[str, Any]:
        return {column.name: value_for(table, column, academy) for column in table.c}

    async with engine.begin() as connection:
        if academy == ELSEWHERE:
            await connection.execute(insert(academies).values(id=ELSEWHERE, name=MARK, created_at=NOON, version=1))
        for table in whole_schema().sorted_tables:
            if (
                (WALL not in table.c and table.name != "payment_lines")
                or table.name in UNBALANCED
                or table.name == "audit_log"
            ):
                continue
            await connection.execute(insert(table).values(row(table)))
            if table.name == "users":
                parent = row(table) | {"id": PARENT, "email": f"parent-{MARK}@example.org"}
                await connection.execute(insert(table).values(parent))
        journal, entries = (whole_schema().tables[name] for name in ("ledger_journals", "ledger_entries"))
        await connection.execute(insert(journal).values(row(journal)))
        for position, amount in enumerate((5, -5)):
            await connection.execute(
                insert(entries).values(row(entries) | {"position": position, "amount_minor": amount})
            )


async def rows_of(engine: AsyncEngine, academy: AcademyId = ELSEWHERE) -> dict[str, list[str]]:
    """All that the academy has, table by table, as text: to compare with later."""
    found: dict[str, list[str]] = {}
    async with engine.connect() as connection:
        for table in whole_schema().sorted_tables:
            if WALL in table.c:
                rows = await connection.exec_driver_sql(
                    f"SELECT t::text FROM {table.name} t WHERE academy_id = '{academy}' ORDER BY 1"  # noqa: S608
                )
                found[table.name] = list(rows.scalars())
    return found
