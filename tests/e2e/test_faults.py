"""Providers repeat themselves, lose messages and mix them up; workers die. The path ends right all the same."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.identity.permission import Role
from support.school import a_day_ahead, book_and_pay, hold, mails_to, open_checkout, set_faults, until_status
from support.system import Person, eventually
from support.town import Town

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
async def fair_weather_afterwards(town: Town) -> AsyncIterator[None]:
    yield
    await set_faults(town.system)


async def books_of(admin: Person, payment_ids: list[str]) -> list[str]:
    report = await admin.get("/api/v1/ledger/check")
    return [str(found) for found in report["mismatches"] if any(payment in str(found) for payment in payment_ids)]


async def test_webhooks_doubled_late_and_out_of_order_charge_once_and_tell_once(town: Town) -> None:
    # PAYM-04, PAYM-06, NOTI-13
    qari, admin = await town.qari(), await town.staff(Role.ADMIN)
    students = [await town.student(f"Student {number}") for number in range(5)]
    await set_faults(town.system, duplicate=3, delay_s=0.2, reorder_s=1.5)

    paid = await asyncio.gather(
        *(book_and_pay(one, qari, a_day_ahead(hour=8 + hour)) for hour, one in enumerate(students))
    )

    for student, checkout in zip(students, paid, strict=True):
        await until_status(student, checkout["booking_id"], "confirmed")
    await asyncio.sleep(3)
    for student, checkout in zip(students, paid, strict=True):
        payment = await student.get(f"/api/v1/payments/{checkout['payment_id']}")
        assert (payment["status"], payment["refunded"]["minor"]) == ("captured", 0)
        subjects = [mail["subject"] for mail in await mails_to(admin, student.email)]
        assert len(subjects) == len(set(subjects))
    assert len(await mails_to(admin, qari.email)) == len(students)
    assert await books_of(admin, [checkout["payment_id"] for checkout in paid]) == []


async def test_a_webhook_that_never_comes_is_found_by_asking(town: Town) -> None:
    # PAYM-02: every webhook is lost; the sweep asks the provider
    qari, student = await town.qari(), await town.student()
    await set_faults(town.system, drop_fraction=1.0)

    paid = await book_and_pay(student, qari, a_day_ahead())

    await until_status(student, paid["booking_id"], "confirmed", within_s=150)


async def test_a_worker_killed_in_the_middle_of_payments_loses_nothing(town: Town) -> None:
    # OPS-14, PAYM-04: kill -9 while webhooks, events and mails are under way
    qari, admin = await town.qari(), await town.staff(Role.ADMIN)
    students = [await town.student(f"Student {number}") for number in range(8)]

    paying = [
        asyncio.create_task(book_and_pay(one, qari, a_day_ahead(days=4, hour=6 + hour)))
        for hour, one in enumerate(students)
    ]
    for pause in (0.4, 0.5, 0.6):
        await asyncio.sleep(pause)
        town.system.kill("worker")
    paid = await asyncio.gather(*paying)

    for student, checkout in zip(students, paid, strict=True):
        await until_status(student, checkout["booking_id"], "confirmed", within_s=120)
    await eventually(lambda: mails_to(admin, qari.email), lambda mails: len(mails) == len(students), within_s=120)
    assert await books_of(admin, [checkout["payment_id"] for checkout in paid]) == []


async def test_a_provider_that_loses_its_reply_opens_one_checkout(town: Town) -> None:
    # PAYM-04: the call is repeated under the same key
    qari, student = await town.qari(), await town.student()
    booking = await hold(student, qari, a_day_ahead(days=5))
    await set_faults(town.system, api_failure="lost_reply", api_next=1)

    checkout = await open_checkout(student, booking["id"])

    again = await open_checkout(student, booking["id"])
    assert again["url"] == checkout["url"]
    assert len((await student.get("/api/v1/payments"))["items"]) == 1
