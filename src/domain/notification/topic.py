"""Which event tells whom what. The matrix is data: its test walks every cell. (NOTI-05)"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

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
    WaysInChanged,
)
from domain.identity.guardianship_events import GuardianInvited, GuardianshipEnded
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


class Topic(StrEnum):
    """What a message is about. One template each."""

    VERIFY_EMAIL = "verify_email"
    WELCOME = "welcome"
    LESSON_REQUESTED = "lesson_requested"
    REQUEST_SENT = "request_sent"
    REQUEST_APPROVED = "request_approved"
    REQUEST_DECLINED = "request_declined"
    REQUEST_EXPIRED = "request_expired"
    LESSON_CONFIRMED = "lesson_confirmed"
    LESSON_RESCHEDULED = "lesson_rescheduled"
    CLASS_MOVED = "class_moved"
    CALENDAR_UNREAD = "calendar_unread"
    CLASS_JOINED = "class_joined"
    CLASS_LEFT = "class_left"
    CLASS_CANCELLED = "class_cancelled"
    CLASS_TIME_MOVED = "class_time_moved"
    CLASS_TIME_CANCELLED = "class_time_cancelled"
    CLASS_TIME_ELSEWHERE = "class_time_elsewhere"
    CLASS_REMINDER = "class_reminder"
    RESCHEDULE_PROPOSED = "reschedule_proposed"
    RESCHEDULE_DECLINED = "reschedule_declined"
    LESSON_CANCELLED = "lesson_cancelled"
    LESSON_REMINDER = "lesson_reminder"
    QARI_ABSENT = "qari_absent"
    RECEIPT = "receipt"
    PAYMENT_FAILED = "payment_failed"
    PAID_TOO_LATE = "paid_too_late"
    REFUND_SENT = "refund_sent"
    REFUND_STUCK = "refund_stuck"
    DISPUTE_OPENED = "dispute_opened"
    FIRST_STEPS = "first_steps"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a topic, not a password
    WAYS_IN_CHANGED = "ways_in_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    CONFIRM_NEW_EMAIL = "confirm_new_email"
    EMAIL_CHANGED = "email_changed"
    INVITED = "invited"
    MAIL_RETURNED = "mail_returned"
    EXPORT_READY = "export_ready"
    ERASURE_SCHEDULED = "erasure_scheduled"
    APPLICATION_RECEIVED = "application_received"
    APPLICATION_WAITS = "application_waits"
    APPLICATION_APPROVED = "application_approved"
    APPLICATION_REJECTED = "application_rejected"
    GUARDIAN_ASKED = "guardian_asked"
    GUARDIANSHIP_ENDED = "guardianship_ended"


class Side(StrEnum):
    """Who hears of it, as seen from the event. ``OTHER_SIDE``: not the one who acted, both when neither did.
    ``SCHOOL`` is the address for copies, where one is set.
    """

    PERSON = "person"
    LEARNER = "learner"
    PAYER = "payer"
    GUARDIAN = "guardian"
    CHILD = "child"
    QARI = "qari"
    MEMBERS = "members"
    OTHER_SIDE = "other_side"
    SCHOOL = "school"


Cell = tuple[Topic, frozenset[Side]]

_BOTH: Final = frozenset({Side.LEARNER, Side.PAYER, Side.QARI})
_CLASS: Final = frozenset({Side.MEMBERS, Side.QARI})
_ALL: Final = _BOTH | {Side.SCHOOL}

MATRIX: Final[Mapping[type[Event], tuple[Cell, ...]]] = {
    UserRegistered: ((Topic.VERIFY_EMAIL, frozenset({Side.PERSON})),),
    VerificationRequested: ((Topic.VERIFY_EMAIL, frozenset({Side.PERSON})),),
    EmailVerified: ((Topic.WELCOME, frozenset({Side.PERSON})),),
    PasswordResetRequested: ((Topic.PASSWORD_RESET, frozenset({Side.PERSON})),),
    WaysInChanged: ((Topic.WAYS_IN_CHANGED, frozenset({Side.PERSON})),),
    PasswordChanged: ((Topic.PASSWORD_CHANGED, frozenset({Side.PERSON})),),
    EmailChangeRequested: ((Topic.CONFIRM_NEW_EMAIL, frozenset({Side.PERSON})),),
    EmailChanged: ((Topic.EMAIL_CHANGED, frozenset({Side.PERSON})),),
    UserInvited: ((Topic.INVITED, frozenset({Side.PERSON})),),
    MailReturned: ((Topic.MAIL_RETURNED, frozenset({Side.PERSON})),),
    ExportReady: ((Topic.EXPORT_READY, frozenset({Side.PERSON})),),
    ErasureScheduled: ((Topic.ERASURE_SCHEDULED, frozenset({Side.PERSON})),),
    ApplicationSubmitted: (
        (Topic.APPLICATION_RECEIVED, frozenset({Side.PERSON})),
        (Topic.APPLICATION_WAITS, frozenset({Side.SCHOOL})),
    ),
    ApplicationApproved: ((Topic.APPLICATION_APPROVED, frozenset({Side.PERSON})),),
    ApplicationRejected: ((Topic.APPLICATION_REJECTED, frozenset({Side.PERSON})),),
    GuardianInvited: ((Topic.GUARDIAN_ASKED, frozenset({Side.GUARDIAN})),),
    GuardianshipEnded: ((Topic.GUARDIANSHIP_ENDED, frozenset({Side.GUARDIAN, Side.CHILD})),),
    BookingRequested: (
        (Topic.LESSON_REQUESTED, frozenset({Side.QARI})),
        (Topic.REQUEST_SENT, frozenset({Side.LEARNER, Side.PAYER})),
    ),
    BookingHeld: ((Topic.REQUEST_APPROVED, frozenset({Side.PAYER})),),
    BookingDeclined: ((Topic.REQUEST_DECLINED, frozenset({Side.LEARNER, Side.PAYER})),),
    BookingExpired: ((Topic.REQUEST_EXPIRED, _BOTH),),
    BookingConfirmed: ((Topic.LESSON_CONFIRMED, _ALL),),
    BookingRescheduled: ((Topic.LESSON_RESCHEDULED, _ALL),),
    CalendarUnread: ((Topic.CALENDAR_UNREAD, frozenset({Side.QARI})),),
    ClassMoved: ((Topic.CLASS_MOVED, _ALL),),
    ClassJoined: ((Topic.CLASS_JOINED, frozenset({Side.MEMBERS})),),
    ClassLeft: ((Topic.CLASS_LEFT, frozenset({Side.MEMBERS})),),
    ClassCancelled: ((Topic.CLASS_CANCELLED, _CLASS),),
    OccurrenceMoved: ((Topic.CLASS_TIME_MOVED, _CLASS),),
    OccurrenceCancelled: ((Topic.CLASS_TIME_CANCELLED, _CLASS),),
    OccurrenceElsewhere: ((Topic.CLASS_TIME_ELSEWHERE, _CLASS),),
    OccurrenceDue: ((Topic.CLASS_REMINDER, _CLASS),),
    RescheduleProposed: ((Topic.RESCHEDULE_PROPOSED, frozenset({Side.OTHER_SIDE})),),
    RescheduleDeclined: ((Topic.RESCHEDULE_DECLINED, frozenset({Side.OTHER_SIDE})),),
    BookingCancelled: ((Topic.LESSON_CANCELLED, _ALL),),
    LessonDue: ((Topic.LESSON_REMINDER, frozenset({Side.LEARNER, Side.QARI})),),
    TeacherNoShow: ((Topic.QARI_ABSENT, _ALL),),
    PaymentCaptured: ((Topic.RECEIPT, frozenset({Side.PAYER})),),
    PaymentFailed: ((Topic.PAYMENT_FAILED, frozenset({Side.PAYER})),),
    PaidTooLate: ((Topic.PAID_TOO_LATE, frozenset({Side.PAYER})),),
    RefundSucceeded: ((Topic.REFUND_SENT, frozenset({Side.PAYER})),),
    StepDue: ((Topic.FIRST_STEPS, frozenset({Side.PERSON})),),
    RefundFailed: ((Topic.REFUND_STUCK, frozenset({Side.SCHOOL})),),
    DisputeOpened: ((Topic.DISPUTE_OPENED, frozenset({Side.SCHOOL})),),
}
