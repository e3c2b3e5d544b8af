"""Redis may be gone: the school stays open, and doors stay guarded. (ID-14, API-02, OPS-14)"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from entrypoints.embedded.valkey import EmbeddedValkey
from support.postgres import TestPostgres
from support.school import a_day_ahead, book_and_pay, hold, until_status
from support.system import System
from support.town import PASSWORD, Town


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def lonely(
    tmp_path: Path, valkey: EmbeddedValkey, postgres: TestPostgres, password_hash: str
) -> AsyncIterator[Town]:
    """A system of its own, whose Valkey nobody else needs."""
    name = await postgres.clone()
    system = System(tmp_path / "system", postgres.url_of(name), valkey.url)
    system.folder.mkdir()
    system.start()
    people = Town(system, postgres.url_of(name), password_hash)
    yield people
    await people.close()
    system.stop()
    await postgres.drop(name)


async def test_without_valkey_people_sign_in_book_and_are_throttled_and_later_all_is_caught_up(
    lonely: Town, valkey: EmbeddedValkey
) -> None:
    qari, student = await lonely.qari(), await lonely.student()
    main = lonely.system.urls["main"]

    valkey.stop()

    assert (await student.get("/api/v1/me"))["id"] == student.user_id
    late = await lonely.student("Late")
    assert (await hold(late, qari, a_day_ahead(hour=9)))["status"] == "held"
    async with httpx.AsyncClient(base_url=main, timeout=30) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/qaris")).status_code == 200
        assert (await client.get("/health/ready")).json()["status"] == "degraded"
        bad = {"email": student.email, "password": "not the right one at all"}
        answers = [await client.post("/api/v1/auth/sign-in", json=bad) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        right = {"email": student.email, "password": PASSWORD}
        assert (await client.post("/api/v1/auth/sign-in", json=right)).status_code == 429
        assert (await student.http.post("/api/v1/auth/sign-out")).status_code in (200, 204)
        assert (await student.http.get("/api/v1/me")).status_code == 401

    await asyncio.to_thread(valkey.start)

    paid = await book_and_pay(late, qari, a_day_ahead(hour=11))
    await until_status(late, paid["booking_id"], "confirmed", within_s=60)
