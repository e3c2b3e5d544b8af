"""Applications, what is handed in with them, where learners stand, what came of trials; inside one unit of work."""

from collections.abc import Sequence
from typing import Protocol

from domain.identity.permission import Role
from domain.ids import ApplicationId, BookingId, DocumentId, UserId
from domain.onboarding.application import Application, Edition
from domain.onboarding.document import Document
from domain.onboarding.placement import Placement
from domain.onboarding.trial import Trial


class ApplicationRepository(Protocol):
    async def get(self, application_id: ApplicationId) -> Application:
        """Locked until the unit ends: of two decisions the second sees the first. Raises NotFound."""
        ...

    async def of(self, user_id: UserId, role: Role) -> Application | None:
        """Locked as well."""
        ...

    async def add(self, application: Application) -> None:
        """Raises Conflict when that person has one for that role; the unit is then only good for leaving."""
        ...

    async def save(self, application: Application) -> None:
        """Raises StaleWrite unless ``application.version - 1`` is what is stored."""
        ...

    async def keep(self, edition: Edition) -> None:
        """What was handed in is kept once; later on only what became of it changes."""
        ...


class DocumentRepository(Protocol):
    async def get(self, document_id: DocumentId) -> Document:
        """Removed ones too. Raises NotFound."""
        ...

    async def of(self, application_id: ApplicationId) -> Sequence[Document]:
        """Oldest first, without the removed ones."""
        ...

    async def add(self, document: Document) -> None: ...

    async def save(self, document: Document) -> None:
        """Raises NotFound."""
        ...

    async def delete(self, document_id: DocumentId) -> None: ...


class PlacementRepository(Protocol):
    async def find(self, learner_id: UserId) -> Placement | None: ...

    async def save(self, placement: Placement) -> None:
        """The newest holds."""
        ...


class TrialRepository(Protocol):
    async def find(self, booking_id: BookingId) -> Trial | None:
        """Locked until the unit ends."""
        ...

    async def save(self, trial: Trial) -> None:
        """The newest holds."""
        ...
