"""Ways beside mail: each message once, and mail takes over where a way fails. (NOTI-02, NOTI-03)"""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.messaging.push.words import PushWords
from application.notification.carry import TRIES, UNHEARD
from application.notification.notice import NoticeBuilder
from application.notification.notify import NotifyOnEvent
from application.notification.preferences import UnsubscribeLinks
from application.notification.push import AddBrowser, AddBrowserCommand, ListBrowsers, PushSender, RemoveBrowser
from application.notification.send import LEASE, SendDeliveries
from domain.booking.events import BookingConfirmed, BookingRescheduled
from domain.errors import Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import DeliveryId, UserId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.events import LessonDue
from domain.notification.push import MOST
from domain.notification.topic import Topic
from fakes.clock import NOON, FixedClock
from fakes.ids import SequentialIds
from fakes.news import EVENT, LEARNER, PAYER, QARI, STARTS, a_lesson, a_person, an_event
from fakes.notification import EchoComposer, MemoryMailbox, MemoryNotificationQueries, RecordingWakeup
from fakes.onboarding import PlainCipher
from fakes.push import MemoryPush
from fakes.unit import MemoryStore, MemoryUnit
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.notification.compose import Notice
from ports.notification.push import GONE

HOSTS = ("fcm.googleapis.com", ".notify.windows.com")
KEY = base64.urlsafe_b64encode(b"\x04" + bytes(64)).rstrip(b"=").decode()
AUTH = base64.urlsafe_b64encode(bytes(16)).rstrip(b"=").decode()
MOVED = an_event(BookingRescheduled)


class Way:
    """``failing``: raised for each message; ``sent``: what went out."""

    def __init__(self, *, repeatable: bool) -> None:
        self.repeatable, self.failing = repeatable, list[Exception]()
        self.sent: list[DeliveryId] = []

    async def send(self, notice: Notice, *, delivery_id: DeliveryId, at: datetime) -> str:
        if self.failing:
            raise self.failing.pop(0)
        self.sent.append(delivery_id)
        return f"wamid.{len(self.sent)}"


class World:
    def __init__(self) -> None:
        self.store, self.clock, self.mailbox = MemoryStore(), FixedClock(NOON), MemoryMailbox()
        self.queries = MemoryNotificationQueries()
        self.queries.put(a_lesson())
        self.queries.people[PAYER] = a_person(PAYER)
        self.push, self.cipher = MemoryPush(), PlainCipher()
        self.senders: dict[Channel, Any] = {
            Channel.PUSH: PushSender(self.unit, self.cipher, PushWords(school="Halaqa"), self.push)
        }

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def run(self) -> int:
        async def mint(*_: Any, **__: Any) -> str:
            return "hv_secret"

        notices = NoticeBuilder(self.clock, self.queries, mint, None, UnsubscribeLinks("secret"))
        return await SendDeliveries(
            self.unit, self.clock, notices, EchoComposer(), self.mailbox, lambda: 1.0, self.senders
        )()

    async def queue(self, channel: Channel) -> Delivery:
        made = Delivery.about(MOVED, Topic.LESSON_RESCHEDULED, LEARNER, cause="event:1", at=NOON, channel=channel)
        async with self.unit() as unit:
            await unit.deliveries.add(made)
            await unit.commit()
        return made

    def now(self, one: Delivery) -> Delivery:
        found: Delivery = self.store.shelf("deliveries")[one.id]
        return found

    async def add_browser(self, who: UserId, name: str) -> None:
        add = AddBrowser(
            self.unit, self.clock, SequentialIds(len(self.store.shelf("browsers")) + 1), self.cipher, HOSTS
        )
        await add(actor(who), AddBrowserCommand(endpoint=address(name), p256dh=KEY, auth=AUTH, label=name))


def address(name: str) -> str:
    return f"https://fcm.googleapis.com/fcm/send/{name}"


def actor(who: UserId) -> Actor:
    return Actor(user_id=who, role=Role.STUDENT, audience=Audience.MAIN)


@pytest.mark.parametrize("repeatable", [True, False])
async def test_what_arrives_is_sent_once_and_not_by_mail(repeatable: bool) -> None:
    world = World()
    way = world.senders[Channel.WHATSAPP] = Way(repeatable=repeatable)
    one = await world.queue(Channel.WHATSAPP)

    await world.run()
    await world.run()

    assert way.sent == [one.id]
    assert (world.now(one).status, world.now(one).provider_ref) == (Status.SENT, "wamid.1")
    assert world.mailbox.sent == []


@pytest.mark.parametrize("error", [GatewayRefused("whatsapp", "no", "131026"), None])
async def test_what_is_refused_or_not_set_up_goes_by_mail_exactly_once(error: Exception | None) -> None:  # NOTI-02
    world = World()
    if error is not None:
        world.senders[Channel.WHATSAPP] = way = Way(repeatable=False)
        way.failing = [error]
    one = await world.queue(Channel.WHATSAPP)

    await world.run()
    world.clock.advance(timedelta(hours=1))
    await world.run()

    assert world.now(one).status is Status.REPLACED
    assert len(world.mailbox.sent) == 1


async def test_who_has_the_mail_anyhow_does_not_get_it_twice() -> None:  # NOTI-02
    world = World()
    await world.queue(Channel.EMAIL)
    one = await world.queue(Channel.WHATSAPP)

    await world.run()

    assert world.now(one).status is Status.REPLACED
    assert len(world.mailbox.sent) == 1


async def test_an_unheard_message_that_must_not_be_repeated_waits_and_then_goes_by_mail() -> None:
    world = World()
    way = world.senders[Channel.WHATSAPP] = Way(repeatable=False)
    way.failing = [GatewayUnavailable("whatsapp", "timeout")]
    one = await world.queue(Channel.WHATSAPP)

    await world.run()
    assert (world.now(one).status, world.now(one).unsure) == (Status.QUEUED, True)
    world.clock.advance(UNHEARD)
    await world.run()

    assert way.sent == []
    assert world.now(one).status is Status.REPLACED
    assert len(world.mailbox.sent) == 1


async def test_a_worker_that_dies_while_it_sends_does_not_make_it_two() -> None:
    world = World()
    way = world.senders[Channel.WHATSAPP] = Way(repeatable=False)
    one = await world.queue(Channel.WHATSAPP)

    async def dies(notice: Notice, *, delivery_id: DeliveryId, at: datetime) -> str:
        way.sent.append(delivery_id)
        raise SystemExit

    way.send = dies  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        await world.run()
    world.clock.advance(LEASE)
    await world.run()

    assert way.sent == [one.id]
    assert len(world.mailbox.sent) == 1


@pytest.mark.parametrize("repeatable", [True, False])
async def test_what_never_left_is_tried_again_a_few_times(repeatable: bool) -> None:
    world = World()
    way = world.senders[Channel.WHATSAPP] = Way(repeatable=repeatable)
    way.failing = [NotSent("whatsapp", "nobody listens")] * (TRIES - 1)
    one = await world.queue(Channel.WHATSAPP)

    for _ in range(TRIES):
        await world.run()
        world.clock.advance(timedelta(minutes=1))

    assert way.sent == [one.id]
    assert world.mailbox.sent == []


async def test_after_a_few_tries_mail_takes_over() -> None:
    world = World()
    way = world.senders[Channel.PUSH] = Way(repeatable=True)
    way.failing = [GatewayUnavailable("push", "500")] * 20
    one = await world.queue(Channel.PUSH)

    for _ in range(TRIES):
        await world.run()
        world.clock.advance(timedelta(minutes=1))

    assert world.now(one).status is Status.REPLACED
    assert len(world.mailbox.sent) == 1


async def test_a_browser_shows_what_has_happened_and_names_nobody() -> None:  # NOTI-03
    world = World()
    await world.add_browser(LEARNER, "phone")
    await world.queue(Channel.PUSH)

    await world.run()

    ((endpoint, message),) = world.push.shown
    assert endpoint == address("phone")
    assert message.title == "A lesson has moved"
    lesson = a_lesson()
    for secret in (lesson.qari.name, lesson.learner.name, lesson.qari.email, "http"):
        assert secret not in f"{message.title} {message.body} {message.link}"
    assert message.link.startswith("/lessons/")


async def test_a_dead_browser_is_forgotten_at_its_first_failure() -> None:  # NOTI-03
    world = World()
    for name in ("phone", "laptop"):
        await world.add_browser(LEARNER, name)
    world.push.failing[address("phone")] = GatewayRefused("push", "410", GONE)
    one = await world.queue(Channel.PUSH)

    await world.run()

    assert world.now(one).status is Status.SENT
    assert [browser.label for browser in await ListBrowsers(world.unit)(actor(LEARNER))] == ["laptop"]
    assert world.mailbox.sent == []


async def test_when_the_last_browser_is_gone_mail_tells_it() -> None:
    world = World()
    await world.add_browser(LEARNER, "phone")
    world.push.failing[address("phone")] = GatewayRefused("push", "404", GONE)
    await world.queue(Channel.PUSH)

    await world.run()

    assert await ListBrowsers(world.unit)(actor(LEARNER)) == []
    assert len(world.mailbox.sent) == 1


async def test_one_browser_that_is_reached_is_enough() -> None:
    world = World()
    for name in ("phone", "laptop"):
        await world.add_browser(LEARNER, name)
    world.push.failing[address("phone")] = GatewayUnavailable("push", "500")
    one = await world.queue(Channel.PUSH)

    await world.run()

    assert world.now(one).status is Status.SENT
    assert [endpoint for endpoint, _ in world.push.shown] == [address("laptop")]


@pytest.mark.parametrize(
    ("given", "pushed"),
    [
        (an_event(BookingRescheduled), True),
        (an_event(BookingConfirmed), False),
        (LessonDue(
            at=NOON, booking_id=a_lesson().booking_id, learner_id=LEARNER, payer_id=PAYER, qari_id=QARI,
            starts_at=STARTS, ends_at=STARTS + timedelta(minutes=30), lead_min=60,
        ), True),
    ],
)  # fmt: skip
async def test_reminders_and_changes_go_to_who_has_a_browser_beside_the_mail(given: Any, pushed: bool) -> None:
    world = World()
    await world.add_browser(LEARNER, "phone")

    await NotifyOnEvent(world.unit, world.clock, RecordingWakeup(), False)(EVENT, given)

    made = [d for d in world.store.shelf("deliveries").values() if d.recipient_id == LEARNER]
    assert (Channel.PUSH in {one.channel for one in made}) is pushed
    assert Channel.EMAIL in {one.channel for one in made}
    others = [d for d in world.store.shelf("deliveries").values() if d.recipient_id != LEARNER]
    assert Channel.PUSH not in {one.channel for one in others}


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x", "https://evil.example/x", "https://fcm.googleapis.com.evil.example/x",
        "https://fcm.googleapis.com@evil.example/x", "https://127.0.0.1/x", "https://fcm.googleapis.com:8443/x",
        "https://notify.windows.com/x", "https://[::1/x", "", "https://fcm.googleapis.com/" + "x" * 3000,
    ],
)  # fmt: skip
async def test_an_address_that_is_no_known_service_is_refused(endpoint: str) -> None:
    world = World()
    add = AddBrowser(world.unit, world.clock, SequentialIds(1), world.cipher, HOSTS)

    with pytest.raises(Invalid):
        await add(actor(LEARNER), AddBrowserCommand(endpoint=endpoint, p256dh=KEY, auth=AUTH))


@pytest.mark.parametrize(("p256dh", "auth"), [("", AUTH), (KEY, ""), (KEY[1:], AUTH), (KEY, "!!"), ("A" * 87, AUTH)])
async def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    world = World()
    add = AddBrowser(world.unit, world.clock, SequentialIds(1), world.cipher, HOSTS)

    with pytest.raises(Invalid):
        await add(actor(LEARNER), AddBrowserCommand(endpoint=address("a"), p256dh=p256dh, auth=auth))


async def test_a_browser_that_somebody_else_uses_now_shows_his_messages_alone() -> None:
    world = World()
    await world.add_browser(LEARNER, "shared")

    await world.add_browser(QARI, "shared")

    assert await ListBrowsers(world.unit)(actor(LEARNER)) == []
    assert len(await ListBrowsers(world.unit)(actor(QARI))) == 1


async def test_the_oldest_browser_gives_way_and_nobody_removes_anothers() -> None:
    world = World()
    for number in range(MOST + 1):
        await world.add_browser(LEARNER, f"b{number}")
        world.clock.advance(timedelta(minutes=1))
    mine = await ListBrowsers(world.unit)(actor(LEARNER))
    assert [browser.label for browser in mine] == [f"b{number}" for number in range(1, MOST + 1)]

    with pytest.raises(NotFound):
        await RemoveBrowser(world.unit)(actor(QARI), mine[0].id)
    await RemoveBrowser(world.unit)(actor(LEARNER), mine[0].id)

    assert len(await ListBrowsers(world.unit)(actor(LEARNER))) == MOST - 1
