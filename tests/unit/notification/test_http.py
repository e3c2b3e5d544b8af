"""Feeds, mailbox and jobs over HTTP. (API-09, NOTI-01, OPS-14)"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from adapters.http.api import notification, oversight
from adapters.messaging.calendar import CalendarWriter
from application.notification.feeds import OpenFeed, ReadFeed, RevokeFeed, ShowFeed
from application.notification.mailbox import ListMailbox, ReadMail
from application.oversight.jobs import ListDeadTasks, ReviveDelivery, ReviveTask, ShowJobHealth
from domain.booking.events import BookingConfirmed
from domain.identity.permission import Audience
from domain.ids import EventId, UserId
from fakes.clock import NOON, FixedClock
from fakes.group_classes import MemoryClassQueries
from fakes.guardians import MemoryGuardianQueries
from fakes.http import ADMIN_TOKEN, STUDENT_TOKEN, an_app
from fakes.news import LESSON, a_lesson, a_person, an_event
from fakes.notification import MemoryJobBoard, MemoryMailbox, MemoryNotificationQueries, RecordingWakeup
from fakes.outbox import Task
from fakes.unit import MemoryStore, MemoryUnit
from ports.notification.mail import Mail
from ports.oversight.queries import Backlog, DeadTask
from ports.paging import Page

EVENT = EventId(UUID(int=30))


def use(part: Any) -> Provide:
    def build() -> Any:
        return part

    return Provide(build, sync_to_thread=False)


class Oversight:
    async def backlogs(self, now: Any) -> list[Backlog]:
        return [Backlog(queue="outbox", waiting=2, dead=1, oldest_due_at=NOON)]

    async def dead_tasks(self, *, cursor: str | None = None, limit: int = 50) -> Page[DeadTask]:
        task = DeadTask(
            event_id=EVENT,
            subscriber="notification.notify",
            event_type="booking.confirmed",
            attempts=14,
            error="RuntimeError: boom",
            created_at=NOON,
            died_at=NOON,
        )
        return Page([task])


class World:
    def __init__(self) -> None:
        self.store, self.clock, self.wakeup = MemoryStore(), FixedClock(NOON), RecordingWakeup()
        self.queries, self.mailbox, self.board = MemoryNotificationQueries(), MemoryMailbox(), MemoryJobBoard()
        student = UserId(UUID(int=1))  # who "hm_student" is
        self.queries.put(a_lesson(learner=a_person(student), payer_id=student))
        base = "https://school.example"
        writer = CalendarWriter(base_url=base, organizer="no-reply@school.example", school="Halaqa")

        def unit() -> MemoryUnit:
            return MemoryUnit(self.store)

        self.parts: dict[str, Any] = {
            "open_feed": OpenFeed(unit, self.clock),
            "revoke_feed": RevokeFeed(unit, self.clock),
            "show_feed": ShowFeed(unit),
            "read_feed": ReadFeed(
                unit,
                self.clock,
                self.queries,
                writer,
                MemoryClassQueries(self.store.shelf),
                MemoryGuardianQueries(self.store),
            ),
            "list_mailbox": ListMailbox(self.mailbox),
            "read_mail": ReadMail(self.mailbox),
            "show_job_health": ShowJobHealth(self.clock, self.board, Oversight()),
            "list_dead_tasks": ListDeadTasks(Oversight()),
            "revive_task": ReviveTask(unit, self.clock, self.wakeup),
            "revive_delivery": ReviveDelivery(unit, self.clock, self.wakeup),
        }

    def app(self, audience: Audience) -> Litestar:
        main = audience is Audience.MAIN
        controllers = (
            notification.CONTROLLERS_MAIN if main else (*notification.CONTROLLERS_ADMIN, *oversight.CONTROLLERS_ADMIN)
        )
        provides = {name: use(part) for name, part in self.parts.items()}
        return an_app(controllers, audience=audience, dependencies=provides)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def main(world: World) -> Iterator[TestClient[Litestar]]:
    with TestClient(world.app(Audience.MAIN)) as client:
        client.headers["authorization"] = f"Bearer {STUDENT_TOKEN}"
        yield client


@pytest.fixture
def admin(world: World) -> Iterator[TestClient[Litestar]]:
    with TestClient(world.app(Audience.ADMIN)) as client:
        client.headers["authorization"] = f"Bearer {ADMIN_TOKEN}"
        yield client


def path_of(url: str) -> str:
    return url.removeprefix("http://testserver.local")


def test_a_feed_is_read_with_nothing_but_its_address(main: TestClient[Litestar]) -> None:
    url = main.post("/api/v1/calendar-feed").json()["url"]

    answer = main.get(path_of(url), headers={"authorization": ""})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert str(LESSON) in answer.text
    assert "no-cache" in answer.headers["cache-control"]


def test_a_feed_that_has_not_changed_is_not_sent_again(main: TestClient[Litestar], world: World) -> None:
    path = path_of(main.post("/api/v1/calendar-feed").json()["url"])
    etag = main.get(path).headers["etag"]

    assert main.get(path, headers={"if-none-match": etag}).status_code == 304
    assert main.get(path, headers={"if-none-match": f"W/{etag}"}).status_code == 304
    assert main.get(path, headers={"if-none-match": '"another"'}).status_code == 200


def test_a_revoked_feed_is_not_found(main: TestClient[Litestar]) -> None:
    path = path_of(main.post("/api/v1/calendar-feed").json()["url"])
    assert main.get("/api/v1/calendar-feed").json()["active"] is True

    assert main.delete("/api/v1/calendar-feed").status_code == 204

    assert main.get(path).status_code == 404
    assert main.get("/api/v1/calendar-feed").json() == {"active": False, "created_at": None}


@pytest.mark.parametrize("path", ["/feeds/hf_unknown.ics", "/feeds/hf_unknown", "/feeds/.ics"])
def test_an_unknown_feed_is_not_found(main: TestClient[Litestar], path: str) -> None:
    assert main.get(path).status_code == 404


def test_the_mailbox_is_for_staff(world: World, admin: TestClient[Litestar], main: TestClient[Litestar]) -> None:
    mail = Mail(message_id="m@x", to_address="a@x.org", to_name="A", subject="S", text="T", html="<p>T</p>")
    world.mailbox.mails["m@x"] = (mail, NOON)

    (item,) = admin.get("/api/v1/mailbox").json()["items"]
    read = admin.get(f"/api/v1/mailbox/{item['id']}").json()

    assert (item["to"], item["subject"]) == ("a@x.org", "S")
    assert (read["text"], read["attachments"]) == ("T", [])
    assert admin.get("/api/v1/mailbox/unknown").status_code == 404
    assert admin.get("/api/v1/mailbox", params={"to": "b@x.org"}).json()["items"] == []
    assert main.get("/api/v1/mailbox").status_code == 404  # it is not behind that door at all


def test_job_health_and_dead_tasks_are_told_and_revived(world: World, admin: TestClient[Litestar]) -> None:
    event = an_event(BookingConfirmed)
    world.store.shelf("outbox")[EVENT, "notification.notify"] = Task(event=event, due_at=NOON, attempts=14, dead=True)

    health = admin.get("/api/v1/jobs").json()
    (task,) = admin.get("/api/v1/jobs/dead-tasks").json()["items"]
    revived = admin.post(f"/api/v1/jobs/dead-tasks/{task['event_id']}/{task['subscriber']}/revive")

    assert health["backlogs"][0]["dead"] == 1
    assert revived.status_code == 202
    assert not world.store.shelf("outbox")[EVENT, "notification.notify"].dead
    assert world.wakeup.nudged == ["outbox"]
    assert admin.post(f"/api/v1/jobs/dead-tasks/{EVENT}/nobody/revive").status_code == 404
    assert admin.post(f"/api/v1/jobs/dead-messages/{EVENT}/revive").status_code == 404


def test_support_looks_and_does_not_revive(world: World) -> None:  # SUPP-01
    with TestClient(world.app(Audience.ADMIN)) as support:
        support.headers["authorization"] = "Bearer ha_support"
        assert support.get("/api/v1/jobs").status_code == 200
        assert support.post(f"/api/v1/jobs/dead-tasks/{EVENT}/x/revive").status_code == 403
