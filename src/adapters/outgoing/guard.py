"""One guard for each account at a provider: spaces calls out, leaves alone who keeps failing, tries again. (OPS-12)

    room = await guard.run("POST meetings", lambda: self._post(body), repeatable=False)

What a call raises decides: ``GatewayUnavailable`` may be tried again where the call is repeatable, and counts against
the provider; ``GatewayRefused`` is an answer like any other. ``NotSent`` is for calls that provably never left.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec
import stamina
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from adapters.measures import note_breaker, note_call
from ports.budget import Budget, Rate
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent

T = TypeVar("T")
Trouble = Callable[[str, str], None]
"""Is told the account's name, and "opened", "half-opened" or "closed"."""
log: Final = structlog.get_logger("outgoing")


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a caller puts up with a provider. ``attempts``: of a repeatable call. ``queue_s``: how long a call waits
    for its turn. ``timeout_s``: one attempt from start to end. After ``failures`` in a row nobody asks for ``rest_s``.
    """

    attempts: int = 3
    first_wait_s: float = 0.25
    longest_wait_s: float = 4.0
    queue_s: float = 5.0
    timeout_s: float = 12.0
    failures: int = 5
    rest_s: float = 30.0


class Guard:
    """``name`` such as "stripe/school"; ``account`` rates count all calls of it, ``endpoint`` rates each endpoint's."""

    def __init__(
        self,
        name: str,
        budget: Budget,
        *,
        account: Sequence[Rate] = (),
        endpoint: Sequence[Rate] = (),
        patience: Patience | None = None,
        trouble: Trouble | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name, self._budget, self._sleep = name, budget, sleep
        self._account, self._endpoint = tuple(account), tuple(endpoint)
        self._patience = patience or Patience()
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=self._patience.failures,
            default_ttl=self._patience.rest_s,
            exclude=[(BaseException, lambda error: not counts_against(error))],
        )
        self._breakers.add_listener(_teller(trouble))

    async def run(self, endpoint: str, call: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        """``repeatable``: the same call twice has the effect of one (a read, a removal, a write under a key).

        Raises NotSent when it was not its turn in time or the provider rests; GatewayUnavailable, GatewayRefused.
        """
        async for attempt in stamina.retry_context(
            on=lambda error: self._worth_another(error, repeatable),
            attempts=self._patience.attempts,
            timeout=None,
            wait_initial=self._patience.first_wait_s,
            wait_max=self._patience.longest_wait_s,
            wait_jitter=self._patience.first_wait_s,
        ):
            with attempt:
                return await self._once(endpoint, call)
        raise AssertionError("the retry context either returns or raises")

    async def _once(self, endpoint: str, call: Callable[[], Awaitable[T]]) -> T:
        breaker = await self._breakers.get_breaker(self.name)
        try:
            async with breaker:
                await self._wait_for_turn(endpoint)
                return await self._in_time(endpoint, call)
        except OpenedState as error:
            raise Resting(self.name, f"{endpoint}: it keeps failing and is left alone for a while") from error

    async def _in_time(self, endpoint: str, call: Callable[[], Awaitable[T]]) -> T:
        started, outcome = time.perf_counter(), "broken"
        try:
            async with asyncio.timeout(self._patience.timeout_s):
                answer = await call()
            outcome = "done"
        except GatewayRefused:
            outcome = "refused"
            raise
        except GatewayUnavailable:
            outcome = "unavailable"
            raise
        except TimeoutError as error:
            outcome = "unavailable"
            raise GatewayUnavailable(self.name, f"{endpoint}: no answer in {self._patience.timeout_s:g} s") from error
        finally:
            note_call(self.name, endpoint, outcome, time.perf_counter() - started)
        return answer

    async def _wait_for_turn(self, endpoint: str) -> None:
        turns = [(rate, self.name) for rate in self._account]
        turns += [(rate, f"{self.name} {endpoint}") for rate in self._endpoint]
        for rate, who in turns:
            wait = await self._budget.take(rate, who, patience_s=self._patience.queue_s)
            if wait is None:
                raise Crowded(self.name, f"{endpoint}: its budget is used up")
            if wait > 0:
                await self._sleep(wait)

    def _worth_another(self, error: Exception, repeatable: bool) -> bool | float:
        """Also for a call that must not be made twice: where nobody was reached, it has not been made once. A provider
        that says how long to wait is heard, in bounds.
        """
        if not isinstance(error, GatewayUnavailable) or isinstance(error, Crowded | Resting):
            return False
        if not repeatable and not isinstance(error, NotSent):
            return False
        if error.retry_after_s is None:
            return True
        return min(error.retry_after_s, 2 * self._patience.longest_wait_s)


class Resting(NotSent):
    """It keeps failing, and is left alone for a while."""


class Crowded(NotSent):
    """Too many of our own calls at once: says nothing about the provider."""


def counts_against(error: BaseException) -> bool:
    """A refusal is an answer, and our own hurry is no fault of the provider's."""
    return isinstance(error, GatewayUnavailable) and not isinstance(error, Crowded)


def _teller(trouble: Trouble | None) -> Callable[[str, str, object], None]:
    def tell(name: str, kind: str, event: object) -> None:
        state = str(getattr(event, "state", ""))
        if kind != "state_changed":
            return
        log.warning("breaker", gateway=name, state=state)
        note_breaker(name, state)
        if trouble is not None:
            trouble(name, state)

    return tell
