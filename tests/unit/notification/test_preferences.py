"""Quiet hours, one message a day, and what somebody does without. (NOTI-14)"""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.notification.notice import NoticeBuilder
from application.notification.notify import NotifyOnEvent
from application.notification.preferences import (
    SetPreferences,
    SetPreferencesCommand,
    Unsubscribe,
    UnsubscribeLinks,
)
from application.notification.send import SendDeliveries
from domain.billing.events import PaymentCaptured
from domain.booking.events import BookingCancelled, BookingConfirmed
from domain.errors import Invalid, NotFound
from domain.events import Event
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import EventId, UserId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.events import LessonDue
from domain.notification.preference import MUTABLE, Group, Preferences
from domain.notification.topic import Topic
from domain.time import zone_of
from fakes.clock import FixedClock
from fakes.news import EVENT, LEARNER, PAYER, QARI, a_lesson, a_person, an_event
from fakes.notification import EchoComposer, MemoryMailbox, MemoryNotificationQueries, RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit

TWO_AT_NIGHT = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
"""In London, where the learner is; seven in the morning in Karachi, where the Qari is."""
SEVEN = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
ME = Actor(user_id=LEARNER, role=Role.STUDENT, audience=Audience.MAIN)


class World:
    def __init__(self, now: datetime) -> None:
        self.store, self.clock, self.mailbox = MemoryStore(), FixedClock(now), MemoryMailbox()
        self.queries, self.composer = MemoryNotificationQueries(), EchoComposer()
        self.queries.put(a_lesson())
        self.queries.people[PAYER] = a_person(PAYER)
        self.links = UnsubscribeLinks("secret")

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def tell(self, event: Event, event_id: EventId = EVENT) -> None:
        await NotifyOnEvent(self.unit, self.clock, RecordingWakeup(), False)(event_id, event)

    async def send(self) -> list[str]:
        async def mint(event_id: EventId, user_id: UserId, *_: object, **__: object) -> str:
            raise AssertionError("nothing here needs a token")

        notices = NoticeBuilder(self.clock, self.queries, mint, None, self.links)
        before = len(self.mailbox.sent)
        await SendDeliveries(self.unit, self.clock, notices, self.composer, self.mailbox)()
        return sorted(f"{mail.to_address}: {mail.subject}" for mail in self.mailbox.sent[before:])

    async def wish(self, user_id: UserId = LEARNER, **changes: Any) -> None:
        async with self.unit() as unit:
            await unit.preferences.save(Preferences(user_id=user_id, **changes))
            await unit.commit()

    def of_learner(self) -> list[Delivery]:
        found = [d for d in self.store.shelf("deliveries").values() if d.recipient_id == LEARNER]
        return [d for d in found if d.channel is Channel.EMAIL]


async def test_at_night_what_can_wait_waits_until_morning() -> None:
    world = World(TWO_AT_NIGHT)
    await world.tell(an_event(BookingConfirmed))

    assert await world.send() == ["bilal@example.org: lesson_confirmed"]  # it is morning in Karachi
    world.clock.advance(SEVEN - TWO_AT_NIGHT)

    assert await world.send() == ["amina@example.org: lesson_confirmed", "yusuf@example.org: lesson_confirmed"]


async def test_a_changed_class_does_not_wait() -> None:
    world = World(TWO_AT_NIGHT)
    await world.tell(an_event(BookingCancelled, was_confirmed=True))

    assert "amina@example.org: lesson_cancelled" in await world.send()


async def reminder(world: World, starts: datetime) -> None:
    world.queries.put(a_lesson(starts_at=starts, ends_at=starts + timedelta(minutes=45)))
    event = an_event(LessonDue, starts_at=starts, at=TWO_AT_NIGHT)
    delivery = Delivery.about(event, Topic.LESSON_REMINDER, LEARNER, cause="due", at=TWO_AT_NIGHT)
    async with world.unit() as unit:
        await unit.deliveries.add(delivery.until(TWO_AT_NIGHT + timedelta(minutes=20)))
        await unit.commit()


async def test_a_reminder_at_two_at_night_is_kept_and_is_not_stale_in_the_morning() -> None:
    world = World(TWO_AT_NIGHT)
    await reminder(world, TWO_AT_NIGHT + timedelta(days=1))

    assert await world.send() == []
    world.clock.advance(SEVEN - TWO_AT_NIGHT)

    assert await world.send() == ["amina@example.org: lesson_reminder"]


async def test_a_reminder_of_a_lesson_before_morning_goes_at_once() -> None:
    world = World(TWO_AT_NIGHT)
    await reminder(world, TWO_AT_NIGHT + timedelta(hours=1))

    assert await world.send() == ["amina@example.org: lesson_reminder"]


async def test_a_lesson_that_is_booked_at_night_for_that_night_is_told_at_once() -> None:
    world = World(TWO_AT_NIGHT)
    soon = TWO_AT_NIGHT + timedelta(hours=2)
    world.queries.put(a_lesson(starts_at=soon, ends_at=soon + timedelta(minutes=45)))
    await world.tell(an_event(BookingConfirmed, starts_at=soon))

    assert "amina@example.org: lesson_confirmed" in await world.send()


async def test_a_receipt_comes_when_its_reader_has_just_paid() -> None:
    world = World(TWO_AT_NIGHT)
    await world.tell(an_event(PaymentCaptured))

    assert await world.send() == ["yusuf@example.org: receipt"]


async def test_reminders_can_be_done_without_and_stay_in_the_log() -> None:
    world = World(SEVEN)
    await world.wish(muted=frozenset({Group.REMINDERS}))
    await reminder(world, SEVEN + timedelta(days=1))
    world.clock.set(TWO_AT_NIGHT + timedelta(minutes=1))

    assert await world.send() == []
    assert [(d.status, d.error) for d in world.of_learner()] == [
        (Status.WITHDRAWN, "its reader does without messages of this kind")
    ]


async def test_once_a_day_all_that_has_gathered_comes_as_one_message() -> None:
    noon = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    world = World(noon)
    await world.wish(digest_at=time(18))
    for number in range(3):
        await world.tell(an_event(BookingConfirmed), EventId(UUID(int=100 + number)))

    assert "amina@example.org: lesson_confirmed" not in await world.send()
    world.clock.advance(timedelta(hours=6))

    assert await world.send() == ["amina@example.org: lesson_confirmed+lesson_confirmed+lesson_confirmed"]
    assert {d.status for d in world.of_learner()} == {Status.SENT}
    assert await world.send() == []


async def test_news_of_money_cannot_be_switched_off() -> None:
    world = World(SEVEN)
    command = SetPreferencesCommand(
        quiet_from=None, quiet_until=time(7), digest_at=None, muted=frozenset({Group.MONEY})
    )

    with pytest.raises(Invalid, match="cannot be switched off"):
        await SetPreferences(world.unit)(ME, command)


async def test_the_link_of_a_message_ends_messages_of_its_kind() -> None:
    world = World(SEVEN)
    _, _, user, kind, mac = world.links.path(LEARNER, Group.TIPS).split("/")

    for _twice in range(2):
        await Unsubscribe(world.unit, world.links)(LEARNER, kind, mac)

    assert user == str(LEARNER)
    assert world.store.shelf("preferences")[LEARNER].muted == {Group.TIPS}


@pytest.mark.parametrize(
    ("kind", "whose"), [("reminders", LEARNER), ("tips", QARI), ("money", LEARNER), ("x", LEARNER)]
)
async def test_a_link_is_good_for_its_own_person_and_kind_alone(kind: str, whose: UserId) -> None:
    world = World(SEVEN)
    mac = world.links.path(LEARNER, Group.TIPS).rsplit("/", 1)[1]

    with pytest.raises(NotFound):
        await Unsubscribe(world.unit, world.links)(whose, kind, mac)


instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(["Europe/London", "Asia/Karachi", "America/Los_Angeles", "Australia/Lord_Howe", "UTC"])
walls = st.times().map(lambda t: t.replace(microsecond=0))


@given(at=instants, zone=zones, start=walls, end=walls)
def test_quiet_hours_end_later_at_the_wall_time_that_was_chosen(
    at: datetime, zone: str, start: time, end: time
) -> None:
    if start == end:
        return
    wishes = Preferences(user_id=LEARNER, quiet_from=start, quiet_until=end)

    over = wishes.quiet_end(at, zone)

    if over is not None:
        assert at < over <= at + timedelta(hours=26)
        assert wishes.quiet_end(over, zone) is None or not _on_the_clock(over, zone, end)


def _on_the_clock(moment: datetime, zone: str, wall: time) -> bool:
    return moment.astimezone(zone_of(zone)).time() == wall


def test_only_what_nobody_needs_can_be_muted() -> None:
    assert {Group.REMINDERS, Group.TIPS} == MUTABLE
