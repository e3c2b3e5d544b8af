"""How somebody likes the pages: light or dark, which language, which numerals.

The looks are kept in a cookie, on this device alone; the language also with the account, for its mails.
(L10N-01, L10N-04)
"""

from litestar import Controller, Response, post
from litestar.response import Redirect

from adapters.http.flash import local_path
from adapters.http.given import NamedDependency
from adapters.http.languages import preference
from adapters.http.requests import LANGUAGE_COOKIE, NUMERALS_COOKIE, Req
from adapters.http.web.forms import fields_of
from adapters.languages import LANGUAGES, NUMERALS
from application.identity.choose_language import ChooseLanguage
from domain.identity.actor import Actor
from domain.identity.permission import Permission


class PreferenceController(Controller):
    include_in_schema = False

    @post("/preferences/theme", needs=Permission.NOTHING, status_code=303)
    async def theme(self, request: Req) -> Response[str]:
        fields = await fields_of(request)
        cookie = preference(request, "theme", fields.get("theme", ""), ("light", "dark"))
        return Redirect(local_path(fields.get("next"), "/"), status_code=303, cookies=[cookie])

    @post("/preferences/language", needs=Permission.NOTHING, status_code=303)
    async def language(self, request: Req, choose_language: NamedDependency[ChooseLanguage]) -> Response[str]:
        """``lang`` and ``numerals``, either of them."""
        fields = await fields_of(request)
        cookies = []
        if (lang := fields.get("lang", "")) in LANGUAGES:
            cookies.append(preference(request, LANGUAGE_COOKIE, lang, LANGUAGES))
            actor = request.scope.get("user")
            if isinstance(actor, Actor) and actor.impersonator is None:
                await choose_language(actor, lang)
        if "numerals" in fields:
            cookies.append(preference(request, NUMERALS_COOKIE, fields["numerals"], NUMERALS))
        return Redirect(local_path(fields.get("next"), "/"), status_code=303, cookies=cookies)


CONTROLLERS_MAIN = (PreferenceController,)
CONTROLLERS_ADMIN = (PreferenceController,)
