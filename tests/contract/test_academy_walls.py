"""Every route of both doors with the ids of another academy: nothing is found, nothing is shown, nothing is changed.

Generated from the routes: whoever adds one finds it walked here, and has to say so below if its parameters name
nothing that has walls. (ADM-10, API-06)
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from msgspec import inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.passwords import ArgonHasher
from adapters.system import new_id
from domain.identity.academy import Host
from domain.identity.permission import GRANTS, Audience, Permission, Role
from domain.identity.user import SELF_CHOSEN, Onboarding, User
from domain.ids import SeriesId, UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import Gender, LessonOffer, QariProfile, Riwayah
from entrypoints.application import create
from entrypoints.docs import Route, bare_app, routes_of
from entrypoints.settings import load
from ports.academy import within
from support.elsewhere import ELSEWHERE, MARK, NAMED, furnish, id_of, rows_of
from support.units import postgres_units

pytestmark = [pytest.mark.postgres, pytest.mark.valkey]
PASSWORD: Final = "a long enough password"
ADDRESS: Final = {Audience.MAIN: "http://main.test", Audience.ADMIN: "http://admin.test"}
OVER_THERE: Final = {Audience.MAIN: "http://other.test", Audience.ADMIN: "http://office.other.test"}
IDS: Final = {name: id_of(table) for name, table in NAMED.items()} | {
    "user_id": id_of("users"),
    "person_id": id_of("users"),
    "qari_id": id_of("users"),
    "child_id": id_of("users"),
    "guardianship_id": id_of("guardianships"),
    "clearance_id": id_of("clearances"),
    "off_id": id_of("time_off"),
}
WORDS: Final = {
    "account": "main",
    "action": "block",
    "day": "2099-06-01",
    "kind": "booking",
    "mac": "unsigned",
    "mail_id": "unknown",
    "name": "unknown.ics",
    "number": "1",
    "path": "unknown",
    "provider": "unknown",
    "rest": "unknown",
    "subscriber": MARK,
    "version": "1",
}
"""Parameters that are no ids: words that mean the same in every academy, or secrets that cannot be guessed."""
VALUES: Final = {
    "email": "somebody@example.org",
    "proof": PASSWORD,
    "password": PASSWORD,
    "issued_on": "2025-06-02",
}
"""What a field has to say before anybody looks at the ids."""

ASKED: Final = {"starts_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
"""What routes want to be asked with."""
OWNERS: Final = frozenset({"GET /api/v1/staff/academies", "PATCH /api/v1/staff/academies/{academy_id:uuid}"})
"""The owner of the first academy manages all of them: the one place that looks over the walls. A test of its own."""
EXEMPT: Final[dict[str, str]] = {
    "DELETE /api/v1/my/availability/time-off/{off_id:uuid}": "part of one's own calendar: what is not in it is gone",
    "POST /qari/availability/away/{off_id:uuid}/remove": "part of one's own calendar: what is not in it is gone",
    "GET /portal/payments/{payment_id:str}": "the way back from a provider: neutral, whatever the id",
    "POST /webhooks/{provider:str}/{account:str}": "signed by its provider; goes to the academy whose payment it is",
    "GET /unsubscribe/{user_id:uuid}/{kind:str}/{mac:str}": "signed link: without its signature it says so",
    "POST /unsubscribe/{user_id:uuid}/{kind:str}/{mac:str}": "signed link: without its signature it says so",
}
FORM: Final = {"to": ASKED["starts_at"], "reason": "because", "based_on": "0", "confirm": "yes"}
"""Walked like all others, but answered with something else than 404."""
UNNAMED: Final = frozenset({"path", "rest", "kind", "provider", "day", "version", "number", "name"})
"""A route with these alone names nothing of anybody's."""


class Foreigner:
    """People of the first academy with a session at each door, and everything of the other one to ask for."""

    def __init__(self, apps: dict[Audience, Any], tokens: dict[tuple[Audience, Role], str]) -> None:
        self.apps, self.tokens = apps, tokens

    async def ask(
        self, door: Audience, route: Route, *, body: Any = None, form: Any = None, at: str = ""
    ) -> httpx.Response:
        base = at or ADDRESS[door]
        role = next((role for role in GRANTS[door] if _may(door, role, route.needs)), None)
        headers = {"accept": "application/json" if route.path.startswith("/api/") else "text/html"}
        if role is not None:
            best = Role.OWNER if door is Audience.ADMIN else role
            headers["authorization"] = f"Bearer {self.tokens[door, best]}"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.apps[door]), base_url=base) as client:
            return await client.request(
                route.method, _address(route.path), json=body, data=form, headers=headers, params=ASKED
            )


def _may(door: Audience, role: Role, needs: Permission) -> bool:
    return needs is Permission.NOTHING or needs in GRANTS[door][role]


def _address(path: str) -> str:
    return re.sub(r"\{(\w+):\w+\}", lambda found: str(IDS.get(found[1]) or WORDS[found[1]]), path)


def _names(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+):\w+\}", path))


def _body_of(app: Litestar, route: Route) -> Any:
    """The smallest body that the handler's own type accepts, with the other academy's ids wherever it takes ids."""
    for found in app.routes:
        handlers = getattr(found, "route_handler_map", {})
        if found.path == route.path and route.method in handlers:
            hint = get_type_hints(handlers[route.method][0].fn, include_extras=True).get("data")
            return None if hint is None else _sample(inspect.type_info(get_args(hint)[0]), "")
    raise LookupError(route.path)


def _sample(kind: inspect.Type, name: str) -> Any:
    if name in VALUES:
        return VALUES[name]
    match kind:
        case inspect.StructType():
            fields = {field.encode_name: field for field in kind.fields}
            return {n: _sample(f.type, n) for n, f in fields.items() if f.required or n in IDS or n in VALUES}
        case inspect.UnionType():
            return _sample(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), name)
        case inspect.UUIDType():
            return str(IDS.get(name, UUID(int=7)))
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return [_sample(kind.item_type, name)]
        case inspect.DateTimeType():
            return (datetime.now(UTC) + timedelta(days=3)).isoformat()
        case inspect.DateType():
            return "2099-06-02"
        case inspect.TimeType():
            return "10:00:00"
        case inspect.IntType() | inspect.FloatType():
            return kind.ge if kind.ge is not None else 1
        case inspect.BoolType():
            return True
        case inspect.StrType():
            return "x" * max(kind.min_length or 0, 8)
    return {}


@pytest.fixture
async def foreigner(
    database: AsyncEngine, valkey_url: str, tmp_path: Path
) -> Callable[[], AbstractAsyncContextManager[Foreigner]]:
    await furnish(database)
    emails = await _people(database)
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

    @asynccontextmanager
    async def opened() -> AsyncIterator[Foreigner]:
        apps = {door: create(settings, door) for door in Audience}
        async with AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.lifespan())
            yield Foreigner(apps, await _tokens(apps, emails))

    return opened


async def _tokens(apps: dict[Audience, Any], emails: dict[Role, str]) -> dict[tuple[Audience, Role], str]:
    tokens: dict[tuple[Audience, Role], str] = {}
    for door, roles in GRANTS.items():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(apps[door]), base_url=ADDRESS[door]) as client:
            for role in roles if door is Audience.MAIN else (Role.OWNER,):
                body = {"email": emails[role], "password": PASSWORD}
                answer = await client.post("/api/v1/auth/sign-in", json=body)
                assert answer.status_code == 200, answer.text
                tokens[door, role] = answer.json()["token"]
    return tokens


async def _people(database: AsyncEngine) -> dict[Role, str]:
    hashed, emails = await ArgonHasher().hash(PASSWORD), {}
    async with postgres_units(database)() as unit:
        for role in Role:
            user = User(
                id=UserId(new_id()),
                email=f"{role}@here.example",
                name=f"A {role}",
                password_hash=hashed,
                roles=frozenset({role}),
                zone="UTC",
                onboarding={role: Onboarding.APPROVED} if role in SELF_CHOSEN else {},
                email_verified_at=datetime.now(UTC),
                created_at=datetime.now(UTC),
            )
            await unit.users.add(user)
            emails[role] = user.email or ""
            if role is Role.QARI:
                await unit.qaris.add(
                    QariProfile(
                        user_id=user.id,
                        name=user.name,
                        gender=Gender.MALE,
                        zone="UTC",
                        country="PK",
                        languages=("en",),
                        riwayat=(Riwayah.HAFS,),
                        approved=True,
                        offers=(LessonOffer(30, Money(900, "USD"), None),),
                    )
                )
                await unit.availability.save(Calendar(qari_id=user.id, zone="UTC"))
        await unit.commit()
    return emails


Open = Callable[[], AbstractAsyncContextManager[Foreigner]]


def test_every_parameter_is_known() -> None:
    names = {name for door in Audience for route in routes_of(bare_app(door)) for name in _names(route.path)}

    assert names - IDS.keys() - WORDS.keys() - {"academy_id"} == set(), "say in support/elsewhere.py which row it names"


async def test_no_route_finds_or_changes_what_another_academy_has(foreigner: Open, database: AsyncEngine) -> None:
    # ADM-10, API-06
    before, wrong = await rows_of(database), []

    async with foreigner() as stranger:
        for door, app in stranger.apps.items():
            for route in routes_of(app):
                if not _names(route.path) - UNNAMED or f"{route.method} {route.path}" in OWNERS:
                    continue
                is_api = route.path.startswith("/api/")
                answer = await stranger.ask(
                    door, route, body=_body_of(app, route) if is_api else None, form=None if is_api else FORM
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
                if route.method != "GET" or _names(route.path) - UNNAMED or f"GET {route.path}" in OWNERS:
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
