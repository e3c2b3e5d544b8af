"""One transaction over all contexts. Contexts still refer to each other by id only."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from domain.billing.webhook_event import WebhookEvent
from domain.booking.booking import Booking
from domain.events import Event
from domain.ids import BookingId, UserId
from domain.oversight.audit import Act
from domain.time import TimeSlot
from ports.billing.repositories import (
    DisputeRepository,
    FindingRepository,
    LedgerRepository,
    PaymentRepository,
    RefundRepository,
    WebhookInbox,
)
from ports.booking.repositories import (
    BookingRepository,
    PolicyRepository,
    ProposalRepository,
    SeriesRepository,
)
from ports.idempotency import Promise
from ports.identity.academies import AcademyRepository
from ports.identity.external import ExternalUserRepository
from ports.identity.factors import (
    ChallengeRepository,
    FactorRepository,
    LinkedIdentityRepository,
    PasskeyRepository,
)
from ports.identity.guardians import GuardianshipRepository, LearnerRepository
from ports.identity.privacy import ErasureRepository, ExportRepository, PersonalData, Retention
from ports.identity.repositories import SessionRepository, UserRepository, VerificationRepository
from ports.notification.bounces import DeadAddressRepository
from ports.notification.push import BrowserRepository
from ports.notification.repositories import (
    ContactRepository,
    DeliveryRepository,
    FeedRepository,
    PreferenceRepository,
    StepRepository,
)
from ports.onboarding.repositories import (
    ApplicationRepository,
    DocumentRepository,
    PlacementRepository,
    TrialRepository,
)
from ports.onboarding.safety import ClearanceRepository, ConsentRepository
from ports.outbox import Outbox
from ports.oversight.repositories import BrandImageRepository, ClaimRepository
from ports.scheduling.connections import ConnectionRepository
from ports.scheduling.group_classes import GroupClassRepository
from ports.scheduling.meeting_hosts import MeetingHostRepository
from ports.scheduling.meetings import MeetingRepository
from ports.scheduling.repositories import AvailabilityRepository, QariRepository


class UnitOfWork(Protocol):
    """Leaving without ``commit()`` rolls back. Recorded events share the commit and reach every subscriber at
    least once afterwards (the outbox). No network call happens inside a unit.
    """

    @property
    def academies(self) -> AcademyRepository: ...

    @property
    def users(self) -> UserRepository: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def verifications(self) -> VerificationRepository: ...
    @property
    def factors(self) -> FactorRepository: ...
    @property
    def passkeys(self) -> PasskeyRepository: ...
    @property
    def challenges(self) -> ChallengeRepository: ...
    @property
    def linked_identities(self) -> LinkedIdentityRepository: ...
    @property
    def exports(self) -> ExportRepository: ...
    @property
    def erasures(self) -> ErasureRepository: ...
    @property
    def external_users(self) -> ExternalUserRepository: ...
    @property
    def personal(self) -> PersonalData: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def guardianships(self) -> GuardianshipRepository: ...
    @property
    def learners(self) -> LearnerRepository: ...
    @property
    def clearances(self) -> ClearanceRepository: ...
    @property
    def consents(self) -> ConsentRepository: ...
    @property
    def applications(self) -> ApplicationRepository: ...
    @property
    def documents(self) -> DocumentRepository: ...
    @property
    def placements(self) -> PlacementRepository: ...
    @property
    def trials(self) -> TrialRepository: ...
    @property
    def qaris(self) -> QariRepository: ...
    @property
    def availability(self) -> AvailabilityRepository: ...
    @property
    def meetings(self) -> MeetingRepository: ...
    @property
    def meeting_hosts(self) -> MeetingHostRepository: ...
    @property
    def connections(self) -> ConnectionRepository: ...

    @property
    def classes(self) -> GroupClassRepository: ...
    @property
    def bookings(self) -> BookingRepository: ...
    @property
    def series(self) -> SeriesRepository: ...
    @property
    def proposals(self) -> ProposalRepository: ...
    @property
    def policies(self) -> PolicyRepository: ...
    @property
    def payments(self) -> PaymentRepository: ...
    @property
    def refunds(self) -> RefundRepository: ...

    @property
    def disputes(self) -> DisputeRepository: ...

    @property
    def findings(self) -> FindingRepository: ...

    @property
    def ledger(self) -> LedgerRepository: ...
    @property
    def webhooks(self) -> WebhookInbox: ...
    @property
    def deliveries(self) -> DeliveryRepository: ...
    @property
    def feeds(self) -> FeedRepository: ...
    @property
    def preferences(self) -> PreferenceRepository: ...
    @property
    def steps(self) -> StepRepository: ...
    @property
    def browsers(self) -> BrowserRepository: ...
    @property
    def dead_addresses(self) -> DeadAddressRepository: ...
    @property
    def contacts(self) -> ContactRepository: ...
    @property
    def brand_images(self) -> BrandImageRepository: ...
    @property
    def claims(self) -> ClaimRepository: ...
    @property
    def outbox(self) -> Outbox: ...

    def record(self, *events: Event) -> None:
        """Keeps events for the commit, in this order."""
        ...

    def note(self, *acts: Act) -> None:
        """Keeps acts for the audit log, written with the commit, in this order."""
        ...

    async def commit(self) -> None: ...

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
        """A hint that changes no answer: what holding this slot is going to ask may be looked up at once."""
        ...

    async def foresee_match(self, *, learner_id: UserId, qari_id: UserId, now: datetime) -> None:
        """A hint like that one: what the rules are going to ask of an adult learner and this Qari."""
        ...

    async def foresee_search(self, *, learner_id: UserId, now: datetime) -> None:
        """A hint like that one: what is known of a learner before a Qari is looked for."""
        ...

    async def foresee_refusal(self, qari_id: UserId, window: TimeSlot) -> None:
        """A hint like that one, for a slot that cannot be had: when the Qari is busy in the window, and whether the
        wish of ``foresee_hold`` has come true meanwhile.
        """
        ...

    async def recall(self, promise: Promise) -> None:
        """Looks whether this request was answered before (``promise.known``). Raises KeyReused."""
        ...

    async def foresee_meeting(self, lesson_id: BookingId, *, now: datetime) -> None:
        """A hint like those: what a live class is made of."""
        ...

    async def commit_holding(self, booking: Booking, news: Event, promise: Promise | None = None) -> bool:
        """``bookings.hold``, the news of it, the promised answer and the commit in one step. False: as with ``hold``,
        nothing is stored and the unit goes on.
        """
        ...

    async def commit_message(self, event: WebhookEvent) -> bool:
        """``webhooks.add`` and the commit in one step."""
        ...


NewUnit = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
