"""What booking listens to."""

from collections.abc import Mapping
from typing import Final

from domain.billing.events import PaymentCaptured, RefundSucceeded
from domain.events import Event

SUBSCRIPTIONS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    "booking.confirm_paid": (PaymentCaptured,),
    "booking.mark_refunded": (RefundSucceeded,),
}
