"""What dashboards and rules ask for is what the school tells. (OPS-09)"""

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path
from shutil import which
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.http.metrics import Metrics
from adapters.measures import note_breaker, note_call
from domain.oversight.alert import Alert, Rule
from entrypoints.exposition import Exposition
from fakes.alerts import MemoryAlertLog, MemoryMeasures
from fakes.clock import NOON, FixedClock
from fakes.ids import SequentialIds
from fakes.office import MemoryBackups, MemoryTroubles
from ports.jobs import JobState
from ports.oversight.alerts import Backlogged
from ports.oversight.health import DiskSpace, Trouble

FOLDER = Path(__file__).parents[3] / "deploy" / "observability"
NAMED = re.compile(r"\bhalaqa_\w+")


class Alerts(MemoryAlertLog, MemoryMeasures):
    def __init__(self) -> None:
        MemoryAlertLog.__init__(self)
        MemoryMeasures.__init__(
            self, Backlogged(queue="outbox", waiting=3, dead=2, oldest_due_at=NOON - timedelta(minutes=11))
        )


class Board:
    async def states(self) -> list[JobState]:
        at = NOON - timedelta(minutes=4)
        return [
            JobState(
                name="relay_events",
                last_started_at=at,
                last_finished_at=at,
                last_ok_at=at,
                last_error="",
                last_count=0,
                failures_in_a_row=3,
                running_until=None,
                worker="w",
            )
        ]


async def disk() -> DiskSpace:
    return DiskSpace(200, 10)


async def exposed(folder: Path) -> str:
    alerts = Alerts()
    await alerts.add(
        Alert(id=SequentialIds()(), rule=Rule.GIVEN_UP, subject="outbox", number=2, since=NOON, changed_at=NOON)
    )
    parts: dict[str, Any] = {
        "engine": SimpleNamespace(lender=SimpleNamespace(open=4, waiting=1)),
        "clock": FixedClock(NOON),
        "alert_log": alerts,
        "job_board": Board(),
        "trouble_log": SimpleNamespace(standing=MemoryTroubles(Trouble("stripe/school", NOON - timedelta(minutes=20)))),
        "backups": MemoryBackups(NOON - timedelta(hours=31)),
        "disk": disk,
    }
    container: Any = SimpleNamespace(**{name: lambda part=part: part for name, part in parts.items()})
    settings: Any = SimpleNamespace(data=folder)
    metrics = Metrics("main")
    metrics.observe("GET", "/api/v1/bookings", 200, 0.01)
    metrics.sign_in_failed("bad_credentials")
    note_call("stripe/school", "POST checkout", "done", 0.1)
    note_breaker("stripe/school", "closed")
    return (await Exposition(settings, "main", container)(metrics.text())).decode()


async def test_the_numbers_of_a_school_in_trouble(tmp_path: Path) -> None:
    # OPS-09
    text = await exposed(tmp_path)
    for line in (
        'halaqa_queue_dead{queue="outbox"} 2.0',
        'halaqa_queue_oldest_due_seconds{queue="outbox"} 660.0',
        'halaqa_job_failures_in_a_row{job="relay_events"} 3.0',
        'halaqa_provider_trouble_seconds{gateway="stripe/school"} 1200.0',
        'halaqa_alert_open{rule="given_up",subject="outbox"} 1.0',
        "halaqa_backup_age_seconds 111600.0",
        "halaqa_disk_free_ratio 0.05",
    ):
        assert line in text
    assert re.search(r'halaqa_sign_ins_failed_total{door="main",why="bad_credentials",process="main-\d+"} 1.0', text)
    assert re.search(r'halaqa_database_connections{state="waited_for",process="main-\d+"} 1.0', text)


@pytest.mark.parametrize("name", ["rules.yml", "dashboard.json"])
async def test_nothing_is_asked_for_that_is_not_told(name: str, tmp_path: Path) -> None:
    # OPS-09
    text = await exposed(tmp_path)
    told = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    asked = set(NAMED.findall((FOLDER / name).read_text("utf-8")))
    assert asked
    assert asked <= told


def test_the_dashboard_can_be_read() -> None:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])


@pytest.mark.slow
@pytest.mark.skipif(which("promtool") is None, reason="promtool (of Debian's prometheus) is not installed")
def test_the_rules_are_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(FOLDER / "rules.yml")], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
