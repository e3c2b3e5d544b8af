"""What an iCalendar file says about when its owner is busy (RFC 5545)."""

import time
from collections import defaultdict
from datetime import datetime, tzinfo
from typing import Any, Final

from icalendar import Calendar

from adapters.calendars.ours import Ours, key_of
from adapters.calendars.recurrence import TooMuch, began, occurrences
from domain.time import TimeSlot, zone_of
from ports.scheduling.connections import MOST_PARTS, BusyPart

MOST_WORK_S: Final = 10.0
FREE: Final = frozenset({"FREE", "WORKINGELSEWHERE"})


class NotACalendar(Exception):
    """The text is no calendar, or one that nobody could keep."""


class Read:
    """``parts`` in no order; ``label`` is what the calendar calls itself."""

    def __init__(self, parts: list[BusyPart], label: str) -> None:
        self.parts, self.label = parts, label


def busy_times(raw: bytes, window: TimeSlot, zone: str, ours: Ours) -> Read:
    """``zone`` is for times without one. Takes a while for a long file: not for the event loop. Raises NotACalendar."""
    until = time.monotonic() + MOST_WORK_S
    try:
        calendar: Any = Calendar.from_ical(raw)
        label = str(calendar.get("X-WR-CALNAME", "") or calendar.get("NAME", ""))
        home = _home(calendar, zone)
        parts = [*_of_entries(calendar, window, home, ours, label, until), *_of_free_busy(calendar, window)]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotACalendar(f"it cannot be read: {type(error).__name__}") from error
    except TooMuch as error:
        raise NotACalendar(str(error)) from error
    return Read(parts, label[:120])


def _of_entries(calendar: Any, window: TimeSlot, home: tzinfo, ours: Ours, owner: str, until: float) -> list[BusyPart]:
    by_uid: defaultdict[str, list[Any]] = defaultdict(list)
    for number, entry in enumerate(calendar.walk("VEVENT")):
        by_uid[str(entry.get("UID", f"without-{number}"))].append(entry)
    parts: list[BusyPart] = []
    for uid, entries in by_uid.items():
        if ours(uid):
            continue
        moved = frozenset(began(entry["RECURRENCE-ID"].dt, home) for entry in entries if "RECURRENCE-ID" in entry)
        for entry in entries:
            if _keeps_free(entry, owner):
                continue
            skipped = frozenset[datetime]() if "RECURRENCE-ID" in entry else moved
            for slot in occurrences(entry, window, home, skipped):
                parts.append(BusyPart(key_of(uid, slot.start.isoformat(), slot.end.isoformat()), slot))
                if len(parts) > MOST_PARTS:
                    raise NotACalendar("there are too many entries in it")
            if time.monotonic() > until:
                raise NotACalendar("there is too much in it")
    return parts


def _keeps_free(entry: Any, owner: str) -> bool:
    if str(entry.get("STATUS", "")).upper() == "CANCELLED" or str(entry.get("TRANSP", "")).upper() == "TRANSPARENT":
        return True
    if str(entry.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() in FREE:
        return True
    guests: Any = entry.get("ATTENDEE", [])
    return "@" in owner and any(
        str(guest).lower() == f"mailto:{owner.lower()}" and str(guest.params.get("PARTSTAT", "")).upper() == "DECLINED"
        for guest in (guests if isinstance(guests, list) else [guests])
    )


def _of_free_busy(calendar: Any, window: TimeSlot) -> list[BusyPart]:
    """Some servers tell the times alone."""
    parts = []
    for told in calendar.walk("VFREEBUSY"):
        listed: Any = told.get("FREEBUSY", [])
        for period in listed if isinstance(listed, list) else [listed]:
            if str(period.params.get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            slot = TimeSlot(began(period.start, _utc()), began(period.end, _utc()))
            if slot.overlaps(window):
                parts.append(BusyPart(key_of("freebusy", slot.start.isoformat(), slot.end.isoformat()), slot))
    return parts


def _home(calendar: Any, zone: str) -> tzinfo:
    """Where its times without a zone are meant: the calendar's own zone where it names a known one."""
    named = str(calendar.get("X-WR-TIMEZONE", ""))
    try:
        return zone_of(named) if named else zone_of(zone)
    except Exception:  # noqa: BLE001 - a name that is no zone
        return zone_of(zone)


def _utc() -> tzinfo:
    return zone_of("UTC")
