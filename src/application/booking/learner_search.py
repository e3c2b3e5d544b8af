"""What is known of a learner before a Qari is looked for: whom he can book, and where he stands. (DISC-01, DISC-12)"""

import msgspec

from application.booking.rules import safeguarding
from domain.booking.needs import Needs, needs_of
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.age import is_minor
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.onboarding.placement import Placement
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class Seeker(msgspec.Struct, frozen=True, kw_only=True):
    """``placement`` is None for a learner who was never placed, such as a child a guardian has added."""

    learner_id: UserId
    needs: Needs
    placement: Placement | None


class LearnerSearch:
    """For the learner himself or one of the actor's children. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, learner_id: UserId | None = None) -> Seeker:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        wanted, now = learner_id or actor.user_id, self._clock.now()
        async with self._new_unit() as unit:
            if wanted != actor.user_id:
                guardianship = await unit.guardianships.between(actor.user_id, wanted)
                if guardianship is None or not guardianship.is_active:
                    raise NotFound("there is no such child")
            await unit.foresee_search(learner_id=wanted, now=now)
            facts, rules = await unit.learners.facts(wanted), await safeguarding(unit, now)
            minor = is_minor(facts.birth_date, facts.zone, now, rules.majority_years)
            needs = needs_of(facts.gender, facts.wish, rules, is_minor=minor)
            return Seeker(learner_id=wanted, needs=needs, placement=await unit.placements.find(wanted))
