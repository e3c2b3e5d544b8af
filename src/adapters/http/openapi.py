"""The API's own description, OpenAPI 3.1, made from the handlers and completed with what they have in common."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server

from adapters.http.config import HttpConfig
from adapters.http.problem import MEDIA_TYPE, Problem
from domain.identity.permission import Audience, Permission

_REF: Final = {"$ref": "#/components/schemas/Problem"}
_BYTES: Final = {"type": "string", "format": "binary"}
_COMMON: Final[Mapping[str, str]] = {
    "400": "The request cannot be read.",
    "401": "Not known: no session, or one that has ended.",
    "403": "Known, but not allowed; or a write by cookie without CSRF proof.",
    "404": "Not there, or not yours to see.",
    "409": "Not with the state of things now.",
    "422": "Some of the input does not fit; `errors` says which.",
    "503": "Something we depend on does not answer; try again shortly.",
}


def openapi_config(config: HttpConfig) -> OpenAPIConfig:
    door = "for learners and Qaris" if config.audience is Audience.MAIN else "for staff"
    return OpenAPIConfig(
        title=f"Halaqa {config.audience.value} API",
        version=config.version,
        description=(
            f"The entrance {door}. Instants carry a time zone and are answered in UTC; money is integer minor units"
            " with an ISO 4217 code; lists are paged by an opaque cursor. Every refusal is a problem (RFC 9457)"
            " with a stable `code`."
        ),
        use_handler_docstrings=True,
        servers=[Server(url=config.base_url)],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", description="The token given at sign-in."),
                "cookie": SecurityScheme(
                    type="apiKey",
                    name=config.session_cookie,
                    security_scheme_in="cookie",
                    description="Set by sign-in for browsers. Writes also need the header `X-CSRF-Token` from `/me`.",
                ),
            }
        ),
        render_plugins=[CompletedJson()],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            opt={"needs": Permission.NOTHING, "anonymous": True},
        ),
    )


def complete(
    schema: dict[str, Any],
    permissions: Mapping[tuple[str, str], Permission],
    files: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Adds the problem answers, the security needed and the permission to each operation, and the kinds of ``files``
    to those that answer with one.
    """
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    _, definitions = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    schemas.update(definitions)
    for path, item in schema.get("paths", {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                _complete_operation(operation, method, permissions.get((method.upper(), path), Permission.NOTHING))
                if kinds := files.get((method.upper(), path)):
                    operation["responses"]["200"]["content"] = {kind: {"schema": _BYTES} for kind in kinds}
    return schema


def _complete_operation(operation: dict[str, Any], method: str, needs: Permission) -> None:
    wanted = {"422", "503"} if method == "get" else {"400", "409", "422", "503"}
    wanted |= {"404"} if any(p.get("in") == "path" for p in operation.get("parameters", [])) else set()
    if needs is not Permission.NOTHING:
        wanted |= {"401", "403"}
        operation["security"] = [{"bearer": []}, {"cookie": []}]
        operation["x-permission"] = needs.value
    else:
        operation["security"] = []
    responses = operation["responses"]
    for status in [status for status in responses if status == "400"]:
        del responses[status]  # the framework's own shape, which we do not answer with
    for status in sorted(wanted):
        responses.setdefault(status, _problem_response(status))
    responses["default"] = {"description": "Any other problem.", "content": {MEDIA_TYPE: {"schema": _REF}}}


def _problem_response(status: str) -> dict[str, Any]:
    return {
        "description": _COMMON.get(status, HTTPStatus(int(status)).phrase),
        "content": {MEDIA_TYPE: {"schema": _REF}},
    }


def route_permissions(app: Litestar) -> dict[tuple[str, str], Permission]:
    """(method, path format) -> what it needs, for all routes that say so."""
    found = {}
    for route in app.routes:
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items():
            needs = handler.opt.get("needs")
            if isinstance(needs, Permission):
                found[method, route.path_format] = needs
    return found


def route_files(app: Litestar) -> dict[tuple[str, str], tuple[str, ...]]:
    """(method, path format) -> the media types of the files it answers with, for all routes that say ``produces``."""
    return {
        (method, route.path_format): handler.opt["produces"]
        for route in app.routes
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items()
        if "produces" in handler.opt
    }


class CompletedJson(JsonRenderPlugin):
    """Serves the completed description at ``/schema/openapi.json``."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        state = request.app.state
        if "openapi" not in state:
            app = request.app
            state.openapi = msgspec.json.encode(complete(openapi_schema, route_permissions(app), route_files(app)))
        return bytes(state.openapi)
