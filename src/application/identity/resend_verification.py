"""Another mail with a new link, for somebody whose address is not proven yet."""

from domain.errors import Conflict
from domain.identity.actor import Actor
from domain.identity.events import VerificationRequested
from domain.identity.permission import Permission
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class AlreadyVerified(Conflict):
    code = "already_verified"


class ResendVerification:
    """Raises NotPermitted, AlreadyVerified."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> None:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            if user.email_verified_at is not None:
                raise AlreadyVerified("this address is proven already")
            unit.record(VerificationRequested(user_id=user.id, at=self._clock.now()))
            await unit.commit()
