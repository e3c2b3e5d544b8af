"""Reading and accepting the texts that people book under. (ONB-09)"""

from collections.abc import Sequence

import msgspec

from application.booking.rules import learner_is_minor
from domain.errors import Conflict, NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.onboarding.consent import Acceptance, Asked, ConsentDocument, ConsentKind, not_accepted
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    """``waiting``: what the actor has still to accept before he books; ``given``: what he has accepted of the texts in
    force.
    """

    waiting: Sequence[Asked]
    given: Sequence[Asked]


class SeeConsents:
    """For the actor himself and each child whom he books for. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> Consents:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            documents = await unit.consents.documents(now)
            said = await unit.consents.of_user(actor.user_id)
            children = [
                each.child_id
                for each in await unit.guardianships.of_guardian(actor.user_id)
                if each.is_active and await learner_is_minor(unit, each.child_id, now)
            ]
        waiting = not_accepted(documents, said, actor.user_id, children)
        everything = not_accepted(documents, (), actor.user_id, children)
        return Consents(waiting=waiting, given=[asked for asked in everything if asked not in waiting])


class AcceptConsentCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``version`` is the one that was read: a yes to an older text is none to the new one."""

    kind: ConsentKind
    version: int
    child_id: UserId | None = None


class AcceptConsent:
    """Saying it twice changes nothing. Raises NotPermitted, NotFound, Conflict for a version that is not in force."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: AcceptConsentCommand) -> Acceptance:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            document = _document(await unit.consents.documents(now), command.kind)
            if document.version != command.version:
                raise Conflict("this text has a newer version; read that one", version=document.version)
            child_id = await _child(unit, actor, command)
            acceptance = Acceptance(
                user_id=actor.user_id, child_id=child_id, kind=command.kind, version=command.version, at=now
            )
            await unit.consents.add(acceptance)
            await unit.commit()
        return acceptance


def _document(documents: Sequence[ConsentDocument], kind: ConsentKind) -> ConsentDocument:
    for document in documents:
        if document.kind is kind:
            return document
    raise NotFound("nobody is asked to accept this")


async def _child(unit: UnitOfWork, actor: Actor, command: AcceptConsentCommand) -> UserId | None:
    """The guardian's consent is given for one child; the other texts are for oneself."""
    if command.kind is not ConsentKind.GUARDIAN:
        return None
    if command.child_id is not None:
        guardianship = await unit.guardianships.between(actor.user_id, command.child_id)
        if guardianship is not None and guardianship.is_active:
            return command.child_id
    raise NotFound("there is no such child")
