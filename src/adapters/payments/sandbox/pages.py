"""The hosted checkout page: plain HTML forms, no scripts, nothing kept of a card but its brand and last four digits."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

import minijinja
import msgspec
from litestar import Controller, MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from adapters.languages.text import N_
from adapters.payments.sandbox.bank import PAYABLE
from adapters.payments.sandbox.cards import CARDS, CardForm, read_card
from adapters.payments.sandbox.errors import ApiRefusal
from adapters.payments.sandbox.provider import Provider
from adapters.payments.sandbox.texts import Texts, decline_message
from adapters.payments.sandbox.wire import CheckoutObject

_HERE: Final = files(__package__)
SELF: Final = "'self'"
PageRequest = Request[None, None, State]


class Answer(msgspec.Struct, frozen=True):
    answer: str = ""


@lru_cache(maxsize=1)
def environment() -> minijinja.Environment:
    return minijinja.Environment(
        loader=lambda name: (_HERE / "templates" / name).read_text(encoding="utf-8"),
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: PageRequest, template: str, *, status: int = 200, leads_to: tuple[str, ...] = (), **context: Any
) -> Response[str]:
    """``leads_to``: addresses a form on the page may end at. Browsers hold redirects after a form to form-action."""
    texts = Texts(request.headers.get("accept-language", ""))
    html = environment().render_template(
        template, _=texts.translate, lang=texts.lang, dir=texts.dir, money=texts.money, until=texts.until, **context
    )
    return Response(html, media_type=MediaType.HTML, status_code=status, headers=security_headers(leads_to))


def security_headers(leads_to: tuple[str, ...]) -> Mapping[str, str]:
    origins = sorted({f"{url.scheme}://{url.netloc}" for url in map(urlsplit, leads_to)})
    return {
        "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {' '.join([SELF, *origins])}",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def _not_found(request: PageRequest) -> Response[str]:
    return page(request, "message.html", status=404, title=N_("This payment page does not exist"),
                text=N_("Check the address, or go back to where you came from and start again."),
                refresh=False, link="", link_text="", tone="neutral")  # fmt: skip


class CheckoutPages(Controller):
    path = "/pay/{id:str}"

    @get("/")
    async def show(self, request: PageRequest, id: FromPath[str], provider: NamedDependency[Provider]) -> Response[str]:
        try:
            return _page_of(request, await provider.checkout(id))
        except ApiRefusal:
            return _not_found(request)

    @post("/", status_code=200)
    async def pay(
        self,
        request: PageRequest,
        id: FromPath[str],
        data: URLEncodedBody[CardForm],
        provider: NamedDependency[Provider],
    ) -> Response[Any]:
        try:
            checkout = await provider.checkout(id)
            if checkout.status not in PAYABLE:
                return _after(checkout)
            card, errors = read_card(data, request.app.state.clock.now().date())
            if card is None:
                return _form(request, checkout, status=422, errors=errors, typed=data)
            return _after(await provider.pay(id, card))
        except ApiRefusal:
            return _not_found(request)

    @get("/confirm")
    async def ask(self, request: PageRequest, id: FromPath[str], provider: NamedDependency[Provider]) -> Response[Any]:
        try:
            checkout = await provider.checkout(id)
        except ApiRefusal:
            return _not_found(request)
        if checkout.status != "requires_action":
            return Redirect(f"/pay/{id}", status_code=303)
        return page(request, "confirm.html", checkout=checkout, leads_to=(checkout.success_url,))

    @post("/confirm", status_code=200)
    async def answer(
        self,
        request: PageRequest,
        id: FromPath[str],
        data: URLEncodedBody[Answer],
        provider: NamedDependency[Provider],
    ) -> Response[Any]:
        try:
            return _after(await provider.answer_challenge(id, approve=data.answer == "approve"))
        except ApiRefusal:
            return _not_found(request)


def _after(checkout: CheckoutObject) -> Response[Any]:
    """Where the payer's browser goes next."""
    if checkout.status in ("succeeded", "processing"):
        return Redirect(checkout.success_url, status_code=303)
    step = "/confirm" if checkout.status == "requires_action" else ""
    return Redirect(f"/pay/{checkout.id}{step}", status_code=303)


def _page_of(request: PageRequest, checkout: CheckoutObject) -> Response[str]:
    if checkout.status in PAYABLE:
        return _form(request, checkout, status=200, errors={}, typed=CardForm())
    title, text, tone, link, link_text = {
        "succeeded": (
            N_("This payment is done"),
            N_("Your card was charged once. You can go back now."),
            "good",
            checkout.success_url,
            N_("Go back"),
        ),
        "processing": (
            N_("Your bank is working on it"),
            N_("This page looks again every few seconds. You can also go back: we tell the school as soon as we know."),
            "neutral",
            checkout.success_url,
            N_("Go back"),
        ),
        "expired": (
            N_("This payment page has expired"),
            N_("Nothing was charged. Go back and start again."),
            "bad",
            checkout.cancel_url,
            N_("Go back and start again"),
        ),
    }[checkout.status]
    return page(
        request,
        "message.html",
        status=410 if checkout.status == "expired" else 200,
        title=title,
        text=text,
        tone=tone,
        link=link,
        link_text=link_text,
        refresh=checkout.status == "processing",
    )


def _form(
    request: PageRequest, checkout: CheckoutObject, *, status: int, errors: Mapping[str, str], typed: CardForm
) -> Response[str]:
    return page(
        request,
        "pay.html",
        status=status,
        leads_to=(checkout.success_url,),
        checkout=checkout,
        errors=errors,
        typed=typed,
        declined=decline_message(checkout.decline_code) if not errors else "",
        cards=[{"grouped": card.grouped, "brand": card.brand, "does": card.does} for card in CARDS],
    )


@get("/assets/sandbox.css", media_type="text/css; charset=utf-8", sync_to_thread=False)
def stylesheet() -> bytes:
    return (_HERE / "sandbox.css").read_bytes()


@get("/assets/sandbox.svg", media_type="image/svg+xml", sync_to_thread=False)
def icon() -> bytes:
    return (_HERE / "sandbox.svg").read_bytes()
