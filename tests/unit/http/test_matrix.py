"""Every role at every route of both doors, with real requests, against the grants. (ID-08, API-06)"""

import re
from pathlib import Path

import pytest
from litestar.testing import TestClient

from domain.identity.permission import GRANTS, Audience, Permission
from entrypoints.docs import PAGES, Route, routes_of
from fakes.http import bearer, token_of, whole_app

ROOT = Path(__file__).parents[3]
SAMPLES = {"uuid": "01980000-0000-7000-8000-000000000001", "int": "1", "date": "2026-03-03", "path": "x.css"}
REFUSED = {401, 403}


def address(route: Route) -> str:
    return re.sub(r"\{[^:}]+:(\w+)\}", lambda found: SAMPLES.get(found[1], "sample"), route.path)


@pytest.mark.parametrize("audience", list(Audience))
def test_every_role_gets_exactly_what_it_is_granted(audience: Audience) -> None:
    # ID-08
    app = whole_app(audience)
    wrong = []

    with TestClient(app, raise_server_exceptions=False) as client:
        for route in routes_of(app):
            for role in GRANTS[audience]:
                answer = client.request(
                    route.method, address(route), headers=bearer(token_of(audience, role)), follow_redirects=False
                )
                granted = route.needs is Permission.NOTHING or route.needs in GRANTS[audience][role]
                if granted is (answer.status_code in REFUSED):
                    wrong.append((route.method, route.path, role, answer.status_code))

    assert not wrong


@pytest.mark.parametrize("audience", list(Audience))
def test_nobody_passes_without_a_session(audience: Audience) -> None:
    # API-06
    app = whole_app(audience)

    with TestClient(app, raise_server_exceptions=False) as client:
        answers = {
            route: client.request(
                route.method, address(route), headers={"Content-Type": "application/json"}, follow_redirects=False
            ).status_code
            for route in routes_of(app)
        }

    assert {
        route.path for route, status in answers.items() if (route.needs is Permission.NOTHING) is (status == 401)
    } == (set())


@pytest.mark.parametrize("audience", list(Audience))
def test_a_role_of_the_other_door_is_refused_everywhere_by_its_token(audience: Audience) -> None:
    # ID-07
    other = Audience.ADMIN if audience is Audience.MAIN else Audience.MAIN
    app = whole_app(audience)

    with TestClient(app, raise_server_exceptions=False) as client:
        for route in routes_of(app):
            if route.needs is Permission.NOTHING:
                continue
            for role in GRANTS[other]:
                answer = client.request(route.method, address(route), headers=bearer(token_of(other, role)))
                assert answer.status_code == 403, route
                assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize("page", list(PAGES))
def test_the_published_page_says_what_the_code_says(page: str) -> None:
    file = ROOT / page

    assert file.is_file(), "run `halaqa docs`"
    assert file.read_text("utf-8") == PAGES[page](), f"{page} is stale: run `halaqa docs`"
