"""The Qari's side: today, the week, and what was earned. (EARN-01)"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from adapters.http.formatting import clock_text, date_text, day_text, money_text
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.web.forms import next_page
from adapters.http.web.lessons.view import door_stands_open
from adapters.http.web.week import Week, week_from
from adapters.http.words import date_of
from application.billing.see_money import SeeMyEarnings
from application.booking.see_lessons import SeeAgenda, SeeDuties
from domain.booking.booking import WAITING
from domain.identity.permission import Permission
from domain.money import Money
from domain.time import TimeSlot, zone_of
from ports.billing.queries import EarningLine
from ports.booking.queries import LessonView
from ports.clock import Clock

EARLIEST, LATEST = 8, 20
MONTHS: Final = 6


class QariController(Controller):
    path = "/qari"
    include_in_schema = False

    @get("/", needs=Permission.TEACH)
    async def today(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        see_agenda: NamedDependency[SeeAgenda],
        see_duties: NamedDependency[SeeDuties],
    ) -> Response[Any]:
        now, zone = clock.now(), viewer_of(request).zone
        days = week_from(_local(now, zone), zone, now)
        lessons = await see_agenda(request.user, TimeSlot(days.start, days.end))
        duties = await see_duties(request.user)
        on_today = [lesson for lesson in lessons if _local(lesson.starts_at, zone) == days.today]
        return page(
            request,
            "qari/today.html",
            today=on_today,
            week=[lesson for lesson in lessons if lesson not in on_today],
            requests=duties.requests,
            outcomes=duties.outcomes,
            open_doors=[lesson.id for lesson in on_today if door_stands_open(lesson, now)],
        )

    @get("/calendar", needs=Permission.TEACH)
    async def calendar(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        see_agenda: NamedDependency[SeeAgenda],
        week: FromQuery[str] = "",
    ) -> Response[Any]:
        now, zone = clock.now(), viewer_of(request).zone
        first = date_of(week) or _local(now, zone)
        first -= timedelta(days=first.weekday())
        days = week_from(first, zone, now)
        lessons = await see_agenda(request.user, TimeSlot(days.start, days.end))
        by_day: dict[date, list[LessonView]] = defaultdict(list)
        for lesson in lessons:
            by_day[_local(lesson.starts_at, zone)].append(lesson)
        return page(
            request,
            "qari/calendar.html",
            days=days.filled(by_day),
            any=bool(lessons),
            today=days.today,
            previous=f"/qari/calendar?week={first - timedelta(7)}",
            next=f"/qari/calendar?week={first + timedelta(7)}",
            **_painted(request, days, lessons, now),
        )

    @get("/earnings", needs=Permission.SEE_OWN_EARNINGS)
    async def earnings(
        self,
        request: Req,
        see_my_earnings: NamedDependency[SeeMyEarnings],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        earned = await see_my_earnings(request.user, cursor=cursor)
        return page(
            request,
            "qari/earnings.html",
            totals=earned.totals,
            lines=earned.lines.items,
            months=_by_month(request, earned.lines.items) if not cursor else [],
            next=next_page("/qari/earnings", earned.lines.next_cursor),
            first="/qari/earnings" if cursor else None,
        )


def _local(moment: datetime, zone: str) -> date:
    return moment.astimezone(zone_of(zone)).date()


def _painted(request: Req, days: Week, lessons: Sequence[LessonView], now: datetime) -> dict[str, Any]:
    """Lessons as blocks: minutes from the first hour shown."""
    viewer = viewer_of(request)
    locals_ = [lesson.starts_at.astimezone(days.zone) for lesson in lessons]
    low = min([EARLIEST, *(local.hour for local in locals_)])
    high = max([LATEST, *(min(24, local.hour + 2) for local in locals_)])
    blocks = [
        {
            "day": (local.date() - days.first).days,
            "top": (local.hour - low) * 60 + local.minute,
            "height": lesson.minutes,
            "tone": "past" if lesson.ends_at <= now else "waiting" if lesson.status in WAITING else "",
            "label": f"{clock_text(lesson.starts_at, viewer.zone, viewer.locale)} {lesson.learner.name.split()[0][:8]}",
            "title": f"{day_text(lesson.starts_at, viewer.zone, viewer.locale)}, "
            f"{clock_text(lesson.starts_at, viewer.zone, viewer.locale)}, {lesson.learner.name}",
            "href": f"/lessons/{lesson.id}",
        }
        for lesson, local in zip(lessons, locals_, strict=True)
    ]
    here = now.astimezone(days.zone)
    shows_now = days.start <= now < days.end and low <= here.hour < high
    line = {"day": (here.date() - days.first).days, "top": (here.hour - low) * 60 + here.minute} if shows_now else None
    return {"blocks": blocks, "hours": list(range(low, high)), "now_line": line}


def _by_month(request: Req, lines: Sequence[EarningLine]) -> list[dict[str, Any]]:
    """The lessons of this page by month, in the currency that most of them are in; unlike currencies are not added."""
    viewer = viewer_of(request)
    held = [line for line in lines if line.status == "earned" and line.amount.minor]
    if not held:
        return []
    codes = [line.amount.currency for line in held]
    currency = max(set(codes), key=codes.count)
    sums: dict[date, Money] = defaultdict(lambda: Money.zero(currency))
    for line in held:
        if line.amount.currency == currency:
            sums[_local(line.starts_at, viewer.zone).replace(day=1)] += line.amount
    return [
        {
            "label": date_text(month, viewer.locale, "MMM y"),
            "value": amount.minor,
            "words": money_text(amount, viewer.locale),
        }
        for month, amount in sorted(sums.items())[-MONTHS:]
    ]


CONTROLLERS_MAIN = (QariController,)
