"""A guardian's pages: the children, adding one, what is insisted on, who else helps. (SAFE-01)"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4, uuid5

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of, id_of
from adapters.http.web.public import ZONES
from adapters.http.words import TAUGHT_IN, date_of, language_name, sentence
from application.identity.children import AddChild, ChangeChild, ChildChanges, ChildFacts, GiveChildAddress
from application.identity.guardians import (
    AcceptGuardianship,
    EndGuardianship,
    InviteGuardian,
    SetGuardianRights,
)
from application.identity.see_family import SeeChild, SeeChildren
from domain.booking.rules import MatchWish
from domain.errors import Conflict, DomainError, Invalid, NotPermitted
from domain.identity.guardianship import GuardianshipStatus, Right
from domain.identity.permission import Permission
from domain.ids import GuardianshipId, UserId
from domain.scheduling.qari import Gender

HERE = "/portal/children"


def right_names() -> list[tuple[str, str]]:
    return [
        (Right.BOOK.value, _("book, move and cancel lessons")),
        (Right.PAY.value, _("pay")),
        (Right.SEE.value, _("see lessons")),
        (Right.JOIN.value, _("enter the class")),
    ]


class FamilyPageController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.SEE_OWN_BOOKINGS)
    async def children(self, request: Req, see_children: NamedDependency[SeeChildren]) -> Response[Any]:
        wards = await see_children(request.user)
        return page(
            request,
            "family/children.html",
            children=[ward for ward in wards if ward.status is GuardianshipStatus.ACTIVE],
            questions=[ward for ward in wards if ward.status is GuardianshipStatus.PENDING],
            rights=dict(right_names()),
        )

    @get("/new", needs=Permission.MANAGE_CHILDREN, sync_to_thread=False)
    def form(self, request: Req) -> Response[Any]:
        values = {"key": uuid4().hex, "zone": viewer_of(request).zone}
        return _form(request, values, {})

    @post("/new", needs=Permission.MANAGE_CHILDREN, status_code=200)
    async def add(self, request: Req, add_child: NamedDependency[AddChild]) -> Response[Any]:
        """The same form sent twice adds one child."""
        fields = await fields_of(request)
        born, gender = date_of(fields.get("birth_date", "")), fields.get("gender", "")
        if born is None:
            return _form(request, fields, {"birth_date": _("Write the date of birth.")}, 422)
        if gender not in set(Gender):
            return _form(request, fields, {"gender": _("Say whether it is a girl or a boy.")}, 422)
        facts = ChildFacts(
            name=fields.get("name", ""),
            birth_date=born,
            gender=Gender(gender),
            zone=fields.get("zone", ""),
            wish=_wish(fields),
        )
        child_id = UserId(uuid5(request.user.user_id, f"child {fields.get('key', '')}"))
        try:
            await add_child(request.user, facts, child_id=child_id)
        except (Invalid, NotPermitted) as error:
            return _form(request, fields, _wrong(error), 422)
        return redirect(request, HERE, _("{name} is added. You can book lessons now.", name=facts.name.strip()))

    @get("/{child_id:uuid}", needs=Permission.SEE_OWN_BOOKINGS)
    async def child(
        self, request: Req, child_id: FromPath[UUID], see_child: NamedDependency[SeeChild]
    ) -> Response[Any]:
        child = await see_child(request.user, UserId(child_id))
        ward = child.ward
        values = {
            "name": ward.name,
            "gender": ward.gender.value if ward.gender is not None else "",
            "zone": ward.zone,
            "qari_gender": ward.wish.qari_gender.value if ward.wish.qari_gender is not None else "",
            "language": ward.wish.languages[0] if ward.wish.languages else "",
        }
        return page(
            request,
            "family/child.html",
            child=ward,
            guardians=[
                {
                    "view": one,
                    "rights": [right.value for right in one.rights],
                    "me": one.guardian_id == request.user.user_id,
                }
                for one in child.guardians
            ],
            values=values,
            errors={},
            zones=ZONES,
            spoken=_languages(request),
            rights=right_names(),
        )

    @post("/{child_id:uuid}", needs=Permission.MANAGE_CHILDREN, status_code=303)
    async def change(
        self, request: Req, child_id: FromPath[UUID], change_child: NamedDependency[ChangeChild]
    ) -> Response[Any]:
        fields, here = await fields_of(request), f"{HERE}/{child_id}"
        if fields.get("gender") not in set(Gender):
            return redirect(request, here, _("Say whether it is a girl or a boy."), "problem")
        changes = ChildChanges(
            name=fields.get("name", ""),
            gender=Gender(fields["gender"]),
            zone=fields.get("zone", ""),
            wish=_wish(fields),
        )
        return await _done(request, here, change_child(request.user, UserId(child_id), changes), _("Saved."))

    @post("/{child_id:uuid}/address", needs=Permission.MANAGE_CHILDREN, status_code=303)
    async def address(
        self, request: Req, child_id: FromPath[UUID], give_child_address: NamedDependency[GiveChildAddress]
    ) -> Response[Any]:
        email = (await fields_of(request)).get("email", "")
        doing = give_child_address(request.user, UserId(child_id), email)
        return await _done(
            request, f"{HERE}/{child_id}", doing, _("A link to choose a password is on its way to that address.")
        )

    @post("/{child_id:uuid}/guardians", needs=Permission.SEE_OWN_BOOKINGS, status_code=303)
    async def invite(
        self, request: Req, child_id: FromPath[UUID], invite_guardian: NamedDependency[InviteGuardian]
    ) -> Response[Any]:
        fields = await fields_of(request)
        doing = invite_guardian(request.user, UserId(child_id), fields.get("email", ""), _rights(fields))
        text = _("If there is an account with that address, its owner has been asked.")
        return await _done(request, f"{HERE}/{child_id}", doing, text)

    @post("/guardianships/{guardianship_id:uuid}/accept", needs=Permission.SEE_OWN_BOOKINGS, status_code=303)
    async def accept(
        self,
        request: Req,
        guardianship_id: FromPath[UUID],
        accept_guardianship: NamedDependency[AcceptGuardianship],
    ) -> Response[Any]:
        doing = accept_guardianship(request.user, GuardianshipId(guardianship_id))
        return await _done(request, HERE, doing, _("You are a guardian now."))

    @post("/guardianships/{guardianship_id:uuid}/rights", needs=Permission.MANAGE_CHILDREN, status_code=303)
    async def rights(
        self,
        request: Req,
        guardianship_id: FromPath[UUID],
        set_guardian_rights: NamedDependency[SetGuardianRights],
    ) -> Response[Any]:
        fields = await fields_of(request)
        child = id_of(fields.get("child", ""))
        doing = set_guardian_rights(request.user, GuardianshipId(guardianship_id), _rights(fields))
        return await _done(request, f"{HERE}/{child}" if child else HERE, doing, _("Saved."))

    @post("/guardianships/{guardianship_id:uuid}/end", needs=Permission.SEE_OWN_BOOKINGS, status_code=303)
    async def end(
        self, request: Req, guardianship_id: FromPath[UUID], end_guardianship: NamedDependency[EndGuardianship]
    ) -> Response[Any]:
        doing = end_guardianship(request.user, GuardianshipId(guardianship_id))
        return await _done(request, HERE, doing, _("That has ended; it opens nothing any more."))


def _form(request: Req, values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> Response[Any]:
    return page(
        request,
        "family/new.html",
        status_code=status,
        values=dict(values),
        errors=dict(errors),
        zones=ZONES,
        spoken=_languages(request),
    )


async def _done(request: Req, here: str, doing: Any, text: str) -> Response[Any]:
    """Back to ``here`` with what was done, or with why not."""
    try:
        await doing
    except (Invalid, Conflict, NotPermitted) as error:
        return redirect(request, here, sentence(refusal(error)), "problem")
    return redirect(request, here, text)


def _wrong(error: DomainError) -> dict[str, str]:
    return {str(error.details.get("field", "form")): sentence(refusal(error))}


def _wish(fields: Mapping[str, str]) -> MatchWish:
    gender, language = fields.get("qari_gender", ""), fields.get("language", "")
    return MatchWish(
        qari_gender=Gender(gender) if gender in set(Gender) else None,
        languages=(language,) if language in TAUGHT_IN else (),
    )


def _rights(fields: Mapping[str, str]) -> frozenset[Right]:
    return frozenset(right for right in Right if fields.get(f"right-{right.value}"))


def _languages(request: Req) -> list[tuple[str, str]]:
    lang = viewer_of(request).locale
    return [(code, language_name(code, lang)) for code in TAUGHT_IN]


CONTROLLERS_MAIN = (FamilyPageController,)
