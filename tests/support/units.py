"""Units of work for contract tests: the same promises in memory and on PostgreSQL."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.unit_of_work import SqlUnit
from adapters.system import new_id
from domain.events import Event
from fakes.unit import MemoryStore, MemoryUnit
from ports.unit_of_work import NewUnit

Subscribers = Callable[[type[Event]], tuple[str, ...]]


def nobody(_: type[Event]) -> tuple[str, ...]:
    return ()


def memory_units(store: MemoryStore | None = None, subscribers: Subscribers = nobody) -> NewUnit:
    kept = store or MemoryStore()
    return lambda: MemoryUnit(kept, subscribers)


def postgres_units(engine: AsyncEngine, subscribers: Subscribers = nobody) -> NewUnit:
    return lambda: SqlUnit(engine, subscribers, new_id)
