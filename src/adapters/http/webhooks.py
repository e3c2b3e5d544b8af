"""Where payment providers knock. The body is taken as it came, before anything reads it. (PAYM-03)"""

from typing import Final

import msgspec
from litestar import post
from litestar.params import FromPath

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from application.billing.receive_webhook import ReceiveWebhook
from domain.errors import DomainError
from domain.identity.permission import Permission
from ports.errors import BadSignature

LONGEST: Final = 1 << 20


class NotSigned(DomainError):
    """400: the provider did not sign this, or it is too old."""

    code = "bad_signature"


class WebhookOut(msgspec.Struct):
    """``duplicate``: it came before. Both are answered 200, so that the provider is content."""

    received: bool
    duplicate: bool


@post(
    "/webhooks/{provider:str}/{account:str}",
    needs=Permission.NOTHING,
    anonymous=True,
    status_code=200,
    request_max_body_size=LONGEST,
    tags=["webhooks"],
    summary="A payment provider tells that something changed",
)
async def webhook(
    request: Req,
    provider: FromPath[str],
    account: FromPath[str],
    receive_webhook: NamedDependency[ReceiveWebhook],
) -> WebhookOut:
    """Verified over the raw bytes, stored once, worked on later. 400 ``bad_signature``, 404 for an unknown account."""
    raw = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        new = await receive_webhook(provider, account, raw, headers)
    except BadSignature as error:
        raise NotSigned("this message is not signed by its provider, or too old") from error
    return WebhookOut(received=True, duplicate=not new)


CONTROLLERS_MAIN = (webhook,)
