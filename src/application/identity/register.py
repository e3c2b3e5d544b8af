"""Making an account with an address and a password. (ID-01)"""

import msgspec

from domain.errors import Invalid
from domain.identity.password import require_good_password
from domain.identity.permission import Role
from domain.identity.user import SELF_CHOSEN, User, beginnings, email_address
from domain.ids import UserId
from ports.clock import Clock, NewId
from ports.identity.passwords import PasswordHasher
from ports.unit_of_work import NewUnit


class RegisterCommand(msgspec.Struct, frozen=True, kw_only=True):
    email: str
    password: str
    name: str
    zone: str
    role: Role = Role.STUDENT
    locale: str = "en"


class Register:
    """What is gated stays shut until the application for the role is approved. The mail with the link follows from
    ``UserRegistered``. Raises Invalid, WeakPassword, EmailTaken.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, hasher: PasswordHasher) -> None:
        self._new_unit, self._clock, self._new_id, self._hasher = new_unit, clock, new_id, hasher

    async def __call__(self, command: RegisterCommand) -> User:
        if command.role not in SELF_CHOSEN:
            raise Invalid("an account of this kind is not made by oneself", field="role")
        email, name = email_address(command.email), " ".join(command.name.split())
        password = require_good_password(command.password, email=email, name=name)
        user = User(
            id=UserId(self._new_id()),
            email=email,
            name=name,
            password_hash="",
            roles=frozenset({command.role}),
            onboarding=beginnings({command.role}),
            zone=command.zone,
            locale=command.locale,
            created_at=self._clock.now(),
        )
        user = msgspec.structs.replace(user, password_hash=await self._hasher.hash(password))
        async with self._new_unit() as unit:
            await unit.users.add(user)
            unit.record(user.registered())
            await unit.commit()
        return user
