"""The student's first page and the list of his lessons."""

from datetime import timedelta
from typing import Any, Final

from litestar import Controller, Response, get
from litestar.params import FromQuery
from litestar.response import Redirect

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import kept_page, page, part
from adapters.http.text import _
from adapters.http.web.forms import address, id_of, next_page
from adapters.http.web.lessons.view import door_stands_open, way_in_stands_open
from application.booking.see_lessons import ListMyLessons
from application.identity.see_family import SeeChildren
from application.scheduling.class_times import SeeClassTimes
from domain.booking.booking import WAITING, Status
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.time import TimeSlot
from ports.booking.queries import LessonView, Tense
from ports.clock import Clock
from ports.scheduling.class_queries import ClassTime

AHEAD: Final = 12
SOON: Final = timedelta(days=28)


class PortalController(Controller):
    include_in_schema = False

    @get("/portal", needs=Permission.SEE_OWN_BOOKINGS)
    async def home(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        list_my_lessons: NamedDependency[ListMyLessons],
        see_class_times: NamedDependency[SeeClassTimes],
    ) -> Response[Any]:
        now = clock.now()
        found = await list_my_lessons(request.user, Tense.UPCOMING, limit=AHEAD)
        standing = [lesson for lesson in found.items if lesson.status is Status.CONFIRMED]
        classes = await see_class_times(request.user, TimeSlot(now, now + SOON))
        # of each class its next time: all of them are on the page of lessons
        soonest = {each.class_id: each for each in reversed(classes)}
        both: list[LessonView | ClassTime] = [*standing, *soonest.values()]
        ahead = sorted(both, key=lambda each: (each.starts_at, each.id))
        first = ahead[0] if ahead else None
        return page(
            request,
            "student/portal.html",
            first=first,
            join=first is not None and way_in_stands_open(first, now),
            waiting=[lesson for lesson in found.items if lesson.status in WAITING],
            later=ahead[1:],
            open_doors=[each.id for each in ahead[1:] if way_in_stands_open(each, now)],
            more=found.next_cursor is not None,
            reader=request.user.user_id,
        )

    @get("/portal/lessons", needs=Permission.SEE_OWN_BOOKINGS)
    async def lessons(
        self,
        request: Req,
        clock: NamedDependency[Clock],
        list_my_lessons: NamedDependency[ListMyLessons],
        see_children: NamedDependency[SeeChildren],
        see_class_times: NamedDependency[SeeClassTimes],
        tense: FromQuery[str] = "",
        learner: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        shown = Tense.PAST if tense == Tense.PAST else Tense.UPCOMING
        chosen = id_of(learner)
        learner_id = UserId(chosen) if chosen is not None else None
        found = await list_my_lessons(request.user, shown, learner_id=learner_id, cursor=cursor)
        now, classes = clock.now(), []
        if shown is Tense.UPCOMING and not cursor:
            classes = list(await see_class_times(request.user, TimeSlot(now, now + SOON), learner_id=learner_id))
        wards = await see_children(request.user) if request.user.may(Permission.MANAGE_CHILDREN) else ()
        children = [ward for ward in wards if Right.SEE in ward.rights and ward.status == "active"]
        names = tuple((str(ward.child_id), ward.name) for ward in children)
        open_doors = tuple(each.id for each in classes if way_in_stands_open(each, now))
        moments = tuple((door_stands_open(it, now), it.starts_at <= now, it.ends_at <= now) for it in found.items)
        of = (tuple(found.items), moments, found.next_cursor, tuple(classes[:AHEAD]), open_doors, names)

        def rendered() -> dict[str, Any]:
            return {
                "tense": shown.value,
                "lessons": [_row(request, it, *moment) for it, moment in zip(found.items, moments, strict=True)],
                "classes": classes[:AHEAD],
                "open_doors": open_doors,
                "reader": request.user.user_id,
                "learners": [("", _("All")), *names, (str(request.user.user_id), _("Mine"))] if names else [],
                "learner": str(learner_id or ""),
                "next": next_page("/portal/lessons", found.next_cursor, tense=shown.value, learner=learner_id),
                "first": address("/portal/lessons", tense=shown.value, learner=learner_id) if cursor else None,
            }

        return kept_page(request, "student/lessons.html", of, rendered)

    @get("/lessons", needs=Permission.SEE_OWN_BOOKINGS, sync_to_thread=False)
    def elsewhere(self, request: Req) -> Redirect:
        """Where links in messages lead, for either side."""
        return Redirect("/qari/calendar" if request.user.may(Permission.TEACH) else "/portal/lessons", status_code=303)


def _row(request: Req, lesson: LessonView, open_door: bool, begun: bool, over: bool) -> Any:
    """``begun`` and ``over`` are there because the line says so."""
    return part(
        request,
        "lessons/row.html",
        lesson,
        lambda: {"lesson": lesson},
        other="qari",
        reader=request.user.user_id,
        open_door=open_door,
        begun=begun,
        over=over,
    )
