"""What messages say: both clocks, the right amounts, a calendar entry, and never the address of a class."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from icalendar import Calendar

from adapters.messaging.calendar import CalendarWriter
from adapters.messaging.email.composer import EmailComposer
from adapters.messaging.email.wording import WORDING
from domain.booking.events import BookingCancelled, BookingConfirmed, BookingRescheduled, PaidTooLate
from domain.events import Event
from domain.identity.actor import Party
from domain.ids import BookingId, UserId
from domain.money import Money
from domain.notification.events import LessonDue
from domain.notification.topic import MATRIX, Topic
from fakes.clock import NOON
from fakes.news import LEARNER, LESSON, PRICE, QARI, STARTS, a_lesson, a_person, an_event
from ports.notification.compose import Notice
from ports.notification.mail import Mail
from ports.notification.queries import Lesson, Person

BASE = "https://school.example"


def composer() -> EmailComposer:
    calendar = CalendarWriter(base_url=BASE, organizer="no-reply@school.example", school="Halaqa")
    return EmailComposer(calendar, base_url=BASE, school="Halaqa", mail_from="no-reply@school.example")


def compose(
    event: Event,
    topic: Topic | None = None,
    *,
    to: Person | None = None,
    lessons: tuple[Lesson, ...] | None = None,
    to_school: bool = False,
) -> Mail:
    facts = {name: getattr(event, name) for name in event.__struct_fields__}
    return composer().compose(
        Notice(
            message_id="m-1",
            topic=topic or MATRIX[type(event)][0][0],
            to=to or a_person(LEARNER),
            to_school=to_school,
            at=NOON,
            lessons=(a_lesson(),) if lessons is None else lessons,
            facts=facts,
            secret="hv_secret",
        )
    )


def entry_of(mail: Mail) -> tuple[Calendar, str]:
    (attachment,) = mail.attachments
    return Calendar.from_ical(attachment.body), attachment.content_type


@pytest.mark.parametrize("reader", [LEARNER, QARI, None])
@pytest.mark.parametrize("kind", list(MATRIX))
@pytest.mark.parametrize("locale", ["en", "ar", "ur"])
def test_every_message_can_be_written_for_every_reader(kind: type[Event], reader: UserId | None, locale: str) -> None:
    to = a_person(reader or UserId(UUID(int=0)), locale=locale)

    for topic, _ in MATRIX[kind]:
        mail = compose(an_event(kind), topic, to=to, to_school=reader is None)

        direction = "ltr" if locale == "en" else "rtl"
        assert f'lang="{locale}" dir="{direction}"' in mail.html
        assert mail.subject
        assert mail.message_id == "m-1@school.example"
        for line in (mail.text, mail.html):
            assert "{" not in line.replace("{{", "")  # no placeholder is left
            assert "meet" not in line.lower()  # LIVE-11


def test_a_message_about_a_lesson_tells_the_hijri_date_too() -> None:  # L10N-02
    starts = datetime(2026, 3, 3, 22, 0, tzinfo=UTC)
    lesson = a_lesson(starts_at=starts, ends_at=starts + timedelta(minutes=45))
    event = an_event(BookingConfirmed)

    assert "14 Ramadan 1447 AH" in compose(event, lessons=(lesson,)).text
    assert "15 Ramadan 1447 AH" in compose(event, lessons=(lesson,), to=a_person(QARI)).text


def test_a_message_goes_by_the_moon_of_the_academy() -> None:  # L10N-02
    facts = {name: getattr(an_event(BookingConfirmed), name) for name in BookingConfirmed.__struct_fields__}
    lesson = a_lesson(starts_at=datetime(2026, 2, 18, 12, tzinfo=UTC), ends_at=datetime(2026, 2, 18, 13, tzinfo=UTC))
    notice = Notice(
        message_id="m-1",
        topic=Topic.LESSON_CONFIRMED,
        to=a_person(LEARNER),
        at=NOON,
        lessons=(lesson,),
        facts=facts,
        hijri_offset_days=1,
    )

    assert "29 Shaban 1447 AH" in composer().compose(notice).text


def test_every_topic_has_words() -> None:
    assert set(WORDING) == set(Topic)


def test_a_confirmation_says_both_local_times() -> None:  # L10N-05
    starts = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
    lesson = a_lesson(starts_at=starts, ends_at=starts + timedelta(minutes=45))

    learner = compose(an_event(BookingConfirmed), lessons=(lesson,))
    qari = compose(an_event(BookingConfirmed), lessons=(lesson,), to=a_person(QARI))

    assert "Tue 3 Mar, 17:00 your time (Europe/London), 22:00 in Karachi" in learner.text
    assert "Tue 3 Mar, 22:00 your time (Asia/Karachi), 17:00 in London" in qari.text
    assert f"{BASE}/lessons/{LESSON}" in learner.text
    assert "With: Bilal" in learner.text
    assert "With: Amina" in qari.text


def test_the_other_side_s_weekday_is_said_where_it_differs() -> None:
    starts = datetime(2026, 3, 3, 20, 30, tzinfo=UTC)
    lesson = a_lesson(starts_at=starts, ends_at=starts + timedelta(minutes=45))

    mail = compose(an_event(BookingConfirmed), lessons=(lesson,))

    assert "Tue 3 Mar, 20:30 your time (Europe/London), Wed 01:30 in Karachi" in mail.text


def test_two_people_on_the_same_clock_read_one_time() -> None:
    lesson = a_lesson(qari=a_person(QARI, zone="Europe/London"))

    assert " in London" not in compose(an_event(BookingConfirmed), lessons=(lesson,)).text


def test_a_confirmation_invites_and_leads_to_our_own_page() -> None:  # BOOK-05
    calendar, kind = entry_of(compose(an_event(BookingConfirmed)))

    (event,) = calendar.events
    assert kind == "text/calendar; charset=utf-8; method=REQUEST"
    assert calendar["method"] == "REQUEST"
    assert event["uid"] == f"{LESSON}@school.example"
    assert event["sequence"] == 0
    assert event["status"] == "CONFIRMED"
    assert event["url"] == f"{BASE}/lessons/{LESSON}"
    assert event.start == STARTS
    assert event["attendee"] == "mailto:amina@example.org"


def test_a_moved_lesson_updates_the_same_entry() -> None:  # BOOK-09
    later = STARTS + timedelta(days=2)
    event = an_event(BookingRescheduled, starts_at=later, ends_at=later + timedelta(minutes=45), sequence=3)

    calendar, _ = entry_of(compose(event))

    (entry,) = calendar.events
    assert (entry["uid"], entry["sequence"], entry.start) == (f"{LESSON}@school.example", 3, later)


def test_a_cancelled_lesson_takes_the_entry_out() -> None:
    calendar, _ = entry_of(compose(an_event(BookingCancelled), lessons=(a_lesson(status="cancelled", sequence=1),)))

    (entry,) = calendar.events
    assert (calendar["method"], entry["status"], entry["sequence"]) == ("CANCEL", "CANCELLED", 1)


def test_a_series_is_one_message_with_all_its_lessons() -> None:
    starts = [STARTS + timedelta(weeks=week) for week in range(4)]
    lessons = tuple(
        a_lesson(booking_id=BookingId(UUID(int=50 + week)), starts_at=start, ends_at=start + timedelta(hours=1))
        for week, start in enumerate(starts)
    )

    mail = compose(an_event(BookingConfirmed), lessons=lessons)

    calendar, _ = entry_of(mail)
    assert "4 lessons" in mail.subject
    assert len(calendar.events) == 4
    assert calendar["method"] == "PUBLISH"


def test_a_cancellation_names_who_and_what_comes_back() -> None:
    event = an_event(BookingCancelled, by=Party.QARI, reason="ill", refund=PRICE, forfeited=Money(0, "USD"))

    learner, qari = compose(event), compose(event, to=a_person(QARI))

    assert "cancelled by Bilal" in learner.text
    assert "Reason: ill" in learner.text
    assert "Refund: $15.00" in learner.text
    assert "Not refunded" not in learner.text
    assert "Refund" not in qari.text  # what the learner gets back is his own business


def test_amounts_are_those_of_the_event() -> None:
    event = an_event(PaidTooLate, amount=Money(1250, "JPY"))

    assert "¥1,250" in compose(event).text or "JP¥1,250" in compose(event).text


def test_a_reminder_says_when_in_words() -> None:
    assert "begins soon" in compose(an_event(LessonDue)).subject
    assert "tomorrow" in compose(an_event(LessonDue, lead_min=1440)).subject


def test_what_people_write_is_text_in_html_too() -> None:
    event = an_event(BookingCancelled, reason="<script>alert(1)</script>")

    mail = compose(event, lessons=(a_lesson(learner=a_person(LEARNER, name="A <b>")),))

    assert "<script>" not in mail.html
    assert "<b>" not in mail.html
    assert "Reason: <script>" in mail.text
