"""One guard for all routes. A route says ``needs=Permission.X``; one that says nothing is closed. (ID-08, API-06)"""

from litestar.handlers import BaseRouteHandler

from adapters.http import csrf
from adapters.http.requests import Connection, config_of
from application.identity.authenticate import WrongDoor
from domain.errors import NotPermitted, NotSignedIn
from domain.identity.actor import Actor
from domain.identity.permission import Permission


class RouteClosed(NotPermitted):
    code = "route_closed"


class ReadOnly(NotPermitted):
    code = "read_only"


def needs_of(handler: BaseRouteHandler) -> Permission | None:
    needs = handler.opt.get("needs")
    return needs if isinstance(needs, Permission) else None


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Raises RouteClosed, ReadOnly, NotSignedIn (not known), NotPermitted (known, but not allowed), CsrfFailed."""
    if connection.scope.get("method") == "OPTIONS":
        return
    needs = needs_of(handler)
    if needs is None:
        raise RouteClosed("nobody has said who may use this address")
    actor = connection.scope.get("user")
    if isinstance(actor, Actor) and actor.impersonator is not None:
        _only_looks(connection, handler)
    if needs is not Permission.NOTHING:
        if not isinstance(actor, Actor):
            if connection.scope["path"].startswith("/api/") and config_of(connection).other_session_cookie in (
                connection.cookies
            ):
                raise WrongDoor("this session belongs to the other entrance")
            raise NotSignedIn("sign in first")
        actor.require(needs)
    if not handler.opt.get("anonymous"):
        await csrf.check(connection)


def _only_looks(connection: Connection, handler: BaseRouteHandler) -> None:
    """Who looks through somebody's eyes changes nothing; ``impersonated=True`` marks the way out, ``acts=True``
    a page that is more than looked at: whoever opens it is in the class. (ID-20)
    """
    writes = connection.scope.get("method") not in {"GET", "HEAD"} or handler.opt.get("acts")
    if writes and not handler.opt.get("impersonated"):
        raise ReadOnly("you look through somebody else's eyes here and cannot change anything")
