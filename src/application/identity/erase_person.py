"""Being forgotten: after a while to think again, and not while lessons or money are under way, or while a child has
no other guardian of record. (ID-20, SAFE-01)

What the law wants kept stays under the id of the person, which then leads to nobody.
"""

from datetime import timedelta
from typing import Final

import msgspec

from application.outbox.one_by_one import each_of
from domain.errors import Conflict
from domain.events import Event
from domain.identity.account import require_above, require_reason
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged, PersonErased
from domain.identity.permission import Permission, Role
from domain.identity.privacy import Erasure, ErasureStatus, OpenBusiness
from domain.identity.session import Ending
from domain.ids import ErasureId, EventId, UserId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.files import FileStore
from ports.identity.privacy import Ties
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit

DROP_FILES: Final = "identity.drop_files"
BATCH: Final = 20
ASK_AGAIN: Final = timedelta(days=1)


class OwnsTheSchool(Conflict):
    code = "owns_the_school"


def _require_settled(ties: Ties) -> None:
    if ties:
        raise OpenBusiness(
            "there are lessons ahead, money under way or children in your care; settle that first",
            ties={name: count for name, count in msgspec.structs.asdict(ties).items() if count},
        )


class ScheduleErasure:
    """By oneself (who confirms it before) or by staff. Raises NotPermitted, NotFound, Invalid without a reason,
    OpenBusiness, OwnsTheSchool, ErasureUnderWay.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, user_id: UserId, reason: str) -> Erasure:
        own = user_id == actor.user_id
        actor.require(Permission.SIGNED_IN if own else Permission.ERASE_PERSON)
        reason, now = require_reason(reason), self._clock.now()
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            if not own:
                require_above(actor, user)
            if Role.OWNER in user.roles:
                raise OwnsTheSchool("an owner hands the school over first")
            _require_settled(await unit.personal.ties(user_id, now))
            erasure, event = Erasure.schedule(
                ErasureId(self._new_id()), user_id, by=actor.user_id, reason=reason, at=now
            )
            await unit.erasures.add(erasure)
            unit.record(event)
            unit.note(
                Act(
                    actor=actor,
                    action="identity.schedule_erasure",
                    subject=("user", str(user_id)),
                    after={"due_at": erasure.due_at.isoformat()},
                    reason=reason,
                )
            )
            await unit.commit()
        return erasure


class CallOffErasure:
    """Raises NotPermitted, NotFound, Conflict when there is none."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, user_id: UserId) -> None:
        own = user_id == actor.user_id
        actor.require(Permission.SIGNED_IN if own else Permission.ERASE_PERSON)
        async with self._new_unit() as unit:
            await unit.users.get(user_id)
            found = await unit.erasures.scheduled_of(user_id)
            if found is None:
                raise Conflict("this account is not about to be erased")
            erasure, event = found.call_off(at=self._clock.now())
            await unit.erasures.save(erasure)
            unit.record(event)
            unit.note(Act(actor=actor, action="identity.call_off_erasure", subject=("user", str(user_id))))
            await unit.commit()


class SeeErasure:
    """The one that is scheduled, if any. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, user_id: UserId) -> Erasure | None:
        actor.require(Permission.SIGNED_IN if user_id == actor.user_id else Permission.SEE_PEOPLE)
        async with self._new_unit() as unit:
            return await unit.erasures.scheduled_of(user_id)


class EraseDue:
    """For the worker: how many were erased. Whoever has something under way by then is asked about a day later; one
    that fails does not keep the others waiting.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self) -> int:
        async with self._new_unit() as unit:
            due = list(await unit.erasures.due(self._clock.now(), BATCH))
        return await each_of(due, self._erase)

    async def _erase(self, erasure_id: ErasureId) -> bool:
        now = self._clock.now()
        async with self._new_unit() as unit:
            erasure = await unit.erasures.get(erasure_id)
            if erasure.status is not ErasureStatus.SCHEDULED or erasure.due_at > now:
                return False
            user = await unit.users.get(erasure.user_id)
            if Role.OWNER in user.roles or await unit.personal.ties(user.id, now):
                await unit.erasures.save(erasure.wait(until=now + ASK_AGAIN))
                await unit.commit()
                return False
            done, event = erasure.done(files=await unit.personal.files(user.id), at=now)
            await unit.erasures.save(done)
            await unit.sessions.end_all(user.id, because=Ending.ERASED, at=now)
            await unit.personal.erase(user.id)
            unit.record(event, AccessChanged(user_id=user.id, at=now))
            unit.note(Act(actor=None, action="identity.erase", subject=("user", str(user.id)), reason="its time came"))
            await unit.commit()
        await self._cache.forget(user.id)
        return True


class DropFiles:
    """Subscriber: the files of somebody who was erased, after the rows that led to them."""

    def __init__(self, files: FileStore) -> None:
        self._files = files

    async def __call__(self, event_id: EventId, event: Event) -> None:
        del event_id
        if isinstance(event, PersonErased):
            for key in event.files:
                await self._files.delete(key)
