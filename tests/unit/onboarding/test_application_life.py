"""An application, written, handed in, taken back and decided at random. (ONB-01, ONB-04)"""

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.errors import Conflict, Invalid
from domain.ids import UserId
from domain.onboarding.application import TRANSITIONS, Application, Edition, Status
from fakes.clock import NOON
from fakes.onboarding import a_learner_form, an_application

STAFF = [UserId(UUID(int=number)) for number in (70, 71)]


class ApplicationLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.history: list[Application] = [an_application()]
        self.editions: list[Edition] = []

    @property
    def current(self) -> Application:
        return self.history[-1]

    def _become(self, following: Application) -> None:
        self.now += timedelta(minutes=1)
        self.history.append(following)

    @rule(name=st.sampled_from(["Maryam", "Maryam Khan", ""]))
    def write(self, name: str) -> None:
        with suppress(Conflict):
            self._become(self.current.write(a_learner_form(name=name), at=self.now))

    @rule(lacking=st.sampled_from([(), ("documents.identity",)]))
    def submit(self, lacking: tuple[str, ...]) -> None:
        with suppress(Conflict, Invalid):
            self._become(self.current.submit(lacking=lacking, at=self.now))
            self.editions.append(self.current.handed_in())

    @rule()
    def take_back(self) -> None:
        with suppress(Conflict):
            self._become(self.current.take_back(at=self.now))

    @rule(by=st.sampled_from(STAFF), over=st.booleans())
    def claim(self, by: UserId, over: bool) -> None:
        with suppress(Conflict):
            self._become(self.current.claim(by, at=self.now, over=over))

    @rule()
    def release(self) -> None:
        with suppress(Conflict):
            self._become(self.current.release())

    @rule(by=st.sampled_from(STAFF), reason=st.sampled_from(["", "Please say more."]))
    def reject(self, by: UserId, reason: str) -> None:
        with suppress(Conflict, Invalid):
            self._become(self.current.reject(by=by, reason=reason, at=self.now))

    @rule(by=st.sampled_from(STAFF), wanted=st.integers(0, 5))
    def approve(self, by: UserId, wanted: int) -> None:
        """Seldom, because it is the end."""
        if wanted == 0:
            with suppress(Conflict):
                self._become(self.current.approve(by=by, at=self.now))

    @invariant()
    def every_step_is_listed_and_counted(self) -> None:
        for before, after in pairwise(self.history):
            assert after.version == before.version + 1
            assert after.status == before.status or after.status in TRANSITIONS[before.status]
            if before.status in (Status.SUBMITTED, Status.APPROVED):
                assert after.form == before.form, "what was handed in is not edited"

    @invariant()
    def what_was_handed_in_is_complete_and_numbered(self) -> None:
        assert [edition.edition for edition in self.editions] == list(range(1, len(self.editions) + 1))
        assert self.current.edition == len(self.editions)
        assert all(not list(edition.form.missing(self.current.role)) for edition in self.editions)

    @invariant()
    def a_decision_has_its_maker_and_a_rejection_its_reason(self) -> None:
        if self.current.status in (Status.APPROVED, Status.REJECTED):
            assert self.current.decided_by in STAFF
            assert self.current.decided_at is not None
            assert bool(self.current.reason) is (self.current.status is Status.REJECTED)


TestApplicationLife = pytest.mark.slow(ApplicationLife.TestCase)
