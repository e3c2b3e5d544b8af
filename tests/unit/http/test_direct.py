"""API-06, OPS-03: the direct way answers as the long way does, and only what is plain takes it."""

import re
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from adapters.http.direct import Direct
from adapters.http.direct_routes import PREFIXES, DirectRoutes
from domain.identity.permission import Audience, Role
from fakes.http import token_of, whole_app

LONG: Final = frozenset({"/wari/{rest}", "/qari/quran-resources/{rest}"})
"""Addresses with a whole path in them."""
OWN = frozenset({"x-request-id", "ratelimit", "date"})
"""Differs from one request to the next."""
ASKED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/api/v1/me", {}),
    ("GET", "/api/v1/me?lang=ar", {}),
    ("GET", "/api/v1/me?a=1&a=2", {}),
    ("GET", "/api/v1/bookings/not-an-id", {}),
    ("GET", "/api/v1/nothing", {}),
    ("DELETE", "/api/v1/me", {}),
    ("POST", "/api/v1/bookings", {"json": {}}),
    ("POST", "/api/v1/bookings", {"content": b"{", "headers": {"content-type": "application/json"}}),
    ("POST", "/api/v1/bookings", {"json": {"unknown": 1}}),
    ("GET", "/api/v1/teaching/agenda", {}),
    ("GET", "/api/v1/teaching/agenda?since=yesterday", {}),
)
PAGES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/", {}),
    ("GET", "/", {"headers": {"accept-language": "ar"}}),
    ("GET", "/qaris", {}),
    ("GET", "/qaris/?lang=ur", {}),
    ("GET", "/qaris?text=a&text=b", {}),
    ("GET", "/qaris/not-an-id", {}),
    ("GET", "/portal", {}),
    ("GET", "/portal/lessons", {}),
    ("GET", "/portal/lessons?tense=past", {"headers": {"accept-encoding": "identity"}}),
    ("GET", "/portal/lessons/", {"headers": {"accept": "text/html"}}),
    ("GET", "/lessons", {}),
    ("GET", "/account", {"headers": {"accept": "text/html", "cookie": "theme=dark; zone=Asia/Karachi"}}),
    ("GET", "/sign-in", {}),
    ("GET", "/robots.txt", {}),
    ("GET", "/static/halaqa.css", {}),
    ("GET", "/nothing/at/all", {"headers": {"accept": "text/html"}}),
    ("HEAD", "/qaris", {}),
    ("POST", "/preferences/theme", {"data": {"theme": "dark"}}),
    ("GET", "/", {"headers": {"host": "elsewhere.example"}}),
)
CHANCE: Final = re.compile(r"[0-9a-f]{16}\.[0-9a-f]{40}|[0-9a-f]{32}|halaqa_visit_main=[\w-]+|expires=[^;]+")
"""Proofs of forms, ids of requests, names of visits."""


@pytest.fixture(scope="module")
def app() -> Litestar:
    return whole_app(Audience.MAIN)


def test_every_handler_of_the_api_can_be_called_directly(app: Litestar) -> None:
    routes = [route for route in app.routes if isinstance(route, HTTPRoute) and route.path.startswith(PREFIXES)]
    handlers = {
        handler for route in routes for handler in route.route_handlers if "OPTIONS" not in handler.http_methods
    }

    found = DirectRoutes(app).found
    assert {route.handler for route in found if route.template.startswith(PREFIXES)} == handlers


def test_a_name_is_never_taken_for_a_parameter(app: Litestar) -> None:
    routes = DirectRoutes(app)

    found = routes.find("GET", "/api/v1/bookings/01980000-0000-7000-8000-000000000001")
    assert found is not None
    assert found[0].template == "/api/v1/bookings/{booking_id}"
    assert routes.find("GET", "/api/v1/bookings/series") is None
    assert routes.find("GET", "/portal/lessons") is not None
    assert routes.find("POST", "/sign-in") is None
    assert routes.find("GET", "/static/halaqa.css") is None


def test_pages_go_the_direct_way_but_for_whole_paths(app: Litestar) -> None:
    direct = {route.template for route in DirectRoutes(app).found}
    pages = {
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute)
        and not route.path.startswith((*PREFIXES, "/static/", "/health/", "/brand/", "/metrics", "/schema"))
        and "GET" in route.methods
    }

    assert pages - direct <= LONG


@pytest.mark.parametrize(("method", "path", "more"), PAGES)
@pytest.mark.parametrize("token", ["", token_of(Audience.MAIN, Role.STUDENT), "ha_admin", "hm_unknown"])
def test_both_ways_show_the_same_page(method: str, path: str, more: dict[str, Any], token: str, app: Litestar) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers |= more.get("headers", {})
    way, said = app.asgi_handler, []
    assert isinstance(way, Direct)
    for handler in (way, way._otherwise):
        app.asgi_handler = handler
        try:
            with TestClient(app) as client:
                answer = client.request(method, path, follow_redirects=False, **(more | {"headers": headers}))
        finally:
            app.asgi_handler = way
        told = sorted(
            (name, CHANCE.sub("", value))
            for name, value in answer.headers.multi_items()
            if name not in OWN | {"content-length"}
        )
        said.append((answer.status_code, told, CHANCE.sub("", answer.text)))

    assert said[0] == said[1]


@pytest.mark.parametrize(("method", "path", "more"), ASKED)
@pytest.mark.parametrize("token", ["", token_of(Audience.MAIN, Role.STUDENT), "ha_admin", "hm_unknown"])
def test_both_ways_answer_alike(method: str, path: str, more: dict[str, Any], token: str, app: Litestar) -> None:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers |= more.get("headers", {})
    said = []
    way = app.asgi_handler
    assert isinstance(way, Direct)
    for handler in (way, way._otherwise):
        app.asgi_handler = handler
        try:
            with TestClient(app) as client:
                answer = client.request(method, path, **(more | {"headers": headers}))
        finally:
            app.asgi_handler = way
        body = answer.json() if answer.content else None
        if isinstance(body, dict):
            for random in ("request_id", "csrf_token"):
                body.pop(random, None)
        told = {
            name: CHANCE.sub("", value)
            for name, value in answer.headers.items()
            if name not in OWN | {"content-length"}
        }
        said.append((answer.status_code, body, told))

    assert said[0] == said[1]
