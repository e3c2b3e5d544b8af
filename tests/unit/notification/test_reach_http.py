"""Over HTTP: browsers that show messages, reports of mail that came back, mail sent there again. (NOTI-01, NOTI-03)"""

import hashlib
import hmac
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api.browsers import MyBrowsersController
from adapters.http.bounce_webhook import BounceSecrets, bounce_webhook
from adapters.http.web import browsers
from adapters.http.web.admin.person_actions import AdminPersonActionsController
from adapters.messaging.email.bounces import BounceMail
from adapters.messaging.email.verp import ReturnPaths
from adapters.messaging.push.keys import new_push_key, read_push_key
from application.notification.bounces import MailAgain, TakeBounce
from application.notification.push import AddBrowser, ListBrowsers, RemoveBrowser
from domain.identity.permission import Audience, Role
from domain.ids import AcademyId
from domain.notification.bounce import DeadAddress
from domain.notification.delivery import Delivery
from domain.notification.events import MailReturned
from domain.notification.topic import Topic
from fakes.http import NOON, STUDENT_TOKEN, StandingClock, an_app, bearer, person, provided, token_of
from fakes.identity import a_user
from fakes.ids import SequentialIds
from fakes.meetings import ReversingCipher
from fakes.news import an_event
from fakes.unit import MemoryStore, MemoryUnit
from ports.academy import FIRST_ACADEMY
from ports.notification.mail import Mail
from standins.push import HOST, PushService
from unit.notification.test_bounces import REPORT

ME = person(Audience.MAIN, Role.STUDENT).user_id
PATHS = ReturnPaths("bounces@school.example", usual="no-reply@school.example", secret="of nobody")
SECRET = "shared-with-the-mail-service"
BOUNCES = "/webhooks/bounces"
MINE = "/api/v1/my/browsers"


class World:
    def __init__(self) -> None:
        self.store, self.service = MemoryStore(), PushService("")
        self.store.shelf("users")[ME] = a_user(id=ME, email="amina@example.org")

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, *, role: Role | None = None, secrets: tuple[str, ...] = (SECRET,)) -> TestClient[Litestar]:
        async def academies() -> list[AcademyId]:
            return [FIRST_ACADEMY]

        keys = read_push_key(new_push_key())
        parts: dict[str, Any] = {
            "clock": StandingClock(),
            "add_browser": AddBrowser(self.unit, StandingClock(), SequentialIds(), ReversingCipher(), (HOST,)),
            "list_browsers": ListBrowsers(self.unit),
            "remove_browser": RemoveBrowser(self.unit),
            "bounce_secrets": BounceSecrets(secrets),
            "bounce_mail": BounceMail(PATHS),
            "take_bounce": TakeBounce(self.unit, StandingClock(), academies, PATHS.vouches),
            "mail_again": MailAgain(self.unit),
        }
        main = [MyBrowsersController, *browsers.CONTROLLERS_MAIN, bounce_webhook]
        app = an_app(
            [AdminPersonActionsController] if role is not None else main,
            audience=Audience.MAIN if role is None else Audience.ADMIN,
            dependencies={name: provided(part) for name, part in parts.items()},
            push_key=keys.public if keys is not None else "",
        )
        client = TestClient(app)
        client.headers.update(bearer(STUDENT_TOKEN if role is None else token_of(Audience.ADMIN, role)))
        return client

    def subscription(self) -> dict[str, Any]:
        """As a browser's own ``toJSON`` gives it."""
        address = self.service.browser().address
        return {"endpoint": address.endpoint, "keys": {"p256dh": address.p256dh, "auth": address.auth}}

    def report(self, status: str = "5.1.1") -> bytes:
        made = Delivery.about(an_event(MailReturned), Topic.WELCOME, ME, cause="event:1", at=NOON).sent(at=NOON)
        self.store.shelf("deliveries")[made.id] = made
        mail = Mail(
            message_id=f"{made.id}@school.example", to_address="amina@example.org", to_name="", subject="", text="",
            html="",
        )  # fmt: skip
        return REPORT.format(to=PATHS(mail), action="failed", status=status, other="x").encode()


def signed(raw: bytes, *, secret: str = SECRET, late_s: int = 0) -> dict[str, str]:
    at = int(NOON.timestamp()) - late_s
    made = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
    return {"halaqa-signature": f"t={at},v1={made}", "content-type": "message/rfc822", "authorization": ""}


def test_a_program_adds_a_browser_once_and_removes_it() -> None:  # NOTI-03
    world = World()
    wanted = world.subscription()

    with world.open() as client:
        first = client.post(MINE, json=wanted | {"label": "  my   phone "})
        again = client.post(MINE, json=wanted)
        listed = client.get(MINE).json()
        gone = [client.delete(f"{MINE}/{listed['browsers'][0]['id']}").status_code for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["label"] == "my phone"
    assert len(listed["browsers"]) == 1
    assert listed["public_key"]
    assert set(first.json()) == {"id", "label", "created_at"}  # neither address nor keys come back
    assert gone == [204, 404]


@pytest.mark.parametrize(
    "endpoint", ["http://push.example/a", "https://127.0.0.1/a", "https://evil.example/a", "javascript:alert(1)", ""]
)
def test_an_address_that_is_no_push_service_s_is_refused(endpoint: str) -> None:
    world = World()

    with world.open() as client:
        answer = client.post(MINE, json=world.subscription() | {"endpoint": endpoint})

    assert answer.status_code in (400, 422)
    assert not world.store.shelf("browsers")


def test_the_page_s_form_adds_and_removes_and_the_worker_is_at_the_root() -> None:
    world = World()
    wanted = world.subscription()
    form = {"endpoint": wanted["endpoint"], **wanted["keys"], "label": "phone"}

    with world.open() as client:
        added = client.post("/account/messages/browsers", data=form, follow_redirects=False)
        bad = client.post("/account/messages/browsers", data=form | {"auth": "!"}, follow_redirects=False)
        kept = client.get(MINE).json()["browsers"]
        removed = client.post(f"/account/messages/browsers/{kept[0]['id']}/remove", follow_redirects=False)
        worker = client.get("/sw.js")

    assert [one.status_code for one in (added, bad, removed)] == [303, 303, 303]
    assert [one["label"] for one in kept] == ["phone"]
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"


def test_somebody_else_s_browser_is_not_removed() -> None:
    world = World()

    with world.open() as client:
        client.post(MINE, json=world.subscription())
        client.headers.update(bearer(token_of(Audience.MAIN, Role.QARI)))
        (browser,) = world.store.shelf("browsers").values()
        answer = client.delete(f"{MINE}/{browser.id}")

    assert (answer.status_code, len(world.store.shelf("browsers"))) == (404, 1)


def test_a_report_that_is_signed_marks_the_address_once() -> None:  # NOTI-01
    world = World()
    raw = world.report()

    with world.open() as client:
        told = [client.post(BOUNCES, content=raw, headers=signed(raw)).json()["outcome"] for _ in range(2)]
        other = client.post(BOUNCES, content=b"hello", headers=signed(b"hello")).json()["outcome"]

    assert (told, other) == (["dead", "known"], "unknown")
    (dead,) = world.store.shelf("dead_addresses").values()
    assert (dead.user_id, dead.address, dead.code) == (ME, "amina@example.org", "5.1.1")


def test_a_report_that_is_not_signed_or_not_expected_is_refused() -> None:
    world = World()
    raw = world.report()
    bad = [signed(raw, secret="another"), signed(raw, late_s=301), signed(raw + b" "), {"halaqa-signature": "t=1"}]

    with world.open() as client:
        refused = [client.post(BOUNCES, content=raw, headers=headers) for headers in bad]
    with world.open(secrets=()) as client:
        nobody = client.post(BOUNCES, content=raw, headers=signed(raw))

    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(400, "bad_signature")] * 4
    assert nobody.status_code == 404
    assert not world.store.shelf("dead_addresses")


def test_staff_have_mail_sent_there_again() -> None:
    world = World()
    world.store.shelf("dead_addresses")[ME] = DeadAddress(
        user_id=ME, address="amina@example.org", code="5.1.1", why="no such user", at=NOON
    )

    with world.open(role=Role.SUPPORT) as client:
        forbidden = client.post(f"/people/{ME}/mail-again", follow_redirects=False)
    with world.open(role=Role.ADMIN) as client:
        done = client.post(f"/people/{ME}/mail-again", follow_redirects=False)
        unknown = client.post(f"/people/{UUID(int=99)}/mail-again", follow_redirects=False)

    assert (forbidden.status_code, done.status_code, unknown.status_code) == (403, 303, 404)
    assert done.headers["location"] == f"/people/{ME}"
    assert not world.store.shelf("dead_addresses")
