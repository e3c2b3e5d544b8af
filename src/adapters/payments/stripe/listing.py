"""Everything that changed at an account since a moment, in three lists one after the other: sessions made since,
payment intents of our own form made since, and what events of the last 30 days tell of older ones.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from stripe import V1Services

from adapters.payments.stripe import snapshots
from adapters.payments.stripe.client import Asker
from adapters.payments.stripe.events import concerned
from adapters.payments.stripe.requests import CHECKOUT, PAYMENT
from adapters.payments.stripe.wire import Events, Intent, Intents, Refund, Sessions
from domain.billing.payment import CheckoutMode
from domain.billing.snapshot import PaymentSnapshot

PAGE: Final = 100
_BEFORE_STRIPE: Final = datetime(2010, 1, 1, tzinfo=UTC)
_TYPES: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "refund.created",
    "refund.updated",
    "refund.failed",
)
RefundsOf = Callable[[Intent | None], Awaitable[Sequence[Refund]]]
Fetch = Callable[[str], Awaitable[PaymentSnapshot]]


class Listing:
    """A cursor says which list comes next, and after which id."""

    def __init__(self, api: V1Services, asker: Asker, refunds_of: RefundsOf, fetch: Fetch) -> None:
        self._api, self._asker, self._refunds_of, self._fetch = api, asker, refunds_of, fetch

    async def page(self, since: datetime, cursor: str | None) -> tuple[Sequence[PaymentSnapshot], str | None]:
        which, _, after = (cursor or "sessions:").partition(":")
        asked: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        if after:
            asked["starting_after"] = after
        if which == "sessions":
            return await self._sessions(asked)
        if which == "intents":
            return await self._intents(asked, since)
        return await self._events(asked, since)

    async def _sessions(self, asked: Any) -> tuple[Sequence[PaymentSnapshot], str | None]:
        asked["expand"] = ["data.payment_intent"]
        page = await self._asker.ask(
            "GET /v1/checkout/sessions", lambda: self._api.checkout.sessions.list_async(asked), Sessions
        )
        ours = [session for session in page.data if session.mode == "payment" and PAYMENT in session.of]
        refunds = await asyncio.gather(*(self._refunds_of(session.intent) for session in ours))
        found = [
            snapshots.of_session(session, gone, _latest(session.created, session.intent, gone))
            for session, gone in zip(ours, refunds, strict=True)
        ]
        return found, f"sessions:{page.data[-1].id}" if page.has_more else "intents:"

    async def _intents(self, asked: Any, since: datetime) -> tuple[Sequence[PaymentSnapshot], str | None]:
        page = await self._asker.ask(
            "GET /v1/payment_intents", lambda: self._api.payment_intents.list_async(asked), Intents
        )
        ours = [
            intent for intent in page.data if intent.of.get(CHECKOUT) == CheckoutMode.DIRECT and PAYMENT in intent.of
        ]
        refunds = await asyncio.gather(*(self._refunds_of(intent) for intent in ours))
        found = [
            snapshots.of_intent(intent, gone, _latest(intent.created, None, gone))
            for intent, gone in zip(ours, refunds, strict=True)
        ]
        if page.has_more:
            return found, f"intents:{page.data[-1].id}"
        return found, "events:" if since > _BEFORE_STRIPE else None

    async def _events(self, asked: Any, since: datetime) -> tuple[Sequence[PaymentSnapshot], str | None]:
        """What was made since has been told by the other lists."""
        asked["types"] = list(_TYPES)
        page = await self._asker.ask("GET /v1/events", lambda: self._api.events.list_async(asked), Events)
        refs = {
            concerned(event.type, event.data.object): instant_of(event.data.object)
            for event in page.data
            if concerned(event.type, event.data.object)
        }
        older = [ref for ref, made in refs.items() if made is None or made < since.replace(microsecond=0)]
        told = await asyncio.gather(*(self._fetch(ref) for ref in older))
        last = {snapshot.provider_ref: snapshot for snapshot in told if snapshot.reference is not None}
        return list(last.values()), f"events:{page.data[-1].id}" if page.has_more else None


def instant_of(told: dict[str, Any]) -> datetime | None:
    """When a session or payment intent was made; a refund says nothing about that."""
    made = told.get("created")
    if told.get("object") == "refund" or not isinstance(made, int):
        return None
    return snapshots.instant(made)


def _latest(created: int, intent: Intent | None, refunds: Sequence[Refund]) -> datetime:
    told = [created, *([intent.created] if intent is not None else []), *(refund.created for refund in refunds)]
    return snapshots.instant(max(told))
