"""A browser that shows messages: its owner switches that on, the worker is there, what is pushed is shown. (NOTI-03)"""

import json
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from e2e.test_browser import CHROMIUM, browser
from support.town import PASSWORD, Town

__all__ = ["browser"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt install chromium)"),
]
SERVICE = """
// The maker's push service is not there in a test: what it gives out is given out here.
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (options) => {
  window.wanted = { visible: options.userVisibleOnly, key: options.applicationServerKey.length };
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const text = (bytes) => btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const p256dh = text(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const keys = { p256dh, auth: text(crypto.getRandomValues(new Uint8Array(16))) };
  return { toJSON: () => ({ endpoint: "https://fcm.googleapis.com/fcm/send/of-a-test", keys }) };
};
"""
SHOWN = """async () => {
  const shown = await (await navigator.serviceWorker.ready).getNotifications();
  return shown.map((one) => [one.title, one.body, one.lang, one.dir, one.data.link]);
}"""


async def test_a_device_is_added_with_one_press_and_shows_what_is_pushed(town: Town, browser: Any) -> None:
    student, main = await town.student(), town.system.urls["main"]
    context = await browser.new_context()
    await context.grant_permissions(["notifications"], origin=main)
    await context.add_init_script(SERVICE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await _sign_in(page, main, student.email)

    await page.goto(f"{main}/account/messages")
    await page.get_by_role("button", name="Show them on this device").click()
    await expect(page.get_by_text("Done. This device shows reminders")).to_be_visible()

    kept = (await student.http.get("/api/v1/my/browsers")).json()
    assert len(kept["browsers"]) == 1
    assert kept["public_key"]

    told = {"title": "درس الآن", "body": "19:00", "link": "/notes", "tag": "m-1", "lang": "ar", "dir": "rtl"}
    await _deliver(await context.new_cdp_session(page), main, json.dumps(told))
    await page.wait_for_function("async () => (await (await navigator.serviceWorker.ready).getNotifications()).length")
    assert await page.evaluate(SHOWN) == [["درس الآن", "19:00", "ar", "rtl", "/notes"]]

    await page.get_by_role("button", name="No more here").click()
    await expect(page.get_by_text("That device shows no more messages.")).to_be_visible()
    assert (await student.http.get("/api/v1/my/browsers")).json()["browsers"] == []
    assert complaints == []
    await context.close()


async def _sign_in(page: Page, main: str, email: str) -> None:
    await page.goto(f"{main}/sign-in")
    await page.locator("input[name=email]").fill(email)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("main button[type=submit]").first.click()
    await page.wait_for_url("**/portal")


async def _deliver(session: CDPSession, origin: str, data: str) -> None:
    """As the browser's own service would hand it over."""
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    await session.send("ServiceWorker.enable")
    while not found:
        await session.send("ServiceWorker.enable")
    await session.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": data})
