"""The Qari's side: today, the week, and what was earned. One lesson has its page in ``web/lessons``. (EARN-01)"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias

from litestar import Controller, Response, get
from litestar.params import FromQuery

from adapters.http.formatting import clock_text, date_text, day_text, money_text, week_starts_on
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.web.forms import next_page
from adapters.http.web.lessons.view import USUAL, way_in_stands_open
from adapters.http.web.week import Week, week_from
from adapters.http.words import date_of
from application.billing.see_money import SeeMyEarnings
from application.booking.see_lessons import SeeAgenda, SeeDuties
from application.scheduling.class_times import SeeClassTimes
from domain.booking.booking import WAITING
from domain.identity.permission import Permission
from domain.money import Money
from domain.time import TimeSlot, zone_of
from ports.billing.queries import EarningLine
from ports.booking.queries import LessonView
from ports.clock import Clock
from ports.paging import Page
from ports.scheduling.class_queries import ClassTime

# the hours that a week shows at least, and the months that the bars reach back
EARLIEST: Final = 8
LATEST: Final = 20
_OUTCOME_OPEN: Final = timedelta(days=USUAL.qari_outcome_days)
MONTHS: Final = 6
Taught: TypeAlias = LessonView | ClassTime


class QariController(Controller):
    path = "/qari"
    include_in_schema = False

    @get(["/", "/overview"], needs=Permission.TEACH)
    async def today(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        see_agenda: NamedDependency[SeeAgenda],
        see_class_times: NamedDependency[SeeClassTimes],
        see_duties: NamedDependency[SeeDuties],
    ) -> Response[Any]:
        now, zone = clock.now(), viewer_of(request).zone
        days = week_from(_local(now, zone), zone, now)
        lessons = await _taught(request, see_agenda, see_class_times, days)
        duties = await see_duties(request.user)
        on_today = [lesson for lesson in lessons if _local(lesson.starts_at, zone) == days.today]
        return page(
            request,
            "qari/today.html",
            today=on_today,
            week=[lesson for lesson in lessons if lesson not in on_today],
            requests=duties.requests,
            outcomes=duties.outcomes,
            too_late=[lesson.id for lesson in duties.outcomes if lesson.ends_at + _OUTCOME_OPEN <= now],
            open_doors=[lesson.id for lesson in on_today if way_in_stands_open(lesson, now)],
        )

    @get("/calendar", needs=Permission.TEACH)
    async def calendar(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        see_agenda: NamedDependency[SeeAgenda],
        see_class_times: NamedDependency[SeeClassTimes],
        week: FromQuery[str] = "",
    ) -> Response[Any]:
        now, zone = clock.now(), viewer_of(request).zone
        first = date_of(week) or _local(now, zone)
        first -= timedelta(days=(first.weekday() - week_starts_on(viewer_of(request).locale)) % 7)
        days = week_from(first, zone, now)
        lessons = await _taught(request, see_agenda, see_class_times, days)
        by_day: dict[date, list[Taught]] = defaultdict(list)
        for lesson in lessons:
            by_day[_local(lesson.starts_at, zone)].append(lesson)
        return page(
            request,
            "qari/calendar.html",
            days=days.filled(by_day),
            any=bool(lessons),
            open_doors=[lesson.id for lesson in lessons if way_in_stands_open(lesson, now)],
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
            charts=_by_month(request, earned.lines) if not cursor else [],
            next=next_page("/qari/earnings", earned.lines.next_cursor),
            first="/qari/earnings" if cursor else None,
        )


async def _taught(request: Req, see_agenda: SeeAgenda, see_class_times: SeeClassTimes, days: Week) -> Sequence[Taught]:
    """Lessons and classes, in order of time. (LIVE-13)"""
    window = TimeSlot(days.start, days.end)
    found: list[Taught] = [*await see_agenda(request.user, window), *await see_class_times(request.user, window)]
    return sorted(found, key=lambda each: (each.starts_at, each.id))


def _local(moment: datetime, zone: str) -> date:
    return moment.astimezone(zone_of(zone)).date()


def _painted(request: Req, days: Week, lessons: Sequence[Taught], now: datetime) -> dict[str, Any]:
    """Lessons as blocks: minutes from the first hour shown. One that begins before the week is in the list alone."""
    shown = [(lesson, lesson.starts_at.astimezone(days.zone)) for lesson in lessons if lesson.starts_at >= days.start]
    low = min([EARLIEST, *(local.hour for _lesson, local in shown)])
    high = max([LATEST, *(min(24, local.hour + 2) for _lesson, local in shown)])
    here = now.astimezone(days.zone)
    is_now = days.start <= now < days.end and low <= here.hour < high
    return {
        "blocks": [_block(request, days, lesson, local, now, low, high) for lesson, local in shown],
        "hours": list(range(low, high)),
        "now_line": {"day": (here.date() - days.first).days, "top": _minutes(here, low)} if is_now else None,
    }


def _block(
    request: Req, days: Week, lesson: Taught, local: datetime, now: datetime, low: int, high: int
) -> dict[str, Any]:
    viewer, top = viewer_of(request), _minutes(local, low)
    clock = clock_text(lesson.starts_at, viewer.zone, viewer.locale)
    who, href = _shown(lesson)
    short = who.split()[0] if who.strip() else ""
    return {
        "day": (local.date() - days.first).days,
        "top": top,
        "height": min(lesson.slot.minutes, (high - low) * 60 - top),
        "tone": "past"
        if lesson.ends_at <= now
        else "waiting"
        if isinstance(lesson, LessonView) and lesson.status in WAITING
        else "",
        "label": f"{clock} {short[:7]}",
        "title": f"{day_text(lesson.starts_at, viewer.zone, viewer.locale)}, {clock}, {who}",
        "href": href,
    }


def _shown(it: Taught) -> tuple[str, str]:
    if isinstance(it, ClassTime):
        return it.title, f"/classes/{it.class_id}"
    return it.learner.name, f"/lessons/{it.id}"


def _minutes(local: datetime, low: int) -> int:
    return (local.hour - low) * 60 + local.minute


def _by_month(request: Req, lines: Page[EarningLine]) -> list[dict[str, Any]]:
    """What these lessons earned by month, each currency by itself. The month in which the page ends is left out when
    there are older lessons: its sum would be too small.
    """
    viewer = viewer_of(request)
    sums: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines.items:
        if line.status == "earned" and line.amount:
            month = _local(line.starts_at, viewer.zone).replace(day=1)
            sums[line.amount.currency][month] += line.amount.minor
    if lines.next_cursor is not None:
        cut = _local(lines.items[-1].starts_at, viewer.zone).replace(day=1)
        for months in sums.values():
            months.pop(cut, None)
    return [
        {
            "currency": currency,
            "rows": [
                {
                    "label": date_text(month, viewer.locale, "MMM y"),
                    "value": minor,
                    "words": money_text(Money(minor, currency), viewer.locale),
                }
                for month, minor in sorted(months.items())[-MONTHS:]
            ],
        }
        for currency, months in sorted(sums.items())
        if months
    ]


CONTROLLERS_MAIN = (QariController,)
