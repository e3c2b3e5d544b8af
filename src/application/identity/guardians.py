"""Who else answers for a child: asked, accepted, changed, ended. (SAFE-01, SAFE-04)"""

import msgspec

from application.identity.children import of_record
from domain.booking.rules import SAFEGUARDING, read_safeguarding
from domain.errors import NotFound, NotPermitted
from domain.identity.account import require_reason
from domain.identity.actor import Actor
from domain.identity.age import is_minor
from domain.identity.events import AccessChanged
from domain.identity.guardianship import (
    ALL_RIGHTS,
    AlreadyGuardian,
    GuardianNeeded,
    Guardianship,
    GuardianshipStatus,
    LastGuardian,
    Right,
)
from domain.identity.permission import Permission, Role
from domain.identity.user import User, email_address
from domain.ids import GuardianshipId, UserId
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit, UnitOfWork


class InviteGuardian:
    """By the guardian of record, or by a minor with an account of his own who has none yet. Nothing tells whether the
    address is anybody's: who has an account finds the question there and in his mail. Raises NotFound, NotPermitted,
    Invalid.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, child_id: UserId, email: str, rights: frozenset[Right] = ALL_RIGHTS) -> None:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        now, address = self._clock.now(), email_address(email)
        async with self._new_unit() as unit:
            first = child_id == actor.user_id
            if first:
                await self._require_lonely_minor(unit, child_id)
            else:
                await of_record(unit, actor.user_id, child_id)
            guardian = await unit.users.by_email(address)
            if (
                guardian is None
                or guardian.id in (actor.user_id, child_id)
                or not await _adult(unit, guardian, self._clock)
            ):
                return
            asked = Guardianship(
                id=GuardianshipId(self._new_id()),
                guardian_id=guardian.id,
                child_id=child_id,
                rights=ALL_RIGHTS if first else rights,
                of_record=first,
                status=GuardianshipStatus.PENDING,
                created_by=actor.user_id,
                created_at=now,
            )
            try:
                await unit.guardianships.add(asked)
            except AlreadyGuardian:
                return
            unit.record(asked.invited())
            await unit.commit()

    async def _require_lonely_minor(self, unit: UnitOfWork, child_id: UserId) -> None:
        child = await unit.users.get(child_id)
        if await _adult(unit, child, self._clock):
            raise NotPermitted("somebody who has come of age answers for himself")
        if any(each.of_record and each.is_active for each in await unit.guardianships.of_child(child_id)):
            raise NotPermitted("that is up to the guardian of record")


class AcceptGuardianship:
    """By the one who was asked; he can act as a guardian from then on. Raises NotFound, NotPermitted,
    IllegalTransition.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, session_cache

    async def __call__(self, actor: Actor, guardianship_id: GuardianshipId) -> Guardianship:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            asked = await unit.guardianships.get(guardianship_id)
            if asked.guardian_id != actor.user_id:
                raise NotFound("there is no such guardianship")
            await unit.guardianships.lock_child(asked.child_id)
            accepted, news = asked.accept(by=actor.user_id, at=now)
            await unit.guardianships.save(accepted)
            await _make_guardian(unit, await unit.users.get(actor.user_id), self._clock)
            unit.record(news)
            await unit.commit()
        await self._cache.forget(actor.user_id)
        return accepted


class SetGuardianRights:
    """By the guardian of record, for the others. Raises NotFound, NotPermitted, Conflict, StaleWrite."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, guardianship_id: GuardianshipId, rights: frozenset[Right]) -> Guardianship:
        actor.require(Permission.MANAGE_CHILDREN)
        async with self._new_unit() as unit:
            guardianship = await unit.guardianships.get(guardianship_id)
            await of_record(unit, actor.user_id, guardianship.child_id)
            changed = guardianship.with_rights(rights)
            await unit.guardianships.save(changed)
            await unit.commit()
        return changed


class EndGuardianship:
    """By the guardian himself, by the guardian of record, or by staff with a reason. Every right is gone with the next
    request. Raises NotFound, NotPermitted, LastGuardian, IllegalTransition.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, guardianship_id: GuardianshipId, reason: str = "") -> Guardianship:
        actor.require(Permission.MANAGE_PEOPLE if actor.is_staff else Permission.SEE_OWN_BOOKINGS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            guardianship = await unit.guardianships.get(guardianship_id)
            if not actor.is_staff and guardianship.guardian_id != actor.user_id:
                await of_record(unit, actor.user_id, guardianship.child_id)
            await unit.guardianships.lock_child(guardianship.child_id)
            ended, news = guardianship.revoke(at=now)
            if guardianship.is_active and guardianship.of_record:
                await self._require_another(unit, guardianship)
            await unit.guardianships.save(ended)
            if actor.is_staff:
                unit.note(
                    Act(
                        actor=actor,
                        action="identity.end_guardianship",
                        subject=("user", str(guardianship.child_id)),
                        before={"status": guardianship.status.value, "guardian_id": str(guardianship.guardian_id)},
                        after={"status": ended.status.value},
                        reason=require_reason(reason),
                    )
                )
            unit.record(news)
            await unit.commit()
        return ended

    async def _require_another(self, unit: UnitOfWork, leaving: Guardianship) -> None:
        if await _adult(unit, await unit.users.get(leaving.child_id), self._clock):
            return
        others = await unit.guardianships.of_child(leaving.child_id)
        if not any(each.of_record and each.is_active and each.id != leaving.id for each in others):
            raise LastGuardian("a minor keeps a guardian of record")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    guardian_id: UserId
    child_id: UserId
    rights: frozenset[Right] = ALL_RIGHTS
    of_record: bool = False


class LinkGuardian:
    """Staff have seen the papers. Active at once. Raises NotPermitted, NotFound, Invalid, AlreadyGuardian."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._new_id, self._cache = new_unit, clock, new_id, session_cache

    async def __call__(self, actor: Actor, link: Link, reason: str) -> Guardianship:
        actor.require(Permission.MANAGE_PEOPLE)
        now, why = self._clock.now(), require_reason(reason)
        async with self._new_unit() as unit:
            guardian = await unit.users.get(link.guardian_id)
            if await _adult(unit, await unit.users.get(link.child_id), self._clock):
                raise GuardianNeeded("somebody who has come of age answers for himself", field="child_id")
            guardianship = Guardianship(
                id=GuardianshipId(self._new_id()),
                guardian_id=link.guardian_id,
                child_id=link.child_id,
                rights=ALL_RIGHTS if link.of_record else link.rights,
                of_record=link.of_record,
                status=GuardianshipStatus.ACTIVE,
                created_by=actor.user_id,
                created_at=now,
            )
            await unit.guardianships.add(guardianship)
            await _make_guardian(unit, guardian, self._clock)
            unit.note(
                Act(
                    actor=actor,
                    action="identity.link_guardian",
                    subject=("user", str(link.child_id)),
                    after={
                        "guardian_id": str(link.guardian_id),
                        "rights": sorted(guardianship.rights),
                        "of_record": link.of_record,
                    },
                    reason=why,
                )
            )
            unit.record(guardianship.started())
            await unit.commit()
        await self._cache.forget(link.guardian_id)
        return guardianship


async def _make_guardian(unit: UnitOfWork, user: User, clock: Clock) -> None:
    """Gives him the role that he acts in. Raises NotPermitted for a minor."""
    if not await _adult(unit, user, clock):
        raise NotPermitted("a minor answers for nobody else")
    if Role.GUARDIAN not in user.roles:
        following, changed = user.with_roles(user.roles | {Role.GUARDIAN}, at=clock.now())
        await unit.users.save(following)
        unit.record(changed, AccessChanged(user_id=user.id, at=clock.now()))


async def _adult(unit: UnitOfWork, user: User, clock: Clock) -> bool:
    now = clock.now()
    years = read_safeguarding(await unit.policies.current(SAFEGUARDING, now)).majority_years
    return not is_minor(user.birth_date, user.zone, now, years)
