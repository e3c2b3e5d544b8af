"""The school's accounts at Zoom."""

from collections.abc import Mapping

import httpx

from adapters.meetings.zoom.accounts import ZoomAccount, read_accounts
from adapters.meetings.zoom.client import ACCOUNT_RATE, API, ENDPOINT_RATE, OAUTH, ZoomClient
from adapters.meetings.zoom.meetings import ZoomMeetings
from adapters.meetings.zoom.notices import ZoomNotices
from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.outgoing.tokens import Tokens
from entrypoints.settings import Settings
from ports.budget import Budget


def zoom_meetings(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, tokens: Tokens
) -> list[ZoomMeetings]:
    """None where no account is set up."""
    api, oauth = settings.provider_url("zoom", API), settings.provider_url("zoom-oauth", OAUTH)
    accounts = read_accounts(settings.zoom_accounts)
    clients = [zoom_client(account, client, budget, troubles, tokens, api=api, oauth=oauth) for account in accounts]
    return [ZoomMeetings(clients)] if clients else []


def zoom_client(
    account: ZoomAccount,
    client: httpx.AsyncClient,
    budget: Budget,
    troubles: Trouble | None,
    tokens: Tokens,
    *,
    api: str,
    oauth: str,
    patience: Patience | None = None,
) -> ZoomClient:
    guard = Guard(
        f"zoom/{account.name}",
        budget,
        account=(ACCOUNT_RATE,),
        endpoint=(ENDPOINT_RATE,),
        patience=patience,
        trouble=troubles,
    )
    return ZoomClient(account, client, guard, budget, tokens, api=api, oauth=oauth)


def zoom_notices(settings: Settings) -> Mapping[str, ZoomNotices]:
    accounts = read_accounts(settings.zoom_accounts)
    return {f"zoom/{account.name}": ZoomNotices(account) for account in accounts if account.webhook_secrets}
