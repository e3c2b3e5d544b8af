"""Every address that a message names exists, and its reader may open it."""

import re
from typing import Final

import pytest

from adapters.messaging.calendar import CalendarWriter
from adapters.messaging.email.composer import EmailComposer
from domain.events import Event
from domain.identity.permission import Audience, Permission, Role, permissions_of
from domain.ids import UserId
from domain.notification.topic import MATRIX, Side, Topic
from entrypoints.docs import Route, routes_of
from fakes.clock import NOON
from fakes.http import whole_app
from fakes.news import LEARNER, PAYER, QARI, a_lesson, a_person, an_event
from ports.notification.compose import Notice

BASE: Final = "https://school.example"
READERS: Final[dict[Side, list[tuple[UserId, Role]]]] = {
    Side.PERSON: [(LEARNER, Role.STUDENT), (QARI, Role.QARI)],
    Side.LEARNER: [(LEARNER, Role.STUDENT)],
    Side.PAYER: [(PAYER, Role.STUDENT), (PAYER, Role.GUARDIAN)],
    Side.QARI: [(QARI, Role.QARI)],
    Side.OTHER_SIDE: [(LEARNER, Role.STUDENT), (PAYER, Role.GUARDIAN), (QARI, Role.QARI)],
    Side.MEMBERS: [(LEARNER, Role.STUDENT), (PAYER, Role.GUARDIAN)],
    Side.GUARDIAN: [(PAYER, Role.GUARDIAN), (PAYER, Role.STUDENT), (PAYER, Role.QARI)],
    Side.CHILD: [(LEARNER, Role.STUDENT)],
    Side.SCHOOL: [],
}
CASES: Final = [
    (kind, topic, user_id, role)
    for kind, cells in MATRIX.items()
    for topic, sides in cells
    for side in sorted(sides)
    for user_id, role in READERS[side]
]


@pytest.fixture(scope="module")
def pages() -> list[tuple[re.Pattern[str], Route]]:
    """What can be opened with a click, and how its addresses look."""
    found = [route for route in routes_of(whole_app(Audience.MAIN)) if route.method == "GET"]
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", route.path)), route) for route in found]


@pytest.mark.parametrize("count", [1, 2], ids=["one lesson", "a series"])
@pytest.mark.parametrize(("kind", "topic", "user_id", "role"), CASES)
def test_every_link_of_every_message_opens_for_its_reader(
    pages: list[tuple[re.Pattern[str], Route]], kind: type[Event], topic: Topic, user_id: UserId, role: Role, count: int
) -> None:
    # NOTI-05
    event = an_event(kind, **({"role": role} if "role" in kind.__struct_fields__ else {}))
    writer = CalendarWriter(base_url=BASE, organizer="no-reply@school.example", school="Halaqa")
    composer = EmailComposer(writer, base_url=BASE, school="Halaqa", mail_from="no-reply@school.example")
    mail = composer.compose(
        Notice(
            message_id="m-1",
            topic=topic,
            to=a_person(user_id),
            at=NOON,
            lessons=(a_lesson(),) * count,
            facts={name: getattr(event, name) for name in event.__struct_fields__},
            secret="hv_secret",
        )
    )

    links = set(re.findall(rf"{BASE}(/[^\s\"'<>?]*)", mail.text + mail.html))

    assert links
    for link in links:
        needs = [route.needs for pattern, route in pages if pattern.fullmatch(link)]
        assert needs, f"{topic} leads to {link}, where nothing is"
        assert needs[0] in permissions_of(Audience.MAIN, role) | {Permission.NOTHING}, f"{topic}: {role} at {link}"
