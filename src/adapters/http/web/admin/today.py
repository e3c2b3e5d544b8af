"""The first page of the office: what is on today, and what waits for a person."""

from datetime import timedelta
from typing import Any

from litestar import Controller, Response, get

from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from application.booking.see_lessons import SearchBookings
from application.oversight.jobs import ShowJobHealth
from domain.booking.booking import Status
from domain.identity.permission import Permission
from domain.time import instant, zone_of
from ports.booking.queries import BookingFilter
from ports.clock import Clock


class AdminTodayController(Controller):
    include_in_schema = False

    @get("/", needs=Permission.SEE_BOOKINGS)
    async def today(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        search_bookings: NamedDependency[SearchBookings],
        show_job_health: NamedDependency[ShowJobHealth],
    ) -> Response[Any]:
        zone = viewer_of(request).zone
        local = clock.now().astimezone(zone_of(zone))
        opens = instant(local.date(), local.time().min, zone)
        window = BookingFilter(
            statuses=(Status.CONFIRMED, Status.COMPLETED),
            starts_from=opens,
            starts_until=instant(local.date() + timedelta(days=1), local.time().min, zone),
        )
        lessons = await search_bookings(request.user, window, limit=100)
        missing = await search_bookings(request.user, BookingFilter(outcome_missing=True), limit=10)
        health = await show_job_health(request.user) if request.user.may(Permission.SEE_JOBS) else None
        return page(
            request,
            "admin/today.html",
            lessons=sorted(lessons.items, key=lambda lesson: lesson.starts_at),
            more=lessons.next_cursor is not None,
            missing=missing.items,
            dead=sum(backlog.dead for backlog in health.backlogs) if health is not None else 0,
            failing=[job for job in health.jobs if job.failures_in_a_row] if health is not None else [],
        )
