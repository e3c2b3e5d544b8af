"""The gateways of the school's Razorpay accounts, each behind a guard of its own."""

from typing import Final

import httpx

from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.payments.razorpay.accounts import RazorpayAccount, read_accounts
from adapters.payments.razorpay.client import RATE
from adapters.payments.razorpay.gateway import RazorpayGateway
from entrypoints.settings import Settings
from ports.budget import Budget
from ports.clock import Clock

API: Final = "https://api.razorpay.com"


def razorpay_gateways(
    settings: Settings, client: httpx.AsyncClient, budget: Budget, troubles: Trouble, clock: Clock
) -> list[RazorpayGateway]:
    url, school = settings.provider_url("razorpay", API), settings.school_name
    return [
        razorpay_gateway(account, url, client, budget, clock, troubles, school=school)
        for account in read_accounts(settings.razorpay_accounts)
    ]


def razorpay_gateway(
    account: RazorpayAccount,
    url: str,
    client: httpx.AsyncClient,
    budget: Budget,
    clock: Clock,
    troubles: Trouble | None = None,
    patience: Patience | None = None,
    school: str = "Halaqa",
) -> RazorpayGateway:
    guard = Guard(f"razorpay/{account.name}", budget, account=(RATE,), patience=patience, trouble=troubles)
    return RazorpayGateway(account, client, guard, clock, base_url=url, school=school)
