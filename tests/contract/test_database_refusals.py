"""What PostgreSQL itself refuses reaches programs as a problem without SQL."""

from typing import Any, cast
from uuid import UUID, uuid4

import httpx
from litestar import post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.identity.repositories import SqlUsers
from adapters.persistence.statement import driver
from domain.identity.permission import Permission
from fakes.http import STUDENT_TOKEN, an_app, bearer
from fakes.identity import a_user


async def test_a_duplicate_is_a_conflict_and_an_unknown_reference_is_invalid(database: AsyncEngine) -> None:
    # API-05
    user = a_user()
    async with driver(database) as connection, connection.transaction():
        await SqlUsers(connection).add(user)

    @post("/api/v1/roles/{user_id:uuid}", needs=Permission.SIGNED_IN)
    async def give_role(user_id: FromPath[UUID]) -> None:
        async with driver(database) as connection:
            await connection.execute("INSERT INTO user_roles (user_id, role) VALUES ($1, 'student')", user_id)

    transport = httpx.ASGITransport(app=cast(Any, an_app([give_role])))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver.local", headers=bearer(STUDENT_TOKEN)
    ) as client:
        duplicate = await client.post(f"/api/v1/roles/{user.id}")
        unknown = await client.post(f"/api/v1/roles/{uuid4()}")

    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "already_exists")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    for answer in (duplicate, unknown):
        assert answer.headers["content-type"] == "application/problem+json"
        assert not any(word in answer.text for word in ("user_roles", "INSERT", "violates"))
