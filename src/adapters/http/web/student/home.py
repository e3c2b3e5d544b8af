"""The student's first page and the list of his lessons."""

from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.web.forms import next_page
from adapters.http.web.lessons.view import door_stands_open
from application.booking.see_lessons import ListMyLessons
from domain.booking.booking import WAITING, Status
from domain.identity.permission import Permission
from ports.booking.queries import Tense
from ports.clock import Clock

AHEAD = 12


class PortalController(Controller):
    include_in_schema = False

    @get("/portal", needs=Permission.SEE_OWN_BOOKINGS)
    async def home(
        self, request: Req, clock: NamedDependency[Clock], list_my_lessons: NamedDependency[ListMyLessons]
    ) -> Response[Any]:
        found = await list_my_lessons(request.user, Tense.UPCOMING, limit=AHEAD)
        standing = [lesson for lesson in found.items if lesson.status is Status.CONFIRMED]
        first = standing[0] if standing else None
        return page(
            request,
            "student/portal.html",
            first=first,
            join=first is not None and door_stands_open(first, clock.now()),
            waiting=[lesson for lesson in found.items if lesson.status in WAITING],
            later=standing[1:],
            more=found.next_cursor is not None,
        )

    @get("/portal/lessons", needs=Permission.SEE_OWN_BOOKINGS)
    async def lessons(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        list_my_lessons: NamedDependency[ListMyLessons],
        tense: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        shown = Tense.PAST if tense == Tense.PAST else Tense.UPCOMING
        found = await list_my_lessons(request.user, shown, cursor=cursor)
        return page(
            request,
            "student/lessons.html",
            tense=shown.value,
            lessons=found.items,
            open_doors=[lesson.id for lesson in found.items if door_stands_open(lesson, clock.now())],
            next=next_page("/portal/lessons", found.next_cursor, tense=shown.value),
            first=f"/portal/lessons?tense={shown.value}" if cursor else None,
        )

    @get("/lessons", needs=Permission.SEE_OWN_BOOKINGS, sync_to_thread=False)
    def elsewhere(self, request: Req) -> Redirect:
        """Where links in messages lead, for either side."""
        return Redirect("/qari/calendar" if request.user.may(Permission.TEACH) else "/portal/lessons", status_code=303)
