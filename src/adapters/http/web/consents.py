"""The texts that people accept before they book or teach. (ONB-09)"""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromQuery

from adapters.http.flash import local_path, redirect
from adapters.http.given import NamedDependency
from adapters.http.refusals import refusal
from adapters.http.requests import Req, viewer_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import address, fields_of, id_of
from adapters.http.words import sentence
from application.identity.see_family import SeeChildren
from application.onboarding.consents import AcceptConsent, AcceptConsentCommand, SeeConsents
from domain.errors import Conflict, NotFound
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.onboarding.consent import Asked, ConsentKind, ConsentNeeded

HERE = "/portal/consents"


def to_consents(request: Req, needed: ConsentNeeded, back: str) -> Response[Any]:
    """Where to read and accept, and then ``back`` to what was stopped."""
    return redirect(request, address(HERE, next=back), sentence(refusal(needed)), "notice")


class ConsentPageController(Controller):
    path = HERE
    include_in_schema = False

    @get("/", needs=Permission.SEE_OWN_BOOKINGS)
    async def show(
        self,
        request: Req,
        see_consents: NamedDependency[SeeConsents],
        see_children: NamedDependency[SeeChildren],
        next: FromQuery[str] = "",
    ) -> Response[Any]:
        seen, lang = await see_consents(request.user), viewer_of(request).locale
        names = {ward.child_id: ward.name for ward in await see_children(request.user)}

        def told(asked: Asked) -> dict[str, Any]:
            title, body = asked.document.text.told_in(lang)
            return {
                "kind": asked.document.kind.value,
                "version": asked.document.version,
                "title": title,
                "paragraphs": [part.strip() for part in body.split("\n") if part.strip()],
                "child": asked.child_id,
                "name": names.get(asked.child_id) if asked.child_id is not None else None,
            }

        return page(
            request,
            "family/consents.html",
            waiting=[told(asked) for asked in seen.waiting],
            given=[told(asked) for asked in seen.given],
            next=local_path(next, "") if next else "",
        )

    @post("/", needs=Permission.SEE_OWN_BOOKINGS, status_code=303)
    async def accept(
        self, request: Req, accept_consent: NamedDependency[AcceptConsent], see_consents: NamedDependency[SeeConsents]
    ) -> Response[Any]:
        """One at a time; when the last is given, back to where the reader was stopped."""
        fields = await fields_of(request)
        kind, version, child = fields.get("kind", ""), fields.get("version", ""), id_of(fields.get("child", ""))
        onwards = fields.get("next", "")
        here = address(HERE, next=onwards)
        if kind not in set(ConsentKind) or not version.isdecimal():
            raise NotFound("nobody is asked to accept this")
        command = AcceptConsentCommand(
            kind=ConsentKind(kind), version=int(version), child_id=UserId(child) if child is not None else None
        )
        try:
            await accept_consent(request.user, command)
        except Conflict as error:
            return redirect(request, here, sentence(refusal(error)), "notice")
        if (await see_consents(request.user)).waiting:
            return redirect(request, here, _("Accepted. There is more to read."))
        return redirect(request, local_path(onwards, HERE), _("Accepted. You can go on now."))


CONTROLLERS_MAIN = (ConsentPageController,)
