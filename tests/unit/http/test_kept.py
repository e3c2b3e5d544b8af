"""Whole pages are remembered under everything they are made of, and packed once. (OPS-02)"""

import gzip
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from markupsafe import Markup

from adapters.http.fragments import CSRF_MARK
from adapters.http.kept import Pages, Whole
from domain.identity.permission import Role


class Somebody(msgspec.Struct, frozen=True):
    name: str
    roles: tuple[Role, ...] = ()
    children: list[str] = []


ONE: list[Any] = ["lessons.html", ("lang", "en"), ("zone", "UTC"), ("theme", ""), ("can", ["see"]), ("unread", 1)]


class Press:
    def __init__(self) -> None:
        self.printed = 0

    def __call__(self) -> str:
        self.printed += 1
        return f"<p>{self.printed} {CSRF_MARK}</p>"


@pytest.mark.parametrize("proof", ["abc.def", "x" * 300, ""])
@pytest.mark.parametrize(
    "html", ["", "no form", f"{CSRF_MARK}", f"<p>{'سورة ' * 900}{CSRF_MARK}{'b' * 70000}{CSRF_MARK}"]
)
def test_what_is_packed_is_what_was_written(html: str, proof: str) -> None:
    whole = Whole(html)

    assert whole.plain(proof).decode() == html.replace(CSRF_MARK, proof)
    for _ in range(2):
        assert gzip.decompress(whole.packed(proof)) == whole.plain(proof)


def test_a_page_is_made_once_and_each_request_has_its_own_proof() -> None:
    press, pages = Press(), Pages()

    first, again = (pages.page([*ONE, {"lessons": [Markup("<li>")]}], (), press) for _ in range(2))

    assert press.printed == 1
    assert (first.plain("a"), again.plain("b")) == (b"<p>1 a</p>", b"<p>1 b</p>")


@pytest.mark.parametrize(
    "other",
    [
        ["other.html", *ONE[1:]],
        *([*ONE[:at], (ONE[at][0], value), *ONE[at + 1 :]] for at, value in enumerate(
            ["ar", "Asia/Karachi", "dark", ["see", "pay"], 2], 1
        )),
        [*ONE, ("user", Somebody("Maryam"))],
        [*ONE[:-1], ("unread", True)],
        [*ONE[:4], ("can", ("see",)), ONE[5]],
        [*ONE[:1], ("lang", Markup("en")), *ONE[2:]],
    ],
)  # fmt: skip
def test_who_differs_in_anything_gets_a_page_of_his_own(other: list[Any]) -> None:
    press, pages = Press(), Pages()
    pages.page(ONE, (), press)
    assert pages.page(ONE, (), press).plain("") == b"<p>1 </p>"

    assert pages.page(other, (), press).plain("") == b"<p>2 </p>"


def test_two_people_of_one_name_and_values_that_cannot_be_compared_share_nothing() -> None:
    press, pages = Press(), Pages()
    people = [
        Somebody("Maryam", (Role.STUDENT,)),
        Somebody("Maryam", (Role.STUDENT, Role.GUARDIAN)),
        Somebody("Maryam", (Role.STUDENT,), ["Ali"]),
        Somebody("Maryam", (Role.STUDENT,), [Markup("Ali")]),
        bytearray(b"cannot be compared"),
        bytearray(b"cannot be compared"),
        {"at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"at": datetime(2026, 1, 2, tzinfo=UTC)},
    ]

    assert [pages.page([person], (), press).plain("")[3:4] for person in people] == [b"%d" % n for n in range(1, 9)]


def test_what_the_handler_has_found_is_part_of_it_as_it_is() -> None:
    press, pages = Press(), Pages()
    found = [(1, "Maryam"), (1, "Ali"), ((1, "Maryam"),), (2, "Maryam"), ("1", "Maryam")]

    for _ in range(2):
        assert [pages.page(ONE, of, press).plain("")[3:4] for of in found] == [b"1", b"2", b"3", b"4", b"5"]
    unfrozen: Any = ["a list"]
    assert [pages.page(ONE, unfrozen, press).plain("")[3:4] for _ in range(2)] == [b"6", b"7"]


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    press, pages = Press(), Pages(most=2)

    for of in (1, 2, 1, 3, 1, 2):
        pages.page([of], (), press)

    assert press.printed == 4
