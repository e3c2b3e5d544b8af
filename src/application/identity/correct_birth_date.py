"""A birth date that was told wrong: it decides who may book alone, so the school alone corrects it. (SAFE-01)"""

from datetime import date

from domain.booking.rules import SAFEGUARDING, read_safeguarding
from domain.errors import Conflict
from domain.identity.account import require_above, require_reason
from domain.identity.actor import Actor
from domain.identity.age import age_on, born_on, is_minor
from domain.identity.permission import Permission
from domain.identity.user import User
from domain.ids import UserId
from domain.oversight.audit import Act
from domain.time import zone_of
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class CorrectBirthDate:
    """The audit log keeps the age and not the day: it outlives the account. Raises NotPermitted, NotFound, Invalid,
    Conflict for a minor who would answer for others, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, user_id: UserId, birth_date: date, reason: str) -> User:
        actor.require(Permission.MANAGE_PEOPLE)
        reason, now = require_reason(reason), self._clock.now()
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            require_above(actor, user)
            birth_date = born_on(birth_date, now)
            if user.birth_date == birth_date:
                return user
            years = read_safeguarding(await unit.policies.current(SAFEGUARDING, now)).majority_years
            minor = is_minor(birth_date, user.zone, now, years)
            if minor and any(each.is_active for each in await unit.guardianships.of_guardian(user_id)):
                raise Conflict("somebody who answers for a child is grown up; end that first")
            corrected = user.with_birth_date(birth_date)
            await unit.users.save(corrected)
            today = now.astimezone(zone_of(user.zone)).date()
            was = age_on(user.birth_date, today) if user.birth_date is not None else None
            unit.note(
                Act(
                    actor=actor,
                    action="identity.correct_birth_date",
                    subject=("user", str(user_id)),
                    before={"age": was},
                    after={"age": age_on(birth_date, today)},
                    reason=reason,
                )
            )
            await unit.commit()
        return corrected
