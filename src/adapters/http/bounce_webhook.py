"""Where a mail service hands in reports of mail that came back. (NOTI-01)"""

from typing import Final

import msgspec
from litestar import post

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.webhooks import NotSigned
from adapters.signed import HEADER, require_signed
from application.notification.bounces import Outcome, TakeBounce
from domain.errors import NotFound
from domain.identity.permission import Permission
from ports.clock import Clock
from ports.errors import BadSignature
from ports.notification.bounces import BounceReader

LONGEST: Final = 512 * 1024
TOLERANCE_S: Final = 300


class BounceSecrets(msgspec.Struct, frozen=True):
    """Newest first; nobody hands in anything where there are none."""

    secrets: tuple[str, ...]


class BounceOut(msgspec.Struct):
    """``outcome``: dead (no more mail goes there), known (told before), soft (the address is good) or unknown (no
    report, or about none of our messages).
    """

    outcome: str


@post(
    "/webhooks/bounces",
    needs=Permission.NOTHING,
    anonymous=True,
    status_code=200,
    request_max_body_size=LONGEST,
    tags=["webhooks"],
    summary="A mail service hands in a report of mail that came back",
)
async def bounce_webhook(
    request: Req,
    bounce_secrets: NamedDependency[BounceSecrets],
    bounce_mail: NamedDependency[BounceReader],
    take_bounce: NamedDependency[TakeBounce],
    clock: NamedDependency[Clock],
) -> BounceOut:
    """The body is the report as it came by mail (RFC 3464), signed in ``Halaqa-Signature``. 400 ``bad_signature``, 404
    where nobody is expected to hand in anything.
    """
    if not bounce_secrets.secrets:
        raise NotFound("there is nothing at this address")
    raw = await request.body()
    try:
        require_signed(
            "bounces",
            request.headers.get(HEADER, ""),
            raw,
            secrets=bounce_secrets.secrets,
            now=clock.now(),
            tolerance_s=TOLERANCE_S,
        )
    except BadSignature as error:
        raise NotSigned("this message is not signed by its provider, or too old") from error
    bounce = bounce_mail.read(raw)
    return BounceOut((Outcome.UNKNOWN if bounce is None else await take_bounce(bounce)).value)


CONTROLLERS_MAIN = (bounce_webhook,)
