"""A guardian's children: accounts that nobody signs in to until they are given an address. (SAFE-01)"""

from datetime import date

import msgspec

from domain.booking.rules import SAFEGUARDING, MatchWish, read_safeguarding
from domain.errors import Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.age import born_on, is_minor
from domain.identity.guardianship import ALL_RIGHTS, Guardianship, GuardianshipStatus
from domain.identity.permission import Permission, Role
from domain.identity.user import User
from domain.ids import GuardianshipId, UserId
from domain.scheduling.qari import Gender
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit, UnitOfWork

MOST_CHILDREN = 20


class ChildFacts(msgspec.Struct, frozen=True, kw_only=True):
    """``zone`` is the guardian's where it is empty. ``wish``: what the guardian insists on."""

    name: str
    birth_date: date
    gender: Gender
    zone: str = ""
    wish: MatchWish = MatchWish()


class AddChild:
    """The guardian answers for the child from then on, with all rights. Raises NotPermitted, Invalid."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, facts: ChildFacts, *, child_id: UserId | None = None) -> Guardianship:
        """``child_id`` is the same whenever the same wish is sent again."""
        actor.require(Permission.MANAGE_CHILDREN)
        now = self._clock.now()
        async with self._new_unit() as unit:
            if child_id is not None:
                known = await unit.guardianships.between(actor.user_id, child_id)
                if known is not None:
                    return known
            years = read_safeguarding(await unit.policies.current(SAFEGUARDING, now)).majority_years
            guardian = await unit.users.get(actor.user_id)
            if is_minor(guardian.birth_date, guardian.zone, now, years):
                raise NotPermitted("a minor answers for nobody else")
            zone = facts.zone or guardian.zone
            if not is_minor(born_on(facts.birth_date, now), zone, now, years):
                raise Invalid("somebody who has come of age makes an account of his own", field="birth_date")
            mine = [each for each in await unit.guardianships.of_guardian(actor.user_id) if each.is_active]
            if len(mine) >= MOST_CHILDREN:
                raise Invalid("one guardian answers for at most {most} children", most=MOST_CHILDREN)
            child = User(
                id=child_id or UserId(self._new_id()),
                email="",
                name=" ".join(facts.name.split()),
                password_hash="",
                roles=frozenset({Role.STUDENT}),
                zone=zone,
                locale=guardian.locale,
                birth_date=facts.birth_date,
                created_at=now,
            )
            guardianship = Guardianship(
                id=GuardianshipId(self._new_id()),
                guardian_id=actor.user_id,
                child_id=child.id,
                rights=ALL_RIGHTS,
                of_record=True,
                status=GuardianshipStatus.ACTIVE,
                created_by=actor.user_id,
                created_at=now,
            )
            await unit.users.add(child)
            await unit.guardianships.add(guardianship)
            await unit.qaris.set_learner_gender(child.id, facts.gender)
            await unit.learners.set_wish(child.id, facts.wish)
            unit.record(guardianship.started())
            await unit.commit()
        return guardianship


class ChildChanges(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    gender: Gender
    zone: str
    wish: MatchWish = MatchWish()


class ChangeChild:
    """By the guardian of record; a birth date is for the school to change. Raises NotFound, NotPermitted, Invalid."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, child_id: UserId, changes: ChildChanges) -> None:
        actor.require(Permission.MANAGE_CHILDREN)
        async with self._new_unit() as unit:
            await of_record(unit, actor.user_id, child_id)
            child = await unit.users.get(child_id)
            await unit.users.save(child.with_profile(name=changes.name, zone=changes.zone, phone=child.phone))
            await unit.qaris.set_learner_gender(child_id, changes.gender)
            await unit.learners.set_wish(child_id, changes.wish)
            await unit.commit()


class GiveChildAddress:
    """So that the child can enter its own account: before it comes of age, or after, when the guardian hands over.
    Raises NotFound, NotPermitted, Conflict, Invalid, EmailTaken.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, child_id: UserId, email: str) -> None:
        actor.require(Permission.MANAGE_CHILDREN)
        async with self._new_unit() as unit:
            answered = [
                each
                for each in await unit.guardianships.of_child(child_id)
                if each.guardian_id == actor.user_id
                and each.of_record
                and each.status in (GuardianshipStatus.ACTIVE, GuardianshipStatus.ENDED_AT_MAJORITY)
            ]
            if not answered:
                raise NotFound("there is no such child")
            child, invited = (await unit.users.get(child_id)).given_address(email, at=self._clock.now())
            await unit.users.save(child)
            unit.record(invited)
            await unit.commit()


class SetMatchWish:
    """What a grown up learner insists on for himself. Raises NotPermitted, Invalid."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, wish: MatchWish) -> None:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        async with self._new_unit() as unit:
            await unit.learners.set_wish(actor.user_id, wish)
            await unit.commit()


async def of_record(unit: UnitOfWork, guardian_id: UserId, child_id: UserId) -> Guardianship:
    """Raises NotFound for a stranger, NotPermitted for a guardian who is not the one of record."""
    guardianship = await unit.guardianships.between(guardian_id, child_id)
    if guardianship is None or not guardianship.is_active:
        raise NotFound("there is no such child")
    if not guardianship.of_record:
        raise NotPermitted("that is up to the guardian of record")
    return guardianship
