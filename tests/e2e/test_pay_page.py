"""The page to pay on in a real browser, with a script of the provider's that the test serves: each mode, no scripts, a
script that does not come, on a phone from right to left in the dark. (PAYM-09)
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from fakes.pay_desk import DIRECT, EMBEDDED, FORM, HERE, SCRIPT, Desk, open_snapshot, request_at, signed_in
from ports.billing.gateway import PaymentPage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt install chromium)"),
]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SITE = "http://testserver.local"
PICTURES = os.environ.get("HALAQA_PICTURES", "")
STRIPE = """
window.Stripe = (key, { locale }) => ({
  createEmbeddedCheckoutPage: async ({ fetchClientSecret }) => {
    const secret = await fetchClientSecret();
    return { mount: (box) => { box.textContent = `form of ${secret} with ${key} in ${locale}`; } };
  },
  elements: ({ clientSecret }) => ({
    create: () => ({ mount: (box) => { box.textContent = `fields of ${clientSecret}`; } }),
  }),
  confirmPayment: async () => ({ error: { message: "Your card was declined." } }),
});
"""


class Browsing:
    """A browser whose every request is answered by the desk, or by the script above; nothing leaves."""

    def __init__(
        self, browser: Browser, desk: Desk, *, scripts: bool = True, served: bool = True, **look: object
    ) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._client: TestClient[Litestar] = signed_in(desk)
        self._served = served
        context = browser.new_context(java_script_enabled=scripts, **look)  # type: ignore[arg-type]
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type == "error" and "Opener" not in said.text else None
            ),
        )
        self.page.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        url = route.request.url
        self.asked.append(url)
        if url.startswith(SCRIPT):
            if self._served:
                route.fulfill(body=STRIPE, content_type="text/javascript")
            else:
                route.abort()
        elif not url.startswith(SITE):
            route.fulfill(body="<title>The payment service</title>", content_type="text/html")
        else:
            answer = self._client.request(
                route.request.method,
                url.removeprefix(SITE),
                content=route.request.post_data_buffer,
                headers={"content-type": route.request.headers.get("content-type", "")},
                follow_redirects=False,
            )
            headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
            route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

    def open(self, path: str = f"{HERE}/pay") -> Page:
        self.page.goto(f"{SITE}{path}")
        return self.page

    def keep(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize(
    ("shown", "words"),
    [(EMBEDDED, "form of cs_secret with pk_test_1 in en"), (DIRECT, "fields of pi_secret")],
    ids=["embedded", "direct"],
)
def test_the_providers_form_comes_up_inside_our_page(browser: Browser, shown: PaymentPage, words: str) -> None:
    browsing = Browsing(browser, Desk(shown), viewport={"width": 1280, "height": 900})
    page = browsing.open()

    expect(page.get_by_text(words)).to_be_visible()
    browsing.keep(f"pay-{shown.mode}")

    assert browsing.complaints == []
    assert "secret" not in page.locator("[data-pay]").evaluate("box => Object.keys(box.dataset).join()")


def test_what_the_provider_says_no_to_is_shown_and_may_be_tried_again(browser: Browser) -> None:
    page = Browsing(browser, Desk(DIRECT)).open()

    page.locator("[data-pay-send] button").click()

    expect(page.get_by_text("Your card was declined.")).to_be_visible()
    expect(page.locator("[data-pay-send] button")).to_be_enabled()


@pytest.mark.parametrize("scripts", [True, False], ids=["script does not come", "no scripts"])
def test_without_the_script_one_pays_on_the_providers_page(browser: Browser, scripts: bool) -> None:
    desk = Desk(EMBEDDED)
    browsing = Browsing(browser, desk, scripts=scripts, served=False, viewport={"width": 390, "height": 800})
    page = browsing.open()
    desk.gateway._snapshots["cs_1"], desk.gateway.requests["cs_1"] = open_snapshot(desk), request_at(desk)
    if scripts:
        expect(page.get_by_text("The payment form could not be loaded.")).to_be_visible()
    browsing.keep(f"pay-without-{'answer' if scripts else 'scripts'}")

    page.get_by_role("button", name="Pay on the payment service's page").click(no_wait_after=True)
    page.wait_for_timeout(300)

    assert desk.payment.url is not None
    assert desk.payment.url.startswith("http://sandbox.invalid/pay/")


def test_a_plain_form_leads_on_without_any_script(browser: Browser) -> None:
    browsing = Browsing(browser, Desk(FORM), scripts=False)
    page = browsing.open()
    browsing.keep("pay-form")

    page.get_by_role("button", name="Go to the payment page").click()
    page.wait_for_url(FORM.form)

    assert browsing.asked[-1] == FORM.form


@pytest.mark.parametrize("shown", [EMBEDDED, FORM], ids=["embedded", "form"])
def test_on_a_phone_from_right_to_left_in_the_dark_nothing_sticks_out(browser: Browser, shown: PaymentPage) -> None:
    browsing = Browsing(browser, Desk(shown), viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = browsing.open()
    page.evaluate("document.documentElement.dir = 'rtl'")
    browsing.keep(f"pay-rtl-dark-{'form' if shown.form else 'embedded'}")

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
