"""What the school has told somebody, kept on his pages: seen there, and marked as read by looking."""

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from ports.clock import Clock
from ports.notification.queries import NoteRow, NotificationQueries
from ports.paging import Page
from ports.unit_of_work import NewUnit


class SeeNotes:
    """Newest first. Raises BadCursor."""

    def __init__(self, queries: NotificationQueries) -> None:
        self._queries = queries

    async def __call__(self, actor: Actor, *, cursor: str | None = None, limit: int = 30) -> Page[NoteRow]:
        actor.require(Permission.SIGNED_IN)
        return await self._queries.notes(actor.user_id, cursor=cursor, limit=limit)


class ReadNotes:
    """How many were new. Whoever looks through somebody else's eyes leaves them as they are."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> int:
        actor.require(Permission.SIGNED_IN)
        if actor.impersonator is not None:
            return 0
        async with self._new_unit() as unit:
            count = await unit.deliveries.read_notes(actor.user_id, at=self._clock.now())
            await unit.commit()
        return count
