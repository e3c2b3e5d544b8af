"""A weekly lesson: see every date and every clash, settle the clashes, book all of them or none. (BOOK-12)"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from litestar import Controller, Response, get, post

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.consents import to_consents
from adapters.http.web.forms import address, fields_of, moment_of, stamp
from adapters.http.web.student.booking import Wish, to_checkout
from adapters.http.words import date_of, sentence
from application.billing.start_checkout import StartCheckout, StartCheckoutCommand
from application.booking.hold_series import HoldSeries, PreviewSeries, SeriesCommand
from application.scheduling.free_slots import FreeSlots
from domain.booking.booking import Status
from domain.booking.series import Choice
from domain.errors import Conflict, DomainError, Invalid
from domain.identity.permission import Permission
from domain.ids import PaymentId, SeriesId, UserId
from domain.onboarding.consent import ConsentNeeded
from domain.time import zone_of

WEEKS: Final = (4, 6, 8, 10, 12, 16, 24)
CHOICE: Final = "choice-"
SKIP: Final = "skip"


class SeriesPageController(Controller):
    path = "/portal/book/weekly"
    include_in_schema = False

    @get("/", needs=Permission.BOOK_LESSON)
    async def preview(
        self,
        request: Req,
        free_slots: NamedDependency[FreeSlots],
        preview_series: NamedDependency[PreviewSeries],
    ) -> Response[Any]:
        fields = dict(request.query_params)
        try:
            return await _show(request, fields, free_slots, preview_series)
        except ConsentNeeded as needed:
            return to_consents(request, needed, f"/portal/book/weekly?{request.url.query}")
        except Invalid as refused:
            if refused.details.get("rule") is None:
                raise
            wish = Wish(fields)
            return redirect(request, wish.address(wish.start), sentence(refusal(refused)), "problem")

    @post("/", needs=Permission.BOOK_LESSON, status_code=303)
    async def hold(
        self,
        request: Req,
        free_slots: NamedDependency[FreeSlots],
        preview_series: NamedDependency[PreviewSeries],
        hold_series: NamedDependency[HoldSeries],
        start_checkout: NamedDependency[StartCheckout],
    ) -> Response[Any]:
        fields = await fields_of(request)
        wish = Wish(fields)
        series_id = SeriesId(uuid5(request.user.user_id, f"series {wish.key}"))
        try:
            lessons = await hold_series(request.user, _command(request, wish, fields, series_id))
        except ConsentNeeded as needed:
            return to_consents(request, needed, Wish(fields).address(wish.start))
        except Conflict as refused:
            return await _show(request, fields, free_slots, preview_series, refused)
        if all(lesson.status is Status.REQUESTED for lesson in lessons):
            return redirect(
                request, "/portal", _("The Qari has been asked for the whole series. You pay once it is accepted.")
            )
        command = StartCheckoutCommand(payment_id=PaymentId(uuid4()), series_id=series_id)
        return await to_checkout(request, command, start_checkout, "/portal")


async def _show(
    request: Req,
    fields: Mapping[str, str],
    free_slots: FreeSlots,
    preview_series: PreviewSeries,
    refused: DomainError | None = None,
) -> Response[Any]:
    wish = Wish(fields)
    found = await free_slots(wish.query(viewer_of(request).zone))
    plan = await preview_series(request.user, _command(request, wish, fields, SeriesId(UUID(int=0))))
    clashes = {report.clash.local_date: report for report in plan.clashes}
    chosen = {name: value for name, value in fields.items() if name.startswith(CHOICE) and value}
    return page(
        request,
        "student/series.html",
        status_code=409 if refused is not None else 200,
        qari=found.qari,
        wish={"qari": wish.qari_id, "minutes": wish.minutes, "start": stamp(wish.start), "key": wish.key}
        | ({"learner": wish.learner_id} if wish.learner_id is not None else {}),
        minutes=wish.minutes,
        count=_count(fields),
        weeks=[(str(count), _("{n} weeks", n=count)) for count in WEEKS],
        occurrences=[
            {"slot": each.slot, "date": each.local_date, "clash": clashes.get(each.local_date)}
            for each in plan.occurrences
        ],
        clashes=plan.clashes,
        chosen=chosen,
        skipped=[date_of(name.removeprefix(CHOICE)) for name, value in chosen.items() if value == SKIP],
        price_each=plan.price_each,
        price_total=plan.price_total,
        refusal=sentence(refused.message) if refused is not None else None,
        back=address("/portal/book", qari=wish.qari_id, minutes=wish.minutes, start=stamp(wish.start)),
        here="/portal/book/weekly",
    )


def _count(fields: Mapping[str, str]) -> int:
    text = fields.get("count", "")
    return int(text) if text.isdecimal() and len(text) < 4 else WEEKS[2]


def _command(request: Req, wish: Wish, fields: Mapping[str, str], series_id: SeriesId) -> SeriesCommand:
    local = wish.start.astimezone(zone_of(viewer_of(request).zone))
    choices: dict[date, Choice] = {}
    for name, value in fields.items():
        day = date_of(name.removeprefix(CHOICE)) if name.startswith(CHOICE) and value else None
        if day is not None:
            choices[day] = Choice(None if value == SKIP else moment_of(value))
    return SeriesCommand(
        series_id=series_id,
        qari_id=UserId(wish.qari_id),
        first_date=local.date(),
        wall=local.time().replace(tzinfo=None),
        minutes=wish.minutes,
        count=_count(fields),
        choices=choices,
        note=wish.note,
        learner_id=wish.learner_id,
    )
