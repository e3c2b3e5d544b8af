"""The link that proves an address: made when the mail is written, good once. (ID-01)"""

from domain.identity.events import AccessChanged
from domain.identity.session import (
    Verification,
    VerificationPurpose,
    derived_token,
    hash_token,
)
from domain.identity.user import User
from domain.ids import EventId, UserId
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class MintVerification:
    """For the writer of the mail: the token to put into the link. The same event gives the same token, so that a
    mail that is written twice carries one link. Raises NotFound.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, secret: str) -> None:
        self._new_unit, self._clock, self._secret = new_unit, clock, secret

    async def __call__(
        self,
        event_id: EventId,
        user_id: UserId,
        purpose: VerificationPurpose = VerificationPurpose.EMAIL,
        address: str | None = None,
    ) -> str:
        """``address``: the one to prove, where it is not the account's."""
        token = derived_token(self._secret, purpose, f"{event_id}:{user_id}")
        verification = Verification.mint(token, user_id, purpose, at=self._clock.now(), address=address)
        async with self._new_unit() as unit:
            await unit.users.get(user_id)
            await unit.verifications.add(verification)
            await unit.commit()
        return token


class VerifyEmail:
    """Whoever holds the link proves the address. Raises NotFound, LinkUsed, LinkExpired."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, token: str) -> User:
        now = self._clock.now()
        async with self._new_unit() as unit:
            verification = await unit.verifications.get(hash_token(token))
            verification.require(VerificationPurpose.EMAIL)
            await unit.verifications.save(verification.use(at=now))
            user = await unit.users.get(verification.user_id)
            if user.email_verified_at is None:
                user, verified = user.verify_email(at=now)
                await unit.users.save(user)
                unit.record(verified, AccessChanged(user_id=user.id, at=now))
            await unit.commit()
        await self._cache.forget(user.id)
        return user
