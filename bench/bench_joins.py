"""200 live classes begin in the same minute: ``python bench/bench_joins.py``. About a minute. (OPS-02)

Each class has its Qari and five learners. All 1,200 press "join" once within fifteen seconds, each on a connection of
his own and at a moment of his own, and a second time all at once. Nobody's room exists before: the first of a class has
it made, while the others of his class ask as well. Everybody has to end in the room of his class and nobody in
another's, only the Qari leads, each press is noted once, and each class has one meeting. Loopback only; the rooms are
Jitsi's, which calls nobody. Rooms are all there is to measure: sound and picture never pass through the product.
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import asyncpg
import jwt
import msgspec
from load import post
from people import tokens_of
from report import finish
from servers import door_settings, processor_s, server

from domain.identity.permission import Role
from domain.ids import GroupClassId, OccurrenceId, UserId
from domain.scheduling.group_class import GroupClass, Member, Occurrence
from domain.scheduling.subject import Subject
from domain.time import TimeSlot
from fakes.identity import a_user
from fakes.scheduling import a_calendar, a_qari
from support.postgres import TestPostgres, shared_server
from support.units import postgres_units
from support.valkey import throwaway_valkey

CLASSES: Final = 200
WARMING: Final = 10
"""Classes that began before, at a door that has just been opened: they are not measured."""
LEARNERS: Final = 5
MINUTE_S: Final = 15.0
"""A quarter of the minute: everybody in a hurry."""
SECRET: Final = "of the benchmark alone, long enough"  # noqa: S105 - of nobody
_KEPT: Final = """
    SELECT (SELECT count(*) FROM meetings) AS meetings, (SELECT count(DISTINCT booking_id) FROM meetings) AS classes,
           (SELECT count(*) FROM meeting_clicks) AS clicks
"""


class Guest(NamedTuple):
    user_id: UserId
    lesson: OccurrenceId
    leads: bool
    token: str


async def settle(database: TestPostgres, name: str) -> list[Guest]:
    """Classes that begin in five minutes: their doors are open."""
    now = datetime.now(UTC).replace(microsecond=0)
    slot = TimeSlot.lasting(now + timedelta(minutes=5), 45)
    engine = database.engine(name)
    new_unit, numbers = postgres_units(engine), iter(range(1, (WARMING + CLASSES) * (LEARNERS + 1) + 1))
    qaris: list[tuple[UserId, OccurrenceId]] = []
    learners: list[tuple[UserId, OccurrenceId]] = []

    async with new_unit() as unit:
        for number in range(WARMING + CLASSES):
            qari = await _person(unit, next(numbers), Role.QARI)
            await unit.qaris.add(a_qari(user_id=qari, name=f"Qari {number}"))
            await unit.availability.save(a_calendar(qari_id=qari))
            it = GroupClass(
                id=GroupClassId(UUID(int=0x0198_0000_0000_7000_A000_0000_0000_0000 + number)),
                qari_id=qari,
                title=f"Class {number}",
                subject=Subject.TAJWID,
                zone="UTC",
                first_date=slot.start.date(),
                wall=slot.start.time(),
                weekdays=(slot.start.weekday(),),
                weeks=1,
                minutes=45,
                capacity=LEARNERS,
                created_at=now,
            )
            lesson = OccurrenceId(UUID(int=0x0198_0000_0000_7000_B000_0000_0000_0000 + number))
            assert await unit.classes.add(it)
            await unit.classes.save(it.open())
            await unit.classes.plan([Occurrence(id=lesson, class_id=it.id, qari_id=qari, index=0, slot=slot)])
            qaris.append((qari, lesson))
            for _ in range(LEARNERS):
                learner = await _person(unit, next(numbers), Role.STUDENT)
                member = Member(class_id=it.id, learner_id=learner, payer_id=learner, added_by=qari, added_at=now)
                assert await unit.classes.join(member)
                learners.append((learner, lesson))
        await unit.commit()
    guests = []
    for people, role in ((qaris, Role.QARI), (learners, Role.STUDENT)):
        tokens = await tokens_of(new_unit, [user_id for user_id, _ in people], role)
        guests += [Guest(who, lesson, role is Role.QARI, tokens[who]) for who, lesson in people]
    await engine.dispose()
    connection: asyncpg.Connection[Any] = await asyncpg.connect(plain(database.url_of(name)))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return guests


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")


async def _person(unit: Any, number: int, role: Role) -> UserId:
    user = a_user(id=UserId(UUID(int=number)), email=f"guest{number}@example.org", roles=frozenset({role}))
    await unit.users.add(user)
    return user.id


class Pressed(NamedTuple):
    guest: Guest
    status: int
    took_s: float
    entry: Mapping[str, Any]


async def press(port: int, guest: Guest) -> Pressed:
    """As a program of his does it: a connection, a request, the address of his room."""
    request = post(f"/api/v1/classes/times/{guest.lesson}/join", b"", guest.token, Content_Length="0")
    began = perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        at = lowered.index(b"content-length:") + 15
        body = await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))
        status = int(head[9:12])
        return Pressed(guest, status, perf_counter() - began, msgspec.json.decode(body) if body else {})
    finally:
        writer.close()


async def over_the_minute(port: int, guests: list[Guest]) -> list[Pressed]:
    moments = random.Random(7)

    async def one(guest: Guest) -> Pressed:
        await asyncio.sleep(moments.uniform(0, MINUTE_S))
        return await press(port, guest)

    return await asyncio.gather(*(one(guest) for guest in guests))


def check(found: list[Pressed], classes: int) -> None:
    """Raises RuntimeError unless everybody is in the room of his class, and no class in another's."""
    said = Counter(each.status for each in found)
    if set(said) != {200}:
        raise RuntimeError(f"answers {dict(said)}: {next(each.entry for each in found if each.status != 200)}")
    rooms: dict[OccurrenceId, set[str]] = {}
    for guest, _, _, entry in found:
        address, _, token = entry["url"].partition("?jwt=")
        told = jwt.decode(token, SECRET, algorithms=["HS256"], audience="jitsi", options={"verify_nbf": False})
        leads = told["context"]["user"]["affiliation"] == "owner"
        if leads != guest.leads or entry["leads"] != guest.leads or not address.endswith("/" + told["room"]):
            raise RuntimeError(f"somebody was given another's place: {entry}")
        rooms.setdefault(guest.lesson, set()).add(told["room"])
    if any(len(each) != 1 for each in rooms.values()) or len(set().union(*rooms.values())) != classes:
        raise RuntimeError("a class met in two rooms, or two classes in one")


def p95_ms(found: list[Pressed]) -> float:
    took = sorted(each.took_s for each in found)
    return took[int(len(took) * 0.95)] * 1000


async def measure(database: TestPostgres, redis: str, folder: Path) -> dict[str, float]:
    name = await database.clone()
    everybody = await settle(database, name)
    early = set(sorted({guest.lesson for guest in everybody})[:WARMING])
    guests = [guest for guest in everybody if guest.lesson not in early]
    url = database.url_of(name)
    settings = door_settings(folder, url, redis) | {
        "HALAQA_JITSI_URL": "https://meet.example.org",
        "HALAQA_JITSI_APP_ID": "bench",
        "HALAQA_JITSI_SECRET": SECRET,
    }
    with server("live", "doors.py", "live", folder=folder, settings=settings) as port:
        warm = [await press(port, guest) for guest in everybody if guest.lesson in early]
        warm += await asyncio.gather(*(press(port, each.guest) for each in warm))
        check(warm, WARMING)
        before = processor_s(port)
        first = await over_the_minute(port, guests)
        used = processor_s(port) - before
        check(first, CLASSES)
        began = perf_counter()
        again = await asyncio.gather(*(press(port, guest) for guest in guests))
        all_in_s = perf_counter() - began
        check(list(again), CLASSES)
    connection: asyncpg.Connection[Any] = await asyncpg.connect(plain(url))
    kept = await connection.fetchrow(_KEPT)
    await connection.close()
    assert kept is not None
    if tuple(kept) != (WARMING + CLASSES, WARMING + CLASSES, 2 * len(everybody)):
        raise RuntimeError(f"{WARMING + CLASSES} classes, each pressed for twice by all, are kept as {dict(kept)}")
    await database.drop(name)
    return {
        "classes": CLASSES,
        "people": len(guests),
        "presses a second": len(guests) / MINUTE_S,
        "join, p95 ms": p95_ms(first),
        "join, ms of processor time": used / len(guests) * 1000,
        "all 1,200 at the same moment: everybody is in after s": all_in_s,
        "all at the same moment, p95 ms": p95_ms(list(again)),
    }


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="halaqa-bench-") as folder,
        shared_server("bench") as database,
        throwaway_valkey() as redis,
    ):
        figures = asyncio.run(measure(database, redis, Path(folder)))
    finish("joins", figures)


if __name__ == "__main__":
    main()
