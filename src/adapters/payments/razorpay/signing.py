"""Razorpay's two signatures: hex HMAC-SHA256 without a time stamp. Source: the official client, ``utility.py``."""

import hashlib
import hmac
from collections.abc import Sequence


def sign(message: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def is_signed(message: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """With any of the secrets, compared in constant time."""
    given = signature.encode(errors="surrogateescape")
    return any(hmac.compare_digest(sign(message, secret).encode(), given) for secret in secrets)


def of_checkout(order_id: str, payment_id: str) -> bytes:
    return f"{order_id}|{payment_id}".encode()
