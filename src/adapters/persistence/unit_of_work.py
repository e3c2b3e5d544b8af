"""One PostgreSQL transaction over the repositories of all contexts, with the outbox in it."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, partial
from types import TracebackType
from typing import Any, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.billing.findings import SqlFindings
from adapters.persistence.billing.repositories import SqlDisputes, SqlLedger, SqlPayments, SqlRefunds, SqlWebhooks
from adapters.persistence.booking import holding
from adapters.persistence.booking.agreements import SqlPolicies, SqlProposals, SqlSeries
from adapters.persistence.booking.repositories import SqlBookings, refusals
from adapters.persistence.idempotency import READ_KEY
from adapters.persistence.identity.academies import SqlAcademies
from adapters.persistence.identity.challenges import SqlChallenges, SqlLinkedIdentities
from adapters.persistence.identity.external import SqlExternalUsers
from adapters.persistence.identity.factors import SqlFactors, SqlPasskeys
from adapters.persistence.identity.guardians import SqlGuardianships, SqlLearners
from adapters.persistence.identity.privacy import SqlErasures, SqlExports
from adapters.persistence.identity.repositories import SqlUsers, SqlVerifications
from adapters.persistence.identity.sessions import SqlSessions
from adapters.persistence.lending import lend, take_back
from adapters.persistence.line import Ask, Line
from adapters.persistence.notification.bounces import SqlDeadAddresses
from adapters.persistence.notification.browsers import SqlBrowsers
from adapters.persistence.notification.preferences import SqlPreferences, SqlSteps
from adapters.persistence.notification.repositories import SqlDeliveries, SqlFeeds
from adapters.persistence.notification.whatsapp import SqlContacts
from adapters.persistence.onboarding.repositories import SqlApplications, SqlDocuments, SqlPlacements, SqlTrials
from adapters.persistence.onboarding.safety import SqlClearances, SqlConsents
from adapters.persistence.outbox import SqlOutbox, Subscribers, write_events
from adapters.persistence.oversight.audit import write_acts
from adapters.persistence.oversight.office import SqlBrandImages, SqlClaims
from adapters.persistence.personal import SqlPersonalData
from adapters.persistence.retention import SqlRetention
from adapters.persistence.scheduling.connections import SqlConnections
from adapters.persistence.scheduling.group_classes import SqlGroupClasses
from adapters.persistence.scheduling.meeting_hosts import SqlMeetingHosts
from adapters.persistence.scheduling.meetings import SqlMeetings
from adapters.persistence.scheduling.repositories import SqlAvailability, SqlQaris
from domain.billing.webhook_event import WebhookEvent
from domain.booking.booking import Booking
from domain.booking.rules import SAFEGUARDING
from domain.events import Event, encode_event, event_type
from domain.ids import BookingId, UserId
from domain.oversight.audit import Act
from domain.scheduling.meeting_server import MEETINGS
from domain.time import TimeSlot
from ports.clock import NewId
from ports.idempotency import KeptAnswer, Promise
from ports.outbox import Wakeup


class SqlUnit:
    """Borrows a pooled connection for as long as it is open. After a commit it is only good for leaving."""

    def __init__(
        self, engine: AsyncEngine, subscribers: Subscribers, new_id: NewId, wakeup: Wakeup | None = None
    ) -> None:
        self._engine, self._subscribers, self._new_id, self._wakeup = engine, subscribers, new_id, wakeup
        self._events: list[Event] = []
        self._acts: list[Act] = []
        self._still: Callable[[], list[Ask]] = list
        self._nudge = False

    async def __aenter__(self) -> "SqlUnit":
        self._loan = await lend(self._engine)
        self._line = Line(self._loan.raw)
        self._connection = cast("asyncpg.Connection[Any]", self._line)
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        broken = True
        try:
            if self._open:
                await self._line.rollback()
            broken = not (error is None or isinstance(error, Exception) or self._line.has_begun)
        except (asyncpg.InterfaceError, asyncpg.PostgresError, OSError):
            if error is None:
                raise
        finally:
            self._open = False
            # A connection whose transaction is in doubt is closed, not lent again.
            await take_back(self._engine, self._loan, doubtful=broken)
        # The nudge is a network call: never while the transaction or the connection is held.
        if self._nudge and self._wakeup is not None:
            await self._wakeup.nudge("outbox")

    def record(self, *events: Event) -> None:
        self._events.extend(events)

    def note(self, *acts: Act) -> None:
        self._acts.extend(acts)

    async def commit(self) -> None:
        waiting = False
        if self._acts:
            await write_acts(self._connection, self._acts)
        if self._events:
            waiting = await write_events(self._connection, self._events, self._subscribers, self._new_id)
        await self._line.commit()
        self._open, self._nudge, self._events, self._acts = False, waiting, [], []

    async def foresee_hold(
        self,
        booking_id: BookingId,
        *,
        by: UserId,
        learner_id: UserId,
        qari_id: UserId,
        slot: TimeSlot,
        now: datetime,
        promise: Promise | None = None,
    ) -> None:
        asks = holding.asks(
            booking_id, by=by, learner_id=learner_id, qari_id=qari_id, slot=slot, now=now, promise=promise
        )
        self._still = partial(holding.asks_still, booking_id, learner_id, slot, promise)
        await self._line.foresee(asks)

    async def foresee_refusal(self, qari_id: UserId, window: TimeSlot) -> None:
        busy = SqlAvailability.asks_within(qari_id, window)
        if not self._line.knows(busy):
            await self._line.foresee([busy, *self._still()])

    async def recall(self, promise: Promise) -> None:
        row = await READ_KEY.row(self._connection, of_scope=promise.scope, of_key=promise.key)
        if row is not None:
            answer = None if row["status"] is None else KeptAnswer(row["status"], row["body"])
            promise.recall(row["request_hash"], answer)

    async def foresee_match(self, *, learner_id: UserId, qari_id: UserId, now: datetime) -> None:
        await self._line.foresee(
            [*SqlPolicies.asks(now, SAFEGUARDING), *SqlLearners.asks(learner_id), *SqlQaris.asks(qari_id)]
        )

    async def foresee_search(self, *, learner_id: UserId, now: datetime) -> None:
        await self._line.foresee(
            [*SqlPolicies.asks(now, SAFEGUARDING), *SqlLearners.asks(learner_id), *SqlPlacements.asks(learner_id)]
        )

    async def foresee_meeting(self, lesson_id: BookingId, *, now: datetime) -> None:
        await self._line.foresee(
            [SqlBookings.ask(lesson_id), SqlMeetings.ask(lesson_id), *SqlPolicies.asks(now, MEETINGS)]
        )

    async def commit_holding(self, booking: Booking, news: Event, promise: Promise | None = None) -> bool:
        subscribers = self._subscribers(type(news))
        if self._events or self._acts:
            await self._line.begin()
        # One statement is a transaction of its own: where nothing was locked or written before, there is no other.
        async with refusals():
            held = await holding.write(
                self._line.raw,
                booking,
                promise,
                event_id=self._new_id(),
                kind=event_type(type(news)),
                payload=encode_event(news).decode(),
                subscribers=subscribers,
            )
        self._line.forget()
        if not held:
            return False
        await self.commit()
        self._nudge = self._nudge or bool(subscribers)
        return True

    async def commit_message(self, event: WebhookEvent) -> bool:
        if self._events or self._acts:
            await self._line.begin()
        # As above: alone it needs no other transaction.
        new = await SqlWebhooks(self._line.raw).add(event)
        await self.commit()
        return new

    @cached_property
    def academies(self) -> SqlAcademies:
        return SqlAcademies(self._connection)

    @cached_property
    def users(self) -> SqlUsers:
        return SqlUsers(self._connection)

    @cached_property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self._connection)

    @cached_property
    def verifications(self) -> SqlVerifications:
        return SqlVerifications(self._connection)

    @cached_property
    def factors(self) -> SqlFactors:
        return SqlFactors(self._connection)

    @cached_property
    def passkeys(self) -> SqlPasskeys:
        return SqlPasskeys(self._connection)

    @cached_property
    def challenges(self) -> SqlChallenges:
        return SqlChallenges(self._connection)

    @cached_property
    def linked_identities(self) -> SqlLinkedIdentities:
        return SqlLinkedIdentities(self._connection)

    @cached_property
    def exports(self) -> SqlExports:
        return SqlExports(self._connection)

    @cached_property
    def erasures(self) -> SqlErasures:
        return SqlErasures(self._connection)

    @cached_property
    def external_users(self) -> SqlExternalUsers:
        return SqlExternalUsers(self._connection)

    @cached_property
    def personal(self) -> SqlPersonalData:
        return SqlPersonalData(self._connection)

    @cached_property
    def retention(self) -> SqlRetention:
        return SqlRetention(self._connection)

    @cached_property
    def guardianships(self) -> SqlGuardianships:
        return SqlGuardianships(self._connection)

    @cached_property
    def learners(self) -> SqlLearners:
        return SqlLearners(self._connection)

    @cached_property
    def clearances(self) -> SqlClearances:
        return SqlClearances(self._connection)

    @cached_property
    def consents(self) -> SqlConsents:
        return SqlConsents(self._connection)

    @cached_property
    def applications(self) -> SqlApplications:
        return SqlApplications(self._connection)

    @cached_property
    def documents(self) -> SqlDocuments:
        return SqlDocuments(self._connection)

    @cached_property
    def placements(self) -> SqlPlacements:
        return SqlPlacements(self._connection)

    @cached_property
    def trials(self) -> SqlTrials:
        return SqlTrials(self._connection)

    @cached_property
    def qaris(self) -> SqlQaris:
        return SqlQaris(self._connection)

    @cached_property
    def availability(self) -> SqlAvailability:
        return SqlAvailability(self._connection)

    @cached_property
    def meetings(self) -> SqlMeetings:
        return SqlMeetings(self._connection)

    @cached_property
    def meeting_hosts(self) -> SqlMeetingHosts:
        return SqlMeetingHosts(self._connection)

    @cached_property
    def connections(self) -> SqlConnections:
        return SqlConnections(self._connection)

    @cached_property
    def classes(self) -> SqlGroupClasses:
        return SqlGroupClasses(self._connection)

    @cached_property
    def bookings(self) -> SqlBookings:
        return SqlBookings(self._connection)

    @cached_property
    def series(self) -> SqlSeries:
        return SqlSeries(self._connection)

    @cached_property
    def proposals(self) -> SqlProposals:
        return SqlProposals(self._connection)

    @cached_property
    def policies(self) -> SqlPolicies:
        return SqlPolicies(self._connection)

    @cached_property
    def payments(self) -> SqlPayments:
        return SqlPayments(self._connection)

    @cached_property
    def disputes(self) -> SqlDisputes:
        return SqlDisputes(self._connection)

    @cached_property
    def findings(self) -> SqlFindings:
        return SqlFindings(self._connection)

    @cached_property
    def refunds(self) -> SqlRefunds:
        return SqlRefunds(self._connection)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._connection)

    @cached_property
    def webhooks(self) -> SqlWebhooks:
        return SqlWebhooks(self._connection)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        return SqlDeliveries(self._connection)

    @cached_property
    def feeds(self) -> SqlFeeds:
        return SqlFeeds(self._connection)

    @cached_property
    def preferences(self) -> SqlPreferences:
        return SqlPreferences(self._connection)

    @cached_property
    def steps(self) -> SqlSteps:
        return SqlSteps(self._connection)

    @cached_property
    def browsers(self) -> SqlBrowsers:
        return SqlBrowsers(self._connection)

    @cached_property
    def dead_addresses(self) -> SqlDeadAddresses:
        return SqlDeadAddresses(self._connection)

    @cached_property
    def contacts(self) -> SqlContacts:
        return SqlContacts(self._connection)

    @cached_property
    def brand_images(self) -> SqlBrandImages:
        return SqlBrandImages(self._connection)

    @cached_property
    def claims(self) -> SqlClaims:
        return SqlClaims(self._connection)

    @cached_property
    def outbox(self) -> SqlOutbox:
        return SqlOutbox(self._connection)
