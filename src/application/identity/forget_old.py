"""Housekeeping: sessions that have ended and answers that nobody will ask for again."""

from datetime import timedelta
from typing import Final

from ports.clock import Clock
from ports.idempotency import IdempotencyStore
from ports.unit_of_work import NewUnit

KEPT_ANSWERS: Final = timedelta(days=2)
ENDED_SESSIONS: Final = timedelta(days=7)


class ForgetOld:
    """How many rows are gone. May run at any time, twice, or not at all for a while."""

    def __init__(self, new_unit: NewUnit, clock: Clock, answers: IdempotencyStore) -> None:
        self._new_unit, self._clock, self._answers = new_unit, clock, answers

    async def __call__(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            ended = await unit.sessions.forget(expired_before=now - ENDED_SESSIONS)
            await unit.commit()
        return ended + await self._answers.purge(before=now - KEPT_ANSWERS)
