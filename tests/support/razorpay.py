"""A gateway of an account at whoever stands in for Razorpay."""

from typing import Any

import httpx

from adapters.outgoing.guard import Patience
from adapters.payments.razorpay.accounts import RazorpayAccount
from adapters.payments.razorpay.gateway import RazorpayGateway
from adapters.system import SystemClock
from entrypoints.container.razorpay import razorpay_gateway
from ports.clock import Clock
from standins.razorpay import Razorpay
from support.stripe import Unbounded


def a_razorpay_gateway(
    there: Razorpay,
    client: httpx.AsyncClient,
    *secrets: str,
    url: str = "",
    account: str = "main",
    clock: Clock | None = None,
    **patience: Any,
) -> RazorpayGateway:
    told = RazorpayAccount(
        name=account,
        key_id=there.key_id,
        key_secret=there.key_secret,
        webhook_secrets=secrets or (there.webhook_secret,),
    )
    quick = Patience(**({"first_wait_s": 0.01, "longest_wait_s": 0.05, "timeout_s": 5.0} | patience))
    return razorpay_gateway(told, url or there.url, client, Unbounded(), clock or SystemClock(), patience=quick)
