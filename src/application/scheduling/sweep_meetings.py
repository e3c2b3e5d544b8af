"""Lessons that start soon and still have no class get one, before the reminder goes out. (BOOK-08)"""

from datetime import timedelta
from typing import Final

import structlog

from application.scheduling.change_meeting import MoveMeeting
from application.scheduling.create_meeting import NEAR, CreateMeeting
from application.scheduling.tidy_meetings import TidyMeetings
from domain.scheduling.meeting import Status
from domain.time import TimeSlot
from ports.clock import Clock
from ports.errors import GatewayError
from ports.unit_of_work import NewUnit

AHEAD: Final = NEAR
LATE: Final = timedelta(minutes=15)
"""After an outage a lesson that has just begun still gets its class."""
MOST: Final = 500
log = structlog.get_logger(__name__)


class SweepMeetings:
    """Answers how many it made or moved. One that fails is left for the next run and does not hold up the others."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        create_meeting: CreateMeeting,
        move_meeting: MoveMeeting,
        tidy_meetings: TidyMeetings,
    ) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._create_meeting, self._move_meeting, self._tidy = create_meeting, move_meeting, tidy_meetings

    async def __call__(self) -> int:
        now = self._clock.now()
        async with self._new_unit() as unit:
            window = TimeSlot(now - LATE, now + AHEAD)
            missing = await unit.meetings.missing(window, MOST)
            moved = await unit.meetings.moved(window, MOST)
        works = [(booking_id, self._create_meeting.__call__) for booking_id in missing]
        works += [(booking_id, self._move_meeting.__call__) for booking_id in moved]
        made = 0
        for booking_id, work in works:
            try:
                meeting = await work(booking_id)
                made += meeting is not None and meeting.status is Status.READY
            except GatewayError as error:
                log.warning("meeting_not_made", booking_id=str(booking_id), error=type(error).__name__)
        await self._tidy()
        return made
