"""Parts of pages are remembered under everything they are made of."""

from collections.abc import Mapping
from typing import Any

from adapters.http.fragments import CSRF_MARK, PATH_MARK, Fragments, filled
from adapters.languages import speaking


class Press:
    def __init__(self) -> None:
        self.printed: list[Mapping[str, Any]] = []

    def __call__(self, template: str, context: Mapping[str, Any]) -> str:
        self.printed.append(context)
        return f"{template} {sorted(context.items())}"


def test_the_same_part_is_made_once() -> None:
    press = Press()
    fragments = Fragments(press)

    first = fragments.text("card.html", "UTC", {"of": ("Maryam", 1)}, lambda: {"name": "Maryam"})
    again = fragments.text("card.html", "UTC", {"of": ("Maryam", 1)}, lambda: {"name": "Maryam"})

    assert first == again
    assert len(press.printed) == 1


def test_another_value_language_numeral_zone_or_template_makes_another_part() -> None:
    press = Press()
    fragments = Fragments(press)

    for template, zone, of in (("a", "UTC", 1), ("a", "UTC", 2), ("a", "Asia/Karachi", 1), ("b", "UTC", 1)):
        fragments.text(template, zone, {"of": of}, dict)
    for lang, numerals in (("ar", "arab"), ("ar", "latn"), ("ur", "")):
        with speaking(lang, numerals):
            fragments.text("a", "UTC", {"of": 1}, dict)

    assert len(press.printed) == 7
    assert [context["lang"] for context in press.printed] == ["en"] * 4 + ["ar", "ar", "ur"]


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    press = Press()
    fragments = Fragments(press, most=2)

    for of in (1, 2, 1, 3, 1, 2):
        fragments.text("a", "UTC", {"of": of}, dict)

    assert [context["of"] for context in press.printed] == [1, 2, 3, 2]


def test_in_development_nothing_is_remembered() -> None:
    press = Press()
    fragments = Fragments(press, most=0)

    for _ in range(2):
        fragments.text("a", "UTC", {"of": 1}, dict)

    assert len(press.printed) == 2


def test_what_is_this_requests_own_is_put_in_afterwards_and_escaped() -> None:
    made = f'<input value="{CSRF_MARK}"><input value="{PATH_MARK}">'

    shown = filled(made, csrf_token="t0k", path='/qaris/"><script>')

    assert str(shown) == '<input value="t0k"><input value="/qaris/&quot;&gt;&lt;script&gt;">'
