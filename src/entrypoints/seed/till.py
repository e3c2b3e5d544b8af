"""What happened to money: payments, refunds and journals made by the domain, and the same facts for the provider."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from adapters.payments.sandbox.requests import PastCheckout, PastRefund
from domain.billing import ledger
from domain.billing.commission import CommissionPolicy
from domain.billing.ledger import Journal, Outcome
from domain.billing.payment import CheckoutTerms, Payment, PaymentLine
from domain.billing.refund import Refund, RefundCause, given_back
from domain.billing.snapshot import PaymentSnapshot, RefundSnapshot, SnapshotStatus
from domain.booking.booking import Booking
from domain.ids import BookingId, JournalId, PaymentId, RefundId
from domain.money import Money
from entrypoints.seed.people import Ids, Student

PROVIDER: Final = "sandbox"
_CARDS: Final = (("Visa", "4242"), ("Visa", "4242"), ("Mastercard", "4444"), ("Amex", "0005"))
_DECLINES: Final = ("insufficient_funds", "expired_card", "card_declined")


class Till:
    def __init__(self, random: Random, ids: Ids, account: str, base_url: str) -> None:
        self._random, self._ids, self._account, self._base_url = random, ids, account, base_url
        self._left: dict[BookingId, Money] = {}
        self.payments: dict[PaymentId, Payment] = {}
        self.refunds: dict[PaymentId, list[Refund]] = defaultdict(list)
        self.journals: list[Journal] = []
        self._cards: dict[PaymentId, tuple[str, str]] = {}

    def open(self, bookings: Sequence[Booking], student: Student, at: datetime, expires_at: datetime) -> Payment:
        """The intent, and the checkout page that the payer was sent to."""
        payment_id = PaymentId(self._ids(at))
        page = f"{self._base_url}/portal/payments/{payment_id}"
        payment = Payment.create(
            payment_id,
            payer_id=student.payer.id,
            provider=PROVIDER,
            account=self._account,
            lines=tuple(
                PaymentLine(
                    booking_id=booking.id,
                    learner_id=booking.learner_id,
                    qari_id=booking.qari_id,
                    amount=booking.price,
                    commission_percent=CommissionPolicy().percent,
                )
                for booking in bookings
            ),
            terms=CheckoutTerms(
                description="Quran lesson" if len(bookings) == 1 else f"{len(bookings)} Quran lessons",
                payer_email=student.payer.email,
                success_url=page,
                cancel_url=f"{page}?left=1",
            ),
            at=at,
            expires_at=expires_at,
        )
        return self._keep(payment)

    def reach(self, payment: Payment, url: str) -> Payment:
        reference = f"cs_{payment.id.hex}"
        return self._keep(payment.open(provider_ref=reference, url=f"{url}/pay/{reference}"))

    def pay(self, payment: Payment, at: datetime) -> Payment:
        """Sometimes at the second try."""
        if self._random.random() < 0.06:
            declined = self._random.choice(_DECLINES)
            payment, _ = payment.apply(self._snapshot(payment, "failed", at, declined), at=at)
            at += timedelta(minutes=1)
        payment, _ = payment.apply(self._snapshot(payment, "succeeded", at), at=at + timedelta(seconds=2))
        booked_at = payment.captured_at or at
        self.journals.append(ledger.captured(payment, journal_id=JournalId(self._ids(booked_at)), at=booked_at))
        self._left |= {line.booking_id: line.amount for line in payment.lines}
        self._cards[payment.id] = self._random.choice(_CARDS)
        return self._keep(payment)

    def leave(self, payment: Payment, at: datetime) -> Payment:
        """Nobody paid; now and then because the bank said no."""
        if self._random.random() < 0.4:
            declined = self._random.choice(_DECLINES)
            payment, _ = payment.apply(self._snapshot(payment, "failed", payment.created_at, declined), at=at)
            return self._keep(payment.give_up())
        payment, _ = payment.apply(self._snapshot(payment, "expired", at), at=at)
        return self._keep(payment)

    def earn(self, booking: Booking, outcome: Outcome, at: datetime, worth: Money | None = None) -> None:
        if booking.payment_id is None:
            return
        line = self.payments[booking.payment_id].line_of(booking.id)
        left = self._left[booking.id]
        price = worth or line.amount
        journal = ledger.earned(line, price, left, outcome=outcome, journal_id=JournalId(self._ids(at)), at=at)
        if journal is not None:
            self.journals.append(journal)
            self._left[booking.id] = left - min(price, left)

    def give_back(self, booking: Booking, amount: Money, cause: RefundCause, reason: str, at: datetime) -> None:
        """Asked for, taken to the provider and done within a minute."""
        if booking.payment_id is None or not amount:
            return
        payment = self.payments[booking.payment_id]
        refund = Refund(
            id=RefundId(self._ids(at)),
            payment_id=payment.id,
            payer_id=payment.payer_id,
            booking_id=booking.id,
            amount=amount,
            cause=cause,
            reason=reason,
            by=None,
            created_at=at,
        ).submit()
        done = at + timedelta(seconds=self._random.randint(3, 50))
        told = RefundSnapshot(
            provider_ref=f"re_{refund.id.hex}", reference=refund.id, amount=amount, status="succeeded"
        )
        refund, _ = refund.apply(told, settles_booking=amount == booking.price, at=done)
        left = {line.booking_id: self._left[line.booking_id] for line in payment.lines}
        self.journals.append(ledger.refunded(refund, payment, left, journal_id=JournalId(self._ids(done)), at=done))
        self._left[booking.id] = left[booking.id] - min(amount, left[booking.id])
        self.refunds[payment.id].append(refund)
        self._keep(payment.refund(given_back(self.refunds[payment.id], amount.currency)))

    def remembered(self) -> list[PastCheckout]:
        """What the provider knows of all that. A checkout that is still open is opened there for real."""
        return [self._past(payment) for payment in self.payments.values() if not payment.is_live]

    def _past(self, payment: Payment) -> PastCheckout:
        brand, last4 = self._cards.get(payment.id, _CARDS[0])
        return PastCheckout(
            id=str(payment.provider_ref),
            account=payment.account,
            reference=str(payment.id),
            status="succeeded" if payment.is_paid else "expired",
            amount=payment.amount.minor,
            currency=payment.amount.currency,
            description=payment.terms.description,
            payer_email=payment.terms.payer_email,
            created_at=payment.created_at,
            paid_at=payment.fact.updated_at if payment.is_paid and payment.fact else None,
            charge=payment.charge_ref,
            decline_code=payment.decline_code,
            card_brand=brand,
            card_last4=last4,
            success_url=payment.terms.success_url,
            cancel_url=payment.terms.cancel_url,
            metadata={"payment": str(payment.id), "payer": str(payment.payer_id)},
            refunds=tuple(
                PastRefund(
                    id=refund.provider_ref,
                    reference=str(refund.id),
                    amount=refund.amount.minor,
                    reason=refund.reason,
                    created_at=refund.settled_at or refund.created_at,
                )
                for refund in self.refunds[payment.id]
            ),
        )

    def _snapshot(
        self, payment: Payment, status: SnapshotStatus, at: datetime, decline_code: str | None = None
    ) -> PaymentSnapshot:
        return PaymentSnapshot(
            provider_ref=f"cs_{payment.id.hex}",
            reference=payment.id,
            status=status,
            amount=payment.amount,
            refunded=Money.zero(payment.amount.currency),
            updated_at=at,
            decline_code=decline_code,
            charge_ref=f"ch_{payment.id.hex}" if status == "succeeded" else None,
        )

    def _keep(self, payment: Payment) -> Payment:
        self.payments[payment.id] = payment
        return payment
