"""Whether who holds the classes still lets us in: asked every few minutes, not when a lesson needs it. (LIVE-02)"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from ports.errors import GatewayError, GatewayUnavailable

Checks = Mapping[str, Callable[[], Awaitable[None]]]
"""An account such as "google/school" -> a call that needs nothing but being let in."""
log: Final = structlog.get_logger(__name__)


class CheckAccess:
    """Answers how many accounts are shut. Staff see those on the health page until a check goes well again; lessons
    meanwhile get their class from the next provider. That somebody does not answer is another matter: the guards tell.
    """

    def __init__(self, checks: Checks, trouble: Callable[[str, str], None]) -> None:
        self._checks, self._trouble = checks, trouble

    async def __call__(self) -> int:
        shut = 0
        for account, check in self._checks.items():
            try:
                await check()
            except GatewayUnavailable as error:
                log.warning("access_not_checked", account=account, error=type(error).__name__)
            except GatewayError as error:
                shut += 1
                log.warning("access_lost", account=account, error=str(error))
                self._trouble(f"{account}/access", "shut")
            else:
                self._trouble(f"{account}/access", "closed")
        return shut
