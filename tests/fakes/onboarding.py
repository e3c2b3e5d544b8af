"""Applications, documents, placements and trials in memory; a file store, a scanner; builders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.errors import Conflict, NotFound, StaleWrite
from domain.identity.permission import Role
from domain.ids import ApplicationId, BookingId, DocumentId, UserId
from domain.onboarding.application import Application, Edition
from domain.onboarding.document import Document
from domain.onboarding.forms import Form, Goal, LearnerForm, QariForm, Qualification, ReadingLevel
from domain.onboarding.placement import Placement
from domain.onboarding.trial import Trial
from domain.scheduling.qari import Gender, Riwayah
from fakes.clock import NOON
from fakes.scheduling import weekly
from ports.files import NoSuchFile

APPLICANT: Final = UserId(UUID("01980000-0000-7000-8000-00000000dddd"))
PDF: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def a_learner_form(**given: Any) -> LearnerForm:
    fields: dict[str, Any] = {
        "name": "Maryam Khan",
        "birth_date": date(2000, 5, 17),
        "gender": Gender.FEMALE,
        "level": ReadingLevel.SLOWLY,
        "goals": (Goal.TAJWID, Goal.MEMORIZE),
        "memorized_juz": (30,),
        "memorized_surahs": (36, 67),
        "language": "ur",
        "zone": "Europe/London",
        "qari_gender": Gender.FEMALE,
    }
    return LearnerForm(**(fields | given))


def a_qari_form(**given: Any) -> QariForm:
    fields: dict[str, Any] = {
        "name": "Yusuf Rahman",
        "birth_date": date(1985, 2, 3),
        "gender": Gender.MALE,
        "country": "PK",
        "zone": "Asia/Karachi",
        "languages": ("ur", "en"),
        "riwayat": (Riwayah.HAFS, Riwayah.WARSH),
        "qualifications": (Qualification(title="Ijazah in Hafs", by="Jamia Ashrafia", year=2009),),
        "years_taught": 12,
        "bio": "Teaches tajwid with patience.",
        "rules": tuple(weekly(("09:00", "12:30"), ("22:00", "01:00"), days=(0, 2, 4))),
    }
    return QariForm(**(fields | given))


def an_application(role: Role = Role.STUDENT, form: Form | None = None, **given: Any) -> Application:
    fields: dict[str, Any] = {
        "id": ApplicationId(UUID("01980000-0000-7000-8000-0000000a0001")),
        "user_id": APPLICANT,
        "role": role,
        "form": form or (a_qari_form() if role is Role.QARI else a_learner_form()),
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Application(**(fields | given))


class MemoryApplications:
    def __init__(self, shelf: dict[Any, Any], editions: dict[Any, Any]) -> None:
        self._shelf, self._editions = shelf, editions

    async def get(self, application_id: ApplicationId) -> Application:
        found: Application | None = self._shelf.get(application_id)
        if found is None:
            raise NotFound("there is no such application")
        return found

    async def of(self, user_id: UserId, role: Role) -> Application | None:
        return next((one for one in self._shelf.values() if (one.user_id, one.role) == (user_id, role)), None)

    async def add(self, application: Application) -> None:
        if await self.of(application.user_id, application.role) is not None:
            raise Conflict("there is an application for this role already")
        self._shelf[application.id] = application

    async def save(self, application: Application) -> None:
        stored = self._shelf.get(application.id)
        if stored is None or stored.version != application.version - 1:
            raise StaleWrite("this application has changed in between")
        self._shelf[application.id] = application

    async def keep(self, edition: Edition) -> None:
        key = (edition.application_id, edition.edition)
        if (known := self._editions.get(key)) is not None:
            edition = msgspec.structs.replace(
                known,
                outcome=edition.outcome,
                decided_at=edition.decided_at,
                decided_by=edition.decided_by,
                reason=edition.reason,
            )
        self._editions[key] = edition


class MemoryDocuments:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._shelf = shelf

    async def get(self, document_id: DocumentId) -> Document:
        found: Document | None = self._shelf.get(document_id)
        if found is None:
            raise NotFound("there is no such document")
        return found

    async def of(self, application_id: ApplicationId) -> Sequence[Document]:
        found = [one for one in self._shelf.values() if one.application_id == application_id]
        return sorted(
            (one for one in found if one.removed_at is None), key=lambda document: (document.uploaded_at, document.id)
        )

    async def add(self, document: Document) -> None:
        self._shelf[document.id] = document

    async def save(self, document: Document) -> None:
        await self.get(document.id)
        self._shelf[document.id] = document

    async def delete(self, document_id: DocumentId) -> None:
        self._shelf.pop(document_id, None)


class MemoryPlacements:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._shelf = shelf

    async def find(self, learner_id: UserId) -> Placement | None:
        return self._shelf.get(learner_id)

    async def save(self, placement: Placement) -> None:
        self._shelf[placement.learner_id] = placement


class MemoryTrials:
    def __init__(self, shelf: dict[Any, Any]) -> None:
        self._shelf = shelf

    async def find(self, booking_id: BookingId) -> Trial | None:
        return self._shelf.get(booking_id)

    async def save(self, trial: Trial) -> None:
        self._shelf[trial.booking_id] = trial


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    if part == "applications":
        return MemoryApplications(shelf("applications"), shelf("application_editions"))
    fakes = {"documents": MemoryDocuments, "placements": MemoryPlacements, "trials": MemoryTrials}
    return fakes[part](shelf(part))


@dataclass
class MemoryFiles:
    files: dict[str, bytes] = field(default_factory=dict)

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        self.files[key] = content

    async def get(self, key: str) -> bytes:
        if key not in self.files:
            raise NoSuchFile(key)
        return self.files[key]

    async def delete(self, key: str) -> None:
        self.files.pop(key, None)


class HeadSniffer:
    """Knows the beginnings of two kinds."""

    def media_type(self, content: bytes) -> str | None:
        heads = {b"%PDF-": "application/pdf", b"\x89PNG\r\n": "image/png", b"GIF8": "image/gif"}
        return next((kind for head, kind in heads.items() if content.startswith(head)), None)


class WordScanner:
    """Finds harm where it says so."""

    async def is_harmful(self, content: bytes) -> bool:
        return b"EICAR" in content


class PlainCipher:
    """Turns text around; enough to see whether anybody sealed it."""

    def seal(self, text: str) -> bytes:
        return b"sealed:" + text[::-1].encode()

    def open(self, sealed: bytes) -> str:
        return sealed.removeprefix(b"sealed:").decode()[::-1]

    def reseal(self, sealed: bytes) -> bytes:
        return sealed
