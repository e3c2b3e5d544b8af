"""What providers tell us: verified, stored once, worked on until it works."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from application.billing.process_webhooks import ProcessWebhooks
from domain.billing.events import PaymentCaptured, WebhookDied
from domain.billing.payment import PaymentStatus
from domain.billing.snapshot import PaymentSnapshot
from domain.billing.webhook_event import LEASE, MAX_ATTEMPTS, WebhookStatus
from domain.errors import IllegalTransition, NotFound, NotPermitted
from domain.money import Money
from fakes.booking import a_booking
from fakes.clock import NOON
from fakes.till import ADMIN, FINANCE, PAYER, Till
from ports.errors import BadSignature, GatewayUnavailable


async def an_inbox() -> tuple[Till, str]:
    """A paid checkout whose webhook has come, and waits."""
    till = Till()
    ref = str((await till.checkout(a_booking())).provider_ref)
    till.gateway.pay(ref)
    await till.webhook("checkout.succeeded", ref, event_id="evt_1")
    return till, ref


async def test_what_comes_is_kept_byte_for_byte_and_the_worker_is_woken() -> None:  # PAYM-03, PAYM-04
    till, ref = await an_inbox()

    raw, _ = till.gateway.event("checkout.succeeded", ref, event_id="evt_1")
    assert till.webhooks[0].raw == raw
    assert till.nudges.heard == ["webhooks"]


async def test_what_comes_twice_is_stored_once_and_wakes_nobody() -> None:  # PAYM-04
    till, ref = await an_inbox()

    assert await till.webhook("checkout.succeeded", ref, event_id="evt_1") is False
    assert len(till.webhooks) == 1
    assert till.nudges.heard == ["webhooks"]


async def test_bytes_that_were_written_anew_do_not_verify() -> None:  # PAYM-03
    till, ref = await an_inbox()
    raw, headers = till.gateway.event("checkout.succeeded", ref)

    with pytest.raises(BadSignature):
        await till.receive_webhook("sandbox", "main", raw.replace(b"  ", b" "), headers)


async def test_a_message_older_than_five_minutes_is_refused() -> None:  # PAYM-03
    till, ref = await an_inbox()
    old = till.clock.now() - timedelta(minutes=6)
    raw, headers = till.gateway.event("checkout.succeeded", ref, at=old)

    with pytest.raises(BadSignature):
        await till.receive_webhook("sandbox", "main", raw, headers)


async def test_the_secret_of_one_endpoint_does_not_open_another() -> None:  # PAYM-07
    till, ref = await an_inbox()
    raw, headers = till.gateway.event("checkout.succeeded", ref)

    with pytest.raises(BadSignature):
        await till.receive_webhook("sandbox", "other", raw, headers)


async def test_an_account_nobody_has_configured_is_not_found() -> None:
    till, ref = await an_inbox()
    raw, headers = till.gateway.event("checkout.succeeded", ref)

    with pytest.raises(NotFound):
        await till.receive_webhook("sandbox", "nobody", raw, headers)


async def three_paid() -> tuple[Till, list[str]]:
    till, refs = Till(), []
    for number in range(3):
        booking = a_booking(number=number + 1, start=NOON + timedelta(days=2 + number))
        refs.append(str((await till.checkout(booking, number=number)).provider_ref))
        till.gateway.pay(refs[-1])
        await till.webhook("checkout.succeeded", refs[-1])
    return till, refs


async def test_messages_that_wait_about_one_payment_are_one_question() -> None:  # PAYM-04
    till, ref = await an_inbox()
    await till.webhook("checkout.processing", ref, event_id="evt_2")

    assert await till.process_webhooks() == 2

    assert [call for call, _ in till.gateway.calls].count("fetch") == 1
    assert {event.status for event in till.webhooks} == {WebhookStatus.PROCESSED}
    assert till.payment().status is PaymentStatus.CAPTURED
    assert len([event for event in till.store.events if isinstance(event, PaymentCaptured)]) == 1


async def test_one_that_cannot_be_settled_keeps_none_of_the_others() -> None:  # PAYM-05
    till, refs = await three_paid()
    wrong = till.gateway._snapshots[refs[1]]
    till.gateway._snapshots[refs[1]] = msgspec.structs.replace(wrong, amount=Money(1, "USD"))

    await till.process_webhooks()

    assert [event.status for event in till.webhooks] == [
        WebhookStatus.PROCESSED,
        WebhookStatus.FAILED,
        WebhookStatus.PROCESSED,
    ]
    assert till.webhooks[1].error.startswith("SnapshotMismatch")
    assert len(till.journals) == 2


async def test_a_database_that_is_away_for_a_moment_keeps_no_message_until_the_lease_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # OPS-14
    till, _ = await an_inbox()
    unit, pauses, failing = till.unit, list[float](), 0

    def away() -> Any:
        nonlocal failing
        failing -= 1
        if failing > 0:
            raise ConnectionError("it is being started")
        return unit()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("application.billing.process_webhooks.asyncio.sleep", pause)
    fetch = till.gateway.fetch

    async def fetched(ref: str) -> PaymentSnapshot:
        nonlocal failing
        failing = 5  # both ways to settle, and two tries to say so
        found: PaymentSnapshot = await fetch(ref)
        return found

    till.gateway.fetch = fetched
    worker = ProcessWebhooks(away, till.clock, till.store.new_id, till.gateways, lambda: 0.5)

    assert await worker() == 1

    assert pauses == [1.0, 2.0]
    assert till.webhooks[0].error.startswith("ConnectionError")
    till.clock.advance(minutes=1)
    till.gateway.fetch = fetch
    assert await worker() == 1
    assert till.payment().status is PaymentStatus.CAPTURED


async def test_an_answer_that_is_slow_keeps_none_of_the_others() -> None:
    till, refs = await three_paid()
    fetch, answers = till.gateway.fetch, asyncio.Event()

    async def slowly(ref: str) -> PaymentSnapshot:
        if ref == refs[1]:
            await answers.wait()
        found: PaymentSnapshot = await fetch(ref)
        return found

    till.gateway.fetch = slowly
    working = asyncio.create_task(till.process_webhooks())
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(till.journals) == 2
    assert till.webhooks[1].status is WebhookStatus.PROCESSING
    answers.set()

    assert await working == 3
    assert len(till.journals) == 3


async def test_two_objects_of_one_payment_are_taken_over_one_after_the_other() -> None:  # PAYM-08
    till, ref = await an_inbox()
    known = till.gateway._snapshots[ref]
    till.gateway._snapshots["ch_1"] = known
    await till.webhook("charge.succeeded", "ch_1")

    assert await till.process_webhooks() == 2

    assert {event.status for event in till.webhooks} == {WebhookStatus.PROCESSED}
    assert len(till.journals) == 1


async def test_a_failure_is_kept_tried_again_and_buried_in_the_end() -> None:  # PAYM-05
    till, _ = await an_inbox()
    till.gateway.down = True

    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert await till.process_webhooks() == 1
        assert till.webhooks[0].attempts == attempt
        assert await till.process_webhooks() == 0  # not before its pause is over
        till.clock.advance(hours=1)

    assert till.webhooks[0].status is WebhookStatus.DEAD
    assert "GatewayUnavailable" in till.webhooks[0].error
    assert len([event for event in till.store.events if isinstance(event, WebhookDied)]) == 1
    assert await till.process_webhooks() == 0


async def test_a_dead_message_is_replayed_by_those_who_may() -> None:  # PAYM-05
    till, _ = await an_inbox()
    till.gateway.down = True
    for _ in range(MAX_ATTEMPTS):
        await till.process_webhooks()
        till.clock.advance(hours=1)
    till.gateway.down = False

    for actor in (PAYER, FINANCE):
        with pytest.raises(NotPermitted):
            await till.replay_webhook(actor, till.webhooks[0].id)
    await till.replay_webhook(ADMIN, till.webhooks[0].id)
    await till.process_webhooks()

    assert till.webhooks[0].status is WebhookStatus.PROCESSED
    assert till.payment().status is PaymentStatus.CAPTURED
    with pytest.raises(IllegalTransition):
        await till.replay_webhook(ADMIN, till.webhooks[0].id)


async def test_what_a_dead_worker_held_is_taken_over_after_the_lease() -> None:  # PAYM-04
    till, _ = await an_inbox()
    async with till.unit() as unit:
        assert len(await unit.webhooks.claim(now=till.clock.now(), lease=LEASE, limit=10)) == 1
        await unit.commit()

    assert await till.process_webhooks() == 0
    till.clock.advance(LEASE)
    assert await till.process_webhooks() == 1

    assert till.webhooks[0].attempts == 2
    assert till.payment().status is PaymentStatus.CAPTURED


async def test_a_message_that_kills_its_workers_is_buried_without_killing_another() -> None:
    till, _ = await an_inbox()
    for _ in range(MAX_ATTEMPTS):
        async with till.unit() as unit:
            await unit.webhooks.claim(now=till.clock.now(), lease=LEASE, limit=10)
            await unit.commit()
        till.clock.advance(LEASE)

    await till.process_webhooks()

    assert till.webhooks[0].status is WebhookStatus.DEAD
    assert till.payment().status is PaymentStatus.OPEN


async def test_a_message_about_nothing_of_ours_is_ignored() -> None:  # PAYM-08
    till = Till()
    await till.webhook("customer.updated", "")

    await till.process_webhooks()

    assert till.webhooks[0].status is WebhookStatus.IGNORED


async def test_what_one_account_says_of_anothers_payment_does_not_count() -> None:  # PAYM-07, PAYM-14
    till, _ = await an_inbox()
    theirs: Any = till.gateways.get("sandbox", "other")
    request = next(iter(till.gateway.requests.values()))
    checkout = await theirs.open_checkout(request)
    theirs.pay(checkout.provider_ref)
    raw, headers = theirs.event("checkout.succeeded", checkout.provider_ref, event_id="evt_theirs")
    await till.receive_webhook("sandbox", "other", raw, headers)
    del till.store.shelf("webhooks")[till.webhooks[0].id]

    await till.process_webhooks()

    assert till.webhooks[0].status is WebhookStatus.IGNORED
    assert till.payment().status is PaymentStatus.OPEN


async def test_a_webhook_may_overtake_the_answer_to_our_own_call() -> None:
    till, booking = Till(), a_booking()
    till.gateway.lose_replies = 1
    with pytest.raises(GatewayUnavailable):
        await till.checkout(booking)
    ref = next(iter(till.gateway.requests))
    till.gateway.pay(ref)

    await till.webhook("checkout.succeeded", ref)
    await till.process_webhooks()

    assert till.payment().provider_ref == ref
    assert till.payment().status is PaymentStatus.CAPTURED


async def test_who_was_overtaken_cannot_write_any_more() -> None:
    till, _ = await an_inbox()
    async with till.unit() as unit:
        (slow,) = await unit.webhooks.claim(now=till.clock.now(), lease=LEASE, limit=1)
        await unit.commit()
    till.clock.advance(LEASE)
    await till.process_webhooks()

    worker: Any = ProcessWebhooks(till.unit, till.clock, till.store.new_id, till.gateways, lambda: 0.5)
    await worker._fail(slow, "came back from the dead")

    assert till.webhooks[0].status is WebhookStatus.PROCESSED
