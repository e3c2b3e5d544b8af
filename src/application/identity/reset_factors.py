"""Phone and codes are lost: a member of staff who has made sure of the person takes his second factors away."""

import msgspec

from domain.errors import Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged, WayIn, WaysInChanged
from domain.identity.permission import Permission, Role
from domain.identity.session import Ending
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class ResetFactorsCommand(msgspec.Struct, frozen=True, kw_only=True):
    actor: Actor
    user_id: UserId
    reason: str


class ResetFactors:
    """All sessions end with it. Raises NotPermitted, NotFound, Invalid without a reason."""

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._session_cache = new_unit, clock, session_cache

    async def __call__(self, command: ResetFactorsCommand) -> None:
        command.actor.require(Permission.MANAGE_PEOPLE)
        reason = command.reason.strip()
        if not reason:
            raise Invalid("a reason is needed", field="reason")
        now, user_id = self._clock.now(), command.user_id
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            if Role.OWNER in user.roles and command.actor.role is not Role.OWNER:
                raise NotPermitted("only an owner does this for an owner")
            totp = await unit.factors.remove_authenticator(user.id)
            passkeys = await unit.passkeys.of(user.id)
            if not totp and not passkeys:
                raise NotFound("there is no second factor to take away")
            for passkey in passkeys:
                await unit.passkeys.remove(user.id, passkey.id)
            await unit.factors.set_recovery_codes(user.id, ())
            await unit.sessions.end_all(user.id, because=Ending.EVERYWHERE, at=now)
            unit.record(
                AccessChanged(user_id=user.id, at=now), WaysInChanged(user_id=user.id, change=WayIn.RESET, at=now)
            )
            unit.note(
                Act(
                    actor=command.actor,
                    action="identity.factors_reset",
                    subject=("user", str(user.id)),
                    before={"totp": totp, "passkeys": len(passkeys)},
                    after={"totp": False, "passkeys": 0},
                    reason=reason,
                )
            )
            await unit.commit()
        await self._session_cache.forget(user_id)
