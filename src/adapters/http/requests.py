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
from adapters.languages import LANGUAGES, RIGHT_TO_LEFT, Language, language, negotiated
from domain.errors import NotSignedIn
from domain.identity.actor import Actor
from domain.identity.device import device_label
from ports.identity.queries import SignedIn

Req: TypeAlias = Request[Actor, SignedIn | None, State]
Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
_ZONES = frozenset(available_timezones())
LANGUAGE_COOKIE = "lang"
NUMERALS_COOKIE = "numerals"
_VIEWER = "viewer"


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody reads: every time on a page is shown in ``zone``."""

    zone: str
    locale: str

    @property
    def direction(self) -> str:
        return "rtl" if self.locale in RIGHT_TO_LEFT else "ltr"


def config_of(request: Connection) -> HttpConfig:
    """Of the academy that the request is for."""
    return cast(HttpConfig, request.scope["state"].get("http") or request.app.state.http)


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
    person, state = signed_in(request), request.scope["state"]
    # A page asks once for each of its parts; what it depends on beside the person is the same all the time.
    of, viewer = state.get(_VIEWER, (None, None))
    if viewer is None or of is not person:
        viewer = _viewer(request)
        state[_VIEWER] = (person, viewer)
    return cast(Viewer, viewer)


def _viewer(request: Connection) -> Viewer:
    person, config, locale = signed_in(request), config_of(request), language_of(request).lang
    if person is not None:
        return Viewer(zone=person.zone, locale=locale)
    told = unquote(request.cookies.get("zone", ""))
    return Viewer(zone=told if told in _ZONES else config.school_zone, locale=locale)


def language_of(request: Connection) -> Language:
    """What the address asks for (``?lang=ar``, the form that search engines know), else what the account, the cookie
    or the browser prefers. Mails and forms never carry it. (L10N-01)
    """
    numerals = request.cookies.get(NUMERALS_COOKIE, "")
    if (asked := asked_language(request)) is not None:
        return language(asked, numerals)
    if (person := signed_in(request)) is not None:
        return language(person.locale, numerals)
    kept = request.cookies.get(LANGUAGE_COOKIE, "")
    if kept in LANGUAGES:
        return language(kept, numerals)
    return language(negotiated(request.headers.get("accept-language", "")), numerals)


def asked_language(request: Connection) -> str | None:
    query = request.scope.get("query_string", b"")
    if b"lang" not in query and b"%" not in query:
        return None
    asked = request.query_params.get("lang") if request.scope.get("method") in {"GET", "HEAD"} else None
    return asked if asked in LANGUAGES else None


def device_of(request: Connection) -> str:
    """What it calls itself, in words."""
    return device_label(request.headers.get("user-agent", ""))


def request_id_of(request: Connection) -> str:
    state = cast("Mapping[str, Any]", request.scope.get("state", {}))
    return str(state.get("request_id", ""))


def wants_html(request: Connection) -> bool:
    """A browser looking at pages, not a program talking to the API."""
    return "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith("/api/")
