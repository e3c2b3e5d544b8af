"""What strangers open first, on a phone of the middle range and a 4G line: ``python bench/bench_phone.py``. Under a
minute; needs Chromium. (API-11)

Each page in each language is opened anew, as by somebody who has never been here, some rounds over; the figure of a
page is the middle of its rounds, and what counts is the slowest page. The line and the phone are Chromium's own
emulation: 9 Mbit/s with 60 ms there and back, and a processor a quarter as fast as this one.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import school
from playwright.async_api import async_playwright
from report import finish
from servers import door_settings, server

from support.phone import STRANGERS, opened
from support.postgres import shared_server
from support.valkey import throwaway_valkey

LANGUAGES: Final = ("en", "ar", "ur")
ROUNDS: Final = 3
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


async def measure(port: int, qari: UUID, chromium: str) -> dict[str, float]:
    door = f"http://127.0.0.1:{port}"
    figures: dict[str, float] = {}
    slowest = 0.0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for page in STRANGERS:
            for lang in LANGUAGES:
                runs = [await opened(browser, door, page, qari, lang, on_a_phone=True) for _ in range(ROUNDS)]
                took = statistics.median(run.took_ms for run in runs)
                figures[f"{page} ({lang}), ms"] = took
                slowest = max(slowest, took)
        await browser.close()
    return figures | {"slowest page on a phone, ms": slowest}


async def somebody(url: str) -> UUID:
    """A Qari of the school that is made in this database."""
    await school.fill(url, school.SMALL)
    connection = await asyncpg.connect(url)
    found: UUID = await connection.fetchval("SELECT user_id FROM qaris ORDER BY user_id LIMIT 1")
    await connection.close()
    return found


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("Chromium is not installed (Debian: apt install chromium)")
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench-phone") as database,
        throwaway_valkey() as redis,
    ):
        url = database.url_of(asyncio.run(database.clone()))
        qari = asyncio.run(somebody(url.replace("postgresql+asyncpg", "postgresql")))
        settings = door_settings(Path(folder), url, redis)
        with server("main", "doors.py", "live", folder=Path(folder), settings=settings) as port:
            figures = asyncio.run(measure(port, qari, chromium))
    finish("phone", figures)


if __name__ == "__main__":
    main()
