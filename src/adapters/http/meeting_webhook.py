"""Where providers of live classes knock. (LIVE-09)"""

import msgspec
from litestar import post
from litestar.params import FromPath

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.webhooks import LONGEST, NotSigned
from application.scheduling.see_attendance import ReceiveMeetingNotice
from domain.identity.permission import Permission
from ports.errors import BadSignature


class MeetingNoticeOut(msgspec.Struct, rename="camel", omit_defaults=True):
    """Empty, but for the answer to a challenge."""

    plain_token: str = ""
    encrypted_token: str = ""


@post(
    "/webhooks/meetings/{provider:str}/{account:str}",
    needs=Permission.NOTHING,
    anonymous=True,
    status_code=200,
    request_max_body_size=LONGEST,
    tags=["webhooks"],
    summary="A provider of live classes tells who came and went",
)
async def meeting_webhook(
    request: Req,
    provider: FromPath[str],
    account: FromPath[str],
    receive_meeting_notice: NamedDependency[ReceiveMeetingNotice],
) -> MeetingNoticeOut:
    """Verified over the raw bytes; what came before changes nothing. 400 ``bad_signature``, 404 for an unknown
    account.
    """
    raw = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        challenge = await receive_meeting_notice(provider, account, raw, headers)
    except BadSignature as error:
        raise NotSigned("this message is not signed by its provider, or too old") from error
    if challenge is None:
        return MeetingNoticeOut()
    return MeetingNoticeOut(plain_token=challenge.plain, encrypted_token=challenge.sealed)


CONTROLLERS_MAIN = (meeting_webhook,)
