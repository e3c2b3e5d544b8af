"""Lessons as lists and pages show them, on the wire."""

from datetime import datetime
from typing import Self
from uuid import UUID

import msgspec

from application.booking.see_lessons import LessonDetail
from domain.booking.booking import Kind, Status
from domain.booking.proposal import Proposal, ProposalStatus
from domain.booking.series import Scope
from domain.identity.actor import Party
from domain.money import Money
from domain.time import TimeSlot
from ports.booking.queries import LessonView, ProposalView
from ports.paging import Page


class ProposalOut(msgspec.Struct, kw_only=True):
    id: UUID
    booking_id: UUID
    by: Party
    starts_at: datetime
    ends_at: datetime
    scope: Scope
    answer_by: datetime
    status: ProposalStatus = ProposalStatus.OPEN

    @classmethod
    def of(cls, proposal: Proposal | ProposalView) -> Self:
        if isinstance(proposal, Proposal):
            slot, status = proposal.slot, proposal.status
        else:
            slot, status = TimeSlot(proposal.starts_at, proposal.ends_at), ProposalStatus.OPEN
        return cls(
            id=proposal.id,
            booking_id=proposal.booking_id,
            by=proposal.by,
            starts_at=slot.start,
            ends_at=slot.end,
            scope=proposal.scope,
            answer_by=proposal.answer_by,
            status=status,
        )


class SideOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    zone: str


class LessonOut(msgspec.Struct, kw_only=True):
    """``reason``: why it was cancelled or declined. ``moves``: how often it was moved for free."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    status: Status
    kind: Kind
    price: Money
    learner: SideOut
    qari: SideOut
    hold_expires_at: datetime | None
    series_id: UUID | None
    series_index: int | None
    payment_id: UUID | None
    moves: int
    note: str
    reason: str
    created_at: datetime

    @classmethod
    def of(cls, view: LessonView) -> Self:
        return cls(
            id=view.id,
            starts_at=view.starts_at,
            ends_at=view.ends_at,
            status=view.status,
            kind=view.kind,
            price=view.price,
            learner=SideOut(id=view.learner.id, name=view.learner.name, zone=view.learner.zone),
            qari=SideOut(id=view.qari.id, name=view.qari.name, zone=view.qari.zone),
            hold_expires_at=view.hold_expires_at,
            series_id=view.series_id,
            series_index=view.series_index,
            payment_id=view.payment_id,
            moves=view.moves,
            note=view.note,
            reason=view.reason,
            created_at=view.created_at,
        )


class LessonsOut(msgspec.Struct, kw_only=True):
    items: list[LessonOut]
    next_cursor: str | None = None

    @classmethod
    def of(cls, page: Page[LessonView]) -> Self:
        return cls(items=[LessonOut.of(view) for view in page.items], next_cursor=page.next_cursor)


class LessonDetailOut(msgspec.Struct, kw_only=True):
    """``party``: in what capacity you look at it. ``series``: the lessons that belong together, this one too."""

    lesson: LessonOut
    party: Party
    proposal: ProposalOut | None
    series: list[LessonOut]

    @classmethod
    def of(cls, detail: LessonDetail) -> Self:
        return cls(
            lesson=LessonOut.of(detail.lesson),
            party=detail.party,
            proposal=ProposalOut.of(detail.proposal) if detail.proposal is not None else None,
            series=[LessonOut.of(view) for view in detail.series],
        )


class DutiesOut(msgspec.Struct, kw_only=True):
    """``requests`` wait for an answer; of ``outcomes`` nobody has said yet how they ended."""

    requests: list[LessonOut]
    outcomes: list[LessonOut]
