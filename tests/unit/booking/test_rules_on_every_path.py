"""No way to a lesson leads around the rules of a match: whatever is done, in whatever order. (DISC-12, SAFE-01…03)"""

import asyncio
from collections.abc import Awaitable
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from application.booking.answer_request import ApproveRequest
from application.booking.book_for_others import BookForOthers, BookForOthersCommand
from application.booking.hold_series import HoldSeries, SeriesCommand
from application.booking.hold_slot import HoldSlotCommand
from application.booking.reschedule_booking import (
    AnswerProposal,
    AnswerProposalCommand,
    RescheduleBooking,
    RescheduleCommand,
)
from application.booking.rules import match_of
from application.identity.guardians import EndGuardianship
from domain.billing.events import PaymentCaptured
from domain.booking.booking import OCCUPYING, Booking, Status
from domain.booking.proposal import ProposalStatus
from domain.booking.rules import SameGender, breaches
from domain.booking.series import Scope
from domain.errors import DomainError
from domain.identity.actor import Actor
from domain.identity.guardianship import Right
from domain.ids import BookingId, EventId, PaymentId, ProposalId, SeriesId
from domain.onboarding.clearance import ClearanceKind
from domain.scheduling.qari import BookingMode, Gender
from domain.time import TimeSlot
from fakes.clock import NOON
from fakes.guardians import CHILD, a_clearance
from fakes.scheduling import QARI
from fakes.unit import MemoryStore
from support.family import CHILD_ITSELF, PARENT, Family
from support.lessons import ADMIN, OTHER_STUDENT, START, STUDENT, TEACHER
from support.units import memory_units

ACTORS: Final = (PARENT, CHILD_ITSELF, STUDENT, OTHER_STUDENT, TEACHER, ADMIN)
LEARNERS: Final = (None, CHILD, STUDENT.user_id)
Taken = tuple[TimeSlot, Status]


class EveryPath(RuleBasedStateMachine):
    """Acts at random; after each act, every lesson that newly takes a time was allowed to at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.family = Family(memory_units(self.store))
        self.loop = asyncio.new_event_loop()
        self.number = 0
        self.seen: dict[BookingId, Taken] = {}

    def teardown(self) -> None:
        self.loop.close()

    def run_(self, doing: Awaitable[Any]) -> bool:
        async def done() -> Any:
            return await doing

        try:
            self.loop.run_until_complete(done())
        except DomainError:
            return False
        return True

    @initialize(mode=st.sampled_from(BookingMode))
    def settle(self, mode: BookingMode) -> None:
        self.loop.run_until_complete(self.family.settle())
        self.the_qari_takes(mode)

    @rule(mode=st.sampled_from(BookingMode))
    def the_qari_takes(self, mode: BookingMode) -> None:
        qari = self.store.shelf("qaris")[QARI]
        self.store.shelf("qaris")[QARI] = msgspec.structs.replace(qari, booking_mode=mode)

    # what changes around a lesson -------------------------------------------------------------------------------

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.family.clock.set(self.family.clock.now() + timedelta(hours=hours))

    @rule(gender=st.sampled_from([None, *Gender]), languages=st.sampled_from([(), ("en",), ("xx",)]))
    def the_guardian_insists(self, gender: Gender | None, languages: tuple[str, ...]) -> None:
        self.loop.run_until_complete(self.family.wishes(qari_gender=gender, languages=languages))

    @rule(
        same_gender=st.sampled_from(SameGender),
        present=st.booleans(),
        needed=st.sampled_from([(), (ClearanceKind.BACKGROUND_CHECK,), tuple(ClearanceKind)]),
    )
    def the_school_decides(self, same_gender: SameGender, present: bool, needed: tuple[ClearanceKind, ...]) -> None:
        self.loop.run_until_complete(
            self.family.rules(same_gender=same_gender, guardian_present=present, clearances=needed)
        )

    @rule(until=st.integers(-5, 9))
    def a_clearance_is_recorded_or_runs_out(self, until: int) -> None:
        today = self.family.clock.now().date()
        shelf = self.store.shelf("clearances")
        shelf[a_clearance().id] = a_clearance(expires_on=today + timedelta(days=until))

    @rule(gender=st.sampled_from(Gender))
    def the_child_is_said_to_be(self, gender: Gender) -> None:
        self.store.shelf("learner_genders")[CHILD] = gender

    @rule(rights=st.sets(st.sampled_from(Right), min_size=1))
    def rights_are_cut(self, rights: set[Right]) -> None:
        for key, each in self.store.shelf("guardianships").items():
            self.store.shelf("guardianships")[key] = msgspec.structs.replace(
                each, rights=frozenset(rights), of_record=rights == set(Right)
            )

    @rule()
    def the_guardianship_ends(self) -> None:
        for each in list(self.store.shelf("guardianships").values()):
            self.run_(EndGuardianship(self.family.new_unit, self.family.clock)(ADMIN, each.id, "moved away"))

    @rule(years=st.sampled_from([5, 17, 19]))
    def the_child_is_found_to_be_of_another_age(self, years: int) -> None:
        child = self.store.shelf("users")[CHILD]
        self.store.shelf("users")[CHILD] = msgspec.structs.replace(child, birth_date=date(NOON.year - years, 1, 1))

    # every way to a lesson --------------------------------------------------------------------------------------

    def command(self, hours: int) -> HoldSlotCommand:
        self.number += 1
        return HoldSlotCommand(
            booking_id=BookingId(UUID(int=self.number)), qari_id=QARI, starts_at=self.start(hours), minutes=30
        )

    def start(self, hours: int) -> Any:
        return max(START, self.family.clock.now() + timedelta(hours=24)) + timedelta(hours=hours)

    @rule(actor=st.sampled_from(ACTORS), learner=st.sampled_from(LEARNERS), hours=st.integers(0, 12))
    def somebody_holds(self, actor: Actor, learner: Any, hours: int) -> None:
        self.run_(self.family.hold_slot(actor, msgspec.structs.replace(self.command(hours), learner_id=learner)))

    @rule(actor=st.sampled_from(ACTORS), learner=st.sampled_from(LEARNERS), hours=st.integers(0, 12))
    def somebody_holds_a_series(self, actor: Actor, learner: Any, hours: int) -> None:
        self.number += 1
        first = self.start(hours)
        command = SeriesCommand(
            series_id=SeriesId(UUID(int=0xF000 + self.number)),
            qari_id=QARI,
            first_date=first.date(),
            wall=first.time(),
            minutes=30,
            count=3,
            learner_id=learner,
        )
        self.run_(HoldSeries(self.family.new_unit, self.family.clock)(actor, command))

    @rule(actor=st.sampled_from(ACTORS), learner=st.sampled_from(LEARNERS[1:]), hours=st.integers(0, 12))
    def staff_book(self, actor: Actor, learner: Any, hours: int) -> None:
        command = BookForOthersCommand(learner_id=learner, hold=self.command(hours))
        self.run_(BookForOthers(self.family.new_unit, self.family.clock)(actor, command))

    @rule(hours=st.integers(0, 12))
    def staff_book_against_the_rules(self, hours: int) -> None:
        command = BookForOthersCommand(learner_id=CHILD, hold=self.command(hours), override_reason="the family asked")
        self.run_(BookForOthers(self.family.new_unit, self.family.clock)(ADMIN, command))

    @rule(data=st.data())
    def a_request_is_approved(self, data: st.DataObject) -> None:
        if (booking := self.one(data, Status.REQUESTED)) is not None:
            self.run_(ApproveRequest(self.family.new_unit, self.family.clock)(TEACHER, booking.id))

    @rule(hours=st.integers(0, 12))
    def the_guardian_holds_for_the_child(self, hours: int) -> None:
        self.somebody_holds(PARENT, CHILD, hours)

    @rule(data=st.data())
    def money_comes(self, data: st.DataObject) -> None:
        booking = self.one(data, Status.HELD, Status.EXPIRED, Status.PENDING_PAYMENT)
        if booking is not None:
            self.pay(booking)

    @rule()
    def all_is_paid(self) -> None:
        for booking in list(self.store.bookings.values()):
            if booking.status is Status.HELD:
                self.pay(booking)

    def pay(self, booking: Booking) -> None:
        captured = PaymentCaptured(
            at=self.family.clock.now(),
            payment_id=PaymentId(UUID(int=0xAA00 + self.number)),
            payer_id=booking.payer_id,
            booking_ids=(booking.id,),
            amount=booking.price,
        )
        self.run_(self.family.confirm_paid(EventId(UUID(int=1)), captured))

    @rule()
    def holds_run_out(self) -> None:
        self.loop.run_until_complete(self.family.expire_holds())

    @rule(data=st.data(), actor=st.sampled_from(ACTORS), hours=st.integers(13, 40), scope=st.sampled_from(Scope))
    def somebody_moves(self, data: st.DataObject, actor: Actor, hours: int, scope: Scope) -> None:
        booking = self.one(data, Status.CONFIRMED)
        if booking is None:
            return
        self.number += 1
        command = RescheduleCommand(
            booking_id=booking.id,
            proposal_id=ProposalId(UUID(int=0xE000 + self.number)),
            to=self.start(hours),
            scope=scope,
        )
        self.run_(RescheduleBooking(self.family.new_unit, self.family.clock)(actor, command))

    @rule(data=st.data(), hours=st.integers(13, 40))
    def staff_move(self, data: st.DataObject, hours: int) -> None:
        self.somebody_moves(data, ADMIN, hours, Scope.ONE)

    @rule(data=st.data(), actor=st.sampled_from(ACTORS))
    def somebody_accepts_a_proposal(self, data: st.DataObject, actor: Actor) -> None:
        waiting = [one for one in self.store.shelf("proposals").values() if one.status is ProposalStatus.OPEN]
        if waiting:
            chosen = data.draw(st.sampled_from(waiting))
            command = AnswerProposalCommand(proposal_id=chosen.id, accept=True)
            self.run_(AnswerProposal(self.family.new_unit, self.family.clock)(actor, command))

    def one(self, data: st.DataObject, *statuses: Status) -> Booking | None:
        found = [booking for booking in self.store.bookings.values() if booking.status in statuses]
        return data.draw(st.sampled_from(found)) if found else None

    # -----------------------------------------------------------------------------------------------------------

    @invariant()
    def what_newly_takes_a_time_was_allowed_to(self) -> None:
        for booking in self.store.bookings.values():
            taken = (booking.slot, booking.status)
            if self.seen.get(booking.id) == taken:
                continue
            self.seen[booking.id] = taken
            if booking.status in OCCUPYING or booking.status is Status.REQUESTED:
                found = self.loop.run_until_complete(self._breaches(booking))
                assert found == [], (booking.status, found)

    async def _breaches(self, booking: Booking) -> list[str]:
        async with self.family.new_unit() as unit:
            qari = await unit.qaris.get(booking.qari_id)
            match = await match_of(unit, qari, booking.learner_id, self.family.clock.now())
        return [breach.code for breach in breaches(match, overridden=bool(booking.override_reason))]

    @invariant()
    def every_override_is_in_the_audit_log_with_its_reason(self) -> None:
        answered = {act.subject[1]: act.reason for act in self.store.acts if act.action == "booking.override_rules"}
        for booking in self.store.bookings.values():
            if booking.override_reason:
                assert answered[str(booking.id)] == booking.override_reason


EveryPath.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestEveryPath = pytest.mark.slow(EveryPath.TestCase)
