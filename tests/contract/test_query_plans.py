"""OPS-06: what people and the worker wait for is found by an index; no hot statement walks a whole table."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence import outbox
from adapters.persistence.billing import inbox, payment_queries, payments
from adapters.persistence.booking import queries as booking_queries
from adapters.persistence.booking import repositories as booking_repositories
from adapters.persistence.identity import guardians as guardian_queries
from adapters.persistence.identity import queries as identity_queries
from adapters.persistence.notification import queries as notification_queries
from adapters.persistence.notification import repositories as notification_repositories
from adapters.persistence.onboarding import queries as onboarding_queries
from adapters.persistence.oversight import audit_queries, queues
from adapters.persistence.scheduling import busy, meetings, soonest
from adapters.persistence.scheduling import queries as scheduling_queries
from adapters.persistence.scheduling.search import SEARCH, arguments
from adapters.persistence.statement import Statement, driver
from domain.ids import UserId
from domain.time import TimeSlot
from fakes.clock import NOON
from ports.academy import FIRST_ACADEMY
from ports.scheduling.queries import QariFilters, QariOrder

pytestmark = pytest.mark.slow

GUARDED: Final = frozenset(
    (
        "bookings",
        "payments",
        "outbox_tasks",
        "outbox_events",
        "webhook_events",
        "deliveries",
        "sessions",
        "session_tokens",
        "users",
        "audit_log",
        "guardianships",
        "applications",
        "qari_changes",
    )
)
MAY_BE_READ_THROUGH: Final = frozenset(
    ("ix_outbox_tasks_dead", "ix_webhook_events_dead", "ix_deliveries_dead", "pk_audit_log")
)
"""Partial indexes of a few rows, and the order of the audit log, which is read until a page is full."""
EXECUTIONS: Final = 7
"""PostgreSQL plans a prepared statement anew five times, then it may settle on one plan for all values. The driver
keeps statements prepared, so both are what runs."""

# Two years of lessons, 90 days of them ahead of us: at each of 334 times, every one of the 60 Qaris teaches another
# learner. Users 1 to 60 are the Qaris; ``:noon`` is the moment of asking.
FILL: Final = """
    DO $$ DECLARE walled regclass; BEGIN
        FOR walled IN SELECT attrelid FROM pg_attribute JOIN pg_class ON oid = attrelid
                       WHERE attname = 'academy_id' AND relkind = 'r' LOOP
            EXECUTE format('ALTER TABLE %s ALTER academy_id SET DEFAULT %L', walled, (SELECT id FROM academies));
        END LOOP;
    END $$;
    CREATE FUNCTION pg_temp.uid(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
        AS $$ SELECT md5(kind || number)::uuid $$;
    INSERT INTO users (id, email, name, password_hash, zone, locale, status, onboarding, created_at, version)
    SELECT pg_temp.uid('user', n), 'user' || n || '@example.org', 'Person ' || n, repeat('x', 97), 'Asia/Karachi',
           'en', 'active', 'done', :noon - n * interval '8 hours', 1
      FROM generate_series(1, 2000) n;
    INSERT INTO user_roles (user_id, role)
    SELECT pg_temp.uid('user', n), CASE WHEN n <= 60 THEN 'qari' ELSE 'student' END FROM generate_series(1, 2000) n;
    INSERT INTO sessions (id, user_id, audience, role, device, factors, created_at, last_seen_at, expires_at)
    SELECT pg_temp.uid('session', n), pg_temp.uid('user', 1 + n % 2000), 'main', 'student', 'Firefox', '{password}',
           :noon - interval '1 day', :noon - n * interval '1 second', :noon + interval '13 days'
      FROM generate_series(1, 5000) n;
    INSERT INTO session_tokens (hash, session_id, kind, generation, expires_at)
    SELECT decode(md5('token' || n), 'hex'), pg_temp.uid('session', 1 + n % 5000),
           CASE WHEN n <= 5000 THEN 'access' ELSE 'refresh' END, 1 + n / 5000, :noon + interval '5 minutes'
      FROM generate_series(1, 20000) n;
    INSERT INTO qaris (user_id, name, gender, zone, country, languages, riwayat, teaches_genders, bio, approved,
                       booking_mode, request_holds_slot)
    SELECT pg_temp.uid('user', n), 'Person ' || n, 'male', 'Asia/Karachi', 'PK', '{en}', '{hafs}', '{male}', '',
           true, 'instant', true
      FROM generate_series(1, 60) n;

    INSERT INTO bookings (id, learner_id, payer_id, qari_id, starts_at, ends_at, busy_from, busy_until,
                          buffer_before_min, buffer_after_min, occupies, status, kind, price_minor, currency,
                          policy_version, hold_expires_at, request_occupies, payment_id, moves, sequence, note, reason,
                          created_at, version)
    SELECT pg_temp.uid('booking', n), pg_temp.uid('user', 61 + n % 1940), pg_temp.uid('user', 61 + n % 1940 / 3 * 3),
           pg_temp.uid('user', 1 + n % 60), start, start + interval '30 minutes', start,
           start + interval '35 minutes', 0, 5, status NOT IN ('requested', 'cancelled', 'expired', 'refunded'), status,
           'regular', 500000, 'PKR', 1,
           CASE WHEN status IN ('requested', 'held', 'pending_payment')
                THEN :noon + (n % 60 - 10) * interval '1 minute' END,
           false, CASE WHEN n % 4 > 0 THEN pg_temp.uid('payment', n) END, 0, 0, '', '', start - interval '9 days', 1
      FROM (SELECT n, start,
                   CASE WHEN start > :noon
                        THEN CASE n % 50 WHEN 0 THEN 'requested' WHEN 1 THEN 'held' WHEN 2 THEN 'pending_payment'
                                         WHEN 3 THEN 'cancelled' ELSE 'confirmed' END
                        ELSE CASE n % 23 WHEN 0 THEN 'cancelled' WHEN 1 THEN 'expired' WHEN 2 THEN 'no_show_student'
                                         WHEN 3 THEN 'no_show_teacher' WHEN 4 THEN 'refunded' ELSE 'completed' END
                   END AS status
              FROM (SELECT n, :noon + interval '90 days' - n / 60 * interval '52 hours'
                              + n % 60 * interval '15 minutes' AS start
                      FROM generate_series(0, 19999) n) AS times) AS lessons;

    INSERT INTO payments (id, payer_id, provider, account, amount_minor, refunded_minor, currency, terms, status,
                          provider_ref, created_at, expires_at, captured_at, checked_at, version)
    SELECT payment_id, payer_id, 'sandbox', 'main', 500000, 0, 'PKR', '{}',
           CASE WHEN waits THEN 'open' WHEN status = 'expired' THEN 'expired' ELSE 'captured' END, id::text, created_at,
           created_at + interval '30 minutes', CASE WHEN NOT waits AND status <> 'expired' THEN created_at END,
           :noon - interval '1 hour', 1
      FROM (SELECT *, status IN ('held', 'pending_payment') AS waits FROM bookings
             WHERE payment_id IS NOT NULL) AS paid;
    INSERT INTO payment_lines (payment_id, position, booking_id, learner_id, qari_id, amount_minor, commission_percent)
    SELECT payment_id, 0, id, learner_id, qari_id, 500000, 20 FROM bookings WHERE payment_id IS NOT NULL;
    INSERT INTO refunds (id, payment_id, payer_id, booking_id, amount_minor, currency, cause, reason, created_at,
                         status, attempts, due_at, version)
    SELECT id, payment_id, payer_id, id, 500000, 'PKR', 'cancelled', '', starts_at,
           CASE WHEN starts_at > :noon THEN 'pending' ELSE 'succeeded' END, 1, starts_at, 1
      FROM bookings WHERE payment_id IS NOT NULL AND status IN ('cancelled', 'refunded');

    INSERT INTO outbox_events (id, type, payload, occurred_at)
    SELECT pg_temp.uid('event', n), 'booking.held', jsonb_build_object('text', repeat('x', 200)),
           :noon - n * interval '1 minute'
      FROM generate_series(1, 20000) n;
    INSERT INTO outbox_tasks (event_id, subscriber, due_at, done_at, dead_at)
    SELECT pg_temp.uid('event', n), 'notification.mail', :noon - n * interval '1 minute',
           CASE WHEN n > 100 AND n % 1000 > 0 THEN :noon END,
           CASE WHEN n % 1000 = 0 THEN :noon END
      FROM generate_series(1, 20000) n;
    INSERT INTO webhook_events (id, provider, account, event_id, type, object_ref, raw, occurred_at, received_at,
                                due_at, status, attempts, error)
    SELECT pg_temp.uid('webhook', n), 'sandbox', 'main', 'event' || n, 'payment', 'ref' || n, repeat('x', 300)::bytea,
           at, at, at, CASE WHEN n <= 50 THEN 'received' WHEN n % 500 = 0 THEN 'dead' ELSE 'processed' END, 1, ''
      FROM (SELECT n, :noon - n * interval '1 minute' AS at FROM generate_series(1, 10000) n) AS times;
    INSERT INTO deliveries (id, key, channel, topic, recipient_id, event, booking_id, status, attempts, error,
                            created_at, due_at)
    SELECT pg_temp.uid('delivery', n), 'key' || n, 'mail', 'booking_confirmed', pg_temp.uid('user', 1 + n % 2000),
           jsonb_build_object('text', repeat('x', 200)), pg_temp.uid('booking', n),
           CASE WHEN n <= 50 THEN 'queued' WHEN n % 500 = 0 THEN 'dead' ELSE 'sent' END, 1, '', at, at
      FROM (SELECT n, :noon - n * interval '1 minute' AS at FROM generate_series(1, 10000) n) AS times;
    INSERT INTO deliveries (id, key, channel, topic, recipient_id, event, booking_id, status, attempts, error,
                            created_at, due_at, read_at)
    SELECT pg_temp.uid('note', n), 'note' || n, 'in_app', 'booking_confirmed', pg_temp.uid('user', 1 + n % 2000),
           '{}', pg_temp.uid('booking', n), 'sent', 1, '', at, at, CASE WHEN n > 3000 THEN at END
      FROM (SELECT n, :noon - n * interval '1 minute' AS at FROM generate_series(1, 10000) n) AS times;
    UPDATE users SET email_verified_at = created_at + interval '1 hour';
    INSERT INTO guardianships (id, guardian_id, child_id, rights, of_record, status, created_by, created_at, version)
    SELECT pg_temp.uid('guardianship', n), pg_temp.uid('user', 61 + n / 3), pg_temp.uid('user', 1500 + n % 500),
           '{book,pay,see}', true, 'active', pg_temp.uid('user', 61 + n / 3), :noon - n * interval '1 hour', 1
      FROM generate_series(1, 2000) n;
    INSERT INTO applications (id, user_id, role, form, status, edition, created_at, updated_at, submitted_at, reason,
                              version)
    SELECT pg_temp.uid('application', n), pg_temp.uid('user', n), 'student', '{}',
           CASE WHEN n <= 20 THEN 'submitted' ELSE 'approved' END, 1, at, at, at, '', 1
      FROM (SELECT n, :noon - n * interval '1 hour' AS at FROM generate_series(1, 2000) n) AS times;
    INSERT INTO audit_log (seq, at, actor_id, role, audience, action, subject_kind, subject_id, before, after, reason,
                           request_id, previous_hash, hash)
    SELECT n, :noon - (20001 - n) * interval '1 minute', pg_temp.uid('user', 1 + n % 40), 'admin', 'admin',
           'identity.block', 'user', pg_temp.uid('user', 1 + n % 2000)::text, '{}', '{}', 'a reason', '', '', ''
      FROM generate_series(1, 20000) n;
    INSERT INTO qari_changes (xid, qari_id)
    SELECT n, pg_temp.uid('user', 1 + n % 60) FROM generate_series(1, 20000) n;
    INSERT INTO qari_offers (qari_id, minutes, price_minor, currency)
    SELECT user_id, 30, 500000, 'PKR' FROM qaris;
    INSERT INTO calendars (qari_id, rules, buffer_before_min, buffer_after_min, min_notice_min, horizon_days,
                           step_min)
    SELECT user_id, '[[0, 480, 1200]]', 0, 5, 60, 60, 30 FROM qaris;
    INSERT INTO meetings (id, booking_id, provider, status, created_at, version)
    SELECT id, id, 'jitsi', 'ready', created_at, 1 FROM bookings
     WHERE status IN ('confirmed', 'completed') AND starts_at < :noon + interval '1 day';
    ANALYZE
"""

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
WEEK: Final = {"since": NOON - DAY, "until": NOON + 6 * DAY}
DAYS: Final = TimeSlot(NOON - DAY, NOON + 6 * DAY)


def _hot(person: UUID, qari: UUID, token: bytes, session: UUID) -> dict[str, tuple[str, Sequence[Any]]]:
    """The statements that run on every page or every tick, with values as their callers give them."""

    def of(statement: Statement, **values: Any) -> tuple[str, Sequence[Any]]:
        return statement.sql, statement._values(values)

    first = {"now": NOON, "edge": NOON - 4 * 60 * MINUTE, "edge_id": UUID(int=0), "most": 21}
    last = first | {"edge": booking_queries._THE_END}
    later = first | {"edge": NOON, "edge_id": person}
    (upcoming, upcoming_of_many), (past, past_of_many) = booking_queries._UPCOMING, booking_queries._PAST
    due = {"now": NOON, "most": 50}
    soon = {"opens": NOON, "closes": NOON + 60 * MINUTE, "most": 500}
    acts = dict.fromkeys(("actor", "action", "kind", "subject", "text", "exact", "since", "until", "below"))
    people = {"role": None, "status": None, "before": None, "before_id": None, "rows": 51}
    return {
        "people by name": of(identity_queries._SEARCH, **people | {"text": "%person 19%"}),
        "people, next page": of(
            identity_queries._SEARCH, **people | {"text": "%%", "before": NOON - 9 * DAY, "before_id": person}
        ),
        "newest acts": of(audit_queries._SEARCH, **acts | {"most": 51}),
        "acts, next page": of(audit_queries._SEARCH, **acts | {"below": 15_000, "most": 51}),
        "acts upon somebody": of(audit_queries._SEARCH, **acts | {"kind": "user", "subject": str(person), "most": 51}),
        "notes": of(notification_queries._NOTES, reader=person, before=None, before_id=None, most=21),
        "unread notes": of(notification_queries._UNREAD, reader=person),
        "beginners": of(notification_queries._BEGINNERS, since=NOON - 14 * DAY, until=NOON - DAY, after=None, most=100),
        "guardians of a child": of(guardian_queries._GUARDIANS, child=person),
        "children of a guardian": of(guardian_queries._WARDS, guardian=person),
        "applications that wait": of(
            onboarding_queries._WAITING,
            **_known(onboarding_queries._WAITING, in_status="submitted", unowned=False, rows=21),
        ),
        "lengths of the queues": of(queues._LENGTHS, now=NOON),
        "upcoming lessons": of(upcoming, learner=person, **first),
        "upcoming lessons, next page": of(upcoming, learner=person, **later),
        "upcoming lessons of a family": of(upcoming_of_many, learners=[person, qari], **first),
        "past lessons": of(past, learner=person, **last),
        "past lessons, next page": of(past, learner=person, **later),
        "past lessons of a family": of(past_of_many, learners=[person, qari], **last),
        "agenda": of(booking_queries._AGENDA, qari=qari, earliest=WEEK["since"] - timedelta(hours=4), **WEEK),
        "requests": of(booking_queries._REQUESTS, qari=qari),
        "outcomes to tell": of(booking_queries._MISSING, qari=qari, now=NOON, most=50),
        "busy times": of(busy.WITHIN, **busy.values(UserId(qari), DAYS, ())),
        "what a lesson meets": of(busy.AROUND, **busy.values(UserId(qari), TimeSlot.lasting(NOON, 30), ())),
        "lessons ahead": of(scheduling_queries._LESSONS, qari_id=qari, **WEEK),
        "Qaris by who is free next": (SEARCH[QariOrder.NEXT_FREE], _search(QariOrder.NEXT_FREE)),
        "Qaris by price": (SEARCH[QariOrder.PRICE], _search(QariOrder.PRICE)),
        "one Qari of the list": (SEARCH[QariOrder.NEXT_FREE], _search(QariOrder.NEXT_FREE, [qari])),
        "Qaris who have changed": of(soonest._CHANGES, since=19_990),
        "learner's other lessons": of(
            booking_repositories._OF_LEARNER, learner=person, opens=NOON, closes=NOON + 30 * MINUTE
        ),
        "expired holds": of(booking_repositories._EXPIRED, **due),
        "outbox": of(outbox._CLAIM, until=NOON + MINUTE, **due),
        "webhooks": of(inbox._CLAIM, until=NOON + MINUTE, **due),
        "deliveries": of(notification_repositories._CLAIM, lease_until=NOON + MINUTE, **due),
        "session": of(identity_queries._FIND, token_hash=token, now=NOON),
        "session seen": of(identity_queries._SEEN, of=session, now=NOON),
        "devices": of(identity_queries._DEVICES, user_id=person, now=NOON),
        "payments of a payer": (payment_queries._MINE, (None, None, 21, person, FIRST_ACADEMY)),
        "payments of a payer, next page": (payment_queries._MINE, (NOON, person, 21, person, FIRST_ACADEMY)),
        "lessons to remind of": of(notification_queries._STARTING, **soon),
        "calendar feed": of(notification_queries._CALENDAR, reader=person, since=NOON - 30 * DAY),
        "classes to prepare": of(meetings._MISSING, **soon),
        "unsettled payments": of(payments._CLAIM_UNSETTLED, before=NOON - 5 * MINUTE, **due),
    }


def _search(order: QariOrder, only: Sequence[UUID] | None = None) -> Sequence[Any]:
    return arguments(QariFilters(order=order), TimeSlot(NOON, NOON + 14 * DAY), None, NOON, only)


def _known(statement: Statement, **values: Any) -> dict[str, Any]:
    """Those values, and nothing for every other parameter that has none."""
    return {name: values.get(name) for name in statement._order if name not in statement._defaults} | values


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool | int):
        return "NULL" if value is None else str(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, list | tuple):
        return "'{" + ",".join(str(part) for part in value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _walks(node: dict[str, Any]) -> bool:
    """A sequential scan of a big table, or an index read from end to end, which is no better."""
    if node.get("Relation Name") not in GUARDED:
        return False
    if node.get("Index Name") in MAY_BE_READ_THROUGH:
        return False
    kind = node["Node Type"]
    return kind == "Seq Scan" or (kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node)


async def _plans(connection: "asyncpg.Connection[Any]", sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """What PostgreSQL does with it, the first times and when it has been prepared for long."""
    await connection.execute(f"PREPARE hot AS {sql}")
    given = ", ".join(map(_literal, values))
    plans = []
    for _ in range(EXECUTIONS):
        answer = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot ({given})")
        plans.append(json.loads(answer)[0]["Plan"])
    await connection.execute("DEALLOCATE hot")
    return plans


async def test_no_hot_statement_walks_a_whole_table(database: AsyncEngine) -> None:
    # OPS-06
    async with driver(database) as connection:
        await connection.execute(FILL.replace(":noon", f"timestamptz '{NOON}'"))
        person = await connection.fetchval("SELECT payer_id FROM bookings GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
        qari = await connection.fetchval("SELECT user_id FROM qaris LIMIT 1")
        token = await connection.fetchval("SELECT hash FROM session_tokens LIMIT 1")
        session = await connection.fetchval("SELECT id FROM sessions LIMIT 1")
        walked = {
            name: sorted({f"{node['Node Type']} on {node['Relation Name']}" for node in found})
            for name, (sql, values) in _hot(person, qari, token, session).items()
            if (found := [n for plan in await _plans(connection, sql, values) for n in _nodes(plan) if _walks(n)])
        }

    assert walked == {}
