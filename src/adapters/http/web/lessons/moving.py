"""The free times to which a lesson can move."""

from datetime import datetime, timedelta
from typing import Any

from litestar import Response

from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.web.week import week_of
from adapters.http.words import date_of
from application.booking.see_lessons import LessonDetail
from application.scheduling.free_slots import FreeSlots, FreeSlotsQuery


async def moving_page(
    request: Req, detail: LessonDetail, free_slots: FreeSlots, now: datetime, week: str
) -> Response[Any]:
    lesson, zone = detail.lesson, viewer_of(request).zone
    first = date_of(week)
    days = week_of(first, zone, now)
    query = FreeSlotsQuery(qari_id=lesson.qari.id, zone=zone, start=days.start, end=days.end, minutes=lesson.minutes)
    found = await free_slots(query)
    here = f"/lessons/{lesson.id}/move"
    free = found.next_free
    return page(
        request,
        "lessons/move.html",
        lesson=lesson,
        days=days.filled({day.date: day.slots for day in found.days}),
        today=days.today,
        any_free=bool(found.days),
        first_free=free,
        first_free_href=f"{here}?week={free.start.astimezone(days.zone).date()}" if free else None,
        here=here,
        previous=f"{here}?week={days.first - timedelta(7)}" if days.start > now else None,
        next=f"{here}?week={days.first + timedelta(7)}",
    )
