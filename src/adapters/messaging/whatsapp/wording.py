"""What is told by WhatsApp: the texts that the provider approves beforehand, and what their places are filled with.

A text is approved once for each language, under the topic's name with ``halaqa_`` before it, so a change of words here
asks for a new approval (``halaqa whatsapp-templates`` prints all of them). A place is never first or last in its text,
and is never empty. Nothing here carries a meeting's address or a person's address. (LIVE-11, SAFE-06)
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from adapters.languages.text import N_
from adapters.messaging.email.times import clock_text, day_text
from adapters.messaging.email.wording.reader import Reader
from domain.billing.decline import next_step
from domain.notification.topic import Topic

PREFIX: Final = "halaqa_"
CODE: Final = "halaqa_whatsapp_code"
LESSON, PAY, MONEY, SEEK, ALL, CLASS = "lesson", "pay", "money", "seek", "all", "class"

STARTED: Final = N_("From now on {school} writes to you here. Answer STOP whenever you want no more of it.")
STOPPED: Final = N_("{school} writes to you here no more; you hear from us by mail. Answer START to change that.")

Fill = Callable[[Reader], tuple[str, ...]]


class Text(msgspec.Struct, frozen=True):
    """``words`` with one ``{n}`` for each place. ``button``: its words; it leads to a lesson or to a page."""

    words: str
    fill: Fill
    button: str
    leads_to: str = LESSON


def _when(r: Reader) -> str:
    starts = r.facts.get("starts_at") or r.lesson.starts_at
    return r.when(starts)


def _with_when(r: Reader) -> tuple[str, ...]:
    return r.other.name, _when(r)


def _confirmed(r: Reader) -> tuple[str, ...]:
    """Of several lessons, the first one's time and how many there are."""
    count = len(r.notice.lessons)
    return r.other.name, r.when(r.lesson.starts_at), str(count)


def _moved(r: Reader) -> tuple[str, ...]:
    return r.other.name, r.when(r.facts["was_starts_at"]), r.when(r.facts["starts_at"])


def _proposed(r: Reader) -> tuple[str, ...]:
    return (
        r.other.name,
        _when(r),
        r.when(r.facts["proposed_starts_at"]),
        r.when(r.facts["answer_by"]),
    )


def _reminder(r: Reader) -> tuple[str, ...]:
    starts = r.facts["starts_at"]
    day = day_text(starts, r.to.zone, r.lang)
    return r.other.name, day, clock_text(starts, r.to.zone, r.lang), r.to.zone


def _approved(r: Reader) -> tuple[str, ...]:
    return r.other.name, _when(r), r.money(r.lesson.price), r.when(r.facts["hold_expires_at"])


def _amount(r: Reader) -> tuple[str, ...]:
    return (r.money(r.facts["amount"]),)


def _failed(r: Reader) -> tuple[str, ...]:
    return r.money(r.facts["amount"]), r._(next_step(r.facts["decline_code"]))


def _class(r: Reader) -> tuple[str, ...]:
    return r.facts["title"], r.when(r.facts["starts_at"])


def _class_moved(r: Reader) -> tuple[str, ...]:
    return r.facts["title"], r.when(r.facts["was_starts_at"]), r.when(r.facts["starts_at"])


_OPEN_CLASS: Final = N_("Open the class")
_OPEN: Final = N_("Open the lesson")
_PAYMENTS: Final = N_("See my payments")
_FIND: Final = N_("Find another time")

TEXTS: Final[Mapping[Topic, Text]] = {
    Topic.LESSON_REQUESTED: Text(
        N_("A lesson is asked for: {1} would like {2}. Please approve or decline it soon."), _with_when, _OPEN
    ),
    Topic.REQUEST_SENT: Text(
        N_("We have asked {1} about {2}. You will hear from us as soon as there is an answer."), _with_when, _OPEN
    ),
    Topic.REQUEST_APPROVED: Text(
        N_(
            "Good news: {1} agrees to your lesson, {2}. It costs {3}. "
            "The time is kept for you until {4}; please pay by then."
        ),
        _approved,
        N_("Pay now"),
    ),
    Topic.REQUEST_DECLINED: Text(
        N_("Sorry, {1} cannot take the lesson, {2}. Nothing was charged."), _with_when, _FIND, SEEK
    ),
    Topic.REQUEST_EXPIRED: Text(
        N_("A lesson request has lapsed: with {1}, {2}. Nothing was charged."), _with_when, _OPEN
    ),
    Topic.LESSON_CONFIRMED: Text(
        N_("Confirmed: your lesson with {1}. It starts {2}. This booking holds {3} in all; your page lists them."),
        _confirmed,
        _OPEN,
    ),
    Topic.LESSON_RESCHEDULED: Text(
        N_("Your lesson with {1} has moved. Before: {2}. Now: {3}. Nothing has to be paid again."), _moved, _OPEN
    ),
    Topic.CLASS_MOVED: Text(
        N_("Your lesson with {1}, {2}, is held on another service. The button on its page leads there as before."),
        _with_when,
        _OPEN,
    ),
    Topic.RESCHEDULE_PROPOSED: Text(
        N_(
            "Another time is proposed for your lesson with {1}. Now: {2}. Proposed: {3}. "
            "Please answer by {4}; without an answer it stays as it is."
        ),
        _proposed,
        _OPEN,
    ),
    Topic.RESCHEDULE_DECLINED: Text(
        N_("Your lesson with {1} stays as it is: {2}. The proposed time was not agreed on."), _with_when, _OPEN
    ),
    Topic.LESSON_CANCELLED: Text(N_("Cancelled: your lesson with {1}, {2}. Its page says more."), _with_when, _OPEN),
    Topic.LESSON_REMINDER: Text(
        N_("Reminder: your lesson with {1} is on {2} at {3} ({4}). The class opens on its page shortly before."),
        _reminder,
        _OPEN,
    ),
    Topic.CLASS_REMINDER: Text(
        N_("Reminder: your class “{1}” begins {2}. The live class opens on its page shortly before."),
        _class,
        _OPEN_CLASS,
        CLASS,
    ),
    Topic.CLASS_TIME_MOVED: Text(
        N_("The class “{1}” has moved. Before: {2}. Now: {3}. The other times stay as they are."),
        _class_moved,
        _OPEN_CLASS,
        CLASS,
    ),
    Topic.CLASS_TIME_CANCELLED: Text(
        N_("The class “{1}” is not held this time: {2}. Its page says more."), _class, _OPEN_CLASS, CLASS
    ),
    Topic.QARI_ABSENT: Text(
        N_("It is recorded that a lesson was missed by the Qari: with {1}, {2}. Its page says what follows."),
        _with_when,
        _OPEN,
    ),
    Topic.RECEIPT: Text(
        N_("Thank you. We have received your payment of {1}. The receipt is in your account."),
        _amount,
        _PAYMENTS,
        MONEY,
    ),
    Topic.PAYMENT_FAILED: Text(
        N_("Your payment of {1} did not go through. {2} Nothing was charged."), _failed, N_("Try again"), PAY
    ),
    Topic.PAID_TOO_LATE: Text(
        N_("Your payment came after the time had been given away. You get all of it back: {1}. We are sorry."),
        _amount,
        _FIND,
        SEEK,
    ),
    Topic.REFUND_SENT: Text(
        N_("Your refund of {1} is on its way; banks take up to ten days to show it."), _amount, _PAYMENTS, MONEY
    ),
}
"""Topics that are here may come by WhatsApp. Accounts and their security stay with mail, and so do tips, which the
provider would call advertising.
"""


def path_of(topic: Topic, notice: Any) -> str:
    """Where the button leads, without the slash at its front: the approved address ends with one."""
    lesson = notice.lessons[0].booking_id if notice.lessons else None
    match TEXTS[topic].leads_to:
        case "money":
            return "portal/payments"
        case "class":
            return f"classes/{notice.facts['class_id']}"
        case "seek":
            return "qaris"
        case _:
            return f"lessons/{lesson}" if lesson is not None else "lessons"
