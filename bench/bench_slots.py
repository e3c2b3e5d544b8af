"""What the slot engine and the search cost. ``python bench/bench_slots.py [--engine]``.

Each figure stands beside a plain merge of the same sorted intervals, measured in the same run, so that machines can be
compared. The search has the embedded PostgreSQL, 1,000 Qaris and 60,000 lessons; ``--engine`` leaves it out.
"""

import asyncio
import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg

from adapters.persistence.scheduling.queries import SqlQariDirectory
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.calendar import Limits
from domain.scheduling.qari import LessonOffer
from domain.scheduling.slots import Busy, free_slots, free_starts, next_free
from domain.time import TimeSlot
from fakes.scheduling import a_calendar, a_qari, weekly
from ports.scheduling.queries import QariFilters, QariOrder
from support.postgres import shared_server

NOW = datetime(2026, 10, 10, 8, 7, tzinfo=UTC)
MONTH = TimeSlot(NOW, NOW + timedelta(days=30))
ZONES = ("Europe/London", "Asia/Karachi", "America/New_York", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe")
CALENDAR = a_calendar(
    "Europe/London",
    rules=weekly(("08:00", "12:00"), ("14:00", "22:00")),
    limits=Limits(buffer_after_min=5, min_notice_min=60),
)


def some_lessons(count: int) -> list[Busy]:
    chance = random.Random(1)
    starts = [NOW.replace(minute=0) + timedelta(minutes=30 * chance.randrange(48 * 30)) for _ in range(count)]
    return sorted(Busy.lesson(TimeSlot.lasting(start, 30), after_min=5) for start in starts)


def merge(intervals: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in intervals:
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def best(work: Callable[[], object], rounds: int = 7, times: int = 60) -> float:
    """Microseconds of one call, in the quietest round."""
    found = float("inf")
    for _ in range(rounds):
        began = perf_counter()
        for _ in range(times):
            work()
        found = min(found, (perf_counter() - began) / times)
    return found * 1e6


def engine() -> None:
    busy = some_lessons(500)
    hours = [(NOW + timedelta(days=day)).toordinal() * 1440 + start for day in range(30) for start in (480, 840)]
    intervals = sorted([(one.start_min, one.end_min) for one in busy] + [(start, start + 240) for start in hours])
    capped = CALENDAR.with_limits(Limits(daily_cap=4, weekly_cap=20))
    unit = best(lambda: merge(intervals))
    print(f"{'merge of ' + str(len(intervals)) + ' sorted intervals':48} {unit:8.0f} us    1.0")
    for name, work in {
        "free starts, 30 days, 500 lessons": lambda: list(free_starts(CALENDAR, busy, MONTH, 30, NOW)),
        "free slots, 30 days, 500 lessons": lambda: free_slots(CALENDAR, busy, MONTH, 30, NOW),
        "free slots, with caps": lambda: free_slots(capped, busy, MONTH, 30, NOW),
        "next free slot, 500 lessons": lambda: next_free(CALENDAR, busy, MONTH, 30, NOW),
        "next free slot, 60 lessons": lambda: next_free(CALENDAR, busy[:60], MONTH, 30, NOW),
    }.items():
        took = best(work)
        print(f"{name:48} {took:8.0f} us {took / unit:6.1f}")


_LESSONS = """
    INSERT INTO bookings (id, learner_id, payer_id, qari_id, starts_at, ends_at, busy_from, busy_until,
        buffer_before_min, buffer_after_min, occupies, status, kind, price_minor, currency, policy_version,
        request_occupies, moves, sequence, note, reason, created_at, version,
        academy_id)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), q.user_id, s, s + interval '30 minutes', s,
        s + interval '30 minutes', 0, 0, true, 'confirmed', 'regular', 900, 'USD', 1, false, 0, 0, '', '', $1, 1,
        q.academy_id
    FROM qaris q CROSS JOIN generate_series(0, 59) AS n, LATERAL (
        SELECT date_trunc('hour', $1::timestamptz) + (n * 5 + abs(hashtext(q.name)) % 5) * interval '1 hour' AS s
    ) AS time
"""


async def search(count: int = 1000) -> None:
    chance = random.Random(2)
    with shared_server("bench") as server:
        name = await server.clone()
        database = server.engine(name)
        connection = await asyncpg.connect(server.url_of(name).replace("postgresql+asyncpg", "postgresql"))
        async with connection.transaction():
            qaris, availability = SqlQaris(connection), SqlAvailability(connection)
            for number in range(count):
                qari_id, zone = UserId(UUID(int=number + 1)), ZONES[number % len(ZONES)]
                offer = LessonOffer(30, Money(chance.randrange(500, 3000), "USD"))
                await qaris.add(a_qari(user_id=qari_id, name=f"Qari {number}", zone=zone, offers=(offer,)))
                rules = weekly(("08:00", "12:00"), ("14:00", "22:00"), days=range(chance.randrange(2, 7)))
                await availability.save(a_calendar(zone, rules=rules, limits=CALENDAR.limits, qari_id=qari_id))
            await connection.execute(_LESSONS, NOW)
        await connection.execute("ANALYZE")
        await connection.close()
        directory, window = SqlQariDirectory(database), TimeSlot(NOW, NOW + timedelta(days=14))
        intervals = sorted((one.start_min, one.end_min) for one in some_lessons(500))
        unit = best(lambda: merge(intervals))
        for order in QariOrder:
            took = float("inf")
            for _ in range(5):
                began = perf_counter()
                await directory.search(QariFilters(order=order), window, now=NOW)
                took = min(took, (perf_counter() - began) * 1e6)
            print(f"{f'search of {count} Qaris by {order}':48} {took:8.0f} us {took / unit:6.1f}")
        await database.dispose()
        await server.drop(name)


if __name__ == "__main__":
    engine()
    if "--engine" not in sys.argv:
        asyncio.run(search())
