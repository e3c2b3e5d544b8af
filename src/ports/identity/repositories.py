"""Accounts, their sessions and the single-use links mailed to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from domain.identity.permission import Audience, Role
from domain.identity.session import Ending, Session, Token, Verification, VerificationPurpose
from domain.identity.user import User
from domain.ids import SessionId, UserId


class UserRepository(Protocol):
    async def get(self, user_id: UserId) -> User:
        """Raises NotFound."""
        ...

    async def by_email(self, email: str) -> User | None:
        """Ignores the letter case."""
        ...

    async def add(self, user: User) -> None:
        """Raises EmailTaken when the address is known in any letter case; the unit is then only good for leaving."""
        ...

    async def holders(self, role: Role) -> Sequence[UserId]:
        """Those with that role who may sign in. Locked until the unit ends, so that no two people take the last one
        away together.
        """
        ...

    async def save(self, user: User) -> None:
        """Stores the next version, roles included. Raises StaleWrite unless ``user.version - 1`` is what is stored."""
        ...


class SessionRepository(Protocol):
    async def add(self, session: Session, tokens: Sequence[Token]) -> None: ...

    async def get(self, session_id: SessionId) -> Session:
        """Locked until the unit ends. Raises NotFound."""
        ...

    async def by_token(self, token_hash: bytes) -> tuple[Session, Token]:
        """The session locked until the unit ends, so that of two uses of one token the second sees the first. Raises
        NotFound.
        """
        ...

    async def save(self, session: Session) -> None: ...

    async def rotate(self, used: Token, tokens: Sequence[Token]) -> None:
        """Keeps that ``used`` is used up, and the pair that follows; keeping the same pair again changes nothing."""
        ...

    async def end_all(self, user_id: UserId, *, because: Ending, at: datetime, but: SessionId | None = None) -> int:
        """All that are open, at both doors, except ``but``; how many there were."""
        ...

    async def end_weak(self, roles: Collection[Role], audience: Audience, *, at: datetime) -> Sequence[UserId]:
        """All at that door that are open and were begun with one proof alone, of people who hold one of these roles;
        whose they were. Those that staff look through are none of them.
        """
        ...

    async def looked_through(self, *, until: datetime, limit: int) -> Sequence[Session]:
        """By staff: run out by then and not ended yet. Locked until the unit ends; what is locked is left out."""
        ...

    async def forget(self, *, expired_before: datetime) -> int:
        """Removes sessions and tokens that have ended by themselves; how many sessions that were."""
        ...


class VerificationRepository(Protocol):
    async def add(self, verification: Verification) -> None:
        """Adding the same token again changes nothing."""
        ...

    async def get(self, token_hash: bytes) -> Verification:
        """Locked until the unit ends, so that of two uses of one link the second sees the first. Raises NotFound."""
        ...

    async def save(self, verification: Verification) -> None: ...

    async def void(self, user_id: UserId, purposes: Sequence[VerificationPurpose], *, at: datetime) -> None:
        """Uses up all open links of these kinds: something made them obsolete."""
        ...
