"""A new password for somebody who is signed in. (ID-18)"""

import msgspec

from application.identity.confirm_self import ConfirmSelf
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.password import require_good_password
from domain.identity.permission import Permission
from domain.identity.session import Ending, VerificationPurpose
from domain.ids import SessionId
from ports.clock import Clock
from ports.identity.passwords import PasswordHasher
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class ChangePasswordCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``proof``: the old password, or a code. ``session_id``: the session at hand, which goes on."""

    proof: str
    password: str
    session_id: SessionId


class ChangePassword:
    """Ends all other sessions and makes open reset links useless. Raises NotPermitted, BadProof, TooMany,
    WeakPassword, StaleWrite.
    """

    def __init__(
        self, new_unit: NewUnit, clock: Clock, hasher: PasswordHasher, confirm_self: ConfirmSelf, cache: SessionCache
    ) -> None:
        self._new_unit, self._clock, self._hasher = new_unit, clock, hasher
        self._confirm_self, self._cache = confirm_self, cache

    async def __call__(self, actor: Actor, command: ChangePasswordCommand) -> None:
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, command.proof)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
        password = require_good_password(command.password, email=user.email, name=user.name)
        password_hash, now = await self._hasher.hash(password), self._clock.now()
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            changed, event = user.with_password(password_hash, at=now)
            await unit.users.save(changed)
            await unit.sessions.end_all(user.id, because=Ending.PASSWORD, at=now, but=command.session_id)
            await unit.verifications.void(user.id, (VerificationPurpose.PASSWORD_RESET,), at=now)
            unit.record(event, AccessChanged(user_id=user.id, at=now))
            await unit.commit()
        await self._cache.forget(user.id)
