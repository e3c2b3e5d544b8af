"""Messages without a database and without a mail server."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from domain.errors import NotFound, StaleWrite
from domain.ids import BookingId, DeliveryId, PaymentId, SeriesId, UserId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.feed import Feed
from domain.notification.preference import Preferences
from domain.notification.sequence import StepSent
from domain.notification.topic import Topic
from domain.time import TimeSlot
from ports.errors import GatewayError
from ports.jobs import JobState
from ports.notification.compose import Notice
from ports.notification.mail import Mail, MailSummary, StoredMail
from ports.notification.queries import Beginner, DeliveryRow, Lesson, NoteRow, Person, StepRow
from ports.paging import Page, decode_cursor, encode_cursor


class MemoryDeliveries:
    def __init__(self, stored: dict[DeliveryId, Delivery] | None = None) -> None:
        self.stored = {} if stored is None else stored

    async def add(self, *deliveries: Delivery) -> int:
        before = len(self.stored)
        for delivery in deliveries:
            if not any(known.key == delivery.key for known in self.stored.values()):
                self.stored[delivery.id] = delivery
        return len(self.stored) - before

    async def get(self, delivery_id: DeliveryId) -> Delivery:
        try:
            return self.stored[delivery_id]
        except KeyError:
            raise NotFound("there is no such message") from None

    async def claim(self, *, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]:
        due = [d for d in self.stored.values() if d.status is Status.QUEUED and d.due_at <= now]
        claimed = [
            msgspec.structs.replace(d, due_at=now + lease, attempts=d.attempts + 1)
            for d in sorted(due, key=lambda d: d.due_at)[:limit]
        ]
        self.stored.update({d.id: d for d in claimed})
        return sorted(claimed, key=lambda d: d.created_at)

    async def save(self, delivery: Delivery) -> None:
        current = self.stored[delivery.id]
        revived = delivery.status is Status.QUEUED and delivery.attempts == 0
        expected = {Status.DEAD} if revived else {Status.QUEUED}
        if delivery.status is Status.REPLACED:
            expected.add(Status.SENT)
        if current.status not in expected or (not revived and current.attempts != delivery.attempts):
            raise StaleWrite("the message has moved on")
        self.stored[delivery.id] = delivery

    async def knows(self, booking_id: BookingId, topic: Topic) -> bool:
        return any(d.booking_id == booking_id and d.topic is topic for d in self.stored.values())

    async def due_together(self, recipient_id: UserId, *, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        due = [
            d
            for d in self.stored.values()
            if d.status is Status.QUEUED and d.due_at <= now and d.gathered and d.recipient_id == recipient_id
        ]
        claimed = [msgspec.structs.replace(d, due_at=now + lease, attempts=d.attempts + 1) for d in due]
        self.stored.update({d.id: d for d in claimed})
        return sorted(claimed, key=lambda d: d.created_at)

    async def read_notes(self, recipient_id: UserId, *, at: datetime) -> int:
        unread = [
            d
            for d in self.stored.values()
            if d.channel is Channel.IN_APP and d.recipient_id == recipient_id and d.read_at is None
        ]
        self.stored.update({d.id: msgspec.structs.replace(d, read_at=at) for d in unread})
        return len(unread)


class MemoryPreferences:
    def __init__(self, stored: dict[UserId, Preferences] | None = None) -> None:
        self.stored = {} if stored is None else stored

    async def of(self, user_id: UserId) -> Preferences:
        return self.stored.get(user_id, Preferences(user_id=user_id))

    async def of_all(self, people: Collection[UserId]) -> Mapping[UserId, Preferences]:
        return {person: await self.of(person) for person in people}

    async def save(self, preferences: Preferences) -> None:
        self.stored[preferences.user_id] = preferences


class MemorySteps:
    def __init__(self, stored: dict[tuple[UserId, str], StepSent] | None = None) -> None:
        self.stored = {} if stored is None else stored

    async def add(self, sent: StepSent) -> bool:
        key = (sent.user_id, sent.step)
        if key in self.stored:
            return False
        self.stored[key] = sent
        return True


class MemoryFeeds:
    def __init__(self, stored: dict[bytes, Feed] | None = None) -> None:
        self.stored = {} if stored is None else stored

    async def add(self, feed: Feed) -> None:
        self.stored[feed.token_hash] = feed

    async def by_token(self, token_hash: bytes) -> Feed | None:
        feed = self.stored.get(token_hash)
        return feed if feed is not None and feed.revoked_at is None else None

    async def live_of(self, user_id: UserId) -> Feed | None:
        return next((f for f in self.stored.values() if f.user_id == user_id and f.revoked_at is None), None)

    async def revoke(self, user_id: UserId, *, at: datetime) -> int:
        live = [f for f in self.stored.values() if f.user_id == user_id and f.revoked_at is None]
        self.stored |= {f.token_hash: msgspec.structs.replace(f, revoked_at=at) for f in live}
        return len(live)


class MemoryMailbox:
    """``failing``: raised once for each entry, before anything is kept."""

    def __init__(self) -> None:
        self.mails: dict[str, tuple[Mail, datetime]] = {}
        self.failing: list[GatewayError] = []

    @property
    def sent(self) -> list[Mail]:
        return [mail for mail, _ in self.mails.values()]

    async def send(self, mail: Mail, *, at: datetime) -> None:
        if self.failing:
            raise self.failing.pop(0)
        self.mails.setdefault(mail.message_id, (mail, at))

    async def newest(self, *, to_address: str = "", cursor: str | None = None, limit: int = 50) -> Page[MailSummary]:
        before = decode_cursor(cursor, tuple[datetime, str])
        rows = sorted(((at, mail.message_id, mail) for mail, at in self.mails.values()), key=lambda r: r[:2])[::-1]
        rows = [
            row
            for row in rows
            if (before is None or row[:2] < before) and (not to_address or row[2].to_address == to_address)
        ]
        items = [
            MailSummary(id=key, to_address=mail.to_address, subject=mail.subject, at=at)
            for at, key, mail in rows[:limit]
        ]
        return Page(items, encode_cursor(*rows[limit - 1][:2]) if len(rows) > limit else None)

    async def read(self, id: str) -> StoredMail:
        if id not in self.mails:
            raise NotFound("there is no such message in the mailbox")
        mail, at = self.mails[id]
        return StoredMail(
            id=id,
            message_id=mail.message_id,
            to_address=mail.to_address,
            subject=mail.subject,
            at=at,
            text=mail.text,
            html=mail.html,
            attachments=mail.attachments,
        )


class MemoryNotificationQueries:
    def __init__(self) -> None:
        self.people: dict[UserId, Person] = {}
        self.known: dict[BookingId, Lesson] = {}
        self.starting_out: list[Beginner] = []
        self.told: dict[UserId, list[NoteRow]] = {}
        self.class_times: dict[BookingId, datetime] = {}
        self.series: dict[tuple[SeriesId, PaymentId | None], list[BookingId]] = {}

    def put(self, lesson: Lesson) -> None:
        self.known[lesson.booking_id] = lesson
        for person in (lesson.learner, lesson.qari):
            self.people[person.user_id] = person

    async def person(self, user_id: UserId) -> Person | None:
        return self.people.get(user_id)

    async def lesson(self, booking_id: BookingId) -> Lesson | None:
        return self.known.get(booking_id)

    async def lessons(self, booking_ids: Sequence[BookingId]) -> Sequence[Lesson]:
        return self._sorted([self.known[key] for key in booking_ids if key in self.known])

    async def class_time(self, lesson_id: BookingId) -> datetime | None:
        return self.class_times.get(lesson_id)

    async def confirmed_of_series(self, series_id: SeriesId, payment_id: PaymentId | None) -> Sequence[Lesson]:
        found = [self.known[key] for key in self.series.get((series_id, payment_id), [])]
        return self._sorted([lesson for lesson in found if lesson.status == "confirmed"])

    async def starting(self, window: TimeSlot, limit: int = 1000) -> Sequence[Lesson]:
        found = [x for x in self.known.values() if x.status == "confirmed" and window.contains(x.starts_at)]
        return self._sorted(found)[:limit]

    async def calendar_of(self, user_id: UserId, *, since: datetime) -> Sequence[Lesson]:
        return self._sorted(
            [
                x
                for x in self.known.values()
                if user_id in (x.learner.user_id, x.qari.user_id, x.payer_id)
                and x.ends_at > since
                and (
                    x.status in ("confirmed", "completed", "no_show_student", "no_show_teacher")
                    or (x.status in ("cancelled", "refunded") and x.sequence > 0)
                )
            ]
        )

    async def notes(self, user_id: UserId, *, cursor: str | None = None, limit: int = 30) -> Page[NoteRow]:
        return Page(self.told.get(user_id, [])[:limit])

    async def unread_notes(self, user_id: UserId) -> int:
        return sum(1 for note in self.told.get(user_id, []) if note.read_at is None)

    async def beginners(
        self, since: datetime, until: datetime, *, after: UserId | None, limit: int
    ) -> Sequence[Beginner]:
        found = [b for b in self.starting_out if since <= b.since <= until and (after is None or b.user_id > after)]
        return sorted(found, key=lambda b: b.user_id)[:limit]

    async def steps_of(self, user_id: UserId) -> Sequence[StepRow]:
        return []

    async def deliveries(self, *, status: str = "", cursor: str | None = None, limit: int = 50) -> Page[DeliveryRow]:
        return Page([])

    @staticmethod
    def _sorted(lessons: list[Lesson]) -> list[Lesson]:
        return sorted(lessons, key=lambda lesson: (lesson.starts_at, lesson.booking_id))


class EchoComposer:
    """Says the topic and nothing else; keeps what it was told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def compose(self, notice: Notice) -> Mail:
        self.notices.append(notice)
        return Mail(
            message_id=f"{notice.message_id}@fake.example",
            to_address=notice.to.email,
            to_name=notice.to.name,
            subject=notice.topic.value,
            text=notice.topic.value,
            html=notice.topic.value,
        )

    def gather(self, notices: Sequence[Notice]) -> Mail:
        mails = [self.compose(notice) for notice in notices]
        return msgspec.structs.replace(mails[0], subject="+".join(mail.subject for mail in mails))


class RecordingWakeup:
    def __init__(self) -> None:
        self.nudged: list[str] = []

    async def nudge(self, queue: str) -> None:
        self.nudged.append(queue)


class MemoryJobBoard:
    def __init__(self) -> None:
        self.rows: dict[str, JobState] = {}
        self.ticks: dict[str, datetime] = {}

    async def begin(self, name: str, *, tick: datetime, now: datetime, lease: timedelta, worker: str) -> bool:
        row = self.rows.get(name)
        taken = name in self.ticks and self.ticks[name] >= tick
        wrong = name in self.ticks and self.ticks[name] > now + 2 * lease
        if not wrong and (taken or (row is not None and row.running_until is not None and row.running_until > now)):
            return False
        self.ticks[name] = tick
        fresh = JobState(
            name=name,
            last_started_at=now,
            last_finished_at=None,
            last_ok_at=None,
            last_error="",
            last_count=0,
            failures_in_a_row=0,
            running_until=now + lease,
            worker=worker,
        )
        self.rows[name] = fresh if row is None else msgspec.structs.replace(
            row, last_started_at=now, running_until=now + lease, worker=worker
        )  # fmt: skip
        return True

    async def finish(self, name: str, *, worker: str, at: datetime, count: int, error: str = "") -> None:
        row = self.rows.get(name)
        if row is None or row.worker != worker:
            return
        self.rows[name] = msgspec.structs.replace(
            row,
            running_until=None,
            last_finished_at=at,
            last_ok_at=at if not error else row.last_ok_at,
            last_error=error,
            last_count=count,
            failures_in_a_row=row.failures_in_a_row + 1 if error else 0,
        )

    async def states(self) -> Sequence[JobState]:
        return [self.rows[name] for name in sorted(self.rows)]


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    kinds: dict[str, Callable[[dict[Any, Any]], Any]] = {
        "deliveries": MemoryDeliveries,
        "feeds": MemoryFeeds,
        "preferences": MemoryPreferences,
        "steps": MemorySteps,
    }
    return kinds[part](shelf(part))
