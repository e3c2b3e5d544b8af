"""Calendar feeds for everybody, the mailbox for staff."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from application.notification.feeds import OpenFeed, ReadFeed, RevokeFeed, ShowFeed
from application.notification.first_steps import SeeFirstSteps
from application.notification.mailbox import ListMailbox, ReadMail
from application.notification.notes import ReadNotes, SeeNotes
from application.notification.preferences import SeePreferences, SetPreferences, SetPreferencesCommand
from domain.errors import NotFound
from domain.identity.permission import Permission
from domain.ids import UserId
from domain.notification.preference import Group, Preferences
from ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
Wall = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
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
        limit: Limit = 50,
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


class NoteOut(msgspec.Struct, kw_only=True):
    """``topic`` names what happened."""

    id: UUID
    topic: str
    booking_id: UUID | None
    created_at: datetime
    read_at: datetime | None


class NotePageOut(msgspec.Struct, kw_only=True):
    items: list[NoteOut]
    next_cursor: str | None


class PreferencesIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Wall times in one's own zone, ``22:00``; null switches quiet hours, or the one message a day, off.
    ``by_whatsapp``: what comes there too, once a number is proven; ``without_mail``: what comes there alone. Both stay
    as they are where they are left out.
    """

    quiet_from: Wall | None
    quiet_until: Wall
    digest_at: Wall | None = None
    muted: list[Literal["reminders", "tips"]] = []
    by_whatsapp: list[Literal["lessons", "money", "reminders"]] | None = None
    without_mail: list[Literal["lessons", "money", "reminders"]] | None = None


class PreferencesOut(msgspec.Struct, kw_only=True):
    quiet_from: Wall | None
    quiet_until: Wall
    digest_at: Wall | None
    muted: list[str]
    by_whatsapp: list[str]
    without_mail: list[str]


class MyMessagesController(Controller):
    path = "/api/v1/my"
    tags = ("messages",)

    @get("/notes", needs=Permission.SIGNED_IN, summary="What the school has told me")
    async def notes(
        self,
        request: Req,
        see_notes: NamedDependency[SeeNotes],
        cursor: FromQuery[str | None] = None,
        limit: Limit = 30,
    ) -> NotePageOut:
        """Newest first."""
        found = await see_notes(request.user, cursor=cursor, limit=limit)
        return NotePageOut(
            items=[
                NoteOut(
                    id=row.id,
                    topic=row.topic,
                    booking_id=row.booking_id,
                    created_at=row.created_at,
                    read_at=row.read_at,
                )
                for row in found.items
            ],
            next_cursor=found.next_cursor,
        )

    @post("/notes/read", needs=Permission.SIGNED_IN, status_code=204, summary="I have seen them")
    async def read(self, request: Req, read_notes: NamedDependency[ReadNotes]) -> None:
        await read_notes(request.user)

    @get("/message-preferences", needs=Permission.SIGNED_IN, summary="Which messages, and when")
    async def preferences(self, request: Req, see_preferences: NamedDependency[SeePreferences]) -> PreferencesOut:
        return _preferences(await see_preferences(request.user))

    @put("/message-preferences", needs=Permission.SIGNED_IN, summary="Choose which messages, and when")
    async def choose(
        self, request: Req, data: JSONBody[PreferencesIn], set_preferences: NamedDependency[SetPreferences]
    ) -> PreferencesOut:
        """News of one's own lessons, money and account cannot be switched off."""
        command = SetPreferencesCommand(
            quiet_from=_time(data.quiet_from),
            quiet_until=time.fromisoformat(data.quiet_until),
            digest_at=_time(data.digest_at),
            muted=frozenset(Group(name) for name in data.muted),
            by_whatsapp=_groups(data.by_whatsapp),
            without_mail=_groups(data.without_mail),
        )
        return _preferences(await set_preferences(request.user, command))


def _preferences(wishes: Preferences) -> PreferencesOut:
    return PreferencesOut(
        quiet_from=_wall(wishes.quiet_from),
        quiet_until=wishes.quiet_until.isoformat("minutes"),
        digest_at=_wall(wishes.digest_at),
        muted=sorted(wishes.muted),
        by_whatsapp=sorted(wishes.by_whatsapp),
        without_mail=sorted(wishes.without_mail),
    )


def _groups(names: Sequence[str] | None) -> frozenset[Group] | None:
    return None if names is None else frozenset(Group(name) for name in names)


def _time(wall: str | None) -> time | None:
    return None if wall is None else time.fromisoformat(wall)


def _wall(time_of_day: time | None) -> str | None:
    return None if time_of_day is None else time_of_day.isoformat("minutes")


class StepOut(msgspec.Struct, kw_only=True):
    """``status`` of the letter: queued, sent, withdrawn or dead."""

    step: str
    at: datetime
    status: str


@get(
    "/api/v1/staff/people/{person_id:uuid}/first-steps",
    needs=Permission.SEE_PEOPLE,
    tags=["messages"],
    summary="Which letters of the first weeks somebody has had",
)
async def first_steps(
    request: Req, person_id: FromPath[UUID], see_first_steps: NamedDependency[SeeFirstSteps]
) -> list[StepOut]:
    rows = await see_first_steps(request.user, UserId(person_id))
    return [StepOut(step=row.step, at=row.at, status=row.status) for row in rows]


CONTROLLERS_MAIN = (FeedController, calendar_feed, MyMessagesController)
CONTROLLERS_ADMIN = (MailboxController, first_steps)
