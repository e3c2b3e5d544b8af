"""An application over nothing: a handful of people who are signed in already."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from copy import copy
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from litestar import Litestar
from litestar.di import Provide
from litestar.types import Receive, Scope, Send

from adapters.http.app import create_app
from adapters.http.config import HttpConfig
from adapters.http.health import Probe
from adapters.http.unread import CountNews
from application.identity.authenticate import Authenticate
from domain.identity.permission import GRANTS, Audience, Role
from domain.identity.session import PREFIXES, hash_token
from domain.identity.user import Onboarding
from domain.ids import SessionId, UserId
from entrypoints.docs import bare_app, missing
from ports.identity.queries import SignedIn

NOON: Final = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
STUDENT_TOKEN: Final = "hm_student"
QARI_TOKEN: Final = "hm_qari"
ADMIN_TOKEN: Final = "ha_admin"
BARE_TOKEN: Final = "hm_ended-long-ago"


class StandingClock:
    def now(self) -> datetime:
        return NOON


def token_of(audience: Audience, role: Role) -> str:
    return f"{PREFIXES[audience]}{role}"


def person(audience: Audience, role: Role) -> SignedIn:
    return SignedIn(
        token_hash=hash_token(token_of(audience, role)),
        session_id=SessionId(UUID(int=0x5E55 + list(Role).index(role))),
        user_id=UserId(UUID(int=list(Role).index(role) + 1)),
        audience=audience,
        role=role,
        roles=(role,),
        name=f"A {role}",
        email=f"{role}@example.org",
        zone="Asia/Karachi",
        locale="en",
        email_verified=True,
        onboarding=Onboarding.NOT_NEEDED,
        valid_until=datetime(9999, 1, 1, tzinfo=UTC),
    )


class EverybodySignedIn:
    """Token ``hm_student`` is a student on main, ``ha_admin`` an admin on admin, and so on."""

    def __init__(self) -> None:
        people = [person(audience, role) for audience in Audience for role in GRANTS[audience]]
        self._people = {found.token_hash: found for found in people}

    async def find(self, token_hash: bytes, *, now: datetime) -> SignedIn | None:
        return self._people.get(token_hash)


def a_config(audience: Audience = Audience.MAIN, **given: Any) -> HttpConfig:
    fields = {
        "audience": audience,
        "base_url": "http://testserver.local",
        "secret": "a-secret-for-tests-only-0123456789",
        "school_zone": "Asia/Riyadh",
    }
    return HttpConfig(**(fields | given))


def an_app(
    controllers: Sequence[Any],
    *,
    audience: Audience = Audience.MAIN,
    dependencies: Mapping[str, Provide] | None = None,
    inner: Mapping[str, Any] | None = None,
    probes: Mapping[str, Probe] | None = None,
    count_news: CountNews | None = None,
    **config: Any,
) -> Litestar:
    """What a handler names and nobody gives is answered with 409 ``reached`` when it is asked for. ``inner``: what
    the application itself works with, in place of the clock that stands and of everybody being signed in.

    Hundreds of tests ask for the same routes with other things behind them: those are made once, since making them
    takes longer than asking them.
    """
    given = dict(dependencies or {})
    values = {name: part.value for name, part in given.items() if isinstance(part, Provided)}
    if probes is None and count_news is None and len(values) == len(given):
        parts = dict(inner or {})
        told = tuple(sorted(config.items()))
        made = _made_once(tuple(controllers), audience, tuple(sorted(values)), tuple(sorted(parts)), told)
        return _furnished(made, values | parts)
    return _an_app(controllers, audience, given, inner or {}, probes, count_news, config)


def _an_app(
    controllers: Sequence[Any],
    audience: Audience,
    dependencies: Mapping[str, Provide],
    inner: Mapping[str, Any],
    probes: Mapping[str, Probe] | None,
    count_news: CountNews | None,
    config: Mapping[str, Any],
) -> Litestar:
    clock = StandingClock()
    given: dict[str, Any] = {"clock": clock, "authenticator": Authenticate(audience, EverybodySignedIn(), clock)}
    return create_app(
        config=a_config(audience, **config),
        controllers=controllers,
        dependencies={**missing(controllers), **dependencies},
        probes=probes,
        count_news=count_news,
        **(given | dict(inner)),
    )


_PARTS: Final[ContextVar[Mapping[str, Any]]] = ContextVar("parts")
"""What stands behind the routes for the request at hand."""


class _OfTheRequest:
    """Stands inside an application for what belongs to the request at hand."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(_PARTS.get()[self._name], attribute)


class _CalledOfTheRequest(_OfTheRequest):
    async def __call__(self, *given: Any, **named: Any) -> Any:
        return await _PARTS.get()[self._name](*given, **named)


@lru_cache(maxsize=64)
def _made_once(
    controllers: tuple[Any, ...],
    audience: Audience,
    names: tuple[str, ...],
    inner: tuple[str, ...],
    config: tuple[tuple[str, Any], ...],
) -> Litestar:
    def part(name: str) -> Provide:
        def get() -> Any:
            return _PARTS.get()[name]

        return Provide(get, sync_to_thread=False)

    within = {name: _CalledOfTheRequest(name) for name in inner}
    return _an_app(controllers, audience, {name: part(name) for name in names}, within, None, None, dict(config))


def _furnished(made: Litestar, parts: Mapping[str, Any]) -> Litestar:
    """The same routes, with ``parts`` behind them; several of them may be open side by side."""
    app, ask = copy(made), made.asgi_handler

    async def with_parts(scope: Scope, receive: Receive, send: Send) -> None:
        _PARTS.set(parts)
        await ask(scope, receive, send)

    app.asgi_handler = with_parts
    return app


@cache
def whole_app(audience: Audience) -> Litestar:
    """All routes of a door over nothing, for EverybodySignedIn. Made once: there are hundreds of routes."""
    return bare_app(audience, Authenticate(audience, EverybodySignedIn(), StandingClock()))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Provided(Provide):
    """The same object for every request."""

    def __init__(self, value: Any) -> None:
        def get() -> Any:
            return value

        super().__init__(get, sync_to_thread=False)
        self.value = value


def provided(value: Any) -> Provided:
    return Provided(value)
