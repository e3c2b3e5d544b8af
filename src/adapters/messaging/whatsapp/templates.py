"""From a notice to an approved template with its places filled, and what has to be approved. (NOTI-02)"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from adapters.languages import LANGUAGES
from adapters.messaging.email.wording.reader import Reader, Translate
from adapters.messaging.whatsapp.wording import CODE, PREFIX, STARTED, STOPPED, TEXTS, path_of
from ports.notification.compose import Notice
from ports.notification.whatsapp import Template

LONGEST: Final = 160
"""Of what fills one place: the whole text may have 1,024 characters."""
SAMPLES: Final = "Maryam|Tue 3 Mar, 17:00|Wed 4 Mar, 18:00|Thu 5 Mar, 09:00"
_SPACES: Final = re.compile(r"\s+")
_ISOLATES: Final = re.compile(r"[\u2066-\u2069]")
_PLACE: Final = re.compile(r"\{(\d)\}")


class Templates:
    """``base_url`` and ``school`` are those of the academy at hand."""

    def __init__(self, *, base_url: str, school: str, translations: Callable[[str], Translate]) -> None:
        self._base, self._school, self._translations = base_url.rstrip("/"), school, translations

    def write(self, notice: Notice) -> Template | None:
        text = TEXTS.get(notice.topic)
        if text is None or notice.to_school:
            return None
        lang = _lang(notice.to.locale)
        reader = Reader(notice, self._translations(lang), self._base, self._school)
        return Template(
            name=PREFIX + notice.topic.value,
            lang=lang,
            body=tuple(_one_line(part) for part in text.fill(reader)),
            button=path_of(notice.topic, notice),
        )

    def code(self, code: str, lang: str) -> Template:
        return Template(name=CODE, lang=_lang(lang), body=(code,), button=code)

    def answer(self, lang: str, *, started: bool) -> str:
        text = self._translations(_lang(lang))(STARTED if started else STOPPED)
        return text.format(school=self._school)


def to_approve(links: str, translations: Callable[[str], Translate]) -> Iterator[dict[str, Any]]:
    """The body of one ``POST /{business account}/message_templates`` each."""
    samples = SAMPLES.split("|")
    for lang in LANGUAGES:
        translate = translations(lang)
        for topic, text in TEXTS.items():
            words = translate(text.words)
            places = len(_PLACE.findall(words))
            body: dict[str, Any] = {"type": "BODY", "text": _PLACE.sub(r"{{\1}}", words)}
            if places:
                body["example"] = {"body_text": [samples[:places]]}
            url = {
                "type": "URL",
                "text": translate(text.button)[:25],
                "url": f"{links.rstrip('/')}/{{{{1}}}}",
                "example": [f"{links.rstrip('/')}/lessons"],
            }
            yield {
                "name": PREFIX + topic.value,
                "language": lang,
                "category": "UTILITY",
                "components": [body, {"type": "BUTTONS", "buttons": [url]}],
            }
        yield {
            "name": CODE,
            "language": lang,
            "category": "AUTHENTICATION",
            "components": [
                {"type": "BODY", "add_security_recommendation": True},
                {"type": "FOOTER", "code_expiration_minutes": 10},
                {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
            ],
        }


def _lang(locale: str) -> str:
    """English for a language in which nothing is approved."""
    lang = locale.split("-")[0].split("_")[0]
    return lang if lang in LANGUAGES else LANGUAGES[0]


def _one_line(text: str) -> str:
    """No line breaks, tabs or runs of spaces: the provider refuses them, and an empty place too."""
    line = _ISOLATES.sub("", _SPACES.sub(" ", text)).strip() or "-"
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
