"""Looking at lessons: everybody at his own, staff at all."""

from collections.abc import Sequence

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor, Party
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.ids import BookingId, UserId
from domain.time import TimeSlot
from ports.booking.queries import BookingFilter, BookingQueries, LessonView, ProposalView, Tense
from ports.clock import Clock
from ports.identity.guardians import GuardianQueries
from ports.paging import Page


class ListMyLessons:
    """What the actor learns, and what those learn whose lessons he may see as their guardian; ``learner_id`` keeps to
    one of them. Raises NotPermitted, NotFound for anybody else's child, BadCursor.
    """

    def __init__(self, booking_queries: BookingQueries, clock: Clock, guardian_queries: GuardianQueries) -> None:
        self._queries, self._clock, self._guardians = booking_queries, clock, guardian_queries

    async def __call__(
        self,
        actor: Actor,
        tense: Tense,
        *,
        learner_id: UserId | None = None,
        cursor: str | None = None,
        limit: int = 20,
    ) -> Page[LessonView]:
        actor.require(Permission.SEE_OWN_BOOKINGS)
        learners = [actor.user_id, *await _children(self._guardians, actor)] if actor.learns else []
        if learner_id is not None:
            if learner_id not in learners:
                raise NotFound("there is no such child")
            learners = [learner_id]
        return await self._queries.lessons_of(learners, tense, now=self._clock.now(), cursor=cursor, limit=limit)


class LessonDetail(msgspec.Struct, frozen=True, kw_only=True):
    """``party``: in what capacity the reader looks at it. ``series``: its sisters, itself included."""

    lesson: LessonView
    party: Party
    proposal: ProposalView | None
    series: Sequence[LessonView]


class SeeLesson:
    """For its two sides, the learner's guardians and staff. A stranger is told what he would be told of a lesson that
    does not exist: NotFound.
    """

    def __init__(self, booking_queries: BookingQueries, guardian_queries: GuardianQueries) -> None:
        self._queries, self._guardians = booking_queries, guardian_queries

    async def __call__(self, actor: Actor, booking_id: BookingId) -> LessonDetail:
        actor.require(Permission.SEE_BOOKINGS if actor.is_staff else Permission.SEE_OWN_BOOKINGS)
        found = await self._queries.lesson_and_proposal(booking_id)
        if found is None:
            raise NotFound("there is no such lesson")
        lesson, proposal = found
        sides = (lesson.qari.id, lesson.learner.id)
        children: Sequence[UserId] = ()
        if not actor.is_staff and actor.user_id not in sides:
            children = await _children(self._guardians, actor)
        return LessonDetail(
            lesson=lesson,
            party=party_seeing(lesson, actor, children),
            proposal=proposal,
            series=await self._queries.of_series(lesson.series_id) if lesson.series_id is not None else (),
        )


def party_seeing(lesson: LessonView, actor: Actor, children: Sequence[UserId] = ()) -> Party:
    """``children``: whose lessons the actor may see as a guardian. Raises NotFound for strangers, and for those who
    act in another role now.
    """
    if actor.is_staff:
        return Party.STAFF
    if actor.user_id == lesson.qari.id and actor.teaches:
        return Party.QARI
    if actor.learns and (actor.user_id == lesson.learner.id or lesson.learner.id in children):
        return Party.LEARNER
    raise NotFound("there is no such lesson")


async def _children(guardians: GuardianQueries, actor: Actor) -> Sequence[UserId]:
    """Those whose lessons the actor may see, as long as he acts as their guardian. (ID-19)"""
    return await guardians.children_seen_by(actor.user_id, Right.SEE) if actor.may(Permission.MANAGE_CHILDREN) else ()


class SeeAgenda:
    """What the Qari teaches in a window. Raises NotPermitted."""

    def __init__(self, booking_queries: BookingQueries) -> None:
        self._queries = booking_queries

    async def __call__(self, actor: Actor, window: TimeSlot) -> Sequence[LessonView]:
        actor.require(Permission.TEACH)
        return await self._queries.agenda(actor.user_id, window)


class Duties(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for the Qari: requests to answer, lessons that have ended without an outcome."""

    requests: Sequence[LessonView]
    outcomes: Sequence[LessonView]


class SeeDuties:
    """Raises NotPermitted."""

    def __init__(self, booking_queries: BookingQueries, clock: Clock) -> None:
        self._queries, self._clock = booking_queries, clock

    async def __call__(self, actor: Actor) -> Duties:
        actor.require(Permission.TEACH)
        now = self._clock.now()
        return Duties(
            requests=await self._queries.requests_to(actor.user_id),
            outcomes=await self._queries.outcome_missing(actor.user_id, now=now),
        )


class SearchBookings:
    """For staff. Raises NotPermitted, BadCursor."""

    def __init__(self, booking_queries: BookingQueries, clock: Clock) -> None:
        self._queries, self._clock = booking_queries, clock

    async def __call__(
        self, actor: Actor, wanted: BookingFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[LessonView]:
        actor.require(Permission.SEE_BOOKINGS)
        return await self._queries.search(wanted, now=self._clock.now(), cursor=cursor, limit=limit)
