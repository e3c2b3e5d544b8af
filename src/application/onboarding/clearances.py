"""What the school has seen of its Qaris, and which lessons lack it. (SAFE-02)"""

from collections.abc import Sequence
from datetime import date

import msgspec

from application.booking.rules import safeguarding
from domain.errors import Invalid
from domain.identity.account import require_reason
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import ClearanceId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.onboarding.safety import FlaggedLesson, QariClearance, SafetyQueries
from ports.unit_of_work import NewUnit


class ClearanceFacts(msgspec.Struct, frozen=True, kw_only=True):
    kind: ClearanceKind
    issued_on: date
    expires_on: date | None = None
    reference: str = ""


class RecordClearance:
    """Raises NotPermitted, NotFound, Invalid."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id

    async def __call__(self, actor: Actor, qari_id: UserId, facts: ClearanceFacts) -> Clearance:
        actor.require(Permission.MANAGE_CLEARANCE)
        now = self._clock.now()
        if facts.issued_on > now.date():
            raise Invalid("a clearance was issued today or before", field="issued_on")
        async with self._new_unit() as unit:
            await unit.qaris.get(qari_id)
            clearance = Clearance(
                id=ClearanceId(self._new_id()),
                qari_id=qari_id,
                kind=facts.kind,
                issued_on=facts.issued_on,
                expires_on=facts.expires_on,
                reference=facts.reference.strip(),
                recorded_by=actor.user_id,
                recorded_at=now,
            )
            await unit.clearances.add(clearance)
            unit.note(
                Act(
                    actor=actor,
                    action="onboarding.record_clearance",
                    subject=("user", str(qari_id)),
                    after={
                        "kind": facts.kind.value,
                        "issued_on": facts.issued_on.isoformat(),
                        "expires_on": facts.expires_on.isoformat() if facts.expires_on is not None else None,
                    },
                )
            )
            await unit.commit()
        return clearance


class WithdrawClearance:
    """Raises NotPermitted, NotFound, Invalid without a reason, Conflict the second time."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, clearance_id: ClearanceId, reason: str) -> Clearance:
        actor.require(Permission.MANAGE_CLEARANCE)
        why = require_reason(reason)
        async with self._new_unit() as unit:
            clearance = await unit.clearances.get(clearance_id)
            withdrawn = clearance.withdraw(at=self._clock.now())
            await unit.clearances.save(withdrawn)
            unit.note(
                Act(
                    actor=actor,
                    action="onboarding.withdraw_clearance",
                    subject=("user", str(clearance.qari_id)),
                    before={"kind": clearance.kind.value, "withdrawn": False},
                    after={"kind": clearance.kind.value, "withdrawn": True},
                    reason=why,
                )
            )
            await unit.commit()
        return withdrawn


class ClearanceBoard(msgspec.Struct, frozen=True, kw_only=True):
    """``flagged``: lessons ahead with minors whose Qari will lack what is required on that day."""

    required: tuple[ClearanceKind, ...]
    qaris: Sequence[QariClearance]
    flagged: Sequence[FlaggedLesson]


class SeeClearances:
    """Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, clock: Clock, safety_queries: SafetyQueries) -> None:
        self._new_unit, self._clock, self._queries = new_unit, clock, safety_queries

    async def __call__(self, actor: Actor) -> ClearanceBoard:
        actor.require(Permission.SEE_PEOPLE)
        now = self._clock.now()
        async with self._new_unit() as unit:
            rules = await safeguarding(unit, now)
        return ClearanceBoard(
            required=rules.clearances,
            qaris=await self._queries.clearances(now.date()),
            flagged=await self._queries.flagged(rules.clearances, now=now, majority_years=rules.majority_years),
        )


class QariFile(msgspec.Struct, frozen=True, kw_only=True):
    """``today`` where the reader of dates stands: that of the Qari's rules."""

    qari_id: UserId
    name: str
    clearances: Sequence[Clearance]
    today: date


class SeeQariClearances:
    """All of one Qari's, newest first. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, qari_id: UserId) -> QariFile:
        actor.require(Permission.SEE_PEOPLE)
        async with self._new_unit() as unit:
            qari = await unit.qaris.get(qari_id)
            found = await unit.clearances.of_qari(qari_id)
        return QariFile(qari_id=qari_id, name=qari.name, clearances=found, today=self._clock.now().date())
