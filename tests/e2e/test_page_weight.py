"""What strangers open first is light. How soon it is there on a phone, `bench/bench_phone.py` measures. (API-11)"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

from support.phone import STRANGERS, opened
from support.town import Town

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt install chromium)"),
]
FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MOST_BYTES: Final = 150 * 1024


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


@pytest.mark.parametrize("lang", ["en", "ar", "ur"])
async def test_a_public_page_is_light(town: Town, browser: Browser, lang: str) -> None:
    qari = await town.qari(name="Qari Abdullah Qureshi")

    door = town.system.urls["main"]
    each = await asyncio.gather(*(opened(browser, door, page, qari.user_id, lang) for page in STRANGERS))
    seen = dict(zip(STRANGERS, each, strict=True))

    assert {page: one.status for page, one in seen.items() if one.status != 200} == {}
    assert {page: one.weight // 1024 for page, one in seen.items() if one.weight > MOST_BYTES} == {}
