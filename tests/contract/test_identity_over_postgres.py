"""The whole way from a request to PostgreSQL and back, where races and refusals are real."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.http.api.identity import CONTROLLERS_MAIN
from adapters.http.app import create_app
from adapters.passwords import ArgonHasher
from adapters.persistence.identity.queries import SqlDevices, SqlSessionQueries
from adapters.persistence.statement import driver
from adapters.persistence.unit_of_work import SqlUnit
from adapters.system import new_id
from application.identity.authenticate import Authenticate
from application.identity.verify_email import MintVerification
from domain.identity.permission import Audience, Permission
from domain.ids import EventId, UserId
from entrypoints.docs import missing
from fakes.clock import FixedClock
from fakes.doors import Cases
from fakes.http import a_config, bearer, provided
from fakes.identity import GOOD_PASSWORD
from fakes.throttle import MemoryThrottle
from ports.unit_of_work import UnitOfWork

MARYAM = {"email": "maryam@example.org", "password": GOOD_PASSWORD, "name": "Maryam Khan", "zone": "Asia/Karachi"}


class House:
    def __init__(self, engine: AsyncEngine, clock: FixedClock) -> None:
        self.engine, self.clock = engine, clock

    def new_unit(self) -> SqlUnit:
        return SqlUnit(self.engine, lambda _: (), new_id)

    def app(self) -> Litestar:
        units, hasher, engine = self.new_unit, ArgonHasher(memory_kib=64, rounds=1), self.engine

        @post("/api/v1/raw/{name:str}", needs=Permission.NOTHING)
        async def raw(name: FromPath[str]) -> None:
            statements = {
                "unique": "INSERT INTO user_roles SELECT id, 'qari' FROM users, generate_series(1, 2)",
                "foreign": "INSERT INTO user_roles VALUES (gen_random_uuid(), 'qari')",
                "missing": "SELECT nothing FROM nowhere",
            }
            async with driver(engine) as connection:
                await connection.execute(statements[name])

        throttle, devices = MemoryThrottle(self.clock), SqlDevices(engine)
        cases = Cases(Audience.MAIN, units, self.clock, new_id, hasher, throttle, devices)
        controllers = [*CONTROLLERS_MAIN, raw]
        return create_app(
            config=a_config(),
            controllers=controllers,
            dependencies={**missing(controllers), **{name: provided(case) for name, case in cases.by_name().items()}},
            authenticator=Authenticate(Audience.MAIN, SqlSessionQueries(engine), self.clock),
            clock=self.clock,
        )


@pytest.fixture
def house(database: AsyncEngine, clock: FixedClock) -> House:
    return House(database, clock)


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cast(Any, house.app()))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver.local") as client:
        yield client


def keeps_the_port(unit: SqlUnit) -> UnitOfWork:
    """Checked by the type checker: the unit offers what the use cases ask for."""
    return unit


async def test_of_many_who_register_one_address_at_once_one_is_made(client: httpx.AsyncClient) -> None:
    # ID-01
    spellings = ["maryam@example.org", "Maryam@example.org", "MARYAM@EXAMPLE.ORG", "maryam@Example.org"]

    answers = await asyncio.gather(
        *(client.post("/api/v1/auth/register", json=MARYAM | {"email": email}) for email in spellings * 2)
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}


async def test_of_many_who_press_one_link_at_once_one_uses_it(client: httpx.AsyncClient, house: House) -> None:
    # ID-01
    made = (await client.post("/api/v1/auth/register", json=MARYAM)).json()
    mint = MintVerification(house.new_unit, house.clock, "secret")
    token = await mint(EventId(new_id()), UserId(UUID(made["id"])))

    answers = await asyncio.gather(*(client.post("/api/v1/auth/verify", json={"token": token}) for _ in range(6)))

    assert Counter(answer.status_code for answer in answers) == {204: 1, 410: 5}


async def test_a_session_opens_me_until_it_is_ended(client: httpx.AsyncClient) -> None:
    # ID-05, ID-06
    await client.post("/api/v1/auth/register", json=MARYAM)
    credentials = {"email": "MARYAM@example.org", "password": GOOD_PASSWORD}
    token = (await client.post("/api/v1/auth/sign-in", json=credentials)).json()["token"]

    assert (await client.get("/api/v1/me", headers=bearer(token))).json()["email"] == "maryam@example.org"
    assert (await client.post("/api/v1/auth/sign-out", headers=bearer(token))).status_code == 204
    assert (await client.get("/api/v1/me", headers=bearer(token))).status_code == 401


async def test_of_many_who_refresh_with_one_token_at_once_one_is_served_and_the_session_ends(
    client: httpx.AsyncClient,
) -> None:
    # ID-04
    await client.post("/api/v1/auth/register", json=MARYAM)
    credentials = {"email": "maryam@example.org", "password": GOOD_PASSWORD}
    pair = (await client.post("/api/v1/auth/sign-in", json=credentials)).json()
    body = {"refresh_token": pair["refresh_token"]}

    answers = await asyncio.gather(*(client.post("/api/v1/auth/refresh", json=body) for _ in range(6)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 5}
    served = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await client.get("/api/v1/me", headers=bearer(served["token"]))).status_code == 401


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("unique", 409, "already_exists"), ("foreign", 422, "unknown_reference"), ("missing", 500, "internal")],
)
async def test_what_the_database_refuses_is_told_without_sql(
    client: httpx.AsyncClient, name: str, status: int, code: str
) -> None:
    # API-05
    await client.post("/api/v1/auth/register", json=MARYAM)

    answer = await client.post(f"/api/v1/raw/{name}", json={})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    for word in ("user_roles", "nowhere", "INSERT", "constraint"):
        assert word not in answer.text
