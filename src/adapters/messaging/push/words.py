"""What a screen shows that others may see as well: what has happened, and to none of them by name. (NOTI-03)"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.languages.text import N_
from adapters.messaging.email.composer import untranslated
from adapters.messaging.email.times import clock_text, day_text, locale_of
from domain.notification.topic import Topic
from ports.notification.compose import Notice
from ports.notification.push import PushMessage

TITLES: Final[Mapping[Topic, str]] = {
    Topic.LESSON_REMINDER: N_("Your lesson begins soon"),
    Topic.LESSON_RESCHEDULED: N_("A lesson has moved"),
    Topic.LESSON_CANCELLED: N_("A lesson is cancelled"),
    Topic.RESCHEDULE_PROPOSED: N_("Another time is proposed"),
    Topic.RESCHEDULE_DECLINED: N_("The lesson stays as it is"),
    Topic.QARI_ABSENT: N_("A lesson was missed by the Qari"),
    Topic.LESSON_REQUESTED: N_("A lesson is asked for"),
    Topic.REQUEST_APPROVED: N_("Approved: please pay for your lesson"),
}
LONGEST: Final = timedelta(days=1)
SHORTEST: Final = timedelta(minutes=5)


class PushWords:
    """``translations``: from a language to its translator."""

    def __init__(self, *, school: str, translations: Callable[[str], Callable[[str], str]] = untranslated) -> None:
        self._school, self._translations = school, translations

    def write(self, notice: Notice) -> PushMessage | None:
        if notice.topic not in TITLES:
            return None
        lang, zone = notice.to.locale, notice.to.zone
        starts = _starts(notice)
        when = f"{day_text(starts, zone, lang)}, {clock_text(starts, zone, lang)}" if starts is not None else ""
        useful = LONGEST if starts is None else min(max(starts - notice.at, SHORTEST), LONGEST)
        booking = notice.lessons[0].booking_id if notice.lessons else None
        return PushMessage(
            title=self._translations(lang)(TITLES[notice.topic]),
            body=" · ".join(part for part in (when, self._school) if part),
            link=f"/lessons/{booking}" if booking is not None else "/notes",
            tag=notice.message_id,
            lang=lang,
            dir=locale_of(lang).text_direction,
            ttl_s=int(useful.total_seconds()),
            urgent=notice.topic in {Topic.LESSON_REMINDER, Topic.LESSON_CANCELLED, Topic.LESSON_REQUESTED},
        )


def _starts(notice: Notice) -> datetime | None:
    told = notice.facts.get("starts_at")
    if isinstance(told, datetime):
        return told
    return notice.lessons[0].starts_at if notice.lessons else None
