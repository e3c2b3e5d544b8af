"""WhatsApp over HTTP: the provider's door, one's own page, the API. (NOTI-02)"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from adapters.http import whatsapp_webhook
from adapters.http.api import whatsapp as api
from application.notification.hear_whatsapp import GreetWhatsApp, HearWhatsApp
from application.notification.whatsapp import AskWhatsApp, ConfirmWhatsApp, SeeWhatsApp, StopWhatsApp
from domain.ids import UserId
from fakes.clock import NOON, FixedClock
from fakes.http import STUDENT_TOKEN, an_app
from fakes.identity import a_user
from fakes.notification import RecordingWakeup
from fakes.throttle import MemoryThrottle
from fakes.unit import MemoryStore, MemoryUnit
from fakes.whatsapp import MemoryLine, MemoryLines
from ports.academy import FIRST_ACADEMY
from ports.notification.whatsapp import Heard, Said
from unit.notification.test_whatsapp_number import Writer

STUDENT = UserId(UUID(int=1))  # who "hm_student" is
MINE = {"authorization": f"Bearer {STUDENT_TOKEN}"}


class World:
    def __init__(self) -> None:
        self.store, self.clock, self.line = MemoryStore(), FixedClock(NOON), MemoryLine()
        self.store.shelf("users")[STUDENT] = a_user(id=STUDENT)
        lines = MemoryLines(self.line)

        def unit() -> MemoryUnit:
            return MemoryUnit(self.store)

        async def academies() -> list[Any]:
            return [FIRST_ACADEMY]

        throttle = MemoryThrottle(self.clock)
        self.parts: dict[str, Any] = {
            "greet_whatsapp": GreetWhatsApp(lines),
            "see_whatsapp": SeeWhatsApp(unit, lines, "secret"),
            "ask_whatsapp": AskWhatsApp(unit, self.clock, throttle, lines, Writer(), "secret"),
            "confirm_whatsapp": ConfirmWhatsApp(unit, self.clock, "secret"),
            "stop_whatsapp": StopWhatsApp(unit, self.clock),
            "hear_whatsapp": HearWhatsApp(unit, self.clock, RecordingWakeup(), lines, academies, "secret"),
        }


def use(part: Any) -> Provide:
    def build() -> Any:
        return part

    return Provide(build, sync_to_thread=False)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Litestar]]:
    controllers = [*whatsapp_webhook.CONTROLLERS_MAIN, *api.CONTROLLERS_MAIN]
    app = an_app(controllers, dependencies={name: use(part) for name, part in world.parts.items()})
    with TestClient(app, raise_server_exceptions=True) as found:
        yield found


def test_the_provider_that_knows_our_word_hears_its_challenge(client: TestClient[Litestar]) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "ours", "hub.challenge": "1158201444"}

    answer = client.get("/webhooks/whatsapp/school", params=asked)
    refused = client.get("/webhooks/whatsapp/school", params=asked | {"hub.verify_token": "theirs"})

    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    assert refused.status_code == 403
    assert client.get("/webhooks/whatsapp/nobody", params=asked).status_code == 404


def test_what_is_not_signed_is_refused_and_what_is_changes_things_once(
    client: TestClient[Litestar], world: World
) -> None:
    assert client.post("/webhooks/whatsapp/nobody", content=b"{}").status_code == 404
    forged = client.post("/webhooks/whatsapp/school", content=b"{}", headers={"X-Hub-Signature-256": "forged"})
    assert (forged.status_code, forged.json()["code"]) == (400, "bad_signature")

    client.post("/api/v1/my/whatsapp", json={"number": "+923001234567", "agreed": True}, headers=MINE)
    world.line.heard = Heard(said=(Said(ref="w", number="+923001234567", text="stop", at=NOON),))
    answers = [client.post("/webhooks/whatsapp/school", content=b"{}").json() for _ in range(2)]

    assert answers == [{"changed": 1}, {"changed": 0}]


def test_a_number_is_told_proven_and_given_up(client: TestClient[Litestar], world: World) -> None:
    assert client.get("/api/v1/my/whatsapp", headers=MINE).json()["status"] is None

    asked = client.post("/api/v1/my/whatsapp", json={"number": "+92 300 1234567", "agreed": True}, headers=MINE)
    assert (asked.status_code, asked.json()) == (202, {"code_sent": True})
    wrong = client.post("/api/v1/my/whatsapp/confirm", json={"code": "0000000"}, headers=MINE)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_code")
    code = world.line.sent[0][1].body[0]
    assert client.post("/api/v1/my/whatsapp/confirm", json={"code": code}, headers=MINE).status_code == 204

    shown = client.get("/api/v1/my/whatsapp", headers=MINE).json()
    assert (shown["status"], shown["number"], shown["word"]) == ("active", "+923001234567", "")
    assert client.delete("/api/v1/my/whatsapp", headers=MINE).status_code == 204
    assert client.get("/api/v1/my/whatsapp", headers=MINE).json()["status"] == "stopped"


def test_a_number_without_its_country_is_refused(client: TestClient[Litestar]) -> None:
    answer = client.post("/api/v1/my/whatsapp", json={"number": "0300 1234567", "agreed": True}, headers=MINE)

    assert answer.status_code == 422
    assert client.get("/api/v1/my/whatsapp").status_code == 401
