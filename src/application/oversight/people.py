"""People as the office looks them up: a search over all of them, and one of them with what belongs to him. (ADM-02)"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission, Role
from domain.identity.user import AccountStatus, Onboarding, User
from domain.ids import ApplicationId, UserId
from ports.billing.queries import PaymentQueries, PaymentView
from ports.booking.queries import BookingFilter, BookingQueries, LessonView, Tense
from ports.clock import Clock
from ports.identity.guardians import GuardianQueries, GuardianView, WardView
from ports.identity.queries import DeviceQueries, DeviceView, PeopleQueries, PersonView
from ports.paging import Page
from ports.unit_of_work import NewUnit


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """``onboarding`` names the roles that need an application. Who has no ``email`` cannot sign in: a child."""

    user_id: UserId
    name: str
    email: str | None
    email_verified: bool
    phone: str | None
    zone: str
    locale: str
    birth_date: date | None
    roles: tuple[Role, ...]
    status: AccountStatus
    onboarding: Mapping[Role, Onboarding]
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "Person":
        return cls(
            user_id=user.id,
            name=user.name,
            email=user.email,
            email_verified=user.email_verified_at is not None,
            phone=user.phone,
            zone=user.zone,
            locale=user.locale,
            birth_date=user.birth_date,
            roles=tuple(sorted(user.roles)),
            status=user.status,
            onboarding=user.onboarding,
            created_at=user.created_at,
        )


class PersonLessons(msgspec.Struct, frozen=True, kw_only=True):
    """``learns``: what he learns in or pays for; ``teaches``: latest first."""

    upcoming: Page[LessonView]
    past: Page[LessonView]
    teaches: Page[LessonView]


class SearchPeople:
    """By part of a name or an address; newest first. Raises NotPermitted, BadCursor."""

    def __init__(self, people: PeopleQueries) -> None:
        self._people = people

    async def __call__(
        self,
        actor: Actor,
        text: str = "",
        *,
        role: Role | None = None,
        status: AccountStatus | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[PersonView]:
        actor.require(Permission.SEE_PEOPLE)
        return await self._people.search(text, role=role, status=status, cursor=cursor, limit=limit)


class SeePerson:
    """Raises NotPermitted, NotFound."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, user_id: UserId) -> Person:
        actor.require(Permission.SEE_PEOPLE)
        async with self._new_unit() as unit:
            return Person.of(await unit.users.get(user_id))


class SeePersonLessons:
    """Raises NotPermitted, BadCursor."""

    def __init__(self, booking_queries: BookingQueries, clock: Clock) -> None:
        self._queries, self._clock = booking_queries, clock

    async def __call__(
        self, actor: Actor, user_id: UserId, *, past_cursor: str | None = None, teaches_cursor: str | None = None
    ) -> PersonLessons:
        actor.require(Permission.SEE_BOOKINGS)
        now = self._clock.now()
        return PersonLessons(
            upcoming=await self._queries.lessons_of([user_id], Tense.UPCOMING, now=now, limit=50),
            past=await self._queries.lessons_of([user_id], Tense.PAST, now=now, cursor=past_cursor),
            teaches=await self._queries.search(
                BookingFilter(qari_id=user_id), now=now, cursor=teaches_cursor, limit=20
            ),
        )


class SeeChildrensLessons:
    """Of those whom somebody answers for: what is ahead, and latest first what is over. Raises NotPermitted,
    BadCursor.
    """

    def __init__(self, booking_queries: BookingQueries, clock: Clock) -> None:
        self._queries, self._clock = booking_queries, clock

    async def __call__(
        self, actor: Actor, children: Sequence[UserId], *, cursor: str | None = None
    ) -> tuple[Page[LessonView], Page[LessonView]]:
        actor.require(Permission.SEE_BOOKINGS)
        if not children:
            return Page([]), Page([])
        now = self._clock.now()
        return (
            await self._queries.lessons_of(children, Tense.UPCOMING, now=now, limit=50),
            await self._queries.lessons_of(children, Tense.PAST, now=now, cursor=cursor),
        )


class SeePersonPayments:
    """Newest first. Raises NotPermitted, BadCursor. (ADM-07)"""

    def __init__(self, payment_queries: PaymentQueries) -> None:
        self._queries = payment_queries

    async def __call__(self, actor: Actor, user_id: UserId, *, cursor: str | None = None) -> Page[PaymentView]:
        actor.require(Permission.SEE_PAYMENTS)
        return await self._queries.of_payer(user_id, cursor=cursor)


class SeePersonDevices:
    """Where somebody is signed in. Raises NotPermitted."""

    def __init__(self, devices: DeviceQueries, clock: Clock) -> None:
        self._devices, self._clock = devices, clock

    async def __call__(self, actor: Actor, user_id: UserId) -> Sequence[DeviceView]:
        actor.require(Permission.SEE_PEOPLE)
        return await self._devices.of(user_id, now=self._clock.now())


class Ties(msgspec.Struct, frozen=True, kw_only=True):
    """``applications``: by role, as ids that have a page."""

    children: Sequence[WardView]
    guardians: Sequence[GuardianView]
    applications: Mapping[str, ApplicationId]


class SeePersonTies:
    """Whom somebody answers for, who answers for him, and what he has applied for. Raises NotPermitted."""

    def __init__(self, new_unit: NewUnit, guardian_queries: GuardianQueries) -> None:
        self._new_unit, self._guardians = new_unit, guardian_queries

    async def __call__(self, actor: Actor, person: Person) -> Ties:
        actor.require(Permission.SEE_PEOPLE)
        applications: dict[str, ApplicationId] = {}
        if actor.may(Permission.SEE_APPLICATIONS):
            async with self._new_unit() as unit:
                for role in sorted(person.onboarding):
                    found = await unit.applications.of(person.user_id, role)
                    if found is not None:
                        applications[role.value] = found.id
        return Ties(
            children=await self._guardians.wards(person.user_id),
            guardians=await self._guardians.guardians(person.user_id),
            applications=applications,
        )


class NamePeople:
    """Names by id, for lists that know their people by number; who is gone is left out. Raises NotPermitted."""

    def __init__(self, people: PeopleQueries) -> None:
        self._people = people

    async def __call__(self, actor: Actor, user_ids: set[UserId]) -> Mapping[UserId, PersonView]:
        actor.require(Permission.SEE_PEOPLE)
        if not user_ids:
            return {}
        found = {person.user_id: person for person in await self._people.by_ids(sorted(user_ids))}
        if missing := user_ids - found.keys():
            raise NotFound("there is no such account", missing=[str(user_id) for user_id in sorted(missing)])
        return found
