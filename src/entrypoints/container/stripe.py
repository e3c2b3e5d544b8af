"""The gateways of the school's Stripe accounts, each behind a guard of its own.

Where there are none, Stripe's client is not even loaded: it is a third of a second at every start.
"""

from typing import TYPE_CHECKING, Final

import httpx

from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.payments.stripe.accounts import StripeAccount, read_accounts
from entrypoints.settings import Settings
from ports.budget import Budget
from ports.clock import Clock

if TYPE_CHECKING:
    from adapters.payments.stripe.gateway import StripeGateway

API: Final = "https://api.stripe.com"
SCRIPT: Final = "https://js.stripe.com/endive/stripe.js"
"""Of the release that goes with the version of the API."""
PAGES: Final = "https://checkout.stripe.com"


def stripe_pages(settings: Settings) -> tuple[str, ...]:
    """Where forms of ours end, after redirects, when a payment is made on Stripe's page. An account with a domain of
    its own for it says so in the provider addresses: `stripe-checkout=https://pay.school.example`.
    """
    return (settings.provider_url("stripe-checkout", PAGES),) if read_accounts(settings.stripe_accounts) else ()


def stripe_gateways(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, clock: Clock
) -> "list[StripeGateway]":
    url, script = settings.provider_url("stripe", API), settings.provider_url("stripe-js", SCRIPT)
    return [
        stripe_gateway(account, url, script, client, budget, clock, troubles)
        for account in read_accounts(settings.stripe_accounts)
    ]


def stripe_gateway(
    account: StripeAccount,
    url: str,
    script: str,
    client: httpx.AsyncClient,
    budget: Budget,
    clock: Clock,
    troubles: Trouble | None = None,
    patience: Patience | None = None,
) -> "StripeGateway":
    """100 calls a second for a live account, 25 for a sandbox, 25 for each endpoint. (PAYM-26)"""
    from adapters.payments.stripe.client import ENDPOINT_RATE, LIVE_RATE, TEST_RATE, Asker, new_client
    from adapters.payments.stripe.gateway import StripeGateway

    patience = patience or Patience()
    guard = Guard(
        f"stripe/{account.name}",
        budget,
        account=(LIVE_RATE if account.is_live else TEST_RATE,),
        endpoint=(ENDPOINT_RATE,),
        patience=patience,
        trouble=troubles,
    )
    api = new_client(account.secret_key, url, client, patience.timeout_s)
    return StripeGateway(account, api, Asker(guard), clock, script)
