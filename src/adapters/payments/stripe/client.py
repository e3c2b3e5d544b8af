"""The SDK's client, behind our guard: its own retries are off, every call has a turn, a time limit and a breaker.

Sources: README of ``stripe`` 16 ("Custom HTTP client"), Stripe docs, "Rate limits" and "Error handling".
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

import anyio
import httpx
import msgspec
import stripe
import structlog

from adapters.outgoing.guard import Guard
from adapters.outgoing.http import UNREACHED, retry_after
from ports.budget import Rate
from ports.errors import GatewayError, GatewayRefused, GatewayUnavailable, NotSent

A = TypeVar("A")
LIVE_RATE: Final = Rate(name="stripe", times=80, burst=20)
"""What goes at once and what follows within a second are together what Stripe allows: 100 for a live account, 25 for a
sandbox and for each endpoint. (PAYM-26)
"""
TEST_RATE: Final = Rate(name="stripe", times=20, burst=5)
ENDPOINT_RATE: Final = Rate(name="stripe-endpoint", times=20, burst=5)
_OUR_WORDS: Final = {
    "resource_missing": "not_found",
    "charge_already_refunded": "already_refunded",
    "payment_intent_unexpected_state": "checkout_not_paid",
}
log: Final = structlog.get_logger("outgoing")


class SharedHttp(stripe.HTTPClient):
    """Over the process's one pool of connections. What never left is told apart from what got no answer."""

    name = "httpx"

    def __init__(self, client: httpx.AsyncClient, timeout_s: float) -> None:
        super().__init__()
        self._client, self._timeout_s = client, timeout_s

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(
                method, url, headers=dict(headers), content=post_data or None, timeout=self._timeout_s
            )
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(type(error).__name__) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    def sleep_async(self, secs: float) -> Awaitable[None]:
        return anyio.sleep(secs)

    async def close_async(self) -> None:
        """The pool is closed by whoever made it."""


def new_client(secret_key: str, base_url: str, http: httpx.AsyncClient, timeout_s: float) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        http_client=SharedHttp(http, timeout_s),
        base_addresses={"api": base_url.rstrip("/")},
        max_network_retries=0,
    )


class Asker:
    """One account's way to Stripe. Every call may be repeated: it reads, closes, or writes under a key."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def ask(self, endpoint: str, call: Callable[[], Awaitable[stripe.StripeObject]], answer: type[A]) -> A:
        """Decoded from the bytes that came. Raises GatewayUnavailable, GatewayRefused."""

        async def once() -> A:
            try:
                told = await call()
            except stripe.StripeError as error:
                self._translate(endpoint, error)
            response = told.last_response
            try:
                return msgspec.json.decode(getattr(response, "body", b""), type=answer)
            except (msgspec.DecodeError, TypeError) as error:
                raise GatewayUnavailable(self._guard.name, f"{endpoint}: an answer that cannot be read") from error

        return await self._guard.run(endpoint, once, repeatable=True)

    def _translate(self, endpoint: str, error: stripe.StripeError) -> NoReturn:
        log.info("stripe_error", endpoint=endpoint, status=error.http_status, request_id=error.request_id)
        raise meaning_of(self._guard.name, endpoint, error) from error


def meaning_of(gateway: str, endpoint: str, error: stripe.StripeError) -> GatewayError:
    """A 409 means that the same key is still at work, and a 200 without a readable body means nothing at all."""
    status = error.http_status
    if isinstance(error, stripe.APIConnectionError):
        kind = NotSent if isinstance(error.__cause__, UNREACHED) else GatewayUnavailable
        return kind(gateway, f"{endpoint}: {error.user_message or 'no answer'}")
    if isinstance(error, stripe.IdempotencyError) and status == 400:
        return GatewayRefused(gateway, "the key was used for another request", "idempotency_key_in_use")
    if status is None or not 400 <= status < 500 or status in (408, 409, 429):
        said = f"{endpoint}: answered {status}"
        return GatewayUnavailable(gateway, said, retry_after_s=retry_after(error.headers or {}))
    if isinstance(error, stripe.RateLimitError):
        return GatewayUnavailable(gateway, f"{endpoint}: too many calls")
    if status == 401:
        return GatewayRefused(gateway, "the secret key is not valid", "unauthorized")
    code = error.code or ("amount_too_large" if getattr(error, "param", "") == "amount" else "")
    return GatewayRefused(gateway, error.user_message or str(code), _OUR_WORDS.get(code, code) or f"http_{status}")
