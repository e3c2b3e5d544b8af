"""The servers that are measured: ``python bench/doors.py KIND PORT`` with the settings in the environment.

``main`` and ``admin`` are the doors as they are, ``live`` is main as in production. ``before`` is main as it was before
accounts were guarded in earnest: the session is read from PostgreSQL on every request, and nobody counts requests.
"""

import sys
from collections.abc import Callable

import msgspec
from litestar import Litestar

from adapters.http.app import create_app
from adapters.http.config import HttpConfig
from adapters.http.routes import controllers_for
from adapters.persistence.identity.queries import SqlSessionQueries
from application.identity.authenticate import Authenticate
from domain.identity.permission import Audience
from entrypoints.admin import create_admin
from entrypoints.container import Container
from entrypoints.main import create_main
from entrypoints.serve import configure_logging, serve
from entrypoints.settings import Settings, load


def before(settings: Settings) -> Litestar:
    container = Container(settings, Audience.MAIN)
    return create_app(
        config=HttpConfig(audience=Audience.MAIN, base_url=settings.main_url, secret=settings.secret_key),
        controllers=controllers_for(Audience.MAIN),
        dependencies=container.dependencies(),
        authenticator=Authenticate(Audience.MAIN, SqlSessionQueries(container.engine()), container.clock()),
        clock=container.clock(),
    )


def live(settings: Settings) -> Litestar:
    """``main`` as in production (templates and addresses of files are kept), but reached by plain http."""
    return create_main(msgspec.structs.replace(settings, env="production"))


KINDS: dict[str, Callable[[Settings], Litestar]] = {
    "main": create_main,
    "admin": create_admin,
    "before": before,
    "live": live,
}

if __name__ == "__main__":
    settings = load()
    configure_logging(settings, sys.argv[1])
    serve(KINDS[sys.argv[1]](settings), settings, int(sys.argv[2]))
