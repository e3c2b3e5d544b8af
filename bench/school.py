"""A school of any size in a migrated database, within minutes: ``await fill(url, BIG)``.

Rows are made by PostgreSQL itself, below its triggers and foreign keys, and the indexes that are not keys are built
once afterwards, so that a million lessons with half a million payments and messages take about two minutes. Everybody
is called ``user<n>@example.org``: first the Qaris, then the regulars, who have a lesson every six hours for two months
and the password below, then all the others with some ten lessons each. A Qari's lessons never overlap, neither do a
learner's. What is ahead are the next 15 days, in a small school as in a big one: the
same lists are as long in both.
"""

import asyncio
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final, NamedTuple

import asyncpg

from adapters.passwords import ArgonHasher

PASSWORD: Final = "a long enough password"  # noqa: S105 - of nobody
REGULARS: Final = 32
NAMES: Final = ("Amina", "Yusuf", "Maryam", "Bilal", "Zaynab", "Ibrahim", "Khadija", "Umar", "Fatima", "Hamza")
ZONES: Final = ("Europe/London", "Asia/Karachi", "America/New_York", "Africa/Cairo", "Asia/Kathmandu", "Asia/Jakarta")


class Size(NamedTuple):
    qaris: int
    users: int
    lessons: int


SMALL: Final = Size(1_000, 10_000, 100_000)
BIG: Final = Size(1_000, 100_000, 1_000_000)

_UID: Final = """
    CREATE OR REPLACE FUNCTION pg_temp.uid(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
        AS $$ SELECT md5(kind || number)::uuid $$
"""
_PEOPLE: Final = """
    INSERT INTO users (id, academy_id, email, name, password_hash, zone, locale, status, onboarding, created_at,
                       email_verified_at, version)
    SELECT pg_temp.uid('user', n), {academy}, 'user' || n || '@example.org',
           ({names})[1 + n % 10] || ' ' || substr(md5(n::text), 1, 8),
           CASE WHEN n > {qaris} AND n <= {qaris} + {regulars} THEN {hash} ELSE repeat('x', 97) END,
           ({zones})[1 + n % 6], 'en', 'active', 'done', {now} - n * interval '7 minutes', {now}, 1
      FROM generate_series(1, {users}) AS n;
    INSERT INTO user_roles (user_id, role, onboarding)
    SELECT pg_temp.uid('user', n), CASE WHEN n <= {qaris} THEN 'qari' ELSE 'student' END, 'approved'
      FROM generate_series(1, {users}) AS n;
    INSERT INTO qaris (user_id, academy_id, name, gender, zone, country, languages, riwayat, subjects, levels,
                       teaches_genders, bio, approved, booking_mode, request_holds_slot)
    SELECT pg_temp.uid('user', n), {academy}, ({names})[1 + n % 10] || ' ' || substr(md5(n::text), 1, 8),
           CASE WHEN n % 2 = 0 THEN 'male' ELSE 'female' END, ({zones})[1 + n % 6], 'PK', '{{en,ur}}', '{{hafs}}',
           '{{tajwid}}', '{{}}', '{{male,female}}', repeat('Teaches with patience. ', 20), true, 'instant', true
      FROM generate_series(1, {qaris}) AS n;
    INSERT INTO qari_offers (qari_id, minutes, price_minor, trial_minor, currency)
    SELECT pg_temp.uid('user', n), minutes, 500 + n % 40 * 50, 0, 'USD'
      FROM generate_series(1, {qaris}) AS n, unnest('{{30,60}}'::smallint[]) AS minutes;
    INSERT INTO calendars (qari_id, academy_id, rules, buffer_before_min, buffer_after_min, min_notice_min,
                           horizon_days, step_min)
    SELECT pg_temp.uid('user', n), {academy},
           (SELECT jsonb_agg(jsonb_build_array(day, opens, opens + 240 + opens / 840 * 240) ORDER BY day, opens)
              FROM generate_series(0, 6) AS day, unnest('{{480,840}}'::integer[]) AS opens WHERE day < 3 + n % 5),
           0, 5, 60, 60, 30
      FROM generate_series(1, {qaris}) AS n;
"""
_LESSONS: Final = """
    INSERT INTO bookings (id, academy_id, learner_id, payer_id, qari_id, starts_at, ends_at, busy_from, busy_until,
                          buffer_before_min, buffer_after_min, occupies, status, kind, price_minor, currency,
                          policy_version, hold_expires_at, request_occupies, payment_id, moves, sequence, note, reason,
                          created_at, version)
    SELECT pg_temp.uid('booking', n), {academy}, learner, learner, pg_temp.uid('user', 1 + n % {qaris}),
           start, start + interval '30 minutes', start, start + interval '35 minutes', 0, 5,
           status NOT IN ('requested', 'cancelled', 'expired', 'refunded'), status, 'regular', 900, 'USD', 1,
           CASE WHEN status IN ('requested', 'pending_payment') THEN {now} + interval '1 hour' END,
           false, CASE WHEN n % 2 = 0 THEN pg_temp.uid('payment', n) END, 0, 0, '', '', start - interval '9 days', 1
      FROM (SELECT n, start,
                   pg_temp.uid('user', {qaris} + CASE WHEN n % {qaris} < {regulars} AND n / {qaris} < 240
                                                      THEN 1 + n % {qaris}
                                                      ELSE {regulars} + 1 + n % ({users} - {qaris} - {regulars}) END)
                       AS learner,
                   CASE WHEN start > {now}
                        THEN CASE n % 101 WHEN 0 THEN 'requested' WHEN 1 THEN 'pending_payment' WHEN 2 THEN 'cancelled'
                                          ELSE 'confirmed' END
                        ELSE CASE n % 23 WHEN 0 THEN 'cancelled' WHEN 1 THEN 'expired' WHEN 2 THEN 'no_show_student'
                                         WHEN 3 THEN 'refunded' ELSE 'completed' END
                   END AS status
              FROM (SELECT n, date_trunc('hour', {now}) + interval '15 days' - n / {qaris} * interval '6 hours'
                           AS start
                      FROM generate_series(0::bigint, {lessons} - 1) AS n) AS times) AS lessons;
    INSERT INTO payments (id, academy_id, payer_id, provider, account, amount_minor, refunded_minor, currency, terms,
                          status, provider_ref, created_at, expires_at, captured_at, checked_at, version)
    SELECT payment_id, academy_id, payer_id, 'sandbox', 'main', 900, 0, 'USD', '{{}}',
           CASE status WHEN 'expired' THEN 'expired' WHEN 'pending_payment' THEN 'open' ELSE 'captured' END, id::text,
           created_at, created_at + interval '30 minutes',
           CASE WHEN status NOT IN ('expired', 'pending_payment') THEN created_at END, {now}, 1
      FROM bookings WHERE payment_id IS NOT NULL;
    INSERT INTO payment_lines (payment_id, position, booking_id, learner_id, qari_id, amount_minor,
                               commission_percent)
    SELECT payment_id, 0, id, learner_id, qari_id, 900, 20 FROM bookings WHERE payment_id IS NOT NULL;
    INSERT INTO deliveries (id, academy_id, key, channel, topic, recipient_id, event, booking_id, status, attempts,
                            error, created_at, due_at, read_at)
    SELECT pg_temp.uid('note', row_number() OVER ()), academy_id, id || ':in_app', 'in_app', 'booking_confirmed',
           learner_id, '{{}}', id, 'sent', 1, '', created_at, created_at, {now}
      FROM bookings WHERE payment_id IS NOT NULL;
"""
_INDEXES: Final = """
    SELECT c.relname AS index, t.relname AS "table", pg_get_indexdef(i.indexrelid) AS made,
           con.conname AS name, pg_get_constraintdef(con.oid) AS rule
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_class t ON t.oid = i.indrelid
      LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype IN ('u', 'x')
     WHERE t.relname IN ('users', 'bookings', 'payments', 'deliveries') AND NOT i.indisprimary
"""


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def fill(url: str, size: Size) -> float:
    """Seconds it took. ``url`` is that of asyncpg."""
    began = perf_counter()
    hashed = await ArgonHasher().hash(PASSWORD)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        academy = _quoted(str(await connection.fetchval("SELECT id FROM academies")))
        values = {
            "academy": f"{academy}::uuid",
            "names": f"ARRAY[{', '.join(map(_quoted, NAMES))}]",
            "zones": f"ARRAY[{', '.join(map(_quoted, ZONES))}]",
            "hash": _quoted(hashed),
            "now": f"timestamptz {_quoted(datetime.now(UTC).isoformat())}",
            "regulars": REGULARS,
            **size._asdict(),
        }
        indexes = await connection.fetch(_INDEXES)
        async with connection.transaction():
            await connection.execute(
                "SET LOCAL session_replication_role = replica; SET LOCAL maintenance_work_mem='1GB'"
            )
            await connection.execute(_UID)
            for one in indexes:
                gone = f"ALTER TABLE {one['table']} DROP CONSTRAINT {one['name']}" if one["name"] else None
                await connection.execute(gone or f"DROP INDEX {one['index']}")
            await connection.execute(_PEOPLE.format(**values))
            await connection.execute(_LESSONS.format(**values))
            for one in indexes:
                again = (
                    f"ALTER TABLE {one['table']} ADD CONSTRAINT {one['name']} {one['rule']}" if one["name"] else None
                )
                await connection.execute(again or one["made"])
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return perf_counter() - began


if __name__ == "__main__":
    import sys

    print(f"{asyncio.run(fill(sys.argv[1], BIG if 'small' not in sys.argv else SMALL)):.0f} s")
