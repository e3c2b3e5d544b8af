"""One account's calls to Razorpay, answers decoded. Source: Razorpay API reference; the paths are those of the official
client, which is synchronous and therefore not used.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import httpx
import msgspec

from adapters.outgoing.guard import Guard
from adapters.outgoing.http import Caller
from adapters.payments.razorpay.accounts import RazorpayAccount
from adapters.payments.razorpay.wire import Collection, Dispute, ErrorAnswer, Failure, Order, Payment, Refund
from ports.budget import Rate
from ports.errors import GatewayError, GatewayRefused, GatewayUnavailable

RATE: Final = Rate(name="razorpay", times=20, burst=10)
"""It publishes no number and asks to slow down at a 429: we stay well below what it is seen to take."""
PAGE: Final = 100
_NOT_THERE: Final = ("does not exist", "is not a valid id")
A = TypeVar("A")


class RazorpayClient:
    """Every method raises GatewayUnavailable and GatewayRefused, with the code "not_found" for an unknown id."""

    def __init__(self, account: RazorpayAccount, base_url: str, http: httpx.AsyncClient, guard: Guard) -> None:
        self.name = guard.name
        self._base = f"{base_url.rstrip('/')}/v1"
        self._caller = Caller(http, guard, self._refusal)
        known = base64.b64encode(f"{account.key_id}:{account.key_secret}".encode()).decode()
        self._headers = {"authorization": f"Basic {known}", "accept": "application/json"}

    async def create_order(self, body: Mapping[str, Any]) -> Order:
        """Not to be repeated blindly: no header makes two of them one."""
        return await self._ask("POST", "/orders", Order, endpoint="POST orders", repeatable=False, json=body)

    async def order(self, order_id: str) -> Order:
        return await self._ask("GET", f"/orders/{_part(order_id)}", Order, endpoint="GET orders/id")

    async def orders(self, *, receipt: str = "", since: int | None = None, skip: int = 0) -> list[Order]:
        """Newest first, with their payments where ``since`` is given."""
        params: dict[str, Any] = {"count": PAGE, "skip": skip}
        if receipt:
            params["receipt"] = receipt
        if since is not None:
            params |= {"from": since, "expand[]": "payments"}
        found = await self._ask("GET", "/orders", Collection[Order], endpoint="GET orders", params=params)
        return found.items

    async def write_notes(self, order_id: str, notes: Mapping[str, str]) -> Order:
        path = f"/orders/{_part(order_id)}"
        return await self._ask("PATCH", path, Order, endpoint="PATCH orders/id", json={"notes": notes})

    async def payments_of(self, order_id: str) -> list[Payment]:
        path = f"/orders/{_part(order_id)}/payments"
        return (await self._ask("GET", path, Collection[Payment], endpoint="GET orders/id/payments")).items

    async def payment(self, payment_id: str) -> Payment:
        return await self._ask("GET", f"/payments/{_part(payment_id)}", Payment, endpoint="GET payments/id")

    async def capture(self, payment: Payment) -> Payment:
        """Whoever captures a second time is refused."""
        path, body = f"/payments/{_part(payment.id)}/capture", {"amount": payment.amount, "currency": payment.currency}
        return await self._ask("POST", path, Payment, endpoint="POST payments/id/capture", json=body, repeatable=False)

    async def refund(self, payment_id: str, body: Mapping[str, Any], key: str) -> Refund:
        path, headers = f"/payments/{_part(payment_id)}/refund", {"x-refund-idempotency": key}
        return await self._ask("POST", path, Refund, endpoint="POST payments/id/refund", json=body, headers=headers)

    async def refunds_of(self, payment_id: str) -> list[Refund]:
        """Newest first."""
        path = f"/payments/{_part(payment_id)}/refunds"
        found = await self._ask(
            "GET", path, Collection[Refund], endpoint="GET payments/id/refunds", params={"count": PAGE}
        )
        return found.items

    async def refunds(self, *, since: int, skip: int = 0) -> list[Refund]:
        params = {"count": PAGE, "skip": skip, "from": since}
        return (await self._ask("GET", "/refunds", Collection[Refund], endpoint="GET refunds", params=params)).items

    async def dispute(self, dispute_id: str) -> Dispute:
        return await self._ask("GET", f"/disputes/{_part(dispute_id)}", Dispute, endpoint="GET disputes/id")

    async def _ask(
        self,
        method: str,
        path: str,
        answer: type[A],
        *,
        endpoint: str,
        repeatable: bool = True,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> A:
        response = await self._caller.ask(
            method,
            self._base + path,
            endpoint=endpoint,
            repeatable=repeatable,
            headers=self._headers | dict(headers or {}),
            params=params,
            json=json,
        )
        try:
            return msgspec.json.decode(response.content, type=answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GatewayUnavailable(self.name, f"{endpoint}: an answer that cannot be read") from error

    def _refusal(self, answer: httpx.Response) -> GatewayError:
        """A 409 says that the same is still being worked on, GATEWAY_ERROR and SERVER_ERROR say nothing of ours."""
        try:
            told = msgspec.json.decode(answer.content, type=ErrorAnswer).error
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = Failure()
        said = f"answered {answer.status_code} {told.code} {told.reason or ''}".rstrip()
        if answer.status_code in (408, 409) or told.code in ("GATEWAY_ERROR", "SERVER_ERROR"):
            return GatewayUnavailable(self.name, said)
        return GatewayRefused(self.name, f"{said}: {told.description[:200]}", _code(answer.status_code, told))


def _code(status: int, told: Failure) -> str:
    if status == 401:
        return "unauthorized"
    if status == 404 or any(words in told.description for words in _NOT_THERE):
        return "not_found"
    if "same idempotency key" in told.description:
        return "idempotency_key_in_use"
    if told.field == "amount":
        return "amount_too_small"
    reason = told.reason if told.reason not in (None, "", "NA") else ""
    return reason or told.code.lower() or f"http_{status}"


def _part(provider_ref: str) -> str:
    """As one part of a path. What cannot be one of the provider's ids becomes one that does not exist."""
    plain = provider_ref.isascii() and provider_ref.replace("_", "").isalnum() and len(provider_ref) <= 40
    return provider_ref if plain else "order_00000000000000"
