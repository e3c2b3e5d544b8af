"""How somebody can get into his account, for its owner; and taking a provider off it."""

from collections.abc import Sequence

import msgspec

from application.identity.confirm_self import ConfirmSelf
from application.identity.second_factor import is_asked_for
from domain.errors import Conflict, NotFound
from domain.identity.actor import Actor
from domain.identity.events import WayIn, WaysInChanged
from domain.identity.passkey import Passkey
from domain.identity.permission import Permission
from domain.identity.provider import LinkedIdentity
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class LastWayIn(Conflict):
    code = "last_way_in"


class Security(msgspec.Struct, frozen=True, kw_only=True):
    """``totp``: an authenticator app is asked for. ``required``: the school wants a second factor. ``proof``: changes
    ask for a password or a code.
    """

    totp: bool
    required: bool
    proof: bool
    has_password: bool
    recovery_codes_left: int
    passkeys: Sequence[Passkey]
    providers: Sequence[LinkedIdentity]

    @property
    def on(self) -> bool:
        return self.totp or bool(self.passkeys)


class SeeSecurity:
    """Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> Security:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            authenticator = await unit.factors.authenticator(user.id)
            passkeys = await unit.passkeys.of(user.id)
            totp = authenticator is not None and authenticator.is_confirmed
            return Security(
                totp=totp,
                required=await is_asked_for(unit, user, at=self._clock.now()),
                proof=bool(user.password_hash) or totp or bool(passkeys),
                has_password=bool(user.password_hash),
                recovery_codes_left=await unit.factors.recovery_codes_left(user.id),
                passkeys=passkeys,
                providers=await unit.linked_identities.of(user.id),
            )


class UnlinkProvider:
    """Raises NotFound, LastWayIn, BadProof, TooMany."""

    def __init__(self, new_unit: NewUnit, clock: Clock, confirm_self: ConfirmSelf) -> None:
        self._new_unit, self._clock, self._confirm_self = new_unit, clock, confirm_self

    async def __call__(self, actor: Actor, provider: str, proof: str) -> None:
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, proof)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            linked = await unit.linked_identities.of(user.id)
            if provider not in {identity.provider for identity in linked}:
                raise NotFound("this account is not linked there")
            others = [identity for identity in linked if identity.provider != provider]
            if not user.password_hash and not others and not await unit.passkeys.of(user.id):
                raise LastWayIn("choose a password first: this is your only way in")
            await unit.linked_identities.remove(user.id, provider)
            unit.record(WaysInChanged(user_id=user.id, change=WayIn.PROVIDER_UNLINKED, at=self._clock.now()))
            unit.note(
                Act(
                    actor=actor,
                    action="identity.provider_unlinked",
                    subject=("user", str(user.id)),
                    before={"provider": provider},
                )
            )
            await unit.commit()
