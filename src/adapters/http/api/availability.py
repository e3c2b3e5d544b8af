"""A Qari's own calendar and offers; and what a learner says about himself for the match. (DISC-02, DISC-05, DISC-12)"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.scheduling.change_calendar import CalendarChanged
from application.scheduling.see_calendar import SeeCalendar
from application.scheduling.set_learner_gender import SetLearnerGender
from application.scheduling.set_limits import SetLimits
from application.scheduling.set_offers import SetOffers
from application.scheduling.set_override import SetOverride, SetOverrideCommand
from application.scheduling.set_weekly_rules import SetWeeklyRules
from application.scheduling.take_time_off import AddTimeOff, AddTimeOffCommand, RemoveTimeOff
from domain.identity.permission import Permission
from domain.money import Money
from domain.scheduling.calendar import Calendar, Limits, TimeOff, WallRange, WeeklyRule
from domain.scheduling.qari import Gender, LessonOffer
from domain.time import TimeSlot, require_utc
from ports.scheduling.queries import LessonAhead

Clock = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-4]):[0-5][0-9]$", examples=["17:30"])]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Minor = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class RangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Wall times of the Qari's zone. An ``end`` before the ``start`` is on the next day; ``24:00`` is midnight."""

    start: Clock
    end: Clock

    @classmethod
    def of(cls, hours: WallRange) -> "RangeBody":
        return cls(*hours.texts)

    def range(self) -> WallRange:
        return WallRange.of(self.start, self.end)


class RuleBody(msgspec.Struct, forbid_unknown_fields=True):
    """``weekday``: 0 is Monday."""

    weekday: Annotated[int, msgspec.Meta(ge=0, le=6)]
    hours: RangeBody


class WeekIn(msgspec.Struct, forbid_unknown_fields=True):
    rules: Annotated[list[RuleBody], msgspec.Meta(max_length=336)]


class OverrideIn(msgspec.Struct, forbid_unknown_fields=True):
    """No hours: closed on that date."""

    hours: Annotated[list[RangeBody], msgspec.Meta(max_length=48)]


class OverrideOut(msgspec.Struct):
    day: date
    hours: list[RangeBody]


class TimeOffIn(msgspec.Struct, forbid_unknown_fields=True):
    start: Instant
    end: Instant
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class LimitsIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    buffer_before_min: int
    buffer_after_min: int
    min_notice_min: int
    horizon_days: int
    daily_cap: int | None
    weekly_cap: int | None
    step_min: int


class OfferIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Prices in minor units. A trial at 0 is free; without one there is no trial."""

    minutes: int
    price: Minor
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    trial_price: Minor | None = None

    def offer(self) -> LessonOffer:
        trial = None if self.trial_price is None else Money(self.trial_price, self.currency)
        return LessonOffer(self.minutes, Money(self.price, self.currency), trial)


class OffersIn(msgspec.Struct, forbid_unknown_fields=True):
    offers: Annotated[list[OfferIn], msgspec.Meta(max_length=8)]


class OffersOut(msgspec.Struct):
    offers: list[LessonOffer]


class CalendarOut(msgspec.Struct, kw_only=True):
    """``outside``: booked lessons that no longer lie within the hours. They stay; reschedule or cancel them."""

    zone: str
    rules: list[RuleBody]
    overrides: list[OverrideOut]
    time_off: list[TimeOff]
    limits: Limits
    outside: list[LessonAhead]

    @classmethod
    def of(cls, calendar: Calendar, outside: tuple[LessonAhead, ...] = ()) -> "CalendarOut":
        return cls(
            zone=calendar.zone,
            rules=[RuleBody(rule.weekday, RangeBody.of(rule.hours)) for rule in calendar.rules],
            overrides=[
                OverrideOut(day, [RangeBody.of(one) for one in hours])
                for day, hours in sorted(calendar.overrides.items())
            ],
            time_off=list(calendar.time_off),
            limits=calendar.limits,
            outside=list(outside),
        )

    @classmethod
    def after(cls, changed: CalendarChanged) -> "CalendarOut":
        return cls.of(changed.calendar, changed.outside)


class MyAvailabilityController(Controller):
    path = "/api/v1/my"
    tags = ("availability",)

    @get("/availability", needs=Permission.SET_AVAILABILITY, summary="My hours")
    async def show(self, request: Req, see_calendar: NamedDependency[SeeCalendar]) -> CalendarOut:
        return CalendarOut.of((await see_calendar(request.user)).calendar)

    @put("/availability", needs=Permission.SET_AVAILABILITY, summary="Set my week")
    async def set_week(
        self, request: Req, data: JSONBody[WeekIn], set_weekly_rules: NamedDependency[SetWeeklyRules]
    ) -> CalendarOut:
        """Replaces all weekly hours. Ranges of one week may touch, not overlap: 422 ``overlapping_ranges``."""
        rules = [WeeklyRule(rule.weekday, rule.hours.range()) for rule in data.rules]
        return CalendarOut.after(await set_weekly_rules(request.user, rules))

    @put("/availability/overrides/{day:date}", needs=Permission.SET_AVAILABILITY, summary="Set one date")
    async def set_override(
        self,
        request: Req,
        day: FromPath[date],
        data: JSONBody[OverrideIn],
        set_override: NamedDependency[SetOverride],
    ) -> CalendarOut:
        """On that date these hours hold instead of the week's; none at all closes it."""
        command = SetOverrideCommand(day=day, hours=[one.range() for one in data.hours])
        return CalendarOut.after(await set_override(request.user, command))

    @delete(
        "/availability/overrides/{day:date}",
        needs=Permission.SET_AVAILABILITY,
        status_code=200,
        summary="Give one date back to the week",
    )
    async def remove_override(
        self, request: Req, day: FromPath[date], set_override: NamedDependency[SetOverride]
    ) -> CalendarOut:
        return CalendarOut.after(await set_override(request.user, SetOverrideCommand(day=day, hours=None)))

    @post("/availability/time-off", needs=Permission.SET_AVAILABILITY, summary="Take time off")
    async def add_time_off(
        self, request: Req, data: JSONBody[TimeOffIn], add_time_off: NamedDependency[AddTimeOff]
    ) -> CalendarOut:
        """Free slots in that time disappear at once; lessons that are booked stay and are listed as ``outside``."""
        slot = TimeSlot(require_utc(data.start, "start"), require_utc(data.end, "end"))
        return CalendarOut.after(await add_time_off(request.user, AddTimeOffCommand(slot=slot, note=data.note)))

    @delete(
        "/availability/time-off/{off_id:uuid}",
        needs=Permission.SET_AVAILABILITY,
        status_code=200,
        summary="Be back",
    )
    async def remove_time_off(
        self, request: Req, off_id: FromPath[UUID], remove_time_off: NamedDependency[RemoveTimeOff]
    ) -> CalendarOut:
        return CalendarOut.after(await remove_time_off(request.user, off_id))

    @put("/availability/limits", needs=Permission.SET_AVAILABILITY, summary="Set my limits")
    async def set_limits(
        self, request: Req, data: JSONBody[LimitsIn], set_limits: NamedDependency[SetLimits]
    ) -> CalendarOut:
        """Pauses, notice, horizon, caps, and the grid on which lessons start."""
        return CalendarOut.after(await set_limits(request.user, Limits(**msgspec.structs.asdict(data))))

    @get("/offers", needs=Permission.SET_AVAILABILITY, summary="My lessons and prices")
    async def offers(self, request: Req, see_calendar: NamedDependency[SeeCalendar]) -> OffersOut:
        return OffersOut(list((await see_calendar(request.user)).profile.offers))

    @put("/offers", needs=Permission.SET_AVAILABILITY, summary="Set my lessons and prices")
    async def set_offers(
        self, request: Req, data: JSONBody[OffersIn], set_offers: NamedDependency[SetOffers]
    ) -> OffersOut:
        """Replaces them all. Lessons that are booked keep their price."""
        profile = await set_offers(request.user, [offer.offer() for offer in data.offers])
        return OffersOut(list(profile.offers))


class LearnerIn(msgspec.Struct, forbid_unknown_fields=True):
    gender: Gender | None


class LearnerController(Controller):
    path = "/api/v1/my/learner"
    tags = ("availability",)

    @put("/", needs=Permission.BOOK_LESSON, status_code=204, summary="Say whether I am male or female")
    async def set_gender(
        self, request: Req, data: JSONBody[LearnerIn], set_learner_gender: NamedDependency[SetLearnerGender]
    ) -> None:
        """Some Qaris teach only one of them and cannot be booked without it."""
        await set_learner_gender(request.user, data.gender)
