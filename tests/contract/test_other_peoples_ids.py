"""Every route of the main entrance with the ids of another person of the same academy. (OPS-10)

The other person has a row in every table. Whoever is signed in, as whatever, finds nothing of it, is shown nothing of
it and changes nothing of it. Generated from the routes: whoever adds one finds it walked here.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.identity.permission import GRANTS, Audience, Permission, Role
from entrypoints.docs import Route, routes_of
from entrypoints.settings import load
from ports.academy import FIRST_ACADEMY
from support.elsewhere import MARK, furnish, id_of, rows_of
from support.walk import ADDRESS, FORM, UNNAMED, Walker, body_of, may, names_in, settle_people, walking

pytestmark = [pytest.mark.postgres, pytest.mark.valkey, pytest.mark.slow]
OPEN: Final[Mapping[str, str]] = {
    "DELETE /api/v1/my/availability/time-off/{off_id:uuid}": "part of one's own calendar: what is not in it is gone",
    "GET /portal/payments/{payment_id:str}": "the way back from a provider: neutral, whatever the id",
    "POST /portal/payments/{payment_id:str}/return": "the same way with the provider's form: neutral, whatever the id",
}
"""Answered with something else than "there is no such thing", and why."""


@pytest.fixture
async def walk(
    database: AsyncEngine, valkey_url: str, tmp_path: Path
) -> Callable[[], AbstractAsyncContextManager[Walker]]:
    await furnish(database, FIRST_ACADEMY)
    emails = await settle_people(database)
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


def readers(route: Route) -> list[Role]:
    return [role for role in GRANTS[Audience.MAIN] if may(Audience.MAIN, role, route.needs)]


async def theirs(database: AsyncEngine) -> dict[str, set[str]]:
    """Every row that is about the other person."""
    marks = (MARK, str(id_of("users")))
    rows = await rows_of(database, FIRST_ACADEMY)
    return {name: {row for row in found if any(mark in row for mark in marks)} for name, found in rows.items()}


async def test_nobody_finds_or_changes_what_is_somebody_elses(walk: Open, database: AsyncEngine) -> None:
    before, wrong, asked = await theirs(database), [], 0

    async with walk() as walker:
        app = walker.apps[Audience.MAIN]
        for route in routes_of(app):
            name = f"{route.method} {route.path}"
            is_api = route.path.startswith("/api/")
            if route.needs is Permission.NOTHING or not names_in(route.path) - UNNAMED:
                continue
            for role in readers(route):
                answer = await walker.ask(
                    Audience.MAIN,
                    route,
                    body=body_of(app, route) if is_api else None,
                    form=None if is_api else FORM,
                    role=role,
                )
                asked += 1
                fine = {404} if is_api or route.method == "GET" else {303, 404}
                if (answer.status_code not in fine and name not in OPEN) or MARK in answer.text:
                    wrong.append((role.value, name, answer.status_code, answer.text[-300:]))

    assert not wrong, "\n".join(map(str, wrong))
    after = await theirs(database)
    assert {name: rows - after[name] for name, rows in before.items() if rows - after[name]} == {}
    assert asked > 50
