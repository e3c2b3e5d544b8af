"""Where another system tells about the people it manages. (ID-13)"""

import msgspec
from litestar import post

from adapters.http.given import NamedDependency
from adapters.http.requests import Req
from adapters.http.webhooks import LONGEST, NotSigned
from adapters.identity_notices import HEADER, IdentityNotices
from application.identity.sync_external_user import SyncExternalUser
from domain.errors import NotFound
from domain.identity.permission import Permission
from ports.errors import BadSignature


class NoticeOut(msgspec.Struct):
    """``outcome``: done, duplicate (it came before) or late (something newer has come before)."""

    outcome: str


@post(
    "/webhooks/identity",
    needs=Permission.NOTHING,
    anonymous=True,
    status_code=200,
    request_max_body_size=LONGEST,
    tags=["webhooks"],
    summary="Another system tells about one of its people",
)
async def identity_webhook(
    request: Req,
    identity_notices: NamedDependency[IdentityNotices],
    sync_external_user: NamedDependency[SyncExternalUser],
) -> NoticeOut:
    """``user.created``, ``user.updated``, ``user.deleted``, signed in ``Halaqa-Signature``. 400 ``bad_signature``, 404
    where nobody is expected to tell anything. A deleted person is shut out; what was taught and paid stays.
    """
    if not identity_notices.expected:
        raise NotFound("there is nothing at this address")
    raw = await request.body()
    try:
        change = identity_notices.read(request.headers.get(HEADER, ""), raw)
    except BadSignature as error:
        raise NotSigned("this message is not signed by its provider, or too old") from error
    return NoticeOut((await sync_external_user(change)).value)


CONTROLLERS_MAIN = (identity_webhook,)
