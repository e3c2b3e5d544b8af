"""People, as the office finds them, and one of them with everything that belongs to him. (ADM-02, ADM-07)"""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get
from litestar.params import FromPath, FromQuery

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.web.forms import address, next_page
from application.identity.erase_person import SeeErasure
from application.notification.bounces import SeeDeadAddress
from application.notification.first_steps import SeeFirstSteps
from application.oversight.people import (
    SearchPeople,
    SeePerson,
    SeePersonDevices,
    SeePersonLessons,
    SeePersonPayments,
    SeePersonTies,
)
from domain.identity.permission import Permission, Role
from domain.identity.user import AccountStatus
from domain.ids import UserId


class AdminPeopleController(Controller):
    path = "/people"
    include_in_schema = False

    @get("/", needs=Permission.SEE_PEOPLE)
    async def search(
        self,
        request: Req,
        search_people: NamedDependency[SearchPeople],
        text: FromQuery[str] = "",
        role: FromQuery[str] = "",
        status: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        found = await search_people(
            request.user,
            text,
            role=Role(role) if role in list(Role) else None,
            status=AccountStatus(status) if status in list(AccountStatus) else None,
            cursor=cursor,
        )
        values = {"text": text, "role": role, "status": status}
        return page(
            request,
            "admin/people.html",
            people=found.items,
            values=values,
            narrowed=any(values.values()),
            roles=list(Role),
            statuses=list(AccountStatus),
            next=next_page("/people", found.next_cursor, **values),
            first=address("/people", **values) if cursor else None,
        )

    @get("/{user_id:uuid}", needs=Permission.SEE_PEOPLE)
    async def person(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        see_person_devices: NamedDependency[SeePersonDevices],
        see_person_ties: NamedDependency[SeePersonTies],
        see_erasure: NamedDependency[SeeErasure],
        see_first_steps: NamedDependency[SeeFirstSteps],
        see_dead_address: NamedDependency[SeeDeadAddress],
    ) -> Response[Any]:
        person = await see_person(request.user, UserId(user_id))
        return page(
            request,
            "admin/person.html",
            person=person,
            tab="",
            devices=await see_person_devices(request.user, person.user_id),
            ties=await see_person_ties(request.user, person),
            erasure=await see_erasure(request.user, person.user_id),
            letters=await see_first_steps(request.user, person.user_id),
            dead_address=await see_dead_address(request.user, person.user_id),
        )

    @get("/{user_id:uuid}/lessons", needs=Permission.SEE_BOOKINGS)
    async def lessons(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        see_person_lessons: NamedDependency[SeePersonLessons],
        past: FromQuery[str | None] = None,
        teaches: FromQuery[str | None] = None,
    ) -> Response[Any]:
        person = await see_person(request.user, UserId(user_id))
        found = await see_person_lessons(request.user, person.user_id, past_cursor=past, teaches_cursor=teaches)
        here = f"/people/{user_id}/lessons"
        return page(
            request,
            "admin/person_lessons.html",
            person=person,
            tab="lessons",
            upcoming=found.upcoming.items,
            past=found.past.items,
            teaches=found.teaches.items,
            next_past=address(here, past=found.past.next_cursor) if found.past.next_cursor else None,
            next_teaches=address(here, teaches=found.teaches.next_cursor) if found.teaches.next_cursor else None,
            first=here if past or teaches else None,
        )

    @get("/{user_id:uuid}/payments", needs=Permission.SEE_PAYMENTS)
    async def payments(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        see_person_payments: NamedDependency[SeePersonPayments],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        person = await see_person(request.user, UserId(user_id))
        found = await see_person_payments(request.user, person.user_id, cursor=cursor)
        here = f"/people/{user_id}/payments"
        return page(
            request,
            "admin/person_payments.html",
            person=person,
            tab="payments",
            payments=found.items,
            next=next_page(here, found.next_cursor),
            first=here if cursor else None,
        )
