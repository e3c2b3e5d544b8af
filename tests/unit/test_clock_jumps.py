"""The machine's clock is set forward or back while the school is open. (OPS-14)"""

import hashlib
import hmac
from datetime import timedelta

import pytest

from adapters.signed import require_signed
from domain.booking.booking import Status
from fakes.clock import NOON
from fakes.unit import MemoryStore
from ports.errors import BadSignature
from support.lessons import OTHER_STUDENT, School
from support.units import memory_units

HOUR = timedelta(hours=1)


@pytest.fixture
async def school() -> School:
    return await School(memory_units(MemoryStore())).open()


async def test_a_clock_set_back_frees_no_slot_twice_and_keeps_what_was_confirmed(school: School) -> None:
    confirmed = await school.confirmed()
    school.clock.advance(-HOUR)

    assert await school.expire_holds() == 0
    assert (await school.get(confirmed)).status is Status.CONFIRMED


async def test_a_hold_made_before_the_clock_went_back_ends_at_the_time_that_was_promised(school: School) -> None:
    held = await school.hold()
    promised = held.hold_expires_at
    school.clock.advance(-HOUR)

    assert await school.expire_holds() == 0
    assert (await school.get(held)).hold_expires_at == promised
    assert promised is not None
    school.clock.set(promised)
    assert await school.expire_holds() == 1


async def test_a_clock_set_forward_frees_the_slot_once_and_going_back_does_not_take_it_again(school: School) -> None:
    held = await school.hold()
    school.clock.advance(HOUR)
    assert await school.expire_holds() == 1
    school.clock.advance(-HOUR)

    again = await school.hold(OTHER_STUDENT)

    assert again.slot == held.slot
    assert await school.expire_holds() == 0
    assert (await school.get(held)).status is Status.EXPIRED


async def test_money_for_a_hold_that_a_wrong_clock_ended_keeps_the_lesson_that_nobody_else_took(school: School) -> None:
    held = await school.hold()
    school.clock.advance(HOUR)
    await school.expire_holds()
    school.clock.advance(-HOUR)

    await school.pay(held)

    assert (await school.get(held)).status is Status.CONFIRMED


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_message_signed_by_another_clock_is_refused_and_taken_once_ours_is_right(jump: timedelta) -> None:
    at = int(NOON.timestamp())
    signature = hmac.new(b"secret", f"{at}.".encode() + b"{}", hashlib.sha256).hexdigest()
    sent = f"t={at},v1={signature}"

    with pytest.raises(BadSignature):
        require_signed("x", sent, b"{}", secrets=["secret"], now=NOON + jump, tolerance_s=300)

    require_signed("x", sent, b"{}", secrets=["secret"], now=NOON, tolerance_s=300)
