"""The Qari's side: what is on today, answering, telling how a lesson ended, the week, the earnings."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web import lessons as lesson_pages
from adapters.http.web import qari
from application.billing.see_money import SeeMyEarnings
from application.booking.answer_request import ApproveRequest, DeclineRequest
from application.booking.cancel_booking import CancelBooking, PreviewCancellation
from application.booking.record_outcome import RecordOutcome
from application.booking.reschedule_booking import AnswerProposal, PreviewReschedule, RescheduleBooking
from application.booking.see_lessons import SeeAgenda, SeeDuties, SeeLesson
from application.scheduling.class_times import SeeClassTimes
from application.scheduling.free_slots import FreeSlots
from domain.billing.ledger import Outcome
from domain.booking.booking import Status
from domain.identity.permission import Audience, Role
from domain.ids import BookingId
from domain.money import Money
from fakes.booking import a_booking
from fakes.directory import MemoryDirectory, MemorySchool
from fakes.group_classes import MemoryClassQueries
from fakes.guardians import MemoryGuardianQueries
from fakes.http import NOON, StandingClock, an_app, bearer, provided, token_of
from fakes.scheduling import a_calendar, a_qari
from fakes.screens import LEARNER, LESSON, QARI, STRANGER, PreparedEarnings, PreparedLessons, a_lesson
from fakes.unit import MemoryStore, MemoryUnit
from ports.billing.queries import EarningLine, EarningTotal
from ports.booking.queries import LessonView

OTHER = BookingId(UUID("01980000-0000-7000-8000-00000000000f"))


class Desk:
    """The Qari's pages over memory. Change the parts, then ``open``."""

    def __init__(self, *lessons: LessonView, earnings: PreparedEarnings | None = None) -> None:
        self.store, self.lessons = MemoryStore(), PreparedLessons(*lessons)
        self._earnings = earnings or PreparedEarnings()
        self.store.shelf("qaris")[QARI.id] = a_qari(user_id=QARI.id)
        self.store.shelf("calendars")[QARI.id] = a_calendar(qari_id=QARI.id)
        for lesson in lessons:
            self.store.bookings[lesson.id] = msgspec.structs.replace(
                a_booking(start=lesson.starts_at, status=lesson.status, hold_expires_at=lesson.hold_expires_at),
                id=lesson.id,
                learner_id=lesson.learner.id,
                payer_id=lesson.payer_id,
                qari_id=lesson.qari.id,
            )

    def _unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def status(self, booking_id: BookingId = LESSON) -> Status:
        return Status(self.store.bookings[booking_id].status)

    def open(self, role: Role = Role.QARI) -> TestClient[Litestar]:
        clock = StandingClock()
        parts: dict[str, Any] = {
            "clock": clock,
            "see_agenda": SeeAgenda(self.lessons),
            "see_class_times": SeeClassTimes(MemoryClassQueries(self.store.shelf), MemoryGuardianQueries()),
            "see_duties": SeeDuties(self.lessons, clock),
            "see_lesson": SeeLesson(self.lessons, MemoryGuardianQueries()),
            "free_slots": FreeSlots(MemoryDirectory(MemorySchool()), clock),
            "see_my_earnings": SeeMyEarnings(self._earnings),
            "approve_request": ApproveRequest(self._unit, clock),
            "decline_request": DeclineRequest(self._unit, clock),
            "record_outcome": RecordOutcome(self._unit, clock),
            "preview_cancellation": PreviewCancellation(self._unit, clock),
            "cancel_booking": CancelBooking(self._unit, clock),
            "preview_reschedule": PreviewReschedule(self._unit, clock),
            "reschedule_booking": RescheduleBooking(self._unit, clock),
            "answer_proposal": AnswerProposal(self._unit, clock),
        }
        app = an_app(
            [*qari.CONTROLLERS_MAIN, *lesson_pages.CONTROLLERS_MAIN],
            development=True,  # an unknown name in a template is an error then
            dependencies={name: provided(part) for name, part in (NEEDED | parts).items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.MAIN, role)) | {"Accept": "text/html"})
        return client


NEEDED: dict[str, Any] = dict.fromkeys(("join_lesson", "open_feed", "show_feed", "revoke_feed"))


def words(page: str) -> str:
    """The text of a page, without marks and with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ").split())


def an_ended_lesson(days_ago: float = 1, **given: Any) -> LessonView:
    return a_lesson(starts_at=NOON - timedelta(days=days_ago), **given)


# today -------------------------------------------------------------------------------------------------------------


def test_the_way_into_the_class_appears_in_its_window_and_not_before() -> None:
    # LIVE-08
    soon, later = a_lesson(starts_at=NOON + timedelta(minutes=10)), a_lesson(starts_at=NOON + timedelta(minutes=40))

    with Desk(soon).open() as client:
        open_door = unescape(client.get("/qari").text)
    with Desk(later).open() as client:
        shut_door = unescape(client.get("/qari").text)

    assert f'href="/lessons/{LESSON}/join"' in open_door
    assert f'href="/lessons/{LESSON}/join"' not in shut_door
    assert "Maryam Khan" in shut_door
    assert "Tue 3 Mar" in shut_door
    assert "17:10" in open_door  # Karachi's clock


def test_an_empty_day_says_how_it_fills() -> None:
    with Desk().open() as client:
        text = words(client.get("/qari").text)

    assert "No lessons today" in text
    assert "as students book your free hours" in text
    assert "How did these end?" not in text


def test_what_is_today_is_decided_by_the_clock_on_the_qaris_wall() -> None:
    # L10N-05: 20:30 in London, which is tomorrow in Karachi
    tonight = a_lesson(starts_at=NOON + timedelta(hours=8, minutes=30))

    with Desk(tonight).open() as client:
        text = words(client.get("/qari").text)

    assert text.index("No lessons today") < text.index("The next seven days") < text.index("Wed 4 Mar")


def test_the_pages_are_for_qaris_alone() -> None:
    # ID-08
    with Desk().open(Role.STUDENT) as client:
        answers = [client.get(path).status_code for path in ("/qari", "/qari/calendar", "/qari/earnings")]

    assert answers == [403, 403, 403]


# requests ----------------------------------------------------------------------------------------------------------


def a_request() -> LessonView:
    return a_lesson(
        starts_at=datetime(2026, 3, 4, 6, tzinfo=NOON.tzinfo),
        status=Status.REQUESTED,
        note="We would like to go on with Tabarak.",
        hold_expires_at=NOON + timedelta(hours=12),
    )


def test_a_request_is_accepted_with_one_press() -> None:
    # BOOK-06
    desk = Desk(a_request())

    with desk.open() as client:
        page = client.get("/qari")
        done = client.post(f"/lessons/{LESSON}/answer", data={"answer": "yes"}, follow_redirects=False)

    assert "Maryam Khan asks for this lesson" in words(page.text)
    assert "We would like to go on with Tabarak." in page.text
    assert (done.status_code, done.headers["location"]) == (303, "/qari")
    assert desk.status() is Status.HELD


def test_declining_says_what_it_does_and_passes_the_reason_on() -> None:
    # BOOK-06
    desk = Desk(a_request())

    with desk.open() as client:
        page = words(client.get("/qari").text)
        client.post(f"/lessons/{LESSON}/answer", data={"answer": "no", "reason": "I travel"}, follow_redirects=False)

    assert "The request ends, Maryam Khan is told, and the time is free for others." in page
    assert (desk.status(), desk.store.bookings[LESSON].reason) == (Status.CANCELLED, "I travel")


def test_nobody_answers_for_another_qari() -> None:
    desk = Desk(msgspec.structs.replace(a_request(), qari=STRANGER))

    with desk.open() as client:
        seen = client.get(f"/lessons/{LESSON}")
        client.post(f"/lessons/{LESSON}/answer", data={"answer": "yes"}, follow_redirects=False)

    assert seen.status_code == 404
    assert desk.status() is Status.REQUESTED


# outcomes ----------------------------------------------------------------------------------------------------------


def test_an_ended_lesson_asks_how_it_ended_and_takes_the_answer() -> None:
    # BOOK-11
    desk = Desk(an_ended_lesson())

    with desk.open() as client:
        today, lesson = client.get("/qari"), client.get(f"/lessons/{LESSON}")
        done = client.post(f"/lessons/{LESSON}/outcome", data={"outcome": "no_show_student"}, follow_redirects=False)

    assert "It took place" in words(today.text)
    assert "did not take place: the student did not come" in words(lesson.text)
    assert "no_show_teacher" not in lesson.text
    assert (done.status_code, desk.status()) == (303, Status.NO_SHOW_STUDENT)


def test_a_lesson_of_long_ago_is_left_to_the_office() -> None:
    # BOOK-11
    desk = Desk(an_ended_lesson(days_ago=9))

    with desk.open() as client:
        today = words(client.get("/qari").text)
        refused = client.post(f"/lessons/{LESSON}/outcome", data={"outcome": "completed"}, follow_redirects=True)

    assert "Too long ago to say here" in today
    assert "It took place" not in today
    assert "not for ever" in words(refused.text)
    assert desk.status() is Status.CONFIRMED


def test_a_qari_cannot_say_that_he_himself_did_not_come() -> None:
    desk = Desk(an_ended_lesson())

    with desk.open() as client:
        client.post(f"/lessons/{LESSON}/outcome", data={"outcome": "no_show_teacher"}, follow_redirects=False)

    assert desk.status() is Status.CONFIRMED


# changes -----------------------------------------------------------------------------------------------------------


def test_a_qaris_cancellation_gives_everything_back_and_says_so_first() -> None:
    # BOOK-10
    desk = Desk(a_lesson())

    with desk.open() as client:
        offered = words(client.get(f"/lessons/{LESSON}").text)
        asked = words(client.get(f"/lessons/{LESSON}/cancel").text)
        fields = {"scope": "one", "refund": "900 USD", "reason": "ill"}
        done = client.post(f"/lessons/{LESSON}/cancel", data=fields, follow_redirects=False)

    assert "Propose another time" in offered
    assert "the student is refunded in full" in asked
    assert "100 % of $9.00 comes back" in asked
    assert (done.status_code, desk.status()) == (303, Status.CANCELLED)


def test_another_time_is_proposed_and_the_lesson_stays_until_the_student_agrees() -> None:
    # BOOK-09
    desk = Desk(a_lesson())
    to = "2026-03-04T06:00:00Z"

    with desk.open() as client:
        asked = words(client.get(f"/lessons/{LESSON}/move?start={to}").text)
        done = client.post(f"/lessons/{LESSON}/move", data={"to": to, "scope": "one"}, follow_redirects=False)

    assert "Propose the new time" in asked
    assert done.status_code == 303
    (proposal,) = desk.store.shelf("proposals").values()
    assert proposal.slot.start.isoformat() == "2026-03-04T06:00:00+00:00"
    assert desk.store.bookings[LESSON].slot.start == NOON + timedelta(hours=2)


# the week ----------------------------------------------------------------------------------------------------------


def test_the_calendar_paints_and_lists_the_week_and_leads_on() -> None:
    later = msgspec.structs.replace(a_lesson(starts_at=NOON + timedelta(days=7)), id=OTHER, learner=STRANGER)

    with Desk(a_lesson(), later).open() as client:
        this, following = client.get("/qari/calendar"), client.get("/qari/calendar?week=2026-03-11")
        empty, odd = client.get("/qari/calendar?week=2027-01-01"), client.get("/qari/calendar?week=soon")

    assert "8 Mar 2026" in words(this.text)
    assert re.search(
        rf'<a href="/lessons/{LESSON}" aria-label="[^"]*Tue 3 Mar, 19:00, Maryam Khan">', unescape(this.text)
    )
    assert "Tuesday 3 March" in this.text
    assert "Idris Bello" not in this.text
    assert "week=2026-03-09" in this.text
    assert "15 Mar 2026" in words(following.text)
    assert "Idris Bello" in following.text
    assert "No lessons in this week" in empty.text
    assert "8 Mar 2026" in words(odd.text)


def test_a_lesson_over_midnight_stays_inside_its_day() -> None:
    # 23:45 to 0:15 in Karachi
    night = a_lesson(starts_at=datetime(2026, 3, 3, 18, 45, tzinfo=NOON.tzinfo))

    with Desk(night).open() as client:
        page = client.get("/qari/calendar").text

    block = re.search(r'<rect class="block "[^>]*y="(\d+)"[^>]*height="(\d+)"', page)
    tall = re.search(r'viewBox="0 0 760 (\d+)"', page)
    assert block is not None, page
    assert tall is not None
    assert int(block[1]) + int(block[2]) <= int(tall[1])


# earnings ----------------------------------------------------------------------------------------------------------


def a_line(days_ago: int, amount: Money, **given: Any) -> EarningLine:
    starts_at = NOON - timedelta(days=days_ago)
    fields: dict[str, Any] = {
        "booking_id": LESSON,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "learner_name": LEARNER.name,
        "price": Money(900, amount.currency),
        "commission_percent": 20,
        "amount": amount,
        "status": "earned",
        "outcome": Outcome.HELD,
    }
    return EarningLine(**(fields | given))


def test_earnings_lead_to_their_lessons_and_keep_currencies_apart() -> None:
    # EARN-01, PAYM-22
    earnings = PreparedEarnings(
        [
            a_line(1, Money(720, "USD")),
            a_line(2, Money(720, "USD"), outcome=Outcome.STUDENT_NO_SHOW),
            a_line(5, Money(500, "GBP")),
            a_line(40, Money(360, "USD"), outcome=Outcome.LATE_CANCEL),
        ],
        [
            EarningTotal(status="earned", lessons=3, amount=Money(1800, "USD")),
            EarningTotal(status="earned", lessons=1, amount=Money(500, "GBP")),
        ],
    )

    with Desk(earnings=earnings).open() as client:
        page = unescape(client.get("/qari/earnings").text)

    text = words(page)
    assert "Earned $18.00 3 lessons" in text
    assert "Earned £5.00 1 lesson" in text
    assert "Earned by month, in USD" in text
    assert "Jan 2026 $3.60" in text
    assert "Mar 2026 $14.40" in text
    assert "in GBP" not in text  # one month is no picture
    assert "after 20 % commission" in text
    assert "Earned: student did not come" in text
    assert f'href="/lessons/{LESSON}"' in page


def test_a_month_that_the_page_cuts_is_not_drawn() -> None:
    lines = [a_line(1, Money(720, "USD")), a_line(20, Money(720, "USD")), a_line(40, Money(720, "USD"))]

    with Desk(earnings=PreparedEarnings(lines, next_cursor="older")).open() as client:
        page = words(client.get("/qari/earnings").text)

    assert "Mar 2026 $7.20" in page
    assert "Feb 2026 $7.20" in page
    assert "Jan 2026 $" not in page
    assert "More" in page


def test_no_earnings_say_how_they_come() -> None:
    with Desk().open() as client:
        text = words(client.get("/qari/earnings").text)

    assert "Nothing earned yet" in text
    assert "counts as earned once it has taken place" in text
