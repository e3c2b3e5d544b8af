"""One verified message of a provider, from its arrival to the work it caused. (PAYM-04, PAYM-05)"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.billing.events import WebhookDied
from domain.ids import WebhookId
from domain.machine import Lifecycle


class WebhookStatus(StrEnum):
    RECEIVED = "received"
    PROCESSING = "processing"
    PROCESSED = "processed"
    IGNORED = "ignored"
    FAILED = "failed"
    DEAD = "dead"


_W = WebhookStatus
TRANSITIONS: Final[Mapping[WebhookStatus, frozenset[WebhookStatus]]] = {
    _W.RECEIVED: frozenset({_W.PROCESSING}),
    # to itself: whoever held it did not come back before the lease ended
    _W.PROCESSING: frozenset({_W.PROCESSING, _W.PROCESSED, _W.IGNORED, _W.FAILED, _W.DEAD}),
    _W.FAILED: frozenset({_W.PROCESSING, _W.RECEIVED}),
    _W.DEAD: frozenset({_W.RECEIVED}),
    _W.IGNORED: frozenset({_W.RECEIVED}),
    _W.PROCESSED: frozenset(),
}
LIFECYCLE: Final = Lifecycle("webhook event", TRANSITIONS, start=frozenset({_W.RECEIVED}))

MAX_ATTEMPTS: Final = 10
LEASE: Final = timedelta(minutes=1)
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 3600.0


def pause_after(attempts: int, jitter: float) -> timedelta:
    """5 s, 10 s, 20 s … an hour at most, spread by ``jitter`` in [0, 1) between half and all of it."""
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempts - 1, 20))
    return timedelta(seconds=longest * (0.5 + jitter / 2))


class WebhookEvent(msgspec.Struct, frozen=True, kw_only=True):
    """``raw`` is what came, byte for byte. ``attempts`` counts claims, and fences: whoever was overtaken cannot write
    any more. ``due_at`` is when it may be claimed (again).
    """

    id: WebhookId
    provider: str
    account: str
    event_id: str
    type: str
    object_ref: str
    raw: bytes
    occurred_at: datetime
    received_at: datetime
    due_at: datetime
    status: WebhookStatus = WebhookStatus.RECEIVED
    attempts: int = 0
    error: str = ""
    settled_at: datetime | None = None

    @property
    def is_spent(self) -> bool:
        """Its last claim was one too many: whoever works on it dies of it."""
        return self.attempts > MAX_ATTEMPTS

    def claim(self, *, at: datetime, lease: timedelta = LEASE) -> "WebhookEvent":
        return self._to(_W.PROCESSING, attempts=self.attempts + 1, due_at=at + lease)

    def process(self, *, at: datetime) -> "WebhookEvent":
        return self._to(_W.PROCESSED, settled_at=at, error="")

    def ignore(self, why: str, *, at: datetime) -> "WebhookEvent":
        """About nothing of ours."""
        return self._to(_W.IGNORED, settled_at=at, error=why)

    def fail(self, error: str, *, at: datetime, jitter: float) -> tuple["WebhookEvent", tuple[WebhookDied, ...]]:
        """Tries again later, or is parked as dead and says so when it has failed too often."""
        if self.attempts < MAX_ATTEMPTS:
            due_at = at + pause_after(self.attempts, jitter)
            return self._to(_W.FAILED, error=error, due_at=due_at), ()
        following = self._to(_W.DEAD, error=error, settled_at=at)
        died = WebhookDied(
            at=at,
            webhook_id=self.id,
            provider=self.provider,
            account=self.account,
            event_type=self.type,
            error=error,
        )
        return following, (died,)

    def replay(self, *, at: datetime) -> "WebhookEvent":
        """A person wants it tried again, from the first attempt. Raises IllegalTransition for one that worked."""
        return self._to(_W.RECEIVED, attempts=0, due_at=at, settled_at=None)

    def _to(self, status: WebhookStatus, **changes: Any) -> "WebhookEvent":
        LIFECYCLE.step(self.status, status)
        return msgspec.structs.replace(self, status=status, **changes)
