"""Signing in through Google, Facebook or whoever the school has set up. (ID-02)

Somebody is recognized by what the provider calls him. By his address only once, the first time, and only when the
provider vouches for it: else anybody could claim an address there and walk into an account here.
"""

import hmac
from datetime import datetime, timedelta
from typing import Final

import msgspec

from application.identity.admit import Admit, SecondFactorNeeded
from application.identity.open_session import Admitted
from domain.errors import NotPermitted, NotSignedIn
from domain.identity.events import AccessChanged, EmailVerified, WayIn, WaysInChanged
from domain.identity.permission import Audience, Role
from domain.identity.provider import AddressNotProven, BadState, LinkedIdentity, ProviderProfile, ProviderRefused
from domain.identity.session import Ending, Factor
from domain.identity.user import User, beginnings
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.cipher import CannotOpen, Cipher
from ports.clock import Clock, NewId
from ports.identity.providers import IdentityProviders
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit, UnitOfWork

FLOW_LIFETIME: Final = timedelta(minutes=10)


class NoAccountHere(NotPermitted):
    code = "no_account_here"


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What this browser, and nobody else, brings back: sealed in a cookie of its own."""

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str
    until: datetime


class Departed(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` is where to go; ``flow`` is for the cookie."""

    address: str
    flow: str


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: ``flow`` from the cookie, the rest from the address. ``zone`` and ``locale`` of the browser are
    for a new account.
    """

    provider: str
    flow: str
    state: str
    code: str
    back_to: str
    zone: str
    locale: str
    device: str = ""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """``next`` is where somebody wanted to go before he left."""

    outcome: Admitted | SecondFactorNeeded
    next: str


class DepartToProvider:
    """Raises NotFound, GatewayUnavailable."""

    def __init__(self, clock: Clock, cipher: Cipher, providers: IdentityProviders) -> None:
        self._clock, self._cipher, self._providers = clock, cipher, providers

    async def __call__(self, provider: str, *, back_to: str, next: str = "") -> Departed:
        left = await self._providers.depart(provider, back_to=back_to)
        flow = Flow(
            provider=provider,
            state=left.state,
            nonce=left.nonce,
            verifier=left.verifier,
            next=next,
            until=self._clock.now() + FLOW_LIFETIME,
        )
        sealed = self._cipher.seal(msgspec.json.encode(flow).decode()).decode()
        return Departed(address=left.address, flow=sealed)


class SignInByProvider:
    """Raises BadState, ProviderRefused, AddressNotProven, NoAccountHere, WrongDoor, NotSignedIn for a blocked account,
    GatewayUnavailable.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        new_id: NewId,
        audience: Audience,
        cipher: Cipher,
        providers: IdentityProviders,
        admit: Admit,
        session_cache: SessionCache,
    ) -> None:
        self._new_unit, self._clock, self._new_id, self._audience = new_unit, clock, new_id, audience
        self._cipher, self._providers, self._admit = cipher, providers, admit
        self._session_cache = session_cache

    async def __call__(self, back: Return) -> Arrived:
        flow = self._flow(back)
        if not back.code:
            raise ProviderRefused("nobody was signed in there; start again")
        profile = await self._providers.arrive(
            back.provider, back_to=back.back_to, code=back.code, nonce=flow.nonce, verifier=flow.verifier
        )
        user = await self._recognized(profile, back)
        if not user.may_sign_in:
            raise NotSignedIn("this account cannot sign in; ask the school")
        return Arrived(outcome=await self._admit(user, Factor.PROVIDER, device=back.device), next=flow.next)

    def _flow(self, back: Return) -> Flow:
        try:
            flow = msgspec.json.decode(self._cipher.open(back.flow.encode()), type=Flow)
        except (CannotOpen, msgspec.DecodeError) as error:
            raise BadState("this sign-in was not begun in this browser; start again") from error
        same = hmac.compare_digest(flow.state.encode(), back.state.encode())
        if not same or flow.provider != back.provider or flow.until <= self._clock.now():
            raise BadState("this sign-in was not begun in this browser; start again")
        return flow

    async def _recognized(self, profile: ProviderProfile, back: Return) -> User:
        async with self._new_unit() as unit:
            linked = await unit.linked_identities.find(profile.provider, profile.subject)
            if linked is not None:
                return await unit.users.get(linked.user_id)
            if not profile.email:
                raise ProviderRefused("the provider did not tell your address, and we need one")
            user = await unit.users.by_email(profile.email)
            new = user is None
            claimed = user is not None and user.email_verified_at is None
            if user is None:
                user = await self._registered(unit, profile, back)
            elif not profile.email_verified:
                raise AddressNotProven("there is an account with this address; sign in with its password")
            elif claimed:
                user = await self._reclaimed(unit, user)
            identity = LinkedIdentity(
                provider=profile.provider,
                subject=profile.subject,
                user_id=user.id,
                email=profile.email,
                linked_at=self._clock.now(),
            )
            await unit.linked_identities.add(identity)
            if not new:
                unit.record(WaysInChanged(user_id=user.id, change=WayIn.PROVIDER_LINKED, at=self._clock.now()))
            unit.note(_linked(user.id, profile.provider))
            await unit.commit()
        if claimed:
            await self._session_cache.forget(user.id)
        return user

    async def _registered(self, unit: UnitOfWork, profile: ProviderProfile, back: Return) -> User:
        """A student's account without a password. A staff account is never made by itself."""
        if self._audience is not Audience.MAIN:
            raise NoAccountHere("there is no account here for this address")
        now = self._clock.now()
        user = User(
            id=UserId(self._new_id()),
            email=profile.email.strip(),
            name=_name(profile),
            password_hash="",
            roles=frozenset({Role.STUDENT}),
            onboarding=beginnings({Role.STUDENT}),
            zone=back.zone,
            locale=back.locale,
            email_verified_at=now if profile.email_verified else None,
            created_at=now,
        )
        await unit.users.add(user)
        unit.record(EmailVerified(user_id=user.id, at=now) if profile.email_verified else user.registered())
        return user

    async def _reclaimed(self, unit: UnitOfWork, user: User) -> User:
        """Somebody made this account with an address he never proved. Now its owner is here: whatever that other one
        could come back with is taken away.
        """
        now = self._clock.now()
        verified, event = user.verify_email(at=now)
        await unit.users.save(verified)
        if verified.password_hash:
            verified = verified.with_password_hash("")
            await unit.users.save(verified)
        await unit.factors.remove_authenticator(user.id)
        await unit.factors.set_recovery_codes(user.id, ())
        for passkey in await unit.passkeys.of(user.id):
            await unit.passkeys.remove(user.id, passkey.id)
        await unit.sessions.end_all(user.id, because=Ending.EVERYWHERE, at=now)
        unit.record(event, AccessChanged(user_id=user.id, at=now))
        return verified


def _name(profile: ProviderProfile) -> str:
    told = " ".join(profile.name.split()) or profile.email.partition("@")[0]
    return "".join(letter for letter in told if letter.isprintable())[:120] or profile.email[:120]


def _linked(user_id: UserId, provider: str) -> Act:
    return Act(
        actor=None, action="identity.provider_linked", subject=("user", str(user_id)), after={"provider": provider}
    )
