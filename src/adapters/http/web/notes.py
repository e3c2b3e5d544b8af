"""What the school has told somebody, and what he wants to hear. (NOTI-14, ONB-04)"""

from collections.abc import Mapping
from datetime import time
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import N_, _
from adapters.http.web.forms import fields_of, next_page
from application.notification.notes import ReadNotes, SeeNotes
from application.notification.preferences import SeePreferences, SetPreferences, SetPreferencesCommand, Unsubscribe
from application.notification.push import ListBrowsers
from application.notification.whatsapp import SeeWhatsApp
from domain.errors import Invalid
from domain.identity.permission import Permission
from domain.notification.preference import Group
from domain.notification.topic import Topic
from ports.notification.queries import NoteRow

HEADINGS: Final[Mapping[Topic, str]] = {
    Topic.WELCOME: N_("Welcome: your address is confirmed"),
    Topic.WAYS_IN_CHANGED: N_("How you sign in was changed"),
    Topic.PASSWORD_CHANGED: N_("Your password was changed"),
    Topic.EMAIL_CHANGED: N_("Your e-mail address was changed"),
    Topic.MAIL_RETURNED: N_("Our mail to your address comes back: check the address"),
    Topic.EXPORT_READY: N_("The copy of your data is ready"),
    Topic.ERASURE_SCHEDULED: N_("Your account will be erased"),
    Topic.APPLICATION_RECEIVED: N_("We have your application"),
    Topic.APPLICATION_APPROVED: N_("Your application is approved"),
    Topic.APPLICATION_REJECTED: N_("Your application needs another look"),
    Topic.GUARDIAN_ASKED: N_("You are asked to be a guardian of a child"),
    Topic.GUARDIANSHIP_ENDED: N_("A guardianship has ended"),
    Topic.CALENDAR_UNREAD: N_("A calendar of yours cannot be read"),
    Topic.LESSON_REQUESTED: N_("A lesson is asked for"),
    Topic.REQUEST_SENT: N_("Your request is with the Qari"),
    Topic.REQUEST_APPROVED: N_("Approved: please pay for your lesson"),
    Topic.REQUEST_DECLINED: N_("Your request was declined"),
    Topic.REQUEST_EXPIRED: N_("A lesson request has lapsed"),
    Topic.LESSON_CONFIRMED: N_("A lesson is confirmed"),
    Topic.LESSON_RESCHEDULED: N_("A lesson has moved"),
    Topic.CLASS_MOVED: N_("A live class is held elsewhere"),
    Topic.CLASS_JOINED: N_("A place in a class"),
    Topic.CLASS_LEFT: N_("A place in a class has ended"),
    Topic.CLASS_CANCELLED: N_("A class is cancelled"),
    Topic.CLASS_TIME_MOVED: N_("A class has moved"),
    Topic.CLASS_TIME_CANCELLED: N_("A class is not held this time"),
    Topic.CLASS_TIME_ELSEWHERE: N_("A live class is held elsewhere"),
    Topic.RESCHEDULE_PROPOSED: N_("Another time is proposed"),
    Topic.RESCHEDULE_DECLINED: N_("The lesson stays as it is"),
    Topic.LESSON_CANCELLED: N_("A lesson is cancelled"),
    Topic.QARI_ABSENT: N_("A lesson was missed by the Qari"),
    Topic.RECEIPT: N_("Your payment has arrived"),
    Topic.PAYMENT_FAILED: N_("Your payment did not go through"),
    Topic.PAID_TOO_LATE: N_("Paid too late: you get your money back"),
    Topic.REFUND_SENT: N_("A refund is on its way"),
}
"""What a note says in one line."""
HREFS: Final[Mapping[Topic, str]] = {
    Topic.WELCOME: "/qaris",
    Topic.PAYMENT_FAILED: "/portal/payments",
    Topic.WAYS_IN_CHANGED: "/account/security",
    Topic.PASSWORD_CHANGED: "/account/devices",
    Topic.EMAIL_CHANGED: "/account/email",
    Topic.MAIL_RETURNED: "/account/email",
    Topic.EXPORT_READY: "/account/privacy",
    Topic.ERASURE_SCHEDULED: "/account/privacy",
    Topic.APPLICATION_RECEIVED: "/onboarding",
    Topic.APPLICATION_APPROVED: "/onboarding",
    Topic.APPLICATION_REJECTED: "/onboarding",
    Topic.GUARDIAN_ASKED: "/portal/children",
    Topic.GUARDIANSHIP_ENDED: "/portal/children",
    Topic.CALENDAR_UNREAD: "/qari/calendars",
    Topic.CLASS_JOINED: "/classes",
    Topic.CLASS_LEFT: "/classes",
    Topic.CLASS_CANCELLED: "/classes",
    Topic.CLASS_TIME_MOVED: "/classes",
    Topic.CLASS_TIME_CANCELLED: "/classes",
    Topic.CLASS_TIME_ELSEWHERE: "/classes",
}
"""Where a note about no lesson leads."""
MONEY: Final = frozenset({Topic.RECEIPT, Topic.REFUND_SENT, Topic.PAID_TOO_LATE})


class Note(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    href: str
    at: Any
    new: bool


def shown(row: NoteRow) -> Note:
    topic = Topic(row.topic)
    href = f"/lessons/{row.booking_id}" if row.booking_id is not None else HREFS.get(topic, "")
    if topic in MONEY:
        href = "/portal/payments"
    heading = _(HEADINGS[topic]) if topic in HEADINGS else _("News from the school")
    return Note(heading=heading, href=href, at=row.created_at, new=row.read_at is None)


class NotesController(Controller):
    path = "/notes"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def notes(
        self,
        request: Req,
        see_notes: NamedDependency[SeeNotes],
        read_notes: NamedDependency[ReadNotes],
        cursor: FromQuery[str | None] = None,
    ) -> Response[Any]:
        """Looking at them is reading them; what was new is marked on this page for the last time."""
        found = await see_notes(request.user, cursor=cursor)
        await read_notes(request.user)
        following = next_page("/notes", found.next_cursor)
        return page(request, "account/notes.html", notes=[shown(row) for row in found.items], following=following)


class MessagesController(Controller):
    path = "/account/messages"
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def show(
        self,
        request: Req,
        see_preferences: NamedDependency[SeePreferences],
        list_browsers: NamedDependency[ListBrowsers],
        see_whatsapp: NamedDependency[SeeWhatsApp],
    ) -> Response[Any]:
        whatsapp = await see_whatsapp(request.user)
        return page(
            request,
            "account/messages.html",
            wishes=await see_preferences(request.user),
            wrong={},
            browsers=await list_browsers(request.user),
            push_key=config_of(request).push_key,
            whatsapp=whatsapp.offered or whatsapp.contact is not None,
        )

    @post("/", needs=Permission.SIGNED_IN, status_code=303)
    async def save(
        self,
        request: Req,
        set_preferences: NamedDependency[SetPreferences],
        see_preferences: NamedDependency[SeePreferences],
    ) -> Response[Any]:
        form = await fields_of(request)
        try:
            await set_preferences(request.user, _command(form))
        except Invalid as error:
            wrong = {str(error.details.get("field", "quiet_until")): _(error.message)}
            wishes = await see_preferences(request.user)
            return page(request, "account/messages.html", wishes=wishes, wrong=wrong, status_code=422)
        return redirect(request, "/account/messages", _("Saved. It counts from the next message on."))


def _command(form: Mapping[str, str]) -> SetPreferencesCommand:
    """Raises Invalid."""
    wanted = {"reminders": Group.REMINDERS, "tips": Group.TIPS}
    return SetPreferencesCommand(
        quiet_from=_wall(form, "quiet_from") if form.get("quiet") else None,
        quiet_until=_wall(form, "quiet_until"),
        digest_at=_wall(form, "digest_at") if form.get("digest") else None,
        muted=frozenset(group for name, group in wanted.items() if not form.get(name)),
    )


def _wall(form: Mapping[str, str], name: str) -> time:
    try:
        return time.fromisoformat(form.get(name, ""))
    except ValueError:
        raise Invalid("choose a time of day, for example 22:00", field=name) from None


class UnsubscribeController(Controller):
    """Reached from a message, without signing in; mail programs post here by themselves (RFC 8058)."""

    path = "/unsubscribe/{user_id:uuid}/{kind:str}/{mac:str}"
    include_in_schema = False

    @get("/", needs=Permission.NOTHING)
    async def ask(
        self,
        request: Req,
        user_id: FromPath[UUID],
        kind: FromPath[str],
        mac: FromPath[str],
        unsubscribe: NamedDependency[Unsubscribe],
    ) -> Response[Any]:
        """A program that merely follows links ends nothing."""
        group = unsubscribe.check(user_id, kind, mac)
        return page(request, "account/unsubscribe.html", group=group.value, done=False)

    @post("/", needs=Permission.NOTHING, status_code=200, anonymous=True)
    async def end(
        self,
        request: Req,
        user_id: FromPath[UUID],
        kind: FromPath[str],
        mac: FromPath[str],
        unsubscribe: NamedDependency[Unsubscribe],
    ) -> Response[Any]:
        group = await unsubscribe(user_id, kind, mac)
        return page(request, "account/unsubscribe.html", group=group.value, done=True)


CONTROLLERS_MAIN = (NotesController, MessagesController, UnsubscribeController)
