"""Each handler is offered what it asks for, and no more.

Litestar compares every dependency of a handler with every other one, so that hundreds of use cases offered to hundreds
of handlers cost tens of millions of comparisons at the start: each controller is offered its own few.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any

from litestar import Controller
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler


def narrowed(controllers: Sequence[Any], dependencies: Mapping[str, Provide]) -> list[Any]:
    """The same controllers and handlers, each with the dependencies that it names, and those that these name."""
    return [_with_its_own(controller, dependencies) for controller in controllers]


def _with_its_own(controller: Any, dependencies: Mapping[str, Provide]) -> Any:
    wanted: dict[str, Provide] = {}
    names = [name for handler in _handlers(controller) for name in _asked(handler.fn)]
    while names:
        name = names.pop()
        if name in dependencies and name not in wanted:
            wanted[name] = dependencies[name]
            names.extend(_asked(dependencies[name].dependency))
    if not wanted:
        return controller
    if isinstance(controller, type):
        return type(controller.__name__, (controller,), {"dependencies": wanted, "__doc__": controller.__doc__})
    offered = copy(controller)
    offered.dependencies = wanted
    return offered


def _handlers(controller: Any) -> Iterator[BaseRouteHandler]:
    """Raises TypeError for what is neither a controller nor a handler."""
    if isinstance(controller, BaseRouteHandler):
        yield controller
    elif isinstance(controller, type) and issubclass(controller, Controller):
        for kind in controller.__mro__:
            yield from (value for value in vars(kind).values() if isinstance(value, BaseRouteHandler))
    else:
        raise TypeError(f"{controller!r} is neither a controller nor a handler")


def _asked(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
