"""One checkout and the money that came through it. (PAYM-16)

The provider is the truth about whether it was paid; this is what we know of it. Facts may come late, twice and in any
order: the heaviest one holds, so every order ends in the same state. (PAYM-06)
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.billing.errors import SnapshotMismatch
from domain.billing.events import PaymentCaptured, PaymentEvent, PaymentFailed
from domain.billing.snapshot import Fact, PaymentSnapshot
from domain.errors import Invalid, NotFound
from domain.ids import BookingId, PaymentId, UserId
from domain.machine import Lifecycle
from domain.money import Money, total


class PaymentStatus(StrEnum):
    CREATED = "created"
    OPEN = "open"
    CAPTURED = "captured"
    FAILED_FINAL = "failed_final"
    EXPIRED = "expired"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


_S = PaymentStatus
TRANSITIONS: Final[Mapping[PaymentStatus, frozenset[PaymentStatus]]] = {
    _S.CREATED: frozenset({_S.OPEN, _S.CAPTURED, _S.FAILED_FINAL, _S.EXPIRED}),
    _S.OPEN: frozenset({_S.CAPTURED, _S.FAILED_FINAL, _S.EXPIRED}),
    # money can come after we gave up on it: a slow bank, a late authorisation
    _S.FAILED_FINAL: frozenset({_S.CAPTURED}),
    _S.EXPIRED: frozenset({_S.CAPTURED}),
    # a refund that bounces days later gives the payment back what it had lost
    _S.CAPTURED: frozenset({_S.PARTIALLY_REFUNDED, _S.REFUNDED}),
    _S.PARTIALLY_REFUNDED: frozenset({_S.REFUNDED, _S.CAPTURED}),
    _S.REFUNDED: frozenset({_S.PARTIALLY_REFUNDED, _S.CAPTURED}),
}
LIFECYCLE: Final = Lifecycle("payment", TRANSITIONS, start=frozenset({_S.CREATED}))

LIVE: Final = frozenset({_S.CREATED, _S.OPEN})
"""May still be paid by its payer."""

PAID: Final = frozenset({_S.CAPTURED, _S.PARTIALLY_REFUNDED, _S.REFUNDED})


class PaymentLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid for one lesson, and the commission that was agreed when it was sold."""

    booking_id: BookingId
    learner_id: UserId
    qari_id: UserId
    amount: Money
    commission_percent: int


class CheckoutMode(StrEnum):
    """Where the payer gives his card: a page of the provider's, the provider's form inside our page, or fields of the
    provider's in a form of ours. (PAYM-09)
    """

    HOSTED = "hosted"
    EMBEDDED = "embedded"
    DIRECT = "direct"


class CheckoutTerms(msgspec.Struct, frozen=True, kw_only=True):
    """All that the provider was asked for besides the amount. Kept, because the same idempotency key must come with
    the same request, however much later it is tried again. ``country``: the payer's (ISO 3166 alpha-2), "" where it is
    not known.
    """

    description: str
    payer_email: str
    success_url: str
    cancel_url: str
    mode: CheckoutMode = CheckoutMode.HOSTED
    country: str = ""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """``expires_at`` is when the hold that it pays for ends. ``provider_ref`` and ``url`` are None until the provider
    has answered. ``refunded`` counts refunds that succeeded.
    """

    id: PaymentId
    payer_id: UserId
    provider: str
    account: str
    lines: tuple[PaymentLine, ...]
    amount: Money
    refunded: Money
    terms: CheckoutTerms
    created_at: datetime
    expires_at: datetime
    status: PaymentStatus = PaymentStatus.CREATED
    provider_ref: str | None = None
    url: str | None = None
    charge_ref: str | None = None
    decline_code: str | None = None
    captured_at: datetime | None = None
    fact: Fact | None = None
    version: int = 1

    def __post_init__(self) -> None:
        if not self.lines:
            raise Invalid("a payment pays for at least one lesson", field="lines")
        if len(self.booking_ids) != len(set(self.booking_ids)):
            raise Invalid("a lesson is paid once", field="lines")
        if self.amount != total((line.amount for line in self.lines), self.amount.currency):
            raise Invalid("the lines of a payment add up to its amount", field="amount")
        if not Money.zero(self.amount.currency) <= self.refunded <= self.amount or self.amount.minor <= 0:
            raise Invalid("no more goes back than came", field="refunded")

    @classmethod
    def create(
        cls,
        payment_id: PaymentId,
        *,
        payer_id: UserId,
        provider: str,
        account: str,
        lines: tuple[PaymentLine, ...],
        terms: CheckoutTerms,
        at: datetime,
        expires_at: datetime,
    ) -> "Payment":
        """The committed intent; nobody has been asked for money yet."""
        if not lines:
            raise Invalid("a payment pays for at least one lesson", field="lines")
        currency = lines[0].amount.currency
        return cls(
            id=payment_id,
            payer_id=payer_id,
            provider=provider,
            account=account,
            lines=lines,
            amount=total((line.amount for line in lines), currency),
            refunded=Money.zero(currency),
            terms=terms,
            created_at=at,
            expires_at=expires_at,
        )

    @property
    def booking_ids(self) -> tuple[BookingId, ...]:
        return tuple(line.booking_id for line in self.lines)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_paid(self) -> bool:
        return self.status in PAID

    def line_of(self, booking_id: BookingId) -> PaymentLine:
        """Raises NotFound."""
        for line in self.lines:
            if line.booking_id == booking_id:
                return line
        raise NotFound("this payment does not pay for that lesson")

    def is_checkout_usable(self, at: datetime) -> bool:
        """Whether the payer can be sent to it (again)."""
        return self.is_live and at < self.expires_at

    # transitions ---------------------------------------------------------------------------------------------

    def open(self, *, provider_ref: str, url: str) -> "Payment":
        """The provider has answered. Telling it again changes nothing; a webhook may have been faster."""
        if self.provider_ref is not None and self.provider_ref != provider_ref:
            raise SnapshotMismatch("payment {payment} has another checkout already", payment=str(self.id))
        if self.provider_ref is not None and self.url is not None:
            return self
        status = LIFECYCLE.step(self.status, _S.OPEN) if self.status is _S.CREATED else self.status
        return self._next(status=status, provider_ref=provider_ref, url=url)

    def move_to(self, mode: CheckoutMode) -> "Payment":
        """To another page, once the provider has closed the first one. Nothing changes for one that is there already,
        or can no longer be paid.
        """
        if not self.is_live or self.terms.mode is mode:
            return self
        terms = msgspec.structs.replace(self.terms, mode=mode)
        return self._next(terms=terms, provider_ref=None, url=None)

    def apply(self, snapshot: PaymentSnapshot, *, at: datetime) -> tuple["Payment", tuple[PaymentEvent, ...]]:
        """Takes over what the provider says, unless something heavier is known. Refunds are settled by ``refund``.

        Raises SnapshotMismatch when it is about something else than this payment.
        """
        self._require_match(snapshot)
        if self.provider_ref is None and self.status is _S.OPEN and not snapshot.is_paid:
            return self, ()  # of the page that it has left; the next one is being opened
        if self.fact is not None and snapshot.fact.weight <= self.fact.weight:
            return self, ()
        common: dict[str, Any] = {
            "provider_ref": snapshot.provider_ref,
            "charge_ref": snapshot.charge_ref,
            "fact": snapshot.fact,
        }
        if snapshot.is_paid:
            return self._capture(common, at)
        following = self._next(status=self._unpaid(snapshot), decline_code=snapshot.decline_code, **common)
        known_as_failed = self.fact is not None and self.fact.status == "failed"
        if snapshot.status != "failed" or (known_as_failed and snapshot.decline_code == self.decline_code):
            return following, ()
        code = snapshot.decline_code or "generic_decline"
        return following, (PaymentFailed(at=at, decline_code=code, **self._facts()),)

    def give_up(self) -> "Payment":
        """Nobody can pay it any more: the hold is over and the provider has closed the page. Nothing changes for one
        that is paid or closed.
        """
        if not self.is_live:
            return self
        following = _S.FAILED_FINAL if self.decline_code is not None else _S.EXPIRED
        return self._next(status=LIFECYCLE.step(self.status, following))

    def refund(self, refunded: Money) -> "Payment":
        """``refunded``: all that has gone back by now."""
        if refunded == self.refunded:
            return self
        status = _S.REFUNDED if refunded == self.amount else _S.PARTIALLY_REFUNDED if refunded else _S.CAPTURED
        if status is not self.status:
            LIFECYCLE.step(self.status, status)
        return self._next(status=status, refunded=refunded)

    # -----------------------------------------------------------------------------------------------------------

    def _capture(self, common: dict[str, Any], at: datetime) -> tuple["Payment", tuple[PaymentEvent, ...]]:
        if self.is_paid:
            return self._next(**common), ()
        status = LIFECYCLE.step(self.status, _S.CAPTURED)
        following = self._next(status=status, decline_code=None, captured_at=at, **common)
        return following, (PaymentCaptured(at=at, **self._facts()),)

    def _unpaid(self, snapshot: PaymentSnapshot) -> PaymentStatus:
        """A payment that was closed stays closed: only money reopens it."""
        if snapshot.status in ("expired", "canceled"):
            following = _S.FAILED_FINAL if snapshot.decline_code is not None else _S.EXPIRED
        else:
            following = _S.OPEN
        if not self.is_live or following is self.status:
            return self.status
        return LIFECYCLE.step(self.status, following)

    def _require_match(self, snapshot: PaymentSnapshot) -> None:
        if snapshot.reference is not None and snapshot.reference != self.id:
            raise SnapshotMismatch(
                "the provider says {told} is payment {payment}",
                told=snapshot.provider_ref,
                payment=str(snapshot.reference),
            )
        if self.provider_ref is not None and self.provider_ref != snapshot.provider_ref:
            raise SnapshotMismatch(
                "payment {payment} is {known}, not {told}",
                payment=str(self.id),
                known=self.provider_ref,
                told=snapshot.provider_ref,
            )
        if snapshot.amount != self.amount:
            raise SnapshotMismatch(
                "payment {payment} is over {minor} {currency}, the provider says {told_minor} {told_currency}",
                payment=str(self.id),
                minor=self.amount.minor,
                currency=self.amount.currency,
                told_minor=snapshot.amount.minor,
                told_currency=snapshot.amount.currency,
            )

    def _facts(self) -> dict[str, Any]:
        return {
            "payment_id": self.id,
            "payer_id": self.payer_id,
            "booking_ids": self.booking_ids,
            "amount": self.amount,
        }

    def _next(self, **changes: Any) -> "Payment":
        return msgspec.structs.replace(self, version=self.version + 1, **changes)
