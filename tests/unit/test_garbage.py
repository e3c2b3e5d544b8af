"""Nobody waits for the collector of cycles because many are connected. (OPS-02)"""

import gc
from collections.abc import Iterator

import pytest

from entrypoints import garbage


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    (gc.enable if enabled else gc.disable)()


def test_what_lives_long_is_not_looked_at_again_while_people_wait() -> None:
    garbage.settle()
    before = gc.get_stats()[2]["collections"]

    kept = [[number] for number in range(400_000)]

    assert gc.isenabled()
    assert gc.get_stats()[2]["collections"] == before
    assert len(kept) == 400_000


def test_everything_is_looked_at_now_and_then() -> None:
    due = [second for second in range(3 * garbage.WHOLE_EVERY_S) if garbage.is_due(second)]

    assert due == [garbage.WHOLE_EVERY_S, 2 * garbage.WHOLE_EVERY_S]
