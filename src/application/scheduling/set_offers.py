"""A Qari says which lessons he gives, and at what price. Booked lessons keep theirs."""

from collections.abc import Sequence
from typing import Final

from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.scheduling.qari import LessonOffer, QariProfile
from ports.unit_of_work import NewUnit

MOST: Final = 8


class SetOffers:
    """Replaces them all; none means that nobody can book. Raises NotFound, Invalid."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, offers: Sequence[LessonOffer]) -> QariProfile:
        actor.require(Permission.SET_AVAILABILITY)
        if len(offers) > MOST:
            raise Invalid("a Qari offers {most} lengths at most", most=MOST, field="offers")
        async with self._new_unit() as unit:
            await unit.availability.lock(actor.user_id)
            profile = (await unit.qaris.get(actor.user_id)).offering(offers)
            await unit.qaris.save(profile)
            await unit.commit()
        return profile
