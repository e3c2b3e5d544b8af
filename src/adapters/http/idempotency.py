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
ClosingWork = Callable[[UUID, Promise | None], Awaitable[Any]]


class Once:
    """Does the work, or gives the answer that was given before. Raises Invalid, KeyReused, StillAtWork, and what the
    work raises; a refusal is not kept, since it left nothing behind.
    """

    def __init__(self, store: IdempotencyStore, clock: Clock, new_id: NewId) -> None:
        self._store, self._clock, self._new_id = store, clock, new_id

    async def __call__(self, request: Req, work: Work, *, status_code: int = 200) -> Response[Any]:
        named = _named(request)
        if named is None:
            return Response(await work(self._new_id()), status_code=status_code)
        scope, key = named
        now = self._clock.now()
        kept = await self._store.begin(scope, key, await fingerprint(request), now=now, locked_until=now + _PATIENCE)
        if kept is not None:
            return _answer(kept, replayed=True)
        try:
            made = await work(_effect(scope, key))
        except BaseException:
            await self._store.release(scope, key)
            raise
        answer = KeptAnswer(status_code, encode_json(made))
        await self._store.keep(scope, key, answer)
        return _answer(answer, replayed=False)

    async def together(
        self, request: Req, work: ClosingWork, shown: Callable[[Any], Any], *, status_code: int = 200
    ) -> Response[Any]:
        """The same for work that keeps its answer in the transaction of its effect. Nobody claims the key before: two
        such requests at once want to make the same id, and the second finds what the first has made. ``shown``: what is
        answered about what was made.
        """
        named = _named(request)
        if named is None:
            return Response(await work(self._new_id(), None), status_code=status_code)

        def written(made: Any) -> KeptAnswer:
            return KeptAnswer(status_code, encode_json(shown(made)))

        promise = Promise(*named, await fingerprint(request), written)
        made = await work(_effect(*named), promise)
        if promise.known is not None:
            return _answer(promise.known, replayed=True)
        return _answer(promise.answer or KeptAnswer(status_code, encode_json(made)), replayed=not promise.kept)


def _named(request: Req) -> tuple[str, str] | None:
    """The scope and the key of a request that has one. Raises Invalid."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not key.isascii() or not key.isprintable() or not 1 <= len(key) <= _LONGEST:
        raise Invalid("a key has 1 to {most} printable ASCII characters", most=_LONGEST, field=HEADER)
    return f"{actor_of(request).user_id} {request.method} {request.scope['path_template']}", key


def _effect(scope: str, key: str) -> UUID:
    return uuid5(_EFFECTS, f"{scope} {key}")


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
