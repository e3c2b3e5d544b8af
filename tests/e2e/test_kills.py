"""Everything is killed once, in the middle of bookings and payments. Afterwards nobody can tell. (OPS-14, PAYM-04)"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from domain.identity.permission import Role
from support.crash import PATIENCE_S, PAYERS, Payer, School
from support.system import eventually

pytestmark = pytest.mark.long

PAUSE_S = 1.5
LEASES_S = 150.0
"""Longer than anything that a killed worker had in its hands stays his (two minutes)."""
UNFINISHED = """
    SELECT 'payment', id::text, status FROM payments WHERE status <> 'captured'
     UNION ALL SELECT 'booking', id::text, status FROM bookings WHERE status <> 'confirmed'
     UNION ALL SELECT 'webhook', event_id, status || ' ' || error FROM webhook_events
                WHERE status NOT IN ('processed', 'ignored')
     UNION ALL SELECT 'event', subscriber, error FROM outbox_tasks WHERE done_at IS NULL
     UNION ALL SELECT 'message', topic, status || ' ' || error FROM deliveries
                WHERE status IN ('queued', 'dead') AND due_at < now() + interval '1 hour'
"""
AWAY = {"503", "503 unavailable", "503 gateway_unavailable"}
TOLD_TWICE = """
    SELECT topic, booking_id, recipient_id, count(*) FROM deliveries
     WHERE channel = 'email' AND status = 'sent' AND booking_id IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
SENT = "SELECT count(*) FROM deliveries WHERE channel = 'email' AND status = 'sent'"
CHARGED = "SELECT count(*), count(DISTINCT reference) FROM sandbox.checkouts WHERE status = 'succeeded'"


@pytest.fixture
async def school(tmp_path: Path, password_hash: str) -> AsyncIterator[School]:
    made = School(tmp_path / "school", password_hash)
    await asyncio.to_thread(made.start)
    yield made
    await made.town.close()
    await asyncio.to_thread(made.stop)


async def test_whatever_is_killed_under_load_everybody_is_charged_once_and_told_once(school: School) -> None:
    qari, admin = await school.town.qari(), await school.town.staff(Role.ADMIN)
    students = [await school.town.student(f"Student {number}", zone="UTC") for number in range(PAYERS)]
    payers = [Payer(student, qari, number) for number, student in enumerate(students)]
    going = True
    load = asyncio.gather(*(payer.run(lambda: going) for payer in payers))
    await asyncio.sleep(PAUSE_S)

    kills: tuple[Callable[[], None], ...] = (
        lambda: school.kill_one("main"),
        lambda: school.kill_one("worker"),
        school.kill_valkey,
        school.kill_postgres,
        lambda: school.kill_one("sandbox"),
    )
    for kill in kills:
        kill()
        await asyncio.sleep(PAUSE_S)
    await school.forget()
    await asyncio.sleep(PAUSE_S)
    going = False
    await asyncio.wait_for(load, 2 * PATIENCE_S)

    said = sum((payer.answers for payer in payers), Counter[str]())
    assert set(said) <= {"201", "303", "409 idempotency_in_flight", "torn"} | AWAY, said
    assert said["torn"] + sum(said[code] for code in AWAY) > 0
    await eventually(lambda: school.ask(UNFINISHED), lambda left: not left, within_s=LEASES_S, every_s=0.5)
    paid = sum(len(payer.paid) for payer in payers)
    assert paid >= PAYERS
    assert await school.ask(CHARGED) == [(paid, paid)]
    assert await school.ask("SELECT count(*) FROM payments") == [(paid,)]
    report = await admin.get("/api/v1/ledger/check")
    assert (report["mismatches"], report["unreachable"]) == ([], [])
    # NOTI-13: each message is one file of the mailbox, however often it was tried
    assert await school.ask(TOLD_TWICE) == []
    ((sent,),) = await school.ask(SENT)
    assert 0 < len(list((school.system.folder / "data" / "mail").glob("**/new/*"))) <= sent
