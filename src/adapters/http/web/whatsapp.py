"""One's own number at WhatsApp: told, proven, given up; and what comes there. (NOTI-02)"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from litestar import Controller, Response, get, post

from adapters.http.consent_words import whatsapp_consent
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.words import sentence
from application.notification.preferences import SeePreferences, SetPreferences, SetPreferencesCommand
from application.notification.whatsapp import (
    AskWhatsApp,
    AskWhatsAppCommand,
    ConfirmWhatsApp,
    SeeWhatsApp,
    StopWhatsApp,
    WhatsAppView,
)
from domain.errors import Conflict, Invalid, NotFound, NotPermitted, TooMany
from domain.identity.permission import Permission
from domain.notification.preference import BY_WHATSAPP, Group, Preferences

HOME: Final = "/account/messages/whatsapp"
MAIL, BOTH, ALONE = "mail", "both", "whatsapp"


class WhatsAppPagesController(Controller):
    path = HOME
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def show(
        self,
        request: Req,
        see_whatsapp: NamedDependency[SeeWhatsApp],
        see_preferences: NamedDependency[SeePreferences],
    ) -> Response[Any]:
        return _shown(request, await see_whatsapp(request.user), await see_preferences(request.user))

    @post("/", needs=Permission.SIGNED_IN, status_code=303)
    async def ask(
        self,
        request: Req,
        ask_whatsapp: NamedDependency[AskWhatsApp],
        see_whatsapp: NamedDependency[SeeWhatsApp],
        see_preferences: NamedDependency[SeePreferences],
    ) -> Response[Any]:
        form = await fields_of(request)
        command = AskWhatsAppCommand(
            number=form.get("number", ""),
            wording=whatsapp_consent(config_of(request).school_name),
            agreed=bool(form.get("agreed")),
        )
        try:
            sent = await ask_whatsapp(request.user, command)
        except (Invalid, TooMany, NotPermitted) as error:
            field = str(error.details.get("field", "number"))
            view, wishes = await see_whatsapp(request.user), await see_preferences(request.user)
            wrong, status = {field: sentence(_(error.message))}, 422 if isinstance(error, Invalid) else 409
            return _shown(request, view, wishes, wrong=wrong, number=command.number, status_code=status)
        told = _("The code is on its way.") if sent else _("The code may be late. You can send us the word instead.")
        return redirect(request, HOME, told)

    @post("/code", needs=Permission.SIGNED_IN, status_code=303)
    async def confirm(
        self,
        request: Req,
        confirm_whatsapp: NamedDependency[ConfirmWhatsApp],
        see_whatsapp: NamedDependency[SeeWhatsApp],
        see_preferences: NamedDependency[SeePreferences],
    ) -> Response[Any]:
        try:
            await confirm_whatsapp(request.user, (await fields_of(request)).get("code", ""))
        except NotFound:
            return redirect(request, HOME)
        except Conflict as error:
            view, wishes = await see_whatsapp(request.user), await see_preferences(request.user)
            return _shown(request, view, wishes, wrong={"code": sentence(_(error.message))}, status_code=422)
        return redirect(request, HOME, _("Done. From now on you hear from us there."))

    @post("/choice", needs=Permission.SIGNED_IN, status_code=303)
    async def choose(
        self,
        request: Req,
        see_preferences: NamedDependency[SeePreferences],
        set_preferences: NamedDependency[SetPreferences],
    ) -> Response[Any]:
        form, wishes = await fields_of(request), await see_preferences(request.user)
        await set_preferences(request.user, _command(form, wishes))
        return redirect(request, HOME, _("Saved. It counts from the next message on."))

    @post("/stop", needs=Permission.SIGNED_IN, status_code=303)
    async def stop(self, request: Req, stop_whatsapp: NamedDependency[StopWhatsApp]) -> Response[Any]:
        await stop_whatsapp(request.user)
        return redirect(request, HOME, _("Stopped. You hear from us by mail."))


def _shown(
    request: Req,
    view: WhatsAppView,
    wishes: Preferences,
    *,
    wrong: Mapping[str, str] | None = None,
    number: str | None = None,
    status_code: int = 200,
) -> Response[Any]:
    told = number if number is not None else view.contact.number if view.contact is not None else ""
    return page(
        request,
        "account/whatsapp.html",
        view=view,
        consent=whatsapp_consent(config_of(request).school_name),
        number=told,
        sent_by={group.value: _way(wishes, group) for group in sorted(BY_WHATSAPP)},
        chat=f"https://wa.me/{view.our_number.removeprefix('+')}?text={quote(view.word)}" if view.word else "",
        wrong=dict(wrong or {}),
        status_code=status_code,
    )


def _way(wishes: Preferences, group: Group) -> str:
    if group not in wishes.by_whatsapp:
        return MAIL
    return ALONE if group in wishes.without_mail else BOTH


def _command(form: Mapping[str, str], wishes: Preferences) -> SetPreferencesCommand:
    """All but the ways stays as it is."""
    return SetPreferencesCommand(
        quiet_from=wishes.quiet_from,
        quiet_until=wishes.quiet_until,
        digest_at=wishes.digest_at,
        muted=wishes.muted,
        by_whatsapp=frozenset(group for group in BY_WHATSAPP if form.get(group.value) in (BOTH, ALONE)),
        without_mail=frozenset(group for group in BY_WHATSAPP if form.get(group.value) == ALONE),
    )


CONTROLLERS_MAIN = (WhatsAppPagesController,)
