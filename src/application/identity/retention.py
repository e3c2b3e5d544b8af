"""Letting go of what has been kept long enough, by the school's own times. (OPS-19)"""

from datetime import datetime, timedelta
from typing import Final

from domain.identity.retention import RETENTION_POLICY, DataClass, read_retention
from ports.clock import Clock
from ports.idempotency import IdempotencyStore
from ports.unit_of_work import NewUnit

PORTION: Final = 1000
MOST_PORTIONS: Final = 50
"""Of one class in one run; what is left waits for the next."""


class ApplyRetention:
    """How many rows are gone or blanked. May run at any time, twice, or not at all for a while."""

    def __init__(self, new_unit: NewUnit, clock: Clock, answers: IdempotencyStore) -> None:
        self._new_unit, self._clock, self._answers = new_unit, clock, answers

    async def __call__(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            policy = read_retention(await unit.policies.current(RETENTION_POLICY, now))
        count = await self._close_exports(now) + await self._drop_half_sign_ins(now)
        for kind in DataClass:
            before = now - timedelta(days=policy.days(kind))
            count += await self._purge(kind, before)
        return count

    async def _purge(self, kind: DataClass, before: datetime) -> int:
        if kind is DataClass.ANSWERS:
            return await self._answers.purge(before=before)
        count = 0
        for _ in range(MOST_PORTIONS):
            async with self._new_unit() as unit:
                if kind is DataClass.SESSIONS:
                    touched, whole = await unit.sessions.forget(expired_before=before), True
                else:
                    touched = await unit.retention.purge(kind, before=before, limit=PORTION)
                    whole = touched < PORTION
                await unit.commit()
            count += touched
            if whole:
                break
        return count

    async def _drop_half_sign_ins(self, now: datetime) -> int:
        """Of no use to anybody once they have run out, so the school has no say in it."""
        async with self._new_unit() as unit:
            count = await unit.challenges.forget(expired_before=now)
            await unit.commit()
        return count

    async def _close_exports(self, now: datetime) -> int:
        """Copies that nobody fetched in time lose their content at once."""
        async with self._new_unit() as unit:
            stale = list(await unit.exports.run_out(now, PORTION))
            for export in stale:
                await unit.exports.save(export.expire())
            await unit.commit()
        return len(stale)
