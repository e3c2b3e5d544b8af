"""A school that is in use is brought to the newest schema with everything in it. (OPS-13, ADM-10)"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.migrate import upgrade
from adapters.persistence.statement import driver
from domain.billing.payment import CheckoutMode
from domain.booking.booking import Status
from domain.errors import Conflict
from domain.identity.permission import Role
from domain.identity.user import Onboarding
from domain.ids import BookingId, PaymentId, UserId
from domain.notification.preference import Group
from fakes.identity import a_user
from ports.academy import FIRST_ACADEMY
from support.postgres import TestPostgres
from support.units import postgres_units

NOON: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
STUDENT, QARI, APPLICANT, ADMIN, LESSON = (UUID(int=number) for number in range(1, 6))
FIRST_RELEASE: Final = "0005"
SECOND_RELEASE: Final = "0013"
PAYMENT, MEETING, DELIVERY = (UUID(int=number) for number in range(20, 23))

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def a_person(user_id: UUID, role: str, onboarding: str = "not_needed") -> list[tuple[str, dict[str, Any]]]:
    person = {
        "id": user_id, "email": f"{role}{user_id.int}@example.org", "name": "Some One", "password_hash": "x",
        "zone": "UTC", "locale": "en", "status": "active", "onboarding": onboarding, "created_at": NOON, "version": 1,
    }  # fmt: skip
    session = {
        "token_hash": user_id.bytes, "user_id": user_id, "audience": "main", "role": role, "created_at": NOON,
        "last_seen_at": NOON, "expires_at": NOON + timedelta(days=30),
    }  # fmt: skip
    return [("users", person), ("user_roles", {"user_id": user_id, "role": role}), ("sessions", session)]


ROWS: Final[list[tuple[str, dict[str, Any]]]] = [
    *a_person(STUDENT, "student"),
    *a_person(QARI, "qari", "approved"),
    *a_person(APPLICANT, "qari", "submitted"),
    *a_person(ADMIN, "admin"),
    ("qaris", {
        "user_id": QARI, "name": "Some One", "gender": "male", "zone": "UTC", "country": "PK", "languages": ["ur"],
        "riwayat": ["hafs"], "teaches_genders": ["male"], "bio": "", "approved": True, "booking_mode": "instant",
        "request_holds_slot": False,
    }),
    ("policies", {"kind": "booking", "version": 1, "body": "{}", "effective_from": NOON, "created_by": ADMIN}),
    ("bookings", {
        "id": LESSON, "learner_id": STUDENT, "payer_id": STUDENT, "qari_id": QARI, "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=1), "busy_from": NOON, "busy_until": NOON + timedelta(hours=1),
        "buffer_before_min": 0, "buffer_after_min": 0, "occupies": True, "status": "confirmed", "kind": "regular",
        "price_minor": 900, "currency": "USD", "policy_version": 1, "request_occupies": False, "moves": 0,
        "sequence": 0, "note": "", "reason": "", "created_at": NOON, "version": 1,
    }),
    ("outbox_events", {"id": UUID(int=9), "type": "identity.user_registered", "payload": "{}", "occurred_at": NOON}),
]  # fmt: skip

LATER_ROWS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("payments", {
        "id": PAYMENT, "payer_id": STUDENT, "provider": "sandbox", "account": "main", "amount_minor": 900,
        "refunded_minor": 0, "currency": "USD", "status": "captured", "created_at": NOON, "expires_at": NOON,
        "checked_at": NOON, "version": 1, "academy_id": FIRST_ACADEMY,
        "terms": '{"description": "a", "payer_email": "b", "success_url": "c", "cancel_url": "d"}',
    }),
    ("payment_lines", {
        "payment_id": PAYMENT, "position": 0, "booking_id": LESSON, "learner_id": STUDENT, "qari_id": QARI,
        "amount_minor": 900, "commission_percent": 20,
    }),
    ("meetings", {
        "id": MEETING, "booking_id": LESSON, "provider": "jitsi", "status": "ready", "created_at": NOON,
        "ready_at": NOON, "sealed_room": b"room", "version": 2, "academy_id": FIRST_ACADEMY,
    }),
    ("message_preferences", {"user_id": STUDENT, "quiet_until": time(7), "muted": ["tips"]}),
    ("deliveries", {
        "id": DELIVERY, "key": "k", "channel": "email", "topic": "welcome", "recipient_id": STUDENT, "status": "sent",
        "event": "{}", "attempts": 1, "error": "", "created_at": NOON, "due_at": NOON, "academy_id": FIRST_ACADEMY,
    }),
]  # fmt: skip


async def fill(engine: AsyncEngine, rows: list[tuple[str, dict[str, Any]]]) -> None:
    async with driver(engine) as connection:
        for table, row in rows:
            places = ", ".join(f"${number + 1}" for number in range(len(row)))
            insert = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608 - our own names
            await connection.execute(insert, *row.values())


async def _brought_to_head(postgres: TestPostgres, release: str) -> str:
    name = await postgres.empty()
    await upgrade(postgres.url_of(name), FIRST_RELEASE)
    engine = postgres.engine(name)
    await fill(engine, ROWS)
    if release == SECOND_RELEASE:
        await upgrade(postgres.url_of(name), SECOND_RELEASE)
        await fill(engine, LATER_ROWS)
    await engine.dispose()
    await upgrade(postgres.url_of(name))
    return name


@pytest.fixture(scope="module")
def upgraded(postgres: TestPostgres) -> Iterator[Callable[[str], str]]:
    """The name of a database as a release before left it, and then brought to head: one for all tests, to be copied."""
    made: dict[str, str] = {}
    with ThreadPoolExecutor(1) as thread:

        def of(release: str) -> str:
            if release not in made:
                made[release] = thread.submit(asyncio.run, _brought_to_head(postgres, release)).result()
            return made[release]

        yield of
        for name in made.values():
            thread.submit(asyncio.run, postgres.drop(name)).result()


@pytest.fixture(params=[FIRST_RELEASE, SECOND_RELEASE])
async def school(
    postgres: TestPostgres, upgraded: Callable[[str], str], request: pytest.FixtureRequest
) -> AsyncIterator[AsyncEngine]:
    name = await postgres.clone(upgraded(request.param))
    engine = postgres.engine(name)
    yield engine
    await engine.dispose()
    await postgres.drop(name)


async def test_everything_is_still_there_and_belongs_to_the_first_academy(school: AsyncEngine) -> None:
    async with driver(school) as connection:
        for table in ("users", "qaris", "policies", "bookings", "outbox_events"):
            academies = await connection.fetch(f"SELECT DISTINCT academy_id FROM {table}")  # noqa: S608
            assert [row["academy_id"] for row in academies] == [FIRST_ACADEMY], table
    async with postgres_units(school)() as unit:
        assert (await unit.bookings.get(BookingId(LESSON))).status is Status.CONFIRMED
        assert (await unit.policies.version("booking", 1)) is not None
        assert (await unit.qaris.get(UserId(QARI))).approved


async def test_who_could_book_or_teach_still_can_and_an_applicant_still_waits(school: AsyncEngine) -> None:
    async with postgres_units(school)() as unit:
        states = {
            user_id: (await unit.users.get(UserId(user_id))).onboarding_of(role)
            for user_id, role in ((STUDENT, Role.STUDENT), (QARI, Role.QARI), (APPLICANT, Role.QARI))
        }

    assert states[STUDENT].cleared
    assert (states[QARI], states[APPLICANT]) == (Onboarding.APPROVED, Onboarding.SUBMITTED)


async def test_new_rows_say_whose_they_are_and_addresses_stay_unique(school: AsyncEngine) -> None:
    async with postgres_units(school)() as unit:
        with pytest.raises(Conflict):
            await unit.users.add(a_user(number=40, email=f"STUDENT{STUDENT.int}@example.org"))
    async with postgres_units(school)() as unit:
        await unit.users.add(a_user(number=41))
        await unit.commit()
    async with driver(school) as connection:
        assert await connection.fetchval("SELECT count(*) FROM sessions") == 0  # everybody signs in once again
        defaults = await connection.fetch(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'academy_id' AND column_default IS NOT NULL"
        )
    assert defaults == []


@pytest.mark.parametrize("school", [SECOND_RELEASE], indirect=True)
async def test_what_the_second_release_has_written_is_read_by_the_newest(school: AsyncEngine) -> None:
    async with postgres_units(school)() as unit:
        payment = await unit.payments.get(PaymentId(PAYMENT))
        meeting = await unit.meetings.find(BookingId(LESSON))
        wishes = await unit.preferences.of(UserId(STUDENT))
        payer = await unit.users.get(UserId(STUDENT))
    async with driver(school) as connection:
        delivery = await connection.fetchrow("SELECT provider_ref, unsure FROM deliveries WHERE id = $1", DELIVERY)

    assert (payment.terms.mode, payment.terms.country, payer.country) == (CheckoutMode.HOSTED, "", "")
    assert meeting is not None
    assert (meeting.sealed_room, meeting.slot, meeting.host_id, meeting.attempts) == (b"room", None, None, 0)
    assert (wishes.muted, wishes.by_whatsapp, wishes.without_mail) == (
        frozenset({Group.TIPS}),
        frozenset(),
        frozenset(),
    )
    assert delivery is not None
    assert tuple(delivery) == ("", False)
