"""Consents for everybody; clearances of Qaris for the office."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.requests import Req, viewer_of
from application.onboarding.clearances import (
    ClearanceBoard,
    ClearanceFacts,
    RecordClearance,
    SeeClearances,
    SeeQariClearances,
    WithdrawClearance,
)
from application.onboarding.consents import AcceptConsent, AcceptConsentCommand, SeeConsents
from domain.identity.permission import Permission
from domain.ids import ClearanceId, UserId
from domain.onboarding.clearance import Clearance, ClearanceKind
from domain.onboarding.consent import Asked, ConsentKind

Reference = Annotated[str, msgspec.Meta(max_length=200)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class AcceptIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``version`` is the one that was read; ``child_id`` goes with the guardian's consent."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    child_id: UUID | None = None


class ConsentOut(msgspec.Struct, kw_only=True):
    kind: ConsentKind
    version: int
    title: str
    body: str
    child_id: UUID | None
    accepted: bool

    @classmethod
    def of(cls, asked: Asked, locale: str, *, accepted: bool) -> Self:
        title, body = asked.document.text.told_in(locale)
        return cls(
            kind=asked.document.kind,
            version=asked.document.version,
            title=title,
            body=body,
            child_id=asked.child_id,
            accepted=accepted,
        )


class ConsentsOut(msgspec.Struct, kw_only=True):
    items: list[ConsentOut]


class AcceptedOut(msgspec.Struct, kw_only=True):
    kind: ConsentKind
    version: int
    child_id: UUID | None
    at: datetime


class ConsentController(Controller):
    path = "/api/v1/consents"
    tags = ("consents",)

    @get("/", needs=Permission.SEE_OWN_BOOKINGS, summary="What I am asked to accept")
    async def mine(self, request: Req, see_consents: NamedDependency[SeeConsents]) -> ConsentsOut:
        """The texts in force; those that wait come first."""
        seen, locale = await see_consents(request.user), viewer_of(request).locale
        waiting = [ConsentOut.of(asked, locale, accepted=False) for asked in seen.waiting]
        return ConsentsOut(items=waiting + [ConsentOut.of(asked, locale, accepted=True) for asked in seen.given])

    @post("/{kind:str}", needs=Permission.SEE_OWN_BOOKINGS, status_code=200, summary="Accept")
    async def accept(
        self,
        request: Req,
        kind: FromPath[ConsentKind],
        data: JSONBody[AcceptIn],
        accept_consent: NamedDependency[AcceptConsent],
    ) -> AcceptedOut:
        """A version that is no longer in force answers 409 with ``version``."""
        child_id = UserId(data.child_id) if data.child_id is not None else None
        command = AcceptConsentCommand(kind=kind, version=data.version, child_id=child_id)
        said = await accept_consent(request.user, command)
        return AcceptedOut(kind=said.kind, version=said.version, child_id=said.child_id, at=said.at)


class ClearanceIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``expires_on`` is the last day on which it holds. ``reference``: where the paper is, not what it says."""

    kind: ClearanceKind
    issued_on: date
    expires_on: date | None = None
    reference: Reference = ""


class WithdrawIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Reason


class ClearanceOut(msgspec.Struct, kw_only=True):
    id: UUID
    kind: ClearanceKind
    issued_on: date
    expires_on: date | None
    reference: str
    recorded_at: datetime
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, clearance: Clearance) -> Self:
        return cls(
            id=clearance.id,
            kind=clearance.kind,
            issued_on=clearance.issued_on,
            expires_on=clearance.expires_on,
            reference=clearance.reference,
            recorded_at=clearance.recorded_at,
            withdrawn_at=clearance.withdrawn_at,
        )


class ClearancesOut(msgspec.Struct, kw_only=True):
    name: str
    items: list[ClearanceOut]


class ClearedOut(msgspec.Struct, kw_only=True):
    qari_id: UUID
    name: str
    valid: list[ClearanceKind]
    until: date | None


class FlaggedOut(msgspec.Struct, kw_only=True):
    booking_id: UUID
    starts_at: datetime
    qari_id: UUID
    qari_name: str
    learner_id: UUID
    learner_name: str


class BoardOut(msgspec.Struct, kw_only=True):
    """``flagged``: lessons ahead with minors whose Qari will lack what is required on that day."""

    required: list[ClearanceKind]
    qaris: list[ClearedOut]
    flagged: list[FlaggedOut]

    @classmethod
    def of(cls, board: ClearanceBoard) -> Self:
        return cls(
            required=list(board.required),
            qaris=[
                ClearedOut(qari_id=one.qari_id, name=one.name, valid=list(one.valid), until=one.until)
                for one in board.qaris
            ],
            flagged=[
                FlaggedOut(
                    booking_id=one.booking_id,
                    starts_at=one.starts_at,
                    qari_id=one.qari_id,
                    qari_name=one.qari_name,
                    learner_id=one.learner_id,
                    learner_name=one.learner_name,
                )
                for one in board.flagged
            ],
        )


class ClearanceController(Controller):
    path = "/api/v1/staff/clearances"
    tags = ("clearances",)

    @get("/", needs=Permission.SEE_PEOPLE, summary="All Qaris' clearances, and flagged lessons")
    async def board(self, request: Req, see_clearances: NamedDependency[SeeClearances]) -> BoardOut:
        return BoardOut.of(await see_clearances(request.user))

    @get("/{qari_id:uuid}", needs=Permission.SEE_PEOPLE, summary="One Qari's clearances")
    async def of_qari(
        self, request: Req, qari_id: FromPath[UUID], see_qari_clearances: NamedDependency[SeeQariClearances]
    ) -> ClearancesOut:
        found = await see_qari_clearances(request.user, UserId(qari_id))
        return ClearancesOut(name=found.name, items=[ClearanceOut.of(one) for one in found.clearances])

    @post("/{qari_id:uuid}", needs=Permission.MANAGE_CLEARANCE, summary="Record a clearance")
    async def record(
        self,
        request: Req,
        qari_id: FromPath[UUID],
        data: JSONBody[ClearanceIn],
        record_clearance: NamedDependency[RecordClearance],
    ) -> ClearanceOut:
        facts = ClearanceFacts(
            kind=data.kind, issued_on=data.issued_on, expires_on=data.expires_on, reference=data.reference
        )
        return ClearanceOut.of(await record_clearance(request.user, UserId(qari_id), facts))

    @post("/{clearance_id:uuid}/withdraw", needs=Permission.MANAGE_CLEARANCE, status_code=200, summary="Withdraw")
    async def withdraw(
        self,
        request: Req,
        clearance_id: FromPath[UUID],
        data: JSONBody[WithdrawIn],
        withdraw_clearance: NamedDependency[WithdrawClearance],
    ) -> ClearanceOut:
        return ClearanceOut.of(await withdraw_clearance(request.user, ClearanceId(clearance_id), data.reason))


CONTROLLERS_MAIN = (ConsentController,)
CONTROLLERS_ADMIN = (ClearanceController,)
