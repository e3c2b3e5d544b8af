"""The webhook signature: ``Sandbox-Signature: t=<unix seconds>,v1=<hex>``, several v1 while a secret is rotated.

v1 is HMAC-SHA256 over ``"<t>." + raw body`` under the endpoint's secret. It covers the bytes as sent: JSON that was
parsed and written again does not verify. (PAYM-03)
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

HEADER: Final = "sandbox-signature"
TOLERANCE_S: Final = 300


def sign(raw: bytes, secrets: Iterable[str], at: int) -> str:
    """The header's value. ``at`` is in unix seconds."""
    return ",".join([f"t={at}", *(f"v1={_digest(raw, secret, str(at))}" for secret in secrets)])


def problem_with(header: str, raw: bytes, secrets: Iterable[str], now: float) -> str:
    """Why the signature does not hold, "" when it does. Parts of unknown schemes are ignored."""
    stamp, candidates = "", []
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            stamp = value
        elif name == "v1":
            candidates.append(value)
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        return "the signature header has no time"
    if abs(now - int(stamp)) > TOLERANCE_S:
        return f"signed more than {TOLERANCE_S} seconds away from now"
    wanted = [_digest(raw, secret, stamp).encode() for secret in secrets]
    matches = [hmac.compare_digest(digest, given.encode()) for digest in wanted for given in candidates]
    return "" if any(matches) else "no signature matches"


def _digest(raw: bytes, secret: str, stamp: str) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
