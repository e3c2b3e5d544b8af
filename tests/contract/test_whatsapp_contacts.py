"""Numbers at WhatsApp are kept alike in memory and in PostgreSQL. (NOTI-02)"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import cast

import msgspec
import pytest

from adapters.persistence.unit_of_work import SqlUnit
from domain.booking.events import BookingConfirmed
from domain.errors import StaleWrite
from domain.identity.user import User
from domain.notification.delivery import Channel, Delivery
from domain.notification.preference import Group, Preferences
from domain.notification.topic import Topic
from domain.notification.whatsapp import Contact, Stage, Status, Way
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.news import an_event
from fakes.unit import MemoryStore, MemoryUnit
from ports.notification.whatsapp import Progress
from ports.unit_of_work import UnitOfWork

Units = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
NUMBER = "+923001234567"


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> Units:
    if request.param == "memory":
        store = MemoryStore()
        return lambda: MemoryUnit(store)
    engine, new_id = request.getfixturevalue("database"), SequentialIds()
    return lambda: cast(AbstractAsyncContextManager[UnitOfWork], SqlUnit(engine, lambda _: (), new_id))


async def people(units: Units, count: int = 2) -> list[User]:
    users = [a_user(number=number) for number in range(1, count + 1)]
    async with units() as unit:
        for user in users:
            await unit.users.add(user)
        await unit.commit()
    return users


def a_contact(user: User) -> Contact:
    return Contact(user_id=user.id, number=NUMBER, status=Status.ASKED, wording="I agree.", asked_at=NOON)


async def save(units: Units, contact: Contact) -> Contact:
    async with units() as unit:
        await unit.contacts.save(contact)
        await unit.commit()
    return contact


async def test_a_number_is_kept_as_it_was_and_changes_one_version_at_a_time(units: Units) -> None:
    [user, other] = await people(units)
    first = await save(units, a_contact(user))
    active, _, _ = msgspec.structs.replace(first, tries=2).confirm(Way.CODE, at=NOON)
    active = await save(units, active)
    heard = await save(units, active.heard(at=NOON + timedelta(hours=1)))

    async with units() as unit:
        assert await unit.contacts.of(user.id) == heard
        assert await unit.contacts.of(other.id) is None
        with pytest.raises(StaleWrite):
            await unit.contacts.save(active)
    async with units() as unit:
        with pytest.raises(StaleWrite):
            await unit.contacts.save(first)


async def test_a_family_shares_a_number_and_only_who_has_agreed_is_reached(units: Units) -> None:
    [one, two] = await people(units)
    await save(units, (await save(units, a_contact(one))).confirm(Way.CODE, at=NOON)[0])
    await save(units, a_contact(two))

    async with units() as unit:
        assert {contact.user_id for contact in await unit.contacts.by_number(NUMBER)} == {one.id, two.id}
        assert await unit.contacts.by_number("+15550000000") == []
        assert await unit.contacts.reachable([one.id, two.id]) == {one.id}
        assert await unit.contacts.reachable([]) == frozenset()


async def test_what_was_said_is_kept_in_order(units: Units) -> None:
    [user] = await people(units, 1)
    contact, given, _ = a_contact(user).confirm(Way.CODE, at=NOON)
    _, taken, _ = contact.stop(Way.MESSAGE, at=NOON + timedelta(hours=1))
    async with units() as unit:
        await unit.contacts.note(given)
        await unit.contacts.note(taken)
        await unit.commit()

    async with units() as unit:
        assert await unit.contacts.consents(user.id) == [given, taken]


async def test_progress_never_goes_back(units: Units) -> None:
    [user] = await people(units, 1)
    event = an_event(BookingConfirmed)
    delivery = Delivery.about(event, Topic.LESSON_CONFIRMED, user.id, cause="c", at=NOON, channel=Channel.WHATSAPP)
    news = []
    async with units() as unit:
        await unit.deliveries.add(delivery)
        for stage in (Stage.SENT, Stage.SENT, Stage.READ, Stage.DELIVERED, Stage.FAILED):
            progress = Progress(ref="wamid.1", reference="", stage=stage, at=NOON)
            news.append(await unit.contacts.advance(delivery.id, progress))
        await unit.commit()

    assert news == [True, False, True, False, False]


async def test_ways_are_kept_with_the_other_wishes(units: Units) -> None:
    [user, other] = await people(units)
    wanted = Preferences(
        user_id=user.id,
        by_whatsapp=frozenset({Group.LESSONS, Group.MONEY}),
        without_mail=frozenset({Group.MONEY}),
    )
    async with units() as unit:
        await unit.preferences.save(wanted)
        await unit.commit()

    async with units() as unit:
        assert await unit.preferences.of(user.id) == wanted
        found = await unit.preferences.of_all([user.id, other.id])
    assert found == {user.id: wanted, other.id: Preferences(user_id=other.id)}
