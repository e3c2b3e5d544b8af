"""Half signed in: what is remembered between the first proof and the second, and while a passkey is asked. (ID-10)"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import NotSignedIn
from domain.identity.permission import Audience
from domain.identity.session import Factor, hash_token
from domain.ids import UserId

LIFETIME: Final = timedelta(minutes=10)
TRIES: Final = 5


class ChallengeEnded(NotSignedIn):
    """Unknown, too old, tried too often, or of the other entrance: one answer, sign in again."""

    code = "challenge_ended"


class ChallengePurpose(StrEnum):
    SECOND_FACTOR = "second_factor"
    PASSKEY_SIGN_IN = "passkey_sign_in"
    PASSKEY_ADDING = "passkey_adding"


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """``user_id`` is None where only the answer tells who it is. ``proofs`` are given already. ``enroll``: the school
    asks for a second factor and there is none yet. ``nonce`` is what a passkey has to sign. Good for one door.
    """

    token_hash: bytes
    purpose: ChallengePurpose
    audience: Audience
    user_id: UserId | None
    proofs: tuple[Factor, ...] = ()
    enroll: bool = False
    nonce: bytes = b""
    tries_left: int = TRIES
    created_at: datetime
    expires_at: datetime

    @classmethod
    def begin(
        cls,
        purpose: ChallengePurpose,
        *,
        audience: Audience,
        user_id: UserId | None,
        at: datetime,
        proofs: tuple[Factor, ...] = (),
        enroll: bool = False,
    ) -> tuple["Challenge", str]:
        """The challenge, and the token that is told once."""
        token = secrets.token_urlsafe(32)
        challenge = cls(
            token_hash=hash_token(token),
            purpose=purpose,
            audience=audience,
            user_id=user_id,
            proofs=proofs,
            enroll=enroll,
            nonce=secrets.token_bytes(32),
            created_at=at,
            expires_at=at + LIFETIME,
        )
        return challenge, token

    def require(self, purpose: ChallengePurpose, *, audience: Audience, at: datetime) -> None:
        """Raises ChallengeEnded."""
        fits = self.purpose is purpose and self.audience is audience
        if not fits or self.expires_at <= at or self.tries_left <= 0:
            raise ChallengeEnded("this took too long or was tried too often; sign in again")

    def tried(self) -> "Challenge":
        return msgspec.structs.replace(self, tries_left=self.tries_left - 1)
