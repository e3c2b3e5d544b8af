"""Finding Qaris and their free times, for everybody; a Qari's own calendar is in ``availability``."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, FromQuery, QueryParameter

from adapters.http.api.availability import LearnerController, MyAvailabilityController
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, actor_of, viewer_of
from application.booking.learner_search import LearnerSearch
from application.scheduling.free_slots import FreeSlots, FreeSlotsFound, FreeSlotsQuery
from application.scheduling.search_qaris import SearchQaris
from domain.errors import Invalid
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.qari import BookingMode, Gender, LessonOffer, Riwayah
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import TimeSlot, require_utc
from ports.paging import MAX_LIMIT, Page
from ports.scheduling.queries import QariCard, QariFilters, QariOrder

# Bounds of an optional query value stand beside the union: inside it they are not looked at.
Words = Annotated[str, QueryParameter(max_length=100)]
Language = Annotated[str | None, QueryParameter(pattern="^[a-z]{2,3}$")]
Minutes = Annotated[int | None, QueryParameter(ge=1, le=1440)]
Minor = Annotated[int | None, QueryParameter(ge=0, le=10**12)]
Currency = Annotated[str | None, QueryParameter(pattern="^[A-Z]{3}$")]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
Zone = Annotated[str | None, QueryParameter(min_length=1, max_length=64)]
Cursor = Annotated[str | None, QueryParameter(max_length=1000)]


class QariOut(msgspec.Struct, kw_only=True):
    """``next_free`` is the first free slot of ``minutes``; None when there is none for a month and more."""

    id: UUID
    name: str
    gender: Gender
    teaches_genders: list[Gender]
    languages: list[str]
    riwayat: list[Riwayah]
    subjects: list[Subject]
    levels: list[ReadingLevel]
    bio: str
    country: str
    zone: str
    booking_mode: BookingMode
    request_holds_slot: bool
    offers: list[LessonOffer]
    minutes: int
    next_free: TimeSlot | None

    @classmethod
    def of(cls, found: FreeSlotsFound) -> "QariOut":
        qari = found.qari
        return cls(
            id=qari.user_id,
            name=qari.name,
            gender=qari.gender,
            teaches_genders=list(qari.teaches_genders),
            languages=list(qari.languages),
            riwayat=list(qari.riwayat),
            subjects=list(qari.subjects),
            levels=list(qari.levels),
            bio=qari.bio,
            country=qari.country,
            zone=qari.zone,
            booking_mode=qari.booking_mode,
            request_holds_slot=qari.request_holds_slot,
            offers=list(qari.offers),
            minutes=found.minutes,
            next_free=found.next_free,
        )


class SlotDayOut(msgspec.Struct, kw_only=True):
    """``date`` is that of the viewer's zone; the slots are instants in UTC."""

    date: date
    slots: list[TimeSlot]


class SlotsOut(msgspec.Struct, kw_only=True):
    """Only days with slots are listed. ``next_free`` may lie beyond the window."""

    qari_id: UUID
    minutes: int
    zone: str
    qari_zone: str
    days: list[SlotDayOut]
    next_free: TimeSlot | None


class QariController(Controller):
    path = "/api/v1/qaris"
    tags = ("qaris",)

    @get("/", needs=Permission.NOTHING, summary="Find Qaris")
    async def search(
        self,
        request: Req,
        search_qaris: NamedDependency[SearchQaris],
        learner_search: NamedDependency[LearnerSearch],
        text: Words = "",
        subject: FromQuery[Subject | None] = None,
        level: FromQuery[ReadingLevel | None] = None,
        language: Language = None,
        gender: FromQuery[Gender | None] = None,
        riwayah: FromQuery[Riwayah | None] = None,
        minutes: Minutes = None,
        max_price: Minor = None,
        currency: Currency = None,
        learner: FromQuery[Gender | None] = None,
        learner_id: FromQuery[UUID | None] = None,
        order: FromQuery[QariOrder] = QariOrder.NEXT_FREE,
        limit: Limit = 24,
        cursor: Cursor = None,
    ) -> Page[QariCard]:
        """All filters must hold. ``text`` is looked for in names and descriptions, however it is spelt. ``language`` is
        an ISO 639 code; ``max_price`` is in minor units of ``currency``; ``learner`` leaves only those who teach
        learners of that gender. ``learner_id`` (you, or a child of yours) leaves only those who can be booked for that
        learner. Who has not named subjects or levels teaches all of them. ``next_free`` looks two weeks ahead. There is
        no rating before there are reviews.
        """
        if (max_price is None) != (currency is None):
            raise Invalid("a price needs its currency, and a currency its price", field="currency")
        price = Money(max_price, currency) if max_price is not None and currency is not None else None
        seeker = await learner_search(actor_of(request), UserId(learner_id)) if learner_id is not None else None
        filters = QariFilters(
            text=text,
            subject=subject,
            level=level,
            needs=seeker.needs if seeker is not None else None,
            language=language,
            gender=gender,
            riwayah=riwayah,
            max_price=price,
            minutes=minutes,
            learner=learner,
            order=order,
            limit=limit,
        )
        return await search_qaris(filters, cursor)

    @get("/{qari_id:uuid}", needs=Permission.NOTHING, summary="One Qari")
    async def show(self, request: Req, qari_id: FromPath[UUID], free_slots: NamedDependency[FreeSlots]) -> QariOut:
        """404 for a Qari who cannot be booked."""
        found = await free_slots(FreeSlotsQuery(qari_id=UserId(qari_id), zone=viewer_of(request).zone))
        return QariOut.of(found)

    @get("/{qari_id:uuid}/slots", needs=Permission.NOTHING, summary="A Qari's free slots")
    async def slots(
        self,
        request: Req,
        qari_id: FromPath[UUID],
        free_slots: NamedDependency[FreeSlots],
        start: Annotated[datetime | None, QueryParameter(name="from", required=False)] = None,
        end: Annotated[datetime | None, QueryParameter(name="to", required=False)] = None,
        minutes: Minutes = None,
        zone: Zone = None,
    ) -> SlotsOut:
        """Slots that start from ``from`` (now) until before ``to`` (a week later, 62 days at most). ``minutes`` is the
        length of the lesson (the shortest one); ``zone`` (yours) only decides under which date a slot is listed.
        """
        query = FreeSlotsQuery(
            qari_id=UserId(qari_id),
            zone=zone or viewer_of(request).zone,
            start=None if start is None else require_utc(start, "from"),
            end=None if end is None else require_utc(end, "to"),
            minutes=minutes,
        )
        found = await free_slots(query)
        return SlotsOut(
            qari_id=found.qari.user_id,
            minutes=found.minutes,
            zone=found.zone,
            qari_zone=found.qari.zone,
            days=[SlotDayOut(date=day.date, slots=list(day.slots)) for day in found.days],
            next_free=found.next_free,
        )


CONTROLLERS_MAIN = (QariController, MyAvailabilityController, LearnerController)
CONTROLLERS_ADMIN = (QariController,)
