"""After a trial lesson: the Qari judges it, the learner goes on with one action. (ONB-08)"""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.formatting import day_text
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _, ngettext
from adapters.http.web.forms import address, fields_of, told
from adapters.http.web.onboarding_forms import heard_names, options
from application.onboarding.trials import ConvertTrial, ConvertTrialCommand, JudgeTrial, JudgeTrialCommand, SeeTrial
from domain.booking.errors import SeriesClash
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.ids import BookingId
from domain.onboarding.forms import ReadingLevel
from domain.onboarding.trial import Verdict


class TrialPageController(Controller):
    path = "/lessons/{booking_id:uuid}/trial"
    include_in_schema = False

    @get("/", needs=Permission.TEACH)
    async def form(
        self, request: Req, booking_id: FromPath[UUID], see_trial: NamedDependency[SeeTrial]
    ) -> Response[Any]:
        seen = await see_trial(request.user, BookingId(booking_id))
        return page(
            request,
            "lessons/trial.html",
            here=f"/lessons/{booking_id}",
            trial=seen.trial,
            levels=options(heard_names()),
            errors={},
        )

    @post("/", needs=Permission.TEACH, status_code=303)
    async def judge(
        self, request: Req, booking_id: FromPath[UUID], judge_trial: NamedDependency[JudgeTrial]
    ) -> Response[Any]:
        fields, here = await fields_of(request), f"/lessons/{booking_id}"
        verdict = next((one for one in Verdict if one.value == fields.get("verdict")), None)
        if verdict is None:
            return redirect(request, f"{here}/trial", _("Say how it went."), "problem")
        level = next((one for one in ReadingLevel if one.value == fields.get("level")), None)
        command = JudgeTrialCommand(
            booking_id=BookingId(booking_id), verdict=verdict, level=level, note=fields.get("note", "")
        )
        try:
            await judge_trial(request.user, command)
        except DomainError as error:
            return redirect(request, here, told(error), "problem")
        return redirect(request, here, _("Thank you. The school reads it."))

    @post("/convert", needs=Permission.BOOK_LESSON, status_code=303)
    async def convert(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        convert_trial: NamedDependency[ConvertTrial],
        see_trial: NamedDependency[SeeTrial],
    ) -> Response[Any]:
        """Where some of the dates do not fit, the page of weekly lessons settles them."""
        weeks, here = (await fields_of(request)).get("weeks", ""), f"/lessons/{booking_id}"
        count = int(weeks) if weeks in {"4", "8", "12"} else 4
        try:
            lessons = await convert_trial(
                request.user, ConvertTrialCommand(booking_id=BookingId(booking_id), weeks=count)
            )
        except SeriesClash as clash:
            booking = (await see_trial(request.user, BookingId(booking_id))).booking
            viewer, first = viewer_of(request), str(clash.details["clashes"][0]["starts_at"])
            day = day_text(datetime.fromisoformat(first), viewer.zone, viewer.locale)
            way = address(f"/qaris/{booking.qari_id}", minutes=booking.slot.minutes)
            text = _("{day} and perhaps other dates are taken. Choose another hour with the same Qari.", day=day)
            return redirect(request, way, text, "notice")
        except DomainError as error:
            return redirect(request, here, told(error), "problem")
        text = ngettext(
            "{n} lesson is kept for you. Pay to confirm it.",
            "{n} lessons are kept for you. Pay to confirm them.",
            len(lessons),
        )
        return redirect(request, f"/lessons/{lessons[0].id}", text)
