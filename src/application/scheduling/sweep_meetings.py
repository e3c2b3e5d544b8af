"""Lessons that start soon and still have no class get one, before the reminder goes out. (BOOK-08)"""

from datetime import timedelta
from typing import Final

import structlog

from application.scheduling.create_meeting import CreateMeeting
from domain.time import TimeSlot
from ports.clock import Clock
from ports.errors import GatewayError
from ports.unit_of_work import NewUnit

AHEAD: Final = timedelta(minutes=75)
"""An hour, and as much as two runs of the sweep and the reminder need."""
LATE: Final = timedelta(minutes=15)
"""After an outage a lesson that has just begun still gets its class."""
MOST: Final = 500
log = structlog.get_logger(__name__)


class SweepMeetings:
    """Answers how many it made. One that fails is left for the next run and does not hold up the others."""

    def __init__(self, new_unit: NewUnit, clock: Clock, create_meeting: CreateMeeting) -> None:
        self._new_unit, self._clock, self._create_meeting = new_unit, clock, create_meeting

    async def __call__(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            missing = await unit.meetings.missing(TimeSlot(now - LATE, now + AHEAD), MOST)
        made = 0
        for booking_id in missing:
            try:
                made += await self._create_meeting(booking_id) is not None
            except GatewayError as error:
                log.warning("meeting_not_made", booking_id=str(booking_id), error=type(error).__name__)
        return made
