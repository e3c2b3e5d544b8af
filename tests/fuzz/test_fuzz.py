"""Both applications are asked what their own description allows, and what it does not, by everybody. (API-04)

A short run belongs to the slow tests. ``make fuzz`` takes longer, and other requests each time: ``FUZZ_SECONDS`` and
``FUZZ_SEED`` say how long, and which ones.
"""

import os
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest

from domain.identity.permission import Audience
from entrypoints.application import create
from entrypoints.seed.accounts import ACCOUNTS, PASSWORD
from entrypoints.seed.plant import plant
from entrypoints.settings import Settings, load
from support.fuzz import Door, Odd, fuzz

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.valkey]
ADDRESS: Final = {Audience.MAIN: "http://main.test", Audience.ADMIN: "http://admin.test"}
SECONDS: Final = float(os.environ.get("FUZZ_SECONDS", "10"))
SEED: Final = int(os.environ.get("FUZZ_SEED", "114"))
EACH: Final = 1 if SECONDS < 60 else 6
FEWEST: Final = 100
"""Requests at each door, however long they take."""


@pytest.fixture
async def settings(database_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    """Of a school with people and lessons, whose providers nobody reaches."""
    found = load(
        {
            "HALAQA_DATABASE_URL": database_url,
            "HALAQA_REDIS_URL": valkey_url,
            "HALAQA_DATA_DIR": str(tmp_path),
            "HALAQA_MAIN_URL": ADDRESS[Audience.MAIN],
            "HALAQA_ADMIN_URL": ADDRESS[Audience.ADMIN],
            "HALAQA_SANDBOX_URL": "http://127.0.0.1:9",
            "HALAQA_SIGN_IN_TRIES": "100000",
            "HALAQA_LIMIT_ANONYMOUS": "1000000",
            "HALAQA_LIMIT_PAGES": "1000000",
            "HALAQA_LIMIT_SIGNED_IN": "1000000",
            "HALAQA_LIMIT_WEBHOOKS": "1000000",
        }
    )
    await plant(found, number=114, say=lambda step: None)
    return found


async def tokens_at(app: object, audience: Audience) -> dict[str, str]:
    tokens = {}
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS[audience], timeout=30) as client:
        for account in ACCOUNTS:
            if account.door == audience.value:
                body = {"email": account.email, "password": PASSWORD}
                answer = await client.post("/api/v1/auth/sign-in", json=body)
                assert answer.status_code == 200, answer.text
                tokens[account.email.split("@")[0]] = answer.json()["token"]
    return tokens


async def test_nothing_that_is_asked_breaks_anything(settings: Settings) -> None:
    chance, odd, told = random.Random(SEED), list[Odd](), []
    async with AsyncExitStack() as stack:
        for audience in Audience:
            app = create(settings, audience)
            await stack.enter_async_context(app.lifespan())
            door = Door(app, ADDRESS[audience], await tokens_at(app, audience), chance)
            await stack.enter_async_context(door.http)
            await door.learn()

            odd += await fuzz(door, until=time.monotonic() + SECONDS / 2, each=EACH, at_least=FEWEST)

            told.append(f"{audience}: {len(door.reached)} operations, {dict(door.answers)}")
            assert sum(door.answers.values()) >= FEWEST, told
            assert door.answers[200] > 5, told

    assert not odd, f"{len(odd)} odd answers (seed {SEED}; {told}):\n\n" + "\n\n".join(map(str, odd))
