"""Our own page on which a payment is made: the provider's form inside it, or one button that leads to the provider.

The Content-Security-Policy is widened for this page alone, by what the payment needs. (PAYM-09)
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from adapters.http.config import HttpConfig
from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.observe import content_security_policy
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import known_id
from application.billing.pay_here import OpenPaymentPage, PayOnTheirPage
from application.billing.see_money import SeePayment
from domain.errors import DomainError
from domain.identity.permission import Permission
from domain.ids import PaymentId
from ports.billing.gateway import PaymentPage
from ports.errors import GatewayError


class PayPageController(Controller):
    path = "/portal/payments/{payment_id:str}"
    include_in_schema = False

    @get("/pay", needs=Permission.PAY)
    async def pay(
        self,
        request: Req,
        payment_id: FromPath[str],
        see_payment: NamedDependency[SeePayment],
        open_payment_page: NamedDependency[OpenPaymentPage],
    ) -> Response[Any]:
        here, known = f"/portal/payments/{payment_id}", PaymentId(known_id(payment_id))
        payment = await see_payment(request.user, known)
        try:
            shown = await open_payment_page(request.user, known)
        except GatewayError:
            return redirect(request, f"{here}?left=1", _no_answer(), "problem")
        except DomainError:
            return Redirect(here, status_code=303)
        if shown is None:
            return Redirect(payment.url or here, status_code=303)
        back = f"{config_of(request).base_url}{here}"
        answer = page(request, "student/pay.html", payment=payment, shown=shown, values=_values(shown, back), back=back)
        answer.headers.update(headers_for(config_of(request), shown))
        return answer

    @post("/elsewhere", needs=Permission.PAY, status_code=303)
    async def elsewhere(
        self, request: Req, payment_id: FromPath[str], pay_on_their_page: NamedDependency[PayOnTheirPage]
    ) -> Response[Any]:
        here = f"/portal/payments/{payment_id}"
        try:
            payment = await pay_on_their_page(request.user, PaymentId(known_id(payment_id)))
        except GatewayError:
            return redirect(request, f"{here}?left=1", _no_answer(), "problem")
        return Redirect(payment.url or here, status_code=303)


def headers_for(config: HttpConfig, shown: PaymentPage) -> dict[str, str]:
    """Nothing of what the page holds is kept, and no other page is told of its address."""
    told = {"cache-control": "no-store"}
    policy = content_security_policy(config)
    if shown.script:
        origins = " ".join(shown.origins)
        for name in ("script-src", "connect-src", "img-src"):
            policy = policy.replace(f"{name} 'self'", f"{name} 'self' {origins}")
        told["permissions-policy"] = (
            f"camera=(), microphone=(), geolocation=(), payment=(self {_quoted(shown.origins)})"
        )
        told["cross-origin-opener-policy"] = "same-origin-allow-popups"
        policy = f"{policy}; frame-src {origins}"
    if shown.form:
        parts = urlsplit(shown.form)
        policy = policy.replace("form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}")
    return told | {"content-security-policy": policy}


def _values(shown: PaymentPage, back: str) -> dict[str, str]:
    """With where the payer's browser goes afterwards, where a plain form tells the provider."""
    told = {getattr(shown, "return_field", ""): f"{back}/return", getattr(shown, "cancel_field", ""): f"{back}?left=1"}
    return shown.values | {name: value for name, value in told.items() if name}


def _quoted(origins: Iterable[str]) -> str:
    return " ".join(f'"{origin}"' for origin in origins)


def _no_answer() -> str:
    return _("The payment service does not answer. Your time is still held; try again in a minute.")
