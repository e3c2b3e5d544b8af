"""What happens to a lesson that is booked: its class, its answer, its move, its end."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from adapters.http.api.booking_views import LessonDetailOut
from adapters.http.api.booking_wire import (
    AnswerIn,
    BookingOut,
    BookingsOut,
    CancelIn,
    CancellationOut,
    DeclineIn,
    MovePlanOut,
    OutcomeIn,
    RescheduledOut,
    RescheduleIn,
)
from adapters.http.given import NamedDependency
from adapters.http.idempotency import Once
from adapters.http.requests import Req
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
from application.scheduling.join_lesson import JoinLesson, JoinLessonCommand
from domain.booking.booking import Status
from domain.booking.series import Scope
from domain.identity.permission import Permission
from domain.ids import BookingId, ProposalId
from domain.time import require_utc

Reach = Annotated[Scope, QueryParameter(name="scope")]
"""How far into its series a change goes; ``scope`` is a word of the framework inside handlers."""


class EntryOut(msgspec.Struct, kw_only=True):
    """``url`` is personal and secret, and works for this class alone."""

    url: str
    leads: bool


class LessonController(Controller):
    """What both sides of a lesson, or staff, may do with it; the use cases ask whose it is."""

    path = "/api/v1/bookings/{booking_id:uuid}"
    tags = ("bookings",)

    @post("/join", needs=Permission.JOIN_LESSON, status_code=200, summary="Enter the class")
    async def join(
        self, request: Req, booking_id: FromPath[UUID], join_lesson: NamedDependency[JoinLesson]
    ) -> Response[EntryOut]:
        """Outside its window: 403 ``outside_join_window`` with ``opens_at`` and ``closes_at``."""
        entry = await join_lesson(request.user, JoinLessonCommand(booking_id=BookingId(booking_id)))
        return Response(EntryOut(url=entry.url, leads=entry.leads), headers={"cache-control": "no-store"})

    @post("/approve", needs=Permission.TEACH, status_code=200, summary="Approve a request")
    async def approve(
        self, request: Req, booking_id: FromPath[UUID], approve_request: NamedDependency[ApproveRequest]
    ) -> BookingOut:
        """A series is approved as a whole."""
        return BookingOut.of(await approve_request(request.user, BookingId(booking_id)))

    @post("/decline", needs=Permission.TEACH, status_code=200, summary="Decline a request")
    async def decline(
        self,
        request: Req,
        booking_id: FromPath[UUID],
        data: JSONBody[DeclineIn],
        decline_request: NamedDependency[DeclineRequest],
    ) -> BookingOut:
        command = DeclineRequestCommand(booking_id=BookingId(booking_id), reason=data.reason)
        return BookingOut.of(await decline_request(request.user, command))


def _changes(see: Permission, change: Permission) -> type[Controller]:
    """Both doors offer these routes; they differ in the permission alone."""

    class ChangeController(Controller):
        path = "/api/v1/bookings/{booking_id:uuid}"
        tags = ("bookings",)

        @get("/", needs=see, summary="One lesson")
        async def detail(
            self, request: Req, booking_id: FromPath[UUID], see_lesson: NamedDependency[SeeLesson]
        ) -> LessonDetailOut:
            return LessonDetailOut.of(await see_lesson(request.user, BookingId(booking_id)))

        @get("/cancellation", needs=change, summary="What a cancellation would do")
        async def cancellation(
            self,
            request: Req,
            booking_id: FromPath[UUID],
            preview_cancellation: NamedDependency[PreviewCancellation],
            reach: Reach = Scope.ONE,
        ) -> CancellationOut:
            """The effect is made from the same terms; send ``refund`` back as ``agreed_refund`` to be sure of it."""
            return CancellationOut.of(await preview_cancellation(request.user, BookingId(booking_id), reach))

        @post("/cancel", needs=change, status_code=200, summary="Cancel")
        async def cancel(
            self,
            request: Req,
            booking_id: FromPath[UUID],
            data: JSONBody[CancelIn],
            cancel_booking: NamedDependency[CancelBooking],
            once: NamedDependency[Once],
        ) -> Response[BookingsOut]:
            """Gives up a hold or a request too. Takes an ``Idempotency-Key``."""
            command = CancelBookingCommand(
                booking_id=BookingId(booking_id),
                scope=data.scope,
                reason=data.reason,
                agreed_refund=data.agreed_refund,
            )

            async def work(_: UUID) -> BookingsOut:
                return BookingsOut(items=[BookingOut.of(one) for one in await cancel_booking(request.user, command)])

            return await once(request, work)

        @get("/rescheduling", needs=change, summary="What a move would do")
        async def rescheduling(
            self,
            request: Req,
            booking_id: FromPath[UUID],
            starts_at: FromQuery[datetime],
            preview_reschedule: NamedDependency[PreviewReschedule],
            reach: Reach = Scope.ONE,
        ) -> MovePlanOut:
            to = require_utc(starts_at, "starts_at")
            return MovePlanOut.of(await preview_reschedule(request.user, BookingId(booking_id), to, reach))

        @post("/reschedule", needs=change, status_code=200, summary="Move")
        async def reschedule(
            self,
            request: Req,
            booking_id: FromPath[UUID],
            data: JSONBody[RescheduleIn],
            reschedule_booking: NamedDependency[RescheduleBooking],
            once: NamedDependency[Once],
        ) -> Response[RescheduledOut]:
            """Moves it, or outside the policy proposes it to the other side. Takes an ``Idempotency-Key``."""

            async def work(effect: UUID) -> RescheduledOut:
                command = RescheduleCommand(
                    booking_id=BookingId(booking_id),
                    proposal_id=ProposalId(effect),
                    to=data.starts_at.astimezone(UTC),
                    scope=data.scope,
                    override_reason=data.override_reason,
                )
                return RescheduledOut.of(await reschedule_booking(request.user, command))

            return await once(request, work)

        @post("/outcome", needs=change, status_code=200, summary="Say how it ended")
        async def outcome(
            self,
            request: Req,
            booking_id: FromPath[UUID],
            data: JSONBody[OutcomeIn],
            record_outcome: NamedDependency[RecordOutcome],
        ) -> BookingOut:
            """The Qari: held, or the learner did not come. The learner: the Qari did not come."""
            command = RecordOutcomeCommand(
                booking_id=BookingId(booking_id),
                outcome=Status(data.outcome),
                guardian_present=data.guardian_present,
            )
            return BookingOut.of(await record_outcome(request.user, command))

    return ChangeController


MainChanges = _changes(Permission.SEE_OWN_BOOKINGS, Permission.CHANGE_OWN_BOOKING)
AdminChanges = _changes(Permission.SEE_BOOKINGS, Permission.CHANGE_ANY_BOOKING)


class ProposalController(Controller):
    path = "/api/v1/proposals"
    tags = ("bookings",)

    @post("/{proposal_id:uuid}/answer", needs=Permission.CHANGE_OWN_BOOKING, status_code=200, summary="Yes or no")
    async def answer(
        self,
        request: Req,
        proposal_id: FromPath[UUID],
        data: JSONBody[AnswerIn],
        answer_proposal: NamedDependency[AnswerProposal],
    ) -> RescheduledOut:
        """By the side that was asked. A yes moves the lesson at once, if the time is still free."""
        command = AnswerProposalCommand(proposal_id=ProposalId(proposal_id), accept=data.accept)
        return RescheduledOut.of(await answer_proposal(request.user, command))
