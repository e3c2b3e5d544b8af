"""What the slot engine costs: ``python bench/bench_slots.py``. No server, no database; some ten seconds.

Each figure stands beside ``plain``: a straightforward merge of sorted intervals that finds the same slots, written the
way one would write it for this one case. Both get the same Qari and the same 500 busy times, take turns in one run, and
must agree on every slot.
"""

import random
import statistics
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from report import finish

from domain.scheduling.calendar import Calendar, Limits
from domain.scheduling.slots import Busy, free_slots, next_free
from domain.time import TimeSlot
from fakes.scheduling import a_calendar, weekly

LONDON = ZoneInfo("Europe/London")
STEADY = datetime(2026, 6, 10, 8, 7, tzinfo=UTC)
CHANGING = datetime(2026, 10, 10, 8, 7, tzinfo=UTC)
"""The clocks go back on the 25th."""
LIMITS = Limits(buffer_after_min=5, min_notice_min=60)
CALENDAR = a_calendar("Europe/London", rules=weekly(("08:00", "12:00"), ("14:00", "22:00")), limits=LIMITS)
CAPPED = CALENDAR.with_limits(Limits(buffer_after_min=5, min_notice_min=60, daily_cap=30, weekly_cap=200))
ROUNDS, TIMES = 15, 30


def month_from(now: datetime) -> TimeSlot:
    return TimeSlot(now, now + timedelta(days=30))


def busy_times(now: datetime, count: int) -> list[Busy]:
    chance = random.Random(1)
    starts = [now.replace(minute=0) + timedelta(minutes=30 * chance.randrange(48 * 30)) for _ in range(count)]
    return sorted(Busy.lesson(TimeSlot.lasting(start, 30)) for start in starts)


def plain(
    hours: Sequence[tuple[time, time]], taken: Sequence[tuple[datetime, datetime]], now: datetime
) -> list[tuple[datetime, datetime]]:
    """Half-hours of 30 days in London, with five minutes kept free after each, from an hour after now."""
    lesson, rest = timedelta(minutes=30), timedelta(minutes=5)
    first, horizon = now + timedelta(hours=1), now + timedelta(days=30)
    widened = [(start - rest, end) for start, end in taken]
    found: list[tuple[datetime, datetime]] = []
    at, busy_until = 0, first
    day = now.astimezone(LONDON).date()
    for _ in range(32):
        for opens, closes in hours:
            start = datetime.combine(day, opens, LONDON).astimezone(UTC)
            last = datetime.combine(day, closes, LONDON).astimezone(UTC) - lesson
            while start <= last and start < horizon:
                end = start + lesson
                while at < len(widened) and widened[at][0] < end:
                    busy_until = max(busy_until, widened[at][1])
                    at += 1
                if busy_until <= start:
                    found.append((start, end))
                start = end
        day += timedelta(days=1)
    return found


def in_turn(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds of one call each: the median of rounds in which they take turns, the first thrown away."""
    seen: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(ROUNDS + 1):
        for name, work in works.items():
            began = perf_counter()
            for _ in range(TIMES):
                work()
            if round_:
                seen[name].append((perf_counter() - began) / TIMES * 1e6)
    return {name: statistics.median(took) for name, took in seen.items()}


def measure() -> dict[str, float]:
    hours = [(time(8), time(12)), (time(14), time(22))]
    works: dict[str, Callable[[], object]] = {}
    for name, now in {"steady": STEADY, "changing": CHANGING}.items():
        busy, month = busy_times(now, 500), month_from(now)
        taken = [(one.slot.start, one.slot.end) for one in busy]
        ours = [(slot.start, slot.end) for slot in free_slots(CALENDAR, busy, month, 30, now)]
        if ours != plain(hours, taken, now):
            raise RuntimeError(f"the two do not agree ({name})")
        works[f"{name} plain"] = lambda taken=taken, now=now: plain(hours, taken, now)  # type: ignore[misc]
        works[f"{name} slots"] = _slots(CALENDAR, busy, month, now)
        works[f"{name} caps"] = _slots(CAPPED, busy, month, now)
        works[f"{name} next"] = lambda busy=busy, month=month, now=now: (  # type: ignore[misc]
            next_free(CALENDAR, busy, month, 30, now)
        )
    took = in_turn(works)
    unit = took["steady plain"]
    return {
        "plain, us": unit,
        "month of free slots, us": took["steady slots"],
        "month of free slots / plain": took["steady slots"] / unit,
        "month with a clock change / plain": took["changing slots"] / took["changing plain"],
        "month with caps / plain": took["steady caps"] / unit,
        "next free / plain": took["steady next"] / unit,
    }


def _slots(calendar: Calendar, busy: list[Busy], month: TimeSlot, now: datetime) -> Callable[[], object]:
    return lambda: free_slots(calendar, busy, month, 30, now)


if __name__ == "__main__":
    finish("slots", measure())
