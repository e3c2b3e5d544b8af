"""The ``PaymentGateway`` port over Razorpay. The checkout is an order; its page is Razorpay's, reached by a form.

An order has no end of its own: ours is written into its notes, and money that comes after it is not captured, so that
it goes back by itself. Where the account captures by itself, late money is told as paid, and refunded by us.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from adapters.outgoing.guard import Guard
from adapters.payments.razorpay import amounts, signing
from adapters.payments.razorpay.accounts import RazorpayAccount
from adapters.payments.razorpay.amounts import require_enough, to_razorpay
from adapters.payments.razorpay.client import PAGE, RazorpayClient
from adapters.payments.razorpay.snapshots import (
    CLOSED,
    ENDS,
    REFERENCE,
    chosen,
    dispute_of,
    is_over,
    refund_of,
    snapshot_of,
)
from adapters.payments.razorpay.wire import Event, Order, Payment
from ports.billing.gateway import (
    PAY_HERE,
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
)
from ports.clock import Clock

SIGNATURE: Final = "x-razorpay-signature"
EVENT_ID: Final = "x-razorpay-event-id"
LOOK_BACK: Final = timedelta(days=10)
"""Changes are listed by when an order was made; a bank may take days to say yes. (late authorization)"""


class RazorpayGateway:
    """``school``: the name that payers read on the page."""

    provider: Final = "razorpay"
    modes: Final = frozenset({CheckoutMode.HOSTED})

    def __init__(
        self,
        account: RazorpayAccount,
        http: httpx.AsyncClient,
        guard: Guard,
        clock: Clock,
        *,
        base_url: str = "https://api.razorpay.com",
        school: str = "Halaqa",
    ) -> None:
        self.account: Final = account.name
        self._account, self._clock, self._school = account, clock, school
        self._base_url = base_url.rstrip("/")
        self._client = RazorpayClient(account, base_url, http, guard)

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        """Nothing makes two orders one, so the receipt is looked up before, and again where no answer came."""
        require_enough(request.amount, self._name)
        body = _order_body(request, self._name)
        order = await self._known(body)
        if order is None:
            try:
                order = await self._client.create_order(body)
            except GatewayRefused as error:
                order = await self._known(body)
                if order is None:
                    raise error from None
            except GatewayUnavailable as error:
                order = await self._known(body)
                if order is None:
                    raise error from None
        if (order.amount, order.currency) != (body["amount"], body["currency"]):
            raise GatewayRefused(self._name, "this receipt is another order's", "idempotency_key_in_use")
        return Checkout(provider_ref=order.id, url=PAY_HERE, expires_at=request.expires_at)

    def step_of(self, currency: str) -> int:
        return amounts.step_of(currency)

    async def payment_page(self, provider_ref: str) -> PaymentPage:
        order = await self._client.order(provider_ref)
        if order.status == "paid" or is_over(order, self._clock.now()):
            raise GatewayRefused(self._name, "it can no longer be paid", "closed")
        return PaymentPage(
            mode=CheckoutMode.HOSTED,
            form=f"{self._base_url}/v1/checkout/embedded",
            values={
                "key_id": self._account.key_id,
                "order_id": order.id,
                "amount": str(order.amount),
                "currency": order.currency,
                "name": self._school,
                "description": order.note("description"),
            },
            return_field="callback_url",
            cancel_field="cancel_url",
        )

    def proves(self, provider_ref: str, returned: Mapping[str, str]) -> bool:
        """Over the order that we know, not over the one that the browser names."""
        message = signing.of_checkout(provider_ref, returned.get("razorpay_payment_id", ""))
        return signing.is_signed(message, returned.get("razorpay_signature", ""), [self._account.key_secret])

    async def fetch(self, provider_ref: str) -> PaymentSnapshot:
        """Captures what the bank has authorized while the checkout is open: also after a failure. (late
        authorization)
        """
        now = self._clock.now()
        disputes: tuple[DisputeSnapshot, ...] = ()
        if provider_ref.startswith("disp_"):
            dispute = await self._client.dispute(provider_ref)
            disputes, provider_ref = (dispute_of(dispute),), dispute.payment_id
        if provider_ref.startswith("pay_"):
            provider_ref = (await self._client.payment(provider_ref)).order_id or ""
        order = await self._client.order(provider_ref)
        payment = chosen(order, await self._client.payments_of(order.id))
        if payment is not None and payment.status == "authorized" and not is_over(order, now):
            payment = await self._captured(payment)
        is_paid = payment is not None and payment.status in ("captured", "refunded")
        refunds = await self._client.refunds_of(payment.id) if is_paid and payment is not None else []
        return msgspec.structs.replace(snapshot_of(order, payment, refunds, now=now), disputes=disputes)

    async def expire(self, provider_ref: str) -> PaymentSnapshot:
        """An order cannot be closed: that ours is over is noted on it. Whoever paid before has paid."""
        snapshot = await self.fetch(provider_ref)
        if snapshot.is_paid:
            return snapshot
        order = await self._client.order(snapshot.provider_ref)
        if not order.note(CLOSED):
            notes = {name: str(value) for name, value in dict(order.notes or {}).items()}
            notes[CLOSED] = str(int(self._clock.now().timestamp()))
            await self._client.write_notes(order.id, notes)
        return await self.fetch(snapshot.provider_ref)

    async def refund(self, request: RefundRequest) -> RefundSnapshot:
        order = await self._client.order(request.provider_ref)
        payment = chosen(order, await self._client.payments_of(order.id))
        if payment is None or payment.status not in ("captured", "refunded"):
            raise GatewayRefused(self._name, "nothing was paid", "checkout_not_paid")
        if payment.currency != request.amount.currency:
            raise GatewayRefused(self._name, f"was paid in {payment.currency}", "currency_mismatch")
        body = {
            "amount": to_razorpay(request.amount, self._name),
            "speed": "normal",
            "receipt": request.idempotency_key[:40],
            "notes": {REFERENCE: str(request.reference), "order": order.id, "reason": request.reason[:256] or "refund"},
        }
        try:
            return refund_of(await self._client.refund(payment.id, body, request.idempotency_key))
        except GatewayRefused as error:
            raise await self._why_not(payment.id, request, error) from error

    def read_event(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> ProviderEvent:
        """The scheme has no time: what came before is known by the event's id, which the inbox keeps. Without that
        header it is known by its content.
        """
        if not signing.is_signed(raw, headers.get(SIGNATURE, ""), self._account.webhook_secrets):
            raise BadSignature(self._name, "the signature is not Razorpay's")
        try:
            event = msgspec.json.decode(raw, type=Event)
            created_at = datetime.fromtimestamp(event.created_at, UTC)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError, OSError) as error:
            raise BadSignature(self._name, f"the event cannot be read: {error}") from error
        told = headers.get(EVENT_ID, "").strip()
        event_id = told if told and told.isprintable() and len(told) <= 200 else f"sha256:{_digest(raw)}"
        return ProviderEvent(event_id=event_id, type=event.event, object_ref=event.object_ref, created_at=created_at)

    async def list_changed(self, since: datetime, cursor: str | None) -> tuple[Sequence[PaymentSnapshot], str | None]:
        """Newest first. Orders made since then or a little before; after them older ones that were refunded since."""
        kind, _, place = (cursor or "orders:0").partition(":")
        skip, start = int(place), max(0, int((since - LOOK_BACK).timestamp()))
        if kind == "orders":
            orders = await self._client.orders(since=start, skip=skip)
            snapshots = [await self._listed(order) for order in orders]
            full = len(orders) == PAGE
            return snapshots, f"orders:{skip + PAGE}" if full else "refunds:0" if start else None
        refunds = await self._client.refunds(since=int(since.timestamp()), skip=skip)
        snapshots = []
        for payment_id in dict.fromkeys(refund.payment_id for refund in refunds):
            payment = await self._client.payment(payment_id)
            if payment.order_id:
                order = await self._client.order(payment.order_id)
                if order.created_at < start:
                    snapshots.append(await self._listed(order, payment))
        return snapshots, f"refunds:{skip + PAGE}" if len(refunds) == PAGE else None

    @property
    def _name(self) -> str:
        return self._client.name

    async def _known(self, body: Mapping[str, Any]) -> Order | None:
        """The order of this receipt: the first one, should there be more."""
        alike = await self._client.orders(receipt=body["receipt"])
        found = [order for order in alike if order.receipt == body["receipt"]]
        return min(found, key=lambda order: (order.created_at, order.id), default=None)

    async def _captured(self, payment: Payment) -> Payment:
        """As it is afterwards. A second capture is refused, and a lost answer leaves it open: the payment tells."""
        try:
            return await self._client.capture(payment)
        except GatewayRefused:
            return await self._client.payment(payment.id)
        except GatewayUnavailable:
            now = await self._client.payment(payment.id)
            if now.status == "authorized":
                raise
            return now

    async def _listed(self, order: Order, payment: Payment | None = None) -> PaymentSnapshot:
        payment = payment or chosen(order, order.payments.items if order.payments is not None else [])
        refunds = await self._client.refunds_of(payment.id) if payment is not None and payment.amount_refunded else []
        return snapshot_of(order, payment, refunds, now=self._clock.now(), listed=True)

    async def _why_not(self, payment_id: str, request: RefundRequest, refused: GatewayRefused) -> GatewayRefused:
        """In our words: what is left of the payment says more than the sentence of the refusal."""
        if refused.code == "idempotency_key_in_use":
            return refused
        payment = await self._client.payment(payment_id)
        left = payment.amount - (payment.amount_refunded or 0)
        if left <= 0:
            return GatewayRefused(self._name, "all of it has gone back", "already_refunded")
        if request.amount.minor > left:
            return GatewayRefused(self._name, f"only {left} are left", "amount_too_large")
        return refused


def _order_body(request: CheckoutRequest, gateway: str) -> dict[str, Any]:
    """The same for the same request, whenever it is made."""
    notes = {name: value[:256] for name, value in request.metadata.items()}
    notes[REFERENCE] = str(request.reference)
    notes[ENDS] = str(int(request.expires_at.timestamp()))
    notes["description"] = request.description[:256]
    return {
        "amount": to_razorpay(request.amount, gateway),
        "currency": request.amount.currency,
        "receipt": request.idempotency_key[:40],
        "unique_receipt": True,
        "partial_payment": False,
        "notes": notes,
    }


def form_origin(page: PaymentPage) -> str:
    """For the page's form-action."""
    parts = urlsplit(page.form)
    return f"{parts.scheme}://{parts.netloc}"


def _digest(raw: bytes) -> str:
    return signing.sign(raw, "")
