"""Other calendars of Qaris: what is stored of them, on both stores; and published ones over a bad line. (DISC-06)"""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.calendars.feed import LARGEST, IcsBusy
from adapters.calendars.ours import lessons_of
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.public import public_client
from domain.errors import NotFound, StaleWrite
from domain.ids import ConnectionId
from domain.scheduling.connection import Connection, Source
from domain.time import TimeSlot
from fakes.connections import busy
from fakes.scheduling import QARI, a_qari
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.scheduling.connections import AccessLost, BusyRead
from ports.unit_of_work import NewUnit
from support.faulty import FAULTS, Fault, faulty
from support.google import ONCE
from support.units import memory_units, postgres_units

NOON: Final = datetime(2099, 7, 15, 12, tzinfo=UTC)
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
SLOT: Final = TimeSlot.lasting(NOON, 60)
LATER: Final = TimeSlot.lasting(NOON + timedelta(hours=3), 60)


def a_connection(number: int = 1, **changes: Any) -> Connection:
    connection = Connection(
        id=ConnectionId(UUID(int=number)),
        qari_id=QARI,
        source=Source.ICS,
        label="Family",
        sealed=b"sealed",
        created_at=LONG_AGO,
        next_read_at=LONG_AGO,
    )
    return msgspec.structs.replace(connection, **changes)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_unit(request: pytest.FixtureRequest) -> NewUnit:
    return memory_units() if request.param == "memory" else postgres_units(request.getfixturevalue("database"))


async def test_a_connection_comes_back_as_it_was_stored_until_it_is_removed(new_unit: NewUnit) -> None:
    kept = a_connection(strict=True, cursor="c", last_read_at=NOON, whole_until=NOON, told_at=NOON, error="no_answer")
    async with new_unit() as unit:
        await unit.qaris.add(a_qari())
        await unit.connections.add(kept)
        await unit.connections.keep_busy(kept, BusyRead(parts=[busy("a", SLOT)], whole=True))

        assert await unit.connections.get(kept.id) == kept
        assert await unit.connections.of(QARI) == [kept]
        assert await unit.connections.due(NOON, 5) == [kept.id]
        with pytest.raises(StaleWrite):
            await unit.connections.save(kept)
        await unit.connections.save(kept.removed())

        with pytest.raises(NotFound):
            await unit.connections.get(kept.id)
        assert (await unit.connections.of(QARI), await unit.connections.due(NOON, 5)) == ([], [])
        assert await unit.availability.busy(QARI, SLOT) == []


async def test_changes_are_laid_over_what_was_read_whole(new_unit: NewUnit) -> None:
    kept = a_connection()
    async with new_unit() as unit:
        await unit.qaris.add(a_qari())
        await unit.connections.add(kept)
        whole = BusyRead(parts=[busy("a", SLOT), busy("b", LATER), busy("c", None)], whole=True)
        await unit.connections.keep_busy(kept, whole)
        await unit.connections.keep_busy(kept, BusyRead(parts=[busy("a", None), busy("d", SLOT)], whole=False))

        found = await unit.availability.busy(QARI, TimeSlot(SLOT.start, LATER.end))
        assert [(one.slot, one.lesson_min, one.blind) for one in found] == [(SLOT, None, False), (LATER, None, False)]
        await unit.connections.keep_busy(kept, BusyRead(parts=[busy("e", LATER)], whole=True))
        assert [one.slot for one in await unit.availability.busy(QARI, SLOT)] == [LATER]


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("strict", "read_at", "blind"), [(True, LONG_AGO, True), (True, NOON, False), (False, LONG_AGO, False)]
)
async def test_a_strict_calendar_that_is_old_keeps_its_qari_busy_altogether(
    database: AsyncEngine, strict: bool, read_at: datetime, blind: bool
) -> None:
    # fails closed on request: also when nobody is left to notice that it is old
    new_unit = postgres_units(database)
    async with new_unit() as unit:
        await unit.qaris.add(a_qari())
        await unit.connections.add(a_connection(strict=strict, last_read_at=read_at))

        found = await unit.availability.busy(QARI, SLOT)

    assert [one.blind for one in found] == [True] * blind


CALENDAR: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Family\r\nBEGIN:VEVENT\r\nUID:a\r\n"
    b"DTSTAMP:20260101T000000Z\r\nDTSTART:20990716T090000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
WINDOW: Final = TimeSlot(NOON, NOON + timedelta(days=30))


class Host:
    """Answers as it is told; ``asked`` are the headers it saw."""

    def __init__(self) -> None:
        self.answers: list[httpx.Response] = []
        self.asked: list[httpx.Headers] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.headers)
        return self.answers.pop(0)


@pytest.fixture
async def host() -> AsyncIterator[tuple[Host, IcsBusy]]:
    host = Host()
    async with httpx.AsyncClient(transport=httpx.MockTransport(host)) as client:
        yield host, IcsBusy(client, MemoryBudget(), lessons_of("halaqa.example"), patience=ONCE)


FEED: Final = "https://calendar.example/secret.ics"


async def test_what_has_not_changed_is_not_worked_out_again(host: tuple[Host, IcsBusy]) -> None:
    desk, source = host
    desk.answers = [httpx.Response(200, content=CALENDAR, headers={"etag": '"1"'}), httpx.Response(304)]
    stamped = CALENDAR.replace(b"DTSTAMP:20260101T000000Z", b"DTSTAMP:20260202T000000Z")
    desk.answers.append(httpx.Response(200, content=stamped))

    first = await source.read(FEED, "", WINDOW, "UTC")
    second = await source.read(FEED, first.cursor, WINDOW, "UTC")
    third = await source.read(FEED, first.cursor, WINDOW, "UTC")

    assert (len(first.parts), first.whole, first.label) == (1, True, "Family")
    assert (second.whole, third.whole) == (False, False)
    assert desk.asked[1]["if-none-match"] == '"1"'


@pytest.mark.parametrize(
    "onward",
    ["http://calendar.example/x", "https://127.0.0.1/x", "https://169.254.169.254/latest", "file:///etc/passwd"],
)
async def test_a_redirect_does_not_lead_inside(host: tuple[Host, IcsBusy], onward: str) -> None:
    # OPS-10
    desk, source = host
    desk.answers = [httpx.Response(302, headers={"location": onward})]

    with pytest.raises(GatewayRefused, match="public Internet"):
        await source.read(FEED, "", WINDOW, "UTC")
    assert len(desk.asked) == 1


async def test_redirects_end(host: tuple[Host, IcsBusy]) -> None:
    desk, source = host
    desk.answers = [httpx.Response(301, headers={"location": FEED}) for _ in range(9)]

    with pytest.raises(GatewayRefused, match="on and on"):
        await source.read(FEED, "", WINDOW, "UTC")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404), AccessLost),
        (httpx.Response(401), AccessLost),
        (httpx.Response(418), GatewayRefused),
        (httpx.Response(503), GatewayUnavailable),
        (httpx.Response(200, content=b"<html>Sign in</html>"), GatewayRefused),
        (httpx.Response(200, content=b"x" * (LARGEST + 1)), GatewayRefused),
    ],
)
async def test_what_else_a_host_may_answer(
    host: tuple[Host, IcsBusy], answer: httpx.Response, error: type[Exception]
) -> None:
    desk, source = host
    desk.answers = [answer]

    with pytest.raises(error):
        await source.read(FEED, "", WINDOW, "UTC")


async def test_the_product_itself_reaches_no_machine_inside() -> None:
    async with public_client() as client:
        source = IcsBusy(client, MemoryBudget(), lessons_of("x"), patience=ONCE, fetchable=lambda url: True)
        with pytest.raises(GatewayRefused, match="public Internet"):
            await source.read("http://127.0.0.1:1/x.ics", "", WINDOW, "UTC")


@pytest.fixture(scope="module")
def calendar_host() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(CALENDAR)))
            self.end_headers()
            self.wfile.write(CALENDAR)

        def log_message(self, format: str, *args: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*FAULTS, "nobody"])
async def test_after_each_fault_it_can_be_read(calendar_host: str, fault: Fault | str) -> None:
    # OPS-04
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        with faulty(calendar_host, hang_s=1.5) as line:
            source = IcsBusy(client, MemoryBudget(), lessons_of("x"), patience=ONCE, fetchable=lambda url: True)
            if fault in FAULTS:
                line.next(fault)
            address = f"{line.nobody if fault == 'nobody' else line.url}/x.ics"
            error: type[Exception] = {"nobody": NotSent, "malformed": GatewayRefused}.get(fault, GatewayUnavailable)

            with pytest.raises(error):
                await source.read(address, "", WINDOW, "UTC")

            assert len((await source.read(f"{line.url}/x.ics", "", WINDOW, "UTC")).parts) == 1
