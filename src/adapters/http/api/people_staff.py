"""People, for staff: a search over all of them, and one of them. What is done about them is beside. (ADM-02)"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, FromQuery, QueryParameter

from adapters.http.api.billing_staff import StaffPaymentOut, StaffPaymentPageOut
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.oversight.people import Person, SearchPeople, SeePerson, SeePersonPayments
from domain.identity.permission import Permission, Role
from domain.identity.user import AccountStatus, Onboarding
from domain.ids import UserId
from ports.identity.queries import PersonView
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
Words = Annotated[str, QueryParameter(max_length=120, pattern="^[^\\x00]*$")]


class PersonOut(msgspec.Struct, kw_only=True):
    """``email`` is null for a child who does not sign in."""

    id: UUID
    name: str
    email: str | None
    zone: str
    locale: str
    roles: list[Role]
    status: str
    created_at: datetime

    @classmethod
    def of(cls, view: PersonView) -> "PersonOut":
        return cls(
            id=view.user_id,
            name=view.name,
            email=view.email,
            zone=view.zone,
            locale=view.locale,
            roles=list(view.roles),
            status=view.status,
            created_at=view.created_at,
        )


class PersonPageOut(msgspec.Struct, kw_only=True):
    items: list[PersonOut]
    next_cursor: str | None


class OnboardingOut(msgspec.Struct):
    role: Role
    status: Onboarding


class PersonDetailOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    email: str | None
    email_verified: bool
    phone: str | None
    zone: str
    locale: str
    birth_date: date | None
    roles: list[Role]
    status: AccountStatus
    onboarding: list[OnboardingOut]
    created_at: datetime

    @classmethod
    def of(cls, person: Person) -> "PersonDetailOut":
        return cls(
            id=person.user_id,
            name=person.name,
            email=person.email,
            email_verified=person.email_verified,
            phone=person.phone,
            zone=person.zone,
            locale=person.locale,
            birth_date=person.birth_date,
            roles=list(person.roles),
            status=person.status,
            onboarding=[OnboardingOut(role, status) for role, status in sorted(person.onboarding.items())],
            created_at=person.created_at,
        )


class StaffPeopleController(Controller):
    path = "/api/v1/staff/people"
    tags = ("identity",)

    @get("/", needs=Permission.SEE_PEOPLE, summary="Find people")
    async def search(
        self,
        request: Req,
        search_people: NamedDependency[SearchPeople],
        text: Words = "",
        role: FromQuery[Role | None] = None,
        status: FromQuery[AccountStatus | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: Limit = 50,
    ) -> PersonPageOut:
        """``text`` is part of a name or an address. Newest first."""
        page = await search_people(request.user, text, role=role, status=status, cursor=cursor, limit=limit)
        return PersonPageOut(items=[PersonOut.of(view) for view in page.items], next_cursor=page.next_cursor)

    @get("/{user_id:uuid}", needs=Permission.SEE_PEOPLE, summary="One person")
    async def one(
        self, request: Req, user_id: FromPath[UUID], see_person: NamedDependency[SeePerson]
    ) -> PersonDetailOut:
        return PersonDetailOut.of(await see_person(request.user, UserId(user_id)))

    @get("/{user_id:uuid}/payments", needs=Permission.SEE_PAYMENTS, summary="What somebody has paid")
    async def payments(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        see_person_payments: NamedDependency[SeePersonPayments],
        cursor: FromQuery[str | None] = None,
    ) -> StaffPaymentPageOut:
        person = await see_person(request.user, UserId(user_id))
        page = await see_person_payments(request.user, person.user_id, cursor=cursor)
        return StaffPaymentPageOut(
            items=[StaffPaymentOut.of(view) for view in page.items], next_cursor=page.next_cursor
        )


CONTROLLERS_ADMIN = (StaffPeopleController,)
