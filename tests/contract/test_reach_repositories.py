"""Browsers, dead addresses and what became of a message are kept alike in memory and in PostgreSQL. (NOTI-01…03)"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import cast
from uuid import UUID

import msgspec
import pytest

from adapters.persistence.unit_of_work import SqlUnit
from domain.booking.events import BookingCancelled
from domain.errors import StaleWrite
from domain.ids import BrowserId, UserId
from domain.notification.bounce import DeadAddress
from domain.notification.delivery import Channel, Delivery, Status
from domain.notification.push import Browser
from domain.notification.topic import Topic
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.news import an_event
from fakes.unit import MemoryStore, MemoryUnit
from ports.unit_of_work import UnitOfWork

Units = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
ONE, OTHER = a_user(number=1).id, a_user(number=2).id


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> Units:
    store = MemoryStore()
    engine = request.getfixturevalue("database") if request.param == "postgres" else None
    ids = SequentialIds()

    def new() -> AbstractAsyncContextManager[UnitOfWork]:
        unit = MemoryUnit(store) if engine is None else SqlUnit(engine, lambda _: (), ids)
        return cast("AbstractAsyncContextManager[UnitOfWork]", unit)

    return new


@pytest.fixture(autouse=True)
async def people(units: Units) -> None:
    async with units() as unit:
        for user in (a_user(number=1), a_user(number=2)):
            await unit.users.add(user)
        await unit.commit()


def browser(number: int, who: UserId = ONE, fingerprint: bytes = b"") -> Browser:
    return Browser(
        id=BrowserId(UUID(int=number)),
        user_id=who,
        fingerprint=fingerprint or bytes([number]),
        sealed=bytes([number, 1]),
        label=f"b{number}",
        created_at=NOON + timedelta(minutes=number),
    )


async def test_browsers_are_listed_from_the_oldest_and_change_hands(units: Units) -> None:
    async with units() as unit:
        for one in (browser(2), browser(1), browser(3, OTHER)):
            await unit.browsers.put(one)
        await unit.browsers.put(browser(4, OTHER, fingerprint=bytes([1])))
        await unit.commit()

    async with units() as unit:
        assert [one.label for one in await unit.browsers.of(ONE)] == ["b2"]
        theirs = await unit.browsers.of(OTHER)
        assert [(one.id.int, one.label) for one in theirs] == [(3, "b3"), (1, "b4")]
        assert await unit.browsers.owners_among([ONE]) == {ONE}
        assert await unit.browsers.owners_among([]) == frozenset()
        assert not await unit.browsers.remove(BrowserId(UUID(int=2)), user_id=OTHER)
        assert await unit.browsers.remove(BrowserId(UUID(int=2)), user_id=ONE)
        assert await unit.browsers.remove(BrowserId(UUID(int=3)))
        assert await unit.browsers.owners_among([ONE, OTHER]) == {OTHER}
        await unit.commit()


async def test_a_dead_address_is_new_once(units: Units) -> None:
    dead = DeadAddress(user_id=ONE, address="Amina@example.org", code="5.1.1", why="gone", at=NOON)
    async with units() as unit:
        assert await unit.dead_addresses.put(dead)
        assert not await unit.dead_addresses.put(msgspec.structs.replace(dead, address="amina@example.org", code="550"))
        assert await unit.dead_addresses.of(ONE) == dead
        other = msgspec.structs.replace(dead, address="new@example.org")
        assert await unit.dead_addresses.put(other)
        assert await unit.dead_addresses.of(ONE) == other
        assert await unit.dead_addresses.remove(ONE)
        assert not await unit.dead_addresses.remove(ONE)
        await unit.commit()


async def test_a_message_that_was_sent_can_be_replaced_by_mail_once(units: Units) -> None:
    event = an_event(BookingCancelled)
    made = Delivery.about(event, Topic.LESSON_CANCELLED, ONE, cause="e:1", at=NOON, channel=Channel.WHATSAPP)
    async with units() as unit:
        await unit.deliveries.add(made)
        (claimed,) = await unit.deliveries.claim(now=NOON, lease=timedelta(minutes=2), limit=5)
        await unit.deliveries.save(claimed.trying())
        assert (await unit.deliveries.get(made.id)).unsure
        sent = claimed.trying().sent(at=NOON, provider_ref="wamid.1")
        await unit.deliveries.save(sent)
        kept = await unit.deliveries.get(made.id)
        assert (kept.provider_ref, kept.unsure, kept.status) == ("wamid.1", False, Status.SENT)
        await unit.deliveries.save(kept.replaced(why="131026"))
        assert await unit.deliveries.add(kept.as_mail(at=NOON))
        assert not await unit.deliveries.add(kept.as_mail(at=NOON))
        with pytest.raises(StaleWrite):
            await unit.deliveries.save(sent)
        await unit.commit()
