"""Money on PostgreSQL, from the checkout to the books: what screens show, and what the check of the ledger finds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.http import webhooks
from adapters.http.api import billing, billing_staff
from adapters.http.idempotency import Once
from adapters.persistence.billing.earning_queries import SqlEarningQueries
from adapters.persistence.billing.ledger_queries import SqlLedgerQueries
from adapters.persistence.billing.payment_queries import SqlPaymentQueries
from adapters.persistence.billing.webhook_queries import SqlWebhookQueries
from adapters.persistence.statement import driver
from adapters.system import new_id
from application.billing.request_refund import RequestRefundCommand
from application.billing.see_money import (
    ListMyPayments,
    ListPayments,
    ListWebhooks,
    SeeMyEarnings,
    SeePayment,
    SeeWebhook,
)
from application.billing.verify_ledger import VerifyLedger
from domain.billing.payment import PaymentStatus
from domain.booking.booking import Booking
from domain.identity.permission import Audience, Role
from domain.ids import BookingId, RefundId, UserId
from domain.money import Money
from fakes.booking import LEARNER, a_booking
from fakes.clock import NOON
from fakes.http import ADMIN_TOKEN, QARI_TOKEN, STUDENT_TOKEN, an_app, bearer, person, provided
from fakes.idempotency import MemoryIdempotency
from fakes.identity import a_user
from fakes.scheduling import QARI, a_qari
from fakes.till import ADMIN, PAYER, Till, subscribers
from ports.billing.queries import EarningTotal, PaymentFilter
from support.units import postgres_units

STUDENT = person(Audience.MAIN, Role.STUDENT).user_id
TEACHER = person(Audience.MAIN, Role.QARI).user_id


class School(Till):
    """Lessons, payers and money in PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(postgres_units(engine, subscribers))
        self.engine = engine
        self.payments = SqlPaymentQueries(engine)
        self.inbox = SqlWebhookQueries(engine)
        self.earnings = SqlEarningQueries(engine)
        self.verify_ledger = VerifyLedger(SqlLedgerQueries(engine), self.gateways, self.clock)

    async def people(self, *ids: UserId) -> None:
        async with self.unit() as unit:
            for number, user_id in enumerate(ids):
                await unit.users.add(a_user(id=user_id, number=number + 1, name=f"Person {number + 1}"))
            for qari_id in {QARI, TEACHER} & set(ids):
                await unit.qaris.add(a_qari(user_id=qari_id))
            await unit.commit()

    async def held(self, *bookings: Booking) -> None:
        async with self.unit() as unit:
            for booking in bookings:
                assert await unit.bookings.hold(booking)
            await unit.commit()

    async def lesson(self, booking_id: BookingId) -> Booking:
        async with self.unit() as unit:
            return await unit.bookings.get(booking_id)

    async def ended(self, booking_id: BookingId) -> None:
        booking = await self.lesson(booking_id)
        self.clock.set(booking.slot.end)
        completed, told = booking.complete(at=self.clock.now())
        async with self.unit() as unit:
            await unit.bookings.save(completed)
            unit.record(told)
            await unit.commit()
        await self.relay()


@pytest.fixture
async def school(database: AsyncEngine) -> School:
    school = School(database)
    await school.people(LEARNER, QARI, ADMIN.user_id)
    return school


def kinds(report: Any) -> list[str]:
    return [mismatch.kind for mismatch in report.mismatches]


async def test_a_payer_sees_his_payment_and_its_receipt(school: School) -> None:  # PAYM-16, PAYM-17
    booking = a_booking()
    await school.held(booking)
    payment = await school.paid(booking)

    page = await school.payments.of_payer(LEARNER)
    receipt = await SeePayment(school.payments)(PAYER, payment.id)

    assert [view.payment_id for view in page.items] == [payment.id]
    assert receipt == page.items[0]
    assert receipt.status is PaymentStatus.CAPTURED
    assert receipt.refundable == receipt.amount == Money(900, "USD")
    (line,) = receipt.lines
    assert (line.booking_id, line.starts_at, line.qari_name) == (booking.id, booking.slot.start, "Person 2")
    assert line.booking_status == "confirmed"
    assert (await school.payments.of_payer(QARI)).items == []


async def test_lists_come_in_pages_and_can_be_narrowed(school: School) -> None:
    for number in range(3):
        booking = a_booking(number=number + 1, start=NOON + timedelta(days=2 + number))
        await school.held(booking)
        await school.checkout(booking, number=number)
        school.clock.advance(minutes=1)
    first = await school.payments.search(PaymentFilter(), limit=2)
    second = await school.payments.search(PaymentFilter(), limit=2, cursor=first.next_cursor)

    assert [view.payment_id.int & 0xF for view in [*first.items, *second.items]] == [2, 1, 0]
    assert second.next_cursor is None
    for wanted, found in (
        (PaymentFilter(status=PaymentStatus.CAPTURED), 0),
        (PaymentFilter(status=PaymentStatus.OPEN, currency="USD", provider="sandbox", account="main"), 3),
        (PaymentFilter(payer="person 1"), 3),
        (PaymentFilter(payer="100%"), 0),
        (PaymentFilter(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=2)), 1),
    ):
        assert len((await school.payments.search(wanted)).items) == found


async def test_a_qari_sees_what_he_will_earn_and_what_he_has_earned(school: School) -> None:  # EARN-01
    lessons = [a_booking(number=n + 1, start=NOON + timedelta(days=2 + n)) for n in range(2)]
    await school.held(*lessons)
    for number, lesson in enumerate(lessons):
        payment = await school.checkout(lesson, number=number)
        school.gateway.pay(str(payment.provider_ref))
        await school.webhook("checkout.succeeded", str(payment.provider_ref))
    await school.work()
    await school.ended(lessons[0].id)

    page = await school.earnings.lines(QARI)
    totals = await school.earnings.totals(QARI)

    assert [(line.booking_id, line.status, line.amount) for line in page.items] == [
        (lessons[1].id, "expected", Money(720, "USD")),
        (lessons[0].id, "earned", Money(720, "USD")),
    ]
    assert totals == [
        EarningTotal(status="earned", lessons=1, amount=Money(720, "USD")),
        EarningTotal(status="expected", lessons=1, amount=Money(720, "USD")),
    ]
    assert (await school.earnings.lines(LEARNER)).items == []


async def test_the_books_agree_after_everything_that_can_happen(school: School) -> None:  # PAYM-28
    lessons = [a_booking(number=n + 1, start=NOON + timedelta(days=2 + n)) for n in range(3)]
    await school.held(*lessons)
    for number, lesson in enumerate(lessons):
        payment = await school.checkout(lesson, number=number)
        school.gateway.pay(str(payment.provider_ref))
        await school.webhook("checkout.succeeded", str(payment.provider_ref))
    await school.work()
    await school.ended(lessons[0].id)
    last = (await school.payments.of_payer(LEARNER)).items[0]
    command = RequestRefundCommand(
        refund_id=RefundId(UUID(int=9)), payment_id=last.payment_id, reason="ill", amount=Money(300, "USD")
    )
    await school.request_refund(ADMIN, command)
    await school.work()
    school.clock.advance(hours=1)

    report = await school.verify_ledger(None)

    assert report.mismatches == []
    assert report.is_clean
    assert report.providers_asked == ["sandbox/main", "sandbox/other"]
    assert report.journals == 5
    assert sum(found.balance.minor for found in report.balances) == 0
    assert {found.group: found.balance.minor for found in report.balances} == {
        "provider:sandbox/main": 2400,
        "deferred": -1500,
        "qaris": -720,
        "income:commission": -180,
    }


async def test_what_does_not_agree_is_named(school: School) -> None:  # PAYM-28
    first, second = a_booking(), a_booking(number=2, start=NOON + timedelta(days=3))
    await school.held(first, second)
    await school.paid(first)
    unheard = await school.checkout(second, number=1)
    school.gateway.pay(str(unheard.provider_ref))
    school.clock.advance(hours=1)
    assert kinds(await school.verify_ledger(None)) == ["status_differs"]

    async with driver(school.engine) as connection:
        await connection.execute("UPDATE payments SET captured_at = now() WHERE id = $1", unheard.id)
        await connection.execute("UPDATE bookings SET price_minor = 901 WHERE id = $1", first.id)
        await connection.execute("UPDATE payments SET refunded_minor = 5 WHERE id <> $1", unheard.id)
    found = kinds(await school.verify_ledger(None))
    assert set(found) >= {"payment_not_in_ledger", "lesson_price_differs", "payment_refunds_differ", "refunded_differs"}

    school.gateway.down = True
    report = await school.verify_ledger(None)
    assert report.unreachable == ["sandbox/main"]
    assert not report.is_clean


async def test_money_that_only_the_provider_knows_of_is_named(school: School) -> None:
    booking = a_booking()
    await school.held(booking)
    payment = await school.checkout(booking)
    request = msgspec.structs.replace(
        school.gateway.requests[str(payment.provider_ref)], idempotency_key="another", reference=UUID(int=4)
    )
    stray = await school.gateway.open_checkout(request)
    school.gateway.pay(stray.provider_ref)
    school.clock.advance(hours=1)

    assert [(m.kind, m.subject) for m in (await school.verify_ledger(None)).mismatches] == [
        ("unknown_to_us", stray.provider_ref)
    ]


# over HTTP -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def house(database: AsyncEngine) -> School:
    house = School(database)
    await house.people(STUDENT, TEACHER, person(Audience.ADMIN, Role.ADMIN).user_id)
    await house.held(a_booking(learner_id=STUDENT, qari_id=TEACHER))
    return house


@pytest.fixture
async def main(house: School) -> AsyncIterator[httpx.AsyncClient]:
    once = Once(MemoryIdempotency(), house.clock, new_id)
    app = an_app(
        [*billing.CONTROLLERS_MAIN, *webhooks.CONTROLLERS_MAIN],
        dependencies={
            "once": provided(once),
            "start_checkout": provided(house.start_checkout),
            "list_my_payments": provided(ListMyPayments(house.payments)),
            "see_payment": provided(SeePayment(house.payments)),
            "see_my_earnings": provided(SeeMyEarnings(house.earnings)),
            "receive_webhook": provided(house.receive_webhook),
        },
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast(Any, app)), base_url="http://testserver.local"
    ) as client:
        yield client


@pytest.fixture
async def admin(house: School) -> AsyncIterator[httpx.AsyncClient]:
    once = Once(MemoryIdempotency(), house.clock, new_id)
    app = an_app(
        billing_staff.CONTROLLERS_ADMIN,
        audience=Audience.ADMIN,
        dependencies={
            "once": provided(once),
            "list_payments": provided(ListPayments(house.payments)),
            "see_payment": provided(SeePayment(house.payments)),
            "request_refund": provided(house.request_refund),
            "list_webhooks": provided(ListWebhooks(house.inbox)),
            "see_webhook": provided(SeeWebhook(house.inbox)),
            "replay_webhook": provided(house.replay_webhook),
            "verify_ledger": provided(house.verify_ledger),
        },
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast(Any, app)), base_url="http://testserver.local"
    ) as client:
        yield client


async def opened(main: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await main.post(
        "/api/v1/checkouts",
        json={"booking_id": str(a_booking().id)},
        headers={**bearer(STUDENT_TOKEN), **headers},
    )


async def test_a_checkout_over_http_is_one_however_often_it_is_asked_for(main: httpx.AsyncClient) -> None:  # API-07
    first = await opened(main, **{"Idempotency-Key": "k1"})
    second = await opened(main, **{"Idempotency-Key": "k1"})
    third = await opened(main)

    assert first.status_code == 201, first.text
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert third.json()["payment_id"] == first.json()["payment_id"]
    assert first.json()["amount"] == {"minor": 900, "currency": "USD"}


async def test_who_may_not_pay_is_told_so(main: httpx.AsyncClient) -> None:
    body = {"booking_id": str(a_booking().id)}

    assert (await main.post("/api/v1/checkouts", json=body)).status_code == 401
    assert (await main.post("/api/v1/checkouts", json=body, headers=bearer(QARI_TOKEN))).status_code == 403
    neither = await main.post("/api/v1/checkouts", json={}, headers=bearer(STUDENT_TOKEN))
    assert (neither.status_code, neither.json()["code"]) == (422, "invalid")


async def test_webhooks_are_taken_in_as_they_come(main: httpx.AsyncClient, house: School) -> None:  # PAYM-03, PAYM-05
    payment_id = (await opened(main)).json()["payment_id"]
    ref = next(iter(house.gateway.requests))
    house.gateway.pay(ref)
    raw, headers = house.gateway.event("checkout.succeeded", ref)
    path = "/webhooks/sandbox/main"

    assert (await main.post(path, content=raw, headers=headers)).json() == {"received": True, "duplicate": False}
    assert (await main.post(path, content=raw, headers=headers)).json() == {"received": True, "duplicate": True}
    rewritten = await main.post(path, content=msgspec.json.encode(msgspec.json.decode(raw)), headers=headers)
    assert (rewritten.status_code, rewritten.json()["code"]) == (400, "bad_signature")
    assert (await main.post(path, content=raw)).status_code == 400
    assert (await main.post("/webhooks/sandbox/nobody", content=raw, headers=headers)).status_code == 404
    # whatever it says it is, nothing parses it first, and no form's proof is asked of it
    form = {**headers, "content-type": "application/x-www-form-urlencoded"}
    assert (await main.post(path, content=raw, headers=form)).status_code == 200

    await house.work()
    seen = await main.get(f"/api/v1/payments/{payment_id}", headers=bearer(STUDENT_TOKEN))
    assert seen.json()["status"] == "captured"
    assert seen.json()["lines"][0]["booking_status"] == "confirmed"
    earned = (await main.get("/api/v1/my/earnings", headers=bearer(QARI_TOKEN))).json()
    assert [(line["status"], line["amount"]["minor"]) for line in earned["items"]] == [("expected", 720)]
    mine = (await main.get("/api/v1/payments", headers=bearer(STUDENT_TOKEN))).json()
    assert [payment["payment_id"] for payment in mine["items"]] == [payment_id]


async def test_what_cannot_be_stored_is_not_acknowledged(
    main: httpx.AsyncClient, house: School, monkeypatch: pytest.MonkeyPatch
) -> None:  # PAYM-05
    raw, headers = house.gateway.event("customer.updated", "")

    async def broken(*_: Any) -> bool:
        raise OSError("the disk is full")

    monkeypatch.setattr("adapters.persistence.billing.inbox.SqlWebhooks.add", broken)

    assert (await main.post("/webhooks/sandbox/main", content=raw, headers=headers)).status_code >= 500


async def test_staff_see_refund_replay_and_check(
    main: httpx.AsyncClient, admin: httpx.AsyncClient, house: School
) -> None:  # REF-02
    payment_id = (await opened(main)).json()["payment_id"]
    ref = next(iter(house.gateway.requests))
    house.gateway.pay(ref)
    raw, headers = house.gateway.event("checkout.succeeded", ref)
    await main.post("/webhooks/sandbox/main", content=raw, headers=headers)
    await house.work()
    staff = bearer(ADMIN_TOKEN)

    found = (await admin.get("/api/v1/payments?status=captured&payer=person", headers=staff)).json()
    assert [item["payment"]["payment_id"] for item in found["items"]] == [payment_id]
    assert found["items"][0]["refundable"]["minor"] == 900

    path = f"/api/v1/payments/{payment_id}/refunds"
    too_much = await admin.post(
        path, json={"reason": "ill", "amount": {"minor": 901, "currency": "USD"}}, headers=staff
    )
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    keyed = {**staff, "Idempotency-Key": "r1"}
    made = await admin.post(path, json={"reason": "ill", "amount": {"minor": 400, "currency": "USD"}}, headers=keyed)
    assert made.status_code == 201, made.text
    assert made.json()["refunds"][0]["status"] == "requested"
    again = await admin.post(path, json={"reason": "ill"}, headers=staff)
    assert (again.status_code, again.json()["code"]) == (409, "refund_under_way")
    await house.work()
    one = (await admin.get(f"/api/v1/payments/{payment_id}", headers=staff)).json()
    assert one["payment"]["status"] == "partially_refunded"

    inbox = (await admin.get("/api/v1/webhooks", headers=staff)).json()["items"]
    assert [(event["status"], event["payment_id"]) for event in inbox] == [("processed", payment_id)]
    detail = await admin.get(f"/api/v1/webhooks/{inbox[0]['webhook_id']}", headers=staff)
    assert detail.json()["raw"] == raw.decode()
    replayed = await admin.post(f"/api/v1/webhooks/{inbox[0]['webhook_id']}/replay", headers=staff)
    assert (replayed.status_code, replayed.json()["code"]) == (409, "illegal_transition")
    assert (await admin.get("/api/v1/webhooks?status=dead", headers=staff)).json()["items"] == []

    house.clock.advance(hours=1)
    check = (await admin.get("/api/v1/ledger/check", headers=staff)).json()
    assert (check["clean"], check["mismatches"]) == (True, [])
