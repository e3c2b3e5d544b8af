"""The statement that finds Qaris, and what the slot engine makes of its rows.

One round for the whole school: profile, lesson, rules, overrides, time off and busy times of every Qari who fits.
Times come as minutes since 1970, which is what the engine reckons in.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.persistence.scheduling.rows import LIMITS, Row, calendar_of
from adapters.persistence.searchable import patterns
from domain.booking.needs import Needs
from domain.ids import UserId
from domain.money import Money
from domain.scheduling.qari import BookingMode, Gender, Riwayah
from domain.scheduling.slots import Busy, next_free
from domain.scheduling.subject import ReadingLevel, Subject
from domain.time import TimeSlot
from ports.academy import current_academy
from ports.scheduling.queries import QariCard, QariFilters, QariOrder

_OVERRIDES: Final = msgspec.json.Decoder(list[tuple[date, msgspec.Raw]])
_TIME_OFF: Final = msgspec.json.Decoder(list[dict[str, Any]])

_FOUND: Final = f"""
    SELECT q.user_id, q.user_id AS qari_id, q.name, q.gender, q.languages, q.riwayat, q.subjects, q.levels,
        q.country, q.zone,
        q.booking_mode, o.minutes, o.price_minor, o.trial_minor, o.currency,
        c.rules, {", ".join(f"c.{name}" for name in LIMITS)}
    FROM qaris q
    JOIN calendars c ON c.qari_id = q.user_id
    JOIN LATERAL (
        SELECT * FROM qari_offers o
        WHERE o.qari_id = q.user_id
          AND ($4::smallint IS NULL OR o.minutes = $4)
          AND ($5::bigint IS NULL OR (o.price_minor <= $5 AND o.currency = $6))
        ORDER BY o.minutes LIMIT 1
    ) o ON true
    WHERE q.approved AND q.academy_id = $12
      AND ($1::text IS NULL OR $1 = ANY (q.languages))
      AND ($2::text IS NULL OR q.gender = $2)
      AND ($3::text IS NULL OR $3 = ANY (q.riwayat))
      AND ($7::text IS NULL OR $7 = ANY (q.teaches_genders))
      AND ($13::text IS NULL OR q.searched LIKE searchable($13))
      AND ($14::text IS NULL OR q.searched LIKE searchable($14))
      AND ($15::text IS NULL OR q.searched LIKE searchable($15))
      AND ($16::text IS NULL OR q.subjects = '{{}}' OR $16 = ANY (q.subjects))
      AND ($17::text IS NULL OR q.levels = '{{}}' OR $17 = ANY (q.levels))
      AND ($18::text[] IS NULL OR q.gender = ANY ($18))
      AND ($19::text[] IS NULL OR q.languages && $19)
      AND ($20::text[] IS NULL OR $20 <@ ARRAY (
        SELECT h.kind FROM clearances h
        WHERE h.qari_id = q.user_id AND h.withdrawn_at IS NULL
          AND ($21::timestamptz AT TIME ZONE q.zone)::date BETWEEN h.issued_on AND coalesce(h.expires_on, 'infinity')
      ))
      AND ($22::uuid[] IS NULL OR q.user_id = ANY ($22))
"""  # noqa: S608
_PAGED: Final = {
    QariOrder.NEXT_FREE: "SELECT * FROM found WHERE $10::json IS NULL AND $11::integer IS NOT NULL",
    QariOrder.NAME: """
        SELECT * FROM found
        WHERE $10::json IS NULL OR (name, user_id) > ($10 ->> 0, ($10 ->> 1)::uuid)
        ORDER BY name, user_id LIMIT $11::integer
    """,
    QariOrder.PRICE: """
        SELECT * FROM found
        WHERE $10::json IS NULL
           OR (currency, price_minor, user_id) > ($10 ->> 0, ($10 ->> 1)::bigint, ($10 ->> 2)::uuid)
        ORDER BY currency, price_minor, user_id LIMIT $11::integer
    """,
}
SEARCH: Final = {
    order: f"""
    WITH found AS ({_FOUND}), shown AS ({paged})
    SELECT shown.*, overrides.days, off.spans, busy.froms, busy.untils, busy.starts,
        elsewhere.froms AS busy_froms, elsewhere.untils AS busy_untils
    FROM shown
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(day, hours)) AS days FROM calendar_overrides
        WHERE qari_id = shown.user_id AND day BETWEEN ($8::timestamptz AT TIME ZONE 'UTC')::date - 2
          AND ($9::timestamptz AT TIME ZONE 'UTC')::date + 2
    ) overrides ON true
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('id', id, 'starts_at', starts_at, 'ends_at', ends_at, 'note', '')) AS spans
        FROM time_off WHERE qari_id = shown.user_id AND ends_at > $8 AND starts_at < $9 + interval '1 day'
    ) off ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN shown.daily_cap IS NULL AND shown.weekly_cap IS NULL
            THEN interval '1 day' ELSE interval '8 days' END AS reach
    ) caps
    LEFT JOIN LATERAL (
        SELECT array_agg(floor(date_part('epoch', busy_from) / 60)::integer) AS froms,
            array_agg(ceil(date_part('epoch', busy_until) / 60)::integer) AS untils,
            array_agg(floor(date_part('epoch', starts_at) / 60)::integer) AS starts
        FROM (
            SELECT busy_from, busy_until, starts_at FROM bookings
            WHERE qari_id = shown.user_id AND occupies
              AND starts_at >= $8 - caps.reach AND starts_at < $9 + caps.reach
            UNION ALL
            SELECT busy_from, busy_until, starts_at FROM class_occurrences
            WHERE qari_id = shown.user_id AND occupies
              AND starts_at >= $8 - caps.reach AND starts_at < $9 + caps.reach
        ) taken
    ) busy ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(floor(date_part('epoch', greatest(starts_at, $8 - interval '1 day')) / 60)::integer) AS froms,
            array_agg(ceil(date_part('epoch', least(ends_at, $9 + interval '1 day')) / 60)::integer) AS untils
        FROM external_busy
        WHERE qari_id = shown.user_id AND ends_at > $8 - interval '1 day' AND starts_at < $9 + interval '1 day'
          AND (NOT blind OR starts_at <= now())
    ) elsewhere ON true
    {"" if order is QariOrder.NEXT_FREE else "ORDER BY " + paged.partition("ORDER BY")[2].partition("LIMIT")[0]}
    """  # noqa: S608
    for order, paged in _PAGED.items()
}
"""Arguments: language, gender, riwayah, minutes, price, currency, learner, window start and end, cursor, rows,
academy, three patterns of text, subject, level; and of the learner: genders and languages of the Qari, clearances,
now; at last the only Qaris who matter.
"""


def arguments(
    filters: QariFilters, window: TimeSlot, after: str | None, now: datetime, only: Iterable[UUID] | None = None
) -> list[Any]:
    price, needs = filters.max_price, filters.needs or Needs()
    learner = needs.learner_gender or filters.learner
    return [
        filters.language,
        None if filters.gender is None else filters.gender.value,
        None if filters.riwayah is None else filters.riwayah.value,
        filters.minutes,
        None if price is None else price.minor,
        None if price is None else price.currency,
        None if learner is None else learner.value,
        window.start,
        window.end,
        after,
        filters.limit + 1,
        current_academy(),
        *patterns(filters.text),
        None if filters.subject is None else filters.subject.value,
        None if filters.level is None else filters.level.value,
        None if needs.qari_genders is None else [gender.value for gender in needs.qari_genders],
        list(needs.languages) or None,
        [kind.value for kind in needs.clearances] or None,
        now,
        None if only is None else list(only),
    ]


def card_of(row: Row, window: TimeSlot, now: datetime) -> QariCard:
    overrides = [(day, bytes(hours)) for day, hours in _OVERRIDES.decode(row["days"])] if row["days"] else []
    time_off = [
        {
            "id": UUID(off["id"]),
            "note": "",
            "starts_at": datetime.fromisoformat(off["starts_at"]),
            "ends_at": datetime.fromisoformat(off["ends_at"]),
        }
        for off in (_TIME_OFF.decode(row["spans"]) if row["spans"] else ())
    ]
    calendar = calendar_of(row, overrides, time_off)
    froms = row["froms"]
    busy = list(map(Busy, froms, row["untils"], row["starts"])) if froms else []
    if row["busy_froms"]:
        busy += map(Busy, row["busy_froms"], row["busy_untils"])
    trial, currency = row["trial_minor"], row["currency"]
    return QariCard(
        user_id=UserId(UUID(int=row["user_id"].int)),
        name=row["name"],
        gender=Gender(row["gender"]),
        languages=tuple(row["languages"]),
        riwayat=tuple(Riwayah(one) for one in row["riwayat"]),
        subjects=tuple(Subject(one) for one in row["subjects"]),
        levels=tuple(ReadingLevel(one) for one in row["levels"]),
        country=row["country"],
        zone=row["zone"],
        booking_mode=BookingMode(row["booking_mode"]),
        minutes=row["minutes"],
        price=Money(row["price_minor"], currency),
        trial_price=None if trial is None else Money(trial, currency),
        next_free=next_free(calendar, busy, window, row["minutes"], now),
    )
