"""Every message in every language: text and HTML, in the reader's direction, with nothing left to fill in. (NOTI-01)"""

import re

import pytest

from adapters.languages import LANGUAGES, RIGHT_TO_LEFT
from adapters.languages.text import translator
from adapters.messaging.calendar import CalendarWriter
from adapters.messaging.email.composer import EmailComposer
from domain.notification.topic import MATRIX, Topic
from fakes.clock import NOON
from fakes.news import EVERY_KIND, LEARNER, a_lesson, a_person, an_event
from ports.notification.compose import Notice

KINDS = {topic: kind for kind in EVERY_KIND for topic, _ in MATRIX[kind]}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("topic", KINDS)
def test_a_message_is_whole_in_its_language(topic: Topic, lang: str) -> None:
    calendar = CalendarWriter(base_url="https://school.example", organizer="no-reply@school.example", school="Halaqa")
    composer = EmailComposer(
        calendar,
        base_url="https://school.example",
        school="Halaqa",
        mail_from="no-reply@school.example",
        translations=translator,
    )
    event = an_event(KINDS[topic])
    notice = Notice(
        message_id="m-1",
        topic=topic,
        to=a_person(LEARNER, locale=lang),
        at=NOON,
        lessons=(a_lesson(),),
        facts={name: getattr(event, name) for name in event.__struct_fields__},
        secret="hv_secret",
    )

    mail = composer.compose(notice)

    direction = "rtl" if lang in RIGHT_TO_LEFT else "ltr"
    assert re.search(rf'<html[^>]*lang="{lang}"[^>]*dir="{direction}"', mail.html)
    assert mail.subject.strip()
    assert "\n" not in mail.subject
    words = re.sub(r"https?://\S+", "", mail.text)
    assert len(words.split()) > 5
    for part in (mail.subject, words, mail.html):
        assert not re.search(r"\{[a-z_]+\}|\bNone\b|UUID\(|datetime\(", part)
    assert "meet.jit.si" not in mail.text + mail.html  # LIVE-11
