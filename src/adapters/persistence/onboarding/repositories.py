"""Applications, documents, placements and trials on one asyncpg connection."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Integer, Table, Text, Uuid, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.persistence.line import Ask
from adapters.persistence.metadata import WALL
from adapters.persistence.onboarding.rows import (
    application_of,
    application_row,
    document_of,
    document_row,
    edition_row,
    placement_of,
    placement_row,
    trial_of,
    trial_row,
)
from adapters.persistence.onboarding.tables import (
    ONE_EACH,
    application_documents,
    application_editions,
    applications,
    placements,
    trials,
)
from adapters.persistence.statement import Statement
from domain.errors import Conflict, NotFound, StaleWrite
from domain.identity.permission import Role
from domain.ids import ApplicationId, BookingId, DocumentId, UserId
from domain.onboarding.application import Application, Edition
from domain.onboarding.document import Document
from domain.onboarding.placement import Placement
from domain.onboarding.trial import Trial

_WANTED: Final = bindparam("wanted", type_=Uuid)


def _binds(table: Table, *without: str) -> dict[str, Any]:
    names = [column.name for column in table.c if column.name not in {WALL, *without}]
    return {name: bindparam(name, type_=table.c[name].type) for name in names}


def _newest_holds(table: Table, key: str) -> Statement:
    """Adds the row, or puts it in place of the one there is."""
    adding = insert(table).values(_binds(table))
    changed = {name: adding.excluded[name] for name in _binds(table, key)}
    return Statement(adding.on_conflict_do_update(index_elements=[key], set_=changed))


_APPLICATION: Final = Statement(select(applications).where(applications.c.id == _WANTED).with_for_update())
_APPLICATION_OF: Final = Statement(
    select(applications)
    .where(applications.c.user_id == _WANTED, applications.c.role == bindparam("as_role", type_=Text))
    .with_for_update()
)
_ADD_APPLICATION: Final = Statement(insert(applications).values(_binds(applications)))
_SAVE_APPLICATION: Final = Statement(
    update(applications)
    .where(applications.c.id == _WANTED, applications.c.version == bindparam("was", type_=Integer))
    .values(_binds(applications, "id", "user_id", "role", "created_at"))
)
_keeping = insert(application_editions).values(_binds(application_editions))
_KEEP: Final = Statement(
    _keeping.on_conflict_do_update(
        index_elements=["application_id", "edition"],
        set_={name: _keeping.excluded[name] for name in ("outcome", "decided_at", "decided_by", "reason")},
    )
)
_DOCUMENT: Final = Statement(select(application_documents).where(application_documents.c.id == _WANTED))
_DOCUMENTS_OF: Final = Statement(
    select(application_documents)
    .where(application_documents.c.application_id == _WANTED, application_documents.c.removed_at.is_(None))
    .order_by(application_documents.c.uploaded_at, application_documents.c.id)
)
_ADD_DOCUMENT: Final = Statement(insert(application_documents).values(_binds(application_documents)))
_SAVE_DOCUMENT: Final = Statement(
    update(application_documents)
    .where(application_documents.c.id == _WANTED)
    .values({"removed_at": bindparam("removed_at", type_=application_documents.c.removed_at.type)})
)
_DELETE_DOCUMENT: Final = Statement(delete(application_documents).where(application_documents.c.id == _WANTED))
_PLACEMENT: Final = Statement(select(placements).where(placements.c.learner_id == _WANTED))
_SAVE_PLACEMENT: Final = _newest_holds(placements, "learner_id")
_TRIAL: Final = Statement(select(trials).where(trials.c.booking_id == _WANTED).with_for_update())
_SAVE_TRIAL: Final = _newest_holds(trials, "booking_id")


class SqlApplications:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, application_id: ApplicationId) -> Application:
        row = await _APPLICATION.row(self._connection, wanted=application_id)
        if row is None:
            raise NotFound("there is no such application")
        return application_of(row)

    async def of(self, user_id: UserId, role: Role) -> Application | None:
        row = await _APPLICATION_OF.row(self._connection, wanted=user_id, as_role=role.value)
        return application_of(row) if row is not None else None

    async def add(self, application: Application) -> None:
        try:
            await _ADD_APPLICATION.run(self._connection, **application_row(application))
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != ONE_EACH:
                raise
            raise Conflict("there is an application for this role already") from error

    async def save(self, application: Application) -> None:
        row = application_row(application)
        for name in ("id", "user_id", "role", "created_at"):
            del row[name]
        was = application.version - 1
        if await _SAVE_APPLICATION.run(self._connection, wanted=application.id, was=was, **row) != 1:
            raise StaleWrite("this application has changed in between")

    async def keep(self, edition: Edition) -> None:
        await _KEEP.run(self._connection, **edition_row(edition))


class SqlDocuments:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def get(self, document_id: DocumentId) -> Document:
        row = await _DOCUMENT.row(self._connection, wanted=document_id)
        if row is None:
            raise NotFound("there is no such document")
        return document_of(row)

    async def of(self, application_id: ApplicationId) -> Sequence[Document]:
        return [document_of(row) for row in await _DOCUMENTS_OF.all(self._connection, wanted=application_id)]

    async def add(self, document: Document) -> None:
        await _ADD_DOCUMENT.run(self._connection, **document_row(document))

    async def save(self, document: Document) -> None:
        if await _SAVE_DOCUMENT.run(self._connection, wanted=document.id, removed_at=document.removed_at) != 1:
            raise NotFound("there is no such document")

    async def delete(self, document_id: DocumentId) -> None:
        await _DELETE_DOCUMENT.run(self._connection, wanted=document_id)


class SqlPlacements:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    @staticmethod
    def asks(learner_id: UserId) -> list[Ask]:
        """What ``find`` does."""
        return [_PLACEMENT.ask(wanted=learner_id)]

    async def find(self, learner_id: UserId) -> Placement | None:
        row = await _PLACEMENT.row(self._connection, wanted=learner_id)
        return placement_of(row) if row is not None else None

    async def save(self, placement: Placement) -> None:
        await _SAVE_PLACEMENT.run(self._connection, **placement_row(placement))


class SqlTrials:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def find(self, booking_id: BookingId) -> Trial | None:
        row = await _TRIAL.row(self._connection, wanted=booking_id)
        return trial_of(row) if row is not None else None

    async def save(self, trial: Trial) -> None:
        await _SAVE_TRIAL.run(self._connection, **trial_row(trial))
