"""Whether a guardian sat beside the child: seen at the door of the class, or told with the outcome. (SAFE-03)"""

from datetime import datetime

from application.booking.rules import learner_is_minor, safeguarding
from domain.booking.booking import Booking
from domain.errors import Invalid, NotPermitted
from domain.ids import UserId
from ports.unit_of_work import UnitOfWork


class GuardianAbsent(NotPermitted):
    """The academy wants a guardian in the class before the child enters by himself."""

    code = "guardian_absent"


async def guardian_came(unit: UnitOfWork, booking: Booking) -> bool:
    """One who was the child's guardian at any time and has entered the class of this lesson."""
    guardians = {each.guardian_id for each in await unit.guardianships.of_child(booking.learner_id)}
    return any(click.user_id in guardians for click in await unit.meetings.clicks(booking.id))


async def guardian_present(unit: UnitOfWork, booking: Booking, told: bool | None, now: datetime) -> bool | None:
    """What is kept with the lesson; None for grown up learners. Raises Invalid where it has to be told and was not."""
    if not await learner_is_minor(unit, booking.learner_id, now):
        return None
    if await guardian_came(unit, booking):
        return True
    if told is None and (await safeguarding(unit, now)).guardian_present:
        raise Invalid("say whether a guardian was present", field="guardian_present")
    return told


async def require_guardian_first(unit: UnitOfWork, booking: Booking, user_id: UserId, now: datetime) -> None:
    """For a minor who enters the class by himself. Raises GuardianAbsent."""
    if user_id != booking.learner_id or not (await safeguarding(unit, now)).guardian_present:
        return
    if await learner_is_minor(unit, booking.learner_id, now) and not await guardian_came(unit, booking):
        raise GuardianAbsent("your guardian has to enter the class first")
