"""One thing that fails does not keep the others waiting. (OPS-14)"""

import pytest

from application.outbox.one_by_one import each_of
from domain.errors import Invalid, StaleWrite


async def test_all_have_their_turn_before_the_failure_is_told() -> None:
    done: list[int] = []

    async def work(number: int) -> int:
        if number == 1:
            raise Invalid("not this one")
        done.append(number)
        return 1

    with pytest.raises(Invalid):
        await each_of([0, 1, 2], work)
    with pytest.raises(ExceptionGroup):
        await each_of([1, 1], work)
    assert done == [0, 2]
    assert await each_of([3, 4], work) == 2


async def test_what_another_worker_has_done_meanwhile_is_no_failure() -> None:
    async def work(number: int) -> int:
        if number == 1:
            raise StaleWrite("somebody was faster")
        return 1

    assert await each_of([0, 1, 2], work) == 2
