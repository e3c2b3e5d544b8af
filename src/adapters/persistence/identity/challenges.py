"""Half-finished sign-ins, and who people are at other providers, on one asyncpg connection."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import DateTime, LargeBinary, Text, Uuid, bindparam, delete, insert, select, update

from adapters.persistence.identity.factor_tables import IDENTITY_UNIQUE, challenges, linked_identities
from adapters.persistence.statement import Statement
from domain.identity.challenge import Challenge, ChallengeEnded, ChallengePurpose
from domain.identity.permission import Audience
from domain.identity.provider import LinkedElsewhere, LinkedIdentity
from domain.identity.session import Factor
from domain.ids import UserId

_TOKEN = challenges.c.token_hash == bindparam("of", type_=LargeBinary)
_ADD = Statement(insert(challenges))
_GET = Statement(select(challenges).where(_TOKEN).with_for_update())
_SAVE = Statement(update(challenges).where(_TOKEN).values(tries_left=bindparam("tries_left"), nonce=bindparam("nonce")))
_END = Statement(delete(challenges).where(_TOKEN))
_FORGET = Statement(
    delete(challenges).where(challenges.c.expires_at < bindparam("before", type_=DateTime(timezone=True))),
    everywhere="what has expired is forgotten in all academies alike",
)
_FIND = Statement(
    select(linked_identities).where(
        linked_identities.c.provider == bindparam("at", type_=Text),
        linked_identities.c.subject == bindparam("known_as", type_=Text),
    )
)
_OF = Statement(
    select(linked_identities)
    .where(linked_identities.c.user_id == bindparam("of", type_=Uuid))
    .order_by(linked_identities.c.provider)
)
_LINK = Statement(insert(linked_identities))
_UNLINK = Statement(
    delete(linked_identities).where(
        linked_identities.c.user_id == bindparam("of", type_=Uuid),
        linked_identities.c.provider == bindparam("at", type_=Text),
    )
)


class SqlChallenges:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, challenge: Challenge) -> None:
        values = msgspec.structs.asdict(challenge)
        plain = {
            "purpose": challenge.purpose.value,
            "audience": challenge.audience.value,
            "proofs": [proof.value for proof in challenge.proofs],
        }
        await _ADD.run(self._connection, **(values | plain))

    async def get(self, token_hash: bytes) -> Challenge:
        row = await _GET.row(self._connection, of=token_hash)
        if row is None:
            raise ChallengeEnded("this took too long or was tried too often; sign in again")
        return Challenge(
            token_hash=row["token_hash"],
            purpose=ChallengePurpose(row["purpose"]),
            audience=Audience(row["audience"]),
            user_id=UserId(row["user_id"]) if row["user_id"] is not None else None,
            proofs=tuple(Factor(proof) for proof in row["proofs"]),
            enroll=row["enroll"],
            nonce=row["nonce"],
            tries_left=row["tries_left"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
        )

    async def save(self, challenge: Challenge) -> None:
        await _SAVE.run(
            self._connection, of=challenge.token_hash, tries_left=challenge.tries_left, nonce=challenge.nonce
        )

    async def end(self, token_hash: bytes) -> None:
        await _END.run(self._connection, of=token_hash)

    async def forget(self, *, expired_before: datetime) -> int:
        return await _FORGET.run(self._connection, before=expired_before)


def _identity(row: asyncpg.Record) -> LinkedIdentity:
    return LinkedIdentity(
        provider=row["provider"],
        subject=row["subject"],
        user_id=UserId(row["user_id"]),
        email=row["email"],
        linked_at=row["linked_at"],
    )


class SqlLinkedIdentities:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def find(self, provider: str, subject: str) -> LinkedIdentity | None:
        row = await _FIND.row(self._connection, at=provider, known_as=subject)
        return _identity(row) if row is not None else None

    async def of(self, user_id: UserId) -> Sequence[LinkedIdentity]:
        return [_identity(row) for row in await _OF.all(self._connection, of=user_id)]

    async def add(self, identity: LinkedIdentity) -> None:
        try:
            await _LINK.run(self._connection, **msgspec.structs.asdict(identity))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != IDENTITY_UNIQUE:
                raise
            raise LinkedElsewhere("this identity belongs to another account here") from error

    async def remove(self, user_id: UserId, provider: str) -> bool:
        return await _UNLINK.run(self._connection, of=user_id, at=provider) >= 1
