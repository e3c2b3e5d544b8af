"""Makes the whole demo school in one transaction, and lets the sandbox provider remember its side of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

import asyncpg
import httpx
import msgspec

from adapters.passwords import ArgonHasher
from adapters.payments.sandbox.gateway import SandboxGateway
from adapters.persistence.cipher import FernetCipher
from adapters.persistence.engine import new_engine
from adapters.persistence.statement import driver
from application.billing.start_checkout import request_of
from entrypoints.sandbox import in_process_provider
from entrypoints.seed.accounts import PASSWORD
from entrypoints.seed.applicants import applicants
from entrypoints.seed.family import clearances, family, pupils
from entrypoints.seed.lessons import Chronicle
from entrypoints.seed.people import Census, Ids
from entrypoints.seed.store import Store
from entrypoints.seed.till import Till
from entrypoints.seed.timetable import Timetable
from entrypoints.settings import Settings
from ports.academy import FIRST_ACADEMY, current_academy

LOCK: Final = 0x68616C617161
AT_ONCE: Final = 10_000
Say = Callable[[str], object]


class NotEmpty(Exception):
    """The school has people in it already."""


class Planted(msgspec.Struct, frozen=True):
    qaris: int
    students: int
    lessons: int
    payments: int
    refunds: int


async def plant(settings: Settings, *, number: int, say: Say) -> Planted:
    """In the academy at hand, all or nothing. The same ``number`` on the same day gives it the same school. Raises
    NotEmpty.
    """
    engine = new_engine(settings.database_url, pool_size=2, name="halaqa-seed")
    try:
        async with driver(engine) as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            if await connection.fetchval("SELECT EXISTS (SELECT FROM users WHERE academy_id = $1)", current_academy()):
                raise NotEmpty("there are people in the school already")
            planted = await _plant(settings, connection, number, say)
        async with driver(engine) as connection:
            await connection.execute("ANALYZE")
    finally:
        await engine.dispose()
    return planted


async def _plant(settings: Settings, connection: "asyncpg.Connection[Any]", number: int, say: Say) -> Planted:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    random = Random(_school(number, now))  # noqa: S311 - the same school every time is what we want
    ids, store = Ids(random), Store(connection)
    say("people")
    people = Census(random, ids, now, await ArgonHasher().hash(PASSWORD)).people()
    await store.people(people)
    await store.applications(applicants(ids, now, people, FernetCipher(settings.encryption_keys)))
    home = family(ids, now, people)
    await store.family(home, clearances(ids, now, people, people.staff[0].id))
    say("lessons")
    till = Till(random, ids, settings.sandbox_accounts[0], settings.main_url)
    chronicle = Chronicle(random, ids, till, now, settings.sandbox_url)
    for course in Timetable(random, now).courses(people, pupils(home)):
        chronicle.tell(course)
    await store.lessons(chronicle.series, chronicle.bookings)
    say("payments")
    async with in_process_provider(settings) as client:
        await _open_for_real(settings, client, till)
        back = [refund for refunds in till.refunds.values() for refund in refunds]
        await store.money(list(till.payments.values()), back, till.journals)
        say("the provider's books")
        await _remember(settings, client, till)
    return Planted(
        qaris=len(people.teachers),
        students=len(people.students),
        lessons=len(chronicle.bookings),
        payments=len(till.payments),
        refunds=len(back),
    )


def _school(number: int, now: datetime) -> str:
    """Two academies share a database, and a row of one is never a row of the other."""
    academy = current_academy()
    return f"{number} {now.date()}" + ("" if academy == FIRST_ACADEMY else f" {academy}")


async def _open_for_real(settings: Settings, client: httpx.AsyncClient, till: Till) -> None:
    for payment in [payment for payment in till.payments.values() if payment.provider_ref is None]:
        gateway = SandboxGateway(
            settings.sandbox_url,
            settings.sandbox_secret_key,
            settings.sandbox_webhook_secrets,
            payment.account,
            client,
        )
        checkout = await gateway.open_checkout(request_of(payment))
        till.payments[payment.id] = payment.open(provider_ref=checkout.provider_ref, url=checkout.url)


async def _remember(settings: Settings, client: httpx.AsyncClient, till: Till) -> None:
    past = till.remembered()
    headers = {"authorization": f"Bearer {settings.sandbox_secret_key}", "content-type": "application/json"}
    for start in range(0, len(past), AT_ONCE):
        body = msgspec.json.encode(past[start : start + AT_ONCE])
        answer = await client.post("/control/import", content=body, headers=headers)
        answer.raise_for_status()
