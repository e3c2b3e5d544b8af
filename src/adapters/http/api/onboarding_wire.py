"""The wire structs of applications and placement."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import FormMultiDict, UploadFile

from adapters.http.api.availability import RuleBody
from application.onboarding.documents import AttachCommand
from application.onboarding.own_application import OwnApplication
from domain.identity.permission import Role
from domain.onboarding.application import Application
from domain.onboarding.document import Document
from domain.onboarding.forms import Form, Goal, LearnerForm, QariForm, Qualification, ReadingLevel
from domain.onboarding.placement import Placement, Portion
from domain.onboarding.policy import DocumentKind
from domain.scheduling.calendar import WeeklyRule
from domain.scheduling.qari import Gender, Riwayah
from domain.scheduling.subject import Subject

Line = Annotated[str, msgspec.Meta(max_length=120)]


class LearnerFormIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Every field may be missing in a draft. Languages are ISO 639 codes, ``zone`` is an IANA name."""

    name: Line = ""
    birth_date: date | None = None
    gender: Gender | None = None
    level: ReadingLevel | None = None
    goals: list[Goal] = []
    memorized_juz: Annotated[list[int], msgspec.Meta(max_length=30)] = []
    memorized_surahs: Annotated[list[int], msgspec.Meta(max_length=114)] = []
    language: Annotated[str, msgspec.Meta(max_length=3)] = ""
    zone: Line = ""
    qari_gender: Gender | None = None
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""

    def form(self) -> LearnerForm:
        return LearnerForm(
            name=self.name,
            birth_date=self.birth_date,
            gender=self.gender,
            level=self.level,
            goals=tuple(dict.fromkeys(self.goals)),
            memorized_juz=tuple(self.memorized_juz),
            memorized_surahs=tuple(self.memorized_surahs),
            language=self.language,
            zone=self.zone,
            qari_gender=self.qari_gender,
            note=self.note,
        )


class QualificationBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``year`` 0 where it is not told."""

    title: Line
    by: Line = ""
    year: int = 0


class QariFormIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Every field may be missing in a draft. ``rules`` are wall times in ``zone``. An empty ``national_id`` leaves the
    one that is kept; it is answered by its last four signs alone. No ``subjects``, no ``levels``: all of them.
    """

    name: Line = ""
    birth_date: date | None = None
    gender: Gender | None = None
    country: Annotated[str, msgspec.Meta(max_length=2)] = ""
    zone: Line = ""
    languages: Annotated[list[str], msgspec.Meta(max_length=20)] = []
    riwayat: Annotated[list[Riwayah], msgspec.Meta(max_length=20)] = []
    subjects: Annotated[list[Subject], msgspec.Meta(max_length=5)] = []
    levels: Annotated[list[ReadingLevel], msgspec.Meta(max_length=5)] = []
    teaches_genders: Annotated[tuple[Gender, ...], msgspec.Meta(min_length=1)] = (Gender.MALE, Gender.FEMALE)
    qualifications: Annotated[list[QualificationBody], msgspec.Meta(max_length=20)] = []
    years_taught: int | None = None
    bio: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    rules: Annotated[list[RuleBody], msgspec.Meta(max_length=336)] = []
    id_country: Annotated[str, msgspec.Meta(max_length=2)] = ""
    national_id: Annotated[str, msgspec.Meta(max_length=40)] = ""

    def form(self) -> QariForm:
        return QariForm(
            name=self.name,
            birth_date=self.birth_date,
            gender=self.gender,
            country=self.country,
            zone=self.zone,
            languages=tuple(dict.fromkeys(self.languages)),
            riwayat=tuple(dict.fromkeys(self.riwayat)),
            subjects=tuple(dict.fromkeys(self.subjects)),
            levels=tuple(dict.fromkeys(self.levels)),
            teaches_genders=frozenset(self.teaches_genders),
            qualifications=tuple(
                Qualification(title=one.title, by=one.by, year=one.year) for one in self.qualifications
            ),
            years_taught=self.years_taught,
            bio=self.bio,
            rules=tuple(WeeklyRule(rule.weekday, rule.hours.range()) for rule in self.rules),
        )


class NationalIdOut(msgspec.Struct):
    """``last4`` is all that is told of it."""

    country: str
    last4: str


class DocumentOut(msgspec.Struct, kw_only=True):
    id: UUID
    kind: DocumentKind
    name: str
    media_type: str
    size: int
    uploaded_at: datetime

    @classmethod
    def of(cls, document: Document) -> "DocumentOut":
        return cls(
            id=document.id,
            kind=document.kind,
            name=document.name,
            media_type=document.media_type,
            size=document.size,
            uploaded_at=document.uploaded_at,
        )


class ApplicationOut(msgspec.Struct, kw_only=True):
    """``learner`` or ``qari`` is the form, by the role. ``missing``: what has to be there before it can be handed in;
    ``reason``: why it was rejected. ``edition`` counts what was handed in.
    """

    id: UUID
    role: Role
    status: str
    edition: int
    editable: bool
    reviewed: bool
    missing: list[str]
    reason: str
    submitted_at: datetime | None
    decided_at: datetime | None
    learner: LearnerForm | None
    qari: QariForm | None
    national_id: NationalIdOut | None
    documents: list[DocumentOut]

    @classmethod
    def of(cls, own: OwnApplication) -> "ApplicationOut":
        application = own.application
        return cls(
            id=application.id,
            role=application.role,
            status=application.status.value,
            edition=application.edition,
            editable=application.editable,
            reviewed=own.reviewed,
            missing=list(own.missing),
            reason=application.reason,
            submitted_at=application.submitted_at,
            decided_at=application.decided_at,
            learner=learner_of(application.form),
            qari=qari_of(application.form),
            national_id=id_of(application),
            documents=[DocumentOut.of(document) for document in own.documents],
        )


def learner_of(form: Form) -> LearnerForm | None:
    return form if isinstance(form, LearnerForm) else None


def qari_of(form: Form) -> QariForm | None:
    return form if isinstance(form, QariForm) else None


def id_of(application: Application) -> NationalIdOut | None:
    known = application.national_id
    return NationalIdOut(known.country, known.tail) if known is not None else None


class RoleIn(msgspec.Struct, forbid_unknown_fields=True):
    role: Literal["student", "guardian", "qari"]


class RolesOut(msgspec.Struct):
    roles: list[Role]


class PlacementOut(msgspec.Struct, kw_only=True):
    """``hifz``: where the record of what is known by heart begins; ``match``: what a Qari has to be. (ONB-07)"""

    level: ReadingLevel
    heard: bool
    goals: list[Goal]
    hifz: list[Portion]
    qari_gender: Gender | None
    language: str
    zone: str
    placed_at: datetime

    @classmethod
    def of(cls, placement: Placement) -> "PlacementOut":
        return cls(
            level=placement.level,
            heard=placement.heard_by is not None,
            goals=list(placement.goals),
            hifz=list(placement.memorized),
            qari_gender=placement.match.qari_gender,
            language=placement.match.language,
            zone=placement.match.zone,
            placed_at=placement.placed_at,
        )


def attachment(document: Document, content: bytes) -> Response[bytes]:
    """A stranger's file is handed over, never shown inside a page of ours."""
    name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "_" for sign in document.name)
    return Response(
        content,
        media_type=document.media_type,
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "content-security-policy": "sandbox; default-src 'none'",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        },
    )


async def attachment_in(form: FormMultiDict) -> AttachCommand:
    """A missing file is an empty one, and refused as such."""
    file, kind = form.get("file"), form.get("kind")
    chosen = next((one for one in DocumentKind if one.value == kind), DocumentKind.OTHER)
    if not isinstance(file, UploadFile):
        return AttachCommand(kind=chosen, name="", content=b"")
    return AttachCommand(kind=chosen, name=file.filename, content=await file.read())
