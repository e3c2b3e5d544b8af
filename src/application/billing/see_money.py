"""Looking at money: everybody at his own, staff at all."""

from collections.abc import Mapping, Sequence

import msgspec

from domain.billing.webhook_event import WebhookStatus
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import PaymentId, WebhookId
from ports.billing.queries import (
    EarningLine,
    EarningQueries,
    EarningTotal,
    PaymentFilter,
    PaymentQueries,
    PaymentView,
    WebhookDetail,
    WebhookQueries,
    WebhookView,
)
from ports.paging import Page


class ListMyPayments:
    """Newest first. Raises NotPermitted, BadCursor. (PAYM-17)"""

    def __init__(self, payment_queries: PaymentQueries) -> None:
        self._queries = payment_queries

    async def __call__(self, actor: Actor, *, cursor: str | None = None, limit: int = 20) -> Page[PaymentView]:
        actor.require(Permission.SEE_OWN_PAYMENTS)
        return await self._queries.of_payer(actor.user_id, cursor=cursor, limit=limit)


class SeePayment:
    """For its payer and staff; it is its receipt as well. A stranger is told what he would be told of a payment that
    does not exist: NotFound.
    """

    def __init__(self, payment_queries: PaymentQueries) -> None:
        self._queries = payment_queries

    async def __call__(self, actor: Actor, payment_id: PaymentId) -> PaymentView:
        actor.require(Permission.SEE_PAYMENTS if actor.is_staff else Permission.SEE_OWN_PAYMENTS)
        payment = await self._queries.payment(payment_id)
        if payment is None or not (actor.is_staff or payment.payer_id == actor.user_id):
            raise NotFound("there is no such payment")
        return payment


class ListPayments:
    """All payments, for staff. Raises NotPermitted, BadCursor."""

    def __init__(self, payment_queries: PaymentQueries) -> None:
        self._queries = payment_queries

    async def __call__(
        self, actor: Actor, wanted: PaymentFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[PaymentView]:
        actor.require(Permission.SEE_PAYMENTS)
        return await self._queries.search(wanted, cursor=cursor, limit=limit)


class Earnings(msgspec.Struct, frozen=True, kw_only=True):
    """``totals`` are over all lessons, not only over those of this page."""

    totals: Sequence[EarningTotal]
    lines: Page[EarningLine]


class SeeMyEarnings:
    """Raises NotPermitted, BadCursor. (EARN-01)"""

    def __init__(self, earning_queries: EarningQueries) -> None:
        self._queries = earning_queries

    async def __call__(self, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Earnings:
        actor.require(Permission.SEE_OWN_EARNINGS)
        return Earnings(
            totals=await self._queries.totals(actor.user_id),
            lines=await self._queries.lines(actor.user_id, cursor=cursor, limit=limit),
        )


class ListWebhooks:
    """The inbox; ``status`` DEAD gives the dead letters. Raises NotPermitted, BadCursor. (PAYM-05)"""

    def __init__(self, webhook_queries: WebhookQueries) -> None:
        self._queries = webhook_queries

    async def __call__(
        self, actor: Actor, *, status: WebhookStatus | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[WebhookView]:
        actor.require(Permission.SEE_WEBHOOKS)
        return await self._queries.inbox(status=status, cursor=cursor, limit=limit)


class CountWebhooks:
    """How many there are of each status. Raises NotPermitted."""

    def __init__(self, webhook_queries: WebhookQueries) -> None:
        self._queries = webhook_queries

    async def __call__(self, actor: Actor) -> Mapping[WebhookStatus, int]:
        actor.require(Permission.SEE_WEBHOOKS)
        return await self._queries.counts()


class SeeWebhook:
    """With what came, byte for byte. Raises NotPermitted, NotFound."""

    def __init__(self, webhook_queries: WebhookQueries) -> None:
        self._queries = webhook_queries

    async def __call__(self, actor: Actor, webhook_id: WebhookId) -> WebhookDetail:
        actor.require(Permission.SEE_WEBHOOKS)
        webhook = await self._queries.webhook(webhook_id)
        if webhook is None:
            raise NotFound("there is no such webhook")
        return webhook
