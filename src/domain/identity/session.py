"""Being signed in: an opaque token on the person's side, its hash on ours. (ID-05, ID-07)"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Gone
from domain.identity.permission import Audience, Role
from domain.ids import UserId

PREFIXES: Final = {Audience.MAIN: "hm_", Audience.ADMIN: "ha_"}
LIFETIMES: Final = {Audience.MAIN: timedelta(days=30), Audience.ADMIN: timedelta(hours=12)}
SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly we know when a session was used last: writing it down on every request would cost more than it tells."""
VERIFICATION_LIFETIME: Final = timedelta(days=3)


def hash_token(token: str) -> bytes:
    """Plain SHA-256 is enough: a token has 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(token.encode()).digest()


def audience_of(token: str) -> Audience | None:
    """The door a token was made for, by its prefix alone; says nothing about whether it is still good."""
    return next((audience for audience, prefix in PREFIXES.items() if token.startswith(prefix)), None)


def derived_token(secret: str, purpose: str, subject: str) -> str:
    """The same token for the same subject every time, so that a message sent twice carries one link."""
    return hmac.new(secret.encode(), f"{purpose}:{subject}".encode(), hashlib.sha256).hexdigest()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    token_hash: bytes
    user_id: UserId
    audience: Audience
    role: Role
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime

    @classmethod
    def start(cls, user_id: UserId, *, audience: Audience, role: Role, at: datetime) -> tuple["Session", str]:
        """The session, and the token that is told to its owner once."""
        token = PREFIXES[audience] + secrets.token_urlsafe(32)
        session = cls(
            token_hash=hash_token(token),
            user_id=user_id,
            audience=audience,
            role=role,
            created_at=at,
            last_seen_at=at,
            expires_at=at + LIFETIMES[audience],
        )
        return session, token


class LinkUsed(Gone):
    code = "link_used"


class LinkExpired(Gone):
    code = "link_expired"


class VerificationPurpose(StrEnum):
    EMAIL = "email"


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a mail, good once."""

    token_hash: bytes
    user_id: UserId
    purpose: VerificationPurpose
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def use(self, *, at: datetime) -> "Verification":
        """Raises LinkUsed, LinkExpired."""
        if self.used_at is not None:
            raise LinkUsed("this link has been used already")
        if self.expires_at <= at:
            raise LinkExpired("this link has expired; ask for a new one")
        return msgspec.structs.replace(self, used_at=at)
