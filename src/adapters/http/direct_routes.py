"""Which handlers can be called directly, and how their path is found. See ``direct``.

Litestar has read every signature already: its own model of a handler's arguments is used as it stands. What it would do
besides (hooks, caches, transfer objects, dependencies of dependencies) is not repeated here; a handler that has any of
it is simply not called directly.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.exceptions import ClientException, SerializationException
from litestar.handlers import HTTPRouteHandler
from litestar.response import File, Stream
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.serialization import get_serializer
from litestar.types import Empty

JSON: Final = "application/json"
NO_CONTENT: Final = 204
PREFIXES: Final = ("/api/", "/webhooks/")
"""What programs ask for. Of everything else, pages are looked at: ``GET`` alone goes the direct way."""
_FILES: Final = ("/static/", "/health/", "/brand/", "/metrics", "/schema")
_PLAIN: Final = frozenset({"request", "data"})


class DirectRoute:
    """A handler with everything that its call needs, looked up once."""

    __slots__ = (
        "anonymous",
        "call",
        "encode",
        "handler",
        "is_json",
        "kwargs",
        "parameters",
        "provides",
        "status",
        "sync",
        "template",
        "values",
    )

    def __init__(self, route: HTTPRoute, handler: HTTPRouteHandler) -> None:
        self.handler, self.template, self.status = handler, route.path_format, handler.status_code
        self.parameters = [(found.name, found.parser) for found in route.path_parameters.values()]
        self.kwargs = model = route.route_handler_map[_method(handler)][1]
        self.values = handler.signature_model.parse_values_from_connection_kwargs
        self.call: Callable[..., Any] = handler.fn
        self.sync = handler.has_sync_callable
        self.is_json = (
            handler.status_code != NO_CONTENT and str(getattr(handler.media_type, "value", handler.media_type)) == JSON
        )
        self.anonymous = bool(handler.opt.get("anonymous"))
        self.encode = msgspec.json.Encoder(enc_hook=get_serializer(handler.resolve_type_encoders())).encode
        self.provides: list[tuple[str, Callable[[], Any]]] = [
            (each.key, each.provide.dependency) for batch in model.dependency_batches for each in batch
        ]

    def path_values(self, given: Sequence[str]) -> dict[str, Any]:
        """Raises ValueError for what is no value of its kind."""
        return {
            name: parser(text) if parser is not None else text
            for (name, parser), text in zip(self.parameters, given, strict=True)
        }

    async def answer(self, request: Any) -> Any:
        """What the handler returns. Raises what Litestar would raise for its arguments."""
        try:
            kwargs = await self.kwargs.to_kwargs(connection=request)
        except SerializationException as error:
            raise ClientException(str(error)) from error
        if kwargs.get("data") is Empty:
            del kwargs["data"]
        for name, provide in self.provides:
            kwargs[name] = provide()
        made = self.call(**self.values(connection=request, kwargs=kwargs))
        return made if self.sync else await made


class _Node:
    __slots__ = ("children", "leaf", "wild")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.leaf: dict[str, DirectRoute] = {}


class DirectRoutes:
    """All paths of the application, so that a parameter never swallows what is somebody else's name."""

    def __init__(self, app: Litestar) -> None:
        self._root = _Node()
        self.found: list[DirectRoute] = []
        for route in app.routes:
            self._add(app, route)

    def find(self, method: str, path: str) -> tuple[DirectRoute, list[str]] | None:
        """The route, and what stands in the places of its parameters."""
        node, given = self._root, []
        for part in path.split("/"):
            if not part:
                continue
            child = node.children.get(part)
            if child is None:
                if node.wild is None:
                    return None
                child = node.wild
                given.append(part)
            node = child
        route = node.leaf.get(method)
        return (route, given) if route is not None else None

    def _add(self, app: Litestar, route: Any) -> None:
        node = self._root
        for part in route.path_components:
            if isinstance(part, str):
                node = node.children.setdefault(part, _Node())
            else:
                node.wild = node = node.wild or _Node()
        if not isinstance(route, HTTPRoute) or route.path.startswith(_FILES):
            return
        pages = not route.path.startswith(PREFIXES)
        if any(found.type is Path for found in route.path_parameters.values()):
            return
        for method, (handler, model) in route.route_handler_map.items():
            if method in {"OPTIONS", "HEAD"} or (pages and method != "GET"):
                continue
            if _is_plain(app, handler, model):
                found = DirectRoute(route, handler)
                node.leaf[method] = found
                self.found.append(found)


def _method(handler: HTTPRouteHandler) -> Any:
    return next(iter(handler.http_methods))


def _is_plain(app: Litestar, handler: HTTPRouteHandler, model: Any) -> bool:
    """Whether a call is all that there is to it."""
    returns = handler.parsed_fn_signature.return_type
    hooks = (
        handler.cache,
        handler.background,
        handler.resolve_before_request(),
        handler.resolve_after_response(),
        handler.resolve_return_dto(),
        handler.resolve_response_headers(),
        handler.resolve_response_cookies(),
        *(layer.after_request for layer in handler.ownership_layers),
    )
    own_rules = (
        len(handler.resolve_guards()) - len(app.guards) + len(handler.resolve_middleware()) - len(app.middleware)
    )
    reads = (
        model.expected_reserved_kwargs - _PLAIN,
        model.expected_form_data,
        model.expected_msgpack_data,
        model.expected_data_dto,
    )
    flat = all(_is_flat(each) for batch in model.dependency_batches for each in batch)
    streams = returns.is_subclass_of((ASGIResponse, Stream, File))
    return flat and not any(hooks) and not own_rules and not any(reads) and not streams


def _is_flat(dependency: Any) -> bool:
    provide = dependency.provide
    fields: Mapping[str, Any] = provide.signature_model._fields
    generates = provide.has_sync_generator_dependency or provide.has_async_generator_dependency
    return bool(provide.has_sync_callable and not (dependency.dependencies or fields or provide.use_cache or generates))
