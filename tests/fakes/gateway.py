"""A payment provider in memory. It keeps the promises of ``PaymentGateway`` and fails when it is told to.

gateway = FakeGateway(clock=clock)
checkout = await gateway.open_checkout(request)
gateway.pay(checkout.provider_ref)
raw, headers = gateway.event("checkout.succeeded", checkout.provider_ref)
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from adapters.payments.sandbox import signing
from domain.money import EXPONENTS, Money
from fakes.clock import FixedClock
from ports.billing.gateway import (
    BadSignature,
    Checkout,
    CheckoutMode,
    CheckoutRequest,
    DisputeSnapshot,
    GatewayRefused,
    GatewayUnavailable,
    PaymentPage,
    PaymentSnapshot,
    ProviderEvent,
    RefundRequest,
    RefundSnapshot,
    RefundSnapshotStatus,
    SnapshotStatus,
)
from ports.clock import Clock

PAYABLE: Final = ("open", "requires_action", "failed")
PAGE: Final = 100


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    object_ref: str
    created_at: datetime


class FakeGateway:
    """Switches: ``down`` (nothing is reached), ``lose_replies`` (so many calls do their work and then raise
    GatewayUnavailable), ``refuse`` (every write is refused with this code), ``next_refunds`` (the status refunds
    start with), ``step`` (amounts are multiples of it). ``calls`` lists what was asked, also what failed.
    """

    def __init__(
        self,
        *,
        account: str = "main",
        provider: str = "sandbox",
        clock: Clock | None = None,
        webhook_secrets: Sequence[str] = ("whsec_fake",),
    ) -> None:
        self.provider, self.account = provider, account
        self.down, self.lose_replies, self.refuse = False, 0, ""
        self.next_refunds: RefundSnapshotStatus = "succeeded"
        self.calls: list[tuple[str, Any]] = []
        self.requests: dict[str, CheckoutRequest] = {}
        self._clock = clock or FixedClock()
        self._secrets = tuple(webhook_secrets)
        self._snapshots: dict[str, PaymentSnapshot] = {}
        self._keys: dict[str, tuple[object, object]] = {}
        self._count = 0
        self._last: datetime | None = None

    modes = frozenset({CheckoutMode.HOSTED})
    step = 1

    # -- the port

    def step_of(self, currency: str) -> int:
        return self.step

    async def payment_page(self, provider_ref: str) -> PaymentPage:
        raise GatewayRefused(self.provider, "its checkouts are paid on its own page", "closed")

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        with self._call("open_checkout", request):
            if known := self._known(request.idempotency_key, request):
                assert isinstance(known, Checkout)
                return known
            self._refuse_if_told()
            least = {0: 50, 2: 50, 3: 500}[EXPONENTS[request.amount.currency]]
            if request.amount.minor < least:
                raise self._refused("amount_too_small")
            if request.expires_at <= self._clock.now():
                raise self._refused("expires_at_invalid")
            ref = self._id("cs")
            checkout = Checkout(
                provider_ref=ref, url=f"http://sandbox.invalid/pay/{ref}", expires_at=request.expires_at
            )
            self._snapshots[ref] = PaymentSnapshot(
                provider_ref=ref,
                reference=request.reference,
                status="open",
                amount=request.amount,
                refunded=Money.zero(request.amount.currency),
                updated_at=self._tick(),
            )
            self.requests[ref] = request
            self._keys[request.idempotency_key] = request, checkout
            return checkout

    def proves(self, provider_ref: str, returned: Mapping[str, str]) -> bool:
        return False

    async def fetch(self, provider_ref: str) -> PaymentSnapshot:
        with self._call("fetch", provider_ref):
            return self.snapshot(provider_ref)

    async def expire(self, provider_ref: str) -> PaymentSnapshot:
        with self._call("expire", provider_ref):
            if self.snapshot(provider_ref).status in PAYABLE:
                self._change(provider_ref, "expired")
            return self.snapshot(provider_ref)

    async def refund(self, request: RefundRequest) -> RefundSnapshot:
        with self._call("refund", request):
            if known := self._known(request.idempotency_key, request):
                assert isinstance(known, RefundSnapshot)
                return known
            self._refuse_if_told()
            paid = self.snapshot(request.provider_ref)
            if paid.status != "succeeded":
                raise self._refused("checkout_not_paid")
            left = paid.amount.minor - sum(r.amount.minor for r in paid.refunds if r.status != "failed")
            if left == 0:
                raise self._refused("already_refunded")
            if request.amount.currency != paid.amount.currency:
                raise self._refused("currency_mismatch")
            if request.amount.minor > left:
                raise self._refused("amount_too_large")
            made = RefundSnapshot(
                provider_ref=self._id("re"),
                reference=request.reference,
                amount=request.amount,
                status=self.next_refunds,
                cause="expired_or_canceled_card" if self.next_refunds == "failed" else None,
            )
            self._store_refunds(request.provider_ref, (*paid.refunds, made))
            self._keys[request.idempotency_key] = request, made
            return made

    async def list_changed(self, since: datetime, cursor: str | None) -> tuple[Sequence[PaymentSnapshot], str | None]:
        with self._call("list_changed", since):
            for ref in list(self._snapshots):
                self.snapshot(ref)
            changed = sorted(
                (s for s in self._snapshots.values() if s.updated_at > since),
                key=lambda s: (s.updated_at, s.provider_ref),
            )
            start = int(cursor or 0)
            following = str(start + PAGE) if len(changed) > start + PAGE else None
            return changed[start : start + PAGE], following

    def read_event(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> ProviderEvent:
        problem = signing.problem_with(headers.get(signing.HEADER, ""), raw, self._secrets, at.timestamp())
        if problem:
            raise BadSignature(f"{self.provider}/{self.account}", problem)
        try:
            event = msgspec.json.decode(raw, type=_Event)
        except msgspec.DecodeError as error:
            raise BadSignature(f"{self.provider}/{self.account}", str(error)) from error
        return ProviderEvent(
            event_id=event.id, type=event.type, object_ref=event.object_ref, created_at=event.created_at
        )

    # -- what payers, banks and the provider's clock do

    def pay(self, provider_ref: str) -> PaymentSnapshot:
        return self._paid_by("succeeded", provider_ref, charge_ref=self._id("ch"))

    def decline(self, provider_ref: str, code: str = "generic_decline") -> PaymentSnapshot:
        return self._paid_by("failed", provider_ref, decline_code=code)

    def require_action(self, provider_ref: str) -> PaymentSnapshot:
        return self._paid_by("requires_action", provider_ref)

    def process(self, provider_ref: str) -> PaymentSnapshot:
        """The payer is done, the bank is not. ``settle`` ends it."""
        return self._paid_by("processing", provider_ref)

    def settle(self, provider_ref: str) -> PaymentSnapshot:
        return self._change(provider_ref, "succeeded", charge_ref=self._id("ch"))

    def let_expire(self, provider_ref: str) -> PaymentSnapshot:
        return self._change(provider_ref, "expired")

    def settle_refund(
        self, refund_ref: str, status: RefundSnapshotStatus = "succeeded", cause: str | None = None
    ) -> None:
        """Ends a pending refund, or lets one fail after all."""
        for ref, snapshot in self._snapshots.items():
            if any(refund.provider_ref == refund_ref for refund in snapshot.refunds):
                refunds = tuple(
                    msgspec.structs.replace(refund, status=status, cause=cause)
                    if refund.provider_ref == refund_ref
                    else refund
                    for refund in snapshot.refunds
                )
                self._store_refunds(ref, refunds)
                return
        raise KeyError(refund_ref)

    def dispute(self, provider_ref: str, *, is_open: bool = True, is_taken: bool = True, status: str = "") -> None:
        """A bank asks for all of it back, or has decided."""
        paid = self.snapshot(provider_ref)
        told = DisputeSnapshot(
            provider_ref="dp_1",
            amount=paid.amount,
            reason="fraudulent",
            status=status or ("needs_response" if is_open else "won"),
            is_open=is_open,
            opened_at=self._clock.now(),
            is_taken=is_taken,
        )
        self._snapshots[provider_ref] = msgspec.structs.replace(paid, disputes=(told,), updated_at=self._tick())

    def event(
        self, type: str, provider_ref: str, *, at: datetime | None = None, event_id: str | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """A webhook as it would arrive: raw body and headers, signed with every secret."""
        at = at or self._clock.now()
        raw = msgspec.json.format(
            msgspec.json.encode(_Event(event_id or self._id("evt"), type, provider_ref, at)), indent=2
        )
        return raw, {signing.HEADER: signing.sign(raw, self._secrets, int(at.timestamp()))}

    def snapshot(self, provider_ref: str) -> PaymentSnapshot:
        """Raises GatewayRefused ("not_found")."""
        if provider_ref not in self._snapshots:
            raise self._refused("not_found")
        snapshot = self._snapshots[provider_ref]
        if snapshot.status in PAYABLE and self.requests[provider_ref].expires_at <= self._clock.now():
            return self._change(provider_ref, "expired")
        return snapshot

    # -- inside

    @contextmanager
    def _call(self, name: str, argument: Any) -> Iterator[None]:
        self.calls.append((name, argument))
        if self.down:
            raise GatewayUnavailable(f"{self.provider}/{self.account}", "down")
        yield
        if self.lose_replies:
            self.lose_replies -= 1
            raise GatewayUnavailable(f"{self.provider}/{self.account}", "the reply was lost")

    def _known(self, key: str, request: object) -> object | None:
        if key not in self._keys:
            return None
        first, answer = self._keys[key]
        if first != request:
            raise self._refused("idempotency_key_in_use")
        return answer

    def _refuse_if_told(self) -> None:
        if self.refuse:
            raise self._refused(self.refuse)

    def _refused(self, code: str) -> GatewayRefused:
        return GatewayRefused(f"{self.provider}/{self.account}", code, code)

    def _paid_by(self, status: SnapshotStatus, provider_ref: str, **also: Any) -> PaymentSnapshot:
        if self.snapshot(provider_ref).status not in PAYABLE:
            return self.snapshot(provider_ref)
        return self._change(provider_ref, status, **also)

    def _change(self, provider_ref: str, status: SnapshotStatus, **also: Any) -> PaymentSnapshot:
        changes = {"decline_code": None} | also
        snapshot = msgspec.structs.replace(
            self._snapshots[provider_ref], status=status, updated_at=self._tick(), **changes
        )
        self._snapshots[provider_ref] = snapshot
        return snapshot

    def _store_refunds(self, provider_ref: str, refunds: tuple[RefundSnapshot, ...]) -> None:
        snapshot = self._snapshots[provider_ref]
        back = sum(refund.amount.minor for refund in refunds if refund.status == "succeeded")
        self._snapshots[provider_ref] = msgspec.structs.replace(
            snapshot, refunds=refunds, refunded=Money(back, snapshot.amount.currency), updated_at=self._tick()
        )

    def _tick(self) -> datetime:
        """Now, and later than every change before."""
        now = self._clock.now()
        self._last = now if self._last is None else max(now, self._last + timedelta(microseconds=1))
        return self._last

    def _id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count:032x}"
