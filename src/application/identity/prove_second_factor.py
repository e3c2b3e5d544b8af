"""The second proof of a sign-in, by a code or a passkey, or the first set-up where the school asks for one. (ID-10)"""

import msgspec

from application.identity.open_session import Admitted, OpenSession
from application.identity.second_factor import (
    GUESSES,
    BadCode,
    accept_code,
    factors_of,
    recovery_codes_with_the_first,
    require_patience,
)
from application.identity.set_up_totp import TotpOffer, pending_totp
from domain.identity.challenge import Challenge, ChallengeEnded, ChallengePurpose
from domain.identity.events import WayIn, WaysInChanged
from domain.identity.permission import Audience
from domain.identity.session import Factor, hash_token
from domain.identity.user import User
from domain.oversight.audit import Act
from ports.cipher import Cipher
from ports.clock import Clock
from ports.identity.passkeys import BadPasskeyAnswer, PasskeyCeremonies, Site
from ports.throttle import Throttle
from ports.unit_of_work import NewUnit, UnitOfWork


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What can be shown to somebody half signed in. ``offer``: the app to set up. ``passkey``: options to sign with."""

    factors: tuple[Factor, ...]
    offer: TotpOffer | None
    passkey: bytes | None


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """``recovery_codes``: told this once, after a first set-up."""

    admitted: Admitted
    recovery_codes: tuple[str, ...] = ()


class SecondProof:
    """The challenge, read and checked. Raises ChallengeEnded."""

    def __init__(self, new_unit: NewUnit, clock: Clock, audience: Audience) -> None:
        self._new_unit, self._clock, self._audience = new_unit, clock, audience

    async def _read(self, unit: UnitOfWork, token: str) -> tuple[Challenge, User]:
        challenge = await unit.challenges.get(hash_token(token))
        challenge.require(ChallengePurpose.SECOND_FACTOR, audience=self._audience, at=self._clock.now())
        if challenge.user_id is None:
            raise ChallengeEnded("this took too long or was tried too often; sign in again")
        user = await unit.users.get(challenge.user_id)
        if not user.may_sign_in:
            raise ChallengeEnded("this took too long or was tried too often; sign in again")
        return challenge, user


class SeeSecondFactor(SecondProof):
    """What the page of the second proof needs. Raises ChallengeEnded."""

    def __init__(
        self, new_unit: NewUnit, clock: Clock, audience: Audience, cipher: Cipher, ceremonies: PasskeyCeremonies
    ) -> None:
        super().__init__(new_unit, clock, audience)
        self._cipher, self._ceremonies = cipher, ceremonies

    async def __call__(self, token: str, site: Site) -> Pending:
        async with self._new_unit() as unit:
            challenge, user = await self._read(unit, token)
            factors = await factors_of(unit, user.id)
            known = [key for key in await unit.passkeys.of(user.id) if key.relying_party == site.host]
            offer = None
            if challenge.enroll and not factors:
                offer = await pending_totp(unit, self._cipher, user, school=site.name, at=self._clock.now())
                await unit.commit()
        options = None
        if known:
            options = self._ceremonies.ask_to_sign(site, nonce=challenge.nonce, known=known, verify=False)
        return Pending(factors=factors, offer=offer, passkey=options)


class ProveSecondFactor(SecondProof):
    """Raises ChallengeEnded, BadCode, BadPasskeyAnswer, TooMany. A wrong try is counted, on the challenge and on the
    account.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        audience: Audience,
        cipher: Cipher,
        ceremonies: PasskeyCeremonies,
        throttle: Throttle,
        open_session: OpenSession,
    ) -> None:
        super().__init__(new_unit, clock, audience)
        self._cipher, self._ceremonies, self._throttle = cipher, ceremonies, throttle
        self._open_session = open_session

    async def by_code(self, token: str, code: str, *, device: str = "") -> Proven:
        async with self._new_unit() as unit:
            challenge, user = await self._read(unit, token)
        await require_patience(self._throttle, user.id)
        codes: tuple[str, ...] = ()
        async with self._new_unit() as unit:
            challenge, user = await self._read(unit, token)
            if challenge.enroll and not await factors_of(unit, user.id):
                factor = await self._set_up(unit, user, code)
                if factor is not None:
                    codes = await recovery_codes_with_the_first(unit, user.id)
            else:
                factor = await accept_code(unit, self._cipher, user.id, code, at=self._clock.now())
            await self._settle(unit, challenge, good=factor is not None)
        if factor is None:
            await self._throttle.hit(GUESSES, str(user.id))
            raise BadCode("this code is not right, or was used already")
        return Proven(admitted=await self._in(user, challenge, factor, device), recovery_codes=codes)

    async def by_passkey(self, token: str, answer: bytes, site: Site, *, device: str = "") -> Proven:
        credential_id = self._ceremonies.credential_of(answer)
        async with self._new_unit() as unit:
            challenge, user = await self._read(unit, token)
            refused = await self._refusal(unit, challenge, user, credential_id, answer, site)
            await self._settle(unit, challenge, good=refused is None)
        if refused is not None:
            raise refused
        return Proven(admitted=await self._in(user, challenge, Factor.PASSKEY, device))

    async def _refusal(
        self, unit: UnitOfWork, challenge: Challenge, user: User, credential_id: bytes, answer: bytes, site: Site
    ) -> BadPasskeyAnswer | None:
        """Notes the use of a passkey that is good."""
        passkey = await unit.passkeys.by_credential(credential_id)
        if passkey is None or passkey.user_id != user.id:
            return BadPasskeyAnswer("this passkey is not known here")
        try:
            used = self._ceremonies.check_signed(site, passkey, nonce=challenge.nonce, answer=answer, verify=False)
        except BadPasskeyAnswer as error:
            return error
        following = passkey.used(sign_count=used.sign_count, backed_up=used.backed_up, at=self._clock.now())
        await unit.passkeys.save(following)
        return None

    async def _set_up(self, unit: UnitOfWork, user: User, code: str) -> Factor | None:
        authenticator = await unit.factors.authenticator(user.id)
        if authenticator is None:
            return None
        secret = self._cipher.open(authenticator.sealed)
        following = authenticator.accept(code, secret=secret, at=self._clock.now())
        if following is None:
            return None
        await unit.factors.save_authenticator(following)
        unit.record(WaysInChanged(user_id=user.id, change=WayIn.APP_ON, at=self._clock.now()))
        unit.note(Act(actor=None, action="identity.totp_on", subject=("user", str(user.id)), reason="sign-in"))
        return Factor.TOTP

    async def _settle(self, unit: UnitOfWork, challenge: Challenge, *, good: bool) -> None:
        """A good proof uses the challenge up, a bad one a try of it."""
        if good:
            await unit.challenges.end(challenge.token_hash)
        else:
            await unit.challenges.save(challenge.tried())
        await unit.commit()

    async def _in(self, user: User, challenge: Challenge, factor: Factor, device: str) -> Admitted:
        factors = (*challenge.proofs, factor)
        return await self._open_session(user, factors=factors, device=device)
