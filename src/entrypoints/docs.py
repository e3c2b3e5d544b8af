"""Pages of the documentation that are made from the code, so that they cannot say something else. (ID-08)"""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn, get_type_hints

import msgspec
from litestar import Litestar
from litestar.di import Dependency, Provide
from litestar.handlers import HTTPRouteHandler

import domain
from adapters.http.app import create_app
from adapters.http.config import HttpConfig
from adapters.http.guard import needs_of
from adapters.http.routes import controllers_for
from adapters.system import SystemClock
from domain.errors import Conflict
from domain.identity.permission import GRANTS, Audience, Permission, Role
from domain.machine import LIFECYCLES, Lifecycle
from entrypoints.settings import markdown_table
from ports.identity.queries import SignedIn

PERMISSIONS: Final = "docs/permissions.md"
STATE_MACHINES: Final = "docs/state-machines.md"
README: Final = "README.md"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Reached(Conflict):
    """A use case was asked for, in an application that has none: the guard let the request through."""

    code = "reached"


class Route(msgspec.Struct, frozen=True, order=True):
    path: str
    method: str
    needs: Permission
    in_schema: bool


async def _nobody(token: str) -> SignedIn | None:
    del token
    return None


def bare_app(audience: Audience, authenticator: Callable[[str], Any] = _nobody) -> Litestar:
    """All routes of a door, with nothing behind them: asking for a use case raises Reached."""
    controllers = controllers_for(audience)
    return create_app(
        config=HttpConfig(audience=audience, base_url="http://testserver.local", secret="documentation" * 3),
        controllers=controllers,
        dependencies=missing(controllers),
        authenticator=authenticator,
        clock=SystemClock(),
    )


def _nothing() -> Provide:
    def build() -> NoReturn:
        raise Reached("there is nothing behind this door")

    return Provide(build, sync_to_thread=False)


def missing(controllers: Iterable[Any]) -> Mapping[str, Provide]:
    """A provider for each dependency that a handler names."""
    found: dict[str, Provide] = {}
    for handler in _handlers(controllers):
        for name, hint in get_type_hints(handler.fn, include_extras=True).items():
            if any(isinstance(mark, Dependency) for mark in getattr(hint, "__metadata__", ())):
                found[name] = _nothing()
    return found


def _handlers(controllers: Iterable[Any]) -> Iterable[HTTPRouteHandler]:
    for controller in controllers:
        if isinstance(controller, HTTPRouteHandler):
            yield controller
        elif isinstance(controller, type):
            yield from (value for value in vars(controller).values() if isinstance(value, HTTPRouteHandler))
        else:
            yield from _handlers(getattr(controller, "route_handlers", ()))


def routes_of(app: Litestar) -> list[Route]:
    """Every address and method that the application answers, in order. A route that names no permission fails."""
    found = []
    for route in app.routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            if method not in _METHODS:
                continue
            needs = needs_of(handler)
            if needs is None:
                raise LookupError(f"{method} {route.path_format} names no permission")
            found.append(Route(route.path, method, needs, handler.resolve_include_in_schema()))
    return sorted(found)


def permissions_page() -> str:
    lines = [
        "# Who may do what",
        "",
        "Made by `halaqa docs` from `domain/identity/permission.py` and the routes; a test walks every role and every",
        "route with real requests and compares. `yes`: allowed; a dot: refused with 403 (or 401 without a session).",
        "What is open to everybody says `anybody`. Whose lesson or payment it is, is decided behind the route.",
    ]
    for audience in Audience:
        roles = [role for role in Role if role in GRANTS[audience]]
        lines += [
            "",
            f"## The {audience.value} entrance",
            "",
            _row("Route", "Needs", *roles),
            _row(*["---"] * (2 + len(roles))),
        ]
        lines += [_route_row(route, audience, roles) for route in routes_of(bare_app(audience))]
    return "\n".join(lines) + "\n"


def _route_row(route: Route, audience: Audience, roles: list[Role]) -> str:
    address = f"`{route.method} {route.path}`"
    if route.needs is Permission.NOTHING:
        return _row(address, "anybody", *["yes"] * len(roles))
    allowed = ["yes" if route.needs in GRANTS[audience][role] else "·" for role in roles]
    return _row(address, f"`{route.needs.value}`", *allowed)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def state_machines_page() -> str:
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        import_module(module.name)
    lines = [
        "# Lifecycles",
        "",
        "Made by `halaqa docs` from the tables in `domain/`; a step that is not drawn is refused.",
    ]
    for entity in sorted(LIFECYCLES):
        lines += ["", f"## {entity}", "", "```mermaid", *_diagram(LIFECYCLES[entity]), "```"]
    return "\n".join(lines) + "\n"


def _diagram(lifecycle: Lifecycle[Any]) -> list[str]:
    steps = [f"    [*] --> {status}" for status in sorted(lifecycle.start)]
    for status, following in lifecycle.table.items():
        steps += [f"    {status} --> {after}" for after in sorted(following)]
    steps += [f"    {status} --> [*]" for status in sorted(lifecycle.terminal)]
    return ["stateDiagram-v2", *steps]


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    PERMISSIONS: permissions_page,
    STATE_MACHINES: state_machines_page,
}


def readme(text: str) -> str:
    """The README with the table of settings between its two marks; as it is where there are none."""
    begin, end = "<!-- settings -->\n", "<!-- end of settings -->"
    before, mark, rest = text.partition(begin)
    _, closing, after = rest.partition(end)
    return f"{before}{begin}{markdown_table()}\n{end}{after}" if mark and closing else text


def _pages(root: Path) -> dict[Path, str]:
    pages = {root / name: make() for name, make in PAGES.items()}
    if (root / README).is_file():
        pages[root / README] = readme((root / README).read_text("utf-8"))
    return pages


def stale_docs(root: Path) -> list[Path]:
    """The pages below ``root`` that do not say what the code says."""
    return [file for file, text in _pages(root).items() if not file.is_file() or file.read_text("utf-8") != text]


def write_docs(root: Path) -> list[Path]:
    """Writes the pages below ``root``; the ones that changed."""
    pages, changed = _pages(root), stale_docs(root)
    for file in changed:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pages[file], "utf-8")
    return changed
