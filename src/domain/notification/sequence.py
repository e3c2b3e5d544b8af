"""A few letters in the first weeks, as long as there has been no lesson: what to do next, one step at a time.
(ONB-06, NOTI-11)
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.events import Event, event
from domain.identity.permission import Role
from domain.ids import UserId


class Step(msgspec.Struct, frozen=True):
    """``after``: how long after the address was proven. A step that is ``GRACE`` late is left out, not made up for."""

    name: str
    after: timedelta


GRACE: Final = timedelta(days=2)

STEPS: Final[Mapping[Role, tuple[Step, ...]]] = {
    Role.STUDENT: (
        Step("find_a_qari", timedelta(days=1)),
        Step("try_a_lesson", timedelta(days=4)),
        Step("need_help", timedelta(days=10)),
    ),
    Role.GUARDIAN: (
        Step("add_a_child", timedelta(days=1)),
        Step("try_a_lesson", timedelta(days=4)),
        Step("need_help", timedelta(days=10)),
    ),
    Role.QARI: (
        Step("finish_application", timedelta(days=1)),
        Step("set_hours", timedelta(days=4)),
    ),
}
NAMES: Final = frozenset(step.name for steps in STEPS.values() for step in steps)


@event
class StepDue(Event, frozen=True, kw_only=True, tag="notification.step_due"):
    """It is time for the next letter of the first weeks."""

    user_id: UserId
    step: str


class StepSent(msgspec.Struct, frozen=True, kw_only=True):
    """Each step once per person, whatever happens: the row is the promise."""

    user_id: UserId
    step: str
    at: datetime


def due_step(role: Role, since: datetime, done: frozenset[str], at: datetime) -> Step | None:
    """The latest step whose time has come, if it was not sent: after an outage nobody gets three at once."""
    come = [step for step in STEPS.get(role, ()) if since + step.after <= at]
    if not come or come[-1].name in done or at - (since + come[-1].after) > GRACE:
        return None
    return come[-1]
