"""One message of a provider, from arrival to rest."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.billing.events import WebhookDied
from domain.billing.webhook_event import (
    LIFECYCLE,
    MAX_ATTEMPTS,
    TRANSITIONS,
    WebhookEvent,
    WebhookStatus,
    pause_after,
)
from domain.errors import IllegalTransition
from domain.ids import WebhookId
from fakes.clock import NOON


def an_event(number: int = 1) -> WebhookEvent:
    return WebhookEvent(
        id=WebhookId(UUID(int=0x3EB + number)),
        provider="sandbox",
        account="main",
        event_id=f"evt_{number}",
        type="checkout.succeeded",
        object_ref="cs_1",
        raw=b'{"id": "evt_1"}\n',
        occurred_at=NOON,
        received_at=NOON,
        due_at=NOON,
    )


def test_it_dies_after_its_last_try_and_says_so() -> None:  # PAYM-05
    event = an_event()
    for _ in range(MAX_ATTEMPTS - 1):
        event, told = event.claim(at=NOON).fail("no luck", at=NOON, jitter=0.5)
        assert told == ()

    event, died = event.claim(at=NOON).fail("no luck", at=NOON, jitter=0.5)

    assert event.status is WebhookStatus.DEAD
    assert [(type(told), told.error) for told in died] == [(WebhookDied, "no luck")]


def test_pauses_grow_and_are_spread() -> None:
    assert pause_after(1, 0.0) == timedelta(seconds=2.5)
    assert pause_after(1, 1.0) == timedelta(seconds=5)
    assert pause_after(4, 1.0) == timedelta(seconds=40)
    assert pause_after(40, 1.0) == timedelta(hours=1)


def test_a_replay_starts_from_the_first_try() -> None:
    event = an_event()
    for _ in range(MAX_ATTEMPTS):
        event, _ = event.claim(at=NOON).fail("no luck", at=NOON, jitter=0.5)

    event = event.replay(at=NOON)

    assert (event.status, event.attempts) == (WebhookStatus.RECEIVED, 0)


def test_what_has_worked_is_not_replayed() -> None:
    with pytest.raises(IllegalTransition):
        an_event().claim(at=NOON).process(at=NOON).replay(at=NOON)


class WebhookLife(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.now = NOON
        self.event = an_event()
        self.deaths = 0
        self.path = [self.event.status]

    def _now_is(self, event: WebhookEvent) -> None:
        self.event = event
        self.path.append(event.status)

    @rule(seconds=st.integers(0, 7200))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(ending=st.sampled_from(["process", "ignore", "fail", "crash"]))
    def a_worker_comes_by(self, ending: str) -> None:
        with suppress(IllegalTransition):
            claimed = self.event.claim(at=self.now)
            self._now_is(claimed)
            if ending == "process":
                self._now_is(claimed.process(at=self.now))
            elif ending == "ignore":
                self._now_is(claimed.ignore("nothing of ours", at=self.now))
            elif ending == "fail":
                failed, died = claimed.fail("no luck", at=self.now, jitter=0.5)
                self.deaths += len(died)
                self._now_is(failed)

    @rule()
    def somebody_replays(self) -> None:
        with suppress(IllegalTransition):
            self._now_is(self.event.replay(at=self.now))

    @invariant()
    def every_step_is_listed(self) -> None:
        assert self.path[0] in LIFECYCLE.start
        for before, after in zip(self.path, self.path[1:], strict=False):
            assert after in TRANSITIONS[before]

    @invariant()
    def every_death_is_told(self) -> None:
        assert self.deaths == self.path.count(WebhookStatus.DEAD)

    @invariant()
    def what_came_is_kept_as_it_came(self) -> None:
        assert self.event.raw == an_event().raw


TestWebhookLife = WebhookLife.TestCase
