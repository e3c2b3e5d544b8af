"""Choosing a password with a mailed link: after forgetting the old one, or as the first one, when invited. (ID-18)"""

from domain.identity.account import is_staff
from domain.identity.events import AccessChanged
from domain.identity.password import require_good_password
from domain.identity.session import Ending, LinkUsed, VerificationPurpose, hash_token
from domain.identity.user import User
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.passwords import PasswordHasher
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit

GOOD_FOR: tuple[VerificationPurpose, ...] = (VerificationPurpose.PASSWORD_RESET, VerificationPurpose.INVITE)


class ResetPassword:
    """Ends all sessions everywhere and makes every other such link useless. The link came to the mailbox, so it proves
    the address too. Raises NotFound, LinkUsed, LinkExpired, WeakPassword, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, hasher: PasswordHasher, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._hasher, self._cache = new_unit, clock, hasher, cache

    async def __call__(self, token: str, password: str) -> User:
        user = await self.peek(token)
        password = require_good_password(password, email=user.email, name=user.name)
        password_hash = await self._hasher.hash(password)
        now = self._clock.now()
        async with self._new_unit() as unit:
            link = await unit.verifications.get(hash_token(token))
            await unit.verifications.save(link.use(at=now))
            await unit.verifications.void(link.user_id, GOOD_FOR, at=now)
            user = await unit.users.get(link.user_id)
            changed, event = user.with_password(password_hash, at=now, by_mail=True)
            await unit.users.save(changed)
            await unit.sessions.end_all(user.id, because=Ending.PASSWORD, at=now)
            unit.record(event, AccessChanged(user_id=user.id, at=now))
            if is_staff(user):
                action = "identity.accept_invite" if link.purpose is VerificationPurpose.INVITE else "identity.reset"
                unit.note(Act(actor=None, action=action, subject=("user", str(user.id)), reason="mailed link"))
            await unit.commit()
        await self._cache.forget(user.id)
        return changed

    async def peek(self, token: str) -> User:
        """Whose link it is, without using it up: before the slow part, and for the page that asks for the password.
        Raises NotFound, LinkUsed, LinkExpired.
        """
        async with self._new_unit() as unit:
            link = await unit.verifications.get(hash_token(token))
            link.require(*GOOD_FOR)
            link.use(at=self._clock.now())
            user = await unit.users.get(link.user_id)
        if not user.may_sign_in:
            raise LinkUsed("this link is not good any more")
        return user
