"""Calendar feeds for everybody, the mailbox for staff."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from adapters.http.requests import Req, config_of
from application.notification.feeds import OpenFeed, ReadFeed, RevokeFeed, ShowFeed
from application.notification.mailbox import ListMailbox, ReadMail
from domain.errors import NotFound
from domain.identity.permission import Permission
from ports.paging import MAX_LIMIT

Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_LIMIT)]
SUFFIX: Final = ".ics"


class FeedOpenedOut(msgspec.Struct, kw_only=True):
    """``url`` is secret, works without signing in, and is shown this once."""

    url: str


class FeedOut(msgspec.Struct, kw_only=True):
    active: bool
    created_at: datetime | None


class FeedController(Controller):
    path = "/api/v1/calendar-feed"
    tags = ("calendar",)

    @get("/", needs=Permission.MANAGE_CALENDAR_FEED, summary="Is there a calendar feed?")
    async def show(self, request: Req, show_feed: NamedDependency[ShowFeed]) -> FeedOut:
        feed = await show_feed(request.user)
        return FeedOut(active=feed is not None, created_at=feed.created_at if feed is not None else None)

    @post("/", needs=Permission.MANAGE_CALENDAR_FEED, summary="Open a calendar feed")
    async def open(self, request: Req, open_feed: NamedDependency[OpenFeed]) -> FeedOpenedOut:
        """An earlier feed stops working at once."""
        token = await open_feed(request.user)
        return FeedOpenedOut(url=f"{config_of(request).base_url.rstrip('/')}/feeds/{token}{SUFFIX}")

    @delete("/", needs=Permission.MANAGE_CALENDAR_FEED, status_code=204, summary="Close the calendar feed")
    async def revoke(self, request: Req, revoke_feed: NamedDependency[RevokeFeed]) -> None:
        await revoke_feed(request.user)


@get(
    "/feeds/{name:str}",
    needs=Permission.NOTHING,
    tags=["calendar"],
    summary="A person's lessons as iCalendar",
    media_type="text/calendar",
)
async def calendar_feed(
    request: Req, name: FromPath[str], read_feed: NamedDependency[ReadFeed]
) -> Response[bytes | None]:
    """The address is the key: ``/feeds/{token}.ics``. Answers 304 to an ``If-None-Match`` that still fits."""
    if not name.endswith(SUFFIX):
        raise NotFound("there is no such calendar feed")
    content = await read_feed(name.removesuffix(SUFFIX))
    etag = f'"{content.etag}"'
    headers = {"etag": etag, "cache-control": "private, no-cache", "x-robots-tag": "noindex"}
    asked = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in asked:
        return Response(None, status_code=304, headers=headers)
    return Response(content.body, media_type="text/calendar", headers=headers)


class MailSummaryOut(msgspec.Struct, kw_only=True):
    id: str
    to: str
    subject: str
    at: datetime


class MailPageOut(msgspec.Struct, kw_only=True):
    items: list[MailSummaryOut]
    next_cursor: str | None


class AttachmentOut(msgspec.Struct, kw_only=True):
    name: str
    content_type: str
    size: int


class MailOut(msgspec.Struct, kw_only=True):
    id: str
    message_id: str
    to: str
    subject: str
    at: datetime
    text: str
    html: str
    attachments: list[AttachmentOut]


class MailboxController(Controller):
    path = "/api/v1/mailbox"
    tags = ("mailbox",)

    @get("/", needs=Permission.SEE_MAILBOX, summary="What was sent")
    async def newest(
        self,
        request: Req,
        list_mailbox: NamedDependency[ListMailbox],
        to: FromQuery[str] = "",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[Limit] = 50,
    ) -> MailPageOut:
        """Newest first; ``to`` picks one address."""
        page = await list_mailbox(request.user, to_address=to, cursor=cursor, limit=limit)
        return MailPageOut(
            items=[
                MailSummaryOut(id=mail.id, to=mail.to_address, subject=mail.subject, at=mail.at) for mail in page.items
            ],
            next_cursor=page.next_cursor,
        )

    @get("/{mail_id:str}", needs=Permission.SEE_MAILBOX, summary="One message")
    async def read(self, request: Req, mail_id: FromPath[str], read_mail: NamedDependency[ReadMail]) -> MailOut:
        mail = await read_mail(request.user, mail_id)
        return MailOut(
            id=mail.id,
            message_id=mail.message_id,
            to=mail.to_address,
            subject=mail.subject,
            at=mail.at,
            text=mail.text,
            html=mail.html,
            attachments=[
                AttachmentOut(name=part.name, content_type=part.content_type, size=len(part.body))
                for part in mail.attachments
            ],
        )


CONTROLLERS_MAIN = (FeedController, calendar_feed)
CONTROLLERS_ADMIN = (MailboxController,)
