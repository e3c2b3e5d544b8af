"""When an entry of a calendar takes place: once, or by its rule, with what was added, left out or moved (RFC 5545).

Rules are worked out in wall time and then put on the clock of their zone, so a class at nine stays at nine.
"""

import datetime as time_module
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Final

from icalendar import Component

from domain.time import TimeSlot

LAST_YEAR: Final = 2100
MOST: Final = 20_000
"""So many repeats of one entry are looked at."""
TOO_OFTEN: Final = frozenset({"HOURLY", "MINUTELY", "SECONDLY"})


class TooMuch(Exception):
    """Nobody keeps a calendar like that."""


def _rules() -> Any:
    """dateutil's rules, which look for the next repeat until the year 9999: minutes of work for a rule that has none
    ("each 30 February"). This copy of them gives up earlier.
    """
    spec = find_spec("dateutil.rrule")
    if spec is None or spec.loader is None:
        raise ImportError("dateutil.rrule")
    rules = module_from_spec(spec)
    spec.loader.exec_module(rules)
    earlier = ModuleType("datetime")
    earlier.__dict__.update(time_module.__dict__, MAXYEAR=LAST_YEAR)
    rules.__dict__["datetime"] = earlier
    return rules


_RRULE: Final = _rules()


def occurrences(entry: Component, window: TimeSlot, home: tzinfo, moved: frozenset[datetime]) -> Iterator[TimeSlot]:
    """Those that touch the window. ``home`` is for times without a zone; ``moved``: starts, in UTC, that stand
    somewhere else. Raises TooMuch, ValueError.
    """
    start = _value(entry, "DTSTART")
    if start is None:
        return
    whole_days = not isinstance(start, datetime)
    zone = home if whole_days or start.tzinfo is None else start.tzinfo
    first = _wall(start, zone)
    length = _length(entry, start, zone)
    if length <= timedelta():
        return
    left_out = {_wall(value, zone) for value in _values(entry, "EXDATE")}
    low = _wall(window.start, zone) - length - timedelta(days=1)
    high = _wall(window.end, zone) + timedelta(days=1)
    for wall in _walls(entry, first, zone, low, high):
        if wall in left_out or (whole_days and datetime.combine(wall.date(), time()) in left_out):
            continue
        begins = wall.replace(tzinfo=zone).astimezone(UTC)
        if begins in moved:
            continue
        ends = (wall + length).replace(tzinfo=zone).astimezone(UTC) if whole_days else begins + length
        if begins < ends and begins < window.end and window.start < ends:
            yield TimeSlot(begins, ends)


def began(value: Any, home: tzinfo) -> datetime:
    """A RECURRENCE-ID or a start, as an instant."""
    zone = value.tzinfo if isinstance(value, datetime) and value.tzinfo else home
    return _wall(value, zone).replace(tzinfo=zone).astimezone(UTC)


def _walls(entry: Component, first: datetime, zone: tzinfo, low: datetime, high: datetime) -> Iterator[datetime]:
    rules = _listed(entry, "RRULE")
    extra = {_wall(value[0] if isinstance(value, tuple) else value, zone) for value in _values(entry, "RDATE")}
    if not rules:
        extra.add(first)
    for rule in rules:
        for number, wall in enumerate(_repeats(rule, first, zone)):
            if wall > high:
                break
            if number >= MOST:
                raise TooMuch("an entry is repeated too often")
            if wall >= low:
                yield wall
    yield from sorted(extra)


def _repeats(rule: Any, first: datetime, zone: tzinfo) -> Iterator[datetime]:
    if str((rule.get("FREQ") or [""])[0]).upper() in TOO_OFTEN:
        raise TooMuch("an entry is repeated many times a day")
    written = {name: value for name, value in rule.items() if name != "UNTIL"}
    text = ";".join(f"{name}={','.join(map(str, value))}" for name, value in type(rule)(written).items())
    found = _RRULE.rrulestr(text, dtstart=first)
    until = (rule.get("UNTIL") or [None])[0]
    if until is not None:
        last = _wall(until, zone) if isinstance(until, datetime) else datetime.combine(until, time.max)
        found = found.replace(until=last)
    return iter(found)


def _length(entry: Component, start: Any, zone: tzinfo) -> timedelta:
    end, lasts = _value(entry, "DTEND"), _value(entry, "DURATION")
    if end is not None:
        if isinstance(start, datetime) and isinstance(end, datetime):
            return began(end, zone) - began(start, zone)
        return _wall(end, zone) - _wall(start, zone)
    if isinstance(lasts, timedelta):
        return lasts
    return timedelta() if isinstance(start, datetime) else timedelta(days=1)


def _wall(value: Any, zone: tzinfo) -> datetime:
    """What the clock of ``zone`` shows then, without a zone."""
    if isinstance(value, datetime):
        return (value.astimezone(zone) if value.tzinfo else value).replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    raise ValueError("an entry has no time")


def _value(entry: Component, name: str) -> Any:
    return getattr(entry.get(name), "dt", None)


def _listed(entry: Component, name: str) -> list[Any]:
    found = entry.get(name)
    return [] if found is None else found if isinstance(found, list) else [found]


def _values(entry: Component, name: str) -> list[Any]:
    return [one.dt for listed in _listed(entry, name) for one in getattr(listed, "dts", ())]
