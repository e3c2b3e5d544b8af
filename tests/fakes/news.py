"""People, lessons and one event of each kind, for tests of messages."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.billing.events import DisputeOpened, PaymentCaptured, PaymentFailed, RefundFailed, RefundSucceeded
from domain.booking.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingRequested,
    BookingRescheduled,
    PaidTooLate,
    RescheduleDeclined,
    RescheduleProposed,
    TeacherNoShow,
)
from domain.events import Event
from domain.identity.actor import Party
from domain.identity.events import (
    EmailChanged,
    EmailChangeRequested,
    EmailVerified,
    ErasureScheduled,
    ExportReady,
    PasswordChanged,
    PasswordResetRequested,
    UserInvited,
    UserRegistered,
    VerificationRequested,
    WayIn,
    WaysInChanged,
)
from domain.identity.guardianship_events import GuardianInvited, GuardianshipEnded
from domain.identity.permission import Role
from domain.ids import (
    ApplicationId,
    BookingId,
    ConnectionId,
    DisputeId,
    EventId,
    GroupClassId,
    GuardianshipId,
    PaymentId,
    ProposalId,
    RefundId,
    UserId,
)
from domain.money import Money
from domain.notification.events import LessonDue, MailReturned
from domain.notification.sequence import StepDue
from domain.onboarding.events import ApplicationApproved, ApplicationRejected, ApplicationSubmitted
from domain.scheduling.class_events import (
    ClassCancelled,
    ClassJoined,
    ClassLeft,
    OccurrenceCancelled,
    OccurrenceDue,
    OccurrenceElsewhere,
    OccurrenceMoved,
)
from domain.scheduling.connection_events import CalendarUnread
from domain.scheduling.meeting_events import ClassMoved
from fakes.clock import NOON
from ports.notification.queries import Lesson, Person

LEARNER: Final = UserId(UUID(int=1))
PAYER: Final = UserId(UUID(int=2))
QARI: Final = UserId(UUID(int=3))
LESSON: Final = BookingId(UUID(int=10))
PAYMENT: Final = PaymentId(UUID(int=20))
EVENT: Final = EventId(UUID(int=30))
STARTS: Final = NOON + timedelta(days=3)
PRICE: Final = Money(1500, "USD")


def a_person(user_id: UserId = LEARNER, **changes: Any) -> Person:
    names = {LEARNER: ("Amina", "Europe/London"), PAYER: ("Yusuf", "Europe/London"), QARI: ("Bilal", "Asia/Karachi")}
    name, zone = names.get(user_id, ("Somebody", "UTC"))
    person = Person(user_id=user_id, name=name, email=f"{name.lower()}@example.org", zone=zone, locale="en")
    return msgspec.structs.replace(person, **changes)


def a_lesson(**changes: Any) -> Lesson:
    lesson = Lesson(
        booking_id=LESSON,
        starts_at=STARTS,
        ends_at=STARTS + timedelta(minutes=45),
        status="confirmed",
        sequence=0,
        price=PRICE,
        learner=a_person(LEARNER),
        qari=a_person(QARI),
        payer_id=PAYER,
        created_at=NOON,
    )
    return msgspec.structs.replace(lesson, **changes)


def an_event(kind: type[Event], **changes: Any) -> Event:
    """Of that kind, about the lesson above, with believable facts."""
    return kind(**{**_facts(kind), **changes})


def _facts(kind: type[Event]) -> dict[str, Any]:
    wanted = set(kind.__struct_fields__)
    known: dict[str, Any] = {
        "at": NOON,
        "user_id": LEARNER,
        "application_id": ApplicationId(UUID(int=31)),
        "role": Role.QARI,
        "edition": 1,
        "guardianship_id": GuardianshipId(UUID(int=32)),
        "guardian_id": PAYER,
        "child_id": LEARNER,
        "at_majority": True,
        "decided_by": PAYER,
        "step": "find_a_qari",
        "change": WayIn.PASSKEY_ADDED,
        "email": "new@example.org",
        "was": "old@example.org",
        "due_at": NOON + timedelta(days=14),
        "booking_id": LESSON,
        "booking_ids": (LESSON,),
        "learner_id": LEARNER,
        "payer_id": PAYER,
        "qari_id": QARI,
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(minutes=45),
        "was_starts_at": STARTS - timedelta(days=1),
        "was_ends_at": STARTS - timedelta(days=1) + timedelta(minutes=45),
        "proposed_starts_at": STARTS + timedelta(days=1),
        "answer_by": NOON + timedelta(days=1),
        "hold_expires_at": NOON + timedelta(minutes=15),
        "after_request": True,
        "sequence": 1,
        "by": Party.LEARNER,
        "reason": "",
        "was_confirmed": True,
        "refund": Money(750, "USD"),
        "forfeited": Money(750, "USD"),
        "payment_id": PAYMENT,
        "refund_id": RefundId(UUID(int=21)),
        "proposal_id": ProposalId(UUID(int=11)),
        "amount": PRICE,
        "decline_code": "insufficient_funds",
        "cause": "the card was closed",
        "settles_booking": True,
        "lead_min": 60,
        "connection_id": ConnectionId(UUID(int=33)),
        "label": "Family",
        "lost": True,
        "strict": False,
        "failed": "zoom",
        "class_id": GroupClassId(UUID(int=34)),
        "lesson_id": LESSON,
        "learner_ids": (LEARNER,),
        "title": "Tajwid on Mondays",
        "provider": "jitsi",
        "dispute_id": DisputeId(UUID(int=35)),
    }
    return {name: value for name, value in known.items() if name in wanted}


EVERY_KIND: Final[tuple[type[Event], ...]] = (
    WaysInChanged, PasswordResetRequested, PasswordChanged,
    EmailChangeRequested, EmailChanged, UserInvited, MailReturned, ExportReady,
    ApplicationSubmitted, ApplicationApproved, ApplicationRejected,
    GuardianInvited, GuardianshipEnded, ErasureScheduled, UserRegistered, VerificationRequested, EmailVerified,
    BookingRequested, BookingHeld, BookingDeclined,
    BookingExpired, BookingConfirmed, BookingRescheduled, RescheduleProposed, RescheduleDeclined, BookingCancelled,
    ClassMoved, CalendarUnread,
    ClassJoined, ClassLeft, ClassCancelled, OccurrenceMoved, OccurrenceCancelled, OccurrenceElsewhere, OccurrenceDue,
    LessonDue, StepDue, TeacherNoShow, PaymentCaptured, PaymentFailed, PaidTooLate, RefundSucceeded, RefundFailed,
    DisputeOpened,
)  # fmt: skip


def starting(moment: datetime, **changes: Any) -> Lesson:
    return a_lesson(starts_at=moment, ends_at=moment + timedelta(minutes=45), **changes)
