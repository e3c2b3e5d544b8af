"""Which host names a request may use."""

import pytest
from litestar import get
from litestar.testing import TestClient

from adapters.http.requests import Req
from domain.identity.permission import Permission
from fakes.http import an_app


@get("/", needs=Permission.NOTHING, sync_to_thread=False)
def home(request: Req) -> str:
    return "home"


def told(names: tuple[str, ...], base_url: str, host: str, path: str = "/") -> int:
    with TestClient(an_app([home], trusted_hosts=names, base_url=base_url)) as client:
        return client.get(path, headers={"host": host, "x-forwarded-proto": "https"}).status_code


@pytest.mark.parametrize("host", ["school.example", "SCHOOL.example:443", "school.example."])
def test_the_name_of_the_own_address_is_trusted_when_nothing_else_is_said(host: str) -> None:
    # OPS-10
    assert told((), "https://school.example", host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "school.example.evil.example", "school.example@evil.example", "", "["]
)
def test_any_other_name_is_refused_before_anything_is_done(host: str) -> None:
    with TestClient(an_app([home], base_url="https://school.example")) as client:
        answer = client.get("/", headers={"host": host})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_host")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_names_that_are_given_stand_alone() -> None:
    names = ("a.example", "b.example")

    assert [told(names, "https://school.example", host) for host in ("a.example", "b.example", "school.example")] == [
        200,
        200,
        400,
    ]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_on_ones_own_machine_every_name_of_it_is_good(host: str) -> None:
    assert told((), "http://localhost:8000", host) == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_probes_may_name_an_address(path: str) -> None:
    # OPS-04; who may read the numbers is tested with them
    assert told((), "https://school.example", "127.0.0.1:8000", path) == (404 if path == "/metrics" else 200)
