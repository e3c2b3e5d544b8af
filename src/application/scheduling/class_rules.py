"""Who may do what with a group class. Strangers learn nothing of it. (LIVE-13)"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.booking.rules import learner_is_minor
from domain.errors import NotFound
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.scheduling.group_class import GroupClass, Member
from ports.unit_of_work import UnitOfWork


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``learners``: the members whom the actor is or answers for."""

    party: Party
    learners: tuple[UserId, ...] = ()

    @property
    def runs(self) -> bool:
        return self.party in (Party.QARI, Party.STAFF)


async def standing_in(
    unit: UnitOfWork, actor: Actor, of_class: GroupClass, members: Sequence[Member], now: datetime, right: Right
) -> Standing:
    """Raises NotFound for strangers."""
    if actor.is_staff:
        actor.require(Permission.SEE_BOOKINGS)
        return Standing(party=Party.STAFF)
    if actor.user_id == of_class.qari_id and actor.may(Permission.TEACH):
        return Standing(party=Party.QARI)
    mine = [member.learner_id for member in members if member.learner_id == actor.user_id]
    if actor.may(Permission.MANAGE_CHILDREN):
        theirs = {each.child_id for each in await unit.guardianships.of_guardian(actor.user_id) if each.gives(right)}
        mine += [
            member.learner_id
            for member in members
            if member.learner_id in theirs and await learner_is_minor(unit, member.learner_id, now)
        ]
    if not mine:
        raise NotFound("there is no such class")
    return Standing(party=Party.LEARNER, learners=tuple(dict.fromkeys(mine)))


async def run_by(unit: UnitOfWork, actor: Actor, of_class: GroupClass, now: datetime) -> Standing:
    """The Qari himself, or staff who may change lessons. Raises NotFound, NotPermitted."""
    found = await standing_in(unit, actor, of_class, (), now, Right.SEE)
    if found.party is Party.STAFF:
        actor.require(Permission.CHANGE_ANY_BOOKING)
    else:
        actor.require(Permission.TEACH)
    return found
