"""Refusals in the reader's language: those of the domain by their template, those of the decoder by their shape."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from adapters.http.text import N_, _, word
from domain.errors import DomainError

_CODE: Final = re.compile(r"[a-z][a-z_]*")


def refusal(error: DomainError) -> str:
    """Its sentence, translated; what is put in may be a code of the domain (a status, a gender) and then is a word."""
    if not error.details or "{" not in error.template:
        return _(error.template)
    return _(error.template, **{name: _part(value) for name, value in error.details.items()})


def _part(value: object) -> object:
    return word(value) if isinstance(value, str) and _CODE.fullmatch(value) else value


STATUSES: Final[Mapping[int, str]] = {
    400: N_("The request cannot be read."),
    401: N_("Sign in first."),
    403: N_("This is not open to you."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not take requests of this kind."),
    413: N_("That is too much at once."),
    415: N_("This kind of content is not understood here."),
    429: N_("Too many requests. Try again shortly."),
    503: N_("The service does not answer just now. Try again shortly."),
}


def status_text(status: int) -> str:
    if status in STATUSES:
        return _(STATUSES[status])
    return f"{HTTPStatus(status).phrase}." if status in HTTPStatus._value2member_map_ else _("Refused.")


# What msgspec and Litestar say of a value, as they word it; the parts in brackets are put into our sentence.
_SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Object missing required field `(?P<name>[^`]+)`", N_("The field {name} is missing")),
        (r"Object contains unknown field `(?P<name>[^`]+)`", N_("There is no field {name}")),
        (r"Missing required \w+ parameter '(?P<name>[^']+)'", N_("The field {name} is missing")),
        (r"Expected `str` of length >= 1\b", N_("This must not be empty")),
        (r"Expected `\w+` of length >= (?P<n>\d+)", N_("This needs a length of at least {n}")),
        (r"Expected `\w+` of length <= (?P<n>\d+)", N_("This has a length of at most {n}")),
        (r"Expected `\w+` matching regex", N_("This is not written as expected")),
        (r"Expected `\w+` >= (?P<n>[-\d.]+)", N_("This is at least {n}")),
        (r"Expected `\w+` <= (?P<n>[-\d.]+)", N_("This is at most {n}")),
        (r"Expected `\w+` > (?P<n>[-\d.]+)", N_("This is more than {n}")),
        (r"Expected `\w+` < (?P<n>[-\d.]+)", N_("This is less than {n}")),
        (r"Invalid enum value (?P<value>.+?)(?: - at|$)", N_("{value} is not one of the choices")),
        (r"Expected `datetime` with a timezone component", N_("This time needs a time zone")),
        (r"Invalid RFC3339 encoded (?:datetime|date|time)", N_("This is not a date or time in ISO format")),
        (r"Invalid UUID", N_("This is not an id")),
        (r"Expected `(?P<wanted>[^`]+)`, got `(?P<given>[^`]+)`", N_("Expected {wanted}, got {given}")),
        (r"JSON is malformed|Input data was truncated", N_("This is not valid JSON")),
    )
)


def field_message(message: str) -> str:
    """In English as it came: programs may have learnt it by heart."""
    for shape, words in _SHAPES:
        if found := shape.search(message):
            translated = _(words, **found.groupdict())
            return message if translated == words.format_map(found.groupdict()) else translated
    return message
