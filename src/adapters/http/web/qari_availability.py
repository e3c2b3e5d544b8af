"""The Qari's hours: a week to paint, dates that differ, time off, limits, lessons and prices. (DISC-02, DISC-05)

One page of several forms; each stands for itself and works without scripts.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.formatting import date_text, week_starts_on
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _, ngettext
from adapters.http.web.availability_forms import (
    DATE_RANGES,
    OFFER_ROWS,
    date_in,
    days_from,
    hours_in,
    kept_rows,
    limit_fields,
    limits_in,
    notices,
    offer_fields,
    offers_in,
    painted,
    rules_of,
    steps,
    time_off_in,
    week_rows,
)
from adapters.http.web.forms import fields_of
from application.scheduling.change_calendar import CalendarChanged
from application.scheduling.see_calendar import OwnCalendar, SeeCalendar
from application.scheduling.set_limits import SetLimits
from application.scheduling.set_offers import SetOffers
from application.scheduling.set_override import SetOverride, SetOverrideCommand
from application.scheduling.set_weekly_rules import SetWeeklyRules
from application.scheduling.take_time_off import AddTimeOff, AddTimeOffCommand, RemoveTimeOff
from domain.errors import Invalid
from domain.identity.permission import Permission
from domain.money import EXPONENTS
from domain.scheduling.slots import within_hours

PATH: Final = "/qari/availability"
A_MONDAY: Final = date(2024, 1, 1)
Fields = Mapping[str, str]


def _shown(
    request: Req, own: OwnCalendar, form: str = "", fields: Fields | None = None, error: Invalid | None = None
) -> Response[Any]:
    """``form`` is the one that was refused: it keeps what was written and says what is wrong, and where."""
    calendar, given = own.calendar, fields or {}
    cells, kept = painted(calendar.rules)
    limits = {**limit_fields(calendar.limits), **(given if form == "limits" else {})}
    where = "" if error is None else str(error.details.get("field", ""))
    told = {} if error is None else {form: f"{error.message[:1].upper()}{error.message[1:]}."}
    starts_on = week_starts_on(viewer_of(request).locale)
    return page(
        request,
        "qari/availability.html",
        status_code=200 if error is None else 422,
        home=calendar.zone,
        parts=week_rows(cells, starts_on),
        week_order=days_from(starts_on),
        weekdays=[day_text(day, "EEE", request) for day in range(7)],
        weekday_names=[day_text(day, "EEEE", request) for day in range(7)],
        open_hours=len(cells) / 2,
        fine=kept_rows(kept),
        dates=[
            {"day": day, "hours": [" – ".join(one.texts) for one in hours]}  # noqa: RUF001
            for day, hours in sorted(calendar.overrides.items())
        ],
        away=calendar.time_off,
        outside=[lesson for lesson in own.lessons if not within_hours(calendar, lesson.slot)],
        limits=limits,
        steps=steps(),
        notices=notices(limits["min_notice_min"]),
        offers={**offer_fields(own.profile.offers), **(given if form == "offers" else {})},
        offer_rows=list(range(1, max(OFFER_ROWS, len(own.profile.offers)) + 1)),
        date_rows=list(range(1, DATE_RANGES + 1)),
        currencies=sorted(EXPONENTS),
        values=given if form in ("date", "away") else {},
        errors=told,
        where=where,
    )


def day_text(weekday: int, pattern: str, request: Req) -> str:
    """The name of a weekday (0 is Monday), as long as the pattern wants it."""
    return date_text(A_MONDAY + timedelta(days=weekday), viewer_of(request).locale, pattern)


def _saved(request: Req, changed: CalendarChanged, text: str, anchor: str) -> Response[Any]:
    """Lessons that now lie outside are told of, not touched."""
    count = len(changed.outside)
    if not count:
        return redirect(request, f"{PATH}#{anchor}", text)
    stays = ngettext(
        "{n} booked lesson lies outside your hours now and stays as it is.",
        "{n} booked lessons lie outside your hours now and stay as they are.",
        count,
    )
    return redirect(request, PATH, f"{text} {stays}", "notice")


class QariAvailabilityController(Controller):
    path = PATH
    include_in_schema = False

    @get("/", needs=Permission.SET_AVAILABILITY)
    async def show(self, request: Req, see_calendar: NamedDependency[SeeCalendar]) -> Response[Any]:
        return _shown(request, await see_calendar(request.user))

    @post("/week", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def week(
        self,
        request: Req,
        see_calendar: NamedDependency[SeeCalendar],
        set_weekly_rules: NamedDependency[SetWeeklyRules],
    ) -> Response[Any]:
        form = await request.form()
        cells = [value for value in form.getall("h", []) if isinstance(value, str)]
        kept = [value for value in form.getall("kept", []) if isinstance(value, str)]
        try:
            changed = await set_weekly_rules(request.user, rules_of(cells, kept))
        except Invalid as error:
            return _shown(request, await see_calendar(request.user), "week", {}, error)
        return _saved(request, changed, _("Your week is saved."), "week")

    @post("/date", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def one_date(
        self, request: Req, see_calendar: NamedDependency[SeeCalendar], set_override: NamedDependency[SetOverride]
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            command = SetOverrideCommand(day=date_in(fields.get("day", ""), "day"), hours=hours_in(fields))
            changed = await set_override(request.user, command)
        except Invalid as error:
            return _shown(request, await see_calendar(request.user), "date", fields, error)
        return _saved(request, changed, _("The date is saved."), "dates")

    @post("/date/remove", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def remove_date(
        self, request: Req, see_calendar: NamedDependency[SeeCalendar], set_override: NamedDependency[SetOverride]
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            command = SetOverrideCommand(day=date_in(fields.get("day", ""), "day"), hours=None)
            changed = await set_override(request.user, command)
        except Invalid as error:
            return _shown(request, await see_calendar(request.user), "date", fields, error)
        return _saved(request, changed, _("The date follows your week again."), "dates")

    @post("/away", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def away(
        self, request: Req, see_calendar: NamedDependency[SeeCalendar], add_time_off: NamedDependency[AddTimeOff]
    ) -> Response[Any]:
        fields, own = await fields_of(request), await see_calendar(request.user)
        try:
            slot = time_off_in(fields, own.calendar.zone)
            changed = await add_time_off(
                request.user, AddTimeOffCommand(slot=slot, note=fields.get("note", "").strip())
            )
        except Invalid as error:
            return _shown(request, own, "away", fields, error)
        return _saved(request, changed, _("You are away then; nobody can book it."), "away")

    @post("/away/{off_id:uuid}/remove", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def back(
        self, request: Req, off_id: FromPath[UUID], remove_time_off: NamedDependency[RemoveTimeOff]
    ) -> Response[Any]:
        changed = await remove_time_off(request.user, off_id)
        return _saved(request, changed, _("You can be booked in that time again."), "away")

    @post("/limits", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def limits(
        self, request: Req, see_calendar: NamedDependency[SeeCalendar], set_limits: NamedDependency[SetLimits]
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            changed = await set_limits(request.user, limits_in(fields))
        except Invalid as error:
            return _shown(request, await see_calendar(request.user), "limits", fields, error)
        return _saved(request, changed, _("Your limits are saved."), "limits")

    @post("/offers", needs=Permission.SET_AVAILABILITY, status_code=303)
    async def offers(
        self, request: Req, see_calendar: NamedDependency[SeeCalendar], set_offers: NamedDependency[SetOffers]
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            await set_offers(request.user, offers_in(fields))
        except Invalid as error:
            return _shown(request, await see_calendar(request.user), "offers", fields, error)
        return redirect(request, f"{PATH}#offers", _("Your lessons and prices are saved."))


CONTROLLERS_MAIN = (QariAvailabilityController,)
