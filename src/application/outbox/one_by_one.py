"""Sweeps over things that have nothing to do with each other."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from domain.errors import StaleWrite

T = TypeVar("T")


async def each_of(things: Iterable[T], work: Callable[[T], Awaitable[int]]) -> int:
    """The sum of what ``work`` answered. All of them have their turn before the first failure is raised; one that
    another worker has finished meanwhile counts for nothing.
    """
    done, failed = 0, []
    for thing in things:
        try:
            done += await work(thing)
        except StaleWrite:
            continue
        except Exception as error:  # noqa: BLE001 - told below, when all have had their turn
            failed.append(error)
    if failed:
        raise failed[0] if len(failed) == 1 else ExceptionGroup("some could not be done", failed)
    return done
