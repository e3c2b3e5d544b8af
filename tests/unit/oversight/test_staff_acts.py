"""Every address at which staff change something leads to a use case that writes into the audit log. (ADM-05)

Generated from the routes: whoever adds one finds it here, and lets its use case note an ``Act``, or says below why
there is nothing to answer for.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any, Final, get_type_hints

from litestar.di import Dependency
from litestar.handlers import HTTPRouteHandler

from domain.identity.permission import Audience, Permission
from fakes.http import whole_app

NOT_STAFF: Final = frozenset({Permission.NOTHING, Permission.SIGNED_IN})
"""One's own account, the same at both doors."""
NOTHING_DONE: Final = {
    "POST /settings/{kind:str}/review": "shows what would change",
}


def staff_writes() -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in whole_app(Audience.ADMIN).routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            if method in {"POST", "PUT", "PATCH", "DELETE"} and handler.opt.get("needs") not in NOT_STAFF:
                yield f"{method} {route.path}", handler


def use_cases(handler: HTTPRouteHandler) -> list[type[Any]]:
    hints = get_type_hints(handler.fn, include_extras=True).values()
    asked = [hint for hint in hints if any(isinstance(mark, Dependency) for mark in getattr(hint, "__metadata__", ()))]
    found = [hint.__origin__ for hint in asked]
    return [kind for kind in found if isinstance(kind, type) and kind.__module__.startswith("application.")]


def notes(kind: type[Any]) -> bool:
    """Whether a method of the class notes an act, itself or by what it calls."""
    return _notes(ast.parse(inspect.getsource(kind).strip()), sys.modules[kind.__module__], depth=2)


def _notes(tree: ast.AST, module: ModuleType, depth: int) -> bool:
    if any(isinstance(node, ast.Attribute) and node.attr == "note" for node in ast.walk(tree)):
        return True
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return depth > 0 and any(_reaches(getattr(module, name, None), depth - 1) for name in sorted(names))


def _reaches(thing: Any, depth: int) -> bool:
    if not (inspect.isfunction(thing) or inspect.isclass(thing)) or not thing.__module__.startswith("application."):
        return False
    known: Any = thing
    return _read(known, depth)


@cache
def _read(thing: Any, depth: int) -> bool:
    return _notes(ast.parse(inspect.getsource(thing).strip()), sys.modules[thing.__module__], depth)


def test_every_address_where_staff_change_something_leads_to_an_act() -> None:
    found = dict(staff_writes())
    silent = {
        name: [kind.__name__ for kind in use_cases(handler)]
        for name, handler in found.items()
        if not any(notes(kind) for kind in use_cases(handler)) and name not in NOTHING_DONE
    }

    assert len(found) > 40
    assert silent == {}
    assert NOTHING_DONE.keys() <= found.keys()
