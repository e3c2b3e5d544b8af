"""Words into a message: the same content as plain text and as HTML, in the reader's direction. (NOTI-01)"""

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Final

import msgspec
from minijinja import Environment

from adapters.messaging.calendar import CalendarWriter
from adapters.messaging.email.times import locale_of
from adapters.messaging.email.wording import WORDING, Content, Reader, Translate
from domain.notification.topic import Topic
from ports.notification.compose import Notice
from ports.notification.mail import Attachment, Mail
from ports.notification.queries import Lesson

INVITES: Final[Mapping[Topic, bool]] = {
    Topic.LESSON_CONFIRMED: False,
    Topic.LESSON_RESCHEDULED: False,
    Topic.LESSON_CANCELLED: True,
}
"""Topics that carry a calendar entry; True takes it out again."""


def untranslated(lang: str) -> Translate:
    return lambda text: text


def page_source(name: str) -> str | None:
    if name not in ("message.html", "message.txt"):
        return None
    return (files("adapters.messaging.email") / "templates" / name).read_text("utf-8")


class EmailComposer:
    """``base_url``: where the links lead. ``translations``: from a language to its translator."""

    def __init__(
        self,
        calendar: CalendarWriter,
        *,
        base_url: str,
        school: str,
        mail_from: str,
        translations: Callable[[str], Translate] = untranslated,
    ) -> None:
        self._calendar, self._base, self._school = calendar, base_url.rstrip("/"), school
        self._domain = mail_from.rsplit("@", 1)[-1]
        self._translations = translations
        self._pages = Environment(loader=page_source)

    def compose(self, notice: Notice) -> Mail:
        translate = self._translations(notice.to.locale)
        content = WORDING[notice.topic](Reader(notice, translate, self._base, self._school))
        return self._mail(notice, content, self._attachments(notice))

    def gather(self, notices: Sequence[Notice]) -> Mail:
        if len(notices) == 1:
            return self.compose(notices[0])
        first = notices[0]
        translate = self._translations(first.to.locale)
        parts = [WORDING[notice.topic](Reader(notice, translate, self._base, self._school)) for notice in notices]
        heading = translate("{count} pieces of news from {school}").format(count=len(parts), school=self._school)
        content = Content(
            subject=heading,
            heading=heading,
            facts=tuple((part.heading, _told_briefly(part)) for part in parts),
            button=(translate("Open my page"), f"{self._base}/"),
        )
        attachments = tuple(part for notice in notices for part in self._attachments(notice))
        return self._mail(first, content, attachments)

    def _mail(self, notice: Notice, content: Content, attachments: tuple[Attachment, ...]) -> Mail:
        lang = notice.to.locale
        translate = self._translations(lang)
        link = f"{self._base}{notice.unsubscribe}" if notice.unsubscribe else ""
        context = {
            "lang": lang,
            "dir": locale_of(lang).text_direction,
            "subject": content.subject,
            "school": self._school,
            "content": content,
            "footer": translate("You get this message because you have an account at {school}.").format(
                school=self._school
            ),
            "unsubscribe": (translate("No more messages of this kind"), link) if link else None,
        }
        return Mail(
            message_id=f"{notice.message_id}@{self._domain}",
            to_address=notice.to.email,
            to_name=notice.to.name,
            subject=content.subject,
            text=self._pages.render_template("message.txt", **context),
            html=self._pages.render_template("message.html", **context),
            attachments=attachments,
            unsubscribe=link,
        )

    def _attachments(self, notice: Notice) -> tuple[Attachment, ...]:
        if notice.topic not in INVITES or not notice.lessons or notice.to_school:
            return ()
        lessons = [_as_told(lesson, notice) for lesson in notice.lessons]
        cancelled = INVITES[notice.topic]
        return (self._calendar.invitation(lessons, notice.to, at=notice.at, cancelled=cancelled),)


def _told_briefly(content: Content) -> str:
    """A piece of news among others: its first sentence, or what it lists."""
    facts = "; ".join(f"{name}: {value}" for name, value in content.facts)
    return facts or " ".join(content.paragraphs[:1])


def _as_told(lesson: Lesson, notice: Notice) -> Lesson:
    """A message tells of its own change, even if another one has followed: that one has a message of its own."""
    told = {name: notice.facts[name] for name in ("starts_at", "ends_at", "sequence") if name in notice.facts}
    if notice.topic is Topic.LESSON_CONFIRMED:
        return lesson
    return msgspec.structs.replace(lesson, **told)
