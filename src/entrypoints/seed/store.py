"""Writes the demo school in bulk: one COPY for each table, on the rows that the repositories would write."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import Table

from adapters.persistence.billing.payments import to_row as payment_row
from adapters.persistence.billing.refunds import refund_row
from adapters.persistence.billing.tables import ledger_entries, ledger_journals, payment_lines, payments, refunds
from adapters.persistence.booking.repositories import to_row as booking_row
from adapters.persistence.booking.tables import bookings, series
from adapters.persistence.identity.guardian_tables import guardianships
from adapters.persistence.identity.guardians import to_row as guardianship_row
from adapters.persistence.identity.repositories import role_rows
from adapters.persistence.identity.repositories import to_row as user_row
from adapters.persistence.identity.tables import user_roles, users
from adapters.persistence.metadata import WALL
from adapters.persistence.onboarding.rows import application_row, edition_row
from adapters.persistence.onboarding.safety_tables import clearances
from adapters.persistence.onboarding.tables import application_editions, applications
from adapters.persistence.scheduling.rows import hours_json, limits_row, profile_row, rules_json
from adapters.persistence.scheduling.tables import (
    calendar_overrides,
    calendars,
    learners,
    qari_offers,
    qaris,
    time_off,
)
from domain.billing.ledger import Journal
from domain.billing.payment import Payment
from domain.billing.refund import Refund
from domain.booking.booking import Booking
from domain.booking.series import Series
from domain.onboarding.clearance import Clearance
from entrypoints.seed.applicants import Applicant
from entrypoints.seed.family import Family, clearance_row
from entrypoints.seed.people import People, Teacher
from ports.academy import current_academy


class Store:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection

    async def people(self, people: People) -> None:
        await self._copy(users, map(user_row, people.users))
        roles = [
            {"user_id": user.id, "role": role, "onboarding": far}
            for user in people.users
            for role, far in role_rows(user)
        ]
        await self._copy(user_roles, roles)
        told: list[dict[str, Any]] = [
            {"user_id": s.user.id, "gender": s.gender.value, "qari_gender": None, "languages": []}
            for s in people.students
        ]
        await self._copy(learners, told)
        await self._teachers(people.teachers)

    async def _teachers(self, teachers: Sequence[Teacher]) -> None:
        await self._copy(qaris, [profile_row(teacher.profile) for teacher in teachers])
        offers = [
            {
                "qari_id": teacher.user.id,
                "minutes": offer.minutes,
                "price_minor": offer.price.minor,
                "trial_minor": None if offer.trial_price is None else offer.trial_price.minor,
                "currency": offer.price.currency,
            }
            for teacher in teachers
            for offer in teacher.profile.offers
        ]
        await self._copy(qari_offers, offers)
        diaries = [teacher.calendar for teacher in teachers]
        await self._copy(
            calendars,
            [{"qari_id": d.qari_id, "rules": rules_json(d.rules)} | limits_row(d.limits) for d in diaries],
        )
        overrides = [
            {"qari_id": diary.qari_id, "day": day, "hours": hours_json(hours)}
            for diary in diaries
            for day, hours in diary.overrides.items()
        ]
        await self._copy(calendar_overrides, overrides)
        absences = [
            {
                "id": off.id,
                "qari_id": diary.qari_id,
                "starts_at": off.slot.start,
                "ends_at": off.slot.end,
                "note": off.note,
            }
            for diary in diaries
            for off in diary.time_off
        ]
        await self._copy(time_off, absences)

    async def applications(self, applicants: Sequence[Applicant]) -> None:
        await self._copy(users, [user_row(each.user) for each in applicants])
        roles = [
            {"user_id": each.user.id, "role": role, "onboarding": far}
            for each in applicants
            for role, far in role_rows(each.user)
        ]
        await self._copy(user_roles, roles)
        await self._copy(applications, [application_row(each.application) for each in applicants])
        handed_in = [edition_row(each.application.handed_in()) for each in applicants if each.application.edition]
        await self._copy(application_editions, handed_in)

    async def family(self, family: Family, seen: Sequence[Clearance]) -> None:
        persons = [family.guardian, *(child for child, _ in family.children)]
        await self._copy(users, map(user_row, persons))
        roles = [
            {"user_id": user.id, "role": role, "onboarding": far} for user in persons for role, far in role_rows(user)
        ]
        await self._copy(user_roles, roles)
        told: list[dict[str, Any]] = [
            {"user_id": child.id, "gender": gender.value, "qari_gender": None, "languages": []}
            for child, gender in family.children
        ]
        await self._copy(learners, told)
        await self._copy(guardianships, map(guardianship_row, family.guardianships))
        await self._copy(clearances, map(clearance_row, seen))

    async def lessons(self, agreed: Iterable[Series], lessons: Iterable[Booking]) -> None:
        await self._copy(series, map(msgspec.structs.asdict, agreed))
        await self._copy(bookings, map(booking_row, lessons))

    async def money(self, paid: Sequence[Payment], back: Iterable[Refund], journals: Sequence[Journal]) -> None:
        await self._copy(payments, [payment_row(payment) | {"checked_at": payment.created_at} for payment in paid])
        lines = [
            {
                "payment_id": payment.id,
                "position": position,
                "booking_id": line.booking_id,
                "learner_id": line.learner_id,
                "qari_id": line.qari_id,
                "amount_minor": line.amount.minor,
                "commission_percent": line.commission_percent,
            }
            for payment in paid
            for position, line in enumerate(payment.lines)
        ]
        await self._copy(payment_lines, lines)
        await self._copy(refunds, [refund_row(refund) | {"due_at": refund.created_at} for refund in back])
        heads = [
            {"id": j.id, "kind": j.kind.value, "source": j.source, "at": j.at, "memo": str(j.memo)} for j in journals
        ]
        await self._copy(ledger_journals, heads)
        entries = [
            {
                "journal_id": journal.id,
                "position": position,
                "account": entry.account,
                "amount_minor": entry.amount.minor,
                "currency": entry.amount.currency,
                "booking_id": entry.booking_id,
            }
            for journal in journals
            for position, entry in enumerate(journal.entries)
        ]
        await self._copy(ledger_entries, entries)

    async def _copy(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Columns that the rows do not name and the database fills by itself are left to it."""
        walls = {WALL: current_academy()} if WALL in table.columns else {}
        whole = [dict(row) | walls for row in rows]
        named = whole[0].keys() if whole else ()
        names = [column.name for column in table.columns if column.name in named or column.server_default is None]
        records = [tuple(row[name] for name in names) for row in whole]
        await self._connection.copy_records_to_table(table.name, records=records, columns=names)
