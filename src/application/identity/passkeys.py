"""Adding and removing passkeys, and signing in with nothing else."""

import msgspec

from application.identity.authenticate import WrongDoor
from application.identity.confirm_self import ConfirmSelf
from application.identity.open_session import Admitted, OpenSession
from application.identity.second_factor import factors_of, recovery_codes_with_the_first
from application.identity.set_up_totp import require_another
from domain.errors import Conflict, NotFound
from domain.identity.actor import Actor
from domain.identity.challenge import Challenge, ChallengeEnded, ChallengePurpose
from domain.identity.events import WayIn, WaysInChanged
from domain.identity.passkey import MOST, Passkey
from domain.identity.permission import Audience, Permission
from domain.identity.session import Factor, hash_token
from domain.ids import PasskeyId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.identity.passkeys import BadPasskeyAnswer, PasskeyCeremonies, Site
from ports.unit_of_work import NewUnit


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """``challenge`` comes back with the browser's answer to ``options``."""

    challenge: str
    options: bytes


class AddPasskey:
    """``ask`` raises BadProof, TooMany, TooManyPasskeys; ``add`` ChallengeEnded, BadPasskeyAnswer, PasskeyTaken."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        new_id: NewId,
        audience: Audience,
        ceremonies: PasskeyCeremonies,
        confirm_self: ConfirmSelf,
    ) -> None:
        self._new_unit, self._clock, self._new_id, self._audience = new_unit, clock, new_id, audience
        self._ceremonies, self._confirm_self = ceremonies, confirm_self

    async def ask(self, actor: Actor, proof: str, site: Site) -> Asked:
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, proof)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            known = await unit.passkeys.of(actor.user_id)
            if len(known) >= MOST:
                raise TooManyPasskeys("an account has at most {most} passkeys", most=MOST)
            challenge, token = Challenge.begin(
                ChallengePurpose.PASSKEY_ADDING, audience=self._audience, user_id=user.id, at=self._clock.now()
            )
            await unit.challenges.add(challenge)
            await unit.commit()
        here = [passkey for passkey in known if passkey.relying_party == site.host]
        options = self._ceremonies.ask_to_make(
            site,
            user_id=user.id,
            account=user.email or user.name,
            name=user.name,
            nonce=challenge.nonce,
            known=here,
        )
        return Asked(challenge=token, options=options)

    async def add(self, actor: Actor, token: str, answer: bytes, name: str, site: Site) -> tuple[str, ...]:
        """Recovery codes, where there were none yet."""
        actor.require(Permission.SIGNED_IN)
        now = self._clock.now()
        async with self._new_unit() as unit:
            challenge = await unit.challenges.get(hash_token(token))
            challenge.require(ChallengePurpose.PASSKEY_ADDING, audience=self._audience, at=now)
            if challenge.user_id != actor.user_id:
                raise ChallengeEnded("this took too long or was tried too often; sign in again")
            made = self._ceremonies.check_made(site, nonce=challenge.nonce, answer=answer)
            passkey = Passkey(
                id=PasskeyId(self._new_id()),
                user_id=actor.user_id,
                credential_id=made.credential_id,
                public_key=made.public_key,
                sign_count=made.sign_count,
                relying_party=site.host,
                name=" ".join(name.split())[:60] or "Passkey",
                transports=made.transports,
                backed_up=made.backed_up,
                created_at=now,
            )
            await unit.challenges.end(challenge.token_hash)
            await unit.passkeys.add(passkey)
            codes = await recovery_codes_with_the_first(unit, actor.user_id)
            unit.record(WaysInChanged(user_id=actor.user_id, change=WayIn.PASSKEY_ADDED, at=now))
            unit.note(_act(actor, "identity.passkey_added", passkey.name))
            await unit.commit()
        return codes


class RemovePasskey:
    """Raises NotFound, NeededHere, BadProof, TooMany."""

    def __init__(self, new_unit: NewUnit, clock: Clock, confirm_self: ConfirmSelf) -> None:
        self._new_unit, self._clock, self._confirm_self = new_unit, clock, confirm_self

    async def __call__(self, actor: Actor, passkey_id: PasskeyId, proof: str) -> None:
        actor.require(Permission.SIGNED_IN)
        await self._confirm_self(actor.user_id, proof)
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            passkeys = await unit.passkeys.of(actor.user_id)
            found = next((passkey for passkey in passkeys if passkey.id == passkey_id), None)
            if found is None:
                raise NotFound("there is no such passkey")
            if len(passkeys) == 1:
                await require_another(unit, user, without=Factor.PASSKEY, at=self._clock.now())
            await unit.passkeys.remove(actor.user_id, passkey_id)
            if not await factors_of(unit, actor.user_id):
                await unit.factors.set_recovery_codes(actor.user_id, ())
            unit.record(WaysInChanged(user_id=user.id, change=WayIn.PASSKEY_REMOVED, at=self._clock.now()))
            unit.note(_act(actor, "identity.passkey_removed", found.name))
            await unit.commit()


class SignInByPasskey:
    """The device makes sure itself that its owner holds it, so a passkey alone is two factors. Raises ChallengeEnded,
    BadPasskeyAnswer, and WrongDoor for somebody who has no role behind this entrance.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        audience: Audience,
        ceremonies: PasskeyCeremonies,
        open_session: OpenSession,
    ) -> None:
        self._new_unit, self._clock, self._audience = new_unit, clock, audience
        self._ceremonies, self._open_session = ceremonies, open_session

    async def ask(self, site: Site) -> Asked:
        """Of nobody in particular: the browser offers the passkeys it has for this site."""
        challenge, token = Challenge.begin(
            ChallengePurpose.PASSKEY_SIGN_IN, audience=self._audience, user_id=None, at=self._clock.now()
        )
        async with self._new_unit() as unit:
            await unit.challenges.add(challenge)
            await unit.commit()
        options = self._ceremonies.ask_to_sign(site, nonce=challenge.nonce, known=(), verify=True)
        return Asked(challenge=token, options=options)

    async def __call__(self, token: str, answer: bytes, site: Site, *, device: str = "") -> Admitted:
        now = self._clock.now()
        async with self._new_unit() as unit:
            challenge = await unit.challenges.get(hash_token(token))
            challenge.require(ChallengePurpose.PASSKEY_SIGN_IN, audience=self._audience, at=now)
            await unit.challenges.end(challenge.token_hash)
            await unit.commit()
        async with self._new_unit() as unit:
            passkey = await unit.passkeys.by_credential(self._ceremonies.credential_of(answer))
            if passkey is None:
                raise BadPasskeyAnswer("this passkey is not known here")
            used = self._ceremonies.check_signed(site, passkey, nonce=challenge.nonce, answer=answer, verify=True)
            user = await unit.users.get(passkey.user_id)
            if not user.may_sign_in:
                raise BadPasskeyAnswer("this passkey is not known here")
            if user.role_at(self._audience) is None:
                raise WrongDoor("this account belongs to the other entrance")
            await unit.passkeys.save(passkey.used(sign_count=used.sign_count, backed_up=used.backed_up, at=now))
            await unit.commit()
        return await self._open_session(user, factors=(Factor.PASSKEY,), device=device)


def _act(actor: Actor, action: str, name: str) -> Act:
    return Act(actor=actor, action=action, subject=("user", str(actor.user_id)), after={"name": name})
