"""How a lesson ended: held, or one of the two did not come; never both. (BOOK-11)"""

import msgspec

from application.booking.places import policy_of
from application.booking.presence import guardian_present
from application.booking.rules import party_in
from application.booking.staff_acts import note_if_staff
from domain.booking.booking import OUTCOMES, Booking, Status
from domain.booking.events import BookingEvent
from domain.booking.policy import require_outcome
from domain.errors import Invalid
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import BookingId
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class RecordOutcomeCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``guardian_present``: whether a guardian sat beside the child; None where nobody has looked."""

    booking_id: BookingId
    outcome: Status
    guardian_present: bool | None = None


class RecordOutcome:
    """Raises NotFound, NotPermitted, OutcomeWindow, IllegalTransition, StaleWrite; Invalid where the academy wants to
    know of a guardian's presence and nobody has said. (SAFE-03)
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: RecordOutcomeCommand) -> Booking:
        if command.outcome not in OUTCOMES:
            raise Invalid("{outcome} is not how a lesson ends", outcome=str(command.outcome), field="outcome")
        now = self._clock.now()
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(command.booking_id)
            party = await party_in(unit, booking, actor, Right.SEE, now)
            actor.require(_NEEDS[party])
            policy = (await policy_of(unit, booking)).policy
            require_outcome(booking, policy, party, command.outcome, now)
            news: BookingEvent
            if command.outcome is Status.COMPLETED:
                present = await guardian_present(unit, booking, command.guardian_present, now)
                ended, news = booking.complete(at=now, guardian_present=present)
            elif command.outcome is Status.NO_SHOW_STUDENT:
                ended, news = booking.mark_student_no_show(at=now)
            else:
                ended, news = booking.mark_teacher_no_show(at=now)
            await unit.bookings.save(ended)
            unit.record(news)
            note_if_staff(unit, actor, party, "booking.record_outcome", booking, ended)
            await unit.commit()
        return ended


_NEEDS = {
    Party.QARI: Permission.TEACH,
    Party.LEARNER: Permission.CHANGE_OWN_BOOKING,
    Party.STAFF: Permission.CHANGE_ANY_BOOKING,
}
