"""A queued message goes out once, whatever dies in between. (NOTI-13)"""

from datetime import timedelta
from typing import Any

import pytest

from application.notification.notice import NoticeBuilder
from application.notification.notify import NotifyOnEvent, messages
from application.notification.preferences import UnsubscribeLinks
from application.notification.send import LEASE, SendDeliveries
from application.outbox.backoff import MAX_ATTEMPTS
from domain.billing.events import PaymentFailed, RefundFailed
from domain.booking.events import BookingConfirmed, BookingHeld, BookingRequested, BookingRescheduled
from domain.events import Event
from domain.identity.events import EmailChangeRequested, UserRegistered
from domain.identity.session import VerificationPurpose
from domain.ids import EventId, UserId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.topic import Topic
from domain.scheduling.class_events import OccurrenceDue, OccurrenceEvent, OccurrenceMoved
from fakes.clock import NOON, FixedClock
from fakes.news import EVENT, LEARNER, PAYER, QARI, a_lesson, a_person, an_event
from fakes.notification import EchoComposer, MemoryMailbox, MemoryNotificationQueries, RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit
from ports.errors import GatewayRefused, GatewayUnavailable


class World:
    def __init__(self) -> None:
        self.store, self.clock, self.mailbox = MemoryStore(), FixedClock(NOON), MemoryMailbox()
        self.queries, self.composer = MemoryNotificationQueries(), EchoComposer()
        self.queries.put(a_lesson())
        self.queries.people[PAYER] = a_person(PAYER)
        self.minted: list[tuple[EventId, UserId, VerificationPurpose, str | None]] = []
        self.send = self.sender()

    def sender(self, **changes: Any) -> SendDeliveries:
        async def mint(
            event_id: EventId,
            user_id: UserId,
            purpose: VerificationPurpose = VerificationPurpose.EMAIL,
            address: str | None = None,
        ) -> str:
            self.minted.append((event_id, user_id, purpose, address))
            return "hv_secret"

        parts: dict[str, Any] = {
            "new_unit": lambda: MemoryUnit(self.store),
            "clock": self.clock,
            "notice_builder": NoticeBuilder(
                self.clock,
                self.queries,
                mint,
                a_person(UserId(EVENT), email="school@example.org"),
                UnsubscribeLinks("secret"),
            ),
            "composer": self.composer,
            "sender": self.mailbox,
            "jitter": lambda: 1.0,
        }
        return SendDeliveries(**{**parts, **changes})

    async def queue(self, event: Event) -> None:
        notify = NotifyOnEvent(lambda: MemoryUnit(self.store), self.clock, RecordingWakeup(), True)
        await notify(EVENT, event)

    @property
    def messages(self) -> list[Delivery]:
        """Those that leave by mail."""
        return [d for d in self.store.shelf("deliveries").values() if d.channel is Channel.EMAIL]

    @property
    def statuses(self) -> set[Status]:
        return {message.status for message in self.messages}


async def test_each_recipient_gets_his_message() -> None:  # BOOK-05
    world = World()
    await world.queue(an_event(BookingConfirmed))

    assert await world.send() == 4

    assert sorted(mail.to_address for mail in world.mailbox.sent) == [
        "amina@example.org", "bilal@example.org", "school@example.org", "yusuf@example.org",
    ]  # fmt: skip
    assert world.statuses == {Status.SENT}
    assert await world.send() == 0


async def test_a_sender_that_dies_after_sending_does_not_make_it_two() -> None:
    world = World()
    await world.queue(an_event(RefundFailed))

    class Dies(MemoryUnit):
        async def commit(self) -> None:
            if any(d.status is Status.SENT for d in self._shelf("deliveries").values()):
                raise SystemExit
            await super().commit()

    with pytest.raises(SystemExit):
        await world.sender(new_unit=lambda: Dies(world.store))()
    assert len(world.mailbox.sent) == 1
    assert world.statuses == {Status.QUEUED}

    world.clock.advance(LEASE)
    assert await world.send() == 1

    assert len(world.mailbox.sent) == 1
    assert world.statuses == {Status.SENT}


async def test_a_claimed_message_is_not_claimed_again_before_its_lease_ends() -> None:
    world = World()
    await world.queue(an_event(RefundFailed))
    async with MemoryUnit(world.store) as unit:
        await unit.deliveries.claim(now=NOON, lease=LEASE, limit=10)
        await unit.commit()

    assert await world.send() == 0


async def test_a_mail_server_that_is_away_is_tried_again_later() -> None:
    world = World()
    await world.queue(an_event(RefundFailed))
    world.mailbox.failing.append(GatewayUnavailable("mail", "no route"))

    await world.send()

    assert world.mailbox.sent == []
    assert world.messages[0].due_at == NOON + timedelta(seconds=2)
    assert "no route" in world.messages[0].error
    world.clock.advance(timedelta(seconds=2))
    await world.send()
    assert world.statuses == {Status.SENT}


async def test_a_refused_address_is_parked_at_once_and_can_be_revived() -> None:
    world = World()
    await world.queue(an_event(RefundFailed))
    world.mailbox.failing.append(GatewayRefused("mail", "no such mailbox"))

    await world.send()

    assert world.statuses == {Status.DEAD}
    async with MemoryUnit(world.store) as unit:
        await unit.deliveries.save(world.messages[0].revive(at=NOON))
        await unit.commit()
    await world.send()
    assert world.statuses == {Status.SENT}


async def test_what_keeps_failing_is_parked_in_the_end() -> None:
    world = World()
    await world.queue(an_event(RefundFailed))
    world.mailbox.failing.extend(GatewayUnavailable("mail", "no route") for _ in range(MAX_ATTEMPTS))

    for _ in range(MAX_ATTEMPTS):
        await world.send()
        world.clock.advance(hours=2)

    assert world.statuses == {Status.DEAD}
    assert world.messages[0].attempts == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (an_event(BookingConfirmed), "cancelled"),
        (an_event(BookingRequested), "cancelled"),
        (an_event(BookingHeld), "expired"),
        (an_event(PaymentFailed), "confirmed"),
    ],
)
async def test_what_is_no_longer_true_is_withdrawn(event: Event, status: str) -> None:
    world = World()
    await world.queue(event)
    world.queries.put(a_lesson(status=status))

    await world.send()

    topics = {mail.subject for mail in world.mailbox.sent}
    assert topics <= {Topic.REQUEST_SENT.value}
    assert Status.WITHDRAWN in world.statuses


async def test_news_of_a_change_go_out_even_after_the_next_change() -> None:
    world = World()
    await world.queue(an_event(BookingRescheduled))
    world.queries.put(a_lesson(status="cancelled", sequence=2))

    await world.send()

    assert world.statuses == {Status.SENT}


async def test_the_mail_that_proves_an_address_carries_a_token_made_for_this_message() -> None:
    world = World()
    await world.queue(an_event(UserRegistered))

    await world.send()

    assert world.composer.notices[0].secret == "hv_secret"
    assert world.minted == [(EventId(world.messages[0].id), LEARNER, VerificationPurpose.EMAIL, None)]


async def test_the_link_that_proves_a_new_address_goes_there_and_knows_it() -> None:
    # ID-18
    world = World()
    await world.queue(an_event(EmailChangeRequested, email="new@example.org"))

    await world.send()

    message = EventId(world.messages[0].id)
    assert world.composer.notices[0].to.email == "new@example.org"
    assert world.minted == [(message, LEARNER, VerificationPurpose.NEW_EMAIL, "new@example.org")]


async def test_an_account_that_is_gone_gets_nothing() -> None:
    world = World()
    await world.queue(an_event(BookingConfirmed))
    del world.queries.people[QARI]

    await world.send()

    assert [m.status for m in world.messages if m.recipient_id == QARI] == [Status.WITHDRAWN]


@pytest.mark.parametrize(("begins", "status"), [(0, Status.SENT), (30, Status.WITHDRAWN), (None, Status.WITHDRAWN)])
@pytest.mark.parametrize("kind", [OccurrenceDue, OccurrenceMoved])
async def test_what_is_said_of_a_class_that_moved_since_is_withdrawn(
    kind: type[Event], begins: int | None, status: Status
) -> None:  # LIVE-13
    world, event = World(), an_event(kind)
    assert isinstance(event, OccurrenceEvent)
    if begins is not None:
        world.queries.class_times[event.lesson_id] = event.starts_at + timedelta(minutes=begins)
    async with MemoryUnit(world.store) as unit:
        for delivery in await messages(unit, event, "due", NOON, school_copy=False):
            await unit.deliveries.add(delivery)
        await unit.commit()
    await world.send()

    assert world.statuses == {status}
