"""Reports of mail that could not be delivered, as mail servers write them. (RFC 3464, RFC 6522)

Only the address that a report came back to says which message it is about: it is signed, the rest anybody can write.
"""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from adapters.messaging.email.verp import ReturnPaths
from domain.ids import DeliveryId
from domain.notification.bounce import Bounce

LONGEST: Final = 512 * 1024
ENVELOPE: Final = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
"""Where the server that took the report in says whom it was for."""
_ADDRESS: Final = re.compile(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+")
_CODE: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class BounceMail:
    def __init__(self, paths: ReturnPaths) -> None:
        self._paths = paths

    def read(self, raw: bytes) -> Bounce | None:
        """None for what is no report of a failure, or about none of our messages."""
        message = message_from_bytes(raw[:LONGEST], policy=SMTP)
        about = self._about(message)
        status = _status(message)
        if about is None or status is None:
            return None
        code = _CODE.search(_text(status, "Status"))
        if _text(status, "Action").strip().lower() != "failed" or code is None:
            return None
        why = " ".join(_text(status, "Diagnostic-Code").partition(";")[2].split())
        return Bounce(delivery_id=about[0], proof=about[1], code=code[0], why=why[:200])

    def _about(self, message: EmailMessage) -> tuple[DeliveryId, str] | None:
        for name in ENVELOPE:
            for value in message.get_all(name, []):
                for address in _ADDRESS.findall(str(value)):
                    found = self._paths.read(address)
                    if found is not None:
                        return found
        return None


def _status(message: EmailMessage) -> EmailMessage | None:
    """What became of the recipient: of one, for each of our messages has one."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks := part.get_payload(), list):
            return next((block for block in blocks if isinstance(block, EmailMessage) and "Action" in block), None)
    return None


def _text(part: EmailMessage, name: str) -> str:
    return str(part.get(name, ""))
