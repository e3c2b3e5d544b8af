"""Somebody's lessons and classes in the language of calendar programs."""

from collections.abc import Sequence
from typing import Protocol

from domain.ids import UserId
from ports.notification.queries import Lesson
from ports.scheduling.class_queries import ClassTime


class FeedWriter(Protocol):
    def feed(self, lessons: Sequence[Lesson], reader: UserId, *, name: str, classes: Sequence[ClassTime] = ()) -> bytes:
        """The same bytes while nothing has changed. Never contains a meeting's address. (LIVE-11)"""
        ...
