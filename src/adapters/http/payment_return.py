"""Where a payment provider sends the payer's browser with a form of its own. It comes from a foreign page, so it
brings neither session nor proof of ours: it only leads on to the page of the payment. (PAYM-02, PAYM-12)
"""

from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.web.forms import fields_of, known_id
from application.billing.take_return import TakeReturn
from domain.errors import NotFound
from domain.identity.permission import Permission
from domain.ids import PaymentId

LONGEST: Final = 1 << 14


@post(
    "/portal/payments/{payment_id:str}/return",
    needs=Permission.NOTHING,
    anonymous=True,
    counted=True,
    status_code=303,
    request_max_body_size=LONGEST,
    include_in_schema=False,
)
async def payment_return(
    request: Req, payment_id: FromPath[str], take_return: NamedDependency[TakeReturn]
) -> Response[Any]:
    """Whoever sends nonsense is led to the same neutral page as everybody else."""
    fields = await fields_of(request)
    left = any(name.startswith("error") for name in fields) and "razorpay_signature" not in fields
    try:
        known = known_id(payment_id)
    except NotFound:
        return redirect(request, "/portal/payments")
    await take_return(PaymentId(known), fields)
    return redirect(request, f"/portal/payments/{known}{'?left=1' if left else ''}")


CONTROLLERS_MAIN = (payment_return,)
