"""Calling off, moving, answering, telling the outcome. What is shown before is what happens. (BOOK-09, BOOK-10)"""

from typing import Any
from uuid import UUID, uuid4

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.consents import to_consents
from adapters.http.web.forms import fields_of, known_id, moment_of
from adapters.http.web.lessons.moving import moving_page
from adapters.http.words import sentence
from application.booking.answer_request import ApproveRequest, DeclineRequest, DeclineRequestCommand
from application.booking.cancel_booking import CancelBooking, CancelBookingCommand, PreviewCancellation
from application.booking.record_outcome import RecordOutcome, RecordOutcomeCommand
from application.booking.reschedule_booking import (
    AnswerProposal,
    AnswerProposalCommand,
    PreviewReschedule,
    RescheduleBooking,
    RescheduleCommand,
)
from application.booking.see_lessons import SeeLesson
from application.scheduling.free_slots import FreeSlots
from domain.booking.booking import OUTCOMES, Status
from domain.booking.errors import TermsChanged
from domain.booking.series import Scope
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.ids import BookingId, ProposalId
from domain.money import Money
from domain.onboarding.consent import ConsentNeeded
from ports.clock import Clock


def scope_of(text: str) -> Scope:
    return Scope(text) if text in set(Scope) else Scope.ONE


def _scope_in(request: Req) -> Scope:
    """Of the address; a handler cannot take it as a parameter, ``scope`` being the name of something else there."""
    return scope_of(request.query_params.get("scope", ""))


class LessonChangeController(Controller):
    path = "/lessons/{booking_id:uuid}"
    include_in_schema = False

    @get("/cancel", needs=Permission.CHANGE_OWN_BOOKING)
    async def cancel_form(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        see_lesson: NamedDependency[SeeLesson],
        preview_cancellation: NamedDependency[PreviewCancellation],
    ) -> Response[Any]:
        detail, scope = await see_lesson(request.user, BookingId(booking_id)), _scope_in(request)
        try:
            preview = await preview_cancellation(request.user, BookingId(booking_id), scope)
        except DomainError as refused:
            return _back(request, booking_id, sentence(refused.message))
        return page(
            request, "lessons/cancel.html", lesson=detail.lesson, party=detail.party, preview=preview,
            scope=scope.value,
        )  # fmt: skip

    @post("/cancel", needs=Permission.CHANGE_OWN_BOOKING, status_code=303)
    async def cancel(
        self, request: Req, booking_id: FromPath[UUID], cancel_booking: NamedDependency[CancelBooking]
    ) -> Response[Any]:
        fields = await fields_of(request)
        scope = scope_of(fields.get("scope", ""))
        command = CancelBookingCommand(
            booking_id=BookingId(booking_id),
            scope=scope,
            reason=fields.get("reason", "")[:500],
            agreed_refund=_agreed(fields.get("refund", "")),
        )
        try:
            gone = await cancel_booking(request.user, command)
        except TermsChanged as changed:
            again = f"/lessons/{booking_id}/cancel?scope={scope.value}"
            return redirect(request, again, sentence(changed.message), "notice")
        except DomainError as refused:
            return _back(request, booking_id, sentence(refused.message))
        text = _("The lesson is cancelled.") if len(gone) == 1 else _("{n} lessons are cancelled.", n=len(gone))
        return redirect(request, f"/lessons/{booking_id}", text)

    @get("/move", needs=Permission.CHANGE_OWN_BOOKING)
    async def move_form(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        see_lesson: NamedDependency[SeeLesson],
        free_slots: NamedDependency[FreeSlots],
        preview_reschedule: NamedDependency[PreviewReschedule],
        clock: NamedDependency[Clock],
        week: FromQuery[str] = "",
        start: FromQuery[str] = "",
    ) -> Response[Any]:
        """First the free times; with one chosen, what moving there would mean."""
        detail = await see_lesson(request.user, BookingId(booking_id))
        if not start:
            return await moving_page(request, detail, free_slots, clock.now(), week)
        to, scope = moment_of(start), _scope_in(request)
        try:
            plan = await preview_reschedule(request.user, BookingId(booking_id), to, scope)
        except DomainError as refused:
            return redirect(request, f"/lessons/{booking_id}/move", sentence(refused.message), "problem")
        return page(
            request, "lessons/move_confirm.html", detail=detail, lesson=detail.lesson, plan=plan, to=start,
            scope=scope.value,
        )  # fmt: skip

    @post("/move", needs=Permission.CHANGE_OWN_BOOKING, status_code=303)
    async def move(
        self, request: Req, booking_id: FromPath[UUID], reschedule_booking: NamedDependency[RescheduleBooking]
    ) -> Response[Any]:
        fields = await fields_of(request)
        command = RescheduleCommand(
            booking_id=BookingId(booking_id),
            proposal_id=ProposalId(uuid4()),
            to=moment_of(fields.get("to", "")),
            scope=scope_of(fields.get("scope", "")),
        )
        try:
            done = await reschedule_booking(request.user, command)
        except DomainError as refused:
            return redirect(request, f"/lessons/{booking_id}/move", sentence(refused.message), "problem")
        text = _("The new time is proposed. The lesson stays where it is until the other side agrees.")
        return redirect(request, f"/lessons/{booking_id}", text if done.proposal else _("The lesson has moved."))

    @post("/proposal", needs=Permission.CHANGE_OWN_BOOKING, status_code=303)
    async def answer_proposal(
        self, request: Req, booking_id: FromPath[UUID], answer_proposal: NamedDependency[AnswerProposal]
    ) -> Response[Any]:
        fields = await fields_of(request)
        accept = fields.get("answer") == "yes"
        command = AnswerProposalCommand(proposal_id=ProposalId(known_id(fields.get("proposal", ""))), accept=accept)
        try:
            await answer_proposal(request.user, command)
        except DomainError as refused:
            return _back(request, booking_id, sentence(refused.message))
        text = _("The lesson has moved.") if accept else _("The lesson stays where it is.")
        return redirect(request, f"/lessons/{booking_id}", text)

    @post("/outcome", needs=Permission.SEE_OWN_BOOKINGS, status_code=303)
    async def outcome(
        self, request: Req, booking_id: FromPath[UUID], record_outcome: NamedDependency[RecordOutcome]
    ) -> Response[Any]:
        """A Qari says that it was held or that the student did not come; a student that the Qari did not."""
        fields = await fields_of(request)
        told = fields.get("outcome", "")
        if told not in OUTCOMES:
            return _back(request, booking_id, _("Choose how the lesson ended."))
        command = RecordOutcomeCommand(
            booking_id=BookingId(booking_id),
            outcome=Status(told),
            guardian_present={"yes": True, "no": False}.get(fields.get("guardian_present", "")),
        )
        try:
            await record_outcome(request.user, command)
        except DomainError as refused:
            return _back(request, booking_id, sentence(refused.message))
        return redirect(request, f"/lessons/{booking_id}", _("Thank you, that is recorded."))

    @post("/answer", needs=Permission.TEACH, status_code=303)
    async def answer_request(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        approve_request: NamedDependency[ApproveRequest],
        decline_request: NamedDependency[DeclineRequest],
    ) -> Response[Any]:
        fields = await fields_of(request)
        try:
            if fields.get("answer") == "yes":
                await approve_request(request.user, BookingId(booking_id))
                return redirect(request, "/qari", _("Accepted. The student has been asked to pay."))
            reason = fields.get("reason", "")[:500]
            await decline_request(request.user, DeclineRequestCommand(booking_id=BookingId(booking_id), reason=reason))
        except ConsentNeeded as needed:
            return to_consents(request, needed, "/qari")
        except DomainError as refused:
            return redirect(request, "/qari", sentence(refused.message), "problem")
        return redirect(request, "/qari", _("Declined. The student has been told."))


def _agreed(text: str) -> Money | None:
    """``1200 USD``: what the page before promised."""
    minor, _space, currency = text.partition(" ")
    return Money(int(minor), currency) if minor.isdecimal() and currency else None


def _back(request: Req, booking_id: UUID, text: str) -> Response[Any]:
    return redirect(request, f"/lessons/{booking_id}", text, "problem")
