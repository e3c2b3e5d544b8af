"""Accounts through both doors of the real application, with its database and its counters."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.passwords import ArgonHasher
from adapters.persistence.statement import driver
from adapters.system import new_id
from domain.identity.permission import Audience, Role
from domain.identity.user import User
from domain.ids import UserId
from entrypoints.application import create
from entrypoints.closing import close_connections
from entrypoints.container import Container
from entrypoints.settings import Settings, load
from support.units import postgres_units

pytestmark = pytest.mark.slow
PASSWORD = "a quiet reading room"
ADDRESS = {Audience.MAIN: "http://localhost:8000", Audience.ADMIN: "http://localhost:8001"}
SECRET = "a-secret-shared-with-the-other-system-0123456789"
WHY = {"reason": "asked for by the school"}
ROLES = (Role.OWNER, Role.ADMIN, Role.SUPPORT, Role.STUDENT)


class School:
    def __init__(self, settings: Settings, ids: dict[Role, UserId], doors: dict[Audience, httpx.AsyncClient]) -> None:
        self.settings, self.ids, self.main, self.admin = settings, ids, doors[Audience.MAIN], doors[Audience.ADMIN]
        self.worker = Container(settings, Audience.ADMIN)

    async def token(self, role: Role, password: str = PASSWORD) -> dict[str, str]:
        door = self.main if role is Role.STUDENT else self.admin
        body = {"email": f"{role}@here.example", "password": password}
        answer = await door.post("/api/v1/auth/sign-in", json=body)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    async def staff(self, path: str, actor: dict[str, str], body: Any, *, method: str = "POST") -> httpx.Response:
        return await self.admin.request(method, f"/api/v1/staff/people/{path}", headers=actor, json=body)

    async def work(self) -> None:
        """What the worker would do by now."""
        for job in ("relay_events", "build_exports", "relay_events", "send_deliveries"):
            await self.worker.offers[job]()()

    def last_mail(self) -> str:
        mails = sorted(self.settings.mailbox.rglob("*"), key=lambda path: path.stat().st_mtime)
        return next(path.read_text() for path in reversed(mails) if path.is_file() and "Subject:" in path.read_text())

    def link(self) -> str:
        text = self.last_mail().replace("=\n", "").replace("=3D", "=")
        found = re.search(r"token=([0-9a-f]{64})", text)
        assert found is not None, text
        return found[1]


@pytest.fixture
async def school(database: AsyncEngine, valkey_url: str, tmp_path: Path) -> AsyncIterator[School]:
    hashed, ids = await ArgonHasher().hash(PASSWORD), {}
    async with postgres_units(database)() as unit:
        for role in ROLES:
            user = User(
                id=UserId(new_id()),
                email=f"{role}@here.example",
                name=f"A {role}",
                password_hash=hashed,
                roles=frozenset({role}),
                zone="UTC",
                email_verified_at=datetime.now(UTC),
                created_at=datetime.now(UTC),
            )
            await unit.users.add(user)
            ids[role] = user.id
        await unit.commit()
    settings = load(
        {
            "HALAQA_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "HALAQA_REDIS_URL": valkey_url,
            "HALAQA_DATA_DIR": str(tmp_path),
            "HALAQA_MAIN_URL": ADDRESS[Audience.MAIN],
            "HALAQA_ADMIN_URL": ADDRESS[Audience.ADMIN],
            "HALAQA_IDENTITY_WEBHOOK_SECRETS": SECRET,
        }
    )
    apps = {door: create(settings, door) for door in Audience}
    started, over = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(_run(list(apps.values()), started, over))
    await started.wait()
    async with AsyncExitStack() as stack:
        doors = {}
        for door, app in apps.items():
            client = httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url=ADDRESS[door])
            doors[door] = await stack.enter_async_context(client)
        made = School(settings, ids, doors)
        yield made
        await close_connections(made.worker)
    over.set()
    await running


async def _run(apps: list[Litestar], started: asyncio.Event, over: asyncio.Event) -> None:
    """In a task of its own: what an application opens it has to close in the same one."""
    async with AsyncExitStack() as stack:
        for app in apps:
            await stack.enter_async_context(app.lifespan())
        started.set()
        await over.wait()


async def test_a_blocked_persons_next_request_is_refused(school: School) -> None:
    # ID-11
    admin, student = await school.token(Role.ADMIN), await school.token(Role.STUDENT)
    assert (await school.main.get("/api/v1/me", headers=student)).status_code == 200

    blocked = await school.staff(f"{school.ids[Role.STUDENT]}/block", admin, WHY)

    assert (blocked.status_code, blocked.json()["status"]) == (200, "blocked")
    assert (await school.main.get("/api/v1/me", headers=student)).status_code == 401
    again = await school.staff(f"{school.ids[Role.STUDENT]}/block", admin, WHY)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    await school.staff(f"{school.ids[Role.STUDENT]}/unblock", admin, WHY)
    await school.token(Role.STUDENT)


async def test_a_demoted_admins_next_call_is_refused_and_the_last_owner_stays(
    school: School, database: AsyncEngine
) -> None:
    # ID-09
    owner, admin = await school.token(Role.OWNER), await school.token(Role.ADMIN)
    path = f"/api/v1/staff/people/{school.ids[Role.STUDENT]}"
    assert (await school.admin.get(path, headers=admin)).status_code == 200

    roles = f"{school.ids[Role.ADMIN]}/roles"
    demoted = await school.staff(roles, owner, WHY | {"roles": ["student"]}, method="PUT")

    assert (demoted.status_code, demoted.json()["roles"]) == (200, ["student"])
    refused = await school.admin.get(path, headers=admin)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    await school.staff(roles, owner, WHY | {"roles": ["owner"]}, method="PUT")
    second = await school.token(Role.ADMIN)
    me = f"{school.ids[Role.OWNER]}/roles"
    assert (await school.staff(me, second, WHY | {"roles": ["student"]}, method="PUT")).status_code == 200
    last = await school.staff(roles, second, WHY | {"roles": ["student"]}, method="PUT")
    assert last.status_code == 403  # nobody changes his own rights
    async with driver(database) as connection:
        rows = await connection.fetch("SELECT action, role FROM audit_log ORDER BY seq")
    assert [tuple(row) for row in rows] == [("identity.change_roles", "owner")] * 3


async def test_support_sees_and_changes_nothing(school: School) -> None:
    # ID-08
    support, whom = await school.token(Role.SUPPORT), school.ids[Role.STUDENT]
    for path, body, method in (
        ("invitations", WHY | {"email": "x@example.org"}, "POST"),
        (f"{whom}/block", WHY, "POST"),
        (f"{whom}/roles", WHY | {"roles": ["qari"]}, "PUT"),
        (f"{whom}/impersonation", WHY, "POST"),
        (f"{whom}/erasure", WHY, "POST"),
        (f"{whom}/export", None, "POST"),
    ):
        answer = await school.staff(path, support, body, method=method)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), path


async def test_a_forgotten_password_is_chosen_anew(school: School) -> None:
    # ID-18
    old = await school.token(Role.STUDENT)
    asked = [
        await school.main.post("/api/v1/auth/forgot", json={"email": email})
        for email in ("student@here.example", "nobody@here.example")
    ]
    await school.work()
    token = school.link()

    form = await school.main.get(f"/reset?token={token}", headers={"Accept": "text/html"})
    weak = await school.main.post("/api/v1/auth/reset", json={"token": token, "password": "student"})
    done = await school.main.post("/api/v1/auth/reset", json={"token": token, "password": "another quiet room"})
    again = await school.main.post("/api/v1/auth/reset", json={"token": token, "password": "one more quiet room"})

    assert [(answer.status_code, answer.content) for answer in asked] == [(202, asked[0].content)] * 2
    assert "A student" in form.text
    assert [weak.status_code, done.status_code, again.status_code] == [422, 204, 410]
    assert (await school.main.get("/api/v1/me", headers=old)).status_code == 401
    await school.token(Role.STUDENT, "another quiet room")
    await school.work()
    assert "changed" in school.last_mail()


async def test_an_invitation_leads_to_a_password_and_in(school: School) -> None:
    # ID-12
    admin = await school.token(Role.ADMIN)
    made = await school.staff("invitations", admin, WHY | {"email": "amina@example.org", "name": "Amina Begum"})
    await school.work()

    await school.main.post("/api/v1/auth/reset", json={"token": school.link(), "password": PASSWORD})

    assert made.status_code == 201
    body = {"email": "amina@example.org", "password": PASSWORD}
    token = (await school.main.post("/api/v1/auth/sign-in", json=body)).json()["token"]
    me = (await school.main.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})).json()
    assert (me["name"], me["email_verified"]) == ("Amina Begum", True)


async def test_the_address_changes_when_the_new_mailbox_says_so(school: School) -> None:
    # ID-18
    student = await school.token(Role.STUDENT)
    body = {"email": "moved@example.org", "proof": PASSWORD}
    wrong = await school.main.post("/api/v1/me/email", headers=student, json=body | {"proof": "guess"})
    asked = await school.main.post("/api/v1/me/email", headers=student, json=body)
    await school.work()
    assert "moved@example.org" in school.last_mail()

    done = await school.main.post("/api/v1/auth/email/confirm", json={"token": school.link()})

    assert [wrong.status_code, asked.status_code, done.status_code] == [422, 202, 204]
    profile = (await school.main.get("/api/v1/me/profile", headers=student)).json()
    assert profile["email"] == "moved@example.org"
    await school.work()
    assert "student@here.example" in school.last_mail()


async def test_who_looks_through_somebodys_eyes_changes_nothing(school: School) -> None:
    # ID-20
    admin = await school.token(Role.ADMIN)
    way = await school.staff(f"{school.ids[Role.STUDENT]}/impersonation", admin, WHY)
    assert way.status_code == 201
    address = way.json()["url"].removeprefix(ADDRESS[Audience.MAIN])
    page = await school.main.get(address, headers={"Accept": "text/html"})
    proof = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert proof is not None
    form = {"csrf_token": proof[1], "token": address.partition("token=")[2]}

    entered = await school.main.post("/impersonate", data=form, headers={"Accept": "text/html"})

    assert entered.status_code == 303, entered.text
    home = await school.main.get("/account", headers={"Accept": "text/html"})
    assert "You look through the eyes of A student" in home.text
    proof = re.search(r'name="csrf_token" value="([^"]+)"', home.text)
    assert proof is not None
    me = await school.main.get("/api/v1/me")
    write = await school.main.post("/api/v1/me/export", headers={"X-CSRF-Token": me.json()["csrf_token"]})
    assert (write.status_code, write.json()["code"]) == (403, "read_only")
    left = await school.main.post("/impersonation/end", data={"csrf_token": proof[1]})
    assert left.status_code == 303
    assert (await school.main.get("/api/v1/me")).status_code == 401
    used = await school.main.get(address, headers={"Accept": "text/html"})
    assert used.status_code == 410


async def test_a_copy_of_the_data_is_fetched_once(school: School) -> None:
    # ID-20
    student = await school.token(Role.STUDENT)
    await school.main.post("/api/v1/me/export", headers=student)
    await school.work()
    assert "/account/privacy" in school.last_mail()
    export = (await school.main.get("/api/v1/me/export", headers=student)).json()

    path = f"/api/v1/me/export/{export['id']}"
    fetched = [await school.main.post(path, headers=student) for _ in range(2)]

    assert export["status"] == "ready"
    assert [answer.status_code for answer in fetched] == [200, 410]
    assert fetched[0].content.startswith(b"PK")


async def test_an_erasure_can_be_called_off(school: School) -> None:
    # ID-20
    student = await school.token(Role.STUDENT)
    asked = await school.main.post("/api/v1/me/erasure", headers=student, json={"proof": PASSWORD})
    again = await school.main.post("/api/v1/me/erasure", headers=student, json={"proof": PASSWORD})
    kept = await school.main.delete("/api/v1/me/erasure", headers=student)

    assert [asked.status_code, again.status_code, kept.status_code] == [202, 409, 204]
    assert again.json()["code"] == "erasure_under_way"


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    moment = str(int(at or time.time()))
    made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Halaqa-Signature": f"t={moment},v1={made}"}


async def test_another_system_tells_of_its_people_once_and_signed(school: School, database: AsyncEngine) -> None:
    # ID-13
    person = {"id": "u_1", "email": "synced@example.org", "email_verified": True, "name": "Synced", "extra": 1}
    told = {"id": "evt_1", "type": "user.created", "occurred_at": "2026-01-01T00:00:00Z", "data": person}
    body = json.dumps(told).encode()

    async def tell(content: bytes, headers: Any) -> httpx.Response:
        return await school.main.post("/webhooks/identity", content=content, headers=headers)

    first, *rest = await asyncio.gather(*(tell(body, signed(body)) for _ in range(5)))
    bad = [
        await tell(body, {}),
        await tell(body, signed(body, secret="another secret")),
        await tell(body + b" ", signed(body)),
        await tell(body, signed(body, at=time.time() - 301)),
        await tell(body, {b"Halaqa-Signature": "t=1²,v1=é".encode()}),
    ]
    nonsense = b"{}"

    outcomes = sorted(answer.json()["outcome"] for answer in (first, *rest))
    assert outcomes == ["done", *["duplicate"] * 4]
    assert [(answer.status_code, answer.json()["code"]) for answer in bad] == [(400, "bad_signature")] * 5
    assert (await tell(nonsense, signed(nonsense))).status_code == 422
    async with driver(database) as connection:
        assert await connection.fetchval("SELECT count(*) FROM users WHERE email = 'synced@example.org'") == 1
