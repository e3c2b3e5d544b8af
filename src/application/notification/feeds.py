"""A calendar feed of one's own: opened, closed, and read by a program that has nothing but the address. (API-09)"""

import hashlib
from datetime import timedelta
from typing import Final

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.guardianship import Right
from domain.identity.permission import Permission
from domain.notification.feed import Feed, hash_feed_token
from domain.time import TimeSlot
from ports.clock import Clock
from ports.identity.guardians import GuardianQueries
from ports.notification.calendar import FeedWriter
from ports.notification.queries import NotificationQueries
from ports.scheduling.class_queries import ClassQueries
from ports.unit_of_work import NewUnit

PAST: Final = timedelta(days=60)
AHEAD: Final = timedelta(days=800)


class OpenFeed:
    """Answers the secret, which nobody can be told again. An earlier feed of the same person ends."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> str:
        actor.require(Permission.MANAGE_CALENDAR_FEED)
        now = self._clock.now()
        feed, token = Feed.open(actor.user_id, at=now)
        async with self._new_unit() as unit:
            await unit.feeds.revoke(actor.user_id, at=now)
            await unit.feeds.add(feed)
            await unit.commit()
        return token


class RevokeFeed:
    """Revoking where there is none is no error."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor) -> None:
        actor.require(Permission.MANAGE_CALENDAR_FEED)
        async with self._new_unit() as unit:
            await unit.feeds.revoke(actor.user_id, at=self._clock.now())
            await unit.commit()


class ShowFeed:
    """Since when there is one; None where there is none."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> Feed | None:
        actor.require(Permission.MANAGE_CALENDAR_FEED)
        async with self._new_unit() as unit:
            return await unit.feeds.live_of(actor.user_id)


class FeedContent(msgspec.Struct, frozen=True, kw_only=True):
    """``etag`` without quotes; the same while nothing has changed."""

    body: bytes
    etag: str


class ReadFeed:
    """The token is the permission. Raises NotFound for an unknown or revoked one, without saying which."""

    def __init__(
        self,
        new_unit: NewUnit,
        clock: Clock,
        queries: NotificationQueries,
        feed_writer: FeedWriter,
        class_queries: ClassQueries,
        guardian_queries: GuardianQueries,
    ) -> None:
        self._new_unit, self._clock, self._queries, self._writer = new_unit, clock, queries, feed_writer
        self._classes, self._guardians = class_queries, guardian_queries

    async def __call__(self, token: str) -> FeedContent:
        async with self._new_unit() as unit:
            feed = await unit.feeds.by_token(hash_feed_token(token))
        if feed is None:
            raise NotFound("there is no such calendar feed")
        now = self._clock.now()
        lessons = await self._queries.calendar_of(feed.user_id, since=now - PAST)
        people = [feed.user_id, *await self._guardians.children_seen_by(feed.user_id, Right.SEE)]
        classes = await self._classes.times_of(people, TimeSlot(now - PAST, now + AHEAD))
        body = self._writer.feed(lessons, feed.user_id, name="Halaqa", classes=classes)
        return FeedContent(body=body, etag=hashlib.sha256(body).hexdigest()[:32])
