"""Around every request, matched or not: its id, the security headers, a line in the log, two numbers. (OPS-08, OPS-10)

The log line names the route, never the path or the query: links carry secrets.
"""

import re
import time
from typing import Final, Protocol

import structlog
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from adapters.http.config import HttpConfig
from adapters.http.limits import HEADERS as LIMIT_HEADERS
from adapters.http.metrics import Metrics

_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
log = structlog.get_logger("http.access")


class AccessLog(Protocol):
    """Takes note of one request. ``ms``: how long it took."""

    def __call__(
        self, *, method: str, route: str, status: int, ms: float, user: str | None, request_id: str
    ) -> None: ...


def said(*, method: str, route: str, status: int, ms: float, user: str | None, request_id: str) -> None:
    """A line like any other; the id of the request is in the context."""
    log.info("request", method=method, route=route, status=status, ms=ms, user=user)


def content_security_policy(config: HttpConfig, *, frames: str = "") -> str:
    """No inline script or style anywhere. ``form-action`` also governs where a form's redirect may lead. ``frames``:
    what a page may show inside itself, for the few that do.
    """
    forms = " ".join(["'self'", *config.form_origins])
    own = " ".join(filter(None, ("'self'", config.static_origin)))
    rules = [
        "default-src 'none'",
        f"script-src {own}",
        f"style-src {own}",
        f"img-src {own} data:",
        f"font-src {own}",
        "connect-src 'self'",
        "manifest-src 'self'",
        f"form-action {forms}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if frames:
        rules.append(f"frame-src {frames}")
    if config.secure:
        rules.append("upgrade-insecure-requests")
    return "; ".join(rules)


def security_headers(config: HttpConfig) -> dict[str, str]:
    headers = {
        "content-security-policy": content_security_policy(config),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if config.secure:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return headers


class Observe:
    """Wraps the whole application, so that an address without a route has its headers as well."""

    def __init__(self, app: ASGIApp, config: HttpConfig, metrics: Metrics, access: AccessLog = said) -> None:
        self._app, self._metrics, self._access = app, metrics, access
        self._headers = list(security_headers(config).items())
        self.raw_headers = [(name.encode(), value.encode()) for name, value in self._headers]

    @staticmethod
    def name(scope: Scope, given: str) -> str:
        """The id of the request: the one that it brings, if that looks like one."""
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid7().hex
        scope["state"]["request_id"] = request_id
        return request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = self.name(scope, Headers.from_scope(scope).get("x-request-id", ""))
        started, status = time.perf_counter(), 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                headers["x-request-id"] = request_id
                for name, value in self._headers:
                    headers.setdefault(name, value)
                for name, value in scope["state"].get(LIMIT_HEADERS, {}).items():
                    headers[name] = value
                private = scope.get("auth") is not None or scope["path"].startswith("/api/")
                headers.setdefault("cache-control", "no-store" if private else "private, no-cache")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, observed)
            finally:
                self.note(scope, status, time.perf_counter() - started)

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        route = str(scope.get("path_template") or "(none)")
        method = str(scope.get("method", ""))
        self._metrics.observe(method, route, status, seconds)
        if route in _QUIET and status < 400:
            return
        person = scope.get("user")
        self._access(
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            user=str(person.user_id) if person is not None else None,
            request_id=str(scope["state"].get("request_id", "")),
        )
