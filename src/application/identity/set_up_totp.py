"""Adding an authenticator app to an account, and taking it away. (ID-10)"""

from datetime import datetime

import msgspec

from application.identity.confirm_self import ConfirmSelf
from application.identity.second_factor import (
    factors_of,
    is_asked_for,
    recovery_codes_with_the_first,
    renewed_recovery_codes,
)
from domain.errors import Conflict, Invalid, NotFound
from domain.identity.actor import Actor
from domain.identity.events import WayIn, WaysInChanged
from domain.identity.permission import Permission
from domain.identity.session import Factor
from domain.identity.totp import Authenticator, address_for_app, new_secret
from domain.identity.user import User
from domain.oversight.audit import Act
from ports.cipher import Cipher
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class AlreadyOn(Conflict):
    code = "second_factor_on"


class NeededHere(Conflict):
    """The school asks for a second factor of this account: the last one stays."""

    code = "second_factor_required"


class WrongFirstCode(Invalid):
    code = "wrong_code"


class TotpOffer(msgspec.Struct, frozen=True, kw_only=True):
    """``secret`` for typing, ``address`` for the square code. Nothing is asked for before a first code confirms it."""

    secret: str
    address: str


async def pending_totp(unit: UnitOfWork, cipher: Cipher, user: User, *, school: str, at: datetime) -> TotpOffer:
    """The same offer as long as it is not confirmed, so that a page may be loaded again; commit afterwards.
    Raises AlreadyOn.
    """
    authenticator = await unit.factors.authenticator(user.id)
    if authenticator is None:
        authenticator = Authenticator(user_id=user.id, sealed=cipher.seal(new_secret()), created_at=at)
        await unit.factors.save_authenticator(authenticator)
    elif authenticator.is_confirmed:
        raise AlreadyOn("an authenticator app is set up already")
    secret = cipher.open(authenticator.sealed)
    return TotpOffer(secret=secret, address=address_for_app(secret, account=user.email or user.name, school=school))


async def require_another(unit: UnitOfWork, user: User, *, without: Factor, at: datetime) -> None:
    """Raises NeededHere when this was the last factor and the school asks for one."""
    left = [factor for factor in await factors_of(unit, user.id) if factor not in (without, Factor.RECOVERY_CODE)]
    if not left and await is_asked_for(unit, user, at=at):
        raise NeededHere("your role needs a second factor; add another one first")


class SetUpTotp:
    """``begin`` raises AlreadyOn, BadProof, TooMany; ``see`` NotFound; ``confirm`` NotFound, AlreadyOn, WrongFirstCode;
    ``remove`` NotFound, NeededHere, BadProof, TooMany; ``renew_codes`` NotFound, BadProof, TooMany.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cipher: Cipher, confirm_self: ConfirmSelf) -> None:
        self._new_unit, self._clock, self._cipher, self._confirm_self = new_unit, clock, cipher, confirm_self

    async def begin(self, actor: Actor, proof: str, *, school: str) -> TotpOffer:
        """A fresh secret each time; one that was shown before and not confirmed is forgotten."""
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, proof)
        async with self._new_unit() as unit:
            before = await unit.factors.authenticator(actor.user_id)
            if before is not None and not before.is_confirmed:
                await unit.factors.remove_authenticator(actor.user_id)
            user = await unit.users.get(actor.user_id)
            offer = await pending_totp(unit, self._cipher, user, school=school, at=self._clock.now())
            await unit.commit()
        return offer

    async def see(self, actor: Actor, *, school: str) -> TotpOffer:
        """The offer that waits for its first code. A secret is for its owner alone, not for who impersonates him."""
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            authenticator = await unit.factors.authenticator(actor.user_id)
            looked_through = actor.impersonator is not None
            if authenticator is None or authenticator.is_confirmed or looked_through:
                raise NotFound("no authenticator app is being set up")
            user = await unit.users.get(actor.user_id)
            return await pending_totp(unit, self._cipher, user, school=school, at=self._clock.now())

    async def confirm(self, actor: Actor, code: str) -> tuple[str, ...]:
        """Recovery codes, where there were none yet."""
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            authenticator = await unit.factors.authenticator(actor.user_id)
            if authenticator is None:
                raise NotFound("no authenticator app is being set up")
            if authenticator.is_confirmed:
                raise AlreadyOn("an authenticator app is set up already")
            secret = self._cipher.open(authenticator.sealed)
            following = authenticator.accept(code, secret=secret, at=self._clock.now())
            if following is None:
                raise WrongFirstCode("this code is not right; wait for the next one", field="code")
            await unit.factors.save_authenticator(following)
            codes = await recovery_codes_with_the_first(unit, actor.user_id)
            unit.record(WaysInChanged(user_id=actor.user_id, change=WayIn.APP_ON, at=self._clock.now()))
            unit.note(_act(actor, "identity.totp_on"))
            await unit.commit()
        return codes

    async def remove(self, actor: Actor, proof: str) -> None:
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, proof)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            await require_another(unit, user, without=Factor.TOTP, at=self._clock.now())
            if not await unit.factors.remove_authenticator(actor.user_id):
                raise NotFound("no authenticator app is set up")
            if not await factors_of(unit, actor.user_id):
                await unit.factors.set_recovery_codes(actor.user_id, ())
            unit.record(WaysInChanged(user_id=actor.user_id, change=WayIn.APP_OFF, at=self._clock.now()))
            unit.note(_act(actor, "identity.totp_off"))
            await unit.commit()

    async def renew_codes(self, actor: Actor, proof: str) -> tuple[str, ...]:
        """The old ones are good no more."""
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, proof)
        async with self._new_unit() as unit:
            if not await factors_of(unit, actor.user_id):
                raise NotFound("there is no second factor that codes could stand in for")
            codes = await renewed_recovery_codes(unit, actor.user_id)
            unit.record(WaysInChanged(user_id=actor.user_id, change=WayIn.CODES_RENEWED, at=self._clock.now()))
            unit.note(_act(actor, "identity.recovery_codes_renewed"))
            await unit.commit()
        return codes


def _act(actor: Actor, action: str) -> Act:
    return Act(actor=actor, action=action, subject=("user", str(actor.user_id)))
