"""A copy of everything that is kept about a person: asked for, put together by the worker, fetched once. (ID-20)"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from application.outbox.one_by_one import each_of
from domain.errors import StaleWrite
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.identity.privacy import Export
from domain.ids import ExportId, UserId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit

BATCH: Final = 5


class RequestExport:
    """For oneself, or by staff for somebody; only the person himself can fetch it. Asked again while one is on its
    way, it changes nothing. Raises NotPermitted, NotFound.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, user_id: UserId | None = None) -> None:
        user_id = user_id or actor.user_id
        actor.require(Permission.SIGNED_IN if user_id == actor.user_id else Permission.MANAGE_PEOPLE)
        export = Export(
            id=ExportId(self._new_id()), user_id=user_id, requested_by=actor.user_id, created_at=self._clock.now()
        )
        async with self._new_unit() as unit:
            await unit.users.get(user_id)
            if not await unit.exports.add(export):
                return
            unit.record(export.requested())
            unit.note(Act(actor=actor, action="identity.request_export", subject=("user", str(user_id))))
            await unit.commit()


class SeeExport:
    """The latest one of one's own; its archive is not told. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> Export | None:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            found = await unit.exports.latest_of(actor.user_id)
        return msgspec.structs.replace(found, archive=None) if found is not None else None


class FetchExport:
    """Once. Raises NotPermitted, NotFound, Gone."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, export_id: ExportId) -> bytes:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            export = await unit.exports.get(export_id)
            fetched, archive = export.fetch(by=actor.user_id, at=self._clock.now())
            await unit.exports.save(fetched)
            unit.note(Act(actor=actor, action="identity.fetch_export", subject=("user", str(export.user_id))))
            await unit.commit()
        return archive


class BuildExports:
    """For the worker: how many were put together. One that fails does not keep the others waiting."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self) -> int:
        async with self._new_unit() as unit:
            waiting = list(await unit.exports.waiting(BATCH))
        return await each_of(waiting, self._build)

    async def _build(self, export: Export) -> bool:
        async with self._new_unit() as unit:
            data = await unit.personal.read(export.user_id)
        now = self._clock.now()
        following, event = export.ready(packed(data, at=now), at=now)
        async with self._new_unit() as unit:
            try:
                await unit.exports.save(following)
            except StaleWrite:
                return False  # another worker was faster
            unit.record(event)
            await unit.commit()
        return True


def packed(data: Mapping[str, Sequence[Mapping[str, Any]]], *, at: datetime) -> bytes:
    """A zip with one JSON document for each kind of record that there is."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as folder:
        contents = {name: len(rows) for name, rows in data.items() if rows}
        about = {"made_at": at, "records": contents}
        folder.writestr("contents.json", msgspec.json.format(msgspec.json.encode(about), indent=2))
        for name in contents:
            folder.writestr(f"{name}.json", msgspec.json.format(msgspec.json.encode(data[name]), indent=2))
    return archive.getvalue()
