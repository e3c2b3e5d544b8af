"""Authenticator apps, recovery codes and passkeys on one asyncpg connection."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import DateTime, LargeBinary, Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.identity.factor_tables import PASSKEY_UNIQUE, authenticators, passkeys, recovery_codes
from adapters.persistence.statement import Statement
from domain.identity.passkey import Passkey, PasskeyTaken
from domain.identity.totp import Authenticator
from domain.ids import PasskeyId, UserId

_USER = bindparam("of", type_=Uuid)
_APP = Statement(select(authenticators).where(authenticators.c.user_id == _USER).with_for_update())
_SAVE_APP = upsert(authenticators)
_KEEP_APP = Statement(
    _SAVE_APP.on_conflict_do_update(
        index_elements=["user_id"],
        set_={name: _SAVE_APP.excluded[name] for name in ("sealed", "created_at", "confirmed_at", "last_step")},
    )
)
_DROP_APP = Statement(delete(authenticators).where(authenticators.c.user_id == _USER))
_DROP_CODES = Statement(delete(recovery_codes).where(recovery_codes.c.user_id == _USER))
_ADD_CODE = Statement(insert(recovery_codes))
_USE_CODE = Statement(
    update(recovery_codes)
    .where(
        recovery_codes.c.user_id == _USER,
        recovery_codes.c.code_hash == bindparam("hash", type_=LargeBinary),
        recovery_codes.c.used_at.is_(None),
    )
    .values(used_at=bindparam("at", type_=DateTime(timezone=True)))
)
_CODES_LEFT = Statement(
    select(func.count())
    .select_from(recovery_codes)
    .where(recovery_codes.c.user_id == _USER, recovery_codes.c.used_at.is_(None))
)
_PASSKEYS = Statement(select(passkeys).where(passkeys.c.user_id == _USER).order_by(passkeys.c.created_at))
_PASSKEY = Statement(
    select(passkeys).where(passkeys.c.credential_id == bindparam("credential", type_=LargeBinary)).with_for_update()
)
_ADD_PASSKEY = Statement(insert(passkeys))
_SAVE_PASSKEY = Statement(
    update(passkeys)
    .where(passkeys.c.id == bindparam("of", type_=Uuid))
    .values({name: bindparam(name) for name in ("sign_count", "name", "backed_up", "last_used_at")})
)
_DROP_PASSKEY = Statement(
    delete(passkeys).where(passkeys.c.user_id == _USER, passkeys.c.id == bindparam("passkey", type_=Uuid))
)


def _passkey(row: asyncpg.Record) -> Passkey:
    return Passkey(
        id=PasskeyId(row["id"]),
        user_id=UserId(row["user_id"]),
        credential_id=row["credential_id"],
        public_key=row["public_key"],
        sign_count=row["sign_count"],
        relying_party=row["relying_party"],
        name=row["name"],
        transports=tuple(row["transports"]),
        backed_up=row["backed_up"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
    )


class SqlFactors:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def authenticator(self, user_id: UserId) -> Authenticator | None:
        row = await _APP.row(self._connection, of=user_id)
        if row is None:
            return None
        return Authenticator(
            user_id=UserId(row["user_id"]),
            sealed=row["sealed"],
            created_at=row["created_at"],
            confirmed_at=row["confirmed_at"],
            last_step=row["last_step"],
        )

    async def save_authenticator(self, authenticator: Authenticator) -> None:
        await _KEEP_APP.run(self._connection, **msgspec.structs.asdict(authenticator))

    async def remove_authenticator(self, user_id: UserId) -> bool:
        return await _DROP_APP.run(self._connection, of=user_id) == 1

    async def set_recovery_codes(self, user_id: UserId, hashes: Sequence[bytes]) -> None:
        await _DROP_CODES.run(self._connection, of=user_id)
        for code_hash in hashes:
            await _ADD_CODE.run(self._connection, user_id=user_id, code_hash=code_hash, used_at=None)

    async def use_recovery_code(self, user_id: UserId, code_hash: bytes, *, at: datetime) -> bool:
        return await _USE_CODE.run(self._connection, of=user_id, hash=code_hash, at=at) == 1

    async def recovery_codes_left(self, user_id: UserId) -> int:
        return int(await _CODES_LEFT.value(self._connection, of=user_id))


class SqlPasskeys:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def of(self, user_id: UserId) -> Sequence[Passkey]:
        return [_passkey(row) for row in await _PASSKEYS.all(self._connection, of=user_id)]

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        row = await _PASSKEY.row(self._connection, credential=credential_id)
        return _passkey(row) if row is not None else None

    async def add(self, passkey: Passkey) -> None:
        values = msgspec.structs.asdict(passkey) | {"transports": list(passkey.transports)}
        try:
            await _ADD_PASSKEY.run(self._connection, **values)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != PASSKEY_UNIQUE:
                raise
            raise PasskeyTaken("this passkey is known already") from error

    async def save(self, passkey: Passkey) -> None:
        await _SAVE_PASSKEY.run(
            self._connection,
            of=passkey.id,
            sign_count=passkey.sign_count,
            name=passkey.name,
            backed_up=passkey.backed_up,
            last_used_at=passkey.last_used_at,
        )

    async def remove(self, user_id: UserId, passkey_id: PasskeyId) -> bool:
        return await _DROP_PASSKEY.run(self._connection, of=user_id, passkey=passkey_id) == 1
