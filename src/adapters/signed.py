"""Messages of other systems, signed the way ours are: ``t=<unix seconds>,v1=<hex>``, where the hex is HMAC-SHA256 over
``<t>.<body>`` with a shared secret.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from ports.errors import BadSignature

HEADER: Final = "halaqa-signature"


def require_signed(
    gateway: str, signature: str, body: bytes, *, secrets: Sequence[str], now: datetime, tolerance_s: int
) -> None:
    """Raises BadSignature."""
    parts = [part.strip().partition("=") for part in signature.split(",")]
    moments = [value for name, _, value in parts if name == "t" and value.isascii() and value.isdigit()]
    given = [value for name, _, value in parts if name == "v1"]
    if len(moments) != 1 or len(moments[0]) > 12 or not given:
        raise BadSignature(gateway, "not signed")
    if abs(now.timestamp() - int(moments[0])) > tolerance_s:
        raise BadSignature(gateway, "signed too long ago")
    signed = moments[0].encode() + b"." + body
    made = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in made for other in given):
        raise BadSignature(gateway, "not signed with our secret")
