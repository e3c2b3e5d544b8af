"""Where people land, and where old addresses lead. (ID-15, ID-16)"""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.landing import landing_of
from adapters.http.routes import controllers_for
from adapters.http.web import legacy
from domain.identity.permission import Audience, Role
from domain.identity.user import Onboarding
from entrypoints.docs import routes_of
from fakes.http import an_app, whole_app

STAFF = [Role.TEACHING_LEAD, Role.SUPPORT, Role.FINANCE, Role.ADMIN, Role.OWNER]
TABLE = {
    Onboarding.NOT_NEEDED: {"student": "/portal", "guardian": "/portal", "qari": "/qari/overview", "staff": "/"},
    Onboarding.APPROVED: {"student": "/portal", "guardian": "/portal", "qari": "/qari/overview", "staff": "/"},
    Onboarding.DRAFT: dict.fromkeys(("student", "guardian", "qari"), "/onboarding"),
    Onboarding.SUBMITTED: dict.fromkeys(("student", "guardian", "qari"), "/onboarding/under-review"),
    Onboarding.REJECTED: dict.fromkeys(("student", "guardian", "qari"), "/onboarding"),
}


@pytest.mark.parametrize(
    ("role", "status", "home"),
    [
        (role, status, homes["staff" if role in STAFF else role.value])
        for status, homes in TABLE.items()
        for role in Role
        if role not in STAFF or "staff" in homes
    ],
)
def test_role_and_status_say_where_somebody_lands(role: Role, status: Onboarding, home: str) -> None:
    # ID-15
    assert landing_of(role, status) == home


def test_people_land_on_pages_that_there_are() -> None:
    # ID-15
    pages = {route.path for route in routes_of(whole_app(Audience.MAIN)) if route.method == "GET"}

    homes = {home for homes in TABLE.values() for role, home in homes.items() if role != "staff"}
    assert homes <= pages


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(an_app(list(legacy.CONTROLLERS_MAIN))) as client:
        yield client


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/wari", "/qari"),
        ("/wari/", "/qari"),
        ("/wari/overview", "/qari/overview"),
        ("/wari/calendar?week=2026-03-02&x=a%20b", "/qari/calendar?week=2026-03-02&x=a%20b"),
        ("/wari/a/b/c?d=1", "/qari/a/b/c?d=1"),
        ("/wari/quran-resources?page=2", "/qari/resources?page=2"),
        ("/qari/quran-resources", "/qari/resources"),
        ("/qari/quran-resources/7?q=%D9%82", "/qari/resources/7?q=%D9%82"),
        ("/wari/%D9%82", "/qari/%D9%82"),
        ("/wari//evil.example", "/qari/evil.example"),
        ("/wari/x%0d%0aSet-Cookie:y=z", "/qari/x%0D%0ASet-Cookie%3Ay%3Dz"),
    ],
)
def test_old_addresses_lead_to_the_new_ones_for_good(client: TestClient[Litestar], old: str, new: str) -> None:
    # ID-16
    answer = client.get(old, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (308, new)


def test_old_addresses_are_there_at_the_main_entrance_alone() -> None:
    assert legacy.wari in controllers_for(Audience.MAIN)
    assert legacy.wari not in controllers_for(Audience.ADMIN)
