"""How somebody likes the pages: light or dark. Kept in a cookie, on this device alone."""

from litestar import Controller, Response, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from adapters.http.flash import local_path
from adapters.http.requests import Req, config_of
from adapters.http.web.forms import fields_of
from domain.identity.permission import Permission

YEAR_S = 365 * 24 * 3600


class PreferenceController(Controller):
    include_in_schema = False

    @post("/preferences/theme", needs=Permission.NOTHING, status_code=303)
    async def theme(self, request: Req) -> Response[str]:
        fields = await fields_of(request)
        theme = fields.get("theme", "")
        cookie = Cookie(
            key="theme",
            value=theme if theme in {"light", "dark"} else "",
            path="/",
            max_age=YEAR_S if theme in {"light", "dark"} else 0,
            secure=config_of(request).secure,
            samesite="lax",
        )
        return Redirect(local_path(fields.get("next"), "/"), status_code=303, cookies=[cookie])


CONTROLLERS_MAIN = (PreferenceController,)
CONTROLLERS_ADMIN = (PreferenceController,)
