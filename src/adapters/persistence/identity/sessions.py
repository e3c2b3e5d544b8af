"""Sessions and their tokens on one asyncpg connection."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import (
    DateTime,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from adapters.persistence.identity.tables import session_tokens, sessions, user_roles
from adapters.persistence.metadata import own_columns
from adapters.persistence.statement import Statement
from domain.errors import NotFound
from domain.identity.permission import Audience, Role
from domain.identity.session import STRONG, Ending, Factor, Session, Token, TokenKind
from domain.ids import SessionId, UserId

_INSTANT = DateTime(timezone=True)
_ADD = Statement(insert(sessions))
_ADD_TOKEN = Statement(upsert(session_tokens).on_conflict_do_nothing())
_GET = Statement(select(*own_columns(sessions)).where(sessions.c.id == bindparam("id", type_=Uuid)).with_for_update())
_BY_TOKEN = Statement(
    select(*own_columns(sessions))
    .select_from(sessions.join(session_tokens, session_tokens.c.session_id == sessions.c.id))
    .where(session_tokens.c.hash == bindparam("token_hash", type_=LargeBinary))
    .with_for_update(of=sessions)
)
_TOKEN = Statement(select(session_tokens).where(session_tokens.c.hash == bindparam("token_hash", type_=LargeBinary)))
_SAVE = Statement(
    update(sessions)
    .where(sessions.c.id == bindparam("of", type_=Uuid))
    .values(
        {
            name: bindparam(name)
            for name in ("role", "factors", "last_seen_at", "expires_at", "ended_at", "ended_because")
        }
    )
)
_ROTATE = Statement(
    update(session_tokens)
    .where(session_tokens.c.hash == bindparam("of", type_=LargeBinary))
    .values(rotated_at=bindparam("rotated_at", type_=_INSTANT))
)
_END_ALL = Statement(
    update(sessions)
    .where(
        sessions.c.user_id == bindparam("of_user", type_=Uuid),
        sessions.c.ended_at.is_(None),
        or_(bindparam("but", type_=Uuid).is_(None), sessions.c.id != bindparam("but", type_=Uuid)),
    )
    .values(ended_at=bindparam("at", type_=_INSTANT), ended_because=bindparam("because", type_=Text))
)
_END_WEAK = Statement(
    update(sessions)
    .where(
        sessions.c.audience == bindparam("audience", type_=Text),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > bindparam("at", type_=_INSTANT),
        sessions.c.impersonator_id.is_(None),
        sessions.c.factors.overlap(bindparam("strong", type_=ARRAY(Text))).is_(False),
        sessions.c.user_id.in_(
            select(user_roles.c.user_id).where(user_roles.c.role == any_(bindparam("roles", type_=ARRAY(Text))))
        ),
    )
    .values(ended_at=bindparam("at", type_=_INSTANT), ended_because=Ending.WEAK.value)
    .returning(sessions.c.user_id)
)
_LOOKED_THROUGH = Statement(
    select(*own_columns(sessions))
    .where(
        sessions.c.impersonator_id.is_not(None),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at <= bindparam("until", type_=_INSTANT),
    )
    .order_by(sessions.c.expires_at)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(skip_locked=True)
)
_FORGET = Statement(delete(sessions).where(sessions.c.expires_at < bindparam("expired_before", type_=_INSTANT)))
_FORGET_TOKENS = Statement(
    delete(session_tokens).where(
        session_tokens.c.kind == TokenKind.ACCESS.value,
        session_tokens.c.expires_at < bindparam("expired_before", type_=_INSTANT),
    )
)


def _row(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "user_id": session.user_id,
        "audience": session.audience.value,
        "role": session.role.value,
        "device": session.device,
        "factors": [factor.value for factor in session.factors],
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "ended_at": session.ended_at,
        "ended_because": session.ended_because.value if session.ended_because is not None else None,
        "impersonator_id": session.impersonator,
    }


def _session(row: asyncpg.Record) -> Session:
    return Session(
        id=SessionId(row["id"]),
        user_id=UserId(row["user_id"]),
        audience=Audience(row["audience"]),
        role=Role(row["role"]),
        device=row["device"],
        factors=tuple(Factor(factor) for factor in row["factors"]),
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        ended_because=Ending(row["ended_because"]) if row["ended_because"] is not None else None,
        impersonator=UserId(row["impersonator_id"]) if row["impersonator_id"] is not None else None,
    )


def _token(row: asyncpg.Record) -> Token:
    return Token(
        hash=row["hash"],
        session_id=SessionId(row["session_id"]),
        kind=TokenKind(row["kind"]),
        generation=row["generation"],
        expires_at=row["expires_at"],
        rotated_at=row["rotated_at"],
    )


class SqlSessions:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def add(self, session: Session, tokens: Sequence[Token]) -> None:
        await _ADD.run(self._connection, **_row(session))
        await self._add_tokens(tokens)

    async def get(self, session_id: SessionId) -> Session:
        row = await _GET.row(self._connection, id=session_id)
        if row is None:
            raise NotFound("there is no such session")
        return _session(row)

    async def by_token(self, token_hash: bytes) -> tuple[Session, Token]:
        session = await _BY_TOKEN.row(self._connection, token_hash=token_hash)
        # Read after the lock is held: a row that waited shows the token as it was before.
        token = await _TOKEN.row(self._connection, token_hash=token_hash) if session is not None else None
        if session is None or token is None:
            raise NotFound("there is no such session")
        return _session(session), _token(token)

    async def save(self, session: Session) -> None:
        row = _row(session)
        names = ("role", "factors", "last_seen_at", "expires_at", "ended_at", "ended_because")
        await _SAVE.run(self._connection, of=session.id, **{name: row[name] for name in names})

    async def rotate(self, used: Token, tokens: Sequence[Token]) -> None:
        await _ROTATE.run(self._connection, of=used.hash, rotated_at=used.rotated_at)
        await self._add_tokens(tokens)

    async def _add_tokens(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            await _ADD_TOKEN.run(self._connection, **(msgspec.structs.asdict(token) | {"kind": token.kind.value}))

    async def end_all(self, user_id: UserId, *, because: Ending, at: datetime, but: SessionId | None = None) -> int:
        return await _END_ALL.run(self._connection, of_user=user_id, but=but, at=at, because=because.value)

    async def end_weak(self, roles: Collection[Role], audience: Audience, *, at: datetime) -> Sequence[UserId]:
        rows = await _END_WEAK.all(
            self._connection,
            roles=sorted(role.value for role in roles),
            audience=audience.value,
            strong=sorted(factor.value for factor in STRONG),
            at=at,
        )
        return sorted({UserId(row["user_id"]) for row in rows})

    async def looked_through(self, *, until: datetime, limit: int) -> Sequence[Session]:
        return [_session(row) for row in await _LOOKED_THROUGH.all(self._connection, until=until, limit=limit)]

    async def forget(self, *, expired_before: datetime) -> int:
        await _FORGET_TOKENS.run(self._connection, expired_before=expired_before)
        return await _FORGET.run(self._connection, expired_before=expired_before)
