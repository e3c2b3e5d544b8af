"""Accounts, sessions and links on one asyncpg connection."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import LargeBinary, Text, Uuid, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.identity.tables import (
    EMAIL_UNIQUE,
    onboarding_of_user,
    roles_of_user,
    user_roles,
    users,
    verifications,
)
from adapters.persistence.statement import Statement
from domain.errors import NotFound, StaleWrite
from domain.identity.permission import Role
from domain.identity.session import Verification, VerificationPurpose
from domain.identity.user import AccountStatus, EmailTaken, Onboarding, User, same_address
from domain.ids import UserId

_BY_ID = Statement(select(users, roles_of_user, onboarding_of_user).where(users.c.id == bindparam("id", type_=Uuid)))
_BY_EMAIL = Statement(
    select(users, roles_of_user, onboarding_of_user).where(
        func.lower(users.c.email) == bindparam("address", type_=Text)
    )
)
_ADD = Statement(insert(users))
_ADD_ROLES = """
    INSERT INTO user_roles (user_id, role, onboarding)
    SELECT $1, role, onboarding FROM unnest($2::text[], $3::text[]) AS given (role, onboarding)
    ON CONFLICT (user_id, role) DO UPDATE SET onboarding = excluded.onboarding
     WHERE user_roles.onboarding <> excluded.onboarding
"""
_DROP_ROLES = "DELETE FROM user_roles WHERE user_id = $1 AND role <> ALL ($2::text[])"
_SAVE = Statement(
    update(users)
    .where(users.c.id == bindparam("of"), users.c.version == bindparam("stored"))
    .values({name: bindparam(name) for name in users.c.keys() if name not in {"id", "created_at"}})  # noqa: SIM118
)
_HOLDERS = Statement(
    select(users.c.id)
    .join(user_roles, user_roles.c.user_id == users.c.id)
    .where(
        user_roles.c.role == bindparam("role", type_=Text),
        users.c.status == AccountStatus.ACTIVE.value,
    )
    .order_by(users.c.id)
    .with_for_update()
)
_VOID_LINKS = Statement(
    update(verifications)
    .where(
        verifications.c.user_id == bindparam("of", type_=Uuid),
        verifications.c.purpose == any_(bindparam("purposes", type_=ARRAY(Text))),
        verifications.c.used_at.is_(None),
    )
    .values(used_at=bindparam("used_at"))
)
_ADD_LINK = Statement(upsert(verifications).on_conflict_do_nothing())
_LINK = Statement(
    select(verifications)
    .where(verifications.c.token_hash == bindparam("token_hash", type_=LargeBinary))
    .with_for_update()
)
_USE_LINK = Statement(
    update(verifications)
    .where(verifications.c.token_hash == bindparam("of", type_=LargeBinary))
    .values(used_at=bindparam("used_at"))
)


def to_row(user: User) -> dict[str, Any]:
    row = msgspec.structs.asdict(user)
    del row["roles"]
    return row | {"email": user.email or None, "status": user.status.value, "onboarding": Onboarding.NOT_NEEDED.value}


def role_rows(user: User) -> list[tuple[str, str]]:
    """Each role with how far its application is."""
    return [(role.value, user.onboarding_of(role).value) for role in sorted(user.roles)]


def from_row(row: asyncpg.Record) -> User:
    told = zip(row["roles"], row["onboarding_of_roles"], strict=True)
    return User(
        id=UserId(row["id"]),
        email=row["email"] or "",
        name=row["name"],
        password_hash=row["password_hash"],
        roles=frozenset(Role(role) for role in row["roles"]),
        zone=row["zone"],
        locale=row["locale"],
        phone=row["phone"],
        country=row["country"],
        birth_date=row["birth_date"],
        status=AccountStatus(row["status"]),
        onboarding={Role(role): Onboarding(far) for role, far in told if far != Onboarding.NOT_NEEDED},
        email_verified_at=row["email_verified_at"],
        created_at=row["created_at"],
        version=row["version"],
    )


class SqlUsers:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, user_id: UserId) -> User:
        row = await _BY_ID.row(self._connection, id=user_id)
        if row is None:
            raise NotFound("there is no such account")
        return from_row(row)

    async def by_email(self, email: str) -> User | None:
        row = await _BY_EMAIL.row(self._connection, address=same_address(email))
        return from_row(row) if row is not None else None

    async def add(self, user: User) -> None:
        try:
            await _ADD.run(self._connection, **to_row(user))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != EMAIL_UNIQUE:
                raise
            raise EmailTaken("there is an account with this address already", field="email") from error
        await self._set_roles(user)

    async def holders(self, role: Role) -> Sequence[UserId]:
        return [UserId(row["id"]) for row in await _HOLDERS.all(self._connection, role=role.value)]

    async def save(self, user: User) -> None:
        row = to_row(user)
        of = row.pop("id")
        del row["created_at"]
        if await _SAVE.run(self._connection, of=of, stored=user.version - 1, **row) != 1:
            raise StaleWrite("this account has changed in between")
        await self._connection.execute(_DROP_ROLES, user.id, sorted(user.roles))
        await self._set_roles(user)

    async def _set_roles(self, user: User) -> None:
        roles, far = zip(*role_rows(user), strict=True)
        await self._connection.execute(_ADD_ROLES, user.id, roles, far)


class SqlVerifications:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, verification: Verification) -> None:
        row = msgspec.structs.asdict(verification)
        await _ADD_LINK.run(self._connection, **(row | {"purpose": verification.purpose.value}))

    async def get(self, token_hash: bytes) -> Verification:
        row = await _LINK.row(self._connection, token_hash=token_hash)
        if row is None:
            raise NotFound("there is no such link")
        return Verification(
            token_hash=row["token_hash"],
            user_id=UserId(row["user_id"]),
            purpose=VerificationPurpose(row["purpose"]),
            address=row["address"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            used_at=row["used_at"],
        )

    async def save(self, verification: Verification) -> None:
        await _USE_LINK.run(self._connection, of=verification.token_hash, used_at=verification.used_at)

    async def void(self, user_id: UserId, purposes: Sequence[VerificationPurpose], *, at: datetime) -> None:
        await _VOID_LINKS.run(
            self._connection, of=user_id, purposes=[purpose.value for purpose in purposes], used_at=at
        )
