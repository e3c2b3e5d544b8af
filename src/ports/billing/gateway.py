"""Payment providers, spoken in our words. One gateway object per provider *account*; objects never cross accounts.

Rules for every implementation (the contract suite holds them to it):

* All money is in minor units; a provider's quirks (Stripe wants three-decimal amounts to end in 0, a checkout that
  lives 30 minutes at least) stay in its adapter.
* Every call has a timeout. ``GatewayUnavailable`` means that the outcome is unknown: the same call with the same
  ``idempotency_key`` must be safe. ``GatewayRefused`` is a clear no.
* A declined card is no error: it is a snapshot whose status is "failed".
* Nothing here writes to our database or is called inside a transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from domain.billing.payment import CheckoutMode
from domain.billing.snapshot import (
    DisputeSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    RefundSnapshotStatus,
    SnapshotStatus,
)
from domain.ids import PaymentId, RefundId
from domain.money import Money
from ports.errors import BadSignature, GatewayRefused, GatewayUnavailable

__all__ = [
    "BadSignature",
    "Checkout",
    "CheckoutMode",
    "CheckoutRequest",
    "DisputeSnapshot",
    "GatewayRefused",
    "GatewayUnavailable",
    "Gateways",
    "PaymentGateway",
    "PaymentPage",
    "PaymentSnapshot",
    "ProviderEvent",
    "RefundRequest",
    "RefundSnapshot",
    "RefundSnapshotStatus",
    "SnapshotStatus",
]


class CheckoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One checkout on which ``amount`` is paid once, in a ``mode`` of the gateway's ``modes``.

    ``reference`` comes back in snapshots, and ``metadata`` (at most 15 short pairs: Razorpay's limit) is stored with
    the provider's object, so that a look-up works both ways. (BOOK-19) The urls are where the payer's browser goes
    afterwards; that he went there proves nothing. (PAYM-02) ``created_at``: when the payment was first wanted, from
    which a provider's limits are reckoned, since the same key must come with the same request.
    """

    reference: PaymentId
    idempotency_key: str
    amount: Money
    description: str
    payer_email: str
    success_url: str
    cancel_url: str
    expires_at: datetime
    metadata: dict[str, str]
    mode: CheckoutMode = CheckoutMode.HOSTED
    country: str = ""
    created_at: datetime | None = None


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """``expires_at`` may be later than what was asked for, where the provider has a minimum. ``url`` is where the payer
    goes: the provider's page, or for what is shown inside of ours ``PAY_HERE``.
    """

    provider_ref: str
    url: str
    expires_at: datetime


PAY_HERE: Final = ""
"""The payer stays on our own page of the payment, which asks the gateway for its ``PaymentPage``."""


NOT_OURS: Final = "not_ours"


class PaymentPage(msgspec.Struct, frozen=True, kw_only=True):
    """What our own page needs to let the payer pay, asked for each time it is shown and never kept or logged.

    ``script``: the address of the provider's script, which is run with ``values`` (all of them meant for the payer's
    browser: a client secret, a publishable key). ``form``: where a plain form with ``values`` is sent instead, so that
    nothing has to be run. Exactly one of the two is given. ``return_field`` and ``cancel_field`` name the values in
    which our page tells a form where the payer's browser goes afterwards, when it was paid and when it was not.
    ``origins``: what the script loads from, shows and asks.
    """

    mode: CheckoutMode
    values: dict[str, str]
    script: str = ""
    form: str = ""
    origins: tuple[str, ...] = ()
    return_field: str = ""
    cancel_field: str = ""


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``provider_ref`` is the checkout's. ``reason`` is for people; providers that take only their own words get it
    as metadata.
    """

    reference: RefundId
    idempotency_key: str
    provider_ref: str
    amount: Money
    reason: str


class ProviderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A verified webhook. It says *that* something changed; what is true now is fetched.

    ``object_ref`` is what ``fetch`` takes: the ``provider_ref`` of the checkout concerned, or where the event does not
    name it, the money movement's or the dispute's; "" when the event is about nothing of ours.
    """

    event_id: str
    type: str
    object_ref: str
    created_at: datetime


class PaymentGateway(Protocol):
    @property
    def provider(self) -> str:
        """Such as "stripe": the first part of the webhook's path."""
        ...

    @property
    def account(self) -> str:
        """Our name for the account, the second part of the webhook's path."""
        ...

    @property
    def modes(self) -> frozenset[CheckoutMode]:
        """In which its checkouts can be opened."""
        ...

    def step_of(self, currency: str) -> int:
        """Amounts in this currency are multiples of so many minor units: 1 nearly everywhere."""
        ...

    async def payment_page(self, provider_ref: str) -> PaymentPage:
        """For a checkout whose ``url`` is PAY_HERE. Raises GatewayUnavailable, GatewayRefused ("not_found", or
        "closed" when it can no longer be paid).
        """
        ...

    async def open_checkout(self, request: CheckoutRequest) -> Checkout:
        """The same key gives the same checkout. Raises GatewayUnavailable, GatewayRefused."""
        ...

    def proves(self, provider_ref: str, returned: Mapping[str, str]) -> bool:
        """Whether what the payer's browser brought back is signed by the provider for this very checkout. It is no more
        than a good reason to ask: what is true is fetched. (PAYM-02)
        """
        ...

    async def fetch(self, provider_ref: str) -> PaymentSnapshot:
        """Of the checkout; also where an event named only something that belongs to it. A try that the checkout does
        not name (Stripe forgets a declined one) is told under its own ``provider_ref``, with the payment's reference.
        Raises GatewayUnavailable, GatewayRefused with code "not_found", or NOT_OURS for what belongs to no checkout.
        """
        ...

    async def expire(self, provider_ref: str) -> PaymentSnapshot:
        """Closes the page where it is still open and tells what is true afterwards. A checkout that was paid or
        closed before is no error: its snapshot says so. Raises GatewayUnavailable, GatewayRefused ("not_found").
        """
        ...

    async def refund(self, request: RefundRequest) -> RefundSnapshot:
        """The same key gives the same refund. Raises GatewayUnavailable, GatewayRefused (for example code
        "already_refunded", "amount_too_large").
        """
        ...

    def read_event(self, raw: bytes, headers: Mapping[str, str], at: datetime) -> ProviderEvent:
        """Verifies the signature over the bytes as they came, and their age at ``at`` where the scheme has a time.
        Header names are lower case. Raises BadSignature, also for a body that cannot be read. (PAYM-03, PAYM-07)
        """
        ...

    async def list_changed(self, since: datetime, cursor: str | None) -> tuple[Sequence[PaymentSnapshot], str | None]:
        """Everything that changed since then, page by page; the cursor is None after the last one. For
        reconciliation: ``updated_at`` is the latest time that the provider tells of. Raises GatewayUnavailable.
        """
        ...


class Gateways(Protocol):
    """The configured accounts. (PAYM-14)"""

    def get(self, provider: str, account: str) -> PaymentGateway:
        """Raises NotFound."""
        ...

    def all(self) -> Sequence[PaymentGateway]:
        """The first one takes new payments where the school has no rule that fits."""
        ...
