"""Sweep: what was not paid, answered or approved in time gives its slot back. (BOOK-04)"""

from typing import Final

from ports.clock import Clock
from ports.unit_of_work import NewUnit

BATCH: Final = 100


class ExpireHolds:
    """Answers how many ended. Several sweepers may run at once; each takes what the others have not."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self) -> int:
        count = 0
        while ended := await self._batch():
            count += ended
            if ended < BATCH:
                break
        return count

    async def _batch(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            due = await unit.bookings.expired_holds(now, BATCH)
            for booking in due:
                expired, news = booking.expire(at=now)
                await unit.bookings.save(expired)
                unit.record(news)
            unanswered = await unit.proposals.unanswered(now, BATCH)
            for proposal in unanswered:
                await unit.proposals.save(proposal.lapse(at=now))
            await unit.commit()
        return max(len(due), len(unanswered))
