"""The availability editor's forms, between text fields and the domain. The painted week is made of half hours."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from adapters.http.text import _
from domain.errors import Invalid
from domain.money import Money
from domain.scheduling.calendar import DAY_MIN, STEPS_MIN, Limits, WallRange, WeeklyRule, wall_text
from domain.scheduling.qari import LessonOffer
from domain.time import TimeSlot, instant

CELL_MIN: Final = 30
OFFER_ROWS: Final = 4
MOST_OFFERS: Final = 8
DATE_RANGES: Final = 3
PARTS: Final = ((0, 360), (360, 720), (720, 1080), (1080, 1440))
NOTICES: Final = (0, 30, 60, 120, 240, 720, 1440, 2880)


def painted(rules: Iterable[WeeklyRule]) -> tuple[set[str], list[WeeklyRule]]:
    """The half hours that are open, as ``weekday-minute``; and the rules that do not fit into half hours."""
    cells: set[str] = set()
    kept: list[WeeklyRule] = []
    for rule in rules:
        if rule.hours.start_min % CELL_MIN or rule.hours.end_min % CELL_MIN:
            kept.append(rule)
            continue
        for minute in range(rule.hours.start_min, rule.hours.end_min, CELL_MIN):
            cells.add(f"{(rule.weekday + minute // DAY_MIN) % 7}-{minute % DAY_MIN}")
    return cells, kept


def rules_of(cells: Iterable[str], kept: Iterable[str]) -> list[WeeklyRule]:
    """Half hours and kept rules (``weekday-start-end``), joined where they touch or overlap. Raises Invalid."""
    spans: list[tuple[int, int, int]] = []
    for cell in cells:
        weekday, start = _numbers(cell, 2)
        spans.append((weekday, start, start + CELL_MIN))
    for text in kept:
        weekday, start, end = _numbers(text, 3)
        spans.append((weekday, start, end))
    joined: list[tuple[int, int, int]] = []
    for weekday, start, end in sorted(spans):
        if joined and joined[-1][0] == weekday and start <= joined[-1][2]:
            joined[-1] = (weekday, joined[-1][1], max(joined[-1][2], end))
        else:
            joined.append((weekday, start, end))
    return [WeeklyRule(weekday, WallRange(start, end)) for weekday, start, end in joined]


def _numbers(text: str, count: int) -> list[int]:
    parts = text.split("-")
    if len(parts) != count or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise Invalid(_("the week could not be read; load the page again"), field="week")
    return [int(part) for part in parts]


def date_in(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("choose a date"), field=field) from None


def hours_in(fields: Mapping[str, str]) -> list[WallRange]:
    """The rows ``start1``/``end1``… that are filled in, none for a closed date. Raises Invalid."""
    if fields.get("kind") == "closed":
        return []
    found = []
    for row in range(1, DATE_RANGES + 1):
        start, end = fields.get(f"start{row}", ""), fields.get(f"end{row}", "")
        if start or end:
            found.append(WallRange.of(start, end))
    if not found:
        raise Invalid(_("write from when to when, or close the date"), field="start1")
    return found


def time_off_in(fields: Mapping[str, str], zone: str) -> TimeSlot:
    """Whole days of the Qari's wall clock, the last one included. Raises Invalid."""
    first, last = date_in(fields.get("first", ""), "first"), date_in(fields.get("last", ""), "last")
    if last < first:
        raise Invalid(_("the last day is not before the first"), field="last")
    if not date(1971, 1, 1) < first <= last < date(9000, 1, 1):
        raise Invalid(_("choose a date near today"), field="first")
    return TimeSlot(instant(first, time(), zone), instant(last + timedelta(days=1), time(), zone))


def limits_in(fields: Mapping[str, str]) -> Limits:
    """Raises Invalid."""
    return Limits(
        buffer_before_min=number_in(fields, "buffer_before_min"),
        buffer_after_min=number_in(fields, "buffer_after_min"),
        min_notice_min=number_in(fields, "min_notice_min"),
        horizon_days=number_in(fields, "horizon_days"),
        daily_cap=number_in(fields, "daily_cap") if fields.get("daily_cap") else None,
        weekly_cap=number_in(fields, "weekly_cap") if fields.get("weekly_cap") else None,
        step_min=number_in(fields, "step_min"),
    )


def number_in(fields: Mapping[str, str], field: str) -> int:
    text = fields.get(field, "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Invalid(_("write a whole number"), field=field)
    return int(text)


def offers_in(fields: Mapping[str, str]) -> list[LessonOffer]:
    """The rows ``minutes1``/``price1``/``trial1``… that have a length. Raises Invalid."""
    currency = fields.get("currency", "")
    offers = []
    for row in range(1, MOST_OFFERS + 1):
        if not fields.get(f"minutes{row}", "").strip():
            continue
        trial = fields.get(f"trial{row}", "").strip()
        price = _money(fields.get(f"price{row}", ""), currency, f"price{row}")
        offers.append(
            LessonOffer(
                number_in(fields, f"minutes{row}"),
                price,
                _money(trial, currency, f"trial{row}") if trial else None,
            )
        )
    return offers


def _money(text: str, currency: str, field: str) -> Money:
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise Invalid(_("write an amount such as 12.50"), field=field)
    return Money.of(amount, currency)


def week_rows(cells: set[str], starts_on: int = 0) -> list[dict[str, Any]]:
    """The painted grid: parts of the day, in each its half hours, in each the seven days from ``starts_on``."""
    names = (_("Night"), _("Morning"), _("Afternoon"), _("Evening"))
    return [
        {
            "name": name,
            "rows": [
                {
                    "label": wall_text(minute),
                    "until": wall_text(minute + CELL_MIN),
                    "cells": [
                        {"value": f"{weekday}-{minute}", "weekday": weekday, "on": f"{weekday}-{minute}" in cells}
                        for weekday in days_from(starts_on)
                    ],
                }
                for minute in range(first, last, CELL_MIN)
            ],
        }
        for name, (first, last) in zip(names, PARTS, strict=True)
    ]


def days_from(starts_on: int) -> list[int]:
    """The weekdays in the reader's order; Monday is 0. (L10N-04)"""
    return [(starts_on + place) % 7 for place in range(7)]


def kept_rows(kept: Sequence[WeeklyRule]) -> list[dict[str, Any]]:
    return [
        {
            "value": f"{rule.weekday}-{rule.hours.start_min}-{rule.hours.end_min}",
            "weekday": rule.weekday,
            "start": rule.hours.texts[0],
            "end": rule.hours.texts[1],
        }
        for rule in kept
    ]


def offer_fields(offers: Sequence[LessonOffer]) -> dict[str, str]:
    """What the form of lessons and prices starts with."""
    values = {"currency": offers[0].price.currency if offers else "USD"}
    for row in range(1, MOST_OFFERS + 1):
        offer = offers[row - 1] if row <= len(offers) else None
        values[f"minutes{row}"] = str(offer.minutes) if offer else ""
        values[f"price{row}"] = f"{offer.price.amount}" if offer else ""
        values[f"trial{row}"] = f"{offer.trial_price.amount}" if offer and offer.trial_price is not None else ""
    return values


def limit_fields(limits: Limits) -> dict[str, str]:
    return {name: "" if (value := getattr(limits, name)) is None else str(value) for name in limits.__struct_fields__}


def steps() -> list[list[str]]:
    return [[str(step), _("every {n} minutes", n=step)] for step in STEPS_MIN]


def notices(current: str) -> list[list[str]]:
    """The usual ones, and whatever holds now."""
    known = sorted({*NOTICES, int(current) if current.isdigit() else 0})
    return [[str(minutes), _notice(minutes)] for minutes in known]


def _notice(minutes: int) -> str:
    if minutes == 0:
        return _("up to the last minute")
    return _("{n} h before", n=minutes // 60) if minutes % 60 == 0 else _("{n} min before", n=minutes)
