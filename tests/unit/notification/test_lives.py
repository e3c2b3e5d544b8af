"""No order of calls leads a message or a class out of its table."""

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.booking.events import BookingCancelled
from domain.errors import IllegalTransition
from domain.ids import BookingId, MeetingId
from domain.notification.delivery import LIFECYCLE, Delivery, Status
from domain.notification.topic import Topic
from domain.scheduling import meeting
from fakes.clock import NOON
from fakes.news import LEARNER, an_event


class DeliveryLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        event = an_event(BookingCancelled)
        self.history = [Delivery.about(event, Topic.LESSON_CANCELLED, LEARNER, cause="event:1", at=NOON)]

    @rule(move=st.sampled_from(["sent", "withdraw", "bury", "revive", "postpone"]))
    def something_happens(self, move: str) -> None:
        now = self.history[-1]
        moves = {
            "sent": lambda: now.sent(at=NOON),
            "withdraw": lambda: now.withdraw(why="old"),
            "bury": lambda: now.bury(error="no"),
            "revive": lambda: now.revive(at=NOON),
            "postpone": lambda: now.postpone(until=NOON + timedelta(minutes=1), error="later"),
        }
        try:
            self.history.append(moves[move]())
        except IllegalTransition:
            assert move != "postpone"

    @invariant()
    def every_step_is_in_the_table_and_the_message_stays_the_same(self) -> None:
        for before, after in pairwise(self.history):
            assert after.status is before.status or after.status in LIFECYCLE.table[before.status]
            assert (after.id, after.key) == (before.id, before.key)
            assert (after.status is Status.SENT) == (after.sent_at is not None)


TestDeliveryLife = pytest.mark.slow(DeliveryLife.TestCase)


class MeetingLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        number = UUID(int=1)
        self.history = [
            meeting.Meeting(id=MeetingId(number), booking_id=BookingId(number), provider="fake", created_at=NOON)
        ]

    @rule(cancels=st.booleans())
    def something_happens(self, cancels: bool) -> None:
        now = self.history[-1]
        try:
            self.history.append(now.cancel() if cancels else now.ready(b"sealed", at=NOON))
        except IllegalTransition:
            assert now.status is not meeting.Status.PLANNED

    @invariant()
    def every_step_is_in_the_table_and_counted(self) -> None:
        for before, after in pairwise(self.history):
            assert after.status in meeting.LIFECYCLE.table[before.status]
            assert after.version == before.version + 1
            assert (after.sealed_room is not None) == (after.status is meeting.Status.READY)


TestMeetingLife = pytest.mark.slow(MeetingLife.TestCase)
