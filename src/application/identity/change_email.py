"""Moving to another address: it holds from the moment that its link is opened. (ID-18)"""

import msgspec

from application.identity.confirm_self import ConfirmSelf
from domain.errors import Conflict, NotFound, TooMany
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged, EmailChangeRequested
from domain.identity.permission import Permission
from domain.identity.session import LinkUsed, VerificationPurpose, hash_token
from domain.identity.user import EmailTaken, User, email_address, same_address
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.throttle import Limit, Throttle
from ports.unit_of_work import NewUnit

LETTERS = Limit(name="email_change", times=5, per_s=3600)


class SameEmail(Conflict):
    code = "same_email"


class ChangeEmailCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``proof``: the password, or a code."""

    email: str
    proof: str


class ChangeEmail:
    """The link goes to the new address, whether or not that has an account: whoever asks does not learn which have.
    Raises NotPermitted, Invalid, SameEmail, BadProof, TooMany.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, confirm_self: ConfirmSelf, throttle: Throttle) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._confirm_self, self._throttle = confirm_self, throttle

    async def __call__(self, actor: Actor, command: ChangeEmailCommand) -> None:
        actor.require(Permission.SIGNED_IN)
        email = email_address(command.email)
        await self._confirm_self(actor.user_id, command.proof)
        standing = await self._throttle.hit(LETTERS, str(actor.user_id))
        if not standing.allowed:
            raise TooMany("too many links were asked for; come back later", retry_after_s=standing.reset_s)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            if email == user.email:
                raise SameEmail("this is your address already", field="email")
            unit.record(EmailChangeRequested(user_id=user.id, email=email, at=self._clock.now()))
            await unit.commit()


class ConfirmEmail:
    """Whoever holds the link has the mailbox. Links mailed to the old address are good for nothing from now on.
    Raises NotFound, LinkUsed, LinkExpired, EmailTaken, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, token: str) -> User:
        now = self._clock.now()
        async with self._new_unit() as unit:
            link = await unit.verifications.get(hash_token(token))
            link.require(VerificationPurpose.NEW_EMAIL)
            if link.address is None:
                raise NotFound("there is no such link")
            await unit.verifications.save(link.use(at=now))
            user = await unit.users.get(link.user_id)
            if not user.may_sign_in:
                raise LinkUsed("this link is not good any more")
            holder = await unit.users.by_email(link.address)
            if holder is not None and holder.id != user.id:
                raise EmailTaken("there is an account with this address already", field="email")
            changed, event = user.with_email(link.address, at=now)
            await unit.users.save(changed)
            if same_address(link.address) != same_address(user.email):
                await unit.verifications.void(user.id, tuple(VerificationPurpose), at=now)
            unit.record(event, AccessChanged(user_id=user.id, at=now))
            await unit.commit()
        await self._cache.forget(user.id)
        return changed
