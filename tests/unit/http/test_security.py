"""Guards of the HTTP side, each asked about every route it stands before. (OPS-10)"""

import re
from collections.abc import Iterator
from typing import Final, get_args

import msgspec
import pytest
from litestar import Litestar, get
from litestar.params import FromQuery
from litestar.testing import TestClient

from domain.identity.permission import GRANTS, Audience, Permission, Role
from entrypoints.docs import Route, routes_of
from fakes.http import an_app, bearer, token_of, whole_app

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
SAMPLES: Final = {"uuid": "01980000-0000-7000-8000-000000000001", "int": "1", "date": "2026-03-03", "path": "x.css"}
INJECTIONS: Final = (
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "../../../../etc/passwd",
    "\x00",
    "%0d%0aSet-Cookie: a=b",
    "١٢٣\u202e",
    "A" * 5000,
)


def address(route: Route, **samples: str) -> str:
    return re.sub(r"\{[^:}]+:(\w+)\}", lambda found: (SAMPLES | samples).get(found[1], "sample"), route.path)


@pytest.fixture(params=list(Audience))
def door(request: pytest.FixtureRequest) -> Iterator[tuple[Audience, Litestar, TestClient[Litestar]]]:
    audience: Audience = request.param
    app = whole_app(audience)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield audience, app, client


Door = tuple[Audience, Litestar, TestClient[Litestar]]


def strongest(audience: Audience) -> dict[str, str]:
    return bearer(token_of(audience, Role.OWNER if audience is Audience.ADMIN else Role.STUDENT))


def test_every_answer_has_its_headers(door: Door) -> None:
    audience, app, client = door
    wrong = []

    for headers in ({}, strongest(audience), bearer("nonsense")):
        for route in [*routes_of(app), Route(method="GET", path="/nowhere", needs=Permission.NOTHING, in_schema=False)]:
            answer = client.request(route.method, address(route), headers=headers, follow_redirects=False)
            found = {name: answer.headers.get(name) for name in HEADERS}
            policy = answer.headers.get("content-security-policy", "")
            if (
                found != HEADERS
                or "default-src 'none'" not in policy
                or "unsafe" in policy
                or "permissions-policy" not in answer.headers
                or "server" in answer.headers
            ):
                wrong.append((route.method, route.path, answer.status_code, found, policy))

    assert wrong == []


def test_what_is_personal_is_stored_nowhere_on_the_way(door: Door) -> None:
    audience, app, client = door

    kept = {
        route.path
        for route in routes_of(app)
        if route.needs is not Permission.NOTHING
        and route.method == "GET"
        and "no-store"
        not in client.get(address(route), headers=strongest(audience), follow_redirects=False).headers["cache-control"]
    }

    assert kept == set()


@pytest.mark.parametrize("url", ["https://school.example", "http://school.example"])
def test_browsers_are_told_to_come_back_over_https_only(url: str) -> None:
    @get("/", needs=Permission.NOTHING, sync_to_thread=False)
    def home() -> str:
        return "x"

    with TestClient(an_app([home], base_url=url), base_url=url) as client:
        told = client.get("/").headers.get("strict-transport-security", "")

    assert ("max-age=31536000" in told) is url.startswith("https")


@get("/api/one", needs=Permission.NOTHING, sync_to_thread=False)
def one(limit: FromQuery[int] = 1) -> int:
    return limit


@get("/api/several", needs=Permission.NOTHING, sync_to_thread=False)
def several(kind: FromQuery[list[str] | None] = None) -> list[str]:
    return kind or []


def test_a_parameter_that_is_given_twice_is_refused() -> None:
    with TestClient(an_app([one, several])) as client:
        assert client.get("/api/one?limit=1&other=2").status_code == 200
        answer = client.get("/api/one?limit=1&limit=2")
        assert client.get("/api/several?kind=a&kind=b").json() == ["a", "b"]

    assert (answer.status_code, answer.json()["code"]) == (422, "parameter_given_twice")


def test_scripts_of_other_origins_are_let_in_by_name_and_never_with_cookies() -> None:
    foreign = {"Origin": "https://evil.example"}
    friendly = {"Origin": "https://app.example"}

    with TestClient(an_app([one])) as closed:
        assert "access-control-allow-origin" not in closed.get("/api/one", headers=friendly).headers
    with TestClient(an_app([one], cors_origins=("https://app.example",))) as client:
        assert "access-control-allow-origin" not in client.get("/api/one", headers=foreign).headers
        allowed = client.get("/api/one", headers=friendly).headers
        asked = client.options("/api/one", headers=friendly | {"Access-Control-Request-Method": "GET"})

    assert allowed["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-credentials" not in allowed
    assert asked.status_code in {200, 204}


def structs_in(annotation: object) -> Iterator[type[msgspec.Struct]]:
    for part in get_args(annotation):
        yield from structs_in(part)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
        for field in msgspec.structs.fields(annotation):
            yield from structs_in(field.type)


@pytest.mark.parametrize("audience", list(Audience))
def test_no_body_takes_fields_it_does_not_know(audience: Audience) -> None:
    """Nobody makes himself an owner by sending ``roles`` along."""
    bodies, open_ones = 0, set()

    for route in whole_app(audience).routes:
        for handler in getattr(route, "route_handlers", ()):
            field = handler.parsed_data_field
            if field is None:
                continue
            bodies += 1
            found = list(structs_in(field.annotation))
            open_ones |= {each.__name__ for each in found if not each.__struct_config__.forbid_unknown_fields}
            if not found:
                open_ones.add(str(handler))

    assert bodies > 5
    assert open_ones == set()


def marks_in(annotation: object) -> Iterator[msgspec.Meta]:
    for part in get_args(annotation):
        if isinstance(part, msgspec.Meta):
            yield part
        yield from marks_in(part)


@pytest.mark.parametrize("audience", list(Audience))
def test_the_bounds_of_a_parameter_are_written_where_they_hold(audience: Audience) -> None:
    """Litestar reads the bounds of a body from ``msgspec.Meta``, but those of a query value from ``QueryParameter``."""
    without = [
        (route.path, name)
        for route in whole_app(audience).routes
        for handler in getattr(route, "route_handlers", ())
        for name, field in handler.parsed_fn_signature.parameters.items()
        if name != "data" and any(marks_in(field.raw))
    ]

    assert without == []


@pytest.mark.slow
@pytest.mark.parametrize("hostile", INJECTIONS)
def test_hostile_text_in_an_address_breaks_nothing(hostile: str, door: Door) -> None:
    audience, app, client = door

    for route in routes_of(app):
        if route.method != "GET":
            continue
        answer = client.get(
            address(route, str=hostile.replace("/", "%2F").replace("\x00", "%00")),
            params={"q": hostile, "cursor": hostile, "next": hostile},
            headers=strongest(audience),
            follow_redirects=False,
        )
        assert "SELECT" not in answer.text, route
        assert "<script>alert" not in answer.text, route
        assert "a=b" not in answer.headers.get("set-cookie", ""), route


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aLocation:x",
        "///e.x",
    ],
)
def test_no_parameter_leads_a_browser_elsewhere(target: str, door: Door) -> None:
    audience, app, client = door

    for route in routes_of(app):
        if route.method != "GET" or route.path.startswith("/api/"):
            continue
        for headers in ({"Accept": "text/html"}, strongest(audience) | {"Accept": "text/html"}):
            answer = client.get(
                address(route),
                params={"next": target, "return_to": target, "url": target, "redirect": target},
                headers=headers,
                follow_redirects=False,
            )
            location = answer.headers.get("location", "/")
            assert location.startswith("/"), (route, location)
            assert not location.startswith(("//", "/\\")), (route, location)


def test_the_two_doors_have_no_address_of_staff_in_common_with_main() -> None:
    # ADM-04
    staff_only = {needs for role in GRANTS[Audience.ADMIN] for needs in GRANTS[Audience.ADMIN][role]} - {
        needs for role in GRANTS[Audience.MAIN] for needs in GRANTS[Audience.MAIN][role]
    }

    assert [route for route in routes_of(whole_app(Audience.MAIN)) if route.needs in staff_only] == []
