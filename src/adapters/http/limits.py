"""How often somebody may ask. (API-02)

Strangers have little: a hundred API calls and forms in a quarter of an hour and address. Who is signed in is counted
by account, and providers that report to us by address, each with room enough for honest work. What needs no database
(static files, health) is not counted. Answers say how much is left: ``RateLimit`` and ``RateLimit-Policy``
(draft-ietf-httpapi-ratelimit-headers), and ``Retry-After`` on a refusal.
"""

from typing import Final

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.addresses import counted_address
from adapters.http.config import HttpConfig
from domain.errors import TooMany
from domain.identity.actor import Actor
from ports.throttle import Limit, Throttle

WINDOW_S: Final = 15 * 60
HEADERS: Final = "limit_headers"
"""Where ``Observe`` finds them, for answers of every kind."""


class RateLimited(TooMany):
    code = "rate_limited"


class Limits(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    def __init__(self, config: HttpConfig, throttle: Throttle) -> None:
        self._config, self._throttle = config, throttle
        limits = config.limits
        self._anonymous = Limit(name="anonymous", times=limits.anonymous, per_s=WINDOW_S)
        self._pages = Limit(name="pages", times=limits.pages, per_s=WINDOW_S)
        self._signed_in = Limit(name="signed_in", times=limits.signed_in, per_s=WINDOW_S)
        self._webhooks = Limit(name="webhooks", times=limits.webhooks, per_s=WINDOW_S)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        await self.count(scope)
        await next_app(scope, receive, send)

    async def count(self, scope: Scope) -> None:
        """Raises RateLimited."""
        found = self._limit_of(scope)
        if found is None:
            return
        limit, who = found
        standing = await self._throttle.hit(limit, f"{self._config.audience}:{who}")
        scope["state"][HEADERS] = {
            "ratelimit-policy": f'"{limit.name}";q={limit.times};w={limit.per_s}',
            "ratelimit": f'"{limit.name}";r={standing.left};t={standing.reset_s}',
        }
        if not standing.allowed:
            raise RateLimited("too many requests; wait a little and try again", retry_after_s=standing.reset_s)

    def _limit_of(self, scope: Scope) -> tuple[Limit, str] | None:
        path, actor = scope["path"], scope.get("user")
        address = counted_address(scope, self._config.trusted_proxies)
        if path.startswith("/webhooks/"):
            return self._webhooks, address
        known = scope["route_handler"].opt
        if known.get("anonymous") and not known.get("counted"):
            return None
        if isinstance(actor, Actor):
            return self._signed_in, str(actor.impersonator or actor.user_id)
        if path.startswith("/api/") or scope.get("method") not in {"GET", "HEAD"}:
            return self._anonymous, address
        return self._pages, address
