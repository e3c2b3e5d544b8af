"""A secret address under which a calendar program reads somebody's lessons. (API-09)"""

import hashlib
import secrets
from datetime import datetime
from typing import Final

import msgspec

from domain.ids import UserId

PREFIX: Final = "hf_"


def hash_feed_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """Only the hash is kept: the token is told once, and a new feed ends the old one."""

    token_hash: bytes
    user_id: UserId
    created_at: datetime
    revoked_at: datetime | None = None

    @classmethod
    def open(cls, user_id: UserId, *, at: datetime) -> tuple["Feed", str]:
        token = PREFIX + secrets.token_urlsafe(32)
        return cls(token_hash=hash_feed_token(token), user_id=user_id, created_at=at), token
