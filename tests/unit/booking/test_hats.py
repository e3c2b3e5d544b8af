"""A Qari who is a guardian too sees and touches what belongs to the hat he wears. (ID-19)"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.booking.see_lessons import ListMyLessons, party_seeing
from domain.errors import NotFound
from domain.identity.actor import Actor, OtherHat, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from fakes.booking import LEARNER, a_booking
from fakes.clock import FixedClock
from fakes.scheduling import QARI
from ports.booking.queries import Tense
from ports.paging import Page

CHILD = UserId(UUID(int=0xC41D))


def wearing(role: Role, user_id: UserId = QARI) -> Actor:
    return Actor(user_id=user_id, role=role, audience=Audience.MAIN)


class Family:
    async def children_seen_by(self, guardian_id: UserId, right: Right) -> Sequence[UserId]:
        return [CHILD]


class Lessons:
    def __init__(self) -> None:
        self.asked: list[list[UserId]] = []

    async def lessons_of(self, learners: Sequence[UserId], tense: Tense, **given: Any) -> Page[Any]:
        self.asked.append(list(learners))
        return Page(items=[], next_cursor=None)


@pytest.mark.parametrize(
    ("role", "learners"), [(Role.QARI, []), (Role.STUDENT, [QARI]), (Role.GUARDIAN, [QARI, CHILD])]
)
async def test_the_list_of_lessons_is_that_of_the_hat(role: Role, learners: list[UserId]) -> None:
    # ID-19
    queries: Any = Lessons()
    family: Any = Family()

    await ListMyLessons(queries, FixedClock(), family)(wearing(role), Tense.UPCOMING)

    assert queries.asked == [learners]


async def test_a_child_is_looked_for_as_a_guardian_alone() -> None:
    # ID-19
    queries, family = Lessons(), Family()
    see = ListMyLessons(queries, FixedClock(), family)  # type: ignore[arg-type]

    for role in (Role.QARI, Role.STUDENT):
        with pytest.raises(NotFound):
            await see(wearing(role), Tense.UPCOMING, learner_id=CHILD)
    await see(wearing(Role.GUARDIAN), Tense.UPCOMING, learner_id=CHILD)
    assert queries.asked == [[CHILD]]


def test_a_lesson_is_touched_from_the_side_of_the_hat() -> None:
    # ID-19
    taught, learnt = a_booking(), msgspec.structs.replace(a_booking(), qari_id=LEARNER, learner_id=QARI)

    assert taught.party_of(wearing(Role.QARI)) is Party.QARI
    assert learnt.party_of(wearing(Role.STUDENT)) is Party.LEARNER
    assert taught.party_of(wearing(Role.GUARDIAN, LEARNER), guardian=True) is Party.LEARNER
    for lesson, role in ((taught, Role.GUARDIAN), (taught, Role.STUDENT), (learnt, Role.QARI)):
        with pytest.raises(OtherHat):
            lesson.party_of(wearing(role))


def test_a_lesson_of_another_hat_is_not_there() -> None:
    # ID-19
    class Side:
        def __init__(self, id: UserId) -> None:
            self.id = id

    lesson: Any = type("Lesson", (), {"qari": Side(QARI), "learner": Side(CHILD)})()

    assert party_seeing(lesson, wearing(Role.QARI)) is Party.QARI
    assert party_seeing(lesson, wearing(Role.GUARDIAN), [CHILD]) is Party.LEARNER
    with pytest.raises(NotFound):
        party_seeing(lesson, wearing(Role.STUDENT))
