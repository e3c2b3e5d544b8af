"""A gateway of an account at Stripe, or at whoever stands in for it."""

from typing import Any

import httpx

from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Patience
from adapters.payments.stripe.accounts import StripeAccount
from adapters.payments.stripe.gateway import StripeGateway
from adapters.system import SystemClock
from entrypoints.container.stripe import SCRIPT, stripe_gateway

SECRET = "whsec_of_tests"


class Unbounded(MemoryBudget):
    """Nobody waits for a turn."""

    async def take(self, rate: Any, who: str, *, patience_s: float) -> float | None:
        return 0.0


def a_stripe_gateway(
    url: str, client: httpx.AsyncClient, *secrets: str, account: str = "main", **patience: Any
) -> StripeGateway:
    told = StripeAccount(
        name=account,
        secret_key="sk_test_of_tests",
        publishable_key="pk_test_of_tests",
        webhook_secrets=secrets or (SECRET,),
    )
    quick = Patience(**({"first_wait_s": 0.01, "longest_wait_s": 0.05, "timeout_s": 5.0} | patience))
    return stripe_gateway(told, url, SCRIPT, client, Unbounded(), SystemClock(), patience=quick)
