"""Where WhatsApp's provider knocks: whether we are here, how far messages have come, what people write. (NOTI-02)"""

from typing import Annotated

import msgspec
from litestar import MediaType, Response, get, post
from litestar.params import FromPath, QueryParameter

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.webhooks import LONGEST, NotSigned
from application.notification.hear_whatsapp import GreetWhatsApp, HearWhatsApp
from domain.identity.permission import Permission
from ports.errors import BadSignature

Mode = Annotated[str, QueryParameter(name="hub.mode", max_length=40)]
Token = Annotated[str, QueryParameter(name="hub.verify_token", max_length=200)]
Challenge = Annotated[str, QueryParameter(name="hub.challenge", max_length=200)]


class HeardOut(msgspec.Struct):
    """``changed``: how many things were news."""

    changed: int


@get(
    "/webhooks/whatsapp/{account:str}",
    needs=Permission.NOTHING,
    anonymous=True,
    tags=["webhooks"],
    summary="The provider asks whether we are here",
    sync_to_thread=False,
)
def whatsapp_greeting(
    account: FromPath[str],
    greet_whatsapp: NamedDependency[GreetWhatsApp],
    mode: Mode = "",
    token: Token = "",
    challenge: Challenge = "",
) -> Response[str]:
    """The challenge as it came, to whoever knows our word for it; 403 otherwise."""
    greet_whatsapp(account, mode=mode, token=token)
    return Response(challenge, media_type=MediaType.TEXT)


@post(
    "/webhooks/whatsapp/{account:str}",
    needs=Permission.NOTHING,
    anonymous=True,
    status_code=200,
    request_max_body_size=4 * LONGEST,
    tags=["webhooks"],
    summary="WhatsApp tells how far messages have come, and what people write",
)
async def whatsapp_webhook(
    request: Req, account: FromPath[str], hear_whatsapp: NamedDependency[HearWhatsApp]
) -> HeardOut:
    """Signed over the raw bytes; what came before changes nothing. 400 ``bad_signature``; 404: no such account."""
    raw = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return HeardOut(changed=await hear_whatsapp(account, raw, headers))
    except BadSignature as error:
        raise NotSigned("this message is not signed by its provider") from error


CONTROLLERS_MAIN = (whatsapp_greeting, whatsapp_webhook)
