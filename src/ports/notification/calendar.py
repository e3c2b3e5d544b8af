"""Somebody's lessons in the language of calendar programs."""

from collections.abc import Sequence
from typing import Protocol

from domain.ids import UserId
from ports.notification.queries import Lesson


class FeedWriter(Protocol):
    def feed(self, lessons: Sequence[Lesson], reader: UserId, *, name: str) -> bytes:
        """The same bytes while nothing has changed. Never contains a meeting's address. (LIVE-11)"""
        ...
