"""Whatever staff change at any address is found in the audit log afterwards, with who did it. (ADM-05)

Generated from the routes: an owner presses everything at once, on rows of somebody else. What changed nothing, because
the rows were in no state for it, is left to the reading of the code in ``test_staff_acts``.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.identity.permission import Audience, Permission, Role
from entrypoints.docs import routes_of
from entrypoints.settings import load
from ports.academy import FIRST_ACADEMY
from support.elsewhere import furnish, id_of, rows_of
from support.walk import ADDRESS, FORM, PASSWORD, Walker, address_of, body_of, settle_people, walking

pytestmark = [pytest.mark.postgres, pytest.mark.valkey, pytest.mark.slow]
OWN: Final = frozenset({Permission.NOTHING, Permission.SIGNED_IN})
BESIDE: Final = frozenset(
    {"audit_head", "audit_log", "idempotency_keys", "outbox_events", "outbox_tasks", "session_tokens", "sessions"}
)
"""What is no change to answer for: the log itself, what follows from a change, and what every request touches."""
FORMS: Final[Mapping[str, dict[str, Any]]] = {
    "/people/invite": {"email": "new@here.example", "name": "New", "role": "student"},
    "/people/{user_id:uuid}/roles": {"role": ["student", "guardian"]},
    "/people/{user_id:uuid}/birth-date": {"birth_date": "1990-06-02"},
    "/people/selected": {"id": str(id_of("users")), "action": "unblock"},
    "/clearances/{qari_id:uuid}": {"kind": "background_check", "issued_on": "2025-06-02"},
    "/queues/{name:str}/claim": {"item": "1"},
    "/academies/new": {"name": "Lahore", "owner_email": "owner@lahore.example"},
}
SENSE: Final = (
    "UPDATE users SET status = 'active', zone = 'UTC', locale = 'en', name = 'Somebody Else'",
    "INSERT INTO user_roles (user_id, role, onboarding) SELECT id, 'student', 'approved' FROM users",
    "UPDATE clearances SET kind = 'background_check'",
    "UPDATE deliveries SET channel = 'email', topic = 'welcome'",
    "UPDATE applications SET status = 'submitted', role = 'student'",
)
"""Where a page reads more of a row than its ids."""
POSTED: Final = re.compile(r'<form method="post" action="([^"]*)"')
LATE: Final = ("erase", "erasure", "block", "withdraw", "end")
"""Pressed last: little can be done to what is gone."""


async def changed(database: AsyncEngine) -> dict[str, list[str]]:
    return {name: rows for name, rows in (await rows_of(database, FIRST_ACADEMY)).items() if name not in BESIDE}


async def acts(database: AsyncEngine) -> set[int]:
    async with database.connect() as connection:
        return set((await connection.execute(text("SELECT seq FROM audit_log WHERE actor_id IS NOT NULL"))).scalars())


Open = Callable[[], AbstractAsyncContextManager[Walker]]


@pytest.fixture
async def office(database: AsyncEngine, valkey_url: str, tmp_path: Path) -> Open:
    await furnish(database, FIRST_ACADEMY)
    async with database.begin() as connection:
        for sense in SENSE:
            await connection.execute(text(sense))
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


async def test_nothing_that_staff_change_stays_unsaid(office: Open, database: AsyncEngine) -> None:
    silent, said = [], set()

    async with office() as walker:
        app = walker.apps[Audience.ADMIN]
        writes = [route for route in routes_of(app) if route.method != "GET" and route.needs not in OWN]
        writes = [
            route for route in writes if "{academy_id" not in route.path
        ]  # looks over the walls: a test of its own
        for route in sorted(writes, key=lambda route: any(word in route.path for word in LATE)):
            before, known = await changed(database), await acts(database)
            is_api = route.path.startswith("/api/")
            answer = await walker.ask(
                Audience.ADMIN,
                route,
                body=body_of(app, route) if is_api else None,
                form=None if is_api else FORM | FORMS.get(route.path, {}),
            )
            after = await changed(database)
            if after == before:
                continue
            if await acts(database) > known:
                said.add(f"{route.method} {route.path}")
            else:
                tables = sorted(name for name in after if after[name] != before[name])
                silent.append((route.method, route.path, answer.status_code, tables))

    assert silent == []
    assert len(said) >= 8, sorted(said)


async def test_support_is_given_nothing_to_press_on_pages_that_open(office: Open) -> None:
    # ADM-02
    offered, seen = [], set()

    async with office() as walker:
        app: Any = walker.apps[Audience.ADMIN]
        transport, base = httpx.ASGITransport(app), ADDRESS[Audience.ADMIN]
        async with httpx.AsyncClient(transport=transport, base_url=base, headers={"accept": "text/html"}) as client:
            body = {"email": f"{Role.SUPPORT}@here.example", "password": PASSWORD}
            answer = await client.post("/api/v1/auth/sign-in", json=body)
            client.headers["authorization"] = f"Bearer {answer.json()['token']}"
            for route in routes_of(app):
                if route.method != "GET" or route.needs in OWN or "{academy_id" in route.path:
                    continue
                page = await client.get(address_of(route.path))
                main = page.text.partition("<main")[2].partition("</main>")[0]
                if page.status_code == 200 and main:
                    seen.add(route.path)
                    offered += [(route.path, action) for action in POSTED.findall(main)]

    assert offered == []
    assert len(seen) >= 18, seen
