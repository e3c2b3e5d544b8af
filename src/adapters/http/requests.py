"""What a handler may ask of its request: who is there, in which zone and language they read."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import unquote
from zoneinfo import available_timezones

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State

from adapters.http.config import HttpConfig
from domain.errors import NotSignedIn
from domain.identity.actor import Actor
from ports.identity.queries import SignedIn

Req: TypeAlias = Request[Actor, SignedIn | None, State]
Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
_ZONES = frozenset(available_timezones())
LOCALES = ("en", "ar", "ur")
CATALOGS = frozenset({"en"})
"""Languages that pages can speak so far: dates and numbers keep to the language of the words around them."""
RIGHT_TO_LEFT = frozenset({"ar", "ur"})


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody reads: every time on a page is shown in ``zone``."""

    zone: str
    locale: str

    @property
    def direction(self) -> str:
        return "rtl" if self.locale in RIGHT_TO_LEFT else "ltr"


def config_of(request: Connection) -> HttpConfig:
    return cast(HttpConfig, request.app.state.http)


def signed_in(request: Connection) -> SignedIn | None:
    """None for anonymous visitors and on addresses without a route."""
    return cast("SignedIn | None", request.scope.get("auth"))


def actor_of(request: Connection) -> Actor:
    """For routes with ``needs=NOTHING`` that serve both. Raises NotSignedIn."""
    actor = request.scope.get("user")
    if not isinstance(actor, Actor):
        raise NotSignedIn("sign in first")
    return actor


def viewer_of(request: Connection) -> Viewer:
    """The account's zone; else the one the browser told by the cookie ``zone``; else the school's. (L10N-05)"""
    person, config = signed_in(request), config_of(request)
    if person is not None:
        return Viewer(zone=person.zone, locale=person.locale if person.locale in CATALOGS else LOCALES[0])
    told = unquote(request.cookies.get("zone", ""))
    return Viewer(
        zone=told if told in _ZONES else config.school_zone,
        locale=_preferred(request.headers.get("accept-language", "")),
    )


def _preferred(header: str) -> str:
    """Only languages that have a catalog count; so far that is English alone."""
    del header
    return LOCALES[0]


def request_id_of(request: Connection) -> str:
    state = cast("Mapping[str, Any]", request.scope.get("state", {}))
    return str(state.get("request_id", ""))


def wants_html(request: Connection) -> bool:
    """A browser looking at pages, not a program talking to the API."""
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith("/api/")
