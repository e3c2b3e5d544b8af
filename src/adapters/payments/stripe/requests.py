"""What Stripe is asked for: the same for the same request, whenever it is made. (BOOK-19, PAYM-09)

Our ids go into the object and into its payment intent, because Stripe copies nothing from one to the other.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.payments.stripe.amounts import require_enough, to_stripe
from domain.billing.payment import CheckoutMode
from ports.billing.gateway import CheckoutRequest, RefundRequest

PAYMENT: Final = "payment"
CHECKOUT: Final = "checkout"
"""In metadata. Of a payment intent: the mode it was made in; of a refund: the checkout it belongs to."""
REFUND: Final = "refund"
_UI: Final[Mapping[CheckoutMode, str]] = {
    CheckoutMode.HOSTED: "hosted_page",
    CheckoutMode.EMBEDDED: "embedded_page",
}
_AT_LEAST: Final = timedelta(minutes=31)
_AT_MOST: Final = timedelta(hours=23, minutes=59)
_LONGEST_VALUE: Final = 500


def ends_at(request: CheckoutRequest) -> datetime:
    """Stripe's pages live 30 minutes at least and a day at most, reckoned from when it hears of them. So long past the
    end of the hold the first bound is kept however late we ask; we close the page ourselves when the hold ends.
    """
    wanted = request.expires_at + _AT_LEAST
    return wanted if request.created_at is None else min(wanted, request.created_at + _AT_MOST)


def metadata_of(request: CheckoutRequest) -> dict[str, str]:
    told = request.metadata | {PAYMENT: str(request.reference), CHECKOUT: request.mode.value}
    return {key[:40]: value[:_LONGEST_VALUE] for key, value in told.items() if value}


def session_of(request: CheckoutRequest, gateway: str) -> dict[str, Any]:
    """Raises GatewayRefused."""
    require_enough(request.amount, gateway)
    metadata = metadata_of(request)
    hosted = request.mode is CheckoutMode.HOSTED
    back: dict[str, Any] = (
        {"success_url": request.success_url, "cancel_url": request.cancel_url}
        if hosted
        else {"return_url": request.success_url}
    )
    price = {
        "currency": request.amount.currency.lower(),
        "unit_amount": to_stripe(request.amount, gateway),
        "product_data": {"name": request.description[:250]},
    }
    return {
        "mode": "payment",
        "ui_mode": _UI[request.mode],
        "line_items": [{"price_data": price, "quantity": 1}],
        "customer_email": request.payer_email,
        "client_reference_id": str(request.reference),
        "expires_at": int(ends_at(request).timestamp()),
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": request.description[:1000]},
        **back,
    }


def intent_of(request: CheckoutRequest, gateway: str) -> dict[str, Any]:
    """Raises GatewayRefused."""
    require_enough(request.amount, gateway)
    return {
        "amount": to_stripe(request.amount, gateway),
        "currency": request.amount.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "description": request.description[:1000],
        "receipt_email": request.payer_email,
        "metadata": metadata_of(request),
    }


def refund_of(request: RefundRequest, intent_id: str, gateway: str) -> dict[str, Any]:
    """``reason`` is a word of Stripe's own there; ours goes into metadata. Raises GatewayRefused."""
    metadata = {REFUND: str(request.reference), CHECKOUT: request.provider_ref, "reason": request.reason}
    return {
        "payment_intent": intent_id,
        "amount": to_stripe(request.amount, gateway),
        "reason": "requested_by_customer",
        "metadata": {key: value[:_LONGEST_VALUE] for key, value in metadata.items() if value},
    }
