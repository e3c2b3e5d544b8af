"""What happens to money."""

from datetime import datetime

from domain.events import Event, event
from domain.ids import BookingId, DisputeId, PaymentId, RefundId, UserId, WebhookId
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
    """``settles_booking``: with it, all that was paid for the booking has gone back. ``otherwise``: the school has paid
    it by other means than the provider.
    """

    settles_booking: bool
    otherwise: bool = False


@event
class RefundFailed(RefundEvent, frozen=True, kw_only=True, tag="billing.refund_failed"):
    """A person has to look at it."""

    cause: str


class DisputeEvent(Event, frozen=True, kw_only=True):
    dispute_id: DisputeId
    payment_id: PaymentId
    payer_id: UserId
    amount: Money


@event
class DisputeOpened(DisputeEvent, frozen=True, kw_only=True, tag="billing.dispute_opened"):
    """The payer's bank asks for the money back. A person has to answer at the provider's, until ``due_by``."""

    reason: str
    due_by: datetime | None = None


@event
class DisputeClosed(DisputeEvent, frozen=True, kw_only=True, tag="billing.dispute_closed"):
    """``status`` is the provider's word for how it ended."""

    status: str


@event
class WebhookDied(Event, frozen=True, kw_only=True, tag="billing.webhook_died"):
    """A provider's message could not be worked on, however often it was tried. A person has to look at it. (PAYM-05)"""

    webhook_id: WebhookId
    provider: str
    account: str
    event_type: str
    error: str
