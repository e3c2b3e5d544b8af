"""Every night, without anybody thinking of it. (OPS-05)"""

from datetime import UTC, datetime, timedelta

import pytest

from application.oversight.back_up import BackUp
from fakes.clock import FixedClock
from fakes.office import MemoryBackups
from ports.oversight.backups import BackupsFailed

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
"""Half past three in Karachi."""


async def runs(at: datetime, newest: datetime | None, *, wanted: bool = True) -> int:
    backups = MemoryBackups(newest, wanted=wanted)
    return await BackUp(FixedClock(at), backups, "Asia/Karachi")()


@pytest.mark.parametrize(
    ("at", "newest", "made"),
    [
        (NOON, None, 1),
        (NIGHT, NIGHT - timedelta(hours=24), 1),
        (NIGHT, NIGHT - timedelta(hours=1), 0),
        (NOON, NOON - timedelta(hours=20), 0),
        (NOON, NOON - timedelta(hours=27), 1),
    ],
)
async def test_it_is_made_at_night_or_as_soon_as_the_machine_is_up_again(
    at: datetime, newest: datetime | None, made: int
) -> None:
    assert await runs(at, newest) == made


async def test_once_a_night_however_often_it_is_asked() -> None:
    backups = MemoryBackups(NIGHT - timedelta(hours=24))
    back_up = BackUp(FixedClock(NIGHT), backups, "Asia/Karachi")

    assert [await back_up(), await back_up(), await back_up()] == [1, 0, 0]


async def test_nobody_asked_for_any() -> None:
    assert await runs(NOON, None, wanted=False) == 0


async def test_one_that_fails_is_told_and_tried_again() -> None:
    backups = MemoryBackups(None)
    backups.broken = "pg_dump failed: the disk is full"
    back_up = BackUp(FixedClock(NOON), backups, "UTC")

    with pytest.raises(BackupsFailed, match="the disk is full"):
        await back_up()
    backups.broken = ""

    assert await back_up() == 1
