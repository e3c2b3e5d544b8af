"""Other calendars of Qaris, without PostgreSQL and without anybody to read them from."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from domain.errors import NotFound, StaleWrite
from domain.ids import ConnectionId, UserId
from domain.scheduling.connection import Connection, Status
from domain.scheduling.slots import Busy
from domain.time import TimeSlot
from ports.errors import GatewayError
from ports.scheduling.connections import MOST_PARTS, BusyPart, BusyRead, Leaving


class MemoryConnections:
    """``times``: (connection, key) → (qari, when)."""

    def __init__(
        self,
        stored: dict[ConnectionId, Connection],
        times: dict[tuple[ConnectionId, str], tuple[UserId, TimeSlot]],
    ) -> None:
        self._stored, self._times = stored, times

    async def add(self, connection: Connection) -> None:
        self._stored[connection.id] = connection

    async def get(self, connection_id: ConnectionId) -> Connection:
        found = self._stored.get(connection_id)
        if found is None or not found.stands:
            raise NotFound("there is no such calendar")
        return found

    async def save(self, connection: Connection) -> None:
        if self._stored[connection.id].version != connection.version - 1:
            raise StaleWrite("the calendar has moved on")
        self._stored[connection.id] = connection
        if not connection.stands:
            self._forget(connection.id)

    async def of(self, qari_id: UserId) -> Sequence[Connection]:
        mine = [found for found in self._stored.values() if found.qari_id == qari_id and found.stands]
        return sorted(mine, key=lambda found: (found.created_at, found.id))

    async def due(self, now: datetime, limit: int) -> Sequence[ConnectionId]:
        waiting = [
            found for found in self._stored.values() if found.status is Status.CONNECTED and found.next_read_at <= now
        ]
        return [found.id for found in sorted(waiting, key=lambda found: found.next_read_at)][:limit]

    async def keep_busy(self, connection: Connection, read: BusyRead) -> None:
        if read.whole:
            self._forget(connection.id)
        for part in read.parts:
            self._times.pop((connection.id, part.key), None)
        kept = [part for part in read.parts if part.slot is not None]
        for part in sorted(kept, key=lambda part: part.slot or NEVER)[:MOST_PARTS]:
            if part.slot is not None:
                self._times[connection.id, part.key] = connection.qari_id, part.slot

    def _forget(self, connection_id: ConnectionId) -> None:
        for known in [known for known in self._times if known[0] == connection_id]:
            del self._times[known]


NEVER = TimeSlot(datetime.fromisoformat("9999-01-01T00:00:00Z"), datetime.fromisoformat("9999-01-02T00:00:00Z"))


def busy_elsewhere(shelf: Callable[[str], dict[Any, Any]], qari_id: UserId, window: TimeSlot) -> list[Busy]:
    """For ``fakes.scheduling``. Without a clock nothing gets stale here."""
    return [
        Busy.block(slot)
        for owner, slot in shelf("external_busy").values()
        if owner == qari_id and slot.overlaps(window.padded(24 * 60, 24 * 60))
    ]


class FakeSource:
    """``answers`` are given one after the other, the last one again and again; an error is raised."""

    def __init__(self, *answers: BusyRead | GatewayError) -> None:
        self.answers: list[BusyRead | GatewayError] = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.forgotten: list[str] = []

    async def read(self, secret: str, cursor: str, window: TimeSlot, zone: str) -> BusyRead:
        self.asked.append((secret, cursor))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GatewayError):
            raise answer
        return answer

    async def forget(self, secret: str) -> None:
        self.forgotten.append(secret)


class FakeConsent:
    def __init__(self, *, offered: bool = True, failing: GatewayError | None = None) -> None:
        self.offered, self.failing = offered, failing

    def leave(self, *, back_to: str) -> Leaving:
        return Leaving(address=f"https://calendar.example/yes?back={back_to}", state="state", verifier="verifier")

    async def arrive(self, *, code: str, verifier: str, back_to: str) -> str:
        if self.failing is not None:
            raise self.failing
        return f"opened with {code} and {verifier}"


def busy(key: str, slot: TimeSlot | None) -> BusyPart:
    return BusyPart(key, slot)


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    return MemoryConnections(shelf(part), shelf("external_busy"))
