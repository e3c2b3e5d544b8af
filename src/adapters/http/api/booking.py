"""Lessons: book one or a series; lists for both sides and for staff."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromQuery, JSONBody, QueryParameter

from adapters.http.api.booking_changes import (
    AdminChanges,
    LessonController,
    MainChanges,
    ProposalController,
)
from adapters.http.api.booking_views import DutiesOut, LessonOut, LessonsOut
from adapters.http.api.booking_wire import (
    BookingOut,
    BookingsOut,
    HoldIn,
    SeriesIn,
    SeriesPlanOut,
    StaffHoldIn,
)
from adapters.http.given import NamedDependency
from adapters.http.idempotency import Once
from adapters.http.requests import Req
from application.booking.book_for_others import BookForOthers, BookForOthersCommand
from application.booking.hold_series import HoldSeries, PreviewSeries, SeriesCommand
from application.booking.hold_slot import HoldSlot, HoldSlotCommand
from application.booking.see_lessons import ListMyLessons, SearchBookings, SeeAgenda, SeeDuties
from domain.booking.booking import Status
from domain.errors import Invalid
from domain.identity.permission import Permission
from domain.ids import BookingId, SeriesId, UserId
from domain.time import TimeSlot, require_utc
from ports.booking.queries import BookingFilter, Tense
from ports.idempotency import Promise
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
LONGEST_AGENDA = timedelta(days=62)


def _series_command(data: SeriesIn, series_id: UUID) -> SeriesCommand:
    return SeriesCommand(
        series_id=SeriesId(series_id),
        qari_id=UserId(data.qari_id),
        first_date=data.first_date,
        wall=time.fromisoformat(data.wall),
        minutes=data.minutes,
        count=data.count,
        wall_clock=data.wall_clock,
        choices=data.chosen(),
        note=data.note,
        learner_id=_learner(data.learner_id),
    )


def _learner(learner_id: UUID | None) -> UserId | None:
    return UserId(learner_id) if learner_id is not None else None


class LearnerController(Controller):
    path = "/api/v1/bookings"
    tags = ("bookings",)

    @post("/", needs=Permission.BOOK_LESSON, summary="Hold a slot")
    async def hold(
        self, request: Req, data: JSONBody[HoldIn], hold_slot: NamedDependency[HoldSlot], once: NamedDependency[Once]
    ) -> Response[BookingOut]:
        """``held`` until it is paid, ``confirmed`` when it is free, ``requested`` where the Qari decides. A slot that
        is gone answers 409 ``slot_taken`` with ``next_free``, one that the rules of a match forbid 422, and texts that
        have to be accepted first 403 ``consent_needed``. Takes an ``Idempotency-Key``.
        """

        async def work(effect: UUID, promise: Promise | None) -> BookingOut:
            command = HoldSlotCommand(
                booking_id=BookingId(effect),
                qari_id=UserId(data.qari_id),
                starts_at=data.starts_at.astimezone(UTC),
                minutes=data.minutes,
                kind=data.kind,
                note=data.note,
                learner_id=_learner(data.learner_id),
            )
            return BookingOut.of(await hold_slot(request.user, command, promise))

        return await once.together(request, work, BookingOut.of, status_code=201)

    @post("/series/preview", needs=Permission.BOOK_LESSON, status_code=200, summary="Look at a weekly series")
    async def preview_series(
        self, request: Req, data: JSONBody[SeriesIn], preview_series: NamedDependency[PreviewSeries]
    ) -> SeriesPlanOut:
        """Every date, every clash and why; reserves nothing."""
        return SeriesPlanOut.of(await preview_series(request.user, _series_command(data, UUID(int=0))))

    @post("/series", needs=Permission.BOOK_LESSON, summary="Hold a weekly series")
    async def series(
        self,
        request: Req,
        data: JSONBody[SeriesIn],
        hold_series: NamedDependency[HoldSeries],
        once: NamedDependency[Once],
    ) -> Response[BookingsOut]:
        """All dates or none: clashes answer 409 ``series_clash`` and list them. Takes an ``Idempotency-Key``."""

        async def work(effect: UUID) -> BookingsOut:
            lessons = await hold_series(request.user, _series_command(data, effect))
            return BookingsOut(items=[BookingOut.of(lesson) for lesson in lessons])

        return await once(request, work, status_code=201)

    @get("/", needs=Permission.SEE_OWN_BOOKINGS, summary="My lessons")
    async def mine(
        self,
        request: Req,
        list_my_lessons: NamedDependency[ListMyLessons],
        tense: FromQuery[Tense] = Tense.UPCOMING,
        learner_id: FromQuery[UUID | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 20,
    ) -> LessonsOut:
        """Upcoming ones soonest first, past ones newest first; those of one's children among them, or of one alone."""
        learner = _learner(learner_id)
        return LessonsOut.of(await list_my_lessons(request.user, tense, learner_id=learner, cursor=cursor, limit=limit))


class QariController(Controller):
    path = "/api/v1/teaching"
    tags = ("teaching",)

    @get("/agenda", needs=Permission.TEACH, summary="What I teach")
    async def agenda(
        self,
        request: Req,
        since: FromQuery[datetime],
        until: FromQuery[datetime],
        see_agenda: NamedDependency[SeeAgenda],
    ) -> LessonsOut:
        """In order of time; at most 62 days."""
        window = TimeSlot(require_utc(since, "since"), require_utc(until, "until"))
        if window.end - window.start > LONGEST_AGENDA:
            raise Invalid("ask for at most 62 days", field="until")
        return LessonsOut(items=[LessonOut.of(view) for view in await see_agenda(request.user, window)])

    @get("/duties", needs=Permission.TEACH, summary="What waits for me")
    async def duties(self, request: Req, see_duties: NamedDependency[SeeDuties]) -> DutiesOut:
        waiting = await see_duties(request.user)
        return DutiesOut(
            requests=[LessonOut.of(view) for view in waiting.requests],
            outcomes=[LessonOut.of(view) for view in waiting.outcomes],
        )


class AdminBookingController(Controller):
    path = "/api/v1/bookings"
    tags = ("bookings",)

    @get("/", needs=Permission.SEE_BOOKINGS, summary="All lessons")
    async def search(
        self,
        request: Req,
        search_bookings: NamedDependency[SearchBookings],
        status: FromQuery[list[Status] | None] = None,
        qari_id: FromQuery[UUID | None] = None,
        learner_id: FromQuery[UUID | None] = None,
        text: FromQuery[str] = "",
        since: FromQuery[datetime | None] = None,
        until: FromQuery[datetime | None] = None,
        outcome_missing: FromQuery[bool] = False,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> LessonsOut:
        """Latest start first. ``text`` is part of a name; ``since``/``until`` bound the start; conditions compose."""
        wanted = BookingFilter(
            statuses=tuple(status or ()),
            qari_id=UserId(qari_id) if qari_id is not None else None,
            learner_id=UserId(learner_id) if learner_id is not None else None,
            text=text,
            starts_from=require_utc(since, "since") if since is not None else None,
            starts_until=require_utc(until, "until") if until is not None else None,
            outcome_missing=outcome_missing,
        )
        return LessonsOut.of(await search_bookings(request.user, wanted, cursor=cursor, limit=limit))


class StaffBookingController(Controller):
    path = "/api/v1/staff/bookings"
    tags = ("bookings",)

    @post("/", needs=Permission.BOOK_FOR_OTHERS, summary="Book for somebody")
    async def book(
        self,
        request: Req,
        data: JSONBody[StaffHoldIn],
        book_for_others: NamedDependency[BookForOthers],
        once: NamedDependency[Once],
    ) -> Response[BookingOut]:
        """Held until the learner, or a minor's guardian of record, pays. What the rules of a match forbid answers 422
        unless ``override_reason`` says why. Takes an ``Idempotency-Key``.
        """

        async def work(effect: UUID) -> BookingOut:
            hold = HoldSlotCommand(
                booking_id=BookingId(effect),
                qari_id=UserId(data.qari_id),
                starts_at=data.starts_at.astimezone(UTC),
                minutes=data.minutes,
                kind=data.kind,
                note=data.note,
            )
            command = BookForOthersCommand(
                learner_id=UserId(data.learner_id), hold=hold, override_reason=data.override_reason
            )
            return BookingOut.of(await book_for_others(request.user, command))

        return await once(request, work, status_code=201)


CONTROLLERS_MAIN = (LearnerController, LessonController, MainChanges, ProposalController, QariController)
CONTROLLERS_ADMIN = (AdminBookingController, AdminChanges, StaffBookingController)
