"""``Idempotency-Key`` on writes that must not happen twice. (API-07)

    @post("/bookings", needs=Permission.BOOK_LESSON, status_code=201)
    async def hold(
        self, request: Req, data: JSONBody[HoldIn], hold_slot: NamedDependency[HoldSlot], once: NamedDependency[Once]
    ) -> Response[BookingOut]:
        async def work(effect: UUID) -> BookingOut:
            return BookingOut.of(await hold_slot(request.user, HoldCommand(booking_id=BookingId(effect), ...)))

        return await once(request, work, status_code=201)

``effect`` is the id to give to what is made: the same for the same person, route and key, so that even a crash
between the effect and the kept answer leaves one of it. A request without a key gets a new one and is not kept.
"""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from litestar import MediaType, Response
from litestar.serialization import encode_json

from adapters.http.requests import Req, actor_of
from domain.errors import Invalid
from ports.clock import Clock, NewId
from ports.idempotency import IdempotencyStore, KeptAnswer, Promise

HEADER: Final = "Idempotency-Key"
_EFFECTS: Final = UUID("2f0c41d2-63f5-5b0e-9f7b-1d1c8a6f4f10")
_LONGEST: Final = 255
_PATIENCE: Final = timedelta(seconds=30)
"""How long a process that died keeps its key. Work that takes longer may be done twice: under one id, to one effect."""
Work = Callable[[UUID], Awaitable[Any]]
Promising = Callable[[Any], Promise]
"""Takes what is going to be answered."""
ClosingWork = Callable[[UUID, Promising | None], Awaitable[Any]]


class Once:
    """Does the work, or gives the answer that was given before. Raises Invalid, KeyReused, StillAtWork, and what the
    work raises; a refusal is not kept, since it left nothing behind.
    """

    def __init__(self, store: IdempotencyStore, clock: Clock, new_id: NewId) -> None:
        self._store, self._clock, self._new_id = store, clock, new_id

    async def __call__(self, request: Req, work: Work, *, status_code: int = 200) -> Response[Any]:
        async def alone(effect: UUID, _: Promising | None) -> Any:
            return await work(effect)

        return await self.together(request, alone, status_code=status_code)

    async def together(self, request: Req, work: ClosingWork, *, status_code: int = 200) -> Response[Any]:
        """The same for work that may keep its answer in the transaction of its effect, by a ``Promise``."""
        key = request.headers.get(HEADER)
        if key is None:
            return Response(await work(self._new_id(), None), status_code=status_code)
        if not key.isascii() or not key.isprintable() or not 1 <= len(key) <= _LONGEST:
            raise Invalid("a key has 1 to {most} printable ASCII characters", most=_LONGEST, field=HEADER)
        scope = f"{actor_of(request).user_id} {request.method} {request.scope['path_template']}"
        now = self._clock.now()
        kept = await self._store.begin(scope, key, await fingerprint(request), now=now, locked_until=now + _PATIENCE)
        if kept is not None:
            return _answer(kept, replayed=True)
        promises: list[Promise] = []

        def promising(made: Any) -> Promise:
            promises.append(Promise(scope, key, KeptAnswer(status_code, encode_json(made))))
            return promises[-1]

        try:
            made = await work(uuid5(_EFFECTS, f"{scope} {key}"), promising)
        except BaseException:
            await self._store.release(scope, key)
            raise
        for promise in promises:
            if promise.kept:
                return _answer(promise.answer, replayed=False)
        answer = KeptAnswer(status_code, encode_json(made))
        await self._store.keep(scope, key, answer)
        return _answer(answer, replayed=False)


async def fingerprint(request: Req) -> bytes:
    """Equal for equal requests; the order of a JSON object's fields and its white space do not count."""
    body = await request.body()
    with suppress(msgspec.DecodeError):  # what is not JSON counts as the bytes it is
        body = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    path = f"{request.url.path}?{request.url.query}\n"
    return hashlib.sha256(path.encode() + body).digest()


def _answer(kept: KeptAnswer, *, replayed: bool) -> Response[Any]:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(kept.body, status_code=kept.status, media_type=MediaType.JSON, headers=headers)
