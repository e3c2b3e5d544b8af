"""WhatsApp against a strict stand-in of its provider: what is sent, what is told back, and what is broken. (NOTI-02)"""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from adapters.languages.text import translator
from adapters.messaging.whatsapp.accounts import Account, read_accounts
from adapters.messaging.whatsapp.line import CloudLine, Lines
from adapters.messaging.whatsapp.refusals import Meaning, meaning_of
from adapters.messaging.whatsapp.templates import Templates
from adapters.messaging.whatsapp.wording import CODE, PREFIX, TEXTS
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Patience
from application.notification.carry_whatsapp import AnswerWhatsApp, CarryWhatsApp
from application.notification.hear_whatsapp import HearWhatsApp
from application.notification.notice import NoticeBuilder
from application.notification.notify import NotifyOnEvent
from application.notification.preferences import UnsubscribeLinks
from application.notification.send import SendDeliveries
from domain.booking.events import BookingConfirmed
from domain.identity.session import VerificationPurpose
from domain.ids import EventId, UserId
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.preference import Group, Preferences
from domain.notification.whatsapp import Contact, Way, WhatsAppStopped
from domain.notification.whatsapp import Status as ContactStatus
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.news import EVENT, LEARNER, PAYER, QARI, a_lesson, a_person, an_event
from fakes.notification import EchoComposer, MemoryMailbox, MemoryNotificationQueries, RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit
from ports.academy import FIRST_ACADEMY
from ports.errors import BadSignature, GatewayRefused, GatewayUnavailable, NotSent
from ports.notification.whatsapp import ReaderStopped, Template
from standins.whatsapp import (
    NUMBER,
    PHONE_ID,
    SECRET,
    TOKEN,
    WhatsApp,
    envelope,
    signed,
    status_of,
    text_from,
    whatsapp,
)
from support.faulty import AFTER_SUCCESS, FAULTS, Fault, faulty

pytestmark = pytest.mark.slow

READER = "+923001234567"
ACCOUNT = Account(
    name="school",
    phone_number_id=PHONE_ID,
    business_account_id="419561257915477",
    token=TOKEN,
    app_secrets=("an older one", SECRET),
    verify_token="hello",
    number=f"+{NUMBER}",
)
SHORT = Patience(attempts=2, first_wait_s=0.01, longest_wait_s=0.02, timeout_s=0.8, queue_s=0.05, failures=50)
HELLO = Template(name=PREFIX + "receipt", lang="en", body=("$15.00",), button="portal/payments")
AT = int(NOON.timestamp())


@pytest.fixture
def service() -> Iterator[WhatsApp]:
    """No violation may be left at the end."""
    with whatsapp() as found:
        for lang in ("en", "ar", "ur"):
            found.templates[CODE, lang] = 1
            for topic, text in TEXTS.items():
                found.templates[PREFIX + topic.value, lang] = text.words.count("{")
        yield found


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as found:
        yield found


class Patient(MemoryBudget):
    """Gives every turn at once: the budget has tests of its own."""

    async def take(self, rate: Any, who: str, *, patience_s: float) -> float | None:
        return 0.0


def a_line(url: str, client: httpx.AsyncClient, **changes: Any) -> CloudLine:
    parts: dict[str, Any] = {"budget": Patient(), "patience": SHORT, **changes}
    return CloudLine(ACCOUNT, url, client, **parts)


async def test_what_is_sent_is_what_the_provider_describes(service: WhatsApp, client: httpx.AsyncClient) -> None:
    line = a_line(service.url, client)

    ref = await line.send(READER, HELLO, reference="academy:delivery")
    await line.send(READER, Template(name=CODE, lang="ur", body=("123456",), button="123456"), reference="")

    first, second = service.to(READER)
    assert (first.id, first.reference, first.kind) == (ref, "academy:delivery", "template")
    assert second.reference == ""


async def test_words_of_our_own_go_only_within_the_window(service: WhatsApp, client: httpx.AsyncClient) -> None:
    line = a_line(service.url, client)
    with pytest.raises(GatewayRefused) as refused:
        await line.say(READER, "Salam")
    assert refused.value.code == "131047"

    service.windows.add(READER.removeprefix("+"))
    await line.say(READER, "Salam")

    assert [message.kind for message in service.to(READER)] == ["text"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (130429, NotSent),
        (131056, NotSent),
        (4, NotSent),
        (80007, NotSent),
        (131016, NotSent),
        (131026, GatewayRefused),
        (131047, GatewayRefused),
        (131050, ReaderStopped),
        (190, GatewayRefused),
        (131031, GatewayRefused),
        (132001, GatewayRefused),
        (999999, GatewayRefused),
    ],
)
async def test_what_a_code_means(
    service: WhatsApp, client: httpx.AsyncClient, code: int, error: type[Exception]
) -> None:
    told: list[tuple[str, str]] = []
    line = a_line(
        service.url,
        client,
        trouble=lambda name, state: told.append((name, state)),
        patience=msgspec.structs.replace(SHORT, attempts=1),
    )
    service.refuse[READER.removeprefix("+")] = code

    with pytest.raises(error):
        await line.send(READER, HELLO, reference="r")
    await line.send(READER, HELLO, reference="r")

    ours = meaning_of(code) is Meaning.ACCOUNT
    assert told == ([(f"whatsapp/school ({code})", "opened"), (f"whatsapp/school ({code})", "closed")] if ours else [])


async def test_a_lapsed_token_is_the_offices_trouble(service: WhatsApp, client: httpx.AsyncClient) -> None:
    told: list[str] = []
    account = msgspec.structs.replace(ACCOUNT, token="another")
    line = CloudLine(account, service.url, client, Patient(), patience=SHORT, trouble=lambda name, _: told.append(name))

    with pytest.raises(GatewayRefused):
        await line.send(READER, HELLO, reference="r")

    assert told == ["whatsapp/school (190)"]


async def test_the_same_reader_is_left_alone_for_six_seconds(service: WhatsApp, client: httpx.AsyncClient) -> None:
    line = a_line(service.url, client, budget=MemoryBudget())
    await line.send(READER, HELLO, reference="r")

    with pytest.raises(NotSent):
        await line.send(READER, HELLO, reference="r")
    await line.send("+15550001111", HELLO, reference="r")

    assert len(service.messages) == 2


def test_only_what_is_signed_over_its_bytes_is_read() -> None:
    line = CloudLine(ACCOUNT, "http://127.0.0.1:1", httpx.AsyncClient(), Patient())
    raw, headers = signed(envelope(messages=(text_from(READER, "إيقاف", AT),)))

    [said] = line.read(raw, headers).said
    assert (said.number, said.text) == (READER, "إيقاف")

    for broken in ({}, {"x-hub-signature-256": "sha256=00"}, {"x-hub-signature-256": "ü"}):
        with pytest.raises(BadSignature):
            line.read(raw, broken)
    with pytest.raises(BadSignature):
        line.read(raw + b" ", headers)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"entry": None},
        {"entry": [1, {"changes": [None, {"field": "messages", "value": 3}]}]},
        envelope(messages=({"type": "text"}, {"id": 4}, {"id": "w", "from": "abc", "timestamp": "1"})),
        envelope(statuses=({"id": "w", "status": "warmed", "timestamp": "1"}, {"id": "w", "status": "sent"})),
        envelope(messages=(text_from(READER, "STOP", AT),), phone_id="another"),
    ],
)
def test_news_of_an_unknown_shape_or_for_another_number_is_left_out(body: Any) -> None:
    line = CloudLine(ACCOUNT, "http://127.0.0.1:1", httpx.AsyncClient(), Patient())
    raw, headers = signed(body)

    heard = line.read(raw, headers)

    assert not heard.progress
    assert not heard.said


def test_who_greets_us_knows_our_word() -> None:
    line = CloudLine(ACCOUNT, "http://127.0.0.1:1", httpx.AsyncClient(), Patient())

    assert line.greets("subscribe", "hello")
    assert not line.greets("subscribe", "hullo")
    assert not line.greets("unsubscribe", "hello")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Not A Name"},
        {"phone_number_id": "x"},
        {"number": "0300"},
        {"token": "with a space"},
        {"app_secrets": []},
        {"verify_token": ""},
        {"links": "https://school.example/path"},
        {"unknown": 1},
    ],
)
def test_an_account_that_is_not_right_stops_the_start_and_shows_no_secret(changes: dict[str, Any]) -> None:
    written = {**msgspec.to_builtins(ACCOUNT), **changes}

    with pytest.raises(ValueError, match=r"\w") as told:
        read_accounts(msgspec.json.encode([written]).decode())

    assert TOKEN not in str(told.value)
    assert SECRET not in str(told.value)


def test_accounts_are_none_one_or_several() -> None:
    other = msgspec.structs.replace(ACCOUNT, name="other", phone_number_id="99999", links="https://b.example")

    assert read_accounts("") == ()
    assert read_accounts(msgspec.json.encode([ACCOUNT, other]).decode()) == (ACCOUNT, other)
    with pytest.raises(ValueError, match="twice"):
        read_accounts(msgspec.json.encode([ACCOUNT, ACCOUNT]).decode())


class School:
    """The whole way of a message: from an event over the queue to the provider and back."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.store, self.clock, self.mailbox = MemoryStore(), FixedClock(NOON), MemoryMailbox()
        self.queries = MemoryNotificationQueries()
        self.queries.put(a_lesson())
        self.queries.people[PAYER] = a_person(PAYER)
        self.line = a_line(url, client)
        lines = Lines([("https://school.example", self.line)], lambda: "https://school.example")
        writer = Templates(base_url="https://school.example", school="Halaqa", translations=translator)
        self.carry = CarryWhatsApp(self.unit, self.clock, lines, writer)
        self.answer = AnswerWhatsApp(self.unit, self.clock, lines, writer)
        self.hear = HearWhatsApp(self.unit, self.clock, RecordingWakeup(), lines, self.academies, "secret")
        self.send = self.sender()
        self.agree()

    def sender(self) -> SendDeliveries:
        async def mint(
            event_id: EventId,
            user_id: UserId,
            purpose: VerificationPurpose = VerificationPurpose.EMAIL,
            address: str | None = None,
        ) -> str:
            return "hv_secret"

        notices = NoticeBuilder(self.clock, self.queries, mint, None, UnsubscribeLinks("secret"))
        return SendDeliveries(
            self.unit,
            self.clock,
            notices,
            EchoComposer(),
            self.mailbox,
            lambda: 1.0,
            senders={Channel.WHATSAPP: self.carry},
        )

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def academies(self) -> list[Any]:
        return [FIRST_ACADEMY]

    def agree(self, *, without_mail: bool = True) -> None:
        groups = frozenset({Group.LESSONS})
        self.store.shelf("preferences")[LEARNER] = Preferences(
            user_id=LEARNER, by_whatsapp=groups, without_mail=groups if without_mail else frozenset()
        )
        self.store.shelf("contacts")[LEARNER] = Contact(
            user_id=LEARNER,
            number=READER,
            status=ContactStatus.ACTIVE,
            wording="I agree.",
            asked_at=NOON,
            consented_at=NOON,
        )

    async def happens(self) -> None:
        notify = NotifyOnEvent(self.unit, self.clock, RecordingWakeup(), school_copy=False)
        await notify(EVENT, an_event(BookingConfirmed, payment_id=None))

    async def told(self, body: Any) -> int:
        raw, headers = signed(body)
        return await self.hear("school", raw, headers)

    @property
    def delivery(self) -> Delivery:
        found: list[Delivery] = list(self.store.shelf("deliveries").values())
        return next(one for one in found if one.channel is Channel.WHATSAPP)

    @property
    def mails(self) -> list[str]:
        return [mail.to_address for mail in self.mailbox.sent if mail.to_address == "amina@example.org"]

    async def later(self, minutes: int = 5) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        await self.send()


async def test_news_goes_the_way_its_reader_has_chosen(service: WhatsApp, client: httpx.AsyncClient) -> None:
    school = School(service.url, client)
    await school.happens()
    await school.happens()  # told twice by the outbox

    await school.send()

    [message] = service.messages
    assert message.reference == f"{FIRST_ACADEMY}:{school.delivery.id}"
    assert school.delivery.status is Status.SENT
    assert school.delivery.provider_ref == message.id
    assert school.mails == []
    assert len(school.mailbox.sent) == 2  # the payer and the Qari, who have chosen nothing


async def test_without_consent_nothing_goes_there_and_mail_tells_it(
    service: WhatsApp, client: httpx.AsyncClient
) -> None:
    school = School(service.url, client)
    await school.happens()
    contact = school.store.shelf("contacts")[LEARNER]
    school.store.shelf("contacts")[LEARNER], _, _ = contact.stop(Way.PAGE, at=NOON)

    await school.send()

    assert service.messages == []
    assert school.mails == ["amina@example.org"]


async def test_progress_comes_in_any_order_and_never_goes_back(service: WhatsApp, client: httpx.AsyncClient) -> None:
    school = School(service.url, client)
    await school.happens()
    await school.send()
    [message] = service.messages

    changed = [
        await school.told(envelope(statuses=(status_of(message, stage, AT),)))
        for stage in ("delivered", "sent", "read", "delivered", "read", "sent")
    ]
    await school.told(envelope(statuses=(status_of(message, "failed", AT, 131026),)))
    await school.later()

    assert changed == [1, 0, 1, 0, 0, 0]
    assert school.store.shelf("message_progress")[school.delivery.id].stage == "read"
    assert school.delivery.status is Status.SENT
    assert school.mails == []


@pytest.mark.parametrize("code", [131026, 131049, 131050, 131042])
async def test_what_fails_after_all_is_told_by_mail_exactly_once(
    service: WhatsApp, client: httpx.AsyncClient, code: int
) -> None:
    school = School(service.url, client)
    await school.happens()
    await school.send()
    told = envelope(statuses=(status_of(service.messages[0], "failed", AT + 5, code),))

    for _ in range(3):
        await school.told(told)
        await school.later()

    assert school.mails == ["amina@example.org"]
    assert school.delivery.status is Status.REPLACED
    assert len(service.messages) == 1
    assert school.store.shelf("contacts")[LEARNER].is_active is (code != 131050)


async def test_who_has_mail_as_well_is_not_told_twice(service: WhatsApp, client: httpx.AsyncClient) -> None:
    school = School(service.url, client)
    school.agree(without_mail=False)
    await school.happens()
    await school.send()

    await school.told(envelope(statuses=(status_of(service.messages[0], "failed", AT, 131026),)))
    await school.later()

    assert school.mails == ["amina@example.org"]


async def test_a_refusal_at_once_is_told_by_mail_and_a_stop_is_heard(
    service: WhatsApp, client: httpx.AsyncClient
) -> None:
    school = School(service.url, client)
    service.refuse[READER.removeprefix("+")] = 131050
    await school.happens()

    await school.send()

    assert school.mails == ["amina@example.org"]
    assert not school.store.shelf("contacts")[LEARNER].is_active


async def test_progress_of_somebody_elses_message_changes_nothing(service: WhatsApp, client: httpx.AsyncClient) -> None:
    school = School(service.url, client)
    await school.happens()
    await school.send()
    [message] = service.messages
    elsewhere = f"{QARI}:{school.delivery.id}"

    for reference in ("", "nonsense", f"{FIRST_ACADEMY}:{LEARNER}", elsewhere):
        changed = msgspec.structs.replace(message, reference=reference)
        assert await school.told(envelope(statuses=(status_of(changed, "failed", AT, 131026),))) == 0


async def test_who_writes_stop_is_answered_once_in_the_window(service: WhatsApp, client: httpx.AsyncClient) -> None:
    school = School(service.url, client)
    school.store.shelf("users")[LEARNER] = a_user(id=LEARNER)
    service.windows.add(READER.removeprefix("+"))

    assert await school.told(envelope(messages=(text_from(READER, "Stop", AT),))) == 1
    [event] = [event for event in school.store.events if isinstance(event, WhatsAppStopped)]
    await school.answer(EVENT, event)
    school.clock.advance(timedelta(days=1))
    await school.answer(EVENT, event)  # too late to be answered

    assert [message.kind for message in service.messages] == ["text"]


@pytest.mark.parametrize("fault", ["nobody", *FAULTS])
@pytest.mark.parametrize("heard", [True, False], ids=["told_later", "never_told"])
async def test_whatever_breaks_the_news_is_told_and_never_twice_there(
    service: WhatsApp, client: httpx.AsyncClient, fault: str, heard: bool
) -> None:
    # OPS-12: no idempotency key: what may have gone out is not sent again
    with faulty(service.url, hang_s=0.8) as line:
        school = School(line.nobody if fault == "nobody" else line.url, client)
        if fault != "nobody":
            line.next(_fault(fault), times=1 if fault in {"429", "500"} else 2)
        await school.happens()

        await school.send()
        for message in service.messages if heard else ():
            await school.told(envelope(statuses=(status_of(message, "delivered", AT),)))
        line.heal()
        await school.later()
        await school.later()

        went = len(service.to(READER))
        assert went <= 1
        if fault == "429":
            assert (went, school.mails) == (1, [])
        elif fault in AFTER_SUCCESS and heard:
            assert (went, school.mails) == (1, [])
            assert school.delivery.status is Status.SENT
        else:
            await school.later(60)
            assert school.mails == ["amina@example.org"]
            assert school.delivery.status is Status.REPLACED
        assert all(one.status is not Status.QUEUED for one in school.store.shelf("deliveries").values())


@pytest.mark.parametrize("fault", ["nobody", *FAULTS])
async def test_what_a_broken_line_means(service: WhatsApp, client: httpx.AsyncClient, fault: str) -> None:
    with faulty(service.url, hang_s=0.8) as line:
        broken = a_line(line.nobody if fault == "nobody" else line.url, client)
        if fault != "nobody":
            line.next(_fault(fault), times=9)

        for call in (broken.send(READER, HELLO, reference="r"), broken.say(READER, "Salam")):
            with pytest.raises(GatewayUnavailable) as told:
                await call
            assert isinstance(told.value, NotSent) is (fault in {"nobody", "429"})

    assert len(service.messages) == (1 if fault in AFTER_SUCCESS else 0)


def _fault(name: str) -> Fault:
    return next(fault for fault in FAULTS if fault == name)
