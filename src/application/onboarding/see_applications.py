"""The queue of applications, and one of them, for those who may look. Opening a secret is written down. (ADM-03)"""

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import ApplicationId
from domain.onboarding.application import Application, Edition
from domain.onboarding.document import Document
from domain.oversight.audit import Act
from ports.cipher import Cipher
from ports.onboarding.queries import OnboardingQueries, QueueFilter, QueueItem
from ports.paging import Page
from ports.unit_of_work import NewUnit


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """``editions``: what was handed in, newest first, the one at hand included."""

    item: QueueItem
    application: Application
    documents: tuple[Document, ...]
    editions: tuple[Edition, ...]


class ListApplications:
    """Raises NotPermitted, BadCursor."""

    def __init__(self, queries: OnboardingQueries) -> None:
        self._queries = queries

    async def __call__(
        self, actor: Actor, wanted: QueueFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[QueueItem]:
        actor.require(Permission.SEE_APPLICATIONS)
        return await self._queries.queue(wanted, cursor=cursor, limit=limit)


class SeeApplication:
    """Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, queries: OnboardingQueries) -> None:
        self._new_unit, self._queries = new_unit, queries

    async def __call__(self, actor: Actor, application_id: ApplicationId) -> ApplicationView:
        actor.require(Permission.SEE_APPLICATIONS)
        item = await self._queries.item(application_id)
        if item is None:
            raise NotFound("there is no such application")
        editions = await self._queries.editions(application_id)
        async with self._new_unit() as unit:
            application = await unit.applications.get(application_id)
            documents = tuple(await unit.documents.of(application_id))
        return ApplicationView(item=item, application=application, documents=documents, editions=tuple(editions))


class RevealNationalId:
    """The number in full, for whoever compares it with the card; that he looked is written down first. (ONB-03)

    Raises NotPermitted, NotFound, CannotOpen.
    """

    def __init__(self, new_unit: NewUnit, cipher: Cipher) -> None:
        self._new_unit, self._cipher = new_unit, cipher

    async def __call__(self, actor: Actor, application_id: ApplicationId) -> str:
        actor.require(Permission.SEE_DOCUMENTS)
        async with self._new_unit() as unit:
            application = await unit.applications.get(application_id)
            if application.national_id is None:
                raise NotFound("no national id was given")
            unit.note(Act(actor=actor, action="onboarding.reveal_id", subject=("application", str(application_id))))
            await unit.commit()
        return self._cipher.open(application.national_id.sealed)
