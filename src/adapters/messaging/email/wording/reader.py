"""A notice as its reader sees it, and what several topics say alike."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from adapters.languages.hijri import hijri_for
from adapters.messaging.email.times import clock_text, day_text, money_text, other_clock, place_text
from domain.identity.actor import Party
from domain.money import Money
from ports.notification.compose import Notice
from ports.notification.queries import Lesson, Person

Translate = Callable[[str], str]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """``button``: its words and where it leads."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    button: tuple[str, str] | None = None


class Reader:
    """The notice as its reader sees it: the other side's name, his own clock first."""

    def __init__(self, notice: Notice, translate: Translate, base_url: str, school: str) -> None:
        self.notice, self._, self.base, self.school = notice, translate, base_url, school
        self.facts: Mapping[str, Any] = notice.facts
        self.to, self.lang = notice.to, notice.to.locale

    @property
    def lesson(self) -> Lesson:
        return self.notice.lessons[0]

    @property
    def teaches(self) -> bool:
        return bool(self.notice.lessons) and self.to.user_id == self.lesson.qari.user_id

    @property
    def other(self) -> Person:
        return self.lesson.learner if self.teaches else self.lesson.qari

    @property
    def with_whom(self) -> str:
        """The other side's name; both names for the school."""
        if self.notice.to_school:
            return f"{self.lesson.qari.name} / {self.lesson.learner.name}"
        return self.other.name

    def when(self, moment: datetime) -> str:
        """``Tue 3 Mar, 17:00 your time (Europe/London), 21:00 in Karachi``"""
        clock = clock_text(moment, self.to.zone, self.lang)
        own = self._("{day}, {time} your time ({zone})").format(
            day=day_text(moment, self.to.zone, self.lang), time=clock, zone=self.to.zone
        )
        if not self.notice.lessons:
            return own
        there = other_clock(moment, zone=self.to.zone, other=self.other.zone, lang=self.lang)
        if not there:
            return own
        place = place_text(self.other.zone, self.lang)
        return own + self._(", {time} in {place}").format(time=there, place=place)

    def money(self, amount: Money) -> str:
        return money_text(amount, self.lang)

    def link(self, path: str) -> str:
        return f"{self.base}{path}"

    def lesson_link(self) -> tuple[str, str]:
        return self._("Open the lesson"), self.link(f"/lessons/{self.lesson.booking_id}")

    def lesson_facts(self, starts_at: datetime) -> tuple[tuple[str, str], ...]:
        minutes = int((self.lesson.ends_at - self.lesson.starts_at).total_seconds() // 60)
        hijri = hijri_for(starts_at, self.to.zone, self.lang, self._, self.notice.hijri_offset_days)
        rows = (
            (self._("With"), self.with_whom),
            (self._("When"), self.when(starts_at)),
            (self._("Hijri date"), hijri),
            (self._("Length"), self._("{minutes} minutes").format(minutes=minutes)),
        )
        return tuple(row for row in rows if row[1])


def about_lesson(r: Reader, heading: str, *paragraphs: str, starts_at: datetime | None = None) -> Content:
    starts = starts_at or r.facts["starts_at"]
    short = f"{day_text(starts, r.to.zone, r.lang)}, {clock_text(starts, r.to.zone, r.lang)}"
    return Content(
        subject=f"{heading}: {short}",
        heading=heading,
        paragraphs=paragraphs,
        facts=r.lesson_facts(starts),
        button=r.lesson_link(),
    )


def who(r: Reader) -> str:
    names = {Party.LEARNER: r.lesson.learner.name, Party.QARI: r.lesson.qari.name}
    return names.get(r.facts["by"], r.school)


def reason_text(r: Reader) -> str:
    reason = str(r.facts.get("reason", "")).strip()
    return r._("Reason: {reason}").format(reason=reason) if reason else ""


def price_row(r: Reader) -> tuple[str, str]:
    return r._("Price"), r.money(r.lesson.price)


def day_of(r: Reader, moment: datetime) -> str:
    return day_text(moment, r.to.zone, r.lang)
