"""Once a day the books are held against themselves and against every provider. (PAYM-28)

What disagrees about a payment of ours is asked about first, so that a lost webhook mends itself, also for a payment
that had lapsed. What still disagrees waits for a person, until it agrees again or somebody has said why it is so.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import structlog

from application.billing.settle_payment import SettlePayment
from application.billing.verify_ledger import ON_ITS_WAY, compare, everything
from domain.billing.finding import Finding, FindingStatus
from domain.billing.snapshot import PaymentSnapshot
from domain.errors import DomainError
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import FindingId
from domain.oversight.audit import Act
from ports.billing.gateway import GatewayRefused, Gateways, PaymentGateway
from ports.billing.queries import KnownPayment, LedgerQueries, Mismatch
from ports.clock import Clock, NewId
from ports.errors import GatewayUnavailable
from ports.unit_of_work import NewUnit

HOUR: Final = 2
"""In UTC, when the school is quiet. The sweep comes by every hour."""
WINDOW: Final = timedelta(days=3)
"""As long as providers go on sending a webhook: a day on which they could not be asked is made up for."""
BOOKS: Final = "books"
_QUEUED_ALREADY: Final = frozenset({"refund_failed"})
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
log: Final = structlog.get_logger("billing")


class MatchBooks:
    """How many new things do not agree. A provider that does not answer is asked the day after."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        new_id: NewId,
        gateways: Gateways,
        ledger_queries: LedgerQueries,
        settle_payment: SettlePayment,
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._gateways, self._queries, self._settle_payment = gateways, ledger_queries, settle_payment

    async def __call__(self) -> int:
        now = self._clock.now()
        if now.hour != HOUR:
            return 0
        own = await self._queries.mismatches(settled_before=now - ON_ITS_WAY)
        new = await self._note(BOOKS, [found for found in own if found.kind not in _QUEUED_ALREADY], now)
        for gateway in self._gateways.all():
            name = f"{gateway.provider}/{gateway.account}"
            try:
                mismatches = await self._against(gateway, name, now)
            except (GatewayUnavailable, GatewayRefused) as error:
                log.warning("books_not_matched", gateway=name, error=str(error))
                continue
            new += await self._note(name, mismatches, now)
        return new

    async def _against(self, gateway: PaymentGateway, name: str, now: datetime) -> Sequence[Mismatch]:
        snapshots = {snapshot.provider_ref: snapshot for snapshot in await everything(gateway, now - WINDOW)}
        before = now - ON_ITS_WAY
        known = await self._known(gateway, snapshots)
        found = compare(name, known, list(snapshots.values()), settled_before=before)
        subjects = {mismatch.subject for mismatch in found}
        asked = [payment for payment in known if str(payment.payment_id) in subjects]
        for payment in asked:
            with suppress(GatewayRefused, DomainError):
                told = await gateway.fetch(payment.provider_ref)
                await self._settle_payment.apply(payment.payment_id, told)
                snapshots[payment.provider_ref] = msgspec.structs.replace(told, updated_at=_LONG_AGO)
        if not asked:
            return found
        known = await self._known(gateway, snapshots)
        return compare(name, known, list(snapshots.values()), settled_before=before)

    async def _known(self, gateway: PaymentGateway, snapshots: dict[str, PaymentSnapshot]) -> Sequence[KnownPayment]:
        return await self._queries.known(gateway.provider, gateway.account, refs=list(snapshots))

    async def _note(self, source: str, mismatches: Sequence[Mismatch], now: datetime) -> int:
        """What is not found any more has gone, unless it is out of the window that was looked at."""
        new = 0
        async with self._new_unit() as unit:
            known = {finding.name: finding for finding in await unit.findings.of(source)}
            for mismatch in mismatches:
                before = known.pop((source, mismatch.kind, mismatch.subject), None)
                after = (
                    Finding(
                        id=FindingId(self._new_id()),
                        source=source,
                        kind=mismatch.kind,
                        subject=mismatch.subject,
                        message=mismatch.message,
                        found_at=now,
                    )
                    if before is None
                    else before.seen_again(mismatch.message, at=now)
                )
                if after is not before:
                    await unit.findings.keep(after)
                    new += 1
            for finding in known.values():
                in_window = source == BOOKS or now - finding.found_at < WINDOW
                if finding.status is not FindingStatus.GONE and in_window:
                    await unit.findings.keep(finding.go())
            await unit.commit()
        return new


class SeeFinding:
    """Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, finding_id: FindingId) -> Finding:
        actor.require(Permission.SEE_LEDGER)
        async with self._new_unit() as unit:
            return await unit.findings.get(finding_id)


class ExplainFinding:
    """Raises NotPermitted, NotFound, Invalid without a reason, IllegalTransition for what is settled already."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, finding_id: FindingId, explanation: str) -> Finding:
        actor.require(Permission.REFUND)
        async with self._new_unit() as unit:
            before = await unit.findings.get(finding_id)
            after = before.explain(explanation, by=actor.user_id)
            await unit.findings.keep(after)
            unit.note(
                Act(
                    actor=actor,
                    action="billing.explain_finding",
                    subject=("finding", str(finding_id)),
                    before={"status": before.status, "kind": before.kind, "about": before.subject},
                    after={"status": after.status},
                    reason=after.explanation,
                )
            )
            await unit.commit()
        return after
