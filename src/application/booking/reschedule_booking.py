"""Move a lesson: at once within the policy, else by proposing it to the other side. (BOOK-09)"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from application.booking.moving import MovePlan, make_move, plan_move
from application.booking.places import policy_of
from application.booking.rules import match_of, override_by, party_in
from application.booking.scopes import require_change
from application.booking.staff_acts import note_if_staff
from domain.booking.booking import Booking
from domain.booking.proposal import Proposal
from domain.booking.rules import breaches
from domain.booking.series import Scope
from domain.errors import NotPermitted
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.ids import BookingId, ProposalId
from ports.clock import Clock
from ports.unit_of_work import NewUnit, UnitOfWork


class RescheduleCommand(msgspec.Struct, frozen=True, kw_only=True):
    """``proposal_id`` names the proposal, should one be needed. ``override_reason``: given by staff, the rules of a
    match do not stand in the way; it is kept where there was one that did.
    """

    booking_id: BookingId
    proposal_id: ProposalId
    to: datetime
    scope: Scope = Scope.ONE
    override_reason: str = ""


class Rescheduled(msgspec.Struct, frozen=True, kw_only=True):
    """Either the lessons have moved, or a proposal waits for its answer."""

    moved: Sequence[Booking] = ()
    proposal: Proposal | None = None


class PreviewReschedule:
    """Which lessons would move where, and whether the other side has to agree. Raises what RescheduleBooking does."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, booking_id: BookingId, to: datetime, scope: Scope = Scope.ONE) -> MovePlan:
        require_change(actor)
        now = self._clock.now()
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(booking_id)
            party = await party_in(unit, booking, actor, Right.BOOK, now)
            return await plan_move(unit, booking, to, scope, party, now)


class RescheduleBooking:
    """Raises NotFound, NotPermitted, IllegalTransition, LessonStarted, SlotTaken, SlotUnavailable, LearnerBusy,
    ProposalOpen, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: RescheduleCommand) -> Rescheduled:
        require_change(actor)
        now, reason = self._clock.now(), override_by(actor, command.override_reason)
        async with self._new_unit() as unit:
            booking = await unit.bookings.get(command.booking_id)
            party = await party_in(unit, booking, actor, Right.BOOK, now)
            await unit.bookings.lock_qari(booking.qari_id)
            override = reason if reason and await _is_against(unit, booking, now) else ""
            plan = await plan_move(unit, booking, command.to, command.scope, party, now, override_reason=override)
            if not plan.needs_consent:
                done = Rescheduled(moved=await make_move(unit, plan, now))
                for move, moved in zip(plan.moves, done.moved, strict=True):
                    action = "booking.override_rules" if override else "booking.move"
                    note_if_staff(unit, actor, party, action, move.booking, moved, reason)
            else:
                policy = (await policy_of(unit, booking)).policy
                proposal = Proposal(
                    id=command.proposal_id,
                    booking_id=booking.id,
                    by=party,
                    slot=next(move.to for move in plan.moves if move.booking.id == booking.id),
                    scope=command.scope,
                    created_at=now,
                    answer_by=policy.answer_by(now, booking.slot.start, command.to),
                )
                await unit.proposals.add(proposal)
                unit.record(proposal.proposed(booking))
                done = Rescheduled(proposal=proposal)
            await unit.commit()
        return done


async def _is_against(unit: UnitOfWork, booking: Booking, now: datetime) -> bool:
    """Whether this match breaks a rule that nobody has answered for yet."""
    qari = await unit.qaris.get(booking.qari_id)
    match = await match_of(unit, qari, booking.learner_id, now)
    return bool(breaches(match, overridden=bool(booking.override_reason)))


class AnswerProposalCommand(msgspec.Struct, frozen=True, kw_only=True):
    proposal_id: ProposalId
    accept: bool


class AnswerProposal:
    """By the other side of the lesson. Raises what moving raises, and AnswerTooLate; the proposal stays open then."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, command: AnswerProposalCommand) -> Rescheduled:
        require_change(actor)
        now = self._clock.now()
        async with self._new_unit() as unit:
            proposal = await unit.proposals.get(command.proposal_id)
            booking = await unit.bookings.get(proposal.booking_id)
            party = await party_in(unit, booking, actor, Right.BOOK, now)
            if party not in (Party.LEARNER, Party.QARI):
                raise NotPermitted("a proposal is answered by the learner or the Qari")
            if not command.accept:
                declined, news = proposal.decline(booking, by=party, at=now)
                await unit.proposals.save(declined)
                unit.record(news)
                await unit.commit()
                return Rescheduled(proposal=declined)
            accepted = proposal.accept(by=party, at=now)
            await unit.proposals.save(accepted)
            await unit.bookings.lock_qari(booking.qari_id)
            plan = await plan_move(unit, booking, proposal.slot.start, proposal.scope, proposal.by, now, agreed=True)
            moved = await make_move(unit, plan, now, agreed=True)
            await unit.commit()
        return Rescheduled(moved=moved, proposal=accepted)
