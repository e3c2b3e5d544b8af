"""What needs or needed a person, for staff. (OPS-09)"""

from collections.abc import Sequence

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.oversight.alert import Alert
from ports.oversight.alerts import AlertLog
from ports.paging import Page


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """``standing``: oldest first; ``past``: newest first. One that has just been found to be over is past, whoever has
    been told of it.
    """

    standing: Sequence[Alert]
    past: Page[Alert]


class SeeAlerts:
    """Raises NotPermitted, BadCursor."""

    def __init__(self, alert_log: AlertLog) -> None:
        self._alerts = alert_log

    async def __call__(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Alerts:
        actor.require(Permission.SEE_JOBS)
        open_ones = await self._alerts.open()
        past = await self._alerts.past(cursor=cursor, limit=limit)
        if cursor is None:
            fresh = [alert for alert in reversed(open_ones) if alert.until is not None]
            past = Page([*fresh, *past.items], past.next_cursor)
        return Alerts(standing=[alert for alert in open_ones if alert.until is None], past=past)
