"""Attaching a document to one's application, taking it away, and reading it. (ONB-02)

The content is looked at and stored outside of any transaction; a file whose row was never written is taken away again.
"""

import hashlib

import msgspec

from application.onboarding.own_application import applying_role, of_actor
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import ApplicationId, DocumentId
from domain.onboarding.document import MOST, Document, plain_name, require_fitting
from domain.onboarding.errors import DocumentRefused
from domain.onboarding.policy import DocumentKind
from domain.oversight.audit import Act
from ports.clock import Clock, NewId
from ports.files import FileStore, NoSuchFile, Scanner, TypeSniffer
from ports.unit_of_work import NewUnit


class AttachCommand(msgspec.Struct, frozen=True, kw_only=True):
    kind: DocumentKind
    name: str
    content: bytes


class AttachDocument:
    """Raises NotPermitted, DocumentRefused, ApplicationLocked, GatewayUnavailable."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        new_id: NewId,
        files: FileStore,
        type_sniffer: TypeSniffer,
        scanner: Scanner,
    ) -> None:
        self._new_unit, self._clock, self._new_id = new_unit, clock, new_id
        self._files, self._sniffer, self._scanner = files, type_sniffer, scanner

    async def __call__(self, actor: Actor, command: AttachCommand) -> Document:
        applying_role(actor)
        media_type = require_fitting(command.content, self._sniffer.media_type(command.content))
        if await self._scanner.is_harmful(command.content):
            raise DocumentRefused("this file looks harmful and was not kept", field="file")
        async with self._new_unit() as unit:
            application = await of_actor(unit, actor, self._clock, self._new_id)
            application.opened()
            if len(await unit.documents.of(application.id)) >= MOST:
                raise DocumentRefused("attach at most {most} documents", field="file", most=MOST)
            await unit.commit()
        document = Document(
            id=DocumentId(self._new_id()),
            application_id=application.id,
            user_id=actor.user_id,
            kind=command.kind,
            name=plain_name(command.name),
            media_type=media_type,
            size=len(command.content),
            sha256=hashlib.sha256(command.content).digest(),
            edition=application.edition + 1,
            uploaded_at=self._clock.now(),
        )
        await self._files.put(document.key, command.content, media_type)
        try:
            await self._write_down(document)
        except BaseException:
            await self._files.delete(document.key)
            raise
        return document

    async def _write_down(self, document: Document) -> None:
        """Meanwhile it may have been handed in."""
        async with self._new_unit() as unit:
            application = (await unit.applications.get(document.application_id)).opened(updated_at=document.uploaded_at)
            if len(await unit.documents.of(application.id)) >= MOST:
                raise DocumentRefused("attach at most {most} documents", field="file", most=MOST)
            await unit.applications.save(application)
            await unit.documents.add(document)
            await unit.commit()


class RemoveDocument:
    """What was handed in once stays with that edition; anything else is gone for good.

    Raises NotPermitted, NotFound, ApplicationLocked.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, files: FileStore) -> None:
        self._new_unit, self._clock, self._files = new_unit, clock, files

    async def __call__(self, actor: Actor, document_id: DocumentId) -> None:
        applying_role(actor)
        now = self._clock.now()
        async with self._new_unit() as unit:
            document = await unit.documents.get(document_id)
            if document.user_id != actor.user_id or document.removed_at is not None:
                raise NotFound("there is no such document")
            application = (await unit.applications.get(document.application_id)).opened(updated_at=now)
            await unit.applications.save(application)
            kept = document.edition <= application.edition
            if kept:
                await unit.documents.save(document.remove(at=now))
            else:
                await unit.documents.delete(document.id)
            await unit.commit()
        if not kept:
            await self._files.delete(document.key)


class ReadOwnDocument:
    """Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, files: FileStore) -> None:
        self._new_unit, self._files = new_unit, files

    async def __call__(self, actor: Actor, document_id: DocumentId) -> tuple[Document, bytes]:
        applying_role(actor)
        async with self._new_unit() as unit:
            document = await unit.documents.get(document_id)
        if document.user_id != actor.user_id or document.removed_at is not None:
            raise NotFound("there is no such document")
        return document, await content_of(self._files, document)


class ReadDocument:
    """For those who decide; that they looked is written down first. Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit, files: FileStore) -> None:
        self._new_unit, self._files = new_unit, files

    async def __call__(
        self, actor: Actor, application_id: ApplicationId, document_id: DocumentId
    ) -> tuple[Document, bytes]:
        actor.require(Permission.SEE_DOCUMENTS)
        async with self._new_unit() as unit:
            document = await unit.documents.get(document_id)
            if document.application_id != application_id:
                raise NotFound("there is no such document")
            unit.note(
                Act(
                    actor=actor,
                    action="onboarding.read_document",
                    subject=("application", str(application_id)),
                    after={"document_id": str(document_id), "kind": document.kind.value},
                )
            )
            await unit.commit()
        return document, await content_of(self._files, document)


async def content_of(files: FileStore, document: Document) -> bytes:
    """Raises NotFound when it has gone, or is not what was uploaded."""
    try:
        content = await files.get(document.key)
    except NoSuchFile as error:
        raise NotFound("this document's content has gone") from error
    if hashlib.sha256(content).digest() != document.sha256:
        raise NotFound("this document's content has gone")
    return content
