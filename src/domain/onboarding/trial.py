"""What came of a trial lesson, and the weekly lessons it turned into. (ONB-08)"""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.ids import BookingId, SeriesId, UserId
from domain.onboarding.events import TrialJudged
from domain.onboarding.forms import ReadingLevel

LONGEST_NOTE: Final = 2000


class TrialConverted(Conflict):
    """Its weekly lessons were booked already: ``series_id`` in details."""

    code = "trial_converted"


class Verdict(StrEnum):
    FITS = "fits"
    UNDECIDED = "undecided"
    DOES_NOT_FIT = "does_not_fit"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """``note`` is for the school and the Qari, ``level`` what he heard."""

    booking_id: BookingId
    learner_id: UserId
    qari_id: UserId
    verdict: Verdict
    level: ReadingLevel | None = None
    note: str = ""
    judged_at: datetime
    series_id: SeriesId | None = None

    def __post_init__(self) -> None:
        if len(self.note) > LONGEST_NOTE:
            raise Invalid("this text has at most {most} characters", field="note", most=LONGEST_NOTE)

    def judged(self) -> TrialJudged:
        return TrialJudged(
            booking_id=self.booking_id, learner_id=self.learner_id, qari_id=self.qari_id, at=self.judged_at
        )

    def converted(self, series_id: SeriesId) -> "Trial":
        return msgspec.structs.replace(self, series_id=series_id)
