"""What the use cases about second factors share: which ones somebody has, and whether a code is one of his. (ID-10)"""

from datetime import datetime
from typing import Final

from domain.errors import NotSignedIn, TooMany
from domain.identity.security_policy import SECURITY_POLICY, read_security
from domain.identity.session import Factor
from domain.identity.totp import hash_recovery_code, new_recovery_codes
from domain.identity.user import User
from domain.ids import UserId
from ports.cipher import Cipher
from ports.throttle import Limit, Throttle
from ports.unit_of_work import UnitOfWork

GUESSES: Final = Limit(name="second-factor", times=10, per_s=15 * 60, exact=True)
"""Of one account, over all its half-finished sign-ins: with the password known, six digits are all that is left."""


class BadCode(NotSignedIn):
    """Wrong, too old, or used already."""

    code = "bad_code"


async def factors_of(unit: UnitOfWork, user_id: UserId) -> tuple[Factor, ...]:
    """What this person can be asked for after the first proof; nothing where there is no second factor."""
    found: list[Factor] = []
    authenticator = await unit.factors.authenticator(user_id)
    if authenticator is not None and authenticator.is_confirmed:
        found.append(Factor.TOTP)
    if await unit.passkeys.of(user_id):
        found.append(Factor.PASSKEY)
    if found and await unit.factors.recovery_codes_left(user_id):
        found.append(Factor.RECOVERY_CODE)
    return tuple(found)


async def is_asked_for(unit: UnitOfWork, user: User, *, at: datetime) -> bool:
    """Whether the school wants a second factor of somebody with these roles, at either door."""
    policy = read_security(await unit.policies.current(SECURITY_POLICY, at))
    return bool(user.roles & set(policy.second_factor_roles))


async def accept_code(unit: UnitOfWork, cipher: Cipher, user_id: UserId, code: str, *, at: datetime) -> Factor | None:
    """Uses the code up; commit afterwards. None for one that is not good."""
    authenticator = await unit.factors.authenticator(user_id)
    if authenticator is not None and authenticator.is_confirmed:
        following = authenticator.accept(code, secret=cipher.open(authenticator.sealed), at=at)
        if following is not None:
            await unit.factors.save_authenticator(following)
            return Factor.TOTP
    if await unit.factors.use_recovery_code(user_id, hash_recovery_code(code), at=at):
        return Factor.RECOVERY_CODE
    return None


async def recovery_codes_with_the_first(unit: UnitOfWork, user_id: UserId) -> tuple[str, ...]:
    """New codes together with the first factor, none where some are left: told once and kept as hashes."""
    if await unit.factors.recovery_codes_left(user_id):
        return ()
    return await renewed_recovery_codes(unit, user_id)


async def renewed_recovery_codes(unit: UnitOfWork, user_id: UserId) -> tuple[str, ...]:
    codes = tuple(new_recovery_codes())
    await unit.factors.set_recovery_codes(user_id, [hash_recovery_code(code) for code in codes])
    return codes


async def require_patience(throttle: Throttle, user_id: UserId) -> None:
    """Raises TooMany."""
    standing = await throttle.look(GUESSES, str(user_id))
    if not standing.allowed or standing.left <= 0:
        raise TooMany("too many tries; come back later", retry_after_s=standing.reset_s)
