"""The letters of the first weeks. (ONB-06, NOTI-11)"""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from application.notification.first_steps import SendFirstSteps
from application.notification.preferences import SetPreferences, SetPreferencesCommand
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from domain.notification.delivery import Delivery
from domain.notification.preference import Group, Preferences
from domain.notification.sequence import GRACE, NAMES, STEPS, due_step
from domain.notification.topic import Topic
from fakes.clock import NOON, FixedClock
from fakes.notification import MemoryNotificationQueries, RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit
from ports.notification.queries import Beginner

SOMEBODY = UserId(UUID(int=77))


class World:
    def __init__(self, role: Role = Role.STUDENT) -> None:
        self.store, self.clock, self.queries = MemoryStore(), FixedClock(NOON), MemoryNotificationQueries()
        self.queries.starting_out = [Beginner(user_id=SOMEBODY, role=role, since=NOON, done=())]

    async def run(self) -> int:
        return await SendFirstSteps(lambda: MemoryUnit(self.store), self.clock, self.queries, RecordingWakeup())()

    async def live(self, days: int) -> None:
        for _ in range(days * 8):
            await self.run()
            done = tuple(step for _, step in self.store.shelf("steps"))
            self.queries.starting_out = [
                Beginner(user_id=b.user_id, role=b.role, since=b.since, done=done) for b in self.queries.starting_out
            ]
            self.clock.advance(timedelta(hours=3))

    @property
    def letters(self) -> list[str]:
        found: list[Delivery] = sorted(self.store.shelf("deliveries").values(), key=lambda d: d.created_at)
        return [getattr(d.event, "step") for d in found if d.topic is Topic.FIRST_STEPS]  # noqa: B009


async def test_each_letter_comes_once_in_its_order() -> None:
    world = World()

    await world.live(days=20)

    assert world.letters == ["find_a_qari", "try_a_lesson", "need_help"]


async def test_a_second_run_with_old_knowledge_sends_nothing_twice() -> None:  # ONB-06: replay
    world = World()
    world.clock.advance(timedelta(days=1))

    assert [await world.run(), await world.run()] == [1, 0]
    assert world.letters == ["find_a_qari"]


async def test_they_end_with_the_first_lesson() -> None:
    world = World()
    await world.live(days=2)
    world.queries.starting_out = []  # what the query answers for somebody who has had one

    await world.live(days=20)

    assert world.letters == ["find_a_qari"]


async def test_they_end_when_somebody_does_without() -> None:
    world = World()
    await world.live(days=2)
    me = Actor(user_id=SOMEBODY, role=Role.STUDENT, audience=Audience.MAIN)
    wishes = Preferences(user_id=SOMEBODY)
    await SetPreferences(lambda: MemoryUnit(world.store))(
        me,
        SetPreferencesCommand(
            quiet_from=wishes.quiet_from, quiet_until=wishes.quiet_until, digest_at=None, muted=frozenset({Group.TIPS})
        ),
    )

    await world.live(days=20)

    assert world.letters == ["find_a_qari"]


async def test_after_an_outage_only_the_latest_letter_comes() -> None:  # OPS-14
    world = World()
    world.clock.advance(timedelta(days=4, hours=1))

    await world.run()

    assert world.letters == ["try_a_lesson"]


@given(
    role=st.sampled_from(list(STEPS)), hours=st.integers(0, 24 * 40), done=st.frozensets(st.sampled_from(sorted(NAMES)))
)
def test_a_step_is_due_only_inside_its_own_days(role: Role, hours: int, done: frozenset[str]) -> None:
    step = due_step(role, NOON, done, NOON + timedelta(hours=hours))

    if step is not None:
        assert step.name not in done
        assert step.after <= timedelta(hours=hours) <= step.after + GRACE
