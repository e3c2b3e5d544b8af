"""Where second factors, passkeys, other providers' identities and half-finished sign-ins are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.identity.challenge import Challenge
from domain.identity.passkey import Passkey
from domain.identity.provider import LinkedIdentity
from domain.identity.totp import Authenticator
from domain.ids import PasskeyId, UserId


class FactorRepository(Protocol):
    """The authenticator app and the recovery codes."""

    async def authenticator(self, user_id: UserId) -> Authenticator | None:
        """Locked until the unit ends, so that of two uses of one code the second sees the first."""
        ...

    async def save_authenticator(self, authenticator: Authenticator) -> None:
        """Takes the place of the one there was."""
        ...

    async def remove_authenticator(self, user_id: UserId) -> bool: ...

    async def set_recovery_codes(self, user_id: UserId, hashes: Sequence[bytes]) -> None:
        """The codes there were are good no more."""
        ...

    async def use_recovery_code(self, user_id: UserId, code_hash: bytes, *, at: datetime) -> bool:
        """False for one that is unknown or used."""
        ...

    async def recovery_codes_left(self, user_id: UserId) -> int: ...


class PasskeyRepository(Protocol):
    async def of(self, user_id: UserId) -> Sequence[Passkey]:
        """Oldest first."""
        ...

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        """Locked until the unit ends."""
        ...

    async def add(self, passkey: Passkey) -> None:
        """Raises PasskeyTaken; the unit is then only good for leaving."""
        ...

    async def save(self, passkey: Passkey) -> None: ...

    async def remove(self, user_id: UserId, passkey_id: PasskeyId) -> bool: ...


class ChallengeRepository(Protocol):
    async def add(self, challenge: Challenge) -> None: ...

    async def get(self, token_hash: bytes) -> Challenge:
        """Locked until the unit ends. Raises ChallengeEnded for one that is not there."""
        ...

    async def save(self, challenge: Challenge) -> None: ...

    async def end(self, token_hash: bytes) -> None: ...

    async def forget(self, *, expired_before: datetime) -> int:
        """How many there were."""
        ...


class LinkedIdentityRepository(Protocol):
    async def find(self, provider: str, subject: str) -> LinkedIdentity | None: ...

    async def of(self, user_id: UserId) -> Sequence[LinkedIdentity]:
        """By provider."""
        ...

    async def add(self, identity: LinkedIdentity) -> None:
        """Raises LinkedElsewhere; the unit is then only good for leaving."""
        ...

    async def remove(self, user_id: UserId, provider: str) -> bool: ...
