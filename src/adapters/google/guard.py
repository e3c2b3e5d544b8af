"""How often Google may be asked, and what its refusals mean.

Source: Google Calendar API docs, "Manage quotas" (10,000 a minute for a project, 600 for a user) and "Handle API
errors": a 403 may only say "not now".
"""

from typing import Any, Final

import httpx
import msgspec

from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.outgoing.http import retry_after
from ports.budget import Budget, Rate
from ports.errors import GatewayError, GatewayRefused, GatewayUnavailable
from ports.scheduling.connections import AccessLost

OF_A_USER: Final = Rate(name="google-user", times=600, per_s=60, burst=60)
OF_ALL_QARIS: Final = Rate(name="google-project", times=9_000, per_s=60, burst=300)
"""What the project has, less than what the school's own account may need of it."""
NOT_NOW: Final = frozenset(
    {
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "quotaExceeded",
        "dailyLimitExceeded",
        "calendarUsageLimitsExceeded",
        "backendError",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
    }
)
NO_MORE: Final = frozenset({"insufficientPermissions", "accessNotConfigured", "forbidden"})


def guard_of(
    account: str, budget: Budget, rate: Rate, *, patience: Patience | None = None, trouble: Trouble | None = None
) -> Guard:
    return Guard(f"google/{account}", budget, account=[rate], patience=patience, trouble=trouble)


def reason_of(answer: httpx.Response) -> str:
    """Calendar's word, or the status of the newer services."""
    try:
        error: Any = msgspec.json.decode(answer.content)["error"]
        if isinstance(error, str):
            return error
        listed = error.get("errors") or [{}]
        return str(listed[0].get("reason") or error.get("status") or "")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, IndexError):
        return ""


def refusal(answer: httpx.Response) -> GatewayError:
    """What an answer of 4xx means. The code is Google's word for it, or the number."""
    reason, status = reason_of(answer), answer.status_code
    said = f"answered {status} {reason}".strip()
    if status in (403, 408) and (reason in NOT_NOW or status == 408):
        return GatewayUnavailable("google", said, retry_after_s=retry_after(answer.headers))
    if status == 403 and reason in NO_MORE:
        return AccessLost("google", said, reason)
    if status == 400 and reason == "invalid_grant":
        return AccessLost("google", said, reason)
    return GatewayRefused("google", said, reason or str(status))
