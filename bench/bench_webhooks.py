"""What a webhook costs until the lesson it pays for stands: ``python bench/bench_webhooks.py``. Loopback, 90 s at most.

Each payment has two messages ("processing", "succeeded"), each of them comes three times, all of them shuffled. The
clock runs from the first one sent until the last lesson is confirmed. In turns:

* ``ours``: the door takes in, the worker asks the provider and settles, the relay confirms the lesson.
* ``bare``: ``bare_webhooks.py``, all of it in the transaction of the message, and nobody asked.
* ``django``: ``django_webhooks.py``, dj-stripe on two processes of gunicorn; its messages are Stripe's. Nothing of a
  school behind it, so its clock ends with the last answer. ``requirements/bench.txt`` goes to ``.venv-bench``, once.

Provider for ours and Django is ``provider.py``. It answers at once, which says what the receivers cost; and, in rows of
their own, after ``BENCH_DELAY_MS`` (50): that is what receivers have to live with, as a real provider is asked over the
Internet and takes 50 to 300 ms. dj-stripe asks in the request and in its transaction, each of its eight threads waits
for one answer; our worker asks about as many payments as it has claimed, and nobody waits in the request. The goal of
20 times counts for that row. At once it cannot be had here: it would be as many events as the bare server stores.
"""

import asyncio
import hashlib
import hmac
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import httpx
import msgspec
from load import _one, post
from provider import PRICE, checkout, intent
from report import finish
from servers import HERE, door_settings, processor_s, server
from uuid_utils.compat import uuid7

from adapters.payments.sandbox import signing
from domain.billing.payment import CheckoutTerms, Payment, PaymentLine
from domain.identity.permission import Role
from domain.ids import BookingId, PaymentId
from domain.money import Money
from domain.time import TimeSlot
from entrypoints.settings import load as load_settings
from fakes.booking import LEARNER, a_booking
from fakes.identity import a_user
from fakes.scheduling import QARI, a_calendar, a_qari, weekly
from support.postgres import TestPostgres, shared_server
from support.system import free_port
from support.units import postgres_units
from support.valkey import throwaway_valkey

CONNECTIONS: Final = 8
ROUNDS: Final = int(os.environ.get("BENCH_ROUNDS", "3"))
PAYMENTS: Final = int(os.environ.get("BENCH_PAYMENTS", "80"))
OF_DJANGO: Final = max(4, PAYMENTS // 8)
DELAY_MS: Final = int(os.environ.get("BENCH_DELAY_MS", "50"))
FAR: Final = f", provider {DELAY_MS} ms away"
LONGEST_S: Final = 15.0
LAST_ROUND_S: Final = 60.0
"""No round begins later than this after the script, but for the two that it takes to say anything."""
VENV: Final = HERE.parent / ".venv-bench"
LOCK: Final = HERE.parent / "requirements" / "bench.txt"
SECRETS: Final = load_settings().sandbox_webhook_secrets
_LEFT: Final = """
    SELECT (SELECT count(*) FROM webhook_events WHERE status <> 'processed'),
           (SELECT count(*) FROM bookings WHERE status <> 'confirmed' AND id = ANY($1))
"""
BEGAN: Final = perf_counter()
_numbers = count()
Batch = Sequence[tuple[UUID, UUID]]


class Missing(Exception):
    """What the comparison needs cannot be had here."""


async def school(database: TestPostgres, name: str) -> None:
    engine = database.engine(name)
    async with postgres_units(engine)() as unit:
        await unit.users.add(a_user(id=LEARNER, email="learner@example.org"))
        await unit.users.add(a_user(id=QARI, email="qari@example.org", roles=frozenset({Role.QARI})))
        await unit.qaris.add(a_qari())
        await unit.availability.save(a_calendar(rules=weekly(("00:00", "24:00"))))
        await unit.commit()
    await engine.dispose()


async def unpaid(database: TestPostgres, name: str, how_many: int) -> Batch:
    """Lessons that wait for their money, each with a checkout."""
    engine, made = database.engine(name), []
    now = datetime.now(UTC).replace(microsecond=0)
    terms = CheckoutTerms(description="Quran lesson", payer_email="", success_url="", cancel_url="")
    async with postgres_units(engine)() as unit:
        for _ in range(how_many):
            start = now.replace(minute=0, second=0) + timedelta(days=2, minutes=30 * next(_numbers))
            booking_id, payment_id, ends = BookingId(uuid7()), PaymentId(uuid7()), now + timedelta(hours=1)
            lesson = a_booking(id=booking_id, slot=TimeSlot.lasting(start, 30), created_at=now, hold_expires_at=ends)
            line = PaymentLine(booking_id=booking_id, learner_id=LEARNER, qari_id=QARI, amount=Money(PRICE, "USD"),
                               commission_percent=20)  # fmt: skip
            payment = Payment.create(payment_id, payer_id=LEARNER, provider="sandbox", account="school", lines=(line,),
                                     terms=terms, at=now, expires_at=ends)  # fmt: skip
            assert await unit.bookings.hold(lesson)
            await unit.payments.add(payment.open(provider_ref=f"cs_{payment_id.hex}", url=""))
            made.append((payment_id, booking_id))
        await unit.commit()
    await engine.dispose()
    return made


def shuffled(messages: list[bytes]) -> list[bytes]:
    thrice = messages * 3
    random.shuffle(thrice)
    return thrice


def of_sandbox(batch: Batch) -> list[bytes]:
    made, now = [], datetime.now(UTC)
    for payment, _ in batch:
        paid = checkout(f"cs_{payment.hex}")
        for status in ("processing", "succeeded"):
            told = {"id": f"evt_{uuid7().hex}", "type": f"checkout.{status}", "account": "school", "created_at": now}
            raw = msgspec.json.encode(told | {"data": {"object": paid | {"status": status}}})
            header = signing.sign(raw, SECRETS, int(now.timestamp()))
            made.append(post("/webhooks/sandbox/school", raw, **{signing.HEADER: header}))
    return shuffled(made)


def of_stripe(how_many: int) -> list[bytes]:
    made, at = [], int(time.time())
    for _ in range(how_many):
        paid = intent(f"pi_{uuid7().hex}")
        for status in ("processing", "succeeded"):
            told = {"id": f"evt_{uuid7().hex}", "object": "event", "api_version": "2026-05-27.dahlia", "created": at,
                    "livemode": False, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
                    "type": f"payment_intent.{status}", "data": {"object": paid | {"status": status}}}  # fmt: skip
            raw = msgspec.json.encode(told)
            digest = hmac.new(b"whsec_of_a_benchmark", f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
            header = {"Stripe-Signature": f"t={at},v1={digest}"}
            made.append(post("/stripe/webhook/01980000-0000-7000-8000-00000000dddd/", raw, **header))
    return shuffled(made)


async def deliver(port: int, messages: list[bytes]) -> int:
    """What is answered with an error comes again, as a provider does it; how often that was."""
    waiting, again = messages[::-1], 0

    async def one() -> None:
        nonlocal again
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            message = waiting.pop()
            status = await _one(reader, writer, message)
            if status != 200:
                again += 1
                if status < 500 or again > 2 * len(messages):
                    raise RuntimeError(f"a message was answered {status}")
                waiting.insert(0, message)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return again


async def move(provider: int, delay_ms: int) -> None:
    """So far away is the provider from now on."""
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.get(f"http://127.0.0.1:{provider}/delay/{delay_ms}")).raise_for_status()


async def until_confirmed(watch: Any, batch: Batch) -> float:
    """When the last message was worked on; that the lessons are confirmed may come later."""
    settled = 0.0
    lessons, end = [booking for _, booking in batch], perf_counter() + LONGEST_S
    while True:
        messages, waiting = await watch.fetchrow(_LEFT, lessons)
        if not messages and not settled:
            settled = perf_counter()
        if not messages and not waiting:
            return settled
        if perf_counter() > end:
            raise RuntimeError(f"{waiting} lessons, {messages} messages were still waiting after {LONGEST_S:g} s")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def watched(url: str) -> AsyncIterator[Any]:
    one = await asyncpg.connect(plain(url))
    try:
        yield one
    finally:
        await one.close()


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")


class Timed:
    """Rounds of one receiver: events a second until lessons are confirmed and until payments are settled, processor
    time of its processes.
    """

    def __init__(self, *ports: int) -> None:
        self._ports = ports
        self.rates: list[float] = []
        self.settled: list[float] = []
        self.processor: list[float] = []
        self._before = (0.0, 0.0)

    def begin(self) -> None:
        self._before = perf_counter(), self._used()

    def end(self, events: int, settled: float = 0.0) -> None:
        began, used = self._before
        self.settled.append(events / ((settled or perf_counter()) - began))
        self.rates.append(events / (perf_counter() - began))
        self.processor.append((self._used() - used) / events)

    def _used(self) -> float:
        return sum(processor_s(port) for port in self._ports)

    def rate(self) -> float:
        """The first round was for warming up."""
        return statistics.median(self.rates[1:])

    def processor_ms(self) -> float:
        return statistics.median(self.processor[1:]) * 1000


@contextmanager
def django(folder: Path, database: str, provider: str) -> Iterator[int]:
    """Raises Missing where it cannot be had."""
    python = environment()
    port, said = free_port(), folder / "django.log"
    environ = os.environ | {"DJ_DATABASE": plain(database), "DJ_PROVIDER": provider, "PYTHONPATH": str(HERE)}
    steps = [str(python), str(HERE / "django_webhooks.py")]
    try:
        subprocess.run(steps, env=environ, capture_output=True, text=True, timeout=40, check=True)
    except subprocess.CalledProcessError as error:
        raise Missing("its tables could not be made: " + " ".join(error.stderr.split())[-200:]) from error
    except subprocess.TimeoutExpired as error:
        raise Missing("its tables were not made within 40 seconds") from error
    command = [str(python), "-m", "gunicorn", "--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{port}",
               "--log-level", "error", "django_webhooks:application"]  # fmt: skip
    with said.open("wb") as out:
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT, cwd=folder)
    try:
        for _ in range(150):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=1, trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise Missing(f"it did not start: {said.read_text()[-200:]}")
        yield port
    finally:
        process.terminate()
        process.wait(15)


def environment() -> Path:
    """The interpreter of ``.venv-bench``, which holds what its lock says."""
    python, ready = VENV / "bin" / "python", VENV / ".ready"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if ready.is_file() and ready.read_text() == wanted:
        return python
    steps = [[sys.executable, "-m", "venv", str(VENV)],
             [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes",
              "-r", str(LOCK)]]  # fmt: skip
    for step in steps:
        try:
            subprocess.run(step, capture_output=True, text=True, timeout=120, check=True)
        except subprocess.CalledProcessError as error:
            raise Missing("its packages could not be installed: " + " ".join(error.stderr.split())[-160:]) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"its packages could not be installed: {error}") from error
    ready.write_text(wanted)
    return python


async def measure(database: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    names = {"ours": await database.clone(), "bare": await database.clone(), "django": await database.empty()}
    urls = {kind: database.url_of(name) for kind, name in names.items()}
    for kind in ("ours", "bare"):
        await school(database, names[kind])
    figures: dict[str, float] = {}
    with ExitStack() as running:
        provider = running.enter_context(server("provider", "provider.py", folder=folder, settings={}))
        settings = door_settings(folder, urls["ours"], redis) | {
            "HALAQA_SANDBOX_URL": f"http://127.0.0.1:{provider}",
        }
        main = running.enter_context(server("main", "doors.py", "main", folder=folder, settings=settings))
        worker = running.enter_context(server("worker", "webhook_worker.py", folder=folder, settings=settings))
        async with watched(urls["ours"]) as ours, watched(urls["bare"]) as bare_watch:
            first = await unpaid(database, names["ours"], 3)
            await deliver(main, of_sandbox(first))
            await until_confirmed(ours, first)
            beside = {
                "BARE_DATABASE": plain(urls["bare"]),
                "BARE_SAMPLE": plain(urls["ours"]),
                "BARE_SECRET": SECRETS[0],
            }
            bare = running.enter_context(server("bare", "bare_webhooks.py", folder=folder, settings=beside))
            dj = _django_or_why(running, folder, urls["django"], f"http://127.0.0.1:{provider}")
            kinds = {"bare": (bare, bare_watch, Timed(bare)), "ours": (main, ours, Timed(main, worker))}
            far, of_django, far_django, again = Timed(main, worker), Timed(), Timed(), 0

            async def one_round(kind: str, port: int, watch: Any, timed: Timed) -> None:
                batch = await unpaid(database, names[kind], PAYMENTS)
                messages = of_sandbox(batch)
                timed.begin()
                await deliver(port, messages)
                timed.end(2 * PAYMENTS, await until_confirmed(watch, batch))

            async def django_round(timed: Timed) -> int:
                if dj is None:
                    return 0
                messages = of_stripe(OF_DJANGO)
                timed.begin()
                refused = await deliver(dj, messages)
                timed.end(2 * OF_DJANGO)
                return refused

            for round_ in range(ROUNDS + 1):
                if round_ > 1 and perf_counter() - BEGAN > LAST_ROUND_S:
                    break
                for kind, (port, watch, timed) in kinds.items():
                    await one_round(kind, port, watch, timed)
                again += await django_round(of_django)
                await move(provider, DELAY_MS)
                await one_round("ours", main, ours, far)
                again += await django_round(far_django)
                await move(provider, 0)
    for name in names.values():
        await database.drop(name)
    mine, plainly = kinds["ours"][2], kinds["bare"][2]
    figures["rounds"] = len(mine.rates) - 1
    figures["bare, events/s"], figures["ours, events/s"] = plainly.rate(), mine.rate()
    figures["ours until settled, events/s"] = statistics.median(mine.settled[1:])
    figures["settled / bare"] = _ratio(plainly.settled, mine.settled)
    figures["confirmed / bare"] = _ratio(plainly.rates, mine.rates)
    figures["bare, ms of processor time an event"] = plainly.processor_ms()
    figures["ours, ms of processor time an event"] = mine.processor_ms()
    figures[f"ours{FAR}, events/s"] = far.rate()
    if dj is not None:
        figures["Django with dj-stripe, events/s"] = of_django.rate()
        figures[f"Django with dj-stripe{FAR}, events/s"] = far_django.rate()
        figures["Django with dj-stripe, answered with an error"] = again
        figures["ours, in events/s of Django with dj-stripe"] = _ratio(mine.rates, of_django.rates)
        figures[f"ours, in events/s of Django{FAR}"] = _ratio(far.rates, far_django.rates)
    return figures


def _ratio(some: list[float], others: list[float]) -> float:
    """The median over the rounds but the first."""
    return statistics.median(one / other for one, other in zip(some[1:], others[1:], strict=True))


def _django_or_why(running: ExitStack, folder: Path, database: str, provider: str) -> int | None:
    try:
        return running.enter_context(django(folder, database, provider))
    except Missing as why:
        print(f"Django with dj-stripe: not measured, {why}")
        return None


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder)))
    finish("webhooks", figures)


if __name__ == "__main__":
    main()
