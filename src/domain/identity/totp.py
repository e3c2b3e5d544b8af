"""The six digits of an authenticator app, and the codes for the day the phone is lost. (ID-10)

Source: RFC 6238 with its defaults (SHA-1, six digits, 30 seconds): what every authenticator app understands.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Final

import msgspec
import pyotp

from domain.ids import UserId

STEP_S: Final = 30
TOLERATED_STEPS: Final = 1
"""A phone's clock may be half a minute off; more would only help those who guess."""
RECOVERY_CODES: Final = 10
_RECOVERY_LENGTH: Final = 16
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class Authenticator(msgspec.Struct, frozen=True, kw_only=True):
    """One app on one phone. ``sealed`` is the shared secret as the cipher keeps it. It asks for nothing before it is
    confirmed by a first good code. ``last_step`` is the newest code that was accepted: none is good twice.
    """

    user_id: UserId
    sealed: bytes
    created_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = -1

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    def accept(self, code: str, *, secret: str, at: datetime) -> "Authenticator | None":
        """``secret``: what ``sealed`` holds. None for a code that is wrong, too old, or has been used."""
        step = matching_step(secret, code, at=at)
        if step is None or step <= self.last_step:
            return None
        return msgspec.structs.replace(self, last_step=step, confirmed_at=self.confirmed_at or at)


def new_secret() -> str:
    return pyotp.random_base32()


def matching_step(secret: str, code: str, *, at: datetime) -> int | None:
    """The half minute for which ``code`` is right, among those around ``at``."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    generator, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_S
    found = None
    for step in range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1):
        if secrets.compare_digest(generator.generate_otp(step), digits):
            found = step
    return found


def address_for_app(secret: str, *, account: str, school: str) -> str:
    """``otpauth://…``, what the square code on the page holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=school)


def new_recovery_codes() -> list[str]:
    """Told once. Without letters that look like digits; 79 random bits each, so that a plain hash is enough."""
    codes = ("".join(secrets.choice(_LETTERS) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return ["-".join(code[at : at + 4] for at in range(0, _RECOVERY_LENGTH, 4)) for code in codes]


def hash_recovery_code(code: str) -> bytes:
    """However it is typed: with or without the dashes, in capitals or not."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"recovery:{plain}".encode()).digest()
