"""A learner says whether he or she is male or female, which some Qaris need to know. (DISC-12)"""

from domain.identity.actor import Actor
from domain.identity.guardianship import GuardianNeeded
from domain.identity.permission import Permission
from domain.scheduling.qari import Gender
from ports.unit_of_work import NewUnit


class SetLearnerGender:
    """Raises NotPermitted, GuardianNeeded for a child: the guardian tells it."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, gender: Gender | None) -> None:
        actor.require(Permission.BOOK_LESSON)
        async with self._new_unit() as unit:
            if any(each.is_active for each in await unit.guardianships.of_child(actor.user_id)):
                raise GuardianNeeded("the guardian tells this of a minor", rule="guardian")
            await unit.qaris.set_learner_gender(actor.user_id, gender)
            await unit.commit()
