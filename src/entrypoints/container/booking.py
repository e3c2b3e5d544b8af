"""Lessons: from the first wish to the outcome."""

from typing import Any

from dependency_injector import containers, providers

from adapters.persistence.booking.queries import SqlBookingQueries
from adapters.persistence.scheduling.class_queries import SqlClassQueries
from application.booking.answer_request import ApproveRequest, DeclineRequest
from application.booking.book_for_others import BookForOthers
from application.booking.cancel_booking import CancelBooking, PreviewCancellation
from application.booking.confirm_paid import ConfirmPaid
from application.booking.expire_holds import ExpireHolds
from application.booking.hold_series import HoldSeries, PreviewSeries
from application.booking.hold_slot import HoldSlot
from application.booking.mark_refunded import MarkRefunded
from application.booking.record_outcome import RecordOutcome
from application.booking.reschedule_booking import AnswerProposal, PreviewReschedule, RescheduleBooking
from application.booking.see_lessons import ListMyLessons, SearchBookings, SeeAgenda, SeeDuties, SeeLesson
from application.scheduling.class_times import SeeClassTimes


class BookingContainer(containers.DeclarativeContainer):
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    guardian_queries: providers.Dependency[Any] = providers.Dependency()

    booking_queries = providers.Singleton(SqlBookingQueries, engine)

    hold_slot = providers.Singleton(HoldSlot, new_unit, clock)
    book_for_others = providers.Singleton(BookForOthers, new_unit, clock)
    preview_series = providers.Singleton(PreviewSeries, new_unit, clock)
    hold_series = providers.Singleton(HoldSeries, new_unit, clock)
    approve_request = providers.Singleton(ApproveRequest, new_unit, clock)
    decline_request = providers.Singleton(DeclineRequest, new_unit, clock)
    preview_cancellation = providers.Singleton(PreviewCancellation, new_unit, clock)
    cancel_booking = providers.Singleton(CancelBooking, new_unit, clock)
    preview_reschedule = providers.Singleton(PreviewReschedule, new_unit, clock)
    reschedule_booking = providers.Singleton(RescheduleBooking, new_unit, clock)
    answer_proposal = providers.Singleton(AnswerProposal, new_unit, clock)
    record_outcome = providers.Singleton(RecordOutcome, new_unit, clock)
    expire_holds = providers.Singleton(ExpireHolds, new_unit, clock)
    confirm_paid = providers.Singleton(ConfirmPaid, new_unit, clock)
    mark_refunded = providers.Singleton(MarkRefunded, new_unit, clock)

    list_my_lessons = providers.Singleton(ListMyLessons, booking_queries, clock, guardian_queries)
    see_lesson = providers.Singleton(SeeLesson, booking_queries, guardian_queries)
    see_agenda = providers.Singleton(SeeAgenda, booking_queries)
    class_queries = providers.Singleton(SqlClassQueries, engine)
    see_class_times = providers.Singleton(SeeClassTimes, class_queries, guardian_queries)
    see_duties = providers.Singleton(SeeDuties, booking_queries, clock)
    search_bookings = providers.Singleton(SearchBookings, booking_queries, clock)

    handlers = providers.Dict({"booking.confirm_paid": confirm_paid, "booking.mark_refunded": mark_refunded})
