"""Keys and kept answers in memory."""

from datetime import datetime

import msgspec

from ports.idempotency import KeptAnswer, StillAtWork, reused


class _Entry(msgspec.Struct):
    request_hash: bytes
    locked_until: datetime
    created_at: datetime
    answer: KeptAnswer | None = None


class MemoryIdempotency:
    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}

    async def begin(
        self, scope: str, key: str, request_hash: bytes, *, now: datetime, locked_until: datetime
    ) -> KeptAnswer | None:
        entry = self._entries.get((scope, key))
        if entry is None:
            self._entries[scope, key] = _Entry(request_hash, locked_until, now)
            return None
        if entry.request_hash != request_hash:
            raise reused()
        if entry.answer is not None:
            return entry.answer
        if entry.locked_until > now:
            raise StillAtWork("the first request with this key is still at work", retry_after_s=1)
        entry.locked_until = locked_until
        return None

    async def keep(self, scope: str, key: str, answer: KeptAnswer) -> None:
        if (entry := self._entries.get((scope, key))) is not None:
            entry.answer = answer

    async def release(self, scope: str, key: str) -> None:
        entry = self._entries.get((scope, key))
        if entry is not None and entry.answer is None:
            del self._entries[scope, key]

    async def purge(self, *, before: datetime) -> int:
        old = [at for at, entry in self._entries.items() if entry.created_at < before]
        for at in old:
            del self._entries[at]
        return len(old)
