"""What every billing repository promises, in memory and on PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.payments.accounts import Accounts
from adapters.persistence.line import Line
from adapters.persistence.statement import driver
from adapters.system import new_id
from application.billing.process_webhooks import ProcessWebhooks
from application.billing.receive_webhook import ReceiveWebhook
from domain.billing import ledger
from domain.billing.dispute import Dispute
from domain.billing.finding import Finding
from domain.billing.ledger import JournalKind, Outcome
from domain.billing.payment import Payment, PaymentStatus
from domain.billing.refund import RefundStatus
from domain.billing.snapshot import PaymentSnapshot, RefundSnapshot
from domain.billing.webhook_event import LEASE, WebhookEvent, WebhookStatus
from domain.errors import Conflict, NotFound, StaleWrite
from domain.ids import DisputeId, FindingId, JournalId, PaymentId, WebhookId
from domain.money import Money
from fakes.booking import LEARNER, a_booking
from fakes.clock import NOON, FixedClock
from fakes.gateway import FakeGateway
from fakes.till import PAYMENT, Nudges, a_line, a_payment, a_refund
from ports.billing.gateway import CheckoutRequest
from ports.unit_of_work import NewUnit
from support.units import memory_units, postgres_units

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_unit(request: pytest.FixtureRequest) -> NewUnit:
    if request.param == "memory":
        return memory_units()
    return postgres_units(request.getfixturevalue("database"))


def paid(payment: Payment, ref: str = "cs_1") -> Payment:
    snapshot = PaymentSnapshot(
        provider_ref=ref,
        reference=payment.id,
        status="succeeded",
        amount=payment.amount,
        refunded=Money.zero(payment.amount.currency),
        updated_at=NOON,
        charge_ref="ch_1",
    )
    return payment.apply(snapshot, at=NOON)[0]


async def kept(new_unit: NewUnit, *payments: Payment) -> None:
    async with new_unit() as unit:
        for payment in payments:
            await unit.payments.add(payment)
        await unit.commit()


def an_event(number: int = 1, **given: Any) -> WebhookEvent:
    fields: dict[str, Any] = {
        "id": WebhookId(UUID(int=0x3EB + number)),
        "provider": "sandbox",
        "account": "main",
        "event_id": f"evt_{number}",
        "type": "checkout.succeeded",
        "object_ref": "cs_1",
        "raw": b'{\n  "id": "evt_1", "\xff": 1}',
        "occurred_at": NOON,
        "received_at": NOON + number * timedelta(seconds=1),
        "due_at": NOON,
    }
    return WebhookEvent(**(fields | given))


# payments ----------------------------------------------------------------------------------------------------


async def test_a_payment_comes_back_as_it_went(new_unit: NewUnit) -> None:
    first = a_payment(a_line(1), a_line(2, Money(350, "USD")))
    after = paid(first)
    await kept(new_unit, first)

    async with new_unit() as unit:
        assert await unit.payments.get(first.id) == first
        assert await unit.payments.lock(first.id) == first
        await unit.payments.save(after)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.payments.get(first.id) == after
        assert await unit.payments.by_provider_ref("sandbox", "main", "cs_1") == after
        assert await unit.payments.by_provider_ref("sandbox", "other", "cs_1") is None  # PAYM-14
        assert await unit.payments.of_booking(a_line(2).booking_id) == [after]
        assert await unit.payments.of_booking(a_line(3).booking_id) == []


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1250), ("KWD", 3750)])
async def test_amounts_keep_their_exponent(new_unit: NewUnit, currency: str, minor: int) -> None:  # PAYM-22
    payment = a_payment(a_line(1, Money(minor, currency)))
    await kept(new_unit, payment)

    async with new_unit() as unit:
        assert (await unit.payments.get(payment.id)).amount == Money(minor, currency)


async def test_an_unknown_payment_and_one_that_is_known_are_told_apart(new_unit: NewUnit) -> None:
    await kept(new_unit, a_payment())

    async with new_unit() as unit:
        with pytest.raises(NotFound):
            await unit.payments.get(PaymentId(UUID(int=1)))
    async with new_unit() as unit:
        with pytest.raises(Conflict):
            await unit.payments.add(a_payment())


async def test_what_a_provider_tells_of_is_locked_and_kept_at_once(new_unit: NewUnit) -> None:  # PAYM-14
    first, second, third = (a_payment(a_line(number), number=number) for number in (1, 2, 3))
    first = first.open(provider_ref="cs_1", url="")
    third = third.open(provider_ref="cs_3", url="")
    await kept(new_unit, third, first, second)

    async with new_unit() as unit:
        told = await unit.payments.lock_told("sandbox", "main", refs=["cs_1", "cs_9"], ids=[second.id, first.id])
        assert told == [first, second]
        assert await unit.payments.lock_told("sandbox", "other", refs=["cs_1"], ids=[second.id]) == []
        await unit.payments.save(paid(first), paid(second, "cs_2"))
        captured = [
            ledger.captured(each, journal_id=JournalId(UUID(int=number)), at=NOON)
            for number, each in enumerate((first, second, first), start=1)
        ]
        assert await unit.ledger.post(*captured) == 2
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.payments.get(second.id) == paid(second, "cs_2")
        assert await unit.ledger.journal(JournalKind.CAPTURED, second.id) == captured[1]
        with pytest.raises(StaleWrite):
            await unit.payments.save(paid(third, "cs_3"), paid(second, "cs_2"))


async def test_an_older_version_does_not_overwrite_a_newer_one(new_unit: NewUnit) -> None:
    payment = a_payment()
    await kept(new_unit, payment)
    async with new_unit() as unit:
        await unit.payments.save(paid(payment))
        with pytest.raises(StaleWrite):
            await unit.payments.save(payment.open(provider_ref="cs_1", url="https://pay.test"))


async def test_payments_in_doubt_are_asked_for_now_and_then(new_unit: NewUnit) -> None:
    live, settled = a_payment(), a_payment(a_line(2), number=1)
    await kept(new_unit, live, settled)
    refund = a_refund(payment_id=settled.id)
    async with new_unit() as unit:
        await unit.payments.save(paid(settled))
        await unit.commit()

    async def claimed(minutes: int) -> list[PaymentId]:
        async with new_unit() as unit:
            found = await unit.payments.claim_unsettled(now=NOON + minutes * MINUTE, pause=2 * MINUTE, limit=10)
            await unit.commit()
        return [payment.id for payment in found]

    assert await claimed(1) == []
    assert await claimed(2) == [live.id]
    assert await claimed(3) == []
    async with new_unit() as unit:
        await unit.refunds.add(refund)
        await unit.commit()
    assert sorted(await claimed(4)) == [live.id, settled.id]


# refunds -----------------------------------------------------------------------------------------------------


async def test_a_refund_comes_back_as_it_went_and_is_taken_by_one(new_unit: NewUnit) -> None:
    await kept(new_unit, a_payment())
    refund = a_refund()
    async with new_unit() as unit:
        await unit.refunds.add(refund)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.refunds.of_payment(PAYMENT) == [refund]
        (taken,) = await unit.refunds.claim_unsubmitted(now=NOON, lease=LEASE, limit=5)
        assert await unit.refunds.claim_unsubmitted(now=NOON, lease=LEASE, limit=5) == []
        await unit.commit()
    assert taken == refund.submit()

    snapshot = RefundSnapshot(provider_ref="re_1", reference=refund.id, amount=refund.amount, status="succeeded")
    done, _ = taken.apply(snapshot, settles_booking=False, at=NOON)
    async with new_unit() as unit:
        with pytest.raises(StaleWrite):
            await unit.refunds.save(msgspec.structs.replace(done, version=done.version + 1))
    async with new_unit() as unit:
        await unit.refunds.save(done)
        await unit.commit()
    async with new_unit() as unit:
        assert await unit.refunds.get(refund.id) == done
        assert await unit.refunds.claim_unsubmitted(now=NOON + 2 * LEASE, lease=LEASE, limit=5) == []


async def test_a_refund_whose_taker_died_or_postponed_comes_again(new_unit: NewUnit) -> None:
    await kept(new_unit, a_payment())
    async with new_unit() as unit:
        await unit.refunds.add(a_refund())
        await unit.refunds.claim_unsubmitted(now=NOON, lease=LEASE, limit=5)
        await unit.commit()

    async with new_unit() as unit:
        (again,) = await unit.refunds.claim_unsubmitted(now=NOON + LEASE, lease=LEASE, limit=5)
        await unit.refunds.postpone(again.id, due=NOON + timedelta(hours=1))
        assert await unit.refunds.claim_unsubmitted(now=NOON + 59 * MINUTE, lease=LEASE, limit=5) == []
        (third,) = await unit.refunds.claim_unsubmitted(now=NOON + 60 * MINUTE, lease=LEASE, limit=5)

    assert (again.attempts, third.attempts) == (2, 3)
    assert third.status is RefundStatus.SUBMITTED


# the ledger ----------------------------------------------------------------------------------------------------


async def test_a_journal_is_posted_once(new_unit: NewUnit) -> None:  # PAYM-28
    payment = a_payment(a_line(1), a_line(2, Money(350, "USD")))
    journal = ledger.captured(payment, journal_id=JournalId(UUID(int=1)), at=NOON)
    again = ledger.captured(payment, journal_id=JournalId(UUID(int=2)), at=NOON)

    async with new_unit() as unit:
        assert await unit.ledger.post(journal) == 1
        assert await unit.ledger.post(again) == 0
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.ledger.journal(JournalKind.CAPTURED, payment.id) == journal
        assert await unit.ledger.journal(JournalKind.REFUNDED, payment.id) is None


async def test_what_is_left_of_a_lessons_money(new_unit: NewUnit) -> None:
    payment = a_payment(a_line(1), a_line(2, Money(350, "USD")))
    first, second, unknown = a_line(1), a_line(2), a_line(3)
    half = ledger.earned(
        first,
        Money(450, "USD"),
        Money(900, "USD"),
        outcome=Outcome.LATE_CANCEL,
        journal_id=JournalId(UUID(int=2)),
        at=NOON,
    )
    assert half is not None
    async with new_unit() as unit:
        await unit.ledger.post(ledger.captured(payment, journal_id=JournalId(UUID(int=1)), at=NOON))
        await unit.ledger.post(half)
        await unit.commit()

    async with new_unit() as unit:
        left = await unit.ledger.deferred_left([first.booking_id, second.booking_id, unknown.booking_id], "USD")

    assert left == {
        first.booking_id: Money(450, "USD"),
        second.booking_id: Money(350, "USD"),
        unknown.booking_id: Money.zero("USD"),
    }


def a_dispute(payment: Payment, **given: Any) -> Dispute:
    fields: dict[str, Any] = {
        "id": DisputeId(UUID(int=0xD1)),
        "payment_id": payment.id,
        "payer_id": payment.payer_id,
        "provider_ref": "dp_1",
        "amount": Money(900, "USD"),
        "reason": "fraudulent",
        "status": "needs_response",
        "is_open": True,
        "opened_at": NOON,
        "due_by": NOON + timedelta(days=7),
        "is_taken": True,
        "taking": UUID(int=0xD1),
    }
    return Dispute(**(fields | given))


async def test_a_dispute_is_kept_once_and_what_changes_of_it_is_taken_over(new_unit: NewUnit) -> None:  # PAYM-27
    payment = a_payment()
    await kept(new_unit, payment)
    first = a_dispute(payment)
    over = {"status": "won", "is_open": False, "is_taken": False, "due_by": None, "taking": UUID(int=0xD7)}
    later = a_dispute(payment, **over)
    other = a_dispute(payment, id=DisputeId(UUID(int=0xD2)), provider_ref="dp_2", opened_at=NOON + timedelta(days=1))
    async with new_unit() as unit:
        for dispute in (other, first, later):
            await unit.disputes.keep(dispute)
        await unit.commit()

    async with new_unit() as unit:
        assert list(await unit.disputes.of_payment(payment.id)) == [later, other]
        assert list(await unit.disputes.of_payment(PaymentId(UUID(int=1)))) == []


async def test_a_finding_is_kept_until_it_has_gone(new_unit: NewUnit) -> None:  # PAYM-28
    found = Finding(
        id=FindingId(UUID(int=0xF1)),
        source="sandbox/main",
        kind="status_differs",
        subject="p-1",
        message="is paid, sandbox/main says open",
        found_at=NOON,
    )
    explained = found.explain("it was a test", by=LEARNER)
    async with new_unit() as unit:
        await unit.findings.keep(found)
        await unit.findings.keep(explained)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.findings.get(found.id) == explained
        assert list(await unit.findings.of("sandbox/main")) == [explained]
        assert list(await unit.findings.of("books")) == []
        with pytest.raises(NotFound):
            await unit.findings.get(FindingId(UUID(int=0xF2)))


UNBALANCED = """
    WITH j AS (INSERT INTO ledger_journals VALUES ('00000000-0000-0000-0000-000000000009', 'captured',
               '00000000-0000-0000-0000-000000000009', now(), '', (SELECT id FROM academies)) RETURNING *)
    INSERT INTO ledger_entries SELECT id, n, 'provider:x/y', a, 'USD', NULL, academy_id
      FROM j, (VALUES (0, 900), (1, -899)) AS v(n, a)
"""


async def test_the_database_itself_refuses_what_does_not_come_to_zero(database: AsyncEngine) -> None:  # PAYM-28
    async with driver(database) as connection:
        with pytest.raises(asyncpg.CheckViolationError, match="does not come to zero"):
            await connection.execute(UNBALANCED)
        with pytest.raises(asyncpg.CheckViolationError, match="fewer than two"):
            await connection.execute(
                "INSERT INTO ledger_journals "
                "SELECT gen_random_uuid(), 'captured', gen_random_uuid(), now(), '', id FROM academies"
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_journals",
        "TRUNCATE ledger_entries",
    ],
)
async def test_the_database_itself_keeps_the_ledger_as_it_is(database: AsyncEngine, statement: str) -> None:
    new_unit = postgres_units(database)
    async with new_unit() as unit:
        await unit.ledger.post(ledger.captured(a_payment(), journal_id=JournalId(UUID(int=1)), at=NOON))
        await unit.commit()

    async with driver(database) as connection:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only added to"):
            await connection.execute(statement)


# the inbox -----------------------------------------------------------------------------------------------------


async def test_an_event_is_stored_once_for_each_account(new_unit: NewUnit) -> None:  # PAYM-04
    event = an_event()
    async with new_unit() as unit:
        assert await unit.webhooks.add(event) is True
        assert await unit.webhooks.add(msgspec.structs.replace(event, id=an_event(2).id)) is False
        other = an_event(3, event_id="evt_1", account="other")
        assert await unit.webhooks.add(other) is True
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.webhooks.get(event.id) == event  # byte for byte
        with pytest.raises(NotFound):
            await unit.webhooks.get(WebhookId(UUID(int=1)))


async def test_a_claimed_event_is_hidden_until_its_lease_ends(new_unit: NewUnit) -> None:  # PAYM-04
    async with new_unit() as unit:
        await unit.webhooks.add(an_event(1))
        await unit.webhooks.add(an_event(2, object_ref="cs_2"))
        await unit.commit()

    async with new_unit() as unit:
        (first,) = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=1)
        (second,) = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=5)
        assert await unit.webhooks.claim(now=NOON, lease=LEASE, limit=5) == []
        await unit.commit()
    assert first == an_event(1).claim(at=NOON)
    assert second == an_event(2, object_ref="cs_2").claim(at=NOON)

    async with new_unit() as unit:
        await unit.webhooks.save(second.process(at=NOON))
        reclaimed = await unit.webhooks.claim(now=NOON + LEASE, lease=LEASE, limit=5)
        assert [event.attempts for event in reclaimed] == [2]
        with pytest.raises(StaleWrite):
            await unit.webhooks.save(first.process(at=NOON))


async def test_what_waits_about_the_same_object_is_claimed_together(new_unit: NewUnit) -> None:  # PAYM-04
    later = NOON + timedelta(minutes=1)
    async with new_unit() as unit:
        await unit.webhooks.add(an_event(1))
        await unit.webhooks.add(an_event(2, object_ref="cs_2"))
        await unit.webhooks.add(an_event(3, due_at=later))
        await unit.webhooks.add(an_event(4, account="other"))
        await unit.webhooks.add(an_event(5))
        await unit.webhooks.add(an_event(6, object_ref=""))
        await unit.webhooks.add(an_event(7, object_ref=""))
        await unit.commit()

    async with new_unit() as unit:
        claimed = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=1)
        others = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=9)
        await unit.commit()

    assert [event.event_id for event in claimed] == ["evt_1", "evt_5"]
    assert [event.event_id for event in others] == ["evt_2", "evt_4", "evt_6", "evt_7"]


async def test_none_of_several_events_is_saved_when_somebody_else_has_one(new_unit: NewUnit) -> None:
    async with new_unit() as unit:
        await unit.webhooks.add(an_event(1))
        await unit.webhooks.add(an_event(2))
        await unit.commit()
    async with new_unit() as unit:
        first, second = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=2)
        await unit.commit()

    async with new_unit() as unit:
        with pytest.raises(StaleWrite):
            await unit.webhooks.save(first.process(at=NOON), an_event(2, attempts=5).claim(at=NOON).process(at=NOON))
    async with new_unit() as unit:
        assert (await unit.webhooks.get(first.id)).status is WebhookStatus.PROCESSING
        await unit.webhooks.save(first.process(at=NOON), second.process(at=NOON))
        await unit.commit()
    async with new_unit() as unit:
        assert (await unit.webhooks.get(second.id)).status is WebhookStatus.PROCESSED


async def test_a_dead_event_can_be_replayed(new_unit: NewUnit) -> None:
    async with new_unit() as unit:
        await unit.webhooks.add(an_event(attempts=9))
        (claimed,) = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=1)
        dead, _ = claimed.fail("no luck", at=NOON, jitter=0.5)
        await unit.webhooks.save(dead)
        assert await unit.webhooks.claim(now=NOON + timedelta(days=9), lease=LEASE, limit=1) == []
        await unit.webhooks.save((await unit.webhooks.get(dead.id)).replay(at=NOON))
        (again,) = await unit.webhooks.claim(now=NOON, lease=LEASE, limit=1)

    assert (again.status, again.attempts) == (WebhookStatus.PROCESSING, 1)


async def test_fifty_parallel_deliveries_are_worked_on_once(new_unit: NewUnit) -> None:  # PAYM-04
    clock, payment = FixedClock(), a_payment()
    gateway = FakeGateway(clock=clock)
    checkout = await gateway.open_checkout(
        CheckoutRequest(
            reference=payment.id,
            idempotency_key=str(payment.id),
            amount=payment.amount,
            description="Quran lesson",
            payer_email="maryam1@example.org",
            success_url="https://halaqa.test/a",
            cancel_url="https://halaqa.test/b",
            expires_at=payment.expires_at,
            metadata={},
        )
    )
    await kept(new_unit, payment.open(provider_ref=checkout.provider_ref, url=checkout.url))
    gateway.pay(checkout.provider_ref)
    raw, headers = gateway.event("checkout.succeeded", checkout.provider_ref)
    accounts = Accounts([gateway])
    receive = ReceiveWebhook(new_unit, clock, new_id, accounts, Nudges())
    workers = [ProcessWebhooks(new_unit, clock, new_id, accounts, lambda: 0.5) for _ in range(5)]

    fresh = await asyncio.gather(*(receive("sandbox", "main", raw, headers) for _ in range(50)))
    done = await asyncio.gather(*(worker() for worker in workers))

    assert fresh.count(True) == 1
    assert sum(done) == 1
    assert [call for call, _ in gateway.calls].count("fetch") == 1
    async with new_unit() as unit:
        stored = await unit.payments.get(payment.id)
        assert stored.status is PaymentStatus.CAPTURED
        left = await unit.ledger.deferred_left([a_booking().id], "USD")
        assert left == {a_booking().id: Money(900, "USD")}


@pytest.mark.postgres
async def test_a_message_is_taken_in_by_one_statement(  # PAYM-04
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_unit, begun = postgres_units(database), []
    begin = Line.begin

    async def counted(line: Line) -> None:
        begun.append(line)
        await begin(line)

    monkeypatch.setattr(Line, "begin", counted)
    taken = []
    for event in (an_event(1), an_event(2, event_id="evt_1")):
        async with new_unit() as unit:
            taken.append(await unit.commit_message(event))

    assert not begun
    assert taken == [True, False]
    async with new_unit() as unit:
        assert await unit.webhooks.get(an_event(1).id) == an_event(1)
