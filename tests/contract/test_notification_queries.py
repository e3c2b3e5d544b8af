"""What messages and feeds read of PostgreSQL."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.notification.queries import SqlNotificationQueries
from adapters.persistence.oversight.queries import SqlOversightQueries
from adapters.persistence.unit_of_work import SqlUnit
from domain.booking.booking import Booking
from domain.booking.events import BookingCancelled
from domain.identity.actor import Party
from domain.ids import BookingId, PaymentId, SeriesId, UserId
from domain.money import Money
from domain.notification.delivery import Delivery
from domain.notification.topic import Topic
from domain.time import TimeSlot
from fakes.booking import LEARNER, a_booking, a_confirmed
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.news import an_event
from fakes.scheduling import QARI

PAYMENT = PaymentId(UUID(int=77))


@pytest.fixture
def unit(database: AsyncEngine) -> SqlUnit:
    return SqlUnit(database, lambda _: ("somebody",), SequentialIds(500))


@pytest.fixture
async def queries(database: AsyncEngine) -> SqlNotificationQueries:
    async with SqlUnit(database, lambda _: (), SequentialIds()) as unit:
        await unit.users.add(a_user(id=LEARNER, email="amina@example.org", name="Amina", zone="Europe/London"))
        await unit.users.add(a_user(id=QARI, email="bilal@example.org", name="Bilal", zone="Asia/Karachi"))
        await unit.commit()
    return SqlNotificationQueries(database)


async def keep(unit: SqlUnit, *lessons: Booking) -> None:
    async with unit:
        for lesson in lessons:
            assert await unit.bookings.hold(lesson)
        await unit.commit()


def week(number: int, **given: object) -> Booking:
    return a_confirmed(number=number, start=NOON + timedelta(weeks=number), **given)


async def test_a_person_is_read_with_zone_and_language(queries: SqlNotificationQueries) -> None:
    person = await queries.person(LEARNER)

    assert person is not None
    assert (person.name, person.email, person.zone, person.locale) == (
        "Amina",
        "amina@example.org",
        "Europe/London",
        "en",
    )
    assert await queries.person(UserId(UUID(int=404))) is None


async def test_a_lesson_is_read_with_both_sides(queries: SqlNotificationQueries, unit: SqlUnit) -> None:
    booking = a_confirmed()
    await keep(unit, booking)

    lesson = await queries.lesson(booking.id)

    assert lesson is not None
    assert (lesson.learner.name, lesson.qari.name, lesson.qari.zone) == ("Amina", "Bilal", "Asia/Karachi")
    assert (lesson.starts_at, lesson.ends_at, lesson.price) == (booking.slot.start, booking.slot.end, Money(900, "USD"))
    assert (lesson.status, lesson.sequence, lesson.payer_id) == ("confirmed", 0, LEARNER)
    assert await queries.lesson(BookingId(UUID(int=404))) is None


async def test_lessons_of_a_payment_come_in_order_of_time(queries: SqlNotificationQueries, unit: SqlUnit) -> None:
    await keep(unit, week(2), week(1))

    lessons = await queries.lessons([week(2).id, week(1).id, BookingId(UUID(int=404))])

    assert [lesson.booking_id for lesson in lessons] == [week(1).id, week(2).id]


async def test_only_confirmed_lessons_inside_the_window_are_starting(
    queries: SqlNotificationQueries, unit: SqlUnit
) -> None:
    await keep(unit, week(1), week(2), a_booking(number=3, start=NOON + timedelta(days=8)))

    starting = await queries.starting(TimeSlot(NOON, NOON + timedelta(days=10)))

    assert [lesson.booking_id for lesson in starting] == [week(1).id]


async def test_the_calendar_shows_what_was_confirmed_and_marks_what_is_cancelled(
    queries: SqlNotificationQueries, unit: SqlUnit
) -> None:
    cancelled, _ = week(2).cancel(by=Party.LEARNER, reason="", refund=Money(900, "USD"), at=NOON)
    given_up, _ = a_booking(number=3, start=NOON + timedelta(weeks=3)).cancel(
        by=Party.LEARNER, reason="", refund=Money(0, "USD"), at=NOON
    )
    await keep(unit, week(1), week(2), a_booking(number=3, start=NOON + timedelta(weeks=3)))
    async with SqlUnit(unit._engine, lambda _: (), SequentialIds()) as second:
        await second.bookings.save(cancelled)
        await second.bookings.save(given_up)
        await second.commit()

    for reader in (LEARNER, QARI):
        calendar = await queries.calendar_of(reader, since=NOON)
        assert [(x.booking_id, x.status, x.sequence) for x in calendar] == [
            (week(1).id, "confirmed", 0),
            (week(2).id, "cancelled", 1),
        ]
    assert await queries.calendar_of(UserId(UUID(int=404)), since=NOON) == []
    assert len(await queries.calendar_of(LEARNER, since=NOON + timedelta(days=10))) == 1


async def test_lessons_without_a_payment_have_a_series_too(queries: SqlNotificationQueries) -> None:
    assert await queries.confirmed_of_series(SeriesId(UUID(int=1)), PAYMENT) == []
    assert await queries.confirmed_of_series(SeriesId(UUID(int=1)), None) == []


async def test_deliveries_are_listed_a_page_at_a_time(queries: SqlNotificationQueries, unit: SqlUnit) -> None:
    event = an_event(BookingCancelled)
    async with unit:
        for number in range(3):
            at = NOON + timedelta(minutes=number)
            await unit.deliveries.add(Delivery.about(event, Topic.LESSON_CANCELLED, LEARNER, cause=f"{number}", at=at))
        await unit.commit()

    first = await queries.deliveries(limit=2)
    second = await queries.deliveries(limit=2, cursor=first.next_cursor)

    assert [row.created_at.minute for row in (*first.items, *second.items)] == [2, 1, 0]
    assert (await queries.deliveries(status="dead")).items == []


async def test_the_backlog_counts_what_waits_and_what_is_stuck(database: AsyncEngine, unit: SqlUnit) -> None:
    oversight = SqlOversightQueries(database)
    async with unit:
        unit.record(an_event(BookingCancelled), an_event(BookingCancelled), an_event(BookingCancelled))
        await unit.commit()
    async with SqlUnit(database, lambda _: (), SequentialIds()) as second:
        tasks = await second.outbox.claim(now=NOON, lease=timedelta(minutes=1), limit=2)
        for task in tasks:
            await second.outbox.bury(task.event_id, task.subscriber, at=NOON, error="RuntimeError: boom")
        await second.commit()

    outbox, messages = await oversight.backlogs(NOON)
    first = await oversight.dead_tasks(limit=1)
    rest = await oversight.dead_tasks(limit=1, cursor=first.next_cursor)

    assert (outbox.queue, outbox.waiting, outbox.dead, outbox.oldest_due_at) == ("outbox", 1, 2, NOON)
    assert (messages.queue, messages.waiting, messages.dead) == ("deliveries", 0, 0)
    assert {task.event_id for page in (first, rest) for task in page.items} == {task.event_id for task in tasks}
    assert rest.next_cursor is None
    assert first.items[0].event_type == "booking.cancelled"
