"""Where the door is reached by https, plain http leads there and carries nothing. (OPS-15)"""

import pytest
from litestar import Litestar, get, post
from litestar.testing import TestClient

from domain.identity.permission import Permission
from fakes.http import an_app

PLAIN = {"Host": "school.example", "X-Forwarded-Proto": "http"}


@get("/lessons", needs=Permission.NOTHING, sync_to_thread=False)
def lessons() -> str:
    return "here"


@post("/lessons", needs=Permission.NOTHING, anonymous=True, sync_to_thread=False)
def write() -> str:
    return "written"


def door(base_url: str) -> TestClient[Litestar]:
    client = TestClient(an_app([lessons, write], base_url=base_url))
    client.follow_redirects = False
    return client


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://school.example", "https://school.example/lessons?page=2"),
        ("https://school.example:8443", "https://school.example:8443/lessons?page=2"),
    ],
)
def test_plain_http_is_sent_on(base: str, expected: str) -> None:
    # OPS-15
    with door(base) as client:
        answer = client.get("/lessons?page=2", headers=PLAIN)

    assert (answer.status_code, answer.headers["location"]) == (308, expected)
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_the_nearest_proxy_is_believed() -> None:
    # OPS-15
    with door("https://school.example") as client:
        answers = [
            client.get("/lessons", headers={**PLAIN, "X-Forwarded-Proto": told}).status_code
            for told in ("https", "http, https", "https, http", "HTTPS")
        ]
        bare = client.get("/lessons", headers={"Host": "school.example"})

    assert answers == [200, 200, 308, 200]
    assert bare.status_code == 308


def test_a_write_over_plain_http_is_refused() -> None:
    # OPS-15
    with door("https://school.example") as client:
        answer = client.post("/lessons", headers=PLAIN)

    assert (answer.status_code, answer.json()["code"]) == (403, "https_required")


def test_probes_and_plain_installations_are_left_alone() -> None:
    with door("https://school.example") as client:
        assert client.get("/health/live", headers=PLAIN).status_code == 200
    with door("http://school.example") as client:
        assert client.get("/lessons", headers=PLAIN).status_code == 200


def test_a_foreign_host_is_sent_nowhere() -> None:
    # OPS-10, OPS-15
    with door("https://school.example") as client:
        assert client.get("/lessons", headers={**PLAIN, "Host": "evil.example"}).status_code == 400
