"""Mail that comes back: told apart, believed from whom we wrote to, and no more mail sent there. (NOTI-01)"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest

from adapters.messaging.email.bounces import BounceMail
from adapters.messaging.email.verp import ReturnPaths
from application.notification.bounces import MailAgain, Outcome, SeeDeadAddress, TakeBounce
from domain.errors import NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import AcademyId, DeliveryId
from domain.notification.bounce import Bounce, DeadAddress, is_hard
from domain.notification.delivery import Delivery
from domain.notification.events import MailReturned
from domain.notification.topic import Topic
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.news import LEARNER, an_event
from fakes.unit import MemoryStore, MemoryUnit
from ports.academy import FIRST_ACADEMY
from ports.notification.mail import Mail

ID = UUID("0194f5a0-0000-7000-8000-000000000001")
PATHS = ReturnPaths("bounces@school.example", usual="no-reply@school.example", secret="of nobody")
MAIL = Mail(message_id=f"{ID}@school.example", to_address="amina@example.org", to_name="", subject="", text="", html="")
STAFF = Actor(user_id=LEARNER, role=Role.OWNER, audience=Audience.ADMIN)
REPORT = """\
Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Tue, 3 Mar 2026 12:00:00 +0000

Final-Recipient: rfc822; amina@example.org
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 {status} <amina@example.org>: Recipient address
    rejected: User unknown

--b1
Content-Type: message/rfc822

Message-ID: <{other}@school.example>
Subject: Your lesson

--b1--
"""


def report(*, to: str = "", action: str = "failed", status: str = "5.1.1", other: str = "x") -> bytes:
    text = REPORT.format(to=to or PATHS(MAIL), action=action, status=status, other=other)
    return text.replace("\n", "\r\n").encode()


def test_a_report_tells_which_message_it_is_about_and_why() -> None:
    bounce = BounceMail(PATHS).read(report())

    assert bounce is not None
    assert (bounce.delivery_id, bounce.code) == (ID, "5.1.1")
    assert PATHS.vouches(bounce.delivery_id, "amina@example.org", bounce.proof)
    assert bounce.why.startswith("550 5.1.1 <amina@example.org>: Recipient address rejected: User unknown")


@pytest.mark.parametrize(
    "raw",
    [
        report(to="bounces@school.example", other=str(ID)),  # only a Message-ID, which anybody can write
        report(to=PATHS(MAIL).replace("school.example", "evil.example")),
        report(action="delayed", status="4.4.1"),
        report(action="delivered", status="2.0.0"),
        b"Delivered-To: " + PATHS(MAIL).encode() + b"\r\nSubject: I am on holiday\r\n\r\nBack on Monday.",
        b"", b"\xff\xfe\x00", report()[:700], b"Content-Type: multipart/report; boundary=\r\n\r\n--",
    ],
)  # fmt: skip
def test_what_is_no_report_of_ours_says_nothing(raw: bytes) -> None:
    assert BounceMail(PATHS).read(raw) is None


@pytest.mark.parametrize(
    ("code", "hard"),
    [("5.1.1", True), ("5.1.2", True), ("5.2.1", True), ("550", True), ("5.2.2", False), ("5.7.1", False),
     ("4.2.2", False), ("552", False), ("554", False), ("", False)],
)  # fmt: skip
def test_only_a_mailbox_that_is_not_there_is_dead(code: str, hard: bool) -> None:
    assert is_hard(code) is hard


@pytest.mark.parametrize("topic", list(Topic))
def test_what_concerns_the_safety_of_an_account_is_mailed_all_the_same(topic: Topic) -> None:
    dead = DeadAddress(user_id=LEARNER, address="Amina@example.org", code="5.1.1", why="", at=NOON)

    safety = topic in {
        Topic.VERIFY_EMAIL, Topic.PASSWORD_RESET, Topic.PASSWORD_CHANGED, Topic.WAYS_IN_CHANGED,
        Topic.CONFIRM_NEW_EMAIL, Topic.EMAIL_CHANGED, Topic.ERASURE_SCHEDULED,
    }  # fmt: skip
    assert dead.silences(topic, "amina@example.org") is not safety
    assert not dead.silences(topic, "new@example.org")


class World:
    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), FixedClock(NOON)
        self.user = msgspec.structs.replace(a_user(), id=LEARNER, email="amina@example.org")
        self.store.shelf("users")[LEARNER] = self.user
        made = Delivery.about(an_event(MailReturned), Topic.WELCOME, LEARNER, cause="event:1", at=NOON)
        self.delivery = made.sent(at=NOON)
        self.store.shelf("deliveries")[made.id] = self.delivery

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def take(
        self, code: str = "5.1.1", about: DeliveryId | None = None, to: str = "amina@example.org"
    ) -> Outcome:
        async def academies() -> Sequence[AcademyId]:
            return [FIRST_ACADEMY]

        mail = msgspec.structs.replace(MAIL, message_id=f"{self.delivery.id}@school.example", to_address=to)
        read = PATHS.read(PATHS(mail))
        assert read is not None
        bounce = Bounce(delivery_id=about or self.delivery.id, proof=read[1], code=code, why="550 no such user")
        return await TakeBounce(self.unit, self.clock, academies, PATHS.vouches)(bounce)


async def test_a_dead_address_is_noted_and_its_owner_told_once() -> None:
    world = World()

    assert [await world.take(), await world.take()] == [Outcome.DEAD, Outcome.KNOWN]

    assert [event for event in world.store.events if isinstance(event, MailReturned)] == [
        MailReturned(user_id=LEARNER, at=NOON)
    ]
    dead = await SeeDeadAddress(world.unit)(STAFF, LEARNER)
    assert dead is not None
    assert (dead.address, dead.code) == ("amina@example.org", "5.1.1")


async def test_a_full_mailbox_and_unknown_messages_mark_nobody() -> None:
    world = World()

    assert await world.take("5.2.2") is Outcome.SOFT
    assert await world.take(about=DeliveryId(UUID(int=9))) is Outcome.UNKNOWN
    assert await SeeDeadAddress(world.unit)(STAFF, LEARNER) is None


async def test_a_new_address_is_not_the_dead_one() -> None:
    world = World()
    await world.take()
    world.store.shelf("users")[LEARNER] = msgspec.structs.replace(world.user, email="new@example.org")

    assert await SeeDeadAddress(world.unit)(STAFF, LEARNER) is None
    assert await world.take() is Outcome.UNKNOWN  # what comes back late was sent to the old one
    assert await world.take(to="new@example.org") is Outcome.DEAD


async def test_whoever_has_not_got_the_message_is_not_believed() -> None:
    world = World()

    assert await world.take(to="guessed@example.org") is Outcome.UNKNOWN
    assert world.store.events == []


async def test_staff_have_mail_sent_there_again_and_that_is_written_down() -> None:
    world = World()
    await world.take()

    await MailAgain(world.unit)(STAFF, LEARNER)

    assert [act.action for act in world.store.acts] == ["notification.mail_again"]
    assert await SeeDeadAddress(world.unit)(STAFF, LEARNER) is None
    with pytest.raises(NotFound):
        await MailAgain(world.unit)(STAFF, LEARNER)
    with pytest.raises(NotPermitted):
        await MailAgain(world.unit)(Actor(user_id=LEARNER, role=Role.STUDENT, audience=Audience.MAIN), LEARNER)
