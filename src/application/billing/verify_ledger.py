"""Proves that the books are right: with themselves, with what they are about, and with the providers. (PAYM-28)"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from application.oversight.heavy_work import HeavyWork
from domain.billing.snapshot import PaymentSnapshot
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.money import Money
from ports.billing.gateway import GatewayRefused, Gateways, PaymentGateway
from ports.billing.queries import AccountBalance, KnownPayment, LedgerQueries, Mismatch
from ports.clock import Clock
from ports.errors import GatewayUnavailable

ON_ITS_WAY: Final = timedelta(minutes=15)
_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


class LedgerReport(msgspec.Struct, frozen=True, kw_only=True):
    """``unreachable`` names the provider accounts that could not be asked."""

    at: datetime
    journals: int
    balances: list[AccountBalance]
    mismatches: list[Mismatch]
    providers_asked: list[str]
    unreachable: list[str]

    @property
    def is_clean(self) -> bool:
        return not self.mismatches and not self.unreachable


class VerifyLedger:
    """``actor`` None is the command line, which whoever owns the machine may use. Raises NotPermitted, Crowded."""

    def __init__(
        self, ledger_queries: LedgerQueries, gateways: Gateways, clock: Clock, heavy_work: HeavyWork | None = None
    ) -> None:
        self._queries, self._gateways, self._clock = ledger_queries, gateways, clock
        self._heavy = heavy_work or HeavyWork()

    async def __call__(self, actor: Actor | None, *, ask_providers: bool = True) -> LedgerReport:
        if actor is None:
            return await self._report(ask_providers)
        actor.require(Permission.SEE_LEDGER)
        async with self._heavy.turn(actor):
            return await self._report(ask_providers)

    async def _report(self, ask_providers: bool) -> LedgerReport:
        now = self._clock.now()
        mismatches = list(await self._queries.mismatches(settled_before=now - ON_ITS_WAY))
        asked, unreachable = [], []
        for gateway in self._gateways.all() if ask_providers else ():
            name = f"{gateway.provider}/{gateway.account}"
            try:
                snapshots = await everything(gateway)
            except (GatewayUnavailable, GatewayRefused):
                unreachable.append(name)
                continue
            asked.append(name)
            known = await self._queries.known(gateway.provider, gateway.account)
            mismatches += compare(name, known, snapshots, settled_before=now - ON_ITS_WAY)
        return LedgerReport(
            at=now,
            journals=await self._queries.size(),
            balances=list(await self._queries.balances()),
            mismatches=mismatches,
            providers_asked=asked,
            unreachable=unreachable,
        )


async def everything(gateway: PaymentGateway, since: datetime = _EVER) -> Sequence[PaymentSnapshot]:
    snapshots: list[PaymentSnapshot] = []
    cursor: str | None = None
    while True:
        page, cursor = await gateway.list_changed(since, cursor)
        snapshots += page
        if cursor is None:
            return snapshots


def compare(
    name: str, known: Sequence[KnownPayment], snapshots: Sequence[PaymentSnapshot], *, settled_before: datetime
) -> list[Mismatch]:
    """What we and the provider disagree about, leaving out what changed after ``settled_before``."""
    others = {payment.provider_ref for payment in known if payment.elsewhere}
    ours = {payment.provider_ref: payment for payment in known if not payment.elsewhere}
    theirs = {snapshot.provider_ref: snapshot for snapshot in snapshots if snapshot.provider_ref not in others}
    found = [
        mismatch
        for ref, snapshot in theirs.items()
        if snapshot.updated_at < settled_before
        for mismatch in _differences(name, ours.get(ref), snapshot)
    ]
    found += [
        Mismatch(kind="unknown_to_provider", subject=str(payment.payment_id), message=f"{name} does not know {ref}")
        for ref, payment in ours.items()
        if ref not in theirs and payment.captured_at is not None and payment.captured_at < settled_before
    ]
    return found


def _differences(name: str, payment: KnownPayment | None, snapshot: PaymentSnapshot) -> list[Mismatch]:
    if payment is None:
        if not snapshot.is_paid:
            return []
        text = f"{name} has {_text(snapshot.amount)} for {snapshot.provider_ref}, which we do not know"
        return [Mismatch(kind="unknown_to_us", subject=snapshot.provider_ref, message=text)]
    subject, found = str(payment.payment_id), []
    if payment.amount != snapshot.amount:
        text = f"is over {_text(payment.amount)}, {name} says {_text(snapshot.amount)}"
        found.append(Mismatch(kind="amount_differs", subject=subject, message=text))
    if payment.is_paid != snapshot.is_paid:
        text = f"is {'paid' if payment.is_paid else 'not paid'}, {name} says {snapshot.status}"
        found.append(Mismatch(kind="status_differs", subject=subject, message=text))
    elif payment.refunded != snapshot.refunded:
        text = f"{_text(payment.refunded)} went back, {name} says {_text(snapshot.refunded)}"
        found.append(Mismatch(kind="refunded_differs", subject=subject, message=text))
    return found


def _text(money: Money) -> str:
    return f"{money.amount} {money.currency}"
