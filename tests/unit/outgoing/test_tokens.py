"""Access tokens are fetched once for all processes, and lie nowhere as they are. (OPS-07, LIVE-02)"""

import asyncio

import pytest
from cryptography.fernet import Fernet

from adapters.cache import MemoryCache
from adapters.outgoing.tokens import Fresh, Tokens
from adapters.persistence.cipher import FernetCipher
from ports.errors import GatewayUnavailable

CIPHER = FernetCipher([Fernet.generate_key().decode()])


class Ticking:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Provider:
    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self) -> Fresh:
        self.asked += 1
        await asyncio.sleep(0)
        return Fresh(f"token-{self.asked}", 3000)


class Peeked(MemoryCache):
    """Remembers what it was ever given."""

    def __init__(self, clock: Ticking) -> None:
        super().__init__(clock)
        self.given: list[tuple[str, bytes]] = []

    async def put(self, key: str, value: bytes, *, for_s: float) -> None:
        self.given.append((key, value))
        await super().put(key, value, for_s=for_s)


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


@pytest.fixture
def shared(ticking: Ticking) -> Peeked:
    return Peeked(ticking)


async def test_processes_share_one(shared: Peeked, ticking: Ticking) -> None:
    provider = Provider()
    here, there = Tokens(shared, CIPHER, ticking), Tokens(shared, CIPHER, ticking)

    found = await asyncio.gather(*(here.of("zoom", provider) for _ in range(5)))

    assert [*found, await there.of("zoom", provider)] == ["token-1"] * 6
    assert provider.asked == 1


async def test_it_is_sealed_and_so_is_whose_it_is(shared: Peeked, ticking: Ticking) -> None:
    await Tokens(shared, CIPHER, ticking).of("zoom:somebody", Provider())

    ((key, value),) = shared.given
    assert b"token-1" not in value
    assert "somebody" not in key


async def test_a_refused_one_is_replaced_once_for_everybody(shared: Peeked, ticking: Ticking) -> None:
    provider = Provider()
    here, there = Tokens(shared, CIPHER, ticking), Tokens(shared, CIPHER, ticking)
    refused = await here.of("zoom", provider)
    await there.of("zoom", provider)

    again = [await one.of("zoom", provider, instead_of=refused) for one in (here, there)]

    assert again == ["token-2"] * 2


async def test_it_is_fetched_anew_before_it_ends_wherever_it_came_from(shared: Peeked, ticking: Ticking) -> None:
    provider = Provider()
    here, there = Tokens(shared, CIPHER, ticking), Tokens(shared, CIPHER, ticking)
    await here.of("zoom", provider)
    ticking.now += 2_990
    await there.of("zoom", provider)

    ticking.now += 20

    assert await there.of("zoom", provider) == "token-2"
    assert await here.of("zoom", provider) == "token-2"


async def test_where_nothing_is_remembered_for_all_each_process_has_its_own(ticking: Ticking) -> None:
    provider = Provider()
    tokens = Tokens(clock=ticking)

    assert [await tokens.of("zoom", provider) for _ in range(3)] == ["token-1"] * 3


async def test_what_cannot_be_opened_is_as_good_as_nothing(shared: Peeked, ticking: Ticking) -> None:
    provider = Provider()
    other = FernetCipher([Fernet.generate_key().decode()])
    await Tokens(shared, other, ticking).of("zoom", provider)

    assert await Tokens(shared, CIPHER, ticking).of("zoom", provider) == "token-2"


async def test_what_fails_leaves_nothing_behind(shared: Peeked, ticking: Ticking) -> None:
    async def fails() -> Fresh:
        raise GatewayUnavailable("zoom", "no answer")

    tokens = Tokens(shared, CIPHER, ticking)
    with pytest.raises(GatewayUnavailable):
        await tokens.of("zoom", fails)

    assert await tokens.of("zoom", Provider()) == "token-1"
