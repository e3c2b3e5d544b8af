"""Who may change lessons, and how far into a series a change reaches."""

from collections.abc import Sequence

from domain.booking.booking import Booking
from domain.booking.series import Scope
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from ports.unit_of_work import UnitOfWork


def require_change(actor: Actor) -> None:
    """Whose lesson it is, ``Booking.party_of`` asks. Raises NotPermitted."""
    actor.require(Permission.CHANGE_ANY_BOOKING if actor.is_staff else Permission.CHANGE_OWN_BOOKING)


async def in_scope(unit: UnitOfWork, booking: Booking, scope: Scope) -> Sequence[Booking]:
    """The lesson and those of its series that the scope means, whatever their status, in order of the series."""
    if scope is Scope.ONE or booking.series_id is None:
        return [booking]
    lessons = await unit.bookings.of_series(booking.series_id)
    if scope is Scope.ALL:
        return lessons
    first = booking.series_index or 0
    return [lesson for lesson in lessons if (lesson.series_index or 0) >= first]
