"""Every page that can be reached by following links, as each of its readers meets it, in all three languages: nothing
that axe objects to, nothing wider than the screen, nothing that the browser complains of, and nothing that a keyboard
cannot reach. (L10N-01, ID-17)
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from domain.identity.permission import Audience
from entrypoints.docs import bare_app, routes_of
from support.postgres import TestPostgres
from support.system import System

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.asyncio(loop_scope="module"),
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
PASSWORD: Final = "bismillah-114"
READERS: Final = {
    "anybody": ("main", "", "/"),
    "student": ("main", "student@demo.example", "/portal"),
    "guardian": ("main", "guardian@demo.example", "/portal"),
    "qari": ("main", "qari@demo.example", "/qari"),
    "admin": ("admin", "admin@demo.example", "/"),
    "support": ("admin", "support@demo.example", "/"),
}
LEADS_AWAY: Final = re.compile(
    r"/(sign-out|static|feeds|api|health|metrics|webhooks)|/join$|\.(csv|json|ics|xml|txt|zip)$"
)
MOST: Final = 90
PATIENCE_S: Final = 40
AT_ONCE: Final = 3
"""Pages that are open side by side."""


class Look(NamedTuple):
    language: str
    width: int
    theme: str


OTHERWISE: Final[Mapping[str, dict[str, Any]]] = {
    "ar": {"runOnly": {"type": "rule", "values": ["color-contrast", "valid-lang", "html-has-lang", "html-lang-valid"]}},
}
"""What axe looks at where it is not everything: pages in English are looked at whole, those in Arabic are dark. Pages
in Urdu have the structure of the one and the colors of the other."""
LOOKS: Final = (Look("en", 1280, "light"), Look("ar", 390, "dark"), Look("ur", 390, "light"))
ALIKE: Final[Mapping[str, int]] = {"student": 1, "support": 1}
"""A student meets the pages of a guardian, support those of an admin: so many looks are enough for what differs."""
SAME_TO_AXE: Final = frozenset({"support"})
"""Whose pages have nothing that others do not have, only less to press."""
WALKS: Final = [(reader, look) for reader in READERS for look in LOOKS[: ALIKE.get(reader, len(LOOKS))]]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, postgres: TestPostgres, valkey_server: str) -> Iterator[System]:
    """The demo school, so that no page is empty."""
    name = asyncio.run(postgres.clone())
    running = System(Path(tmp_path_factory.mktemp("demo")), postgres.url_of(name), valkey_server, seed=True)
    running.start()
    yield running
    running.stop()
    asyncio.run(postgres.drop(name))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        await running.close()


class Pages:
    """One address for each route of a door, found by following links from where somebody lands."""

    def __init__(self, door: str) -> None:
        routes = [r.path for r in routes_of(bare_app(Audience(door))) if r.method == "GET"]
        self._routes = sorted(routes, key=lambda path: path.count("{"))
        self._patterns = {r: re.compile(re.sub(r"\{[^}]+\}", "[^/]+", r.rstrip("/")) + "/?") for r in self._routes}
        self.found: dict[str, str] = {}

    def add(self, path: str) -> bool:
        """Whether a page of that kind is new."""
        bare = urlsplit(path).path
        route = next((r for r in self._routes if self._patterns[r].fullmatch(bare)), None)
        if route is None or route in self.found or LEADS_AWAY.search(bare) or len(self.found) >= MOST:
            return False
        self.found[route] = path
        return True


async def enter(browser: Browser, school: System, reader: str, look: Look) -> BrowserContext:
    door, email, _ = READERS[reader]
    url = school.urls[door]
    context = await browser.new_context(
        base_url=url,
        viewport={"width": look.width, "height": 844},
        color_scheme="dark" if look.theme == "dark" else "light",
        timezone_id="Europe/London",
        reduced_motion="reduce",
    )
    if email:
        body = {"email": email, "password": PASSWORD, "delivery": "cookie"}
        answer = await context.request.post("/api/v1/auth/sign-in", data=body)
        assert answer.ok, await answer.text()
    if look.language in {"en", *OTHERWISE} and reader not in SAME_TO_AXE:
        await context.add_init_script(AXE_SCRIPT)
    await context.add_cookies([{"name": "lang", "value": look.language, "url": url}])
    if email:
        # An account keeps its own language, whatever the browser says: it is chosen as a person would.
        page = await context.new_page()
        await page.goto(READERS[reader][2])
        async with page.expect_navigation():
            await page.locator(f"footer button[name=lang][value={look.language}]").click()
    return context


async def objections(page: Page, look: Look, *, whole: bool) -> list[str]:
    """What is wrong with the page that is open. ``whole``: also with what stands around it, which is the same on all
    pages of a reader.
    """
    found = []
    seen: dict[str, Any] = await page.evaluate(
        "({lang: document.documentElement.lang, dir: document.documentElement.dir,"
        " wide: document.documentElement.scrollWidth, title: document.title, axe: typeof axe === 'object'})"
    )
    if seen["lang"] != look.language or seen["dir"] != ("ltr" if look.language == "en" else "rtl"):
        found.append(f"speaks {seen['lang']} {seen['dir']}")
    if seen["wide"] > look.width:
        found.append(f"is {seen['wide']} wide")
    if not seen["title"].strip():
        found.append("has no title")
    if not seen["axe"]:
        return found
    violations: list[dict[str, Any]] = await page.evaluate(
        "({whole, ...how}) => axe.run(whole ? document : 'main', how).then(all => all.violations)",
        # Of thousands of nodes that are right nobody reads.
        {"whole": whole, "resultTypes": ["violations"], "preload": False, **OTHERWISE.get(look.language, {})},
    )
    for violation in violations:
        where = [node["target"] for node in violation["nodes"]][:3]
        found.append(f"{violation['id']} ({violation['impact']}): {where}")
    return found


async def links(page: Page) -> Sequence[str]:
    """Where the page that is open leads inside its own door."""
    hrefs: list[str] = await page.eval_on_selector_all(
        "a[href]", "all => all.map(a => new URL(a.getAttribute('href'), document.baseURI).href)"
    )
    here = urlsplit(page.url)
    same = [urlsplit(href) for href in hrefs]
    return [f"{x.path}{'?' + x.query if x.query else ''}" for x in same if x.netloc == here.netloc]


async def look_at(page: Page, address: str, look: Look, *, whole: bool) -> tuple[list[str], Sequence[str]]:
    """What is wrong with the page at that address, and where it leads."""
    answer = await page.goto(address)
    if answer is None or answer.status >= 400:
        return [f"answers {answer.status if answer else 'nothing'}"], []
    if "html" not in answer.headers.get("content-type", ""):
        return [], []
    return await objections(page, look, whole=whole), await links(page)


async def until_all_are_done(waiting: "asyncio.Queue[str]", walkers: Sequence["asyncio.Task[None]"]) -> None:
    """Raises what a walker raises."""
    done = asyncio.create_task(waiting.join())
    await asyncio.wait([done, *walkers], return_when=asyncio.FIRST_COMPLETED)
    for task in (done, *walkers):
        task.cancel()
    for outcome in await asyncio.gather(*walkers, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


@pytest.mark.parametrize(
    ("reader", "look"), WALKS, ids=[f"{who}-{look.language}-{look.width}-{look.theme}" for who, look in WALKS]
)
async def test_every_page_can_be_read(school: System, browser: Browser, reader: str, look: Look) -> None:
    door, _, start = READERS[reader]
    context = await enter(browser, school, reader, look)
    wrong: dict[str, list[str]] = {}
    pages = Pages(door)
    pages.add(start)
    waiting: asyncio.Queue[str] = asyncio.Queue()
    waiting.put_nowait(start)

    async def walk() -> None:
        complaints: list[str] = []

        async def opened() -> Page:
            page = await context.new_page()
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        page = await opened()
        while True:
            path = await waiting.get()
            complaints.clear()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    address = urljoin(school.urls[door], path)
                    found, hrefs = await look_at(page, address, look, whole=path == start)
            except TimeoutError:
                wrong[path] = ["does not come to rest"]
                await page.close()
                page = await opened()
                waiting.task_done()
                continue
            if found or complaints:
                wrong[path] = [*found, *complaints]
            for href in hrefs:
                if pages.add(href):
                    waiting.put_nowait(href)
            waiting.task_done()

    await until_all_are_done(waiting, [asyncio.create_task(walk()) for _ in range(AT_ONCE)])
    await context.close()
    assert wrong == {}
    assert len(pages.found) >= 4


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("reader", ["anybody", "student", "qari", "admin"])
async def test_a_keyboard_reaches_everything_and_shows_where_it_is(
    school: System, browser: Browser, reader: str, language: str
) -> None:
    context = await enter(browser, school, reader, Look(language, 1280, "light"))
    page = await context.new_page()
    start = {"anybody": "/qaris", "student": "/portal", "qari": "/qari/availability", "admin": "/bookings"}[reader]
    await page.goto(start)
    total: int = await page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
            .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0).length"""
    )
    reached: set[str] = set()
    unseen: dict[str, str] = {}
    marked: set[str] = set()
    last = ""

    for _ in range(total * 2 + 10):
        await page.keyboard.press("Tab")
        at: dict[str, Any] | None = await page.evaluate(
            """() => {
                const e = document.activeElement;
                if (!e || e === document.body) return null;
                const s = getComputedStyle(e);
                const all = [...document.querySelectorAll('*')];
                const mark = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none';
                return {id: String(all.indexOf(e)), mark, what: e.outerHTML.slice(0, 80), type: e.type || ''};
            }"""
        )
        if at is None:
            break
        if at["id"] in reached and at["id"] != last and at["type"] != "radio":
            break
        last = at["id"]  # a date takes several steps: day, month, year
        reached.add(last)
        if at["mark"]:
            marked.add(last)
        else:
            unseen[last] = at["what"]  # the parts of a date have marks of the browser's own

    radios: int = await page.evaluate("document.querySelectorAll('input[type=radio]').length")
    await context.close()
    assert {what for key, what in unseen.items() if key not in marked} == set()
    assert len(reached) >= total - radios - 1
