"""A mail server's pipe hands in what came back: `halaqa take-bounce`. (NOTI-01)"""

import subprocess
import sys

import pytest

from support.system import System
from support.town import Town
from unit.notification.test_bounces import REPORT

pytestmark = pytest.mark.slow
NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"


def take(system: System, raw: bytes, **changes: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "take-bounce"],
        env=system.environ | changes,
        input=raw,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.decode().strip()


async def test_whatever_comes_through_the_pipe_ends_well_unless_it_has_to_come_again(town: Town) -> None:
    stranger = REPORT.format(to="bounces@school.example", action="failed", status="5.1.1", other="x").encode()

    assert take(town.system, stranger) == (0, "unknown")
    assert take(town.system, stranger, HALAQA_DATABASE_URL=NOWHERE)[0] == 75
