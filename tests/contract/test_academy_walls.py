"""Every route of both doors with the ids of another academy: nothing is found, nothing is shown, nothing is changed.

Generated from the routes: whoever adds one finds it walked here, and has to say so below if its parameters name
nothing that has walls. (ADM-10, API-06)
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.identity.academy import Host
from domain.identity.permission import Audience, Permission
from domain.ids import SeriesId
from entrypoints.docs import bare_app, routes_of
from entrypoints.settings import load
from ports.academy import within
from support.elsewhere import ELSEWHERE, MARK, furnish, id_of, rows_of
from support.units import postgres_units
from support.walk import ADDRESS, FORM, IDS, UNNAMED, WORDS, Walker, body_of, names_in, settle_people, walking

pytestmark = [pytest.mark.postgres, pytest.mark.valkey, pytest.mark.slow]
OVER_THERE: Final = {Audience.MAIN: "http://other.test", Audience.ADMIN: "http://office.other.test"}
OWNERS: Final = frozenset(
    {
        "GET /api/v1/staff/academies",
        "PATCH /api/v1/staff/academies/{academy_id:uuid}",
        "GET /academies",
        "GET /academies/{academy_id:uuid}",
        "POST /academies/{academy_id:uuid}",
    }
)
"""The owner of the first academy manages all of them: the one place that looks over the walls. A test of its own."""
EXEMPT: Final[dict[str, str]] = {
    "DELETE /api/v1/my/availability/time-off/{off_id:uuid}": "part of one's own calendar: what is not in it is gone",
    "POST /qari/availability/away/{off_id:uuid}/remove": "part of one's own calendar: what is not in it is gone",
    "GET /portal/payments/{payment_id:str}": "the way back from a provider: neutral, whatever the id",
    "POST /portal/payments/{payment_id:str}/return": "the same way with the provider's form: neutral, whatever the id",
    "POST /webhooks/{provider:str}/{account:str}": "signed by its provider; goes to the academy whose payment it is",
    "GET /unsubscribe/{user_id:uuid}/{kind:str}/{mac:str}": "signed link: without its signature it says so",
    "POST /unsubscribe/{user_id:uuid}/{kind:str}/{mac:str}": "signed link: without its signature it says so",
}
"""Walked like all others, but answered with something else than 404."""


@pytest.fixture
async def foreigner(
    database: AsyncEngine, valkey_url: str, tmp_path: Path
) -> Callable[[], AbstractAsyncContextManager[Walker]]:
    await furnish(database)
    emails = await settle_people(database)
    async with postgres_units(database)() as unit:
        other = await unit.academies.get(ELSEWHERE)
        hosts = (Host("other.test", Audience.MAIN), Host("office.other.test", Audience.ADMIN))
        await unit.academies.save(other.serving(hosts))
        await unit.commit()
    settings = load(
        {
            "HALAQA_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "HALAQA_REDIS_URL": valkey_url,
            "HALAQA_DATA_DIR": str(tmp_path),
            "HALAQA_MAIN_URL": ADDRESS[Audience.MAIN],
            "HALAQA_ADMIN_URL": ADDRESS[Audience.ADMIN],
        }
    )

    return lambda: walking(settings, emails)


Open = Callable[[], AbstractAsyncContextManager[Walker]]


def test_every_parameter_is_known() -> None:
    names = {name for door in Audience for route in routes_of(bare_app(door)) for name in names_in(route.path)}

    assert names - IDS.keys() - WORDS.keys() - {"academy_id"} == set(), "say in support/elsewhere.py which row it names"


async def test_no_route_finds_or_changes_what_another_academy_has(foreigner: Open, database: AsyncEngine) -> None:
    # ADM-10, API-06
    before, wrong = await rows_of(database), []

    async with foreigner() as stranger:
        for door, app in stranger.apps.items():
            for route in routes_of(app):
                if not names_in(route.path) - UNNAMED or f"{route.method} {route.path}" in OWNERS:
                    continue
                is_api = route.path.startswith("/api/")
                answer = await stranger.ask(
                    door, route, body=body_of(app, route) if is_api else None, form=None if is_api else FORM
                )
                fine = {404} if is_api or route.method == "GET" else {303, 404}
                is_fine = answer.status_code in fine or f"{route.method} {route.path}" in EXEMPT
                if not is_fine or MARK in answer.text:
                    wrong.append((route.method, route.path, answer.status_code, answer.text[-300:]))

    assert not wrong, "\n".join(map(str, wrong))
    assert await rows_of(database) == before


async def test_no_list_shows_what_another_academy_has(foreigner: Open) -> None:
    # ADM-10
    wrong = []

    async with foreigner() as stranger:
        for door, app in stranger.apps.items():
            for route in routes_of(app):
                if route.method != "GET" or names_in(route.path) - UNNAMED or f"GET {route.path}" in OWNERS:
                    continue
                answer = await stranger.ask(door, route)
                if MARK in answer.text or answer.status_code >= 500:
                    wrong.append((route.path, answer.status_code))

    assert not wrong, "\n".join(map(str, wrong))


async def test_a_session_is_good_in_its_own_academy_alone(foreigner: Open) -> None:
    # ADM-10, ID-04
    async with foreigner() as stranger:
        for door, app in stranger.apps.items():
            for route in routes_of(app):
                if route.needs is Permission.NOTHING or route.method != "GET" or not route.path.startswith("/api/"):
                    continue
                assert (await stranger.ask(door, route)).status_code != 401, route
                assert (await stranger.ask(door, route, at=OVER_THERE[door])).status_code == 401, route


async def test_what_is_over_there_is_found_over_there(foreigner: Open, database: AsyncEngine) -> None:
    """The walk above would pass, too, if the rows could not be found at all."""
    before = await rows_of(database)
    assert {name for name, rows in before.items() if not rows} <= {"audit_log"}

    with within(ELSEWHERE):
        async with postgres_units(database)() as unit:
            assert await unit.series.find(SeriesId(id_of("series"))) is not None
    async with postgres_units(database)() as unit:
        assert await unit.series.find(SeriesId(id_of("series"))) is None
        assert await unit.users.by_email(f"{MARK}@example.org") is None
