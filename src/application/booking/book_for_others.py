"""Staff book a lesson for somebody, and answer with a reason for what goes against the rules. (DISC-12)"""

import msgspec

from application.booking.hold_slot import HoldSlotCommand, same, take
from application.booking.rules import booked_for, match_of, override_by
from domain.booking.booking import Booking
from domain.booking.rules import breaches
from domain.errors import Conflict
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class BookForOthersCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``override_reason``: given, the rules of a match do not stand in the way; a minor's guardian of record is
    needed all the same.
    """

    learner_id: UserId
    hold: HoldSlotCommand
    override_reason: str = ""


class BookForOthers:
    """Held until the learner, or the guardian of a minor, pays. Raises what HoldSlot raises."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: BookForOthersCommand) -> Booking:
        actor.require(Permission.BOOK_FOR_OTHERS)
        now, reason = self._clock.now(), override_by(actor, command.override_reason)
        async with self._new_unit() as unit:
            known = await unit.bookings.find(command.hold.booking_id)
            if known is not None:
                return same(known, command.learner_id, command.hold)
            booked = await booked_for(unit, command.learner_id, now)
            qari = await unit.qaris.get(command.hold.qari_id)
            against = breaches(await match_of(unit, qari, booked.learner_id, now))
            override = reason if against else ""
            try:
                booking, news = await take(unit, booked, command.hold, now, override_reason=override, by_staff=True)
            except Conflict:
                known = await unit.bookings.find(command.hold.booking_id)
                if known is not None:
                    return same(known, command.learner_id, command.hold)
                raise
            unit.note(
                Act(
                    actor=actor,
                    action="booking.override_rules" if against else "booking.book_for",
                    subject=("booking", str(booking.id)),
                    after={
                        "learner_id": str(booking.learner_id),
                        "qari_id": str(booking.qari_id),
                        "starts_at": booking.slot.start.isoformat(),
                        "against": [breach.code for breach in against],
                    },
                    reason=reason,
                )
            )
            unit.record(news)
            await unit.commit()
        return booking
