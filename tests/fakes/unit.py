"""A unit of work in memory. It works on a copy of the store and publishes it on commit, so a rollback is real.

Every repository keeps its things on shelves: a ``dict`` from keys to immutable values. One unit is open at a time;
others wait, as writers to the same rows would.
"""

import asyncio
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from domain.billing.webhook_event import WebhookEvent
from domain.booking.booking import Booking
from domain.events import Event
from domain.ids import BookingId
from domain.oversight.audit import Act
from fakes.ids import SequentialIds
from fakes.outbox import MemoryOutbox, Task
from ports.academy import current_academy
from ports.clock import NewId
from ports.idempotency import Promise

if TYPE_CHECKING:
    from ports.billing.repositories import (
        DisputeRepository,
        FindingRepository,
        LedgerRepository,
        PaymentRepository,
        RefundRepository,
        WebhookInbox,
    )
    from ports.booking.repositories import BookingRepository, PolicyRepository, ProposalRepository, SeriesRepository
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
    from ports.oversight.repositories import BrandImageRepository, ClaimRepository
    from ports.scheduling.connections import ConnectionRepository
    from ports.scheduling.group_classes import GroupClassRepository
    from ports.scheduling.meeting_hosts import MeetingHostRepository
    from ports.scheduling.repositories import AvailabilityRepository, MeetingRepository, QariRepository

Subscribers = Callable[[type[Event]], tuple[str, ...]]

Shelf = dict[Any, Any]
PARTS: Final = {
    "academies": "fakes.academies",
    "users": "fakes.identity",
    "sessions": "fakes.identity",
    "verifications": "fakes.identity",
    "exports": "fakes.accounts",
    "erasures": "fakes.accounts",
    "external_users": "fakes.accounts",
    "personal": "fakes.accounts",
    "retention": "fakes.accounts",
    "factors": "fakes.factors",
    "passkeys": "fakes.factors",
    "challenges": "fakes.factors",
    "linked_identities": "fakes.factors",
    "guardianships": "fakes.guardians",
    "learners": "fakes.guardians",
    "clearances": "fakes.guardians",
    "consents": "fakes.guardians",
    "applications": "fakes.onboarding",
    "documents": "fakes.onboarding",
    "placements": "fakes.onboarding",
    "trials": "fakes.onboarding",
    "qaris": "fakes.scheduling",
    "availability": "fakes.scheduling",
    "meetings": "fakes.meetings",
    "meeting_hosts": "fakes.meetings",
    "connections": "fakes.connections",
    "classes": "fakes.group_classes",
    "bookings": "fakes.booking",
    "series": "fakes.booking",
    "proposals": "fakes.booking",
    "policies": "fakes.booking",
    "brand_images": "fakes.office",
    "claims": "fakes.office",
    "payments": "fakes.billing",
    "refunds": "fakes.billing",
    "disputes": "fakes.billing",
    "findings": "fakes.billing",
    "ledger": "fakes.billing",
    "webhooks": "fakes.billing",
    "deliveries": "fakes.notification",
    "feeds": "fakes.notification",
    "preferences": "fakes.notification",
    "steps": "fakes.notification",
    "browsers": "fakes.push",
    "dead_addresses": "fakes.push",
    "contacts": "fakes.whatsapp",
}
"""The modules whose ``build(part, shelf)`` makes the repository behind a property; ``shelf`` hands out shelves."""


class MemoryStore:
    """What was committed. Tests read ``store.shelf("bookings")`` and ``store.events``."""

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}
        self.events: list[Event] = []
        self.acts: list[Act] = []
        self.turn = asyncio.Lock()
        self.new_id: NewId = SequentialIds(10**6)

    def shelf(self, name: str) -> Shelf:
        return self.shelves.setdefault(name, {})

    @property
    def bookings(self) -> Shelf:
        return self.shelf("bookings")


class MemoryUnit:
    def __init__(
        self, store: MemoryStore, subscribers: Subscribers = lambda _: (), new_id: NewId | None = None
    ) -> None:
        self._store, self._subscribers, self._new_id = store, subscribers, new_id or store.new_id
        self._shelves: dict[str, Shelf] = {}
        self._repositories: dict[str, Any] = {}
        self._events: list[Event] = []
        self._acts: list[Act] = []

    async def __aenter__(self) -> "MemoryUnit":
        await self._store.turn.acquire()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.turn.release()

    def record(self, *events: Event) -> None:
        self._events.extend(events)

    def note(self, *acts: Act) -> None:
        self._acts.extend(acts)

    async def commit(self) -> None:
        tasks = self._shelf("outbox")
        for happened in self._events:
            event_id = self._new_id()
            for subscriber in self._subscribers(type(happened)):
                tasks[event_id, subscriber] = Task(event=happened, academy_id=current_academy(), due_at=happened.at)
        self._store.events.extend(self._events)
        self._store.acts.extend(self._acts)
        self._store.shelves |= {name: dict(shelf) for name, shelf in self._shelves.items()}
        self._events, self._acts = [], []

    async def foresee_hold(self, booking_id: BookingId, **_: object) -> None:
        """A hint; there is nothing to hurry here."""

    async def foresee_match(self, **_: object) -> None:
        """As above."""

    async def foresee_search(self, **_: object) -> None:
        """As above."""

    async def foresee_refusal(self, *_: object) -> None:
        """As above."""

    async def recall(self, promise: Promise) -> None:
        found = self._shelf("answers").get((promise.scope, promise.key))
        if found is not None:
            promise.recall(*found)

    async def foresee_meeting(self, lesson_id: BookingId, **_: object) -> None:
        """As above."""

    async def commit_holding(self, booking: Booking, news: Event, promise: Promise | None = None) -> bool:
        if not await self.bookings.hold(booking):
            return False
        if promise is not None:
            promise.answer, promise.kept = promise.written(booking), True
            self._shelf("answers")[promise.scope, promise.key] = promise.request_hash, promise.answer
        self.record(news)
        await self.commit()
        return True

    async def commit_message(self, event: WebhookEvent) -> bool:
        new = await self.webhooks.add(event)
        await self.commit()
        return new

    def _shelf(self, name: str) -> Shelf:
        if name not in self._shelves:
            self._shelves[name] = dict(self._store.shelf(name))
        return self._shelves[name]

    def _repository(self, name: str) -> Any:
        if name not in self._repositories:
            module = import_module(PARTS[name])
            self._repositories[name] = module.build(name, self._shelf)
        return self._repositories[name]

    @property
    def academies(self) -> "AcademyRepository":
        return self._repository("academies")  # type: ignore[no-any-return]

    @property
    def users(self) -> "UserRepository":
        return self._repository("users")  # type: ignore[no-any-return]

    @property
    def sessions(self) -> "SessionRepository":
        return self._repository("sessions")  # type: ignore[no-any-return]

    @property
    def verifications(self) -> "VerificationRepository":
        return self._repository("verifications")  # type: ignore[no-any-return]

    @property
    def factors(self) -> "FactorRepository":
        return self._repository("factors")  # type: ignore[no-any-return]

    @property
    def passkeys(self) -> "PasskeyRepository":
        return self._repository("passkeys")  # type: ignore[no-any-return]

    @property
    def challenges(self) -> "ChallengeRepository":
        return self._repository("challenges")  # type: ignore[no-any-return]

    @property
    def linked_identities(self) -> "LinkedIdentityRepository":
        return self._repository("linked_identities")  # type: ignore[no-any-return]

    @property
    def guardianships(self) -> "GuardianshipRepository":
        return self._repository("guardianships")  # type: ignore[no-any-return]

    @property
    def learners(self) -> "LearnerRepository":
        return self._repository("learners")  # type: ignore[no-any-return]

    @property
    def clearances(self) -> "ClearanceRepository":
        return self._repository("clearances")  # type: ignore[no-any-return]

    @property
    def consents(self) -> "ConsentRepository":
        return self._repository("consents")  # type: ignore[no-any-return]

    @property
    def applications(self) -> "ApplicationRepository":
        return self._repository("applications")  # type: ignore[no-any-return]

    @property
    def documents(self) -> "DocumentRepository":
        return self._repository("documents")  # type: ignore[no-any-return]

    @property
    def placements(self) -> "PlacementRepository":
        return self._repository("placements")  # type: ignore[no-any-return]

    @property
    def trials(self) -> "TrialRepository":
        return self._repository("trials")  # type: ignore[no-any-return]

    @property
    def exports(self) -> "ExportRepository":
        return self._repository("exports")  # type: ignore[no-any-return]

    @property
    def erasures(self) -> "ErasureRepository":
        return self._repository("erasures")  # type: ignore[no-any-return]

    @property
    def external_users(self) -> "ExternalUserRepository":
        return self._repository("external_users")  # type: ignore[no-any-return]

    @property
    def personal(self) -> "PersonalData":
        return self._repository("personal")  # type: ignore[no-any-return]

    @property
    def retention(self) -> "Retention":
        return self._repository("retention")  # type: ignore[no-any-return]

    @property
    def qaris(self) -> "QariRepository":
        return self._repository("qaris")  # type: ignore[no-any-return]

    @property
    def availability(self) -> "AvailabilityRepository":
        return self._repository("availability")  # type: ignore[no-any-return]

    @property
    def meetings(self) -> "MeetingRepository":
        return self._repository("meetings")  # type: ignore[no-any-return]

    @property
    def meeting_hosts(self) -> "MeetingHostRepository":
        return self._repository("meeting_hosts")  # type: ignore[no-any-return]

    @property
    def connections(self) -> "ConnectionRepository":
        return self._repository("connections")  # type: ignore[no-any-return]

    @property
    def classes(self) -> "GroupClassRepository":
        return self._repository("classes")  # type: ignore[no-any-return]

    @property
    def bookings(self) -> "BookingRepository":
        return self._repository("bookings")  # type: ignore[no-any-return]

    @property
    def series(self) -> "SeriesRepository":
        return self._repository("series")  # type: ignore[no-any-return]

    @property
    def proposals(self) -> "ProposalRepository":
        return self._repository("proposals")  # type: ignore[no-any-return]

    @property
    def policies(self) -> "PolicyRepository":
        return self._repository("policies")  # type: ignore[no-any-return]

    @property
    def payments(self) -> "PaymentRepository":
        return self._repository("payments")  # type: ignore[no-any-return]

    @property
    def disputes(self) -> "DisputeRepository":
        return self._repository("disputes")  # type: ignore[no-any-return]

    @property
    def findings(self) -> "FindingRepository":
        return self._repository("findings")  # type: ignore[no-any-return]

    @property
    def refunds(self) -> "RefundRepository":
        return self._repository("refunds")  # type: ignore[no-any-return]

    @property
    def ledger(self) -> "LedgerRepository":
        return self._repository("ledger")  # type: ignore[no-any-return]

    @property
    def webhooks(self) -> "WebhookInbox":
        return self._repository("webhooks")  # type: ignore[no-any-return]

    @property
    def deliveries(self) -> "DeliveryRepository":
        return self._repository("deliveries")  # type: ignore[no-any-return]

    @property
    def feeds(self) -> "FeedRepository":
        return self._repository("feeds")  # type: ignore[no-any-return]

    @property
    def preferences(self) -> "PreferenceRepository":
        return self._repository("preferences")  # type: ignore[no-any-return]

    @property
    def steps(self) -> "StepRepository":
        return self._repository("steps")  # type: ignore[no-any-return]

    @property
    def browsers(self) -> "BrowserRepository":
        return self._repository("browsers")  # type: ignore[no-any-return]

    @property
    def dead_addresses(self) -> "DeadAddressRepository":
        return self._repository("dead_addresses")  # type: ignore[no-any-return]

    @property
    def contacts(self) -> "ContactRepository":
        return self._repository("contacts")  # type: ignore[no-any-return]

    @property
    def brand_images(self) -> "BrandImageRepository":
        return self._repository("brand_images")  # type: ignore[no-any-return]

    @property
    def claims(self) -> "ClaimRepository":
        return self._repository("claims")  # type: ignore[no-any-return]

    @property
    def outbox(self) -> MemoryOutbox:
        return MemoryOutbox(self._shelf("outbox"))
