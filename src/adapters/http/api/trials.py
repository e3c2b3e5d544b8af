"""What came of a trial lesson, and going on with the same Qari at the same hour. (ONB-08)"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.api.booking_wire import BookingOut
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.onboarding.trials import (
    ConvertTrial,
    ConvertTrialCommand,
    JudgeTrial,
    JudgeTrialCommand,
    SeeTrial,
    TrialView,
)
from domain.booking.series import Choice
from domain.identity.actor import Party
from domain.identity.permission import Permission
from domain.ids import BookingId
from domain.onboarding.forms import ReadingLevel
from domain.onboarding.trial import LONGEST_NOTE, Verdict
from domain.time import require_utc


class JudgeIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``note`` is for the Qari and the school alone."""

    verdict: Verdict
    level: ReadingLevel | None = None
    note: Annotated[str, msgspec.Meta(max_length=LONGEST_NOTE)] = ""


class TrialOut(msgspec.Struct, kw_only=True):
    """``verdict`` is None before the Qari has judged it; ``note`` is told to the Qari and to staff."""

    booking_id: UUID
    verdict: Verdict | None
    level: ReadingLevel | None
    note: str
    judged_at: datetime | None
    series_id: UUID | None

    @classmethod
    def of(cls, seen: TrialView) -> "TrialOut":
        trial = seen.trial
        return cls(
            booking_id=seen.booking.id,
            verdict=trial.verdict if trial is not None else None,
            level=trial.level if trial is not None else None,
            note=trial.note if trial is not None and seen.party is not Party.LEARNER else "",
            judged_at=trial.judged_at if trial is not None else None,
            series_id=trial.series_id if trial is not None else None,
        )


class ChoiceBody(msgspec.Struct, forbid_unknown_fields=True):
    """Without ``shift_to`` the date is left out."""

    day: date
    shift_to: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class ConvertIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    weeks: Annotated[int, msgspec.Meta(ge=2, le=52)] = 4
    choices: Annotated[list[ChoiceBody], msgspec.Meta(max_length=52)] = []


class WeeklyOut(msgspec.Struct):
    bookings: list[BookingOut]


class TrialController(Controller):
    path = "/api/v1/bookings/{booking_id:uuid}/trial"
    tags = ("bookings",)

    @get("/", needs=Permission.SEE_OWN_BOOKINGS, summary="What came of a trial")
    async def show(self, request: Req, booking_id: FromPath[UUID], see_trial: NamedDependency[SeeTrial]) -> TrialOut:
        return TrialOut.of(await see_trial(request.user, BookingId(booking_id)))

    @put("/", needs=Permission.TEACH, summary="Judge a trial")
    async def judge(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        data: JSONBody[JudgeIn],
        judge_trial: NamedDependency[JudgeTrial],
        see_trial: NamedDependency[SeeTrial],
    ) -> TrialOut:
        """By the Qari who gave it, once it has begun; the last word counts. 409 ``not_a_trial`` otherwise."""
        command = JudgeTrialCommand(
            booking_id=BookingId(booking_id), verdict=data.verdict, level=data.level, note=data.note
        )
        await judge_trial(request.user, command)
        return TrialOut.of(await see_trial(request.user, BookingId(booking_id)))

    @post("/convert", needs=Permission.BOOK_LESSON, summary="Go on every week")
    async def convert(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        data: JSONBody[ConvertIn],
        convert_trial: NamedDependency[ConvertTrial],
    ) -> WeeklyOut:
        """Same Qari, same weekday, same hour: held for payment like any series. 409 ``series_clash`` names the dates
        that do not fit; the same call again, with ``choices``, settles them.
        """
        choices = {
            one.day: Choice(require_utc(one.shift_to, "shift_to") if one.shift_to is not None else None)
            for one in data.choices
        }
        command = ConvertTrialCommand(booking_id=BookingId(booking_id), weeks=data.weeks, choices=choices)
        return WeeklyOut([BookingOut.of(lesson) for lesson in await convert_trial(request.user, command)])


CONTROLLERS_MAIN = (TrialController,)
