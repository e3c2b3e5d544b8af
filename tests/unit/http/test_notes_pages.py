"""What the school has told somebody, how much is new, and what he wants to hear: pages and API. (NOTI-14)"""

import re
from datetime import time
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api.notification import MyMessagesController
from adapters.http.unread import CountNews
from adapters.http.web import notes
from application.notification.notes import ReadNotes, SeeNotes
from application.notification.preferences import SeePreferences, SetPreferences, Unsubscribe, UnsubscribeLinks
from application.notification.push import ListBrowsers
from application.notification.whatsapp import SeeWhatsApp
from domain.booking.events import BookingConfirmed
from domain.identity.permission import Audience, Role
from domain.ids import BookingId, DeliveryId, UserId
from domain.notification.delivery import Channel, Delivery
from domain.notification.preference import UNNOTED, Group, Preferences, group_of
from domain.notification.topic import Topic
from fakes.http import NOON, STUDENT_TOKEN, StandingClock, an_app, bearer, person, provided
from fakes.news import an_event
from fakes.notification import MemoryNotificationQueries
from fakes.unit import MemoryStore, MemoryUnit
from fakes.whatsapp import MemoryLines
from ports.notification.queries import NoteRow

ME = person(Audience.MAIN, Role.STUDENT).user_id
LESSON = BookingId(UUID(int=77))
LINKS = UnsubscribeLinks("a-secret-for-links")
WISHES = "/api/v1/my/message-preferences"


class Letters:
    """The pages over memory."""

    def __init__(self, *told: NoteRow) -> None:
        self.store, self.queries = MemoryStore(), MemoryNotificationQueries()
        self.queries.told[ME] = list(told)

    def _unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, *, signed_in: bool = True, count: CountNews | None = None) -> TestClient[Litestar]:
        parts: dict[str, Any] = {
            "see_notes": SeeNotes(self.queries),
            "read_notes": ReadNotes(self._unit, StandingClock()),
            "see_preferences": SeePreferences(self._unit),
            "set_preferences": SetPreferences(self._unit),
            "list_browsers": ListBrowsers(self._unit),
            "see_whatsapp": SeeWhatsApp(self._unit, MemoryLines(None), "secret"),
            "unsubscribe": Unsubscribe(self._unit, LINKS),
        }
        app = an_app(
            [*notes.CONTROLLERS_MAIN, MyMessagesController],
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
            count_news=count or self.queries.unread_notes,
        )
        client = TestClient(app)
        client.headers.update({"Accept": "text/html"} | (bearer(STUDENT_TOKEN) if signed_in else {}))
        return client

    def wishes(self) -> Preferences:
        found: Preferences = self.store.shelf("preferences")[ME]
        return found


def a_note(topic: Topic, *, number: int = 1, new: bool = True, booking_id: BookingId | None = None) -> NoteRow:
    return NoteRow(
        id=DeliveryId(UUID(int=number)),
        topic=topic.value,
        event="",
        booking_id=booking_id,
        created_at=NOON,
        read_at=None if new else NOON,
    )


def test_notes_lead_where_their_news_is_and_the_new_ones_are_marked() -> None:
    letters = Letters(
        a_note(Topic.LESSON_CONFIRMED, booking_id=LESSON),
        a_note(Topic.RECEIPT, number=2, booking_id=LESSON, new=False),
    )

    with letters.open() as client:
        page = unescape(client.get("/notes").text)

    assert f'<a href="/lessons/{LESSON}">A lesson is confirmed</a>' in page
    assert '<a href="/portal/payments">Your payment has arrived</a>' in page
    assert len(re.findall(r"New\s*</span>", page)) == 1


def test_whatever_becomes_a_note_has_words_and_leads_somewhere() -> None:
    # a message to the school itself is nobody's note
    topics = set(Topic) - UNNOTED - {Topic.APPLICATION_WAITS, Topic.REFUND_STUCK, Topic.DISPUTE_OPENED}

    silent = {topic.value for topic in topics if topic not in notes.HEADINGS}
    ends = {topic.value for topic in topics if not notes.shown(a_note(topic, booking_id=_lesson_of(topic))).href}

    assert (silent, ends) == (set(), set())


def _lesson_of(topic: Topic) -> BookingId | None:
    return LESSON if group_of(topic) is Group.LESSONS else None


def test_looking_at_them_is_reading_them() -> None:
    letters = Letters()
    event = an_event(BookingConfirmed)
    delivery = Delivery.about(event, Topic.LESSON_CONFIRMED, ME, cause="x", at=NOON, channel=Channel.IN_APP)
    letters.store.shelf("deliveries")[delivery.id] = delivery

    with letters.open() as client:
        client.get("/notes")

    assert letters.store.shelf("deliveries")[delivery.id].read_at == NOON


def test_no_news_says_what_will_come() -> None:
    with Letters().open() as client:
        assert "No news yet" in client.get("/notes").text


@pytest.mark.parametrize(("new", "shown"), [(0, None), (3, "3"), (120, "99+")])
def test_every_page_has_the_number_of_new_ones(new: int, shown: str | None) -> None:
    letters = Letters(*(a_note(Topic.WELCOME, number=n) for n in range(new)))

    with letters.open() as client:
        page = client.get("/account/messages").text

    assert 'href="/notes"' in page
    assert (f'<span class="count">{shown}' in page) if shown else ('class="count"' not in page)


def test_a_page_without_the_number_is_better_than_none() -> None:
    async def broken(_: UserId) -> int:
        raise OSError("no database")

    with Letters().open(count=broken) as client:
        assert client.get("/account/messages").status_code == 200


def test_what_is_chosen_is_kept_and_shown_again() -> None:
    letters = Letters()
    form = {"quiet": "on", "quiet_from": "21:30", "quiet_until": "06:15", "digest_at": "18:00", "tips": "on"}

    with letters.open() as client:
        saved = client.post("/account/messages", data=form, follow_redirects=False)
        page = client.get("/account/messages").text

    assert (saved.status_code, saved.headers["location"]) == (303, "/account/messages")
    assert letters.wishes() == Preferences(
        user_id=ME, quiet_from=time(21, 30), quiet_until=time(6, 15), muted=frozenset({Group.REMINDERS})
    )
    assert 'value="21:30"' in page


@pytest.mark.parametrize(
    "slip", [{"quiet_from": "nine"}, {"quiet_from": "07:00", "quiet_until": "07:00"}], ids=["no time", "no hours"]
)
def test_a_slip_is_said_at_its_field_and_changes_nothing(slip: dict[str, str]) -> None:
    letters = Letters()
    form = {"quiet": "on", "quiet_from": "21:30", "quiet_until": "06:15", "digest_at": "18:00", **slip}

    with letters.open() as client:
        refused = client.post("/account/messages", data=form)

    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert ME not in letters.store.shelf("preferences")


def test_the_api_says_and_takes_times_of_day_as_people_write_them() -> None:
    letters = Letters()

    with letters.open() as client:
        before = client.get(WISHES).json()
        chosen = client.put(WISHES, json={"quiet_from": None, "quiet_until": "06:15", "muted": ["tips"]})
        wrong = client.put(WISHES, json={"quiet_from": "24:30", "quiet_until": "06:15"})
        lessons = client.put(WISHES, json={"quiet_from": None, "quiet_until": "06:15", "muted": ["lessons"]})

    assert (before["quiet_from"], before["quiet_until"]) == ("22:00", "07:00")
    assert chosen.json() == {
        "quiet_from": None,
        "quiet_until": "06:15",
        "digest_at": None,
        "muted": ["tips"],
        "by_whatsapp": [],
        "without_mail": [],
    }
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "quiet_from")
    assert lessons.status_code == 422  # news of one's own lessons cannot be switched off


def test_the_api_lists_notes_and_says_which_are_read() -> None:
    with Letters(a_note(Topic.WELCOME), a_note(Topic.RECEIPT, number=2, new=False)).open() as client:
        found = client.get("/api/v1/my/notes").json()
        read = client.post("/api/v1/my/notes/read")

    assert [(one["topic"], one["read_at"] is None) for one in found["items"]] == [("welcome", True), ("receipt", False)]
    assert read.status_code == 204


# leaving -----------------------------------------------------------------------------------------------------------


def test_a_link_in_a_message_asks_first_and_then_ends_messages_of_that_kind() -> None:
    letters = Letters()
    path = LINKS.path(ME, Group.REMINDERS)

    with letters.open(signed_in=False) as client:
        asked = client.get(path)
        nothing_yet = ME not in letters.store.shelf("preferences")
        done = [client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code for _ in range(2)]

    assert asked.status_code == 200
    assert "Should the reminders before lessons stop?" in asked.text
    assert nothing_yet
    assert done == [200, 200]
    assert letters.wishes().muted == {Group.REMINDERS}


@pytest.mark.parametrize(
    "path",
    [
        LINKS.path(ME, Group.REMINDERS)[:-1] + "!",
        LINKS.path(ME, Group.REMINDERS).replace("reminders", "tips"),
        UnsubscribeLinks("another secret").path(ME, Group.REMINDERS),
        LINKS.path(ME, Group.MONEY),
    ],
    ids=["changed", "of another kind", "of somebody else's making", "of what cannot be switched off"],
)
def test_a_link_that_was_not_made_here_ends_nothing(path: str) -> None:
    letters = Letters()

    with letters.open(signed_in=False) as client:
        answers = [client.get(path).status_code, client.post(path).status_code]

    assert answers == [404, 404]
    assert letters.store.shelf("preferences") == {}
