"""Our side of Google, pointed at a stand-in for it."""

from typing import Any

import httpx

from adapters.google.accounts import GoogleAccount
from adapters.google.guard import OF_A_USER, guard_of
from adapters.google.hosts import Hosts
from adapters.google.service import GoogleService
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Patience

QUICK = Patience(attempts=2, first_wait_s=0.01, longest_wait_s=0.05, timeout_s=1.0, failures=50)
ONCE = Patience(attempts=1, first_wait_s=0.01, longest_wait_s=0.05, timeout_s=1.0, failures=50)


def an_account(**changes: Any) -> GoogleAccount:
    fields: dict[str, Any] = {
        "name": "school",
        "client_id": "client",
        "client_secret": "secret",
        "refresh_token": "1//refresh",
        "open_rooms": False,
    }
    return GoogleAccount(**(fields | changes))


def a_service(client: httpx.AsyncClient, url: str, patience: Patience = QUICK) -> GoogleService:
    guard = guard_of("school", MemoryBudget(), OF_A_USER, patience=patience)
    return GoogleService.over(client, guard, Hosts.at(url))


async def no_wait(seconds: float) -> None:
    """For what would be polled."""
