"""What the provider has to approve keeps to its rules, and every place of it can be filled. (NOTI-02)"""

import re

import msgspec
import pytest

from adapters.languages import LANGUAGES
from adapters.languages.text import translator
from adapters.messaging.whatsapp.templates import Templates, to_approve
from adapters.messaging.whatsapp.wording import CODE, PREFIX, TEXTS
from domain.notification.preference import BY_WHATSAPP, Group, group_of
from domain.notification.topic import MATRIX, Topic
from fakes.clock import NOON
from fakes.news import LEARNER, QARI, a_lesson, a_person, an_event
from ports.notification.compose import Notice

PLACE = re.compile(r"\{\{(\d)\}\}")
APPROVED = {(each["name"], each["language"]): each for each in to_approve("https://school.example", translator)}
TOLD = [(topic, event_kind) for event_kind, cells in MATRIX.items() for topic, _ in cells if topic in TEXTS]


def templates(lang: str = "en") -> Templates:
    return Templates(base_url="https://school.example", school="Halaqa", translations=translator)


def a_notice(topic: Topic, kind: type, locale: str, reader: object = LEARNER) -> Notice:
    lesson = a_lesson()
    return Notice(
        message_id="m1",
        topic=topic,
        to=a_person(LEARNER if reader is LEARNER else QARI, locale=locale),
        at=NOON,
        lessons=(lesson,),
        facts=msgspec.structs.asdict(an_event(kind)),
    )


@pytest.mark.parametrize("key", sorted(APPROVED))
def test_a_template_keeps_to_the_rules(key: tuple[str, str]) -> None:
    template = APPROVED[key]
    if key[0] == CODE:
        assert template["category"] == "AUTHENTICATION"
        return
    body, buttons = template["components"]
    text = body["text"]

    assert re.fullmatch(r"[a-z0-9_]{1,512}", template["name"])
    assert len(text) <= 1024
    numbers = [int(number) for number in PLACE.findall(text)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert not re.match(r"\W*\{\{\d\}\}", text)
    assert not re.search(r"\{\{\d\}\}\W*$", text)
    assert not re.search(r"\}\}\s*\{\{", text)
    assert len(body["example"]["body_text"][0]) == len(numbers)
    assert len(buttons["buttons"][0]["text"]) <= 25
    assert buttons["buttons"][0]["url"].endswith("/{{1}}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("topic", "kind"), TOLD, ids=lambda value: getattr(value, "value", "") or value.__name__)
@pytest.mark.parametrize("reader", [LEARNER, QARI], ids=["learner", "qari"])
def test_every_place_is_filled_for_every_reader(topic: Topic, kind: type, lang: str, reader: object) -> None:
    notice = a_notice(topic, kind, lang, reader)

    template = templates().write(notice)

    assert template is not None
    approved = APPROVED[PREFIX + topic.value, lang]
    assert len(template.body) == len(PLACE.findall(approved["components"][0]["text"]))
    for part in (*template.body, template.button):
        assert part.strip() == part != ""
        assert not re.search(r"[\n\t]| {2,}", part)
        assert len(part) <= 160
    # LIVE-11, SAFE-06
    told = " ".join(template.body)
    assert "http" not in told
    assert "@" not in told


def test_accounts_and_tips_stay_with_mail() -> None:
    assert {group_of(topic) for topic in TEXTS} == BY_WHATSAPP
    assert Group.ACCOUNT not in BY_WHATSAPP
    notice = a_notice(Topic.LESSON_CONFIRMED, next(k for t, k in TOLD if t is Topic.LESSON_CONFIRMED), "en")
    assert templates().write(msgspec.structs.replace(notice, topic=Topic.PASSWORD_CHANGED)) is None


def test_a_language_that_has_no_approved_words_gets_english() -> None:
    kind = next(k for t, k in TOLD if t is Topic.LESSON_CONFIRMED)

    template = templates().write(a_notice(Topic.LESSON_CONFIRMED, kind, "fr"))

    assert template is not None
    assert template.lang == "en"
    assert templates().code("123456", "ur").body == ("123456",)
