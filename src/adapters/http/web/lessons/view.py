"""A lesson's own page, and its door. (LIVE-08)"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from adapters.http.flash import redirect
from adapters.http.formatting import clock_text, day_text
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.consents import to_consents
from adapters.http.words import sentence
from application.booking.see_lessons import LessonDetail, SeeLesson
from application.scheduling.join_lesson import JoinLesson, JoinLessonCommand
from domain.booking.booking import WAITING, Status
from domain.booking.errors import OutsideJoinWindow
from domain.booking.policy import BookingPolicy
from domain.errors import Conflict, DomainError
from domain.identity.actor import Party
from domain.identity.permission import Permission
from domain.ids import BookingId
from domain.onboarding.consent import ConsentNeeded
from ports.booking.queries import LessonView
from ports.clock import Clock
from ports.errors import GatewayError
from ports.scheduling.class_queries import ClassTime

USUAL: Final = BookingPolicy()
_EARLY: Final = timedelta(minutes=USUAL.join_before_min)
_LATE: Final = timedelta(minutes=USUAL.join_after_min)


def door_stands_open(lesson: LessonView, now: datetime) -> bool:
    """When to show the way in: under the usual rules. Whether it opens, the use case says, under the lesson's own."""
    return lesson.status is Status.CONFIRMED and lesson.starts_at - _EARLY <= now < lesson.ends_at + _LATE


def way_in_stands_open(it: LessonView | ClassTime, now: datetime) -> bool:
    """Of a lesson, or of one time of a class. (LIVE-13)"""
    if isinstance(it, LessonView):
        return door_stands_open(it, now)
    return it.stands and it.slot.padded(USUAL.join_before_min, USUAL.join_after_min).contains(now)


class LessonPageController(Controller):
    path = "/lessons/{booking_id:uuid}"
    include_in_schema = False

    @get("/", needs=Permission.SEE_OWN_BOOKINGS)
    async def show(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        see_lesson: NamedDependency[SeeLesson],
        clock: NamedDependency[Clock],
    ) -> Response[Any]:
        detail = await see_lesson(request.user, BookingId(booking_id))
        return page(request, "lessons/lesson.html", **_offers(detail, clock.now()))

    @get("/join", needs=Permission.JOIN_LESSON, acts=True)
    async def join(
        self, request: Req, booking_id: FromPath[UUID], join_lesson: NamedDependency[JoinLesson]
    ) -> Response[Any]:
        """Straight into the class; the address is personal and shown nowhere."""
        here = f"/lessons/{booking_id}"
        try:
            entry = await join_lesson(request.user, JoinLessonCommand(booking_id=BookingId(booking_id)))
        except OutsideJoinWindow as closed:
            return redirect(request, here, _hours(request, closed), "notice")
        except ConsentNeeded as needed:
            return to_consents(request, needed, here)
        except Conflict as refused:
            return redirect(request, here, sentence(refused.message), "notice")
        except GatewayError:
            return redirect(request, here, _("The class service does not answer. Try again in a moment."), "problem")
        return Redirect(
            entry.url, status_code=303, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"}
        )


def _hours(request: Req, closed: DomainError) -> str:
    opens = datetime.fromisoformat(str(closed.details["opens_at"]))
    closes = datetime.fromisoformat(str(closed.details["closes_at"]))
    viewer = viewer_of(request)
    return _(
        "The door is open on {day} from {opens} to {closes}, your time.",
        day=day_text(opens, viewer.zone, viewer.locale),
        opens=clock_text(opens, viewer.zone, viewer.locale),
        closes=clock_text(closes, viewer.zone, viewer.locale),
    )


def _offers(detail: LessonDetail, now: datetime) -> dict[str, Any]:
    """What the page offers to do. Each use case decides again for itself."""
    lesson, learner = detail.lesson, detail.party is Party.LEARNER
    standing = lesson.status is Status.CONFIRMED
    ahead = lesson.starts_at > now
    other = lesson.qari if learner else lesson.learner
    return {
        "lesson": lesson,
        "detail": detail,
        "learner": learner,
        "other": other,
        "join": door_stands_open(lesson, now),
        "changes": standing and ahead,
        "payable": learner and lesson.status in (Status.HELD, Status.PENDING_PAYMENT),
        "gives_up": lesson.status in WAITING and learner,
        "answers": lesson.status is Status.REQUESTED and not learner,
        "outcome": standing and lesson.ends_at <= now,
        "answers_proposal": detail.proposal is not None and detail.proposal.by is not detail.party,
        "series": [each for each in detail.series if each.id != lesson.id],
    }
