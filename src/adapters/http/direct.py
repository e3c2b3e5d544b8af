"""The direct way of a program's request, and of a look at a page: one function instead of a dozen layers. See
docs/performance.md.

Handlers, guards, limits, authentication and refusals are the very same objects that Litestar calls; what falls away
is what stands between them. Whatever is not plain (a form, a page of another origin, a host that is not ours, http
where https is due, an address without a handler) goes the long way and is answered there.
"""

import gzip
from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final, NamedTuple, cast

import structlog
from litestar import Litestar, MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.authentication import Authentication
from adapters.http.branding import Branded
from adapters.http.config import HttpConfig
from adapters.http.direct_routes import PREFIXES, DirectRoute, DirectRoutes
from adapters.http.guard import guard
from adapters.http.hijri import Reckoned
from adapters.http.hosts import Hosts
from adapters.http.https import is_encrypted
from adapters.http.kept import KeptResponse
from adapters.http.limits import HEADERS as LIMIT_HEADERS
from adapters.http.limits import Limits
from adapters.http.observe import Observe
from adapters.http.pollution import one_of_each
from adapters.http.problem import problem
from adapters.http.requests import language_of
from adapters.http.unread import Unread
from adapters.languages import speak, stop_speaking
from ports.academy import FIRST_ACADEMY, enter, leave

_LEVEL: Final = 4
COMPRESSED_FROM: Final = 1400
"""Bytes: what is smaller fits into one packet as it is."""
_FORMS: Final = (b"multipart/", b"application/x-www-form-urlencoded")
_JSON: Final = (b"content-type", b"application/json")
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_PACKED: Final = ((b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"))
_NO_STORE: Final = (b"cache-control", b"no-store")
_NOTHING: Final[Mapping[str, str]] = {}
_STRANGERS: Final = (b"cache-control", b"private, no-cache")


class Finery(NamedTuple):
    """What pages are given on top: the looks of the school, its moon and its terms, and how much news there is."""

    branded: Branded | None = None
    reckoned: Reckoned | None = None
    unread: Unread | None = None


class Direct:
    """Stands before everything else of the application. ``otherwise`` is the long way."""

    def __init__(
        self,
        app: Litestar,
        otherwise: ASGIApp,
        config: HttpConfig,
        *,
        observe: Observe,
        hosts: Hosts,
        authentication: Authentication,
        limits: Limits | None,
        finery: Finery,
    ) -> None:
        self._app, self._otherwise, self._config = app, otherwise, config
        self._observe, self._hosts, self._authentication, self._limits = observe, hosts, authentication, limits
        self._finery = finery
        self.routes = DirectRoutes(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._found(scope)
        if found is None:
            await self._otherwise(scope, receive, send)
            return
        route, given, headers = found
        academy = await self._hosts.academy_of(headers.get(b"host", b"").decode("latin-1"))
        if academy is None:
            await self._otherwise(scope, receive, send)
            return
        started = perf_counter()
        request_id = self._observe.name(scope, headers.get(b"x-request-id", b"").decode("latin-1"))
        within, told = enter(academy), structlog.contextvars.bind_contextvars(request_id=request_id)
        if academy != FIRST_ACADEMY:
            scope["state"]["http"] = self._hosts.config_of_academy()
        raw: Any = scope
        raw["path_params"], raw["path_template"], raw["route_handler"] = given, route.template, route.handler
        raw["user"] = raw["auth"] = None
        answer = _Answer(scope, send, self._observe, request_id, b"gzip" in headers.get(b"accept-encoding", b""))
        branded, reckoned, _ = self._finery
        moon = None
        try:
            if reckoned is not None:
                moon = await reckoned.enter(scope)
            if branded is not None:
                await branded.look(scope)
            await self._serve(route, Request(scope, receive, send), answer)
        finally:
            if reckoned is not None:
                reckoned.leave(moon)
            self._observe.note(scope, answer.status, perf_counter() - started)
            structlog.contextvars.reset_contextvars(**told)
            stop_speaking()
            leave(within)

    def _found(self, scope: Any) -> tuple[DirectRoute, dict[str, Any], dict[bytes, bytes]] | None:
        if scope["type"] != "http":
            return None
        path = scope["path"]
        if "//" in path or (path[-1:] == "/" and path != "/"):
            return None
        found = self.routes.find(scope["method"], path)
        if found is None:
            return None
        headers = dict(scope["headers"])
        if (
            len(headers) != len(scope["headers"])
            or headers.get(b"content-type", b"").lower().startswith(_FORMS)
            or (b"origin" in headers and self._config.cors_origins)
            or (self._config.secure and not is_encrypted(scope))
        ):
            return None
        try:
            return found[0], found[0].path_values(found[1]), headers
        except ValueError:
            return None

    async def _serve(self, route: DirectRoute, request: Request[Any, Any, Any], answer: "_Answer") -> None:
        scope, spoken = request.scope, False
        try:
            if not route.anonymous:
                answer.cookies = await self._authentication.look(scope)
            if self._limits is not None:
                await self._limits.count(scope)
            speak(language_of(request))
            spoken = True
            if self._finery.unread is not None:
                await self._finery.unread.look(scope)
            await one_of_each(request, route.handler)
            await guard(request, route.handler)
            made = await route.answer(request)
            if route.is_json and made is not None and not isinstance(made, Response):
                await answer.json(route.status, route.encode(made))
                return
            if type(made) is Response and _is_written(made):
                await answer.json(made.status_code or route.status, made.content, made.headers)
                return
            if isinstance(made, KeptResponse) and not made.cookies:
                await answer.page(made)
                return
            whole = await route.handler.to_response(app=self._app, data=made, request=request)
        except Exception as error:
            if answer.begun:
                raise
            if not spoken:
                speak(language_of(request))
                answer.compress = False
            whole = problem(request, error).to_asgi_response(app=None, request=request)
        await whole(scope, request.receive, answer.passed_on)


def _is_written(made: Response[Any]) -> bool:
    """JSON as it was kept, and nothing else to be done."""
    return type(made.content) is bytes and made.media_type == MediaType.JSON and not (made.cookies or made.background)


class _Answer:
    """Adds what every answer carries."""

    __slots__ = ("_observe", "_request_id", "_scope", "_send", "_start", "begun", "compress", "cookies", "status")

    def __init__(self, scope: Scope, send: Send, observe: Observe, request_id: str, compress: bool) -> None:
        self._scope, self._send, self._observe, self._request_id = scope, send, observe, request_id
        self.compress = compress
        self._start: Any = None
        self.cookies: list[Cookie] = []
        self.begun, self.status = False, 500

    async def json(self, status: int, body: bytes, own: Mapping[str, str] = _NOTHING) -> None:
        self.begun, self.status = True, status
        headers = [_JSON, *self._more()]
        for name, value in own.items():
            headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        if self.compress and len(body) >= COMPRESSED_FROM:
            body = self._small(body, headers)
        headers += (_NO_STORE, (b"content-length", b"%d" % len(body)))
        await self._send(cast(Message, {"type": "http.response.start", "status": status, "headers": headers}))
        await self._send(cast(Message, {"type": "http.response.body", "body": body}))

    async def page(self, made: KeptResponse) -> None:
        self.begun, self.status = True, made.status_code or 200
        headers = [_HTML, *self._more(), self._keeping]
        if self.compress:
            body = made.whole.packed(made.proof)
            headers += _PACKED
        else:
            body = made.content
        headers.append((b"content-length", b"%d" % len(body)))
        await self._send(cast(Message, {"type": "http.response.start", "status": self.status, "headers": headers}))
        await self._send(cast(Message, {"type": "http.response.body", "body": body}))

    @property
    def _keeping(self) -> tuple[bytes, bytes]:
        private = self._scope["auth"] is not None or self._scope["path"].startswith(PREFIXES)
        return _NO_STORE if private else _STRANGERS

    async def passed_on(self, message: Message) -> None:
        """For answers of other kinds: what they say themselves counts first."""
        if message["type"] == "http.response.start":
            self.begun, self.status, self._start = True, message["status"], message
            return
        if self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            headers = list(start["headers"])
            said = {name.lower() for name, _ in headers}
            set_already = {value.partition(b"=")[0] for name, value in headers if name.lower() == b"set-cookie"}
            for name, value in (*self._more(), self._keeping):
                if name == b"set-cookie":
                    if value.partition(b"=")[0] not in set_already:
                        headers.append((name, value))
                elif name not in said:
                    headers.append((name, value))
            body = message["body"]
            excluded = self._scope["route_handler"].opt.get("exclude_from_compression")
            if self.compress and len(body) >= COMPRESSED_FROM and not message.get("more_body") and not excluded:
                headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
                message["body"] = body = self._small(body, headers)
                headers.append((b"content-length", b"%d" % len(body)))
            start["headers"] = headers
            await self._send(start)
        await self._send(message)

    @staticmethod
    def _small(body: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
        headers += _PACKED
        return gzip.compress(body, _LEVEL, mtime=0)

    def _more(self) -> list[tuple[bytes, bytes]]:
        more = [*self._observe.raw_headers, (b"x-request-id", self._request_id.encode())]
        for name, value in self._scope["state"].get(LIMIT_HEADERS, {}).items():
            more.append((name.encode(), value.encode()))
        if self.cookies:
            more += [(b"set-cookie", cookie.to_header(header="").encode()) for cookie in self.cookies]
        return more
