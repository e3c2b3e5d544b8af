"""The product's side of the sandbox: the ``PaymentGateway`` port over the provider's HTTP API."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
import msgspec
import stamina

from adapters.payments.sandbox import signing
from adapters.payments.sandbox.wire import (
    CheckoutObject,
    CheckoutPage,
    ErrorObject,
    EventObject,
    RefundObject,
)
from domain.ids import PaymentId, RefundId
from domain.money import Money
from ports.billing.gateway import (
    BadSignature,
    Checkout,
    CheckoutMode,
    CheckoutRequest,
    GatewayRefused,
    GatewayUnavailable,
    PaymentPage,
    PaymentSnapshot,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
)

TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
_OUR_WORDS: Final = {"resource_missing": "not_found"}
A = TypeVar("A")


class SandboxGateway:
    """Every call may be repeated safely (reads, expiring, and writes under a key), so all are tried ``attempts``
    times before GatewayUnavailable goes to the caller. ``webhook_secrets``: all that are valid now. (PAYM-07)
    """

    provider: Final = "sandbox"
    modes: Final = frozenset({CheckoutMode.HOSTED})

    def __init__(
        self,
        base_url: str,
        secret_key: str,
        webhook_secrets: Sequence[str],
        account: str,
        client: httpx.AsyncClient,
        *,
        attempts: int = 3,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self.account: Final = account
        self._base_url, self._client, self._timeout, self._attempts = base_url.rstrip("/"), client, timeout, attempts
        self._secrets = tuple(webhook_secrets)
        self._headers = {"authorization": f"Bearer {secret_key}", "sandbox-account": account}

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        body = {
            "reference": str(request.reference),
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "description": request.description[:500],
            "payer_email": request.payer_email,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": request.expires_at,
            "metadata": request.metadata,
        }
        opened = await self._call("POST", "/v1/checkouts", CheckoutObject, body=body, key=request.idempotency_key)
        return Checkout(provider_ref=opened.id, url=opened.url, expires_at=opened.expires_at)

    def step_of(self, currency: str) -> int:
        return 1

    async def payment_page(self, provider_ref: str) -> PaymentPage:
        raise GatewayRefused(self._name, "its checkouts are paid on its own page", "closed")

    def proves(self, provider_ref: str, returned: Mapping[str, str]) -> bool:
        return False

    async def fetch(self, provider_ref: str) -> PaymentSnapshot:
        return _snapshot(await self._call("GET", f"/v1/checkouts/{_part(provider_ref)}", CheckoutObject))

    async def expire(self, provider_ref: str) -> PaymentSnapshot:
        return _snapshot(await self._call("POST", f"/v1/checkouts/{_part(provider_ref)}/expire", CheckoutObject))

    async def refund(self, request: RefundRequest) -> RefundSnapshot:
        body = {
            "checkout": request.provider_ref,
            "reference": str(request.reference),
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "reason": request.reason[:500] or "refund",
        }
        return _refund(await self._call("POST", "/v1/refunds", RefundObject, body=body, key=request.idempotency_key))

    async def list_changed(self, since: datetime, cursor: str | None) -> tuple[Sequence[PaymentSnapshot], str | None]:
        query = {"changed_since": since.isoformat()} | ({"cursor": cursor} if cursor else {})
        page = await self._call("GET", "/v1/checkouts", CheckoutPage, query=query)
        return [_snapshot(checkout) for checkout in page.data], page.next_cursor

    def read_event(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> ProviderEvent:
        problem = signing.problem_with(headers.get(signing.HEADER, ""), raw, self._secrets, at.timestamp())
        if problem:
            raise BadSignature(self._name, problem)
        try:
            event = msgspec.json.decode(raw, type=EventObject)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadSignature(self._name, f"the event cannot be read: {error}") from error
        if event.account != self.account:
            raise BadSignature(self._name, f"the event is for the account {event.account!r}")
        concerned = event.data.object
        ref = concerned.id if isinstance(concerned, CheckoutObject) else concerned.checkout
        return ProviderEvent(event_id=event.id, type=event.type, object_ref=ref, created_at=event.created_at)

    @property
    def _name(self) -> str:
        return f"{self.provider}/{self.account}"

    async def _call(
        self,
        method: str,
        path: str,
        answer: type[A],
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> A:
        headers = self._headers | ({"idempotency-key": key} if key else {})
        content = None
        if body is not None:
            content, headers["content-type"] = msgspec.json.encode(body), "application/json"
        async for attempt in stamina.retry_context(
            on=GatewayUnavailable,
            attempts=self._attempts,
            timeout=25.0,
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.2,
        ):
            with attempt:
                return await self._once(method, path, answer, content, query, headers)
        raise AssertionError("the retry context either returns or raises")

    async def _once(
        self,
        method: str,
        path: str,
        answer: type[A],
        content: bytes | None,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
    ) -> A:
        try:
            response = await self._client.request(
                method, self._base_url + path, content=content, params=query, headers=headers, timeout=self._timeout
            )
        except httpx.HTTPError as error:
            raise GatewayUnavailable(self._name, f"{method} {path}: {type(error).__name__}") from error
        if response.status_code == 429 or response.status_code >= 500:
            raise GatewayUnavailable(self._name, f"{method} {path}: answered {response.status_code}")
        if not response.is_success:
            raise self._refusal(response)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as error:
            raise GatewayUnavailable(self._name, f"{method} {path}: an answer that cannot be read") from error

    def _refusal(self, response: httpx.Response) -> GatewayRefused:
        code, message = f"http_{response.status_code}", f"answered {response.status_code}"
        with contextlib.suppress(msgspec.DecodeError):
            error = msgspec.json.decode(response.content, type=ErrorObject).error
            code, message = _OUR_WORDS.get(error.code, error.code), error.message
        return GatewayRefused(self._name, message, code)


def _part(provider_ref: str) -> str:
    """As one part of a path. What cannot be one of the provider's ids becomes one that does not exist."""
    return provider_ref if provider_ref.replace("_", "").isalnum() and provider_ref.isascii() else "unknown"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _snapshot(checkout: CheckoutObject) -> PaymentSnapshot:
    reference = _uuid(checkout.reference)
    return PaymentSnapshot(
        provider_ref=checkout.id,
        reference=PaymentId(reference) if reference else None,
        status=checkout.status,
        amount=Money(checkout.amount, checkout.currency),
        refunded=Money(checkout.refunded, checkout.currency),
        decline_code=checkout.decline_code,
        charge_ref=checkout.charge,
        refunds=tuple(_refund(refund) for refund in checkout.refunds),
        updated_at=checkout.updated_at,
    )


def _refund(refund: RefundObject) -> RefundSnapshot:
    reference = _uuid(refund.reference)
    return RefundSnapshot(
        provider_ref=refund.id,
        reference=RefundId(reference) if reference else None,
        amount=Money(refund.amount, refund.currency),
        status=refund.status,
        cause=refund.failure_reason,
    )
