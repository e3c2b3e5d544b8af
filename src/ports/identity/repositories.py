"""Accounts, their sessions and the single-use links mailed to them."""

from datetime import datetime
from typing import Protocol

from domain.identity.session import Session, Verification
from domain.identity.user import User
from domain.ids import UserId


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

    async def save(self, user: User) -> None:
        """Stores the next version, roles included. Raises StaleWrite unless ``user.version - 1`` is what is stored."""
        ...


class SessionRepository(Protocol):
    async def add(self, session: Session) -> None: ...

    async def end(self, token_hash: bytes) -> None:
        """Ending an unknown session is no error."""
        ...

    async def end_all(self, user_id: UserId) -> int:
        """How many there were."""
        ...

    async def forget(self, *, expired_before: datetime) -> int:
        """Removes what has ended by itself; how many that were."""
        ...


class VerificationRepository(Protocol):
    async def add(self, verification: Verification) -> None:
        """Adding the same token again changes nothing."""
        ...

    async def get(self, token_hash: bytes) -> Verification:
        """Locked until the unit ends, so that of two uses of one link the second sees the first. Raises NotFound."""
        ...

    async def save(self, verification: Verification) -> None: ...
