"""What the machine room asks: alive, ready, counts, and the description of the API."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.assets import address
from domain.identity.permission import Audience, Permission
from entrypoints.docs import routes_of
from fakes.http import an_app, bearer, whole_app


async def fine() -> None:
    """A dependency that is there."""


async def away() -> None:
    raise ConnectionRefusedError("10.0.0.1")


def test_ready_names_each_dependency() -> None:
    # OPS-04
    with TestClient(an_app([], probes={"database": fine, "redis": fine})) as client:
        assert client.get("/health/live").json() == {"status": "ok"}
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")

    with TestClient(an_app([], probes={"database": fine, "redis": away})) as client:
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")  # it serves without

    with TestClient(an_app([], probes={"database": away, "redis": fine})) as client:
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"] == [{"name": "database", "ok": False}, {"name": "redis", "ok": True}]
        assert "10.0.0.1" not in answer.text
        assert client.get("/health/live").status_code == 200


def test_requests_are_counted_by_route_and_never_by_path() -> None:
    with TestClient(an_app([], metrics_token="for-the-scraper")) as client:
        client.get("/health/live")
        client.get("/a-secret-path/1")
        client.request("BREW", "/health/live")

        answer = client.get("/metrics", headers=bearer("for-the-scraper"))
    text = answer.text

    assert 'halaqa_http_requests_total{door="main",method="GET",route="/health/live",status="200"} 1.0' in text
    assert "halaqa_http_request_seconds_bucket" in text
    assert "a-secret-path" not in text
    assert "BREW" not in text
    assert answer.headers["content-type"].count("charset") == 1


def test_styles_come_compressed_and_with_a_tag_and_nothing_else_comes_at_all() -> None:
    with TestClient(an_app([])) as client:
        sheet = client.get(address("halaqa.css"))
        again = client.get("/static/halaqa.css", headers={"If-None-Match": sheet.headers["etag"]})
        outside = [client.get(f"/static/{path}") for path in ("../app.py", "%2e%2e/app.py", "css/../../app.py", "none")]

    assert sheet.status_code == 200
    assert (sheet.headers["content-type"], sheet.headers["content-encoding"]) == ("text/css; charset=utf-8", "gzip")
    assert "immutable" in sheet.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")
    assert [answer.status_code for answer in outside] == [404] * 4


@pytest.fixture(params=list(Audience), scope="module")
def described(request: pytest.FixtureRequest) -> Iterator[tuple[Litestar, dict[str, Any]]]:
    app = whole_app(request.param)
    with TestClient(app) as client:
        answer = client.get("/schema/openapi.json")
        assert answer.headers["content-type"].startswith("application/vnd.oai.openapi+json")
        yield app, answer.json()


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_the_description_is_complete(described: tuple[Litestar, dict[str, Any]]) -> None:
    # API-01
    app, schema = described
    said = {(method, path) for method, path, _ in operations(schema)}
    plain = {(method, route.path_format) for route in app.routes for method in route.methods}

    assert schema["openapi"].startswith("3.1")
    assert said <= plain
    api = [route for route in routes_of(app) if route.path.startswith("/api/")]
    assert all(route.in_schema for route in api)
    assert len([path for _, path in said if path.startswith("/api/")]) == len(api)
    ids = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(ids) == len(set(ids))


def test_every_operation_says_what_it_is_who_may_and_how_it_fails(described: tuple[Litestar, dict[str, Any]]) -> None:
    _, schema = described
    for method, path, operation in operations(schema):
        assert operation.get("summary"), (method, path)
        assert operation["responses"]["default"]["content"]["application/problem+json"], (method, path)
        if operation["security"]:
            assert {"401", "403"} <= operation["responses"].keys()
            assert operation["x-permission"] in set(Permission)


def test_every_reference_leads_somewhere(described: tuple[Litestar, dict[str, Any]]) -> None:
    _, schema = described

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(found := node.get("$ref"), str):
                yield found
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(schema)):
        node: Any = schema
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
