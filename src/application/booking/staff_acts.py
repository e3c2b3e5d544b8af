"""What staff do to other people's lessons goes into the audit log. (ADM-05)"""

from typing import Any

from domain.booking.booking import Booking
from domain.identity.actor import Actor, Party
from domain.oversight.audit import Act
from ports.unit_of_work import UnitOfWork


def note_if_staff(
    unit: UnitOfWork, actor: Actor, party: Party, action: str, before: Booking, after: Booking, reason: str = ""
) -> None:
    """One act for each lesson, with what differs."""
    if party is not Party.STAFF:
        return
    was, now = _facts(before), _facts(after)
    changed = [name for name in was if was[name] != now[name]]
    unit.note(
        Act(
            actor=actor,
            action=action,
            subject=("booking", str(before.id)),
            before={name: was[name] for name in changed},
            after={name: now[name] for name in changed},
            reason=reason,
        )
    )


def _facts(booking: Booking) -> dict[str, Any]:
    return {
        "status": booking.status.value,
        "starts_at": booking.slot.start.isoformat(),
        "ends_at": booking.slot.end.isoformat(),
        "guardian_present": booking.guardian_present,
    }
