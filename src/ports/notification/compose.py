"""Turning what is to be said into a message. Words and layout live in the adapter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from domain.notification.topic import Topic
from ports.notification.mail import Mail
from ports.notification.queries import Lesson, Person


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """``message_id`` is the delivery's id. ``facts`` are the event's own fields beside the lesson: amounts, reasons,
    times. ``secret`` is a single-use token, where the topic needs one; ``unsubscribe`` a path that ends messages of
    this kind. ``hijri_offset_days``: the academy's moon.
    """

    message_id: str
    topic: Topic
    to: Person
    to_school: bool = False
    at: datetime
    lessons: tuple[Lesson, ...] = ()
    facts: dict[str, Any] = {}
    secret: str = ""
    unsubscribe: str = ""
    hijri_offset_days: int = 0


class MailComposer(Protocol):
    def compose(self, notice: Notice) -> Mail:
        """In the reader's language and zone. Never contains a meeting's address. (LIVE-11)"""
        ...

    def gather(self, notices: Sequence[Notice]) -> Mail:
        """Several pieces of news for one reader as one message, in the order given. (NOTI-14)"""
        ...
