"""How often strangers, people and providers may ask. (API-02)"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from litestar import Litestar, get, post
from litestar.testing import TestClient
from litestar.types import Scope

from adapters.http.addresses import client_address, counted_address
from adapters.http.app import create_app
from adapters.http.config import RequestLimits
from application.identity.authenticate import Authenticate
from domain.identity.permission import Audience, Permission
from fakes.clock import FixedClock
from fakes.http import QARI_TOKEN, STUDENT_TOKEN, EverybodySignedIn, a_config, bearer
from fakes.throttle import MemoryThrottle


@get("/api/v1/open", needs=Permission.NOTHING, sync_to_thread=False)
def open_to_all() -> str:
    return "yes"


@get("/page", needs=Permission.NOTHING, sync_to_thread=False)
def a_page() -> str:
    return "yes"


@post("/form", needs=Permission.NOTHING, sync_to_thread=False)
def a_form() -> str:
    return "yes"


@post("/webhooks/x", needs=Permission.NOTHING, anonymous=True, sync_to_thread=False)
def a_webhook() -> str:
    return "yes"


Client = TestClient[Litestar]


@pytest.fixture
def client(clock: FixedClock) -> Iterator[Client]:
    app = create_app(
        config=a_config(limits=RequestLimits(pages=150, signed_in=500, webhooks=120)),
        controllers=[open_to_all, a_page, a_form, a_webhook],
        dependencies={},
        authenticator=Authenticate(Audience.MAIN, EverybodySignedIn(), clock),
        throttle=MemoryThrottle(clock),
        clock=clock,
    )
    with TestClient(app) as client:
        yield client


def statuses(client: Client, times: int, path: str = "/api/v1/open", token: str = "") -> list[int]:
    headers = bearer(token) if token else {}
    return [client.get(path, headers=headers).status_code for _ in range(times)]


def test_a_stranger_has_a_hundred_calls_in_a_quarter_of_an_hour(client: Client, clock: FixedClock) -> None:
    # API-02
    assert set(statuses(client, 100)) == {200}

    refused = client.get("/api/v1/open")

    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "900"
    assert refused.headers["ratelimit"] == '"anonymous";r=0;t=900'
    clock.advance(timedelta(minutes=15))
    assert statuses(client, 1) == [200]


def test_answers_say_how_much_is_left(client: Client) -> None:
    # API-02
    headers = client.get("/api/v1/open").headers

    assert headers["ratelimit-policy"] == '"anonymous";q=100;w=900'
    assert headers["ratelimit"] == '"anonymous";r=99;t=900'


def test_who_is_signed_in_is_counted_by_himself_and_has_more(client: Client) -> None:
    # API-02: four hundred calls of one page full of scripts
    assert set(statuses(client, 400, token=STUDENT_TOKEN)) == {200}
    assert set(statuses(client, 101, token=STUDENT_TOKEN)) == {200, 429}
    assert set(statuses(client, 100, token=QARI_TOKEN)) == {200}
    assert set(statuses(client, 100)) == {200}


def test_pages_webhooks_and_what_costs_nothing_have_limits_of_their_own(client: Client) -> None:
    # API-02
    statuses(client, 101)

    pages = statuses(client, 151, "/page")
    reports = [client.post("/webhooks/x").status_code for _ in range(121)]

    assert (pages.count(200), pages[-1]) == (150, 429)
    assert (reports.count(201), reports[-1]) == (120, 429)
    assert set(statuses(client, 200, "/health/live")) == {200}


def test_forms_of_strangers_count_like_their_calls(client: Client) -> None:
    # API-02, ID-14
    statuses(client, 100)

    assert client.post("/form", json={}).status_code == 429


def a_scope(peer: str, forwarded: str | None = None) -> Scope:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded is not None else []
    return {"type": "http", "client": (peer, 1), "headers": headers}  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "6.6.6.6, 198.51.100.1, 10.2.2.2", "198.51.100.1"),
        ("10.1.1.1", "nonsense", "10.1.1.1"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("10.1.1.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
    ],
)
def test_only_trusted_proxies_say_who_is_calling(peer: str, forwarded: str | None, found: str) -> None:
    # API-02
    assert client_address(a_scope(peer, forwarded), ("10.0.0.0/8",)) == found


@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("198.51.100.1", "198.51.100.1"),
    ],
)
def test_whoever_has_one_address_of_version_six_has_them_all(peer: str, counted: str) -> None:
    assert counted_address(a_scope(peer), ()) == counted
