"""What happens to money."""

from domain.events import Event, event
from domain.ids import BookingId, PaymentId, RefundId, UserId, WebhookId
from domain.money import Money


class PaymentEvent(Event, frozen=True, kw_only=True):
    payment_id: PaymentId
    payer_id: UserId
    booking_ids: tuple[BookingId, ...]
    amount: Money


@event
class PaymentCaptured(PaymentEvent, frozen=True, kw_only=True, tag="billing.payment_captured"):
    """A verified provider answer says that the money is ours. Booking confirms; the payer gets a receipt."""


@event
class PaymentFailed(PaymentEvent, frozen=True, kw_only=True, tag="billing.payment_failed"):
    """One try failed. The checkout stays open until the hold ends."""

    decline_code: str


class RefundEvent(Event, frozen=True, kw_only=True):
    refund_id: RefundId
    payment_id: PaymentId
    payer_id: UserId
    booking_id: BookingId | None
    amount: Money


@event
class RefundRequested(RefundEvent, frozen=True, kw_only=True, tag="billing.refund_requested"):
    """Committed intent; the worker takes it to the provider."""

    reason: str


@event
class RefundSucceeded(RefundEvent, frozen=True, kw_only=True, tag="billing.refund_succeeded"):
    """``settles_booking``: with it, all that was paid for the booking has gone back."""

    settles_booking: bool


@event
class RefundFailed(RefundEvent, frozen=True, kw_only=True, tag="billing.refund_failed"):
    """A person has to look at it."""

    cause: str


@event
class WebhookDied(Event, frozen=True, kw_only=True, tag="billing.webhook_died"):
    """A provider's message could not be worked on, however often it was tried. A person has to look at it. (PAYM-05)"""

    webhook_id: WebhookId
    provider: str
    account: str
    event_type: str
    error: str
