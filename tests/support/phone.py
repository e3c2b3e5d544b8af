"""A page as it comes over the line for the first time: what it weighs and how long it takes. (API-11)"""

from typing import Any, Final, NamedTuple
from uuid import UUID

from playwright.async_api import Browser

STRANGERS: Final = ("/", "/qaris", "/qaris/{qari}", "/sign-in", "/sign-up", "/forgot")
"""What people open who have never been here."""
LINE: Final = {"offline": False, "latency": 60, "downloadThroughput": 9e6 / 8, "uploadThroughput": 3e6 / 8}
"""An ordinary 4G line: 9 Mbit/s, 60 ms there and back."""
SLOWER: Final = 4
"""So many times as long as here a phone of the middle range takes."""


class Opened(NamedTuple):
    """``weight``: bytes over the line with everything the page asks for; ``took_ms`` until all of it is there."""

    status: int
    weight: int
    took_ms: float


async def opened(
    browser: Browser, door: str, page: str, qari: UUID | str, lang: str, *, on_a_phone: bool = False
) -> Opened:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale=lang)
    screen = await context.new_page()
    developer = await context.new_cdp_session(screen)
    weights: list[int] = []

    def count(finished: dict[str, Any]) -> None:
        weights.append(int(finished["encodedDataLength"]))

    developer.on("Network.loadingFinished", count)
    await developer.send("Network.enable")
    if on_a_phone:
        await developer.send("Network.emulateNetworkConditions", LINE)
        await developer.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    answer = await screen.goto(f"{door}{page.format(qari=qari)}?lang={lang}", wait_until="load")
    await screen.wait_for_load_state("networkidle")
    took = await screen.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    await context.close()
    assert answer is not None
    return Opened(answer.status, sum(weights), float(took))
