"""Mail that came back: whose it was, what follows from it, and who tries again. (NOTI-01)"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import StrEnum

import structlog

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import AcademyId, DeliveryId, UserId
from domain.notification.bounce import Bounce, DeadAddress, is_hard
from domain.notification.events import MailReturned
from domain.oversight.audit import Act
from ports.academy import within
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """``UNKNOWN``: about none of our messages. ``SOFT``: the address is good, this message did not fit. ``KNOWN``: told
    before.
    """

    DEAD = "dead"
    KNOWN = "known"
    SOFT = "soft"
    UNKNOWN = "unknown"


async def mark_dead(unit: UnitOfWork, user_id: UserId, address: str, *, code: str, why: str, at: datetime) -> bool:
    """Its owner hears of it on his pages, once for each address. False when it was known."""
    fresh = await unit.dead_addresses.put(
        DeadAddress(user_id=user_id, address=address, code=code, why=why[:200], at=at)
    )
    if fresh:
        unit.record(MailReturned(user_id=user_id, at=at))
    return fresh


class TakeBounce:
    """``academies``: all of them, for a report does not say whose message it is about. ``vouches``: whether that
    message went to that address, by that proof.
    """

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        academies: Callable[[], Awaitable[Sequence[AcademyId]]],
        vouches: Callable[[DeliveryId, str, str], bool],
    ) -> None:
        self._new_unit, self._clock, self._academies, self._vouches = new_unit, clock, academies, vouches

    async def __call__(self, bounce: Bounce) -> Outcome:
        if not is_hard(bounce.code):
            log.info("mail_came_back", delivery_id=str(bounce.delivery_id), code=bounce.code)
            return Outcome.SOFT
        for academy in await self._academies():
            with within(academy):
                outcome = await self._here(bounce)
            if outcome is not Outcome.UNKNOWN:
                return outcome
        return Outcome.UNKNOWN

    async def _here(self, bounce: Bounce) -> Outcome:
        async with self._new_unit() as unit:
            try:
                delivery = await unit.deliveries.get(bounce.delivery_id)
                if delivery.recipient_id is None:
                    return Outcome.UNKNOWN
                user = await unit.users.get(delivery.recipient_id)
            except NotFound:
                return Outcome.UNKNOWN
            if not user.email or not self._vouches(delivery.id, user.email, bounce.proof):
                return Outcome.UNKNOWN
            fresh = await mark_dead(unit, user.id, user.email, code=bounce.code, why=bounce.why, at=self._clock.now())
            await unit.commit()
        log.warning("address_dead", user_id=str(user.id), code=bounce.code)
        return Outcome.DEAD if fresh else Outcome.KNOWN


class SeeDeadAddress:
    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, user_id: UserId) -> DeadAddress | None:
        """As long as it is still that person's address."""
        actor.require(Permission.SEE_PEOPLE)
        async with self._new_unit() as unit:
            dead = await unit.dead_addresses.of(user_id)
            if dead is None:
                return None
            user = await unit.users.get(user_id)
        return dead if (user.email or "").lower() == dead.address.lower() else None


class MailAgain:
    """Staff know that the address lives. Raises NotFound."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, user_id: UserId) -> None:
        actor.require(Permission.MANAGE_PEOPLE)
        async with self._new_unit() as unit:
            if not await unit.dead_addresses.remove(user_id):
                raise NotFound("no mail of this person has come back")
            unit.note(Act(actor=actor, action="notification.mail_again", subject=("user", str(user_id))))
            await unit.commit()
