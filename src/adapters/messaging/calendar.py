"""Lessons and classes as calendar entries (RFC 5545), and the invitations that carry them (RFC 5546).

The UID is the lesson's id (of a class, that of the one time), so a change updates the entry in place and a
cancellation removes it; SEQUENCE comes from the booking. An entry leads to our own page of the lesson, never to the
meeting itself. (BOOK-05, BOOK-09, LIVE-11, LIVE-13)
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, vCalAddress, vUri

from adapters.languages.text import N_, translator
from domain.ids import UserId
from ports.notification.mail import Attachment
from ports.notification.queries import Lesson, Person
from ports.scheduling.class_queries import ClassTime

PRODUCT: Final = "-//Halaqa//Lessons//EN"
GONE: Final = frozenset({"cancelled", "refunded"})


class CalendarWriter:
    """``base_url``: where people reach the school; ``organizer``: the address that invitations come from."""

    def __init__(self, *, base_url: str, organizer: str, school: str) -> None:
        self._base, self._organizer, self._school = base_url.rstrip("/"), organizer, school
        self._domain = organizer.rsplit("@", 1)[-1]

    def invitation(self, lessons: Sequence[Lesson], to: Person, *, at: datetime, cancelled: bool) -> Attachment:
        """Several lessons are published together: a request may only carry one. (RFC 5546, 3.2.1 and 3.2.2)"""
        method = "CANCEL" if cancelled else "REQUEST" if len(lessons) == 1 else "PUBLISH"
        calendar = self._calendar(method)
        for lesson in lessons:
            entry = self._entry(lesson, to.user_id, at=at, cancelled=cancelled)
            if method != "PUBLISH":
                attendee = vCalAddress(f"mailto:{to.email}")
                attendee.params["CN"] = to.name
                attendee.params["RSVP"] = "FALSE"
                entry.add("attendee", attendee)
            calendar.add_component(entry)
        kind = f"text/calendar; charset=utf-8; method={method}"
        return Attachment(name="lesson.ics", content_type=kind, body=calendar.to_ical())

    def feed(self, lessons: Sequence[Lesson], reader: UserId, *, name: str, classes: Sequence[ClassTime] = ()) -> bytes:
        """The same bytes while nothing has changed. What is cancelled stays, marked, so that programs take it out."""
        calendar = self._calendar("PUBLISH")
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT15M")
        for lesson in lessons:
            gone = lesson.status in GONE
            calendar.add_component(self._entry(lesson, reader, at=lesson.created_at, cancelled=gone))
        for each in classes:
            calendar.add_component(self._class_entry(each))
        return bytes(calendar.to_ical())

    def _calendar(self, method: str) -> Calendar:
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", method)
        return calendar

    def _entry(self, lesson: Lesson, reader: UserId, *, at: datetime, cancelled: bool) -> Event:
        teaches = reader == lesson.qari.user_id
        own, other = (lesson.qari, lesson.learner) if teaches else (lesson.learner, lesson.qari)
        page = f"{self._base}/lessons/{lesson.booking_id}"
        words = translator(own.locale)(N_("Quran lesson with {name}"))
        entry = self._event(str(lesson.booking_id), lesson.sequence, lesson.starts_at, lesson.ends_at, at)
        return self._told(entry, words.format(name=other.name), page, cancelled=cancelled)

    def _class_entry(self, it: ClassTime) -> Event:
        entry = self._event(str(it.id), it.sequence, it.starts_at, it.ends_at, it.created_at)
        return self._told(entry, it.title, f"{self._base}/classes/{it.class_id}", cancelled=not it.stands)

    def _event(self, key: str, sequence: int, starts_at: datetime, ends_at: datetime, at: datetime) -> Event:
        entry = Event()
        entry.add("uid", f"{key}@{self._domain}")
        entry.add("sequence", sequence)
        entry.add("dtstamp", at.astimezone(UTC))
        entry.add("dtstart", starts_at.astimezone(UTC))
        entry.add("dtend", ends_at.astimezone(UTC))
        return entry

    def _told(self, entry: Event, summary: str, page: str, *, cancelled: bool) -> Event:
        entry.add("summary", summary)
        entry.add("description", page)
        entry.add("url", vUri(page))
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        entry.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
        organizer = vCalAddress(f"mailto:{self._organizer}")
        organizer.params["CN"] = self._school
        entry.add("organizer", organizer)
        return entry
