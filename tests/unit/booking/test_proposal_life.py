"""A proposal is answered once, in time, by the other side. (BOOK-09)"""

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.booking.proposal import TRANSITIONS, Proposal, ProposalStatus
from domain.booking.series import Scope
from domain.errors import Conflict, NotPermitted
from domain.identity.actor import Party
from domain.ids import ProposalId
from domain.time import TimeSlot
from fakes.booking import a_confirmed
from fakes.clock import NOON

SIDES = st.sampled_from([Party.LEARNER, Party.QARI])


class ProposalLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        proposal = Proposal(
            id=ProposalId(UUID(int=1)),
            booking_id=a_confirmed().id,
            by=Party.QARI,
            slot=TimeSlot.lasting(NOON + timedelta(days=3), 30),
            scope=Scope.ONE,
            created_at=NOON,
            answer_by=NOON + timedelta(hours=24),
        )
        self.history = [proposal]

    @rule(minutes=st.integers(0, 12 * 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(by=SIDES)
    def accept(self, by: Party) -> None:
        with suppress(Conflict, NotPermitted):
            self._add(self.history[-1].accept(by=by, at=self.now), by)

    @rule(by=SIDES)
    def decline(self, by: Party) -> None:
        with suppress(Conflict, NotPermitted):
            self._add(self.history[-1].decline(a_confirmed(), by=by, at=self.now)[0], by)

    @rule()
    def lapse(self) -> None:
        with suppress(Conflict):
            lapsed = self.history[-1].lapse(at=self.now)
            assert self.now >= lapsed.answer_by
            self.history.append(lapsed)

    def _add(self, answered: Proposal, by: Party) -> None:
        assert by is Party.LEARNER
        assert self.now < answered.answer_by
        self.history.append(answered)

    @invariant()
    def it_ends_once(self) -> None:
        assert len(self.history) <= 2
        for before, after in pairwise(self.history):
            assert before.status is ProposalStatus.OPEN
            assert after.status in TRANSITIONS[before.status]


TestProposalLife = pytest.mark.slow(ProposalLife.TestCase)
