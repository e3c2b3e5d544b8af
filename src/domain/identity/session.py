"""Being signed in: a session for each device, opaque tokens on the person's side, hashes on ours. (ID-04, ID-05)

A session hands out pairs: an access token for a quarter of an hour, and a refresh token that is good for one further
pair. A refresh token that comes back after it was used means that two hold it, so the session ends. (RFC 9700, 4.14.2)
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Gone, NotFound, NotPermitted, NotSignedIn
from domain.identity.permission import GRANTS, Audience, Role
from domain.ids import SessionId, UserId

PREFIXES: Final = {Audience.MAIN: "hm_", Audience.ADMIN: "ha_"}
ACCESS_LIFETIME: Final = timedelta(minutes=15)
LIFETIMES: Final = {Audience.MAIN: timedelta(days=30), Audience.ADMIN: timedelta(hours=12)}
"""How long a device may stay away before it has to sign in again."""
LONGEST: Final = {Audience.MAIN: timedelta(days=180), Audience.ADMIN: timedelta(hours=12)}
"""When everybody signs in again, however busy the device was."""
IMPERSONATION_LIFETIME: Final = timedelta(minutes=20)
GRACE: Final = timedelta(seconds=30)
"""A browser asks for several things at once: all of them may carry the refresh token that the first one uses up."""
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


class SessionOver(NotSignedIn):
    """It has ended or expired."""

    code = "session_over"


class TokenReplayed(NotSignedIn):
    """A refresh token came back after it was used up: somebody else may hold it."""

    code = "token_replayed"


class TokenKind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


class Ending(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REMOVED = "removed"
    EVERYWHERE = "everywhere"
    REPLAYED = "replayed"
    PASSWORD = "password"  # noqa: S105 - the reason, not the word itself
    BLOCKED = "blocked"
    ERASED = "erased"
    RAN_OUT = "ran_out"
    """Only said of those that somebody else looked through; any other one just expires."""
    WEAK = "weak"
    """The school began to ask for a second factor, and none was shown."""


class Factor(StrEnum):
    """What somebody has shown to be let in."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    PROVIDER = "provider"
    STAFF = "staff"
    """Nothing of the person's own: a member of staff looks through these eyes."""


STRONG: Final = frozenset({Factor.TOTP, Factor.RECOVERY_CODE, Factor.PASSKEY})
"""What satisfies a school that asks for a second factor."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """``generation`` counts the pairs of one session."""

    hash: bytes
    session_id: SessionId
    kind: TokenKind
    generation: int
    expires_at: datetime
    rotated_at: datetime | None = None


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A pair as it is told to its owner, once, and as we keep it. ``expires_at``: of the access token. There is no
    refresh token where a session must not be prolonged.
    """

    access: str
    refresh: str | None
    expires_at: datetime
    tokens: tuple[Token, ...]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """``device``: what it calls itself, in words. ``impersonator``: see ``Actor``."""

    id: SessionId
    user_id: UserId
    audience: Audience
    role: Role
    device: str = ""
    factors: tuple[Factor, ...] = (Factor.PASSWORD,)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    ended_because: Ending | None = None
    impersonator: UserId | None = None

    @classmethod
    def open(
        cls,
        session_id: SessionId,
        user_id: UserId,
        *,
        audience: Audience,
        role: Role,
        at: datetime,
        device: str = "",
        factors: tuple[Factor, ...] = (Factor.PASSWORD,),
        impersonator: UserId | None = None,
    ) -> tuple["Session", Issued]:
        """The session, and its first pair."""
        lifetime = LIFETIMES[audience] if impersonator is None else IMPERSONATION_LIFETIME
        session = cls(
            id=session_id,
            user_id=user_id,
            audience=audience,
            role=role,
            device=device,
            factors=factors,
            created_at=at,
            last_seen_at=at,
            expires_at=at + lifetime,
            impersonator=impersonator,
        )
        prefix = PREFIXES[audience]
        refresh = prefix + secrets.token_urlsafe(32) if impersonator is None else None
        return session, session._issue(prefix + secrets.token_urlsafe(32), refresh, generation=1, at=at)

    def renew(
        self, token: Token, presented: str, secret: str, *, at: datetime, grace: timedelta = timedelta()
    ) -> tuple["Session", Token, Issued]:
        """The session for longer, the token as used up, and the pair that follows from it: within ``grace`` of its
        first use it is the same pair again, which ``secret`` makes out of what was presented.
        Raises SessionOver, TokenReplayed: then ``end`` it with REPLAYED.
        """
        if not self.is_open(at) or token.kind is not TokenKind.REFRESH or token.expires_at <= at:
            raise SessionOver("this session has ended; sign in again")
        first = token.rotated_at or at
        if at - first > grace or (token.rotated_at is not None and not grace):
            raise TokenReplayed("this session was used from two places; sign in again")
        ends = min(first + LIFETIMES[self.audience], self.created_at + LONGEST[self.audience])
        longer = msgspec.structs.replace(self, expires_at=max(self.expires_at, ends), last_seen_at=at)
        access, refresh = (_successor(secret, kind, presented, self.audience) for kind in TokenKind)
        issued = longer._issue(access, refresh, generation=token.generation + 1, at=first)
        return longer, msgspec.structs.replace(token, rotated_at=first), issued

    def _issue(self, access: str, refresh: str | None, *, generation: int, at: datetime) -> Issued:
        expires = self.expires_at if refresh is None else min(at + ACCESS_LIFETIME, self.expires_at)
        tokens = [(access, TokenKind.ACCESS, expires)]
        if refresh is not None:
            tokens.append((refresh, TokenKind.REFRESH, self.expires_at))
        return Issued(
            access=access,
            refresh=refresh,
            expires_at=expires,
            tokens=tuple(
                Token(hash=hash_token(text), session_id=self.id, kind=kind, generation=generation, expires_at=until)
                for text, kind, until in tokens
            ),
        )

    def is_open(self, at: datetime) -> bool:
        return self.ended_at is None and at < self.expires_at

    def act_as(self, role: Role, *, held: Collection[Role]) -> "Session":
        """Another hat of the same person. Raises NotPermitted unless he has it and it has business behind this door."""
        if role not in held or role not in GRANTS[self.audience]:
            raise NotPermitted("you do not have the role {role} here", role=role.value)
        return msgspec.structs.replace(self, role=role)

    def end(self, because: Ending, *, at: datetime) -> "Session":
        """Ending it again changes nothing."""
        if self.ended_at is not None:
            return self
        return msgspec.structs.replace(self, ended_at=at, ended_because=because)


def _successor(secret: str, kind: TokenKind, presented: str, audience: Audience) -> str:
    made = hmac.new(secret.encode(), f"session:{kind}:{presented}".encode(), hashlib.sha256).digest()
    return PREFIXES[audience] + urlsafe_b64encode(made).rstrip(b"=").decode()


class LinkUsed(Gone):
    code = "link_used"


class LinkExpired(Gone):
    code = "link_expired"


class VerificationPurpose(StrEnum):
    """What a mailed link, or a link handed from one door to the other, is good for."""

    EMAIL = "email"
    NEW_EMAIL = "new_email"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password
    INVITE = "invite"
    IMPERSONATION = "impersonation"


LINK_LIFETIMES: Final = {
    VerificationPurpose.EMAIL: VERIFICATION_LIFETIME,
    VerificationPurpose.NEW_EMAIL: timedelta(days=1),
    VerificationPurpose.PASSWORD_RESET: timedelta(hours=1),
    VerificationPurpose.INVITE: timedelta(days=7),
    VerificationPurpose.IMPERSONATION: timedelta(minutes=2),
}


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a mail, good once. ``address``: the one that it proves, where that is not the account's; of an
    impersonation, the id of the member of staff.
    """

    token_hash: bytes
    user_id: UserId
    purpose: VerificationPurpose
    address: str | None = None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    @classmethod
    def mint(
        cls, token: str, user_id: UserId, purpose: VerificationPurpose, *, at: datetime, address: str | None = None
    ) -> "Verification":
        return cls(
            token_hash=hash_token(token),
            user_id=user_id,
            purpose=purpose,
            address=address,
            created_at=at,
            expires_at=at + LINK_LIFETIMES[purpose],
        )

    def require(self, *purposes: VerificationPurpose) -> None:
        """Raises NotFound for a link that is good for something else."""
        if self.purpose not in purposes:
            raise NotFound("there is no such link")

    def use(self, *, at: datetime) -> "Verification":
        """Raises LinkUsed, LinkExpired."""
        if self.used_at is not None:
            raise LinkUsed("this link has been used already")
        if self.expires_at <= at:
            raise LinkExpired("this link has expired; ask for a new one")
        return msgspec.structs.replace(self, used_at=at)
