"""With address and password, through one door. (ID-01, ID-05, ID-07)"""

from datetime import datetime

import msgspec

from application.identity.authenticate import WrongDoor
from domain.errors import NotSignedIn, StaleWrite
from domain.identity.password import normalized
from domain.identity.permission import Audience, Role
from domain.identity.session import Session
from domain.identity.user import User
from ports.clock import Clock
from ports.identity.passwords import PasswordHasher
from ports.unit_of_work import NewUnit


class BadCredentials(NotSignedIn):
    """One text for an unknown address, a wrong password and a blocked account."""

    code = "bad_credentials"


class SignInCommand(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    password: str


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """``token`` is told once and kept nowhere."""

    token: str
    token_hash: bytes
    user: User
    role: Role
    expires_at: datetime


class SignIn:
    """Raises BadCredentials; WrongDoor for somebody who has no role behind this entrance."""

    def __init__(self, new_unit: NewUnit, clock: Clock, hasher: PasswordHasher, audience: Audience) -> None:
        self._new_unit, self._clock, self._hasher, self._audience = new_unit, clock, hasher, audience

    async def __call__(self, command: SignInCommand) -> Admitted:
        password = normalized(command.password)
        async with self._new_unit() as unit:
            user = await unit.users.by_email(command.email)
        right = await self._hasher.verify(user.password_hash if user is not None else None, password)
        if user is None or not right or not user.may_sign_in:
            raise BadCredentials("the address or the password is not right")
        role = user.role_at(self._audience)
        if role is None:
            raise WrongDoor("this account belongs to the other entrance")
        user = await self._strengthen(user, password)
        session, token = Session.start(user.id, audience=self._audience, role=role, at=self._clock.now())
        async with self._new_unit() as unit:
            await unit.sessions.add(session)
            await unit.commit()
        return Admitted(token=token, token_hash=session.token_hash, user=user, role=role, expires_at=session.expires_at)

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
