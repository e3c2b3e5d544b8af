"""Lessons, as staff look for them, call them off and say how they ended."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of, next_page
from application.booking.cancel_booking import CancelBooking, CancelBookingCommand, PreviewCancellation
from application.booking.record_outcome import RecordOutcome, RecordOutcomeCommand
from application.booking.see_lessons import SearchBookings, SeeLesson
from application.scheduling.see_attendance import SeeAttendance
from domain.booking.booking import Status
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.ids import BookingId
from domain.time import instant
from ports.booking.queries import BookingFilter


class AdminBookingsController(Controller):
    path = "/bookings"
    include_in_schema = False

    @get("/", needs=Permission.SEE_BOOKINGS)
    async def search(
        self,
        request: Req,
        search_bookings: NamedDependency[SearchBookings],
        status: FromQuery[str] = "",
        text: FromQuery[str] = "",
        since: FromQuery[str] = "",
        until: FromQuery[str] = "",
        missing: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        zone = viewer_of(request).zone
        starts_from, starts_until = _day(since, zone), _day(until, zone, 1)
        errors = {
            name: _("Write a date as 2026-03-31.")
            for name, given, read in (("since", since, starts_from), ("until", until, starts_until))
            if given and read is None
        }
        wanted = BookingFilter(
            statuses=(Status(status),) if status in list(Status) else (),
            text=text,
            starts_from=starts_from,
            starts_until=starts_until,
            outcome_missing=bool(missing),
        )
        found = await search_bookings(request.user, wanted, cursor=cursor)
        values = {"status": status, "text": text, "since": since, "until": until, "missing": missing}
        return page(
            request,
            "admin/bookings.html",
            status_code=400 if errors else 200,
            lessons=found.items,
            values=values,
            errors=errors,
            narrowed=any(values.values()),
            statuses=list(Status),
            next=next_page("/bookings", found.next_cursor, **values),
            first="/bookings" if cursor else None,
        )

    @get("/{booking_id:uuid}", needs=Permission.SEE_BOOKINGS)
    async def lesson(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        see_lesson: NamedDependency[SeeLesson],
        see_attendance: NamedDependency[SeeAttendance],
    ) -> Response[Any]:
        return page(
            request,
            "admin/booking.html",
            detail=await see_lesson(request.user, BookingId(booking_id)),
            traces=await see_attendance(request.user, BookingId(booking_id)),
        )

    @get("/{booking_id:uuid}/cancel", needs=Permission.CHANGE_ANY_BOOKING)
    async def cancel_form(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        see_lesson: NamedDependency[SeeLesson],
        preview_cancellation: NamedDependency[PreviewCancellation],
    ) -> Response[Any]:
        detail = await see_lesson(request.user, BookingId(booking_id))
        try:
            preview = await preview_cancellation(request.user, BookingId(booking_id))
        except DomainError as error:
            return redirect(request, f"/bookings/{booking_id}", error.message, "problem")
        return page(request, "admin/booking_cancel.html", detail=detail, preview=preview)

    @post("/{booking_id:uuid}/cancel", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def cancel(
        self, request: Req, booking_id: FromPath[UUID], cancel_booking: NamedDependency[CancelBooking]
    ) -> Response[Any]:
        fields = await fields_of(request)
        command = CancelBookingCommand(booking_id=BookingId(booking_id), reason=fields.get("reason", ""))
        try:
            await cancel_booking(request.user, command)
        except DomainError as error:
            return redirect(request, f"/bookings/{booking_id}", error.message, "problem")
        return redirect(request, f"/bookings/{booking_id}", _("The lesson is cancelled; both sides are told."))

    @post("/{booking_id:uuid}/outcome", needs=Permission.CHANGE_ANY_BOOKING, status_code=303)
    async def outcome(
        self, request: Req, booking_id: FromPath[UUID], record_outcome: NamedDependency[RecordOutcome]
    ) -> Response[Any]:
        told = (await fields_of(request)).get("outcome", "")
        if told not in list(Status):
            return redirect(request, f"/bookings/{booking_id}", _("Choose how the lesson ended."), "problem")
        try:
            await record_outcome(
                request.user, RecordOutcomeCommand(booking_id=BookingId(booking_id), outcome=Status(told))
            )
        except DomainError as error:
            return redirect(request, f"/bookings/{booking_id}", error.message, "problem")
        return redirect(request, f"/bookings/{booking_id}", _("The outcome is recorded."))


def _day(text: str, zone: str, plus: int = 0) -> datetime | None:
    try:
        return instant(date.fromisoformat(text) + timedelta(days=plus), time(), zone)
    except (ValueError, OverflowError):
        return None
