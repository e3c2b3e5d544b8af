"""Who may have this lesson, and with whom: the one place that every way to a lesson comes through.

Holding a slot or a series, approving a request, moving, answering a proposal, confirming what was paid late, and
booking by staff all ask ``require_match`` before a lesson takes a time. (DISC-12, SAFE-01…03, ONB-09)
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from domain.booking.booking import Booking
from domain.booking.rules import SAFEGUARDING, Match, Safeguarding, breaches, read_safeguarding
from domain.errors import Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor, Party
from domain.identity.age import is_minor
from domain.identity.guardianship import GuardianNeeded, Right
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.onboarding.consent import ConsentNeeded, not_accepted
from domain.scheduling.qari import QariProfile
from ports.identity.guardians import LearnerFacts
from ports.unit_of_work import UnitOfWork

OWN_SAY: Final = frozenset({Right.SEE, Right.JOIN})
"""What a minor who has an account does by himself."""


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a lesson is for, and who pays for it."""

    learner_id: UserId
    payer_id: UserId
    is_minor: bool

    @property
    def children(self) -> tuple[UserId, ...]:
        return (self.learner_id,) if self.is_minor else ()


async def safeguarding(unit: UnitOfWork, now: datetime) -> Safeguarding:
    return read_safeguarding(await unit.policies.current(SAFEGUARDING, now))


async def booked_by(unit: UnitOfWork, actor: Actor, learner_id: UserId | None, now: datetime) -> Booked:
    """The actor books for himself, or as a guardian for a child within his rights; without the right to pay, the
    guardian of record pays. Raises GuardianNeeded for a minor by himself, NotFound, NotPermitted, ConsentNeeded.
    """
    rules = await safeguarding(unit, now)
    learner_id = learner_id or actor.user_id
    minor = _minor(await unit.learners.facts(learner_id), rules, now)
    if learner_id == actor.user_id:
        if minor:
            raise GuardianNeeded("the lessons of a minor are booked by the guardian", rule="guardian")
        booked = Booked(learner_id=learner_id, payer_id=actor.user_id, is_minor=False)
    else:
        guardianship = await unit.guardianships.between(actor.user_id, learner_id)
        if guardianship is None or not guardianship.is_active:
            raise NotFound("there is no such child")
        if not minor:
            raise NotPermitted("your child has grown up and books by himself now")
        if not guardianship.gives(Right.BOOK):
            raise NotPermitted("booking for this child is up to another guardian")
        payer = actor.user_id if guardianship.gives(Right.PAY) else await payer_for(unit, learner_id)
        booked = Booked(learner_id=learner_id, payer_id=payer, is_minor=True)
    await require_consents(unit, actor.user_id, booked.children, now)
    return booked


async def booked_for(unit: UnitOfWork, learner_id: UserId, now: datetime) -> Booked:
    """By staff. A minor's lesson is paid by the guardian of record. Raises NotFound, GuardianNeeded."""
    await unit.users.get(learner_id)
    minor = _minor(await unit.learners.facts(learner_id), await safeguarding(unit, now), now)
    payer = await payer_for(unit, learner_id) if minor else learner_id
    return Booked(learner_id=learner_id, payer_id=payer, is_minor=minor)


async def payer_for(unit: UnitOfWork, child_id: UserId) -> UserId:
    """The guardian of record. Raises GuardianNeeded."""
    for guardianship in await unit.guardianships.of_child(child_id):
        if guardianship.of_record and guardianship.is_active:
            return guardianship.guardian_id
    raise GuardianNeeded("a minor needs a guardian of record first", rule="guardian")


def override_by(actor: Actor, told: str) -> str:
    """The reason for which staff set the rules of a match aside; empty where none is told. Raises NotPermitted,
    Invalid.
    """
    if not told:
        return ""
    actor.require(Permission.OVERRIDE_RULES)
    if not told.strip():
        raise Invalid("say why the rules are set aside", field="override_reason")
    return told.strip()


async def require_match(
    unit: UnitOfWork, qari: QariProfile, learner_id: UserId, now: datetime, *, override_reason: str = ""
) -> None:
    """Raises for the first broken rule: GuardianNeeded, LearnerNotTaught, NotWished, SameGenderOnly, NotCleared,
    NoGuardianToAttend. With a reason only what nobody may override counts.
    """
    for breach in breaches(await match_of(unit, qari, learner_id, now), overridden=bool(override_reason)):
        raise breach


async def match_of(unit: UnitOfWork, qari: QariProfile, learner_id: UserId, now: datetime) -> Match:
    rules, facts = await safeguarding(unit, now), await unit.learners.facts(learner_id)
    minor = _minor(facts, rules, now)
    guardians = await unit.guardianships.of_child(learner_id) if minor else ()
    return Match(
        qari=qari,
        learner_gender=facts.gender,
        is_minor=minor,
        wish=facts.wish,
        guardians=tuple(each for each in guardians if each.is_active),
        clearances=tuple(await unit.clearances.of_qari(qari.user_id)) if minor else (),
        rules=rules,
        today=now.astimezone(ZoneInfo(qari.zone)).date(),
    )


async def require_booking_match(
    unit: UnitOfWork, booking: Booking, now: datetime, *, override_reason: str = ""
) -> None:
    """``require_match`` for a lesson that there is; what it was booked against with a reason does not count again."""
    qari = await unit.qaris.get(booking.qari_id)
    reason = override_reason or booking.override_reason
    await require_match(unit, qari, booking.learner_id, now, override_reason=reason)


async def require_consents(unit: UnitOfWork, user_id: UserId, children: Sequence[UserId], now: datetime) -> None:
    """Before he books, pays or teaches. Raises ConsentNeeded while a text in force has not been accepted in its latest
    version, by himself or for one of these children. (ONB-09)
    """
    documents = await unit.consents.documents(now)
    if not documents:
        return
    missing = not_accepted(documents, await unit.consents.of_user(user_id), user_id, children)
    if missing:
        raise ConsentNeeded(
            "please read and accept the texts of the school first",
            documents=[
                {
                    "kind": asked.document.kind.value,
                    "version": asked.document.version,
                    "child_id": str(asked.child_id) if asked.child_id is not None else None,
                }
                for asked in missing
            ],
        )


async def is_guardian(unit: UnitOfWork, booking: Booking, actor: Actor, right: Right, now: datetime) -> bool:
    """Whether the actor has that right for the learner of this lesson, today, in the role he acts in. (ID-19)"""
    if not actor.may(Permission.MANAGE_CHILDREN) or actor.user_id in (booking.learner_id, booking.qari_id):
        return False
    guardianship = await unit.guardianships.between(actor.user_id, booking.learner_id)
    if guardianship is None or not guardianship.gives(right):
        return False
    return await learner_is_minor(unit, booking.learner_id, now)


async def party_in(unit: UnitOfWork, booking: Booking, actor: Actor, right: Right, now: datetime) -> Party:
    """In what capacity the actor touches this lesson; guardians within their rights stand on the learner's side.

    Raises NotFound for strangers, GuardianNeeded for a minor who decides by himself.
    """
    party = booking.party_of(actor, guardian=await is_guardian(unit, booking, actor, right, now))
    own = party is Party.LEARNER and actor.user_id == booking.learner_id
    if own and right not in OWN_SAY and await learner_is_minor(unit, booking.learner_id, now):
        raise GuardianNeeded("the guardian decides about the lessons of a minor", rule="guardian")
    return party


async def learner_is_minor(unit: UnitOfWork, learner_id: UserId, now: datetime) -> bool:
    return _minor(await unit.learners.facts(learner_id), await safeguarding(unit, now), now)


def _minor(facts: LearnerFacts, rules: Safeguarding, now: datetime) -> bool:
    return is_minor(facts.birth_date, facts.zone, now, rules.majority_years)
