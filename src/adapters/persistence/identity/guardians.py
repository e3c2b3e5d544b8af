"""Guardianships, and what the rules ask of a learner, on one asyncpg connection; and what guardians look at."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import asyncpg
from sqlalchemy import Date, Integer, Text, Uuid, and_, any_, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.guardian_tables import ONE_OPEN, guardianships
from adapters.persistence.identity.tables import users
from adapters.persistence.line import Ask
from adapters.persistence.scheduling.tables import learners
from adapters.persistence.statement import Statement, driver
from domain.booking.rules import MatchWish
from domain.errors import NotFound, StaleWrite
from domain.identity.guardianship import OPEN, AlreadyGuardian, Guardianship, GuardianshipStatus, Right
from domain.ids import GuardianshipId, UserId
from domain.scheduling.qari import Gender
from ports.identity.guardians import GuardianView, LearnerFacts, WardView

_CHANGING: Final = ("rights", "of_record", "status", "ended_at", "version")
_GUARDIAN: Final = guardianships.c.guardian_id == bindparam("guardian", type_=Uuid)
_CHILD: Final = guardianships.c.child_id == bindparam("child", type_=Uuid)
_OPEN: Final = guardianships.c.status == any_(bindparam("open", type_=ARRAY(Text)))
_OPEN_VALUES: Final = sorted(OPEN)
_OLDEST: Final = (guardianships.c.created_at, guardianships.c.id)
_BY_ID: Final = Statement(select(guardianships).where(guardianships.c.id == bindparam("wanted", type_=Uuid)))
_ADD: Final = Statement(insert(guardianships))
_SAVE: Final = Statement(
    update(guardianships)
    .where(
        guardianships.c.id == bindparam("wanted", type_=Uuid),
        guardianships.c.version == bindparam("was", type_=Integer),
    )
    .values({name: bindparam(name, type_=guardianships.c[name].type) for name in _CHANGING})
)
_OF_CHILD: Final = Statement(select(guardianships).where(_CHILD).order_by(*_OLDEST))
_OF_GUARDIAN: Final = Statement(select(guardianships).where(_GUARDIAN).order_by(*_OLDEST))
_BETWEEN: Final = Statement(select(guardianships).where(_GUARDIAN, _CHILD, _OPEN))
_LOCK: Final = Statement(
    text("SELECT pg_advisory_xact_lock(hashtextextended('child:' || :child, 0))").bindparams(
        bindparam("child", type_=Text)
    )
)
_GROWN_UP: Final = Statement(
    select(guardianships)
    .join(users, users.c.id == guardianships.c.child_id)
    .where(_OPEN, users.c.birth_date <= bindparam("born_until", type_=Date))
    .order_by(*_OLDEST)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, of=guardianships)
)
_FACTS: Final = Statement(
    select(users.c.birth_date, users.c.zone, learners.c.gender, learners.c.qari_gender, learners.c.languages)
    .select_from(users.outerjoin(learners, learners.c.user_id == users.c.id))
    .where(users.c.id == bindparam("learner", type_=Uuid))
)
_WISH: Final = upsert(learners).values(
    user_id=bindparam("user_id"), qari_gender=bindparam("qari_gender"), languages=bindparam("languages")
)
_SET_WISH: Final = Statement(
    _WISH.on_conflict_do_update(
        index_elements=[learners.c.user_id],
        set_={"qari_gender": _WISH.excluded.qari_gender, "languages": _WISH.excluded.languages},
    )
)
_WARD: Final = (
    select(
        guardianships.c.id,
        guardianships.c.child_id,
        guardianships.c.rights,
        guardianships.c.of_record,
        guardianships.c.status,
        users.c.name,
        users.c.zone,
        users.c.birth_date,
        users.c.email.is_not(None).label("has_address"),
        learners.c.gender,
        learners.c.qari_gender,
        learners.c.languages,
    )
    .select_from(
        guardianships.join(users, users.c.id == guardianships.c.child_id).outerjoin(
            learners, learners.c.user_id == guardianships.c.child_id
        )
    )
    .where(_GUARDIAN, _OPEN)
)
_WARDS: Final = Statement(_WARD.order_by(func.lower(users.c.name), users.c.id))
_ONE_WARD: Final = Statement(_WARD.where(_CHILD))
_GUARDIANS: Final = Statement(
    select(
        guardianships.c.id,
        guardianships.c.guardian_id,
        guardianships.c.rights,
        guardianships.c.of_record,
        guardianships.c.status,
        users.c.name,
    )
    .join(users, users.c.id == guardianships.c.guardian_id)
    .where(_CHILD, _OPEN)
    .order_by(guardianships.c.of_record.desc(), *_OLDEST)
)
_SEEN: Final = Statement(
    select(guardianships.c.child_id).where(
        and_(
            _GUARDIAN,
            guardianships.c.status == GuardianshipStatus.ACTIVE.value,
            bindparam("right", type_=Text) == any_(guardianships.c.rights),
        )
    )
)


def to_row(guardianship: Guardianship) -> dict[str, Any]:
    return {
        "id": guardianship.id,
        "guardian_id": guardianship.guardian_id,
        "child_id": guardianship.child_id,
        "rights": sorted(guardianship.rights),
        "of_record": guardianship.of_record,
        "status": guardianship.status.value,
        "created_by": guardianship.created_by,
        "created_at": guardianship.created_at,
        "ended_at": guardianship.ended_at,
        "version": guardianship.version,
    }


def from_row(row: "asyncpg.Record") -> Guardianship:
    return Guardianship(
        id=row["id"],
        guardian_id=row["guardian_id"],
        child_id=row["child_id"],
        rights=frozenset(Right(right) for right in row["rights"]),
        of_record=row["of_record"],
        status=GuardianshipStatus(row["status"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        version=row["version"],
    )


class SqlGuardianships:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(guardian_id: UserId, child_id: UserId) -> list[Ask]:
        """What ``between`` and ``of_child`` do."""
        between = _BETWEEN.ask(guardian=guardian_id, child=child_id, open=_OPEN_VALUES)
        return [between, _OF_CHILD.ask(child=child_id)]

    async def get(self, guardianship_id: GuardianshipId) -> Guardianship:
        row = await _BY_ID.row(self._connection, wanted=guardianship_id)
        if row is None:
            raise NotFound("there is no such guardianship")
        return from_row(row)

    async def add(self, guardianship: Guardianship) -> None:
        try:
            await _ADD.run(self._connection, **to_row(guardianship))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ONE_OPEN:
                raise
            raise AlreadyGuardian("this person is a guardian of the child already, or has been asked") from error

    async def save(self, guardianship: Guardianship) -> None:
        row = to_row(guardianship)
        changed = {name: row[name] for name in _CHANGING}
        if await _SAVE.run(self._connection, wanted=guardianship.id, was=guardianship.version - 1, **changed) != 1:
            raise StaleWrite("this guardianship has changed in between")

    async def of_child(self, child_id: UserId) -> Sequence[Guardianship]:
        return [from_row(row) for row in await _OF_CHILD.all(self._connection, child=child_id)]

    async def of_guardian(self, guardian_id: UserId) -> Sequence[Guardianship]:
        return [from_row(row) for row in await _OF_GUARDIAN.all(self._connection, guardian=guardian_id)]

    async def between(self, guardian_id: UserId, child_id: UserId) -> Guardianship | None:
        row = await _BETWEEN.row(self._connection, guardian=guardian_id, child=child_id, open=_OPEN_VALUES)
        return from_row(row) if row is not None else None

    async def lock_child(self, child_id: UserId) -> None:
        await _LOCK.run(self._connection, child=str(child_id))

    async def grown_up(self, born_until: date, limit: int) -> Sequence[Guardianship]:
        rows = await _GROWN_UP.all(self._connection, open=_OPEN_VALUES, born_until=born_until, most=limit)
        return [from_row(row) for row in rows]


def _wish(row: "asyncpg.Record") -> MatchWish:
    return MatchWish(
        qari_gender=Gender(row["qari_gender"]) if row["qari_gender"] is not None else None,
        languages=tuple(row["languages"] or ()),
    )


class SqlLearners:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(learner_id: UserId) -> list[Ask]:
        """What ``facts`` does."""
        return [_FACTS.ask(learner=learner_id)]

    async def facts(self, learner_id: UserId) -> LearnerFacts:
        row = await _FACTS.row(self._connection, learner=learner_id)
        if row is None:
            return LearnerFacts()
        return LearnerFacts(
            birth_date=row["birth_date"],
            zone=row["zone"],
            gender=Gender(row["gender"]) if row["gender"] is not None else None,
            wish=_wish(row),
        )

    async def set_wish(self, learner_id: UserId, wish: MatchWish) -> None:
        gender = wish.qari_gender.value if wish.qari_gender is not None else None
        await _SET_WISH.run(self._connection, user_id=learner_id, qari_gender=gender, languages=list(wish.languages))


def _ward(row: "asyncpg.Record") -> WardView:
    return WardView(
        guardianship_id=row["id"],
        child_id=row["child_id"],
        name=row["name"],
        zone=row["zone"],
        birth_date=row["birth_date"],
        gender=Gender(row["gender"]) if row["gender"] is not None else None,
        wish=_wish(row),
        rights=tuple(Right(right) for right in row["rights"]),
        of_record=row["of_record"],
        status=GuardianshipStatus(row["status"]),
        has_address=row["has_address"],
    )


class SqlGuardianQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def wards(self, guardian_id: UserId) -> Sequence[WardView]:
        async with driver(self._engine) as connection:
            rows = await _WARDS.all(connection, guardian=guardian_id, open=_OPEN_VALUES)
        return [_ward(row) for row in rows]

    async def ward(self, guardian_id: UserId, child_id: UserId) -> WardView | None:
        async with driver(self._engine) as connection:
            row = await _ONE_WARD.row(connection, guardian=guardian_id, child=child_id, open=_OPEN_VALUES)
        return _ward(row) if row is not None else None

    async def guardians(self, child_id: UserId) -> Sequence[GuardianView]:
        async with driver(self._engine) as connection:
            rows = await _GUARDIANS.all(connection, child=child_id, open=_OPEN_VALUES)
        return [
            GuardianView(
                guardianship_id=row["id"],
                guardian_id=row["guardian_id"],
                name=row["name"],
                rights=tuple(Right(right) for right in row["rights"]),
                of_record=row["of_record"],
                status=GuardianshipStatus(row["status"]),
            )
            for row in rows
        ]

    async def children_seen_by(self, guardian_id: UserId, right: Right) -> Sequence[UserId]:
        async with driver(self._engine) as connection:
            rows = await _SEEN.all(connection, guardian=guardian_id, right=right.value)
        return [row["child_id"] for row in rows]
