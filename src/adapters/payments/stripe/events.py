"""Stripe's webhooks: is it theirs, is it ours, and whom does it concern. (PAYM-03, PAYM-07)

Source: Stripe docs, "Resolve webhook signature verification errors". The SDK's own check looks at the machine's clock;
ours is told the time.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from adapters.payments.stripe.requests import CHECKOUT, PAYMENT
from adapters.payments.stripe.snapshots import instant
from adapters.payments.stripe.wire import Event
from ports.billing.gateway import ProviderEvent
from ports.errors import BadSignature

HEADER: Final = "stripe-signature"
TOLERANCE_S: Final = 300


def read(
    gateway: str, raw: bytes, headers: Mapping[str, str], secrets: Iterable[str], *, now: float, live: bool
) -> ProviderEvent:
    """Raises BadSignature."""
    if problem := problem_with(headers.get(HEADER, ""), raw, secrets, now):
        raise BadSignature(gateway, problem)
    try:
        event = msgspec.json.decode(raw, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSignature(gateway, f"the event cannot be read: {error}") from error
    if event.livemode != live:
        raise BadSignature(gateway, "test and live events do not mix")
    ref = "" if event.account else concerned(event.type, event.data.object)
    return ProviderEvent(event_id=event.id, type=event.type, object_ref=ref, created_at=instant(event.created))


def concerned(type: str, told: Mapping[str, Any]) -> str:
    """What to fetch; "" for what no payment of ours has to do with, such as other programs' use of the account."""
    raw = told.get("metadata")
    metadata = raw if isinstance(raw, dict) else {}
    if type.startswith(("checkout.session.", "payment_intent.")):
        return _id(told.get("id")) if PAYMENT in metadata else ""
    if type.startswith("refund."):
        return _id(metadata.get(CHECKOUT)) or _id(told.get("payment_intent"))
    if type.startswith("charge.dispute."):
        return _id(told.get("id"))
    if type == "charge.refunded":
        return _id(told.get("payment_intent"))
    return ""


def problem_with(header: str, raw: bytes, secrets: Iterable[str], now: float) -> str:
    """Why the signature does not hold, "" when it does. Other schemes than v1 are ignored."""
    stamp, given = "", []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            stamp = value
        elif name == "v1":
            given.append(value.encode())
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return "the signature header has no time"
    if abs(now - int(stamp)) > TOLERANCE_S:
        return f"signed more than {TOLERANCE_S} seconds away from now"
    wanted = [_digest(raw, secret, stamp) for secret in secrets]
    matches = [hmac.compare_digest(digest, one) for digest in wanted for one in given]
    return "" if any(matches) else "no signature matches"


def _digest(raw: bytes, secret: str, stamp: str) -> bytes:
    return hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest().encode()


def _id(value: object) -> str:
    return value if isinstance(value, str) else ""
