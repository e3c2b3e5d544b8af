"""Lifecycles as data: status -> the statuses that may follow. Diagrams and property tests are made from it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from domain.errors import IllegalTransition

S = TypeVar("S", bound=StrEnum)


class Lifecycle(Generic[S]):
    """A named transition table. ``Lifecycle("booking", TABLE, start={HELD})`` registers itself for the docs."""

    def __init__(self, entity: str, table: Mapping[S, frozenset[S]], *, start: frozenset[S]) -> None:
        statuses = set(type(next(iter(table))))
        if set(table) != statuses:
            raise ValueError(f"{entity}: the table misses {statuses - set(table)}")
        self.entity, self.table, self.start = entity, table, start
        LIFECYCLES[entity] = self

    def step(self, current: S, following: S) -> S:
        """Raises IllegalTransition unless the table lists the step."""
        if following not in self.table[current]:
            raise IllegalTransition(self.entity, current, following)
        return following

    @property
    def terminal(self) -> frozenset[S]:
        return frozenset(status for status, following in self.table.items() if not following)


LIFECYCLES: Final[dict[str, Lifecycle[Any]]] = {}
