"""Every route of a door asked for by somebody, with ids that are not his: what the walks over all routes have in
common. (ADM-10, API-06)
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args, get_type_hints
from uuid import UUID

import httpx
from litestar import Litestar
from msgspec import inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.passwords import ArgonHasher
from adapters.system import new_id
from domain.identity.permission import GRANTS, Audience, Permission, Role
from domain.identity.user import SELF_CHOSEN, Onboarding, User
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.calendar import Calendar
from domain.scheduling.qari import Gender, LessonOffer, QariProfile, Riwayah
from entrypoints.application import create
from entrypoints.docs import Route
from entrypoints.settings import Settings
from support.elsewhere import MARK, NAMED, id_of
from support.units import postgres_units

PASSWORD: Final = "a long enough password"
ADDRESS: Final = {Audience.MAIN: "http://main.test", Audience.ADMIN: "http://admin.test"}
IDS: Final = {name: id_of(table) for name, table in NAMED.items()} | {
    "user_id": id_of("users"),
    "person_id": id_of("users"),
    "qari_id": id_of("users"),
    "child_id": id_of("users"),
    "learner_id": id_of("users"),
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
    "birth_date": "2010-06-02",
}
"""What a field has to say before anybody looks at the ids."""

ASKED: Final = {"starts_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
"""What routes want to be asked with."""
FORM: Final = {"to": ASKED["starts_at"], "reason": "because", "based_on": "0", "confirm": "yes"}
UNNAMED: Final = frozenset({"path", "rest", "kind", "provider", "day", "version", "number", "name"})
"""A route with these alone names nothing of anybody's."""


class Walker:
    """People of the first academy with a session at each door. Nothing of what the walk asks for is theirs."""

    def __init__(self, apps: dict[Audience, Any], tokens: dict[tuple[Audience, Role], str]) -> None:
        self.apps, self.tokens = apps, tokens

    async def ask(
        self,
        door: Audience,
        route: Route,
        *,
        body: Any = None,
        form: Any = None,
        at: str = "",
        role: Role | None = None,
    ) -> httpx.Response:
        """``role``: who asks; else the first one who may."""
        base = at or ADDRESS[door]
        role = role or next((role for role in GRANTS[door] if may(door, role, route.needs)), None)
        headers = {"accept": "application/json" if route.path.startswith("/api/") else "text/html"}
        if role is not None:
            best = Role.OWNER if door is Audience.ADMIN else role
            headers["authorization"] = f"Bearer {self.tokens[door, best]}"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.apps[door]), base_url=base) as client:
            return await client.request(
                route.method, address_of(route.path), json=body, data=form, headers=headers, params=ASKED
            )


def may(door: Audience, role: Role, needs: Permission) -> bool:
    return needs is Permission.NOTHING or needs in GRANTS[door][role]


def address_of(path: str) -> str:
    return re.sub(r"\{(\w+):\w+\}", lambda found: str(IDS.get(found[1]) or WORDS[found[1]]), path)


def names_in(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+):\w+\}", path))


def body_of(app: Litestar, route: Route) -> Any:
    """The smallest body that the handler's own type accepts, with the other academy's ids wherever it takes ids."""
    for found in app.routes:
        handlers = getattr(found, "route_handler_map", {})
        if found.path == route.path and route.method in handlers:
            hint = get_type_hints(handlers[route.method][0].fn, include_extras=True).get("data")
            return None if hint is None else sample(inspect.type_info(get_args(hint)[0]), "")
    raise LookupError(route.path)


def sample(kind: inspect.Type, name: str) -> Any:
    if name in VALUES:
        return VALUES[name]
    match kind:
        case inspect.StructType():
            fields = {field.encode_name: field for field in kind.fields}
            return {n: sample(f.type, n) for n, f in fields.items() if f.required or n in IDS or n in VALUES}
        case inspect.UnionType():
            return sample(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), name)
        case inspect.UUIDType():
            return str(IDS.get(name, UUID(int=7)))
        case inspect.EnumType():
            return next(iter(kind.cls)).value
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return [sample(kind.item_type, name)]
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


@asynccontextmanager
async def walking(settings: Settings, emails: Mapping[Role, str]) -> AsyncIterator[Walker]:
    """Both doors as they are in production, and ``emails`` of ``settle_people`` signed in."""
    apps = {door: create(settings, door) for door in Audience}
    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.lifespan())
        yield Walker(apps, await tokens_of(apps, emails))


async def tokens_of(apps: dict[Audience, Any], emails: Mapping[Role, str]) -> dict[tuple[Audience, Role], str]:
    tokens: dict[tuple[Audience, Role], str] = {}
    for door, roles in GRANTS.items():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(apps[door]), base_url=ADDRESS[door]) as client:
            for role in roles if door is Audience.MAIN else (Role.OWNER,):
                body = {"email": emails[role], "password": PASSWORD}
                answer = await client.post("/api/v1/auth/sign-in", json=body)
                assert answer.status_code == 200, answer.text
                tokens[door, role] = answer.json()["token"]
    return tokens


async def settle_people(database: AsyncEngine) -> dict[Role, str]:
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
