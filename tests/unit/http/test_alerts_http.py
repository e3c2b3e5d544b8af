"""What needs a person, as the office reads it; and how many sign-ins fail. (OPS-09)"""

from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api.oversight import AlertController
from adapters.http.web.admin.alerts import AdminAlertsController
from application.oversight.see_alerts import SeeAlerts
from domain.identity.permission import Audience, Role
from domain.oversight.alert import Alert, Rule, Status
from fakes.alerts import MemoryAlertLog
from fakes.clock import NOON
from fakes.http import an_app, bearer, provided, token_of


def an_alert(nth: int, rule: Rule, status: Status, **given: Any) -> Alert:
    fields: dict[str, Any] = {"subject": "", "number": 0, "since": NOON + timedelta(hours=nth)}
    changed = NOON + timedelta(hours=nth, minutes=20)
    return Alert(id=UUID(int=nth), rule=rule, status=status, changed_at=changed, **(fields | given))


@pytest.fixture
def alerts() -> MemoryAlertLog:
    log = MemoryAlertLog()
    for alert in (
        an_alert(1, Rule.DISK_FULL, Status.CLOSED, number=7),
        an_alert(2, Rule.NO_BACKUP, Status.OVER),
        an_alert(3, Rule.JOB_FAILS, Status.TOLD, subject="relay", number=4),
        an_alert(4, Rule.SIGN_INS_FAIL, Status.RAISED, number=300),
    ):
        log.all[alert.id] = alert
    return log


def the_office(log: MemoryAlertLog, role: Role = Role.SUPPORT) -> TestClient[Litestar]:
    app = an_app(
        [AdminAlertsController, AlertController],
        audience=Audience.ADMIN,
        development=True,
        dependencies={"see_alerts": provided(SeeAlerts(log))},
    )
    client = TestClient(app)
    client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"accept": "text/html"})
    return client


def test_staff_see_what_needs_them_what_to_do_and_what_is_over(alerts: MemoryAlertLog) -> None:
    with the_office(alerts) as client:
        shown = unescape(client.get("/alerts").text)

    now, past = shown.split('id="past"')
    assert "Scheduled work keeps failing: relay" in now
    assert "It has failed 4 times in a row." in now
    assert "More than 300 in ten minutes" in now
    assert past.index("There is no fresh backup") < past.index("The disk is nearly full")
    assert "Make room before the school stops." not in past


def test_a_school_without_alerts_says_so() -> None:
    with the_office(MemoryAlertLog(), Role.ADMIN) as client:
        shown = unescape(client.get("/alerts").text)

    assert "Nothing needs you" in shown
    assert "There has been none yet." in shown


def test_a_program_reads_them_a_page_at_a_time(alerts: MemoryAlertLog) -> None:
    alerts.all[UUID(int=9)] = an_alert(0, Rule.BEHIND, Status.CLOSED, subject="outbox")
    with the_office(alerts) as client:
        first = client.get("/api/v1/alerts?limit=1").json()
        second = client.get(f"/api/v1/alerts?limit=1&cursor={first['next_cursor']}").json()

    assert [alert["rule"] for alert in first["standing"]] == ["job_fails", "sign_ins_fail"]
    assert [alert["rule"] for alert in first["past"]] == ["no_backup", "disk_full"]
    assert first["past"][0]["until"] == f"{NOON + timedelta(hours=2, minutes=20):%Y-%m-%dT%H:%M:%SZ}"
    assert all(alert["until"] is None for alert in first["standing"])
    assert [alert["rule"] for alert in second["past"]] == ["behind"]
    assert second["next_cursor"] is None


def test_who_does_not_look_after_the_machines_sees_none(alerts: MemoryAlertLog) -> None:
    with the_office(alerts, Role.TEACHING_LEAD) as client:
        assert client.get("/alerts").status_code == 403
        assert client.get("/api/v1/alerts").status_code == 403
