"""Getting in, in a real browser: passkeys of a virtual authenticator, another provider, and the dialog."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from adapters.system import new_id
from support.postgres import TestPostgres
from support.system import System, free_port
from support.town import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt install chromium)"),
]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    running = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce=true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://localhost:{port}"
    running.terminate()
    running.wait(10)


@pytest.fixture(scope="module")
def school(
    tmp_path_factory: pytest.TempPathFactory, postgres: TestPostgres, valkey_server: str, issuer: str
) -> Iterator[str]:
    """A system of its own: passkeys need a host with a name, and the provider has to be set up."""
    name = asyncio.run(postgres.clone())
    running = System(Path(tmp_path_factory.mktemp("ways-in")), postgres.url_of(name), valkey_server)
    running.urls = {door: f"http://localhost:{port}" for door, port in running.ports.items()}
    running.environ |= {f"HALAQA_{door.upper()}_URL": url for door, url in running.urls.items()}
    keys = '"client_id": "school", "client_secret": "hush"'
    running.environ["HALAQA_OIDC_PROVIDERS"] = (
        f'[{{"name": "elsewhere", "label": "Elsewhere", "issuer": "{issuer}", {keys}}}]'
    )
    running.start()
    yield running.urls["main"]
    running.stop()
    asyncio.run(postgres.drop(name))


@pytest.fixture
async def context() -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield await running.new_context(viewport={"width": 1100, "height": 900})
        await running.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


async def an_account(school: str) -> str:
    email = f"{new_id()}@student.example"
    body = {"email": email, "name": "Maryam Hussain", "password": PASSWORD, "zone": "Europe/London"}
    async with httpx.AsyncClient(base_url=school, timeout=30) as client:
        assert (await client.post("/api/v1/auth/register", json=body)).status_code == 201
    return email


async def type_in(page: Page, email: str, password: str = PASSWORD) -> None:
    form = page.locator("form[action='/sign-in']")
    await form.locator("input[name=email]").fill(email)
    await form.locator("input[name=password]").fill(password)
    await form.get_by_role("button").click()


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Sign out").first.click()
    await page.wait_for_url("**/sign-in")


async def test_a_passkey_is_made_and_opens_alone_and_as_the_second_step(
    school: str, context: BrowserContext, page: Page
) -> None:
    devices = await context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    email = await an_account(school)
    await page.goto(f"{school}/sign-in?next=/account/security")
    await type_in(page, email)

    keys = page.locator("section[aria-labelledby=keys-title]")
    await keys.get_by_text("Add a passkey").click()
    await keys.get_by_label("Your password").fill(PASSWORD)
    await keys.get_by_role("button", name="Go on").click()
    await page.get_by_role("button", name="Make the passkey").click()
    await expect(page.locator(".codes li")).to_have_count(10)
    await page.get_by_role("link", name="I have kept them").click()
    await expect(page.get_by_text("This device").first).to_be_visible()

    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("button", name="Sign out").first).to_be_visible()

    await sign_out(page)
    await type_in(page, email)
    await page.wait_for_url("**/sign-in/second*")
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("button", name="Sign out").first).to_be_visible()


async def test_an_authenticator_app_is_set_up_and_asked_for(school: str, page: Page) -> None:
    # ID-10
    email = await an_account(school)
    await page.goto(f"{school}/sign-in?next=/account/security")
    await type_in(page, email)
    app = page.locator("section[aria-labelledby=app-title]")
    await app.get_by_text("Set it up").click()
    await app.get_by_label("Your password").fill(PASSWORD)
    await app.get_by_role("button", name="Go on").click()
    await page.get_by_text("Or type the key by hand").click()
    secret = await page.locator("code.key").inner_text()
    await page.get_by_label("The six digits").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Turn it on").click()
    codes = await page.locator(".codes code").all_inner_texts()
    await page.get_by_role("link", name="I have kept them").click()

    await sign_out(page)
    await type_in(page, email)
    await page.wait_for_url("**/sign-in/second*")
    await page.goto(f"{school}/portal")
    assert urlsplit(page.url).path == "/sign-in", "half a sign-in is none"
    await page.goto(f"{school}/sign-in/second")
    await page.get_by_label("Code").fill("000000")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_text("This code is not right")).to_be_visible()
    await page.get_by_label("Code").fill(codes[3])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("button", name="Sign out").first).to_be_visible()


async def test_another_provider_signs_in_and_leaves_nothing_in_the_address(
    school: str, issuer: str, page: Page
) -> None:
    # ID-02, ID-03
    subject = f"{new_id()}"
    email = f"{subject}@people.example"
    claims = {"email": email, "email_verified": True, "name": "Omar Farooq"}
    async with httpx.AsyncClient() as client:
        await client.put(f"{issuer}/users/{subject}", json=claims)
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))

    await page.goto(f"{school}/sign-in?next=/account/security")
    await page.get_by_role("link", name="Go on with Elsewhere").click()
    await page.locator("input[name=sub]").fill(subject)
    await page.locator("button[type=submit]").first.click()

    await page.wait_for_url(f"{school}/account/security")
    await expect(page.get_by_text(email).first).to_be_visible()
    assert not [url for url in seen if url.startswith(school) and ("code=" in url or "state=" in url)]
    answer = await page.request.get(f"{school}/sign-in/with/elsewhere/callback?code=x&state=y", max_redirects=0)
    assert answer.status == 400


@pytest.mark.parametrize("width", [1100, 390])
async def test_the_dialog_keeps_the_focus_and_gives_it_back(school: str, page: Page, width: int) -> None:
    # ID-17
    email = await an_account(school)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(f"{school}/qaris")
    link = page.get_by_role("link", name="Sign in", exact=True)

    await link.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Sign in")
    await expect(dialog.get_by_label("E-mail")).to_be_focused()
    for _ in range(12):
        await page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        assert await page.evaluate(inside), "the focus has left the dialog"
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(link).to_be_focused()

    await link.click()
    await type_in(page, email, "not the password")
    await expect(dialog.get_by_text("The address or the password is not right.")).to_be_visible()
    await type_in(page, email)
    await page.wait_for_url(f"{school}/qaris")
    await expect(page.get_by_role("link", name="Sign in", exact=True)).to_have_count(0)
    assert complaints == []


async def test_the_dialog_leads_from_signing_in_to_signing_up(school: str, page: Page) -> None:
    # ID-17
    await page.goto(f"{school}/")
    await page.get_by_role("link", name="Sign in", exact=True).first.click()
    await page.get_by_role("dialog").get_by_role("link", name="Make an account").click()

    await expect(page.get_by_role("dialog", name="Make an account")).to_be_visible()
    assert urlsplit(page.url).path == "/"
