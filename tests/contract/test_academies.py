"""Two academies in one PostgreSQL: what they share by design, and what they never do. (ADM-10)"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.messaging.email.maildir import MaildirMailbox, folder_of_academy
from adapters.persistence.billing.ledger_queries import SqlLedgerQueries
from adapters.persistence.identity.academies import SqlAcademyQueries
from domain.billing.webhook_event import LEASE, WebhookEvent
from domain.booking.policy import BOOKING_POLICY, PolicyRow
from domain.errors import NotFound, StaleWrite
from domain.identity.academy import Academy, Host, HostTaken
from domain.identity.permission import Audience
from domain.identity.user import EmailTaken
from domain.ids import AcademyId, WebhookId
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.till import a_payment
from ports.academy import FIRST_ACADEMY, within
from ports.notification.mail import Mail
from ports.unit_of_work import NewUnit
from support.units import postgres_units

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
LAHORE = Academy(
    id=AcademyId(UUID(int=77)),
    name="Lahore",
    hosts=(Host("b.example.org", Audience.MAIN), Host("a.example.org", Audience.MAIN)),
    created_at=NOON,
)


@pytest.fixture
async def units(database: AsyncEngine) -> NewUnit:
    new_unit = postgres_units(database)
    async with new_unit() as unit:
        await unit.academies.add(LAHORE)
        await unit.commit()
    return new_unit


async def test_academies_come_back_as_they_went_hosts_in_order(units: NewUnit, database: AsyncEngine) -> None:
    async with units() as unit:
        assert await unit.academies.get(LAHORE.id) == LAHORE
        renamed = LAHORE.renamed("Lahore and around").serving(LAHORE.hosts[:1])
        with pytest.raises(StaleWrite):
            await unit.academies.save(renamed)
        with pytest.raises(NotFound):
            await unit.academies.get(AcademyId(UUID(int=78)))
        await unit.academies.save(LAHORE.serving(LAHORE.hosts[::-1]))
        await unit.commit()

    found = await SqlAcademyQueries(database).all()

    assert {academy.id for academy in found} == {FIRST_ACADEMY, LAHORE.id}
    [lahore] = [academy for academy in found if academy.id == LAHORE.id]
    assert [host.name for host in lahore.hosts] == ["a.example.org", "b.example.org"]


async def test_a_host_has_one_academy_behind_each_door(units: NewUnit) -> None:
    async with units() as unit:
        other = Academy(id=AcademyId(UUID(int=79)), name="Other", hosts=LAHORE.hosts[:1], created_at=NOON)
        with pytest.raises(HostTaken):
            await unit.academies.add(other)
    async with units() as unit:
        await unit.academies.add(
            Academy(
                id=AcademyId(UUID(int=79)), name="O", hosts=(Host("b.example.org", Audience.ADMIN),), created_at=NOON
            )
        )
        await unit.commit()


async def test_one_address_may_have_an_account_in_each_academy(units: NewUnit) -> None:
    async with units() as unit:
        await unit.users.add(a_user(number=1, email="maryam@example.org"))
        await unit.commit()
    with within(LAHORE.id):
        async with units() as unit:
            assert await unit.users.by_email("maryam@example.org") is None
            await unit.users.add(a_user(number=2, email="Maryam@example.org"))
            await unit.commit()
        async with units() as unit:
            with pytest.raises(EmailTaken):
                await unit.users.add(a_user(number=3, email="maryam@example.org"))


async def test_each_academy_has_versions_of_its_own_rules(units: NewUnit) -> None:
    rules = PolicyRow(kind=BOOKING_POLICY, version=1, body="{}", effective_from=NOON, created_by=None)
    for academy in (FIRST_ACADEMY, LAHORE.id):
        with within(academy):
            async with units() as unit:
                assert await unit.policies.current(BOOKING_POLICY, NOON) is None
                await unit.policies.add(rules)
                await unit.commit()


# Academies that share an account with a provider ------------------------------------------------------------------


def told_of(object_ref: str, **given: Any) -> WebhookEvent:
    fields: dict[str, Any] = {
        "id": WebhookId(UUID(int=0x3EB)),
        "provider": "sandbox",
        "account": "main",
        "event_id": "evt_1",
        "type": "checkout.succeeded",
        "object_ref": object_ref,
        "raw": b"{}",
        "occurred_at": NOON,
        "received_at": NOON,
        "due_at": NOON,
    }
    return WebhookEvent(**(fields | given))


async def pay_in_lahore(units: NewUnit, provider_ref: str | None) -> Any:
    payment = a_payment()
    if provider_ref is not None:
        payment = payment.open(provider_ref=provider_ref, url="https://pay.example/1")
    with within(LAHORE.id):
        async with units() as unit:
            await unit.payments.add(payment)
            await unit.commit()
    return payment


async def claimed(units: NewUnit, academy: AcademyId) -> list[WebhookEvent]:
    with within(academy):
        async with units() as unit:
            found = list(await unit.webhooks.claim(now=NOON, lease=LEASE, limit=10))
            await unit.commit()
    return found


async def test_a_message_goes_to_the_academy_whose_payment_it_is_about(units: NewUnit) -> None:  # PAYM-04
    await pay_in_lahore(units, "cs_lahore")

    async with units() as unit:
        assert await unit.webhooks.add(told_of("cs_lahore")) is True
        assert await unit.webhooks.add(told_of("cs_lahore", id=WebhookId(UUID(int=4)))) is False
        await unit.commit()

    assert await claimed(units, FIRST_ACADEMY) == []
    assert [event.event_id for event in await claimed(units, LAHORE.id)] == ["evt_1"]


async def test_a_message_that_came_before_its_payment_was_known_is_handed_over(units: NewUnit) -> None:
    async with units() as unit:
        await unit.webhooks.add(told_of("cs_lahore"))
        await unit.commit()
    [event] = await claimed(units, FIRST_ACADEMY)
    payment = await pay_in_lahore(units, None)

    async with units() as unit:
        assert await unit.webhooks.hand_over(event, None, now=NOON) is False
        assert await unit.webhooks.hand_over(event, payment.id, now=NOON) is True
        await unit.commit()

    assert await claimed(units, FIRST_ACADEMY) == []
    assert len(await claimed(units, LAHORE.id)) == 1


async def test_a_payment_of_the_other_academy_is_known_but_not_ours(units: NewUnit, database: AsyncEngine) -> None:
    await pay_in_lahore(units, "cs_lahore")

    [known] = await SqlLedgerQueries(database).known("sandbox", "main")

    assert (known.provider_ref, known.elsewhere) == ("cs_lahore", True)


async def test_each_academy_reads_its_own_mail(tmp_path: Path) -> None:
    def mailbox() -> MaildirMailbox:
        return MaildirMailbox(folder_of_academy(tmp_path), sender_name="School", sender_address="school@example.org")

    mail = Mail(
        message_id="1@example.org", to_name="A", to_address="a@example.org", subject="Hello", text="t", html="h"
    )
    with within(LAHORE.id):
        await mailbox().send(mail, at=NOON + timedelta(seconds=1))
        [there] = (await mailbox().newest()).items

    assert (await mailbox().newest()).items == []
    with pytest.raises(NotFound):
        await mailbox().read(there.id)
