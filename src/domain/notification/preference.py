"""What somebody wants to hear, and when: quiet hours in his own zone, one mail a day instead of many. (NOTI-14)"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from domain.errors import Invalid
from domain.ids import UserId
from domain.notification.delivery import Channel
from domain.notification.topic import Topic
from domain.time import instant, zone_of


class Group(StrEnum):
    """What can be asked for or done without as one."""

    LESSONS = "lessons"
    MONEY = "money"
    ACCOUNT = "account"
    REMINDERS = "reminders"
    TIPS = "tips"


MUTABLE: Final = frozenset({Group.REMINDERS, Group.TIPS})
"""What somebody may do without. News of one's own lessons, money and account is not among it."""

BY_WHATSAPP: Final = frozenset({Group.LESSONS, Group.MONEY, Group.REMINDERS})
"""What may come by WhatsApp too, or instead of mail. Accounts and their security stay with mail."""

GROUPS: Final[Mapping[Topic, Group]] = {
    Topic.VERIFY_EMAIL: Group.ACCOUNT,
    Topic.WELCOME: Group.ACCOUNT,
    Topic.PASSWORD_RESET: Group.ACCOUNT,
    Topic.PASSWORD_CHANGED: Group.ACCOUNT,
    Topic.WAYS_IN_CHANGED: Group.ACCOUNT,
    Topic.CONFIRM_NEW_EMAIL: Group.ACCOUNT,
    Topic.EMAIL_CHANGED: Group.ACCOUNT,
    Topic.INVITED: Group.ACCOUNT,
    Topic.MAIL_RETURNED: Group.ACCOUNT,
    Topic.EXPORT_READY: Group.ACCOUNT,
    Topic.ERASURE_SCHEDULED: Group.ACCOUNT,
    Topic.GUARDIAN_ASKED: Group.ACCOUNT,
    Topic.GUARDIANSHIP_ENDED: Group.ACCOUNT,
    Topic.APPLICATION_RECEIVED: Group.ACCOUNT,
    Topic.APPLICATION_WAITS: Group.ACCOUNT,
    Topic.APPLICATION_APPROVED: Group.ACCOUNT,
    Topic.APPLICATION_REJECTED: Group.ACCOUNT,
    Topic.CALENDAR_UNREAD: Group.ACCOUNT,
    Topic.LESSON_REMINDER: Group.REMINDERS,
    Topic.CLASS_REMINDER: Group.REMINDERS,
    Topic.RECEIPT: Group.MONEY,
    Topic.PAYMENT_FAILED: Group.MONEY,
    Topic.PAID_TOO_LATE: Group.MONEY,
    Topic.REFUND_SENT: Group.MONEY,
    Topic.REFUND_STUCK: Group.MONEY,
    Topic.DISPUTE_OPENED: Group.MONEY,
    Topic.FIRST_STEPS: Group.TIPS,
}
"""Topics that are not here are about lessons."""

AT_ONCE: Final = frozenset(
    {
        Topic.VERIFY_EMAIL,
        Topic.PASSWORD_RESET,
        Topic.PASSWORD_CHANGED,
        Topic.WAYS_IN_CHANGED,
        Topic.CONFIRM_NEW_EMAIL,
        Topic.EMAIL_CHANGED,
        Topic.INVITED,
        Topic.EXPORT_READY,
        Topic.ERASURE_SCHEDULED,
        Topic.LESSON_REQUESTED,
        Topic.REQUEST_APPROVED,
        Topic.RECEIPT,
        Topic.PAYMENT_FAILED,
        Topic.LESSON_RESCHEDULED,
        Topic.CLASS_MOVED,
        Topic.CLASS_CANCELLED,
        Topic.CLASS_TIME_MOVED,
        Topic.CLASS_TIME_CANCELLED,
        Topic.CLASS_TIME_ELSEWHERE,
        Topic.LESSON_CANCELLED,
        Topic.RESCHEDULE_PROPOSED,
        Topic.QARI_ABSENT,
        Topic.REFUND_STUCK,
        Topic.DISPUTE_OPENED,
    }
)
"""What waits for nothing: somebody stands at the door, a time is being kept, or a class has changed."""


UNNOTED: Final = frozenset(
    {
        Topic.VERIFY_EMAIL,
        Topic.FIRST_STEPS,
        Topic.LESSON_REMINDER,
        Topic.CLASS_REMINDER,
        Topic.PASSWORD_RESET,
        Topic.CONFIRM_NEW_EMAIL,
        Topic.INVITED,
    }
)
"""What is not kept as a note on the pages: it is of use in the mail alone, or for an hour."""


def group_of(topic: Topic) -> Group:
    return GROUPS.get(topic, Group.LESSONS)


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """Wall times in the person's own zone. ``quiet_from`` None: no quiet hours. ``digest_at``: what can wait comes once
    a day at that time, as one message; None: each by itself. ``by_whatsapp``: what comes there once a number is proven;
    ``without_mail``: of that, what need not come by mail as well.
    """

    user_id: UserId
    quiet_from: time | None = time(22)
    quiet_until: time = time(7)
    digest_at: time | None = None
    muted: frozenset[Group] = frozenset()
    by_whatsapp: frozenset[Group] = frozenset()
    without_mail: frozenset[Group] = frozenset()

    def __post_init__(self) -> None:
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise Invalid("quiet hours end at another time than they begin", field="quiet_until")
        if kept := self.muted - MUTABLE:
            raise Invalid("news of this kind cannot be switched off", field="muted", groups=sorted(kept))
        if self.by_whatsapp - BY_WHATSAPP:
            raise Invalid("news of this kind comes by mail", field="by_whatsapp")
        if self.without_mail - self.by_whatsapp:
            raise Invalid("what comes by no other way comes by mail", field="without_mail")

    def wants(self, topic: Topic) -> bool:
        return group_of(topic) not in self.muted

    def ways(self, topic: Topic, *, on_whatsapp: bool) -> tuple[Channel, ...]:
        """How he is told. ``on_whatsapp``: whether he has a number there that may be written to; mail stands in."""
        group = group_of(topic)
        if not on_whatsapp or group not in self.by_whatsapp:
            return (Channel.EMAIL,)
        return (Channel.WHATSAPP,) if group in self.without_mail else (Channel.EMAIL, Channel.WHATSAPP)

    def quiet_end(self, at: datetime, zone: str) -> datetime | None:
        """When the quiet hours end that ``at`` falls into; None outside of them."""
        if self.quiet_from is None:
            return None
        local = at.astimezone(zone_of(zone))
        wall, overnight = local.time(), self.quiet_from > self.quiet_until
        inside = (
            wall >= self.quiet_from or wall < self.quiet_until
            if overnight
            else self.quiet_from <= wall < self.quiet_until
        )
        if not inside:
            return None
        day = local.date() + timedelta(days=1) if overnight and wall >= self.quiet_from else local.date()
        return _after(at, day, self.quiet_until, zone)

    def next_digest(self, at: datetime, zone: str) -> datetime | None:
        """The next time of day for one message with all that has gathered; None where each comes by itself."""
        if self.digest_at is None:
            return None
        return _after(at, at.astimezone(zone_of(zone)).date(), self.digest_at, zone)


def _after(at: datetime, day: date, wall: time, zone: str) -> datetime:
    """That wall time on ``day``, or the next day's when it has passed already (clocks that change leave gaps)."""
    moment = instant(day, wall, zone)
    return moment if moment > at else instant(day + timedelta(days=1), wall, zone)
