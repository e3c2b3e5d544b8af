"""What billing listens to."""

from collections.abc import Mapping
from typing import Final

from domain.booking.events import (
    BookingCancelled,
    BookingCompleted,
    BookingExpired,
    PaidTooLate,
    StudentNoShow,
    TeacherNoShow,
)
from domain.events import Event

REFUND_CANCELLED: Final = "billing.refund_cancelled"
REFUND_TOO_LATE: Final = "billing.refund_too_late"
REFUND_TEACHER_NO_SHOW: Final = "billing.refund_teacher_no_show"
EARN: Final = "billing.earn"
CLOSE_CHECKOUT: Final = "billing.close_checkout"

SUBSCRIPTIONS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    REFUND_CANCELLED: (BookingCancelled,),
    REFUND_TOO_LATE: (PaidTooLate,),
    REFUND_TEACHER_NO_SHOW: (TeacherNoShow,),
    EARN: (BookingCompleted, StudentNoShow, BookingCancelled),
    CLOSE_CHECKOUT: (BookingExpired, BookingCancelled),
}
