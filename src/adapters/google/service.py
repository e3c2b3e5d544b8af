"""One account at Google, ready to use."""

import httpx
import msgspec

from adapters.google.accounts import GoogleAccount
from adapters.google.calendar import GoogleApi, GoogleCalendar
from adapters.google.guard import refusal
from adapters.google.hosts import Hosts
from adapters.google.oauth import EVENTS, SPACES, AccessTokens, GoogleOAuth, Identity
from adapters.outgoing.guard import Guard
from adapters.outgoing.http import Caller
from adapters.outgoing.tokens import Tokens


class GoogleService(msgspec.Struct, frozen=True):
    oauth: GoogleOAuth
    api: GoogleApi
    calendar: GoogleCalendar

    @classmethod
    def over(
        cls, client: httpx.AsyncClient, guard: Guard, hosts: Hosts, tokens: Tokens | None = None
    ) -> "GoogleService":
        caller = Caller(client, guard, refusal)
        oauth = GoogleOAuth(hosts, caller)
        api = GoogleApi(hosts, caller, AccessTokens(oauth, tokens))
        return cls(oauth, api, GoogleCalendar(api))


def school_identity(account: GoogleAccount) -> Identity:
    """As whom the school's own account acts."""
    scopes = [EVENTS, SPACES] if account.open_rooms else [EVENTS]
    return Identity(
        client_id=account.client_id,
        client_secret=account.client_secret,
        refresh_token=account.refresh_token,
        service_account=account.service_account,
        scope=" ".join(scopes) if account.service_account else "",
    )
