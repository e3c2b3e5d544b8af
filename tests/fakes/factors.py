"""Second factors, passkeys, half-finished sign-ins and linked identities in memory."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from domain.identity.challenge import Challenge, ChallengeEnded
from domain.identity.passkey import Passkey, PasskeyTaken
from domain.identity.provider import LinkedElsewhere, LinkedIdentity
from domain.identity.totp import Authenticator
from domain.ids import PasskeyId, UserId

Shelf = dict[Any, Any]


class MemoryFactors:
    def __init__(self, apps: Shelf, codes: Shelf) -> None:
        self._apps, self._codes = apps, codes

    async def authenticator(self, user_id: UserId) -> Authenticator | None:
        return self._apps.get(user_id)

    async def save_authenticator(self, authenticator: Authenticator) -> None:
        self._apps[authenticator.user_id] = authenticator

    async def remove_authenticator(self, user_id: UserId) -> bool:
        return self._apps.pop(user_id, None) is not None

    async def set_recovery_codes(self, user_id: UserId, hashes: Sequence[bytes]) -> None:
        for key in [key for key in self._codes if key[0] == user_id]:
            del self._codes[key]
        self._codes.update({(user_id, code_hash): None for code_hash in hashes})

    async def use_recovery_code(self, user_id: UserId, code_hash: bytes, *, at: datetime) -> bool:
        if self._codes.get((user_id, code_hash), at) is not None:
            return False
        self._codes[user_id, code_hash] = at
        return True

    async def recovery_codes_left(self, user_id: UserId) -> int:
        return sum(1 for key, used_at in self._codes.items() if key[0] == user_id and used_at is None)


class MemoryPasskeys:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def of(self, user_id: UserId) -> Sequence[Passkey]:
        return sorted((key for key in self._shelf.values() if key.user_id == user_id), key=lambda key: key.created_at)

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        return next((key for key in self._shelf.values() if key.credential_id == credential_id), None)

    async def add(self, passkey: Passkey) -> None:
        if await self.by_credential(passkey.credential_id) is not None:
            raise PasskeyTaken("this passkey is known already")
        self._shelf[passkey.id] = passkey

    async def save(self, passkey: Passkey) -> None:
        self._shelf[passkey.id] = passkey

    async def remove(self, user_id: UserId, passkey_id: PasskeyId) -> bool:
        found = self._shelf.get(passkey_id)
        if found is None or found.user_id != user_id:
            return False
        del self._shelf[passkey_id]
        return True


class MemoryChallenges:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def add(self, challenge: Challenge) -> None:
        self._shelf[challenge.token_hash] = challenge

    async def get(self, token_hash: bytes) -> Challenge:
        if token_hash not in self._shelf:
            raise ChallengeEnded("this took too long or was tried too often; sign in again")
        found: Challenge = self._shelf[token_hash]
        return found

    async def save(self, challenge: Challenge) -> None:
        self._shelf[challenge.token_hash] = challenge

    async def end(self, token_hash: bytes) -> None:
        self._shelf.pop(token_hash, None)

    async def forget(self, *, expired_before: datetime) -> int:
        old = [key for key, challenge in self._shelf.items() if challenge.expires_at < expired_before]
        for key in old:
            del self._shelf[key]
        return len(old)


class MemoryLinkedIdentities:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def find(self, provider: str, subject: str) -> LinkedIdentity | None:
        return self._shelf.get((provider, subject))

    async def of(self, user_id: UserId) -> Sequence[LinkedIdentity]:
        found = (identity for identity in self._shelf.values() if identity.user_id == user_id)
        return sorted(found, key=lambda identity: str(identity.provider))

    async def add(self, identity: LinkedIdentity) -> None:
        if (identity.provider, identity.subject) in self._shelf:
            raise LinkedElsewhere("this identity belongs to another account here")
        self._shelf[identity.provider, identity.subject] = identity

    async def remove(self, user_id: UserId, provider: str) -> bool:
        gone = [key for key, one in self._shelf.items() if one.user_id == user_id and one.provider == provider]
        for key in gone:
            del self._shelf[key]
        return bool(gone)


def build(part: str, shelf: Callable[[str], Shelf]) -> Any:
    """For ``fakes.unit``."""
    if part == "factors":
        return MemoryFactors(shelf("authenticators"), shelf("recovery_codes"))
    if part == "passkeys":
        return MemoryPasskeys(shelf("passkeys"))
    if part == "challenges":
        return MemoryChallenges(shelf("challenges"))
    return MemoryLinkedIdentities(shelf("linked_identities"))
