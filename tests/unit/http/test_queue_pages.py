"""What waits for a person, and whether everything answers, as the office sees it. (ADM-03, ADM-06)"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.admin.health import AdminHealthController
from adapters.http.web.admin.queues import AdminQueuesController
from application.oversight.health import ShowHealth
from application.oversight.queues import ClaimItem, CountQueues, ListQueue, ReleaseItem
from domain.identity.permission import Audience, Role
from domain.oversight.queues import Queue
from fakes.http import NOON, StandingClock, an_app, bearer, provided, token_of
from fakes.notification import MemoryJobBoard
from fakes.office import MemoryBackups, MemoryTroubles
from fakes.unit import MemoryStore, MemoryUnit
from ports.oversight.health import DiskSpace, Trouble
from ports.oversight.queries import Backlog
from ports.oversight.queues import QueueItem, QueueLength
from ports.paging import Page

GB = 1_000_000_000


class OneRefund:
    """A refund that failed an hour ago; everything else is done."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def lengths(self, now: datetime) -> Mapping[Queue, QueueLength]:
        none = dict.fromkeys(Queue, QueueLength(0, None))
        return none | {Queue.REFUNDS: QueueLength(1, NOON - timedelta(hours=1))}

    async def items(
        self, queue: Queue, *, now: datetime, cursor: str | None = None, limit: int = 50
    ) -> Page[QueueItem]:
        claim = self._store.shelf("claims").get((queue.value, "r-1"))
        item = QueueItem(
            queue=queue,
            item="r-1",
            subject="p-1",
            about="Maryam Khan",
            since=NOON - timedelta(hours=1),
            owner_id=claim.owner_id if claim else None,
            owner_name="Yusra Haddad" if claim else None,
        )
        return Page([item] if queue is Queue.REFUNDS else [])

    async def waits(self, queue: Queue, item: str, *, now: datetime) -> bool:
        return (queue, item) == (Queue.REFUNDS, "r-1")


class Backlogs:
    def __init__(self, *backlogs: Backlog) -> None:
        self._backlogs = list(backlogs)

    async def backlogs(self, now: datetime) -> list[Backlog]:
        return self._backlogs

    async def dead_tasks(self, *, cursor: str | None = None, limit: int = 50) -> Page[Any]:
        return Page([])


class Office:
    def __init__(
        self,
        *backlogs: Backlog,
        free: int = 50,
        backup_at: datetime = NOON - timedelta(hours=9),
        troubles: tuple[Trouble, ...] = (),
    ) -> None:
        self._backup_at, self._troubles = backup_at, troubles
        self.store, self.board = MemoryStore(), MemoryJobBoard()
        self._backlogs, self._free = Backlogs(*backlogs), free

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def disk(self) -> DiskSpace:
        return DiskSpace(total=100 * GB, free=self._free * GB)

    def open(self, role: Role = Role.ADMIN) -> TestClient[Litestar]:
        clock, queries = StandingClock(), OneRefund(self.store)
        parts: dict[str, Any] = {
            "count_queues": CountQueues(queries, clock),
            "list_queue": ListQueue(queries, clock),
            "claim_item": ClaimItem(self.unit, clock, queries),
            "release_item": ReleaseItem(self.unit),
            "show_health": ShowHealth(
                clock,
                self.board,
                self._backlogs,
                self.disk,
                MemoryBackups(self._backup_at),
                MemoryTroubles(*self._troubles),
            ),
        }
        app = an_app(
            [AdminQueuesController, AdminHealthController],
            audience=Audience.ADMIN,
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"Accept": "text/html"})
        return client


def test_every_queue_says_how_much_waits_and_since_when() -> None:
    # ADM-03
    with Office().open() as client:
        page = client.get("/queues").text

    assert ("Refunds that failed" in page, "1 waits" in page, "the oldest since" in page) == (True, True, True)
    assert page.count("Nothing waits") == len(Queue) - 1


def test_somebody_takes_an_item_on_and_gives_it_back() -> None:
    # ADM-03, ADM-05
    office = Office()
    with office.open() as client:
        assert "nobody yet" in client.get("/queues/refunds").text

        client.post("/queues/refunds/claim", data={"item": "r-1"})
        mine = client.get("/queues/refunds").text
        client.post("/queues/refunds/release", data={"item": "r-1"})
        after = client.get("/queues/refunds").text
        gone = client.post("/queues/refunds/claim", data={"item": "r-2"}).text

    assert ("Yusra Haddad" in mine, "Give it back" in mine, "nobody yet" in after) == (True, True, True)
    assert "Nothing of that name waits here" in gone
    assert [act.action for act in office.store.acts] == ["oversight.claim", "oversight.release"]


def test_support_sees_what_waits_and_has_nothing_to_press() -> None:
    with Office().open(Role.SUPPORT) as client:
        page = client.get("/queues/refunds").text
        refused = client.post("/queues/refunds/claim", data={"item": "r-1"})

    assert ("Maryam Khan" in page, "Take it on" in page) == (True, False)
    assert refused.status_code == 403


def test_there_is_no_queue_of_that_name() -> None:
    with Office().open() as client:
        assert client.get("/queues/wishes").status_code == 404
        assert "Nothing waits" in client.get("/queues/tasks").text


@pytest.mark.parametrize(
    ("office", "said"),
    [
        (Office(free=5), "5 percent free"),
        (Office(Backlog(queue="outbox", waiting=9, dead=0, oldest_due_at=NOON - timedelta(hours=1))), "Falls behind"),
        (Office(Backlog(queue="deliveries", waiting=0, dead=2, oldest_due_at=None)), "2 given up"),
        (Office(), "Has not been heard of"),
        (Office(backup_at=NOON - timedelta(hours=31)), "No fresh backup"),
        (Office(troubles=(Trouble("zoom", NOON),)), "<b>zoom</b>"),
        (Office(troubles=(Trouble("zoom", NOON),)), "Does not answer"),
        (Office(troubles=(Trouble("google/school/access", NOON),)), "Does not let us in"),  # LIVE-02
    ],
)
def test_what_is_not_well_is_said(office: Office, said: str) -> None:
    # ADM-06
    with office.open(Role.SUPPORT) as client:
        page = client.get("/health").text

    assert (said in page, "Something needs a person" in page) == (True, True)


async def test_all_is_well_while_the_worker_works() -> None:
    # ADM-06
    office = Office()
    await office.board.begin("sweep", tick=NOON, now=NOON, lease=timedelta(minutes=1), worker="w")
    await office.board.finish("sweep", worker="w", at=NOON, count=0)
    with office.open() as client:
        page = client.get("/health").text

    assert ("All is well" in page, "50 percent free" in page, "Works" in page) == (True, True, True)
