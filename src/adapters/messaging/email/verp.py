"""A sender's address of its own for each message, so that what comes back tells which one it was. (NOTI-01)

The address is signed, together with the reader's: nobody who has not got the message can say that it came back, and
what comes back late says nothing of the address that somebody has meanwhile. Source: D. J. Bernstein, "Variable
envelope return paths".
"""

import hashlib
import hmac
from typing import Final
from uuid import UUID

from domain.ids import DeliveryId
from ports.notification.mail import Mail

_LENGTH: Final = 16


class ReturnPaths:
    """``address``: where such mail is taken in, ``bounces@school.example``; with none every message bears ``usual``."""

    def __init__(self, address: str, *, usual: str, secret: str) -> None:
        self._local, _, self._domain = address.rpartition("@")
        self._usual = usual
        self._key = hashlib.sha256(b"return path:" + secret.encode()).digest()

    def __call__(self, mail: Mail) -> str:
        try:
            one = UUID(mail.message_id.partition("@")[0])
        except ValueError:
            return self._usual
        return (
            f"{self._local}+{one.hex}-{self._sign(one, mail.to_address)}@{self._domain}" if self._local else self._usual
        )

    def read(self, address: str) -> tuple[DeliveryId, str] | None:
        """Which message it was, and the proof of it; None for an address that is none of ours."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        start, _, told = local.rpartition("+")
        hexed, _, signature = told.partition("-")
        if not self._local or domain.lower() != self._domain.lower() or start.lower() != self._local.lower():
            return None
        try:
            one = UUID(hex=hexed)
        except ValueError:
            return None
        return DeliveryId(one), signature.lower()

    def vouches(self, delivery_id: DeliveryId, reader: str, proof: str) -> bool:
        """Whether that message went to that reader's address."""
        return hmac.compare_digest(proof.encode(), self._sign(delivery_id, reader).encode())

    def _sign(self, one: UUID, reader: str) -> str:
        return hmac.new(self._key, one.bytes + reader.lower().encode(), hashlib.sha256).hexdigest()[:_LENGTH]
