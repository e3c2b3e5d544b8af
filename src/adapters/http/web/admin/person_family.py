"""Whom a person answers for, who answers for him, and the day that decides whether anybody has to. (SAFE-01, ADM-02)"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.family import right_names
from adapters.http.web.forms import address, fields_of, next_page, told
from adapters.http.words import date_of
from application.identity.correct_birth_date import CorrectBirthDate
from application.identity.guardians import EndGuardianship, Link, LinkGuardian
from application.oversight.people import (
    Person,
    SearchPeople,
    SeeChildrensLessons,
    SeePerson,
    SeePersonTies,
)
from domain.errors import DomainError, NotFound
from domain.identity.guardianship import GuardianshipStatus, Right
from domain.identity.permission import Permission
from domain.ids import GuardianshipId, UserId
from ports.identity.queries import PersonView


class AdminPersonFamilyController(Controller):
    path = "/people/{user_id:uuid}"
    include_in_schema = False

    @get("/family", needs=Permission.SEE_PEOPLE)
    async def family(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        see_person_ties: NamedDependency[SeePersonTies],
        see_childrens_lessons: NamedDependency[SeeChildrensLessons],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        person = await see_person(request.user, UserId(user_id))
        ties = await see_person_ties(request.user, person)
        children = [ward.child_id for ward in ties.children if ward.status is GuardianshipStatus.ACTIVE]
        seen = children if request.user.may(Permission.SEE_BOOKINGS) else []
        upcoming, past = await see_childrens_lessons(request.user, seen, cursor=cursor) if seen else (None, None)
        here = f"/people/{user_id}/family"
        return page(
            request,
            "admin/person_family.html",
            person=person,
            tab="family",
            ties=ties,
            rights=dict(right_names()),
            upcoming=upcoming.items if upcoming else [],
            past=past.items if past else [],
            next=next_page(here, past.next_cursor) if past else None,
            first=address(here) if cursor else None,
        )

    @get("/guardian", needs=Permission.MANAGE_PEOPLE)
    async def guardian_form(
        self, request: Req, user_id: FromPath[UUID], see_person: NamedDependency[SeePerson]
    ) -> Response[Any]:
        return _guardian_form(request, await see_person(request.user, UserId(user_id)), {"of_record": "on"}, {})

    @post("/guardian", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def link(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        search_people: NamedDependency[SearchPeople],
        link_guardian: NamedDependency[LinkGuardian],
    ) -> Response[Any]:
        """Staff have seen the papers: nobody is asked, and it holds at once."""
        child, fields = await see_person(request.user, UserId(user_id)), await fields_of(request)
        guardian = await _by_email(request, search_people, fields.get("email", ""))
        if guardian is None:
            return _guardian_form(request, child, fields, {"email": _("There is no account with this address.")})
        link = Link(
            guardian_id=guardian.user_id,
            child_id=child.user_id,
            rights=frozenset(right for right in Right if fields.get(f"right-{right.value}")),
            of_record=bool(fields.get("of_record")),
        )
        try:
            await link_guardian(request.user, link, fields.get("reason", ""))
        except DomainError as error:
            return _guardian_form(request, child, fields, {str(error.details.get("field", "email")): told(error)})
        return redirect(request, f"/people/{user_id}/family", _("Linked; it holds from now on."))

    @get("/guardians/{guardianship_id:uuid}/end", needs=Permission.MANAGE_PEOPLE)
    async def end_form(
        self,
        request: Req,
        user_id: FromPath[UUID],
        guardianship_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        see_person_ties: NamedDependency[SeePersonTies],
    ) -> Response[Any]:
        person = await see_person(request.user, UserId(user_id))
        ties = await see_person_ties(request.user, person)
        found = next((one for one in ties.guardians if one.guardianship_id == guardianship_id), None)
        if found is None:
            raise NotFound("there is no such guardianship")
        return page(request, "admin/person_guardian_end.html", person=person, tab="family", guardian=found)

    @post("/guardians/{guardianship_id:uuid}/end", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def end(
        self,
        request: Req,
        user_id: FromPath[UUID],
        guardianship_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        end_guardianship: NamedDependency[EndGuardianship],
    ) -> Response[Any]:
        await see_person(request.user, UserId(user_id))
        here, reason = f"/people/{user_id}/family", (await fields_of(request)).get("reason", "")
        try:
            await end_guardianship(request.user, GuardianshipId(guardianship_id), reason)
        except DomainError as error:
            return redirect(request, here, told(error), "problem")
        return redirect(request, here, _("That has ended; it opens nothing any more."))

    @get("/birth-date", needs=Permission.MANAGE_PEOPLE)
    async def birth_date_form(
        self, request: Req, user_id: FromPath[UUID], see_person: NamedDependency[SeePerson]
    ) -> Response[Any]:
        return _birth_date_form(request, await see_person(request.user, UserId(user_id)), {}, {})

    @post("/birth-date", needs=Permission.MANAGE_PEOPLE, status_code=303)
    async def birth_date(
        self,
        request: Req,
        user_id: FromPath[UUID],
        see_person: NamedDependency[SeePerson],
        correct_birth_date: NamedDependency[CorrectBirthDate],
    ) -> Response[Any]:
        person, fields = await see_person(request.user, UserId(user_id)), await fields_of(request)
        born = date_of(fields.get("birth_date", ""))
        if born is None:
            return _birth_date_form(request, person, fields, {"birth_date": _("Write a date as 2026-03-31.")})
        try:
            await correct_birth_date(request.user, person.user_id, born, fields.get("reason", ""))
        except DomainError as error:
            return _birth_date_form(
                request, person, fields, {str(error.details.get("field", "birth_date")): told(error)}
            )
        return redirect(request, f"/people/{user_id}", _("The date of birth is corrected."))


def _guardian_form(request: Req, child: Person, values: Mapping[str, str], wrong: Mapping[str, str]) -> Response[Any]:
    return page(
        request,
        "admin/person_guardian.html",
        status_code=422 if wrong else 200,
        person=child,
        tab="family",
        rights=right_names(),
        values=dict(values),
        wrong=dict(wrong),
    )


def _birth_date_form(
    request: Req, person: Person, values: Mapping[str, str], wrong: Mapping[str, str]
) -> Response[Any]:
    known = person.birth_date.isoformat() if person.birth_date is not None else ""
    return page(
        request,
        "admin/person_birth_date.html",
        status_code=422 if wrong else 200,
        person=person,
        tab="",
        values={"birth_date": known, **values},
        wrong=dict(wrong),
    )


async def _by_email(request: Req, search_people: SearchPeople, email: str) -> PersonView | None:
    """The one with exactly that address."""
    wanted = email.strip().casefold()
    if "@" not in wanted:
        return None
    found = await search_people(request.user, wanted)
    return next((person for person in found.items if person.email and person.email.casefold() == wanted), None)
