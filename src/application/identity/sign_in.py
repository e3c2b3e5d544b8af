"""With address and password, through one door. (ID-01, ID-05, ID-07, ID-14)"""

import hashlib
from typing import Final

import msgspec

from application.identity.admit import Admit, SecondFactorNeeded
from application.identity.open_session import Admitted
from domain.errors import NotSignedIn, StaleWrite, TooMany
from domain.identity.password import normalized
from domain.identity.permission import Audience
from domain.identity.session import Factor
from domain.identity.user import User, same_address
from ports.academy import current_academy
from ports.identity.passwords import PasswordHasher
from ports.throttle import Limit, Standing, Throttle
from ports.unit_of_work import NewUnit

__all__ = ["Admitted", "BadCredentials", "SecondFactorNeeded", "SignIn", "SignInCommand", "TooManyTries"]

TRIES: Final = 10
BY_ACCOUNT: Final = Limit(name="sign_in_account", times=TRIES, per_s=900, exact=True)
BY_ADDRESS: Final = Limit(name="sign_in_address", times=TRIES, per_s=900, exact=True)

FAILED_SIGN_INS: Final = Limit(name="sign_in_failed", times=300, per_s=600, exact=True)
"""Of the whole installation: more of them are an alert, and nobody is refused for it. (OPS-09)"""
EVERYBODY: Final = "everybody"


class BadCredentials(NotSignedIn):
    """One text for an unknown address, a wrong password and a blocked account."""

    code = "bad_credentials"


class TooManyTries(TooMany):
    """Said of accounts that do not exist as well."""

    code = "too_many_tries"


class SignInCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``address``: where the request comes from; ``device``: what it calls itself."""

    email: str
    password: str
    address: str = ""
    device: str = ""


class SignIn:
    """Raises BadCredentials; TooManyTries after ten bad ones for an account or from an address; WrongDoor for
    somebody who has no role behind this entrance. ``tries``: how many from one address.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        hasher: PasswordHasher,
        audience: Audience,
        throttle: Throttle,
        admit: Admit,
        tries: int = TRIES,
    ) -> None:
        self._new_unit, self._hasher, self._audience = new_unit, hasher, audience
        self._throttle, self._admit = throttle, admit
        self._by_address = msgspec.structs.replace(BY_ADDRESS, times=tries)

    async def __call__(self, command: SignInCommand) -> Admitted | SecondFactorNeeded:
        user = await self._recognized(command)
        return await self._admit(user, Factor.PASSWORD, device=command.device)

    async def _recognized(self, command: SignInCommand) -> User:
        """The person whose address and password these are."""
        account = _account_key(command.email)
        _require(await self._throttle.look(self._by_address, command.address))
        # Counted before it is known to be bad: of a hundred tries at once, ninety are not even looked at.
        _require(await self._throttle.hit(BY_ACCOUNT, account))
        password = normalized(command.password)
        async with self._new_unit() as unit:
            user = await unit.users.by_email(command.email)
        right = await self._hasher.verify(user.password_hash if user is not None else None, password)
        if user is None or not right or not user.may_sign_in:
            await self._throttle.hit(self._by_address, command.address)
            await self._throttle.hit(FAILED_SIGN_INS, EVERYBODY)
            raise BadCredentials("the address or the password is not right")
        await self._throttle.clear(BY_ACCOUNT, account)
        return await self._strengthen(user, password)

    async def _strengthen(self, user: User, password: str) -> User:
        """Hashes again when the stored hash was made with weaker parameters; a race about it is nobody's concern."""
        if not self._hasher.is_outdated(user.password_hash):
            return user
        stronger = user.with_password_hash(await self._hasher.hash(password))
        try:
            async with self._new_unit() as unit:
                await unit.users.save(stronger)
                await unit.commit()
        except StaleWrite:
            return user
        return stronger


def _require(standing: Standing) -> None:
    if not standing.allowed:
        raise TooManyTries("too many tries; wait a little and try again", retry_after_s=max(1, standing.reset_s))


def _account_key(email: str) -> str:
    """Addresses are nobody's business in a store of counters."""
    return hashlib.sha256(f"{current_academy()}:{same_address(email)}".encode()).hexdigest()
