"""Figures that cost much and change little: worked out once in a while for everybody, with their time. (ADM-01)"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from ports.academy import current_academy
from ports.cache import Cache
from ports.clock import Clock

T = TypeVar("T")


class Stamped(msgspec.Struct, Generic[T], frozen=True):
    at: datetime
    value: T


class Remembered(Generic[T]):
    """``kind``: what a figure is made of, as msgspec reads it. Who asks while somebody of his process is at work on it
    waits for that; ``cache`` is None where nothing is remembered.
    """

    def __init__(self, cache: Cache | None, clock: Clock, kind: type[T], *, name: str, for_s: float) -> None:
        self._cache, self._clock, self._name, self._for_s = cache, clock, name, for_s
        self._decoder: msgspec.msgpack.Decoder[Stamped[T]] = msgspec.msgpack.Decoder(Stamped[kind])  # type: ignore[valid-type]
        self._under_way: dict[object, asyncio.Lock] = {}

    async def of(self, work: Callable[[datetime], Awaitable[T]]) -> Stamped[T]:
        """``work`` is told the time that is on the stamp. Raises what it raises."""
        if self._cache is None:
            now = self._clock.now()
            return Stamped(now, await work(now))
        async with self._under_way.setdefault(current_academy(), asyncio.Lock()):
            known = self._read(await self._cache.get(self._name))
            if known is not None:
                return known
            now = self._clock.now()
            made = Stamped(now, await work(now))
            await self._cache.put(self._name, msgspec.msgpack.encode(made), for_s=self._for_s)
            return made

    def _read(self, kept: bytes | None) -> Stamped[T] | None:
        """None for what another release has written."""
        if kept is None:
            return None
        try:
            return self._decoder.decode(kept)
        except msgspec.DecodeError:
            return None
