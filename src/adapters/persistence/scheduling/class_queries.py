"""When people are in group classes, in one read. (LIVE-13)"""

from collections.abc import Sequence
from typing import Final

import asyncpg
from sqlalchemy import ARRAY, DateTime, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.statement import Statement, driver
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import OccurrenceStatus
from domain.scheduling.subject import Subject
from domain.time import TimeSlot
from ports.scheduling.class_queries import ClassTime

_TIMES: Final = Statement(
    text(
        """
        SELECT times.id, times.class_id, classes.title, classes.subject, times.qari_id, qari.name AS qari_name,
               qari.zone AS qari_zone, times.starts_at, times.ends_at, times.status, times.version,
               classes.created_at, members.taken, members.ids, members.names
          FROM (SELECT id FROM group_classes WHERE qari_id = ANY (:people)
                UNION SELECT class_id FROM class_members WHERE learner_id = ANY (:people)) theirs
          JOIN class_occurrences times ON times.class_id = theirs.id
          JOIN group_classes classes ON classes.id = theirs.id
          JOIN users qari ON qari.id = times.qari_id
          CROSS JOIN LATERAL (
            SELECT count(*) AS taken,
                   array_agg(users.id ORDER BY users.name, users.id) FILTER (WHERE users.id = ANY (:people)) AS ids,
                   array_agg(users.name ORDER BY users.name, users.id) FILTER (WHERE users.id = ANY (:people)) AS names
              FROM class_members JOIN users ON users.id = class_members.learner_id
             WHERE class_members.class_id = theirs.id) members
         WHERE times.starts_at < :closes AND times.ends_at > :opens
         ORDER BY times.starts_at, times.id
        """
    ).bindparams(
        bindparam("people", type_=ARRAY(Uuid)),
        bindparam("opens", type_=DateTime(timezone=True)),
        bindparam("closes", type_=DateTime(timezone=True)),
    )
)


class SqlClassQueries:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def times_of(self, people: Sequence[UserId], window: TimeSlot) -> Sequence[ClassTime]:
        async with driver(self._engine) as connection:
            rows = await _TIMES.all(connection, people=list(people), opens=window.start, closes=window.end)
        return [_time_of(row) for row in rows]


def _time_of(row: "asyncpg.Record") -> ClassTime:
    return ClassTime(
        id=OccurrenceId(row["id"]),
        class_id=GroupClassId(row["class_id"]),
        title=row["title"],
        subject=Subject(row["subject"]),
        qari_id=UserId(row["qari_id"]),
        qari_name=row["qari_name"],
        qari_zone=row["qari_zone"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=OccurrenceStatus(row["status"]),
        sequence=row["version"] - 1,
        taken=row["taken"],
        learners=tuple(zip(row["ids"] or (), row["names"] or (), strict=True)),
        created_at=row["created_at"],
    )
